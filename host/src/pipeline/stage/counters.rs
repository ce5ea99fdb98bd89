//! Counters: what a stage did so far, in numbers.
//!
//! Fixed memory: the audio thread counts here.

use crate::observe::Times;
use crate::pipeline::call::CallResult;

/// Counters of one stage.
#[derive(Debug, Default)]
pub struct StageCounters {
    /// Calls of `process`.
    pub calls: u64,
    /// Notes and events that found no room.
    pub records_lost: u64,
    /// Blocks in which the instance was not heard, or not alone.
    pub blocks_out: u64,
    /// How long the calls took that were timed.
    pub times: Times,
}

impl StageCounters {
    /// Counts one call. Real-time safe.
    #[inline]
    pub(super) fn count(&mut self, called: CallResult, position_frames: u64) {
        self.calls += 1;
        self.records_lost += u64::from(called.records_lost);
        if let Some(took_ns) = called.took_ns {
            self.times.record(position_frames, took_ns);
        }
    }
}
