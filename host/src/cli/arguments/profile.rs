//! Arguments: the words of `segue profile`, as clap reads them.
//!
//! Comments here are what `--help` shows.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use segue_media::io::RawSpec;

use crate::cli::arguments::run::{ControlArguments, PaceWord, Run, Search};

/// The longest stream that is measured, in seconds: a day.
const SECONDS_MAX: f64 = 86_400.0;

#[derive(Debug, Args)]
pub(in crate::cli) struct Profile {
    /// The audio to read; - for a pipe [default: [stream] input, or a generated signal]
    #[arg(value_name = "IN")]
    pub(in crate::cli) input: Option<PathBuf>,
    /// How many seconds, at most all of IN [default: all of IN, or 10]
    #[arg(long, value_name = "N", value_parser = seconds)]
    pub(in crate::cli) seconds: Option<f64>,
    /// Show how the times of each stage are distributed
    #[arg(long, conflicts_with = "json")]
    pub(in crate::cli) histogram: bool,
    /// For programs: the report of the run
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// The configuration [default: $SEGUE_CONFIG, ./plugins.toml, the user's, the system's]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "stage")]
    config: Option<PathBuf>,
    /// A stage of a chain, in the place of a configuration; may be repeated
    #[arg(long, value_name = "STAGE")]
    stage: Vec<String>,
    /// A parameter of a stage, tap or decision; may be repeated
    #[arg(long, value_name = "STAGE.PARAM=VALUE", allow_hyphen_values = true)]
    set: Vec<String>,
    /// Read IN as headerless samples in this format
    #[arg(long, value_name = "s16le:48000:2", requires = "input")]
    raw: Option<RawSpec>,
    /// How many frames are processed in one step
    #[arg(long, value_name = "N")]
    block_frames: Option<String>,
    #[command(flatten)]
    search: Search,
}

impl Profile {
    /// The same pipeline as `segue run` has it.
    pub(in crate::cli) fn as_run(&self) -> Run {
        Run {
            dither: None,
            input: self.input.clone(),
            output: None,
            more: Vec::new(),
            resume: false,
            format: None,
            config: self.config.clone(),
            stage: self.stage.clone(),
            set: self.set.clone(),
            pace: PaceWord::Fast,
            report: None,
            raw: self.raw,
            bits: None,
            overwrite: false,
            threads: None,
            strict_input: false,
            control: ControlArguments::default(),
            block_frames: self.block_frames.clone(),
            search: Search {
                plugin_path: self.search.plugin_path.clone(),
            },
        }
    }
}

/// A length of stream.
fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse::<f64>().ok();
    let seconds = seconds.filter(|seconds| *seconds > 0.0 && *seconds <= SECONDS_MAX);
    seconds.ok_or_else(|| format!("expected seconds, more than 0 and at most {SECONDS_MAX}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_a_length_that_can_be_measured() {
        for good in ["10", "0.5", "86400", "1e-3"] {
            assert_eq!(seconds(good), Ok(good.parse().unwrap()));
        }
        for bad in ["0", "-1", "nan", "inf", "86401", "10s", ""] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
