//! Slowest: the calls that took longest, and where in the stream they were.
//!
//! Fixed memory, no allocation, one comparison for a call that is not among them: the audio
//! thread may record.

use serde::Serialize;

/// How many are kept. A page of them is read; whoever needs every call takes a profiler.
pub const SLOWEST_MAX: usize = 8;

/// One call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SlowCall {
    /// Stream time of the first frame of its block.
    pub position_frames: u64,
    /// How long it took.
    pub took_ns: u64,
}

/// The slowest calls, the slowest first; of equals the one that came first.
#[derive(Debug, Clone, Copy)]
pub struct Slowest {
    calls: [SlowCall; SLOWEST_MAX],
    count: usize,
}

impl Default for Slowest {
    fn default() -> Self {
        let none = SlowCall {
            position_frames: 0,
            took_ns: 0,
        };
        Self {
            calls: [none; SLOWEST_MAX],
            count: 0,
        }
    }
}

impl Slowest {
    /// Takes one call. Real-time safe.
    pub fn record(&mut self, position_frames: u64, took_ns: u64) {
        let is_full = self.count == SLOWEST_MAX;
        if is_full && took_ns <= self.calls[SLOWEST_MAX - 1].took_ns {
            return;
        }
        let mut at = self.count.min(SLOWEST_MAX - 1);
        while at > 0 && self.calls[at - 1].took_ns < took_ns {
            self.calls[at] = self.calls[at - 1];
            at -= 1;
        }
        self.calls[at] = SlowCall {
            position_frames,
            took_ns,
        };
        self.count = (self.count + 1).min(SLOWEST_MAX);
    }

    /// Those that are kept.
    #[must_use]
    pub fn calls(&self) -> &[SlowCall] {
        &self.calls[..self.count]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn they_are_the_first_of_all_calls_in_order(took in prop::collection::vec(0u64..20, 0..60)) {
            let mut slowest = Slowest::default();
            let mut all = Vec::new();
            for (at, took_ns) in took.into_iter().enumerate() {
                let position_frames = at as u64 * 256;
                slowest.record(position_frames, took_ns);
                all.push(SlowCall { position_frames, took_ns });
            }
            // A stable sort keeps equals in the order in which they came.
            all.sort_by_key(|call| std::cmp::Reverse(call.took_ns));
            all.truncate(SLOWEST_MAX);
            prop_assert_eq!(slowest.calls(), all.as_slice());
        }
    }
}
