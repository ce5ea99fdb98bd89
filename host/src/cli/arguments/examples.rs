//! Examples: what follows the flags in `--help`, and in the man pages.
//!
//! Lines of a list begin with two spaces and fit 80 columns. Whatever else follows is a paragraph
//! in one line, which the terminal's width or the page fills.

macro_rules! exit_codes {
    () => {
        "Exit codes: 0 done; 1 it failed while running; 2 command line or configuration wrong; 3 a \
         plugin is missing, refused or in conflict; 4 done, but degraded; 128 + signal."
    };
}

macro_rules! environment {
    () => {
        "\
Environment:
  SEGUE_CONFIG         the configuration, where no --config names one
  SEGUE_PLUGIN_PATH    folders to search for plugins, with : between
  SEGUE_TABLE__KEY     a key of the configuration: SEGUE_HOST__MEMORY_MAX=1GiB
  SEGUE_LOG            what is logged: debug, segue=trace
  SEGUE_CPU            the most that kernels use: baseline, avx2
  NO_COLOR             no colours
  XDG_CONFIG_HOME      holds segue/plugins.toml [default: ~/.config]
  XDG_CACHE_HOME       libraries, verdicts, costs of runs [default: ~/.cache]
  XDG_STATE_HOME       what the last run died of [default: ~/.local/state]
  XDG_RUNTIME_DIR      control sockets [default: the state folder]"
    };
}

pub(super) const SEGUE: &str = concat!(
    "\
Examples:
  segue run                                  run ./plugins.toml
  segue run in.wav out.wav --stage 'segue.gain gain_db=-6'
  segue list                                 what there is
  segue inspect segue.gain --toml            a [[stage]] ready to paste
  segue check                                what is wrong with ./plugins.toml

",
    exit_codes!(),
    "\n\n",
    environment!()
);

pub(super) const RUN: &str = concat!(
    "\
Examples:
  segue run                                  what ./plugins.toml says
  segue run in.wav out.wav --config studio.toml --set eq.band.1.gain_db=-3
  segue run in.wav out.wav --stage 'segue.gain gain_db=-6'
  segue run in.wav --stage segue.gain        measure only, write nothing
  segue run in.wav out.wav --report run.json
  segue run --timeline changes.toml          swap and set at exact frames
  segue run takes/ done/ --resume            every audio file, where it left off
  sox in.mp3 -t s16 - | segue run - - --raw s16le:44100:2 | aplay -f cd

A stage is written as a component and its values, NAME=VALUE; `id=`, `on_error=` and \
`settings.NAME=` set what is not a parameter. Folders of OUT and of the report are made.

Many files: IN is a folder, a pattern such as 'takes/**/*.wav', or several paths, and OUT a \
folder. Folders are read with all that lies below them, and outputs keep their paths there. Each \
file comes out as if it were alone; a failing file is reported, the others continue. A journal \
beside the outputs says what each was made of (its input is read once more for that), and \
--resume goes on from it. Exit codes then: 0 all well; 4 some failed or were degraded; 1 none \
succeeded.

",
    exit_codes!(),
    "\n\n",
    environment!()
);

pub(super) const LIST: &str = "\
Examples:
  segue list                                 components; what is not ready, why
  segue list --kind metric
  segue list --plugins                       one line per plugin, with its file
  segue list --why                           every file and folder searched
  segue list --json | jq -r '.components[].address'

Nothing is opened or run: manifests are read as data.";

pub(super) const INSPECT: &str = "\
Examples:
  segue inspect segue.filters/eq             everything its manifest says
  segue inspect segue.gain --toml >> plugins.toml
  segue inspect build/libtube.so             also what cannot be loaded here

Nothing is opened or run: manifests are read as data.";

pub(super) const CHECK: &str = "\
Examples:
  segue check                                ./plugins.toml
  segue check studio.toml --strict
  segue check --resolved                     with defaults; where each is from
  segue check --explain stage.on_error
  segue check --schema > schema.json         for editors";

pub(super) const GRAPH: &str = "\
Examples:
  segue graph                                ./plugins.toml, in text
  segue graph studio.toml --format svg > studio.svg";

pub(super) const PROFILE: &str = "\
Examples:
  segue profile                              ./plugins.toml with its input
  segue profile in.wav --stage 'segue.gain gain_db=-6' --stage segue.filters
  segue profile --seconds 60 --histogram
  segue profile in.wav --json | jq '.stages[] | [.id, .time.p99_ns]'

Nothing is written, and the clock is read for every block. Without IN, and where the \
configuration names no file, noise as in speech is made: syllables of 0.7 s at -20 dB RMS, \
pauses of 0.3 s at -60 dB, at the rate and with the channels that [stream] names, or else at 48 \
kHz in stereo.

Environment:
  SEGUE_CPU            the most that kernels use: baseline, avx2";

pub(super) const INIT: &str = "\
Examples:
  segue init                                 plugins.toml, every key commented
  segue init studio.toml";

pub(super) const COMPLETIONS: &str = "\
Examples:
  segue completions bash > ~/.local/share/bash-completion/completions/segue
  segue completions zsh > ~/.zfunc/_segue    where fpath has ~/.zfunc
  segue completions fish > ~/.config/fish/completions/segue.fish
  segue completions powershell >> $PROFILE";

pub(super) const MAN: &str = "\
Examples:
  segue man ~/.local/share/man/man1          one page for each command
  segue man . && man ./segue.1";
