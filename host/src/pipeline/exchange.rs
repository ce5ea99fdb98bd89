//! Exchange: what passes between the audio thread and control code, through wait-free rings.
//!
//! In: new instances on trial. Out: instances that are no longer used, to be dropped elsewhere,
//! and turns: what happened to stages. Nothing here is ever lost: a new instance waits in its
//! ring until there is room for all that can come of it.

use rtrb::{Consumer, Producer, PushError, RingBuffer};
use segue_plugin::link::{EVENTS_MAX, Processor};

use crate::pipeline::change::Change;
use crate::pipeline::fault::Fault;
use crate::pipeline::stage::Stage;
use crate::pipeline::swapped::SwapDone;
use crate::pipeline::trial::Trial;

/// The most turns of one stage until its next trial: the old instance fails in its shadow, the
/// fade begins, the trial ends one way or another; then a tail is over or not, the new instance
/// fails, and the fallback.
const TURNS_PER_TRIAL: usize = 6;

/// Something new.
#[derive(Debug)]
pub enum Arrival {
    /// A new instance for a stage that is out.
    Trial {
        /// The stage, by its number.
        stage: usize,
        /// The instance, and the room for its trial.
        trial: Box<Trial>,
    },
    /// A change of what runs.
    Change(Box<Change>),
}

/// Something that is no longer used.
#[derive(Debug)]
pub enum Departure {
    /// An instance.
    Trial {
        /// The stage, by its number.
        stage: usize,
        /// The instance; its fault if it failed.
        trial: Box<Trial>,
    },
    /// A change that is over, with what it took away.
    Change(Box<Change>),
}

impl Arrival {
    /// Takes every instance out, to end it. Not for the audio thread.
    pub(super) fn into_processors(self) -> Vec<Processor> {
        match self {
            Self::Trial { trial, .. } => vec![trial.into_processor()],
            Self::Change(change) => change.into_processors(),
        }
    }
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

/// How many stages the rings have room for at least, however few there are at first.
const STAGES_MIN: usize = 64;

/// Changes that come back: one under way, and one that was over at once.
const CHANGES: usize = 2;

/// The audio thread's ends.
#[derive(Debug)]
pub(super) struct Exchange {
    arrivals: Consumer<Arrival>,
    departures: Producer<Departure>,
    turns: Producer<Turn>,
    /// Trials that were taken and have not left.
    in_flight: usize,
    stages_max: usize,
}

/// The control thread's ends.
pub(super) struct Counter {
    pub(super) arrivals: Producer<Arrival>,
    pub(super) departures: Consumer<Departure>,
    pub(super) turns: Consumer<Turn>,
}

/// Both ends, for so many stages at first. Allocates; not for the audio thread.
pub(super) fn exchange(stages: usize) -> (Exchange, Counter) {
    let stages_max = (2 * stages).max(STAGES_MIN);
    let (arrivals, arriving) = RingBuffer::new(stages_max);
    let (leaving, departures) = RingBuffer::new(2 * stages_max + CHANGES);
    let (turning, turns) = RingBuffer::new(2 * TURNS_PER_TRIAL * stages_max);
    let near = Exchange {
        arrivals: arriving,
        departures: leaving,
        turns: turning,
        in_flight: 0,
        stages_max,
    };
    let far = Counter {
        arrivals,
        departures,
        turns,
    };
    (near, far)
}

impl Exchange {
    /// Whether something waits to be taken. Real-time safe.
    #[inline]
    pub(super) fn has_arrivals(&self) -> bool {
        !self.arrivals.is_empty()
    }

    /// How many numbers of stages there may be.
    pub(super) const fn stages_max(&self) -> usize {
        self.stages_max
    }

    /// What comes next, if it can begin now and there is room for all that may come of it;
    /// otherwise it waits in the ring. Real-time safe.
    pub(super) fn next(&mut self, stages: &[Option<Stage>], change: UnderWay) -> Option<Arrival> {
        loop {
            let next = self.arrivals.peek().ok()?;
            let trials = match next {
                Arrival::Trial { .. } => 1,
                Arrival::Change(change) => change.trials.len(),
            };
            let turns = TURNS_PER_TRIAL * self.stages_max;
            let owed = self.in_flight + trials + CHANGES;
            if self.departures.slots() < owed || self.turns.slots() < turns {
                return None;
            }
            match next {
                Arrival::Trial { stage, .. } if !has(stages, *stage) => {
                    self.refuse();
                    continue;
                }
                Arrival::Trial { stage, .. } if takes(stages, *stage) => {}
                Arrival::Change(next) if fits(next, stages, change) => {}
                Arrival::Trial { .. } | Arrival::Change(_) => return None,
            }
            self.in_flight += trials;
            return self.arrivals.pop().ok();
        }
    }

    /// So many trials leave by another way. Real-time safe.
    pub(super) const fn forget(&mut self, trials: usize) {
        self.in_flight = self.in_flight.saturating_sub(trials);
    }

    /// Sends a trial back whose stage is gone.
    fn refuse(&mut self) {
        if let Ok(Arrival::Trial { stage, trial }) = self.arrivals.pop() {
            let pushed = self.departures.push(Departure::Trial { stage, trial });
            debug_assert!(pushed.is_ok(), "room was looked for");
        }
    }

    /// What was not taken. Not for the audio thread.
    pub(super) fn into_waiting(mut self) -> Vec<Arrival> {
        std::iter::from_fn(|| self.arrivals.pop().ok()).collect()
    }

    /// Sends a change back that is over. Real-time safe.
    pub(super) fn give_back(&mut self, change: Box<Change>) {
        if let Err(PushError::Full(back)) = self.departures.push(Departure::Change(change)) {
            debug_assert!(false, "a change begins only where departures have room");
            // Never freed here: what cannot leave stays for as long as the process.
            std::mem::forget(back);
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
        match self.departures.push(Departure::Trial { stage, trial }) {
            Ok(()) => self.in_flight = self.in_flight.saturating_sub(1),
            Err(PushError::Full(back)) => {
                debug_assert!(false, "a trial begins only where departures have room");
                if let Departure::Trial { trial, .. } = back {
                    from.put_back(trial);
                }
            }
        }
    }
}

/// Whether a change of the schedule is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnderWay {
    Nothing,
    Change,
}

fn has(stages: &[Option<Stage>], number: usize) -> bool {
    stages.get(number).is_some_and(Option::is_some)
}

fn takes(stages: &[Option<Stage>], number: usize) -> bool {
    let stage = stages.get(number).and_then(Option::as_ref);
    stage.is_some_and(Stage::takes_trial)
}

/// Whether a change can begin: one schedule at a time, each stage ready for what it gets.
fn fits(change: &Change, stages: &[Option<Stage>], under_way: UnderWay) -> bool {
    let schedule = change.schedule.is_none() || under_way == UnderWay::Nothing;
    let mut trials = change.trials.iter();
    // A trial whose stage is gone goes back with the change.
    schedule
        && trials.all(|(number, _)| !has(stages, *number) || takes(stages, *number))
        && has_room(change, stages)
}

/// Whether every stage can take all values at once: they are never more than fit where none waits.
fn has_room(change: &Change, stages: &[Option<Stage>]) -> bool {
    let count = change.events.len().min(EVENTS_MAX);
    change.events.iter().all(|(number, _)| {
        let stage = stages.get(*number).and_then(Option::as_ref);
        stage.is_none_or(|stage| stage.events_room() >= count)
    })
}
