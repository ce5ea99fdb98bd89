//! Batch: everything known of many files that went through one pipeline, as plain values.
//!
//! Units stand in the names. Fields are only ever added; `schema_version` is raised when one
//! changes its meaning or goes.

use serde::Serialize;

use crate::observe::report::{GenerationReport, Notice, ProcessReport, RunReport};

/// All files.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BatchReport {
    /// The version of this shape.
    pub schema_version: u32,
    /// The version of the host.
    pub segue: String,
    /// The name of the pipeline.
    pub pipeline: String,
    /// The folder of the outputs, if anything is written.
    pub output: Option<String>,
    /// Whether every file met its fate: no signal came between.
    pub complete: bool,
    /// What was not as it should be and belongs to no single file.
    pub degraded: Vec<String>,
    /// Sums over all files.
    pub totals: BatchTotals,
    /// Every file, in the order of the list.
    pub files: Vec<FileReport>,
    /// What the process took.
    pub process: ProcessReport,
    /// Libraries that are mapped.
    pub generations: Vec<GenerationReport>,
    /// What people should know about the whole.
    pub notices: Vec<Notice>,
}

/// Sums over all files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BatchTotals {
    /// How many files there are.
    pub files: u64,
    /// How many were processed to their end.
    pub done: u64,
    /// How many were there already, whole and made of the same.
    pub kept: u64,
    /// How many failed.
    pub failed: u64,
    /// How many a signal came before, or in the middle of.
    pub not_done: u64,
    /// How many of those done or kept were not as they should be.
    pub degraded: u64,
    /// How many have notices.
    pub with_notices: u64,
    /// How many files were left out because they hold no audio.
    pub left_out: u64,
    /// How many files were under way at once.
    pub threads: u64,
    /// Seconds of audio that were processed.
    pub stream_seconds: f64,
    /// From the first file to the last.
    pub elapsed_ns: u64,
    /// Stream seconds per second of that.
    pub times_real_time: f64,
}

/// What came of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    /// It was processed to its end.
    Done,
    /// Its output was there, whole and made of the same.
    Kept,
    /// It failed.
    Failed,
    /// A signal came before it, or in the middle of it.
    NotDone,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FileReport {
    /// Where it came from.
    pub input: String,
    /// Where it went, if anywhere.
    pub output: Option<String>,
    /// What came of it.
    pub state: FileState,
    /// Why it failed.
    pub error: Option<String>,
    /// What was not as it should be.
    pub degraded: Vec<String>,
    /// What people should know about its run. Unknown of outputs that are kept.
    pub notices: Vec<String>,
    /// What the output was made of, as one number.
    pub key: Option<String>,
    /// The length of the output.
    pub output_bytes: Option<u64>,
    /// SHA-256 of the output.
    pub output_sha256: Option<String>,
    /// The report of its run; without libraries, which all files share.
    pub report: Option<RunReport>,
}

impl FileReport {
    /// A file of which nothing is known yet.
    #[must_use]
    pub const fn new(input: String, output: Option<String>) -> Self {
        Self {
            input,
            output,
            state: FileState::NotDone,
            error: None,
            degraded: Vec::new(),
            notices: Vec::new(),
            key: None,
            output_bytes: None,
            output_sha256: None,
            report: None,
        }
    }
}

impl BatchTotals {
    /// Counts the files of a report into these sums.
    pub fn count(&mut self, files: &[FileReport]) {
        for file in files {
            self.files += 1;
            *match file.state {
                FileState::Done => &mut self.done,
                FileState::Kept => &mut self.kept,
                FileState::Failed => &mut self.failed,
                FileState::NotDone => &mut self.not_done,
            } += 1;
            self.degraded += u64::from(!file.degraded.is_empty());
            self.with_notices += u64::from(!file.notices.is_empty());
        }
    }
}
