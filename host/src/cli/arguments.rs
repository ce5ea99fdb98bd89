//! Arguments: the words of the command line, as clap reads them.
//!
//! Comments here are what `--help` shows.

mod profile;
mod run;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

use crate::cli::ctl::arguments::Ctl;

pub(super) use profile::Profile;
pub(super) use run::{PaceWord, Run, Search};

const EXAMPLES: &str = "\
Examples:
  segue run                                  run ./plugins.toml
  segue run in.wav out.wav --stage 'segue.gain gain_db=-6'
  segue list                                 what there is
  segue inspect segue.gain --toml            a [[stage]] ready to paste
  segue check                                what is wrong with ./plugins.toml

Exit codes: 0 done; 1 it failed while running; 2 command line or configuration wrong;
3 a plugin is missing, refused or in conflict; 4 done, but degraded; 128 + signal.";

/// One file, or many and a folder: clap alone would show one.
const RUN_USAGE: &str = "segue run [OPTIONS] [IN]... [OUT]";

const RUN_EXAMPLES: &str = "\
Examples:
  segue run                                  what ./plugins.toml says
  segue run in.wav out.wav --config studio.toml --set eq.band.1.gain_db=-3
  segue run in.wav out.wav --stage 'segue.gain gain_db=-6'
  segue run in.wav --stage segue.gain        measure only, write nothing
  segue run in.wav out.wav --report run.json
  segue run in.wav out.wav --timeline changes.toml      swap and set at exact frames
  segue run takes/ done/ --resume            every audio file below takes/, where it left off
  sox in.mp3 -t s16 - | segue run - - --raw s16le:44100:2 --stage segue.gain | aplay -f cd

A stage is written as a component and its values, NAME=VALUE; `id=`, `on_error=` and
`settings.NAME=` set what is not a parameter. Folders of OUT and of the report are made.

Many files: IN is a folder, a pattern such as 'takes/**/*.wav', or several paths, and OUT a folder.
Folders are read with all that lies below them, and outputs keep their paths there. Each file comes
out as if it were alone; a failing file is reported, the others continue. A journal beside the
outputs says what each was made of (its input is read once more for that), and --resume goes on
from it.
Exit codes then: 0 all well; 4 some failed or were degraded; 1 none succeeded.";

const LIST_EXAMPLES: &str = "\
Examples:
  segue list                                 components, and what is not ready with its reason
  segue list --kind metric
  segue list --plugins                       one line per plugin, with its file
  segue list --why                           every file and every folder that was searched
  segue list --json | jq -r '.components[].address'

Nothing is opened or run: manifests are read as data.";

const INSPECT_EXAMPLES: &str = "\
Examples:
  segue inspect segue.filters/eq             everything its manifest says
  segue inspect segue.gain --toml >> plugins.toml
  segue inspect build/libtube.so             also what cannot be loaded here, a .dll say

Nothing is opened or run: manifests are read as data.";

const CHECK_EXAMPLES: &str = "\
Examples:
  segue check                                ./plugins.toml
  segue check studio.toml --strict
  segue check --resolved                     with defaults, and where each value is from
  segue check --explain stage.on_error
  segue check --schema > plugins.schema.json for editors";

const GRAPH_EXAMPLES: &str = "\
Examples:
  segue graph                                ./plugins.toml, in text
  segue graph studio.toml --format svg > studio.svg";

const PROFILE_EXAMPLES: &str = "\
Examples:
  segue profile                              ./plugins.toml with its input, or a generated one
  segue profile in.wav --stage 'segue.gain gain_db=-6' --stage segue.filters
  segue profile --seconds 60 --histogram
  segue profile in.wav --json | jq '.stages[] | [.id, .time.p99_ns]'

Nothing is written, and the clock is read for every block. Without IN, and where the configuration
names no file, noise as in speech is made: syllables of 0.7 s at -20 dB RMS, pauses of 0.3 s at
-60 dB, at the rate and with the channels that [stream] names, or else at 48 kHz in stereo.";

const INIT_EXAMPLES: &str = "\
Examples:
  segue init                                 writes plugins.toml, every key commented
  segue init studio.toml";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  segue completions bash > ~/.local/share/bash-completion/completions/segue
  segue completions zsh > ~/.zfunc/_segue    where fpath has ~/.zfunc
  segue completions fish > ~/.config/fish/completions/segue.fish
  segue completions powershell >> $PROFILE";

const MAN_EXAMPLES: &str = "\
Examples:
  segue man ~/.local/share/man/man1          one page for each command; then: man segue-run
  segue man . && man ./segue.1";

/// An audio plugin host that changes its processors while the audio runs
#[derive(Debug, Parser)]
#[command(name = "segue", version, after_help = EXAMPLES, disable_help_subcommand = true)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(super) struct Global {
    /// Say only what went wrong
    #[arg(short, long, global = true, display_order = 100)]
    pub(super) quiet: bool,
    /// Say more; -vv still more
    #[arg(short, long, global = true, action = ArgAction::Count, display_order = 101)]
    pub(super) verbose: u8,
    /// How standard error is written
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "text",
        value_name = "FORM",
        display_order = 102
    )]
    pub(super) log: LogFormat,
}

/// How standard error is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run a pipeline over a stream
    #[command(after_help = RUN_EXAMPLES, override_usage = RUN_USAGE)]
    Run(Box<Run>),
    /// List the components that there are
    #[command(after_help = LIST_EXAMPLES)]
    List(ListArguments),
    /// Show what a plugin says of itself
    #[command(after_help = INSPECT_EXAMPLES)]
    Inspect(Inspect),
    /// Explain what is wrong with a configuration
    #[command(after_help = CHECK_EXAMPLES)]
    Check(Check),
    /// Draw the stages of a configuration
    #[command(after_help = GRAPH_EXAMPLES)]
    Graph(GraphArguments),
    /// Run a pipeline, write nothing, and show where its time goes
    #[command(after_help = PROFILE_EXAMPLES)]
    Profile(Box<Profile>),
    /// Ask a running session for something: how it is, a swap, a reload
    Ctl(Ctl),
    /// Write a commented configuration to start from
    #[command(after_help = INIT_EXAMPLES)]
    Init(Init),
    /// Print what lets a shell complete commands and flags
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(Completions),
    /// Write the man pages
    #[command(after_help = MAN_EXAMPLES)]
    Man(Man),
}

#[derive(Debug, Args)]
pub(super) struct ListArguments {
    /// Components of this kind only
    #[arg(long, value_enum, value_name = "KIND")]
    pub(super) kind: Option<KindWord>,
    /// One line per plugin instead of one per component
    #[arg(long)]
    pub(super) plugins: bool,
    /// Every file with its class and reason, and every folder
    #[arg(long)]
    pub(super) why: bool,
    /// For programs
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) search: Search,
}

/// A kind of component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum KindWord {
    /// Audio to audio
    Processor,
    /// Audio to features
    Analyzer,
    /// Reference and signal to readings
    Metric,
    /// Observations to actions
    Decision,
}

#[derive(Debug, Args)]
pub(super) struct Inspect {
    /// A plugin (acme.warmth), a component (acme.warmth/tube), or a library file
    #[arg(value_name = "ADDRESS|FILE")]
    pub(super) what: OsString,
    /// A [[stage]], [[tap]] or [[decide]] ready to paste
    #[arg(long, conflicts_with = "json")]
    pub(super) toml: bool,
    /// For programs
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) search: Search,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// The configuration [default: ./plugins.toml, the user's, the system's]
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// Treat warnings as errors
    #[arg(long)]
    pub(super) strict: bool,
    /// Look at the file alone, not at the plugins it names
    #[arg(long)]
    pub(super) syntax: bool,
    /// Print the effective configuration, and where each value is from
    #[arg(long, conflicts_with_all = ["explain", "schema", "json"])]
    pub(super) resolved: bool,
    /// Explain a key of the configuration
    #[arg(long, value_name = "KEY", conflicts_with_all = ["schema", "json", "file"])]
    pub(super) explain: Option<String>,
    /// Print the JSON Schema of the configuration
    #[arg(long, conflicts_with = "file")]
    pub(super) schema: bool,
    /// For programs
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) search: Search,
}

#[derive(Debug, Args)]
pub(super) struct GraphArguments {
    /// The configuration [default: ./plugins.toml, the user's, the system's]
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// How it is drawn
    #[arg(long, value_enum, value_name = "FORM", default_value = "text")]
    pub(super) format: GraphForm,
    #[command(flatten)]
    pub(super) search: Search,
}

/// How a graph is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum GraphForm {
    /// For people
    Text,
    /// A picture
    Svg,
    /// Graphviz
    Dot,
    /// Mermaid, as in Markdown
    Mermaid,
    /// For programs
    Json,
}

#[derive(Debug, Args)]
pub(super) struct Init {
    /// The file to write
    #[arg(value_name = "FILE", default_value = "plugins.toml")]
    pub(super) file: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub(super) shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct Man {
    /// The folder to write them to; it is made if it is not there
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) folder: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_shows_examples_within_100_columns() {
        for command in Arguments::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string);
            let help = help.unwrap_or_default();
            assert!(help.contains("Examples:"), "{}", command.get_name());
            assert!(
                help.lines().all(|line| line.chars().count() <= 100),
                "{help}"
            );
        }
    }
}
