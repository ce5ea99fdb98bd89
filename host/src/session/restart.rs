//! Restart: new instances for stages that failed.
//!
//! In: what the engine says happened to its stages, block by block. Out: new instances, made and
//! ended on threads of their own, sent to the engine when they are due; a log for the report.
//!
//! A restart is a change that a policy wants: it goes the way of every change (`candidacy`), but for
//! priming and a receipt. Off line making one is a barrier: the stream waits, so that a new instance
//! is tried at the same frame in every run. At the pace of the stream nothing waits: an instance is
//! tried with the first block after it is ready.

mod keeper;
mod log;

use crate::id::StageId;
use crate::observe::{Event as Told, FaultReport};
use crate::pipeline::{StageCandidate, StageEvent, StageEventKind};
use crate::session::candidacy::{Candidacy, Ender};
use crate::session::context::Context;
use crate::session::instance::RestartTerms;
use crate::session::pace::Barrier;
use crate::session::restart::keeper::{Keeper, said};
use crate::session::run::Pace;
use crate::supervise::LifeEvent;
use crate::swap::table::Event as Step;

pub(super) use log::StageLog;

/// All stages of a run.
pub(super) struct Restarts {
    keepers: Vec<Keeper>,
    barrier: Barrier,
    sample_rate_hz: u32,
    /// Whether a stage waits for something that no turn tells of.
    watching: bool,
}

impl Restarts {
    /// Nothing has happened yet.
    pub(super) fn new(
        ids: &[StageId],
        terms: Vec<Option<RestartTerms>>,
        barrier: Barrier,
        sample_rate_hz: u32,
    ) -> Self {
        let keepers = ids.iter().zip(terms).enumerate();
        let keepers = keepers.map(|(number, (id, terms))| Keeper::new(id.clone(), number, terms));
        Self {
            keepers: keepers.collect(),
            barrier,
            sample_rate_hz,
            watching: false,
        }
    }

    /// How many of so many frames may be processed until a new instance is due: off line it is
    /// tried at exactly its frame.
    pub(super) fn frames_until_due(&self, position_frames: u64, frames: u64) -> u64 {
        if !self.watching || self.barrier.pace != Pace::Fast {
            return frames;
        }
        let dues = self
            .keepers
            .iter()
            .filter_map(|keeper| keeper.log.life.due());
        let left = dues.filter_map(|due| due.checked_sub(position_frames));
        left.filter(|left| *left > 0).fold(frames, u64::min)
    }

    /// The new instance of a stage that had failed, on its way.
    pub(super) fn candidacy(
        &mut self,
        number: usize,
    ) -> Option<&mut Candidacy<Box<StageCandidate>>> {
        self.keepers.get_mut(number)?.candidacy.as_mut()
    }

    /// Whether a stage waits for something that no turn tells of.
    pub(super) const fn is_watching(&self) -> bool {
        self.watching
    }

    /// The last failure that is kept of a stage.
    pub(super) fn last_fault(&self, number: usize) -> Option<&FaultReport> {
        self.keepers.get(number)?.log.faults.last()
    }

    /// Sends what is due, once every turn of a block was told. Between two blocks.
    /// Stages that are `busy` have a candidate already, and wait for what becomes of it.
    pub(super) fn after_block(
        &mut self,
        context: &mut Context<'_>,
        ender: &mut Ender,
        busy: &dyn Fn(usize) -> bool,
    ) {
        let at = context.position_frames;
        for (number, keeper) in self.keepers.iter_mut().enumerate() {
            keeper.let_go();
            if !busy(number) {
                keeper.begin_where_due(at);
                keeper.take_prepared(&self.barrier, ender, at);
                keeper.send(context.rings, ender, at);
            }
            keeper.hold_to_bounds(self.sample_rate_hz, ender, at);
        }
        self.watching = self.keepers.iter().any(Keeper::is_watching);
    }

    /// Stages that are no longer there want no new instance.
    pub(super) fn forget(&mut self, numbers: &[usize], at_frames: u64, ender: &mut Ender) {
        for number in numbers {
            if let Some(keeper) = self.keepers.get_mut(*number) {
                keeper.terms = None;
                keeper.cancel(ender, at_frames);
            }
        }
    }

    /// Another stage of that number, or another instance in its place: how it is made again, if
    /// its `restart` says so. What happened to it so far stays where it is the same stage.
    pub(super) fn replace_stage(
        &mut self,
        number: usize,
        id: &StageId,
        terms: Option<RestartTerms>,
    ) {
        while self.keepers.len() <= number {
            let next = self.keepers.len();
            self.keepers.push(Keeper::new(id.clone(), next, None));
        }
        let keeper = &mut self.keepers[number];
        if keeper.id != *id {
            *keeper = Keeper::new(id.clone(), number, None);
        }
        keeper.terms = terms;
    }

    /// Has a worker of the caller's make a new instance.
    #[cfg(test)]
    pub(super) fn begin(&mut self, number: usize, candidacy: Candidacy<Box<StageCandidate>>) {
        self.keepers[number].candidacy = Some(candidacy);
    }

    /// A stage has another instance, by a change: whatever failed before is over.
    pub(super) fn swapped(&mut self, number: usize, position_frames: u64, ender: &mut Ender) {
        if let Some(keeper) = self.keepers.get_mut(number) {
            keeper.cancel(ender, position_frames);
            keeper.after(LifeEvent::Swapped(position_frames));
        }
    }

    /// What happened to all stages, by number, once the run is over.
    pub(super) fn finish(&mut self, at_frames: u64, ender: &mut Ender) -> Vec<StageLog> {
        for keeper in &mut self.keepers {
            if let Some(candidacy) = &mut keeper.candidacy {
                candidacy.after(Step::Ended, at_frames, ender);
            }
        }
        self.keepers.drain(..).map(|keeper| keeper.log).collect()
    }

    /// Takes note of a failure, or of what became of a candidate.
    /// `text` is what an instance said that leaves because of it.
    pub(super) fn turn(
        &mut self,
        turn: StageEvent,
        text: Option<String>,
        context: &mut Context<'_>,
    ) {
        if context.rings.stage(turn.stage).is_none() {
            return; // It was taken out of the pipeline in the meantime.
        }
        let at = turn.position_frames;
        let keeper = &mut self.keepers[turn.stage];
        let stage = keeper.id.to_string();
        context.events.event(match turn.kind {
            StageEventKind::Failed(fault) => Told::Fault {
                stage,
                position_frames: at,
                text: keeper.fail(fault, text),
            },
            StageEventKind::FallbackFailed(fault) => Told::FallbackFault {
                stage,
                position_frames: at,
                text: keeper.fail_over(fault, text),
            },
            StageEventKind::CandidateFailed(fault) => {
                return keeper.fail_on_trial(at, said(fault, text));
            }
            StageEventKind::ShadowBegan
            | StageEventKind::Aligned
            | StageEventKind::FadeBegan
            | StageEventKind::Swapped(_)
            | StageEventKind::Reversed
            | StageEventKind::TailOver => return,
            StageEventKind::Returned => keeper.come_back(at),
        });
    }
}
