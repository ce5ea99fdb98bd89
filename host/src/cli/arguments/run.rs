//! Arguments: the words of `segue run`, as clap reads them, and those that other commands share.
//!
//! Comments here are what `--help` shows.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use segue_media::io::RawSpec;

use crate::cli::offered::Offered;

#[derive(Debug, Args)]
pub(in crate::cli) struct Run {
    /// The audio to read; - for a pipe, or a folder [default: [stream] input]
    #[arg(value_name = "IN")]
    pub(in crate::cli) input: Option<PathBuf>,
    /// The file to write: .wav, .flac or .aiff; - for a pipe, or a folder [default: [stream] output]
    #[arg(value_name = "OUT")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// With more than two paths, all but the last are read and the last is a folder
    #[arg(value_name = "PATH", hide = true)]
    pub(in crate::cli) more: Vec<PathBuf>,
    /// Keep outputs that are complete and up to date; process the rest
    #[arg(long)]
    pub(in crate::cli) resume: bool,
    /// What many files become: wav, flac or aiff [default: wav]
    #[arg(long, value_name = "FORM", value_parser = ["wav", "flac", "aiff"])]
    pub(in crate::cli) format: Option<String>,
    /// The configuration [default: $SEGUE_CONFIG, ./plugins.toml, the user's, the system's]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "stage")]
    pub(in crate::cli) config: Option<PathBuf>,
    /// A stage of a chain, in the place of a configuration; may be repeated
    #[arg(long, value_name = "STAGE")]
    pub(in crate::cli) stage: Vec<String>,
    /// A parameter of a stage, tap or decision; may be repeated
    #[arg(long, value_name = "STAGE.PARAM=VALUE", allow_hyphen_values = true)]
    pub(in crate::cli) set: Vec<String>,
    /// How fast
    #[arg(long, value_enum, default_value = "fast", value_name = "PACE")]
    pub(in crate::cli) pace: PaceWord,
    /// Write the report as JSON; - for standard output, in the place of the table
    #[arg(long, value_name = "F.json")]
    pub(in crate::cli) report: Option<PathBuf>,
    /// Read IN as headerless samples in this format; a pipe or *.raw goes out like that too. Beside an
    /// IN whose name has a header, *.raw alone
    #[arg(long, value_name = "s16le:48000:2")]
    pub(in crate::cli) raw: Option<RawSpec>,
    /// How OUT stores samples: 8, 16, 24, 32, f32, f64, ulaw or alaw [default: as IN]
    #[arg(long, value_name = "BITS", value_parser = Offered::BITS, hide_possible_values = true)]
    pub(in crate::cli) bits: Option<String>,
    /// Noise before samples are rounded to 8 or 16 bits: auto, tpdf or none [default: auto]
    #[arg(long, value_name = "DITHER", value_parser = Offered::DITHER, hide_possible_values = true)]
    pub(in crate::cli) dither: Option<String>,
    /// Replace OUT if it exists
    #[arg(long)]
    pub(in crate::cli) overwrite: bool,
    /// How many threads work: on files, or on decoding, encoding beside one; 0 is one per core
    #[arg(long, value_name = "N")]
    pub(in crate::cli) threads: Option<String>,
    /// Refuse input samples that are not finite, and inputs that are cut off or damaged
    #[arg(long)]
    pub(in crate::cli) strict_input: bool,
    /// How many frames are processed in one step
    #[arg(long, value_name = "N")]
    pub(in crate::cli) block_frames: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) control: ControlArguments,
    #[command(flatten)]
    pub(in crate::cli) search: Search,
}

/// How a run can be changed while it runs.
#[derive(Debug, Default, Args)]
pub(in crate::cli) struct ControlArguments {
    /// Changes at places of the stream: swaps, parameters, edits
    #[arg(long, value_name = "F.toml", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) timeline: Option<PathBuf>,
    /// What `segue ctl` calls the session [default: [pipeline] name, the configuration's file; chain
    /// with --stage]
    #[arg(long, value_name = "NAME", conflicts_with = "no_control")]
    pub(in crate::cli) name: Option<String>,
    /// Open no control socket: nobody can ask the session for anything
    #[arg(long)]
    pub(in crate::cli) no_control: bool,
}

/// How fast a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum PaceWord {
    /// As fast as it can; time never changes the audio
    Fast,
    /// As fast as the stream
    Realtime,
}

/// Where else plugins are.
#[derive(Debug, Args)]
pub(in crate::cli) struct Search {
    /// A folder to search for plugins, or several with : between, before those of SEGUE_PLUGIN_PATH;
    /// may be repeated
    #[arg(long = "plugin-path", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) plugin_path: Vec<OsString>,
}
