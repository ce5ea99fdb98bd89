//! Clock: when a block is timed, and what of its time was the host's own.
//!
//! In: the boundaries of a block: its begin, the end of each step, its end. Out: the time of each
//! stage, and all of the rest together. One reading of the clock a boundary, none in blocks that
//! are not timed. On the audio thread.

use std::time::Instant;

use crate::observe::Times;

/// One block in so many is timed where not every one is.
const SAMPLED: u64 = 16;

/// Which blocks are timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timed {
    /// One in sixteen: the clock would cost more than the host otherwise.
    Sampled,
    /// Every one.
    EveryBlock,
}

impl Timed {
    /// One block in so many is timed.
    #[must_use]
    pub const fn every_blocks(self) -> u64 {
        match self {
            Self::Sampled => SAMPLED,
            Self::EveryBlock => 1,
        }
    }
}

/// Counts blocks and times some.
#[derive(Debug)]
pub(super) struct Clock {
    timed: Timed,
    blocks: u64,
    /// The host's own time, per block that was timed.
    host: Times,
}

impl Clock {
    pub(super) fn new(timed: Timed) -> Self {
        Self {
            timed,
            blocks: 0,
            host: Times::default(),
        }
    }

    pub(super) const fn set_timed(&mut self, timed: Timed) {
        self.timed = timed;
    }

    pub(super) const fn timed(&self) -> Timed {
        self.timed
    }

    pub(super) const fn blocks(&self) -> u64 {
        self.blocks
    }

    pub(super) const fn host(&self) -> &Times {
        &self.host
    }

    /// A block begins.
    #[inline]
    pub(super) fn begin(&mut self) -> Laps {
        let is_timed = match self.timed {
            Timed::Sampled => self.blocks.is_multiple_of(SAMPLED),
            Timed::EveryBlock => true,
        };
        self.blocks += 1;
        Laps {
            last: is_timed.then(Instant::now),
            host_ns: 0,
        }
    }

    /// The block is over.
    #[inline]
    pub(super) fn end(&mut self, mut laps: Laps, position_frames: u64) {
        laps.host();
        if laps.last.is_some() {
            self.host.record(position_frames, laps.host_ns);
        }
    }
}

/// The boundaries of one block, if it is timed.
#[derive(Debug)]
pub(super) struct Laps {
    last: Option<Instant>,
    host_ns: u64,
}

impl Laps {
    /// A stage's call is over; returns how long it took.
    #[inline]
    pub(super) fn stage(&mut self) -> Option<u64> {
        let last = self.last.as_mut()?;
        let now = Instant::now();
        let took = now.duration_since(*last).as_nanos() as u64;
        *last = now;
        Some(took)
    }

    /// What happened since the last boundary was the host's own.
    #[inline]
    pub(super) fn host(&mut self) {
        if let Some(took_ns) = self.stage() {
            self.host_ns += took_ns;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(timed: Timed, blocks: u64, expected: u64) {
        let mut clock = Clock::new(timed);
        for block in 0..blocks {
            let mut laps = clock.begin();
            laps.host();
            assert_eq!(laps.stage().is_some(), block % timed.every_blocks() == 0);
            clock.end(laps, block * 64);
        }
        assert_eq!(clock.blocks(), blocks);
        assert_eq!(clock.host().histogram().count(), expected);
        let calls = clock.host().slowest().calls();
        assert!(calls.iter().all(|call| call.position_frames < blocks * 64));
        assert_eq!(calls.len() as u64, expected.min(8));
    }

    #[test]
    fn every_block_or_one_in_sixteen_is_timed() {
        check(Timed::Sampled, 33, 3);
        check(Timed::EveryBlock, 33, 33);
        check(Timed::EveryBlock, 0, 0);
    }

    #[test]
    fn the_time_of_a_stage_is_not_the_hosts() {
        let mut laps = Clock::new(Timed::EveryBlock).begin();
        let before = laps.last.unwrap();
        laps.host();
        let between = laps.last.unwrap();
        let stage_ns = laps.stage().unwrap();
        laps.host();
        let whole = laps.last.unwrap().duration_since(before).as_nanos() as u64;
        assert!(between >= before);
        assert_eq!(laps.host_ns + stage_ns, whole);
    }
}
