//! Exchange: what passes between the audio thread and control code, through wait-free rings.
//!
//! In: changes, candidates, requests for the state of instances. Out: one ring of what
//! happened to stages and of what is no longer used, to be dropped elsewhere. What belongs together
//! is seen together: all that one block did to a stage becomes visible at once. Nothing here is ever
//! lost: a new instance waits in its ring until there is room for all that can come of it.

use rtrb::{Consumer, Producer, PushError, RingBuffer};
use segue_plugin::link::{EVENTS_MAX, Processor};

use crate::pipeline::candidate::StageCandidate;
use crate::pipeline::change::Change;
use crate::pipeline::failed::FailedInstance;
use crate::pipeline::fault::Fault;
use crate::pipeline::stage::{Outgoing, STAGE_EVENTS_PER_BLOCK, Stage};
use crate::pipeline::stage_event::StageEvent;
use crate::pipeline::swapped::HandoffRefusal;

/// The most events of one stage until its next candidate: its shadow begins, the old instance fails in
/// it, it is aligned, the fade begins, the candidate ends one way or another; then a tail is over or
/// not, the new instance fails, and the fallback. Three of them send an instance away that failed.
const STAGE_EVENTS_PER_CANDIDATE: usize = 8 + 3;

/// Something new.
#[derive(Debug)]
pub enum Arrival {
    /// A new instance for a stage that is out.
    Candidate {
        /// The stage, by its number.
        stage: usize,
        /// The instance, with the memory that its way into the place takes.
        candidate: Box<StageCandidate>,
    },
    /// A change of what runs.
    Change(Box<Change>),
}

/// Something that is no longer used.
#[derive(Debug)]
pub enum Departure {
    /// An instance.
    Candidate {
        /// The stage, by its number.
        stage: usize,
        /// The instance; its fault if it failed.
        candidate: Box<StageCandidate>,
    },
    /// A change that is over, with what it took away.
    Change(Box<Change>),
    /// An instance that failed while it was heard, or a fallback.
    Failed {
        /// The stage, by its number.
        stage: usize,
        /// The instance.
        instance: FailedInstance,
        /// Why.
        fault: Fault,
    },
    /// Something that happened to a stage.
    StageEvent(StageEvent),
    /// A request for a state, with what was found.
    State(Box<StateRequest>),
}

/// Asks for the running state of a stage's instance. Made and dropped by control code; filled by the
/// audio thread at the start of a block.
#[derive(Debug)]
pub struct StateRequest {
    /// What it is for, for who sent it: the number of a change.
    pub number: u64,
    /// The stage, by its number.
    pub stage: usize,
    /// Memory for the state.
    pub bytes: Vec<u8>,
    /// What was found; `None` where there was no such stage.
    pub saved: Option<SavedState>,
}

/// What was found of a state.
#[derive(Debug, Clone, Copy)]
pub struct SavedState {
    /// How many of the bytes are it, or why there is none.
    pub written: Result<usize, HandoffRefusal>,
    /// Frames that had gone into the stage.
    pub at_frames: u64,
    /// The same as a place of the stream.
    pub position_frames: u64,
}

impl Departure {
    /// Takes every instance out, to end it. Not for the audio thread.
    #[must_use]
    pub fn into_processors(self) -> Vec<Processor> {
        match self {
            Self::Candidate { candidate, .. } => candidate.into_processor().into_iter().collect(),
            Self::Change(change) => change.into_processors(),
            Self::Failed { instance, .. } => vec![instance.into_processor()],
            Self::StageEvent(_) | Self::State(_) => Vec::new(),
        }
    }
}

impl Arrival {
    /// Takes every instance out, to end it. Not for the audio thread.
    pub(super) fn into_processors(self) -> Vec<Processor> {
        match self {
            Self::Candidate { candidate, .. } => candidate.into_processor().into_iter().collect(),
            Self::Change(change) => change.into_processors(),
        }
    }
}

/// The most that one block sends of one stage: its events, two instances that failed, and one that
/// leaves.
const SENT_MAX: usize = STAGE_EVENTS_PER_BLOCK + 3;

/// How many stages the rings have room for at least, however few there are at first.
const STAGES_MIN: usize = 64;

/// Changes that come back: one under way, and one that was over at once.
const CHANGES: usize = 2;

/// The audio thread's ends.
#[derive(Debug)]
pub(super) struct Exchange {
    arrivals: Consumer<Arrival>,
    requests: Consumer<Box<StateRequest>>,
    departures: Producer<Departure>,
    /// Trials that were taken and have not left.
    in_flight: usize,
    stages_max: usize,
}

/// The control thread's ends.
pub(super) struct ControlEnds {
    pub(super) arrivals: Producer<Arrival>,
    pub(super) requests: Producer<Box<StateRequest>>,
    pub(super) departures: Consumer<Departure>,
}

/// Both ends, for so many stages at first. Allocates; not for the audio thread.
pub(super) fn exchange(stages: usize) -> (Exchange, ControlEnds) {
    let stages_max = (2 * stages).max(STAGES_MIN);
    let (arrivals, arriving) = RingBuffer::new(stages_max);
    let (requests, requested) = RingBuffer::new(stages_max);
    let candidates = 2 * stages_max + CHANGES;
    // What one round of candidates may say, and some of the next while nobody reads.
    let events = (STAGE_EVENTS_PER_CANDIDATE + 2) * stages_max;
    let (leaving, departures) = RingBuffer::new(candidates + events + stages_max);
    let near = Exchange {
        arrivals: arriving,
        requests: requested,
        departures: leaving,
        in_flight: 0,
        stages_max,
    };
    let far = ControlEnds {
        arrivals,
        requests,
        departures,
    };
    (near, far)
}

impl Exchange {
    /// Whether something waits to be taken. Real-time safe.
    #[inline]
    pub(super) fn has_arrivals(&self) -> bool {
        !self.arrivals.is_empty()
    }

    /// How many frames there are until what comes next is to be taken, where it says so. Real-time
    /// safe.
    pub(super) fn until_arrival(&self, position_frames: u64) -> Option<u64> {
        match self.arrivals.peek().ok()? {
            Arrival::Change(change) => change.not_before_frames.checked_sub(position_frames),
            Arrival::Candidate { .. } => None,
        }
    }

    /// Whether somebody asks for a state. Real-time safe.
    #[inline]
    pub(super) fn has_requests(&self) -> bool {
        !self.requests.is_empty()
    }

    /// The next request for a state, if it can leave again beside all that may come of candidates.
    /// Real-time safe.
    pub(super) fn next_request(&mut self) -> Option<Box<StateRequest>> {
        let owed = self.owed(0);
        let has_room = self.departures.slots() > owed;
        has_room.then(|| self.requests.pop().ok()).flatten()
    }

    /// Sends a request back, answered. Real-time safe.
    pub(super) fn answer(&mut self, request: Box<StateRequest>) {
        self.push(Departure::State(request));
    }

    /// How much room is kept for what may come of what runs and of so many candidates more.
    const fn owed(&self, candidates: usize) -> usize {
        self.in_flight + candidates + CHANGES + STAGE_EVENTS_PER_CANDIDATE * self.stages_max
    }

    /// How many numbers of stages there may be.
    pub(super) const fn stages_max(&self) -> usize {
        self.stages_max
    }

    /// What comes next, if it can begin now and there is room for all that may come of it;
    /// otherwise it waits in the ring. Real-time safe.
    pub(super) fn next(
        &mut self,
        stages: &[Option<Stage>],
        change: ScheduleState,
        position_frames: u64,
    ) -> Option<Arrival> {
        loop {
            let next = self.arrivals.peek().ok()?;
            let candidates = match next {
                Arrival::Candidate { .. } => 1,
                Arrival::Change(change) => change.candidates.len(),
            };
            if self.departures.slots() < self.owed(candidates) {
                return None;
            }
            match next {
                Arrival::Candidate { stage, .. } if !has(stages, *stage) => {
                    self.refuse();
                    continue;
                }
                Arrival::Candidate { stage, .. } if takes(stages, *stage) => {}
                Arrival::Change(next) if next.not_before_frames > position_frames => return None,
                Arrival::Change(next) if fits(next, stages, change) => {}
                Arrival::Candidate { .. } | Arrival::Change(_) => return None,
            }
            self.in_flight += candidates;
            return self.arrivals.pop().ok();
        }
    }

    /// So many candidates leave by another way. Real-time safe.
    pub(super) const fn forget(&mut self, candidates: usize) {
        self.in_flight = self.in_flight.saturating_sub(candidates);
    }

    /// Sends a candidate back whose stage is gone.
    fn refuse(&mut self) {
        if let Ok(Arrival::Candidate { stage, candidate }) = self.arrivals.pop() {
            self.push(Departure::Candidate { stage, candidate });
        }
    }

    /// Sends one thing for which room was kept.
    fn push(&mut self, departure: Departure) {
        if let Err(PushError::Full(back)) = self.departures.push(departure) {
            debug_assert!(false, "a candidate begins only where departures have room");
            // Never freed here: what cannot leave stays for as long as the process.
            std::mem::forget(back);
        }
    }

    /// What was not taken. Not for the audio thread.
    pub(super) fn into_waiting(mut self) -> Vec<Arrival> {
        std::iter::from_fn(|| self.arrivals.pop().ok()).collect()
    }

    /// Sends a change back that is over. Real-time safe.
    pub(super) fn give_back(&mut self, change: Box<Change>) {
        self.push(Departure::Change(change));
    }

    /// Sends on what happened to a stage, and who leaves it: all of it at once. Real-time safe.
    pub(super) fn send(&mut self, stage: usize, position_frames: u64, from: &mut Stage) {
        let Outgoing {
            events,
            failed,
            leaving,
        } = from.take_outgoing();
        self.forget(usize::from(leaving.is_some()));
        let events = events.into_iter().flatten().map(|kind| {
            Departure::StageEvent(StageEvent {
                stage,
                position_frames,
                kind,
            })
        });
        let failed = failed.into_iter().flatten();
        let failed = failed.map(|(instance, fault)| Departure::Failed {
            stage,
            instance,
            fault,
        });
        let leaving = leaving.map(|candidate| Departure::Candidate { stage, candidate });
        let all = failed.chain(leaving).chain(events);
        if let Ok(chunk) = self.departures.write_chunk_uninit(SENT_MAX) {
            chunk.fill_from_iter(all);
            return;
        }
        all.for_each(|departure| self.push(departure));
    }
}

/// Whether a change of the schedule is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScheduleState {
    Settled,
    Switching,
}

fn has(stages: &[Option<Stage>], number: usize) -> bool {
    stages.get(number).is_some_and(Option::is_some)
}

fn takes(stages: &[Option<Stage>], number: usize) -> bool {
    let stage = stages.get(number).and_then(Option::as_ref);
    stage.is_some_and(Stage::takes_candidate)
}

/// Whether a change can begin: one schedule at a time, each stage ready for what it gets.
fn fits(change: &Change, stages: &[Option<Stage>], schedule_state: ScheduleState) -> bool {
    let schedule = change.schedule.is_none() || schedule_state == ScheduleState::Settled;
    let mut candidates = change.candidates.iter();
    // A candidate whose stage is gone goes back with the change.
    schedule
        && candidates.all(|(number, _)| !has(stages, *number) || takes(stages, *number))
        && has_room(change, stages)
}

/// Whether every stage can take all values at once: they are never more than fit where none waits.
fn has_room(change: &Change, stages: &[Option<Stage>]) -> bool {
    let count = change.param_events.len().min(EVENTS_MAX);
    change.param_events.iter().all(|(number, _)| {
        let stage = stages.get(*number).and_then(Option::as_ref);
        stage.is_none_or(|stage| stage.param_events_free() >= count)
    })
}
