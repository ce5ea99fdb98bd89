//! Decision points: what decisions have to know of a frame at which they are asked.
//!
//! In: the frame, and the outputs of all stages there. Out: the same at the control end, in records
//! that go round: they are made before the first block, and none is made or dropped afterwards.

use rtrb::{Consumer, Producer, RingBuffer};

use crate::pipeline::OutputValues;

/// Records on their way: decisions fall many blocks apart, and off line each is waited for.
const MOMENTS: usize = 8;

/// One frame at which decisions fall.
#[derive(Debug)]
pub(super) struct DecisionPoint {
    /// Stream time.
    pub(super) frame: u64,
    /// How many chunks taps have to know before.
    pub(super) chunks: u64,
    /// The outputs of all stages, by number.
    pub(super) outputs: OutputValues,
}

/// The audio end's side.
#[derive(Debug)]
pub(super) struct DecisionSender {
    every_frames: u64,
    empty: Consumer<Box<DecisionPoint>>,
    full: Producer<Box<DecisionPoint>>,
}

/// The control end's side.
#[derive(Debug)]
pub(super) struct DecisionReceiver {
    empty: Producer<Box<DecisionPoint>>,
    full: Consumer<Box<DecisionPoint>>,
}

/// Both sides, for decisions that fall every so many frames in a session of at most so many stages.
pub(super) fn decision_points(
    every_frames: u64,
    numbers_max: usize,
) -> (DecisionSender, DecisionReceiver) {
    let (mut give, empty) = RingBuffer::new(MOMENTS);
    let (full, take) = RingBuffer::new(MOMENTS);
    for _ in 0..MOMENTS {
        let pushed = give.push(Box::new(DecisionPoint {
            frame: 0,
            chunks: 0,
            outputs: OutputValues::new(numbers_max),
        }));
        debug_assert!(pushed.is_ok(), "the ring has a place for each record");
    }
    let asking = DecisionSender {
        every_frames,
        empty,
        full,
    };
    let asked = DecisionReceiver {
        empty: give,
        full: take,
    };
    (asking, asked)
}

impl DecisionSender {
    /// How many frames there are until decisions fall. Real-time safe, as all of this side.
    pub(super) const fn frames_left(&self, position_frames: u64) -> u64 {
        self.every_frames - position_frames % self.every_frames
    }

    pub(super) const fn every_frames(&self) -> u64 {
        self.every_frames
    }

    /// A record for this frame, where decisions fall at it; `None` as well where all are under way.
    pub(super) fn begin(&mut self) -> Option<Box<DecisionPoint>> {
        self.empty.pop().ok()
    }

    /// Sends a record.
    pub(super) fn send(&mut self, moment: Box<DecisionPoint>) {
        let pushed = self.full.push(moment);
        debug_assert!(pushed.is_ok(), "the ring has a place for each record");
    }
}

impl DecisionReceiver {
    /// The next record.
    pub(super) fn next(&mut self) -> Option<Box<DecisionPoint>> {
        self.full.pop().ok()
    }

    /// Gives a record back.
    pub(super) fn give_back(&mut self, moment: Box<DecisionPoint>) {
        let pushed = self.empty.push(moment);
        debug_assert!(pushed.is_ok(), "the ring has a place for each record");
    }
}
