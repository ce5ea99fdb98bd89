//! Written: what there is of an output when it is over.
//!
//! In: nothing; sinks make these. Out: plain values.

use crate::io::error::WriteError;

/// How an output comes to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The stream is over; of no frames there is a file of no frames.
    InOrder,
    /// Something ended it: a signal, a stage, a full disk.
    Cut,
}

/// What is kept of an output that was ended.
#[derive(Debug)]
pub struct Kept {
    /// What it holds, or what went out.
    pub written: Written,
    /// What did not succeed on the way.
    pub trouble: Option<WriteError>,
}

/// What a sink wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Frames.
    pub frames: u64,
    /// Bytes, header included.
    pub bytes: u64,
    /// Samples beyond the range of the integers they became; 0 for floats.
    pub clipped: u64,
}
