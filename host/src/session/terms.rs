//! Terms: how a session goes, as it was asked for.
//!
//! In: a request and its configuration. Out: what a drive holds itself to from start to end.

use std::time::Instant;

use segue_media::io::Stop;

use crate::config::words::Realtime;
use crate::observe::Pace;

/// What to do about samples that are not finite, and about an input that has not all that its
/// header promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonFinite {
    /// They become 0 and are counted; what there is of the input is processed.
    Clean,
    /// The run ends with an error at the first sample that is not finite.
    Refuse,
}

/// How a run goes.
pub(super) struct Terms {
    pub(super) pace: Pace,
    pub(super) non_finite: NonFinite,
    pub(super) block_frames: usize,
    /// Frames that sound on after the input ended, beside the latency.
    pub(super) tail_frames: u64,
    pub(super) sample_rate_hz: u32,
    /// Whether real-time priority is asked for; never at pace fast.
    pub(super) realtime: Realtime,
    /// Raised to a signal's number when the run has to end.
    pub(super) stop: Stop,
    /// When the process started.
    pub(super) born: Instant,
}
