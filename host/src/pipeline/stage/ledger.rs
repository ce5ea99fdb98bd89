//! Ledger: what a stage did so far, in numbers.
//!
//! Fixed memory: the audio thread counts here.

use crate::observe::Times;
use crate::pipeline::seat::Called;

/// Counters of one stage.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Frames that went in.
    pub(super) frames_in: u64,
    /// Frames that did not come out, since the place became later.
    pub(super) held_frames: u64,
    /// Calls of `process`.
    pub(super) calls: u64,
    /// Heap calls inside them.
    pub(super) heap_calls: u64,
    /// Notes and events that found no room.
    pub(super) records_lost: u64,
    /// Blocks in which the instance was not heard, or not alone.
    pub(super) blocks_out: u64,
    /// How long the calls took that were timed.
    pub(super) times: Times,
}

impl Ledger {
    /// Counts one call. Real-time safe.
    #[inline]
    pub(super) fn count(&mut self, called: Called, position_frames: u64) {
        self.calls += 1;
        self.records_lost += u64::from(called.records_lost);
        if let Some(took_ns) = called.took_ns {
            self.times.record(position_frames, took_ns);
        }
    }
}
