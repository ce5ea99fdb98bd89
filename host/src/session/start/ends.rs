//! Ends: what a run reads and what it writes, as its caller names them.
//!
//! In: paths and forms of samples. Out: the two ends of a request, not opened yet.

use std::path::PathBuf;

use segue_media::io::{Overwrite, RawSpec};

/// Where a session reads from, and how much.
#[derive(Debug, Clone)]
pub struct Input {
    /// The path of a file, or `-` for standard input.
    pub path: PathBuf,
    /// Its samples, where no header says.
    pub raw: Option<RawSpec>,
    /// How much of the input is read.
    pub part: StreamPart,
}

/// How much of an input is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StreamPart {
    /// The input is read to its end.
    Whole,
    /// The beginning, of so many seconds.
    Beginning(f64),
    /// Nothing: a signal of so many seconds is made, at the rate and with the channels that the
    /// configuration names, or else at 48 kHz in stereo. The path is what reports call it.
    Generated(f64),
}

/// Where a session writes to, and in which form.
#[derive(Debug, Clone)]
pub struct Output {
    /// The path of a file, or `-` for standard output.
    pub path: PathBuf,
    /// Whether samples go out without a header, in this form.
    pub raw: Option<RawSpec>,
    /// Whether an existing file is replaced.
    pub overwrite: Overwrite,
}
