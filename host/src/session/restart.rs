//! Restart: new instances for stages that failed.
//!
//! In: what the engine says happened to its stages, block by block. Out: new instances, made and
//! ended on threads of their own, sent to the engine when they are due; a log for the report.
//!
//! Off line making one is a barrier: the stream waits, so that a new instance is tried at the same
//! frame in every run. At the pace of the stream nothing waits: an instance is tried with the
//! first block after it is ready.

mod log;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use segue_plugin::declare::Layout;
use segue_plugin::link::Processor;

use crate::loading::{CREATE_DEADLINE, Pending, begin};
use crate::observe::{Event as Told, FaultReport};
use crate::pipeline::{Arrival, Fault, Occupant, Shape, StageState, Trial, Turn, TurnKind};
use crate::session::changes::Context;
use crate::session::recipe::Recipe;
use crate::session::run::Pace;
use crate::supervise::{Attempts, Event, Life};

pub(super) use log::StageLog;

/// How long the end of an instance may take; after that its thread is abandoned.
const DROP_DEADLINE: Duration = Duration::from_secs(10);

/// How long the session waits at most before it looks again whether it is to stop.
const PATIENCE: Duration = Duration::from_millis(20);

/// How the instance of a stage is made again, and when.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) recipe: Recipe,
    pub(super) shape: Shape,
    pub(super) layout_out: Layout,
    pub(super) frames_max: usize,
    pub(super) attempts: Attempts,
}

/// An instance in the making: ready for its trial, or a sentence why not.
type Making = Pending<Result<Box<Trial>, String>>;

/// One stage.
struct Keeper {
    id: Arc<str>,
    place: Option<Place>,
    making: Option<Making>,
    log: StageLog,
}

/// All stages of a run.
pub(super) struct Restarts {
    keepers: Vec<Keeper>,
    pace: Pace,
    stop: Arc<AtomicUsize>,
    /// Instances that are being ended.
    ending: Vec<Pending<()>>,
    /// Whether a stage waits for something that no turn tells of.
    watching: bool,
}

impl Place {
    /// Makes a new instance for the place. Foreign code: within a deadline.
    fn make(&self) -> Result<Box<Trial>, String> {
        let made = self
            .recipe
            .make(&|_| {})
            .map_err(|refusal| refusal.to_string())?;
        let (latency_frames, most) = (made.timing.latency_frames, self.shape.latency_frames);
        if made.layout_out != self.layout_out {
            let (found, expected) = (made.layout_out, self.layout_out);
            return Err(format!("a new instance gives {found}, expected {expected}"));
        }
        if latency_frames > most {
            return Err(format!(
                "a new instance reports {latency_frames} frames of latency, expected at most {most}"
            ));
        }
        let occupant = Occupant {
            processor: made.processor,
            latency_frames,
            held_bytes: made.held_bytes,
            outputs: self.recipe.bound.component.outputs.len(),
        };
        Ok(Box::new(Trial::new(occupant, &self.shape, self.frames_max)))
    }
}

impl Keeper {
    fn new(id: Arc<str>, place: Option<Place>) -> Self {
        Self {
            id,
            place,
            making: None,
            log: StageLog::NEW,
        }
    }

    fn attempts(&self) -> &Attempts {
        let place = self.place.as_ref();
        place.map_or(&Attempts::NONE, |place| &place.attempts)
    }

    fn after(&mut self, event: Event) {
        self.log.life = self.log.life.after(event, self.attempts());
    }

    /// Begins to make a new instance.
    fn make(&mut self, position_frames: u64) {
        let Some(place) = self.place.clone() else {
            return;
        };
        self.log.tried += 1;
        self.log.tried_at_frames = position_frames;
        match begin(CREATE_DEADLINE, move || place.make()) {
            Ok(making) => self.making = Some(making),
            Err(missed) => self.refuse(position_frames, format!("a new instance {missed}")),
        }
    }

    fn refuse(&mut self, position_frames: u64, text: String) {
        self.log.attempt(position_frames, "refused", text);
        self.after(Event::Refused(position_frames));
    }

    /// The new instance, once it is there; does not wait longer than `patience`.
    fn made(&mut self, position_frames: u64, patience: Duration) -> Option<Box<Trial>> {
        let answer = self.making.as_ref()?.look(patience)?;
        self.making = None;
        match answer {
            Ok(Ok(trial)) => {
                self.after(Event::Made);
                return Some(trial);
            }
            Ok(Err(text)) => self.refuse(position_frames, text),
            Err(missed) => self.refuse(position_frames, format!("a new instance {missed}")),
        }
        None
    }
}

impl Restarts {
    /// Nothing has happened yet.
    pub(super) fn new(
        ids: &[Arc<str>],
        places: Vec<Option<Place>>,
        pace: Pace,
        stop: Arc<AtomicUsize>,
    ) -> Self {
        let keepers = ids.iter().zip(places);
        let keepers = keepers.map(|(id, place)| Keeper::new(Arc::clone(id), place));
        Self {
            keepers: keepers.collect(),
            pace,
            stop,
            ending: Vec::new(),
            watching: false,
        }
    }

    /// How many of so many frames may be processed until a new instance is due: off line it is
    /// tried at exactly its frame.
    pub(super) fn frames_until_due(&self, position_frames: u64, frames: u64) -> u64 {
        if !self.watching || self.pace != Pace::Fast {
            return frames;
        }
        let dues = self
            .keepers
            .iter()
            .filter_map(|keeper| keeper.log.life.due());
        let left = dues.filter_map(|due| due.checked_sub(position_frames));
        left.filter(|left| *left > 0).fold(frames, u64::min)
    }

    /// Whether a new instance of a stage that had failed is on trial.
    pub(super) fn is_on_trial(&self, number: usize) -> bool {
        let keeper = self.keepers.get(number);
        keeper.is_some_and(|keeper| matches!(keeper.log.life, Life::Trial { .. }))
    }

    /// Whether a stage waits for something that no turn tells of.
    pub(super) const fn is_watching(&self) -> bool {
        self.watching
    }

    /// Sends what is due, once every turn of a block was told. Between two blocks.
    /// Stages that are `busy` have a trial already, and wait for what becomes of it.
    pub(super) fn after_block(&mut self, context: &mut Context<'_>, busy: &dyn Fn(usize) -> bool) {
        self.ending
            .retain(|ending| ending.look(Duration::ZERO).is_none());
        let position_frames = context.position_frames;
        for stage in 0..self.keepers.len() {
            if busy(stage) {
                continue;
            }
            let keeper = &mut self.keepers[stage];
            let before = keeper.log.life;
            keeper.after(Event::Reached(position_frames));
            if keeper.log.life != before {
                keeper.make(position_frames);
            }
            if let Some(trial) = self.wait(stage, position_frames) {
                let pushed = context.rings.arrivals.push(Arrival::Trial { stage, trial });
                debug_assert!(pushed.is_ok(), "the ring has a place for each stage");
            }
        }
        self.watching = self.keepers.iter().any(|keeper| match keeper.log.life {
            Life::Waiting { .. } | Life::Making { .. } => true,
            Life::Heard { .. } | Life::Trial { .. } | Life::GivenUp { .. } => false,
        });
    }

    /// Another stage of that number, or another instance in its place: how it is made again, if
    /// its `restart` says so. What happened to it so far stays where it is the same stage.
    pub(super) fn recast(&mut self, number: usize, id: &Arc<str>, place: Option<Place>) {
        while self.keepers.len() <= number {
            self.keepers.push(Keeper::new(Arc::clone(id), None));
        }
        let keeper = &mut self.keepers[number];
        if keeper.id != *id {
            *keeper = Keeper::new(Arc::clone(id), None);
        }
        keeper.place = place;
    }

    /// A stage has another instance, by a change: whatever failed before is over.
    pub(super) fn swapped(&mut self, number: usize, position_frames: u64) {
        if let Some(keeper) = self.keepers.get_mut(number) {
            keeper.making = None;
            keeper.after(Event::Swapped(position_frames));
        }
    }

    /// What happened to all stages, by number, once the run is over and everything that left has
    /// ended.
    pub(super) fn finish(&mut self) -> Vec<StageLog> {
        for ending in self.ending.drain(..) {
            let _ = ending.wait();
        }
        self.keepers.drain(..).map(|keeper| keeper.log).collect()
    }

    /// A new instance that is in the making: waited for off line, looked for otherwise.
    fn wait(&mut self, stage: usize, position_frames: u64) -> Option<Box<Trial>> {
        let keeper = &mut self.keepers[stage];
        if self.pace == Pace::RealTime {
            return keeper.made(position_frames, Duration::ZERO);
        }
        while keeper.making.is_some() && self.stop.load(Ordering::Relaxed) == 0 {
            if let Some(trial) = keeper.made(position_frames, PATIENCE) {
                return Some(trial);
            }
        }
        None
    }

    /// Takes note of a failure, or of what became of a trial.
    /// `text` is what an instance said that leaves because of it.
    pub(super) fn turn(&mut self, turn: Turn, text: Option<String>, context: &mut Context<'_>) {
        let Some(stage) = context.engine.stage(turn.stage) else {
            return; // It was taken out of the pipeline in the meantime.
        };
        let at = turn.position_frames;
        let keeper = &mut self.keepers[turn.stage];
        match turn.kind {
            TurnKind::Failed(fault) => {
                // The instance is there as long as its stage is out because of it.
                let text = match stage.state() {
                    StageState::Out(_) => stage.describe_fault(),
                    StageState::Running => fault.kind.name().to_owned(),
                };
                keeper.log.fault(report(fault, text.clone()));
                keeper.after(Event::Failed(at));
                context.events.event(Told::Fault {
                    stage: keeper.id.to_string(),
                    position_frames: at,
                    text,
                });
            }
            TurnKind::FallbackFailed(fault) => {
                let found = stage.describe_fallback_fault();
                let text = found.map_or_else(|| fault.kind.name().to_owned(), |(_, text)| text);
                context.events.event(Told::FallbackFault {
                    stage: keeper.id.to_string(),
                    position_frames: at,
                    text: text.clone(),
                });
                keeper.log.fallback_fault = Some(report(fault, text));
            }
            TurnKind::TrialFailed(fault) => {
                let text = text.unwrap_or_else(|| fault.kind.name().to_owned());
                keeper.log.attempt(at, "failed on trial", text);
                keeper.after(Event::TrialFailed(at));
            }
            TurnKind::FadeBegan
            | TurnKind::Swapped(_)
            | TurnKind::Reversed
            | TurnKind::RingOver => {}
            TurnKind::Returned => {
                keeper.log.returned += 1;
                keeper.log.attempt(at, "returned", String::new());
                keeper.after(Event::Returned(at));
                context.events.event(Told::Returned {
                    stage: keeper.id.to_string(),
                    position_frames: at,
                });
            }
        }
    }

    /// Ends an instance on a thread of its own; off line that is waited for.
    pub(super) fn end(&mut self, mut processor: Processor) {
        let ending = begin(DROP_DEADLINE, move || {
            processor.deactivate();
        });
        match (ending, self.pace) {
            (Ok(ending), Pace::Fast) => drop(ending.wait()),
            (Ok(ending), Pace::RealTime) => self.ending.push(ending),
            (Err(_), _) => {}
        }
    }
}

fn report(fault: Fault, text: String) -> FaultReport {
    FaultReport {
        position_frames: fault.position_frames,
        kind: fault.kind.name().to_owned(),
        text,
    }
}
