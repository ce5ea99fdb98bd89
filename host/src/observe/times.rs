//! Times: how long the calls of one stage took: their distribution, and the slowest of them.
//!
//! Fixed memory, no allocation: the audio thread may record.

use crate::observe::histogram::Histogram;
use crate::observe::slowest::Slowest;

/// Durations of calls, with where the slowest were.
#[derive(Debug, Clone, Default)]
pub struct Times {
    histogram: Histogram,
    slowest: Slowest,
}

impl Times {
    /// Counts one call for the block that begins there. Real-time safe.
    pub fn record(&mut self, position_frames: u64, took_ns: u64) {
        self.histogram.record(took_ns);
        self.slowest.record(position_frames, took_ns);
    }

    /// How they are distributed.
    #[must_use]
    pub const fn histogram(&self) -> &Histogram {
        &self.histogram
    }

    /// Those that took longest.
    #[must_use]
    pub const fn slowest(&self) -> &Slowest {
        &self.slowest
    }
}
