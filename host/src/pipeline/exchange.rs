//! Exchange: what passes between the audio thread and control code, through wait-free rings.
//!
//! In: new instances on trial. Out: instances that are no longer used, to be dropped elsewhere,
//! and turns: what happened to stages. Nothing here is ever lost: a new instance waits in its
//! ring until there is room for all that can come of it.

use rtrb::{Consumer, Producer, PushError, RingBuffer};

use crate::pipeline::fault::Fault;
use crate::pipeline::stage::Stage;
use crate::pipeline::swapped::SwapDone;
use crate::pipeline::trial::Trial;

/// The most turns of one stage until its next trial: the old instance fails in its shadow, the
/// fade begins, the trial ends one way or another; then a tail is over or not, the new instance
/// fails, and the fallback.
const TURNS_PER_TRIAL: usize = 6;

/// A new instance for a stage.
#[derive(Debug)]
pub struct Arrival {
    /// The stage, by its place in the file.
    pub stage: usize,
    /// The instance, and the room for its trial.
    pub trial: Box<Trial>,
}

/// An instance that is no longer used.
#[derive(Debug)]
pub struct Departure {
    /// The stage, by its place in the file.
    pub stage: usize,
    /// The instance; its fault if it failed.
    pub trial: Box<Trial>,
}

/// Something that happened to a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// The stage, by its place in the file.
    pub stage: usize,
    /// Stream time of the block in which it happened.
    pub position_frames: u64,
    /// What.
    pub kind: TurnKind,
}

/// What can happen to a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnKind {
    /// Its instance failed, and its substitute is heard.
    Failed(Fault),
    /// Its fallback failed, and is not asked again.
    FallbackFailed(Fault),
    /// A new instance failed on trial, and leaves.
    TrialFailed(Fault),
    /// A new instance is heard alone, and the old one leaves.
    Returned,
    /// A new instance begins to be heard beside the old one.
    FadeBegan,
    /// A new instance has taken the place over; the old one leaves, at once or with its tail.
    Swapped(SwapDone),
    /// The old instance is heard alone again, and the new one leaves.
    Reversed,
    /// The tail of an old instance is over, and it leaves.
    RingOver,
}

/// The audio thread's ends.
#[derive(Debug)]
pub(super) struct Exchange {
    arrivals: Consumer<Arrival>,
    departures: Producer<Departure>,
    turns: Producer<Turn>,
    stages: usize,
}

/// The control thread's ends.
pub(super) struct Counter {
    pub(super) arrivals: Producer<Arrival>,
    pub(super) departures: Consumer<Departure>,
    pub(super) turns: Consumer<Turn>,
}

/// Both ends, for so many stages. Allocates; not for the audio thread.
pub(super) fn exchange(stages: usize) -> (Exchange, Counter) {
    let room = stages.max(1);
    let (arrivals, arriving) = RingBuffer::new(room);
    let (leaving, departures) = RingBuffer::new(2 * room);
    let (turning, turns) = RingBuffer::new(2 * TURNS_PER_TRIAL * room);
    let near = Exchange {
        arrivals: arriving,
        departures: leaving,
        turns: turning,
        stages,
    };
    let far = Counter {
        arrivals,
        departures,
        turns,
    };
    (near, far)
}

impl Exchange {
    /// Gives new instances to their stages, while there is room for what may come of it.
    /// Real-time safe.
    #[inline]
    pub(super) fn take_arrivals(&mut self, stages: &mut [Stage]) {
        if !self.arrivals.is_empty() {
            self.admit(stages);
        }
    }

    /// New instances that were not taken. Not for the audio thread.
    pub(super) fn into_waiting(mut self) -> Vec<Arrival> {
        std::iter::from_fn(|| self.arrivals.pop().ok()).collect()
    }

    fn admit(&mut self, stages: &mut [Stage]) {
        loop {
            let room = self.departures.slots() >= self.stages
                && self.turns.slots() >= TURNS_PER_TRIAL * self.stages;
            let Ok(next) = self.arrivals.peek() else {
                return;
            };
            let stage = stages.get(next.stage);
            if !room || !stage.is_some_and(Stage::takes_trial) {
                return; // It waits in the ring.
            }
            let Ok(Arrival { stage, trial }) = self.arrivals.pop() else {
                return;
            };
            stages[stage].begin_trial(trial);
        }
    }

    /// Sends on what happened to a stage, and who leaves it. Real-time safe.
    pub(super) fn send(&mut self, stage: usize, position_frames: u64, from: &mut Stage) {
        for kind in from.take_turns().into_iter().flatten() {
            let pushed = self.turns.push(Turn {
                stage,
                position_frames,
                kind,
            });
            debug_assert!(pushed.is_ok(), "a trial begins only where turns have room");
        }
        let Some(trial) = from.take_leaving() else {
            return;
        };
        if let Err(PushError::Full(back)) = self.departures.push(Departure { stage, trial }) {
            debug_assert!(false, "a trial begins only where departures have room");
            from.put_back(back.trial);
        }
    }
}
