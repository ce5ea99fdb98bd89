//! From the engine: what it left in its rings, and whom it concerns.
//!
//! In: events of stages, and departures. Out: changes and restarts moved on, what their receipts are
//! to tell of it, restarts that know of stages that failed, instances ended away from the audio thread.
//!
//! A stage has one new instance at a time in the engine, and what was sent first is there first. The
//! last event of one comes in the block in which it leaves; who reads the rings late finds those of
//! its successor behind that.

use crate::pipeline::{
    Change, Departure, Fault, StageCandidate, StageEvent, StageEventKind, SwapDone, SwapMethod,
};
use crate::session::candidacy::{Candidacy, Holding, IntoProcessors};
use crate::session::changes::machine::ChangeMachine;
use crate::session::changes::underway::{ChangeUnderway, StageChange};
use crate::session::context::Context;
use crate::session::restart::Restarts;
use crate::swap::table::Event;

/// Instances that failed while they were heard: of which stage, why, and in what words.
type Failed = Vec<(usize, Fault, String)>;

/// Instances that left their stages, in the order in which they did.
type Left = Vec<(usize, Box<StageCandidate>)>;

/// What the engine left in its rings since the last look.
#[derive(Default)]
struct Collected {
    left: Left,
    events: Vec<StageEvent>,
    failed: Failed,
    /// Which changes were taken, and at which frames.
    taken: Vec<(u64, u64)>,
}

impl Collected {
    /// What an instance said that leaves a stage because it failed.
    fn why_leaving(&self, stage: usize) -> Option<String> {
        let leaving = self.left.iter().find(|(own, _)| *own == stage);
        let fault = leaving.and_then(|(_, candidate)| candidate.describe_fault());
        fault.map(|(_, text)| text)
    }
}

/// A new instance in the engine, or on its way to it or back.
pub(super) enum Owner<'a> {
    /// Of a stage that had failed.
    Restart(&'a mut Candidacy<Box<StageCandidate>>),
    /// Of a change.
    Change(&'a mut StageChange),
}

impl Owner<'_> {
    /// Where the instance is on its way.
    pub(super) fn candidacy(&mut self) -> &mut Candidacy<Box<StageCandidate>> {
        match self {
            Self::Restart(candidacy) => candidacy,
            Self::Change(stage_change) => &mut stage_change.candidacy,
        }
    }
}

/// Whether instances count that the engine has told all about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaving {
    Included,
    Excluded,
}

impl ChangeMachine {
    /// Empties the rings; returns which changes were taken, and at which frames.
    pub(super) fn collect(&mut self, context: &mut Context<'_>) -> Vec<(u64, u64)> {
        let at = context.position_frames;
        let mut collected = Collected::default();
        while let Some(departure) = context.rings.receive() {
            self.sort(departure, &mut collected, context);
        }
        self.end_those_reported(&mut collected.left, at);
        for event in std::mem::take(&mut collected.events) {
            self.report(event, &collected, context);
            let mut left = collected.left.iter();
            let first = left.position(|(stage, _)| *stage == event.stage);
            if let Some(first) = first.filter(|_| event.kind.is_last()) {
                let (stage, candidate) = collected.left.remove(first);
                self.end_returned(stage, candidate, event.position_frames);
            }
        }
        // What never began, since its stage was gone.
        for (stage, candidate) in collected.left {
            self.end_returned(stage, candidate, at);
        }
        collected.taken
    }

    /// Puts what came to what came with it.
    fn sort(&mut self, departure: Departure, into: &mut Collected, context: &Context<'_>) {
        match departure {
            Departure::Candidate { stage, candidate } => into.left.push((stage, candidate)),
            Departure::Change(change) => {
                let applied = change.applied_at_frames;
                into.taken.extend(applied.map(|at| (change.number, at)));
                self.change_returned(*change, context);
            }
            Departure::StageEvent(event) => into.events.push(event),
            Departure::State(request) => {
                let mut all = self.changes_underway.iter_mut();
                // The change that wanted it may have ended meanwhile.
                if let Some(underway) = all.find(|one| one.number == request.number) {
                    underway.states.found(*request);
                }
            }
            Departure::Failed {
                stage,
                instance,
                fault,
            } => {
                let text = fault.kind.describe(Some(instance.processor()));
                into.failed.push((stage, fault, text));
                self.ender.end(instance.into_processor());
            }
        }
    }

    /// Ends instances whose last event was read at an earlier look.
    fn end_those_reported(&mut self, left: &mut Left, at_frames: u64) {
        for (stage, candidate) in std::mem::take(left) {
            let is_known = !self.ender.has_forgotten(stage);
            let owner = owner(
                &mut self.restarts,
                &mut self.changes_underway,
                stage,
                Leaving::Included,
            );
            let is_leaving = owner.is_some_and(|mut owner| owner.candidacy().is_leaving());
            match is_known && is_leaving {
                true => self.end_returned(stage, candidate, at_frames),
                false => left.push((stage, candidate)),
            }
        }
    }

    /// An instance is back: it is ended, whether or not anybody waits for it.
    pub(super) fn end_returned(
        &mut self,
        stage: usize,
        candidate: Box<StageCandidate>,
        at_frames: u64,
    ) {
        let processors = candidate.into_processors();
        if self.ender.remember(stage) {
            return self.ender.end_all(processors);
        }
        match owner(
            &mut self.restarts,
            &mut self.changes_underway,
            stage,
            Leaving::Included,
        ) {
            Some(mut owner) => {
                let (held, events) = (Holding::Back(processors), [Event::Returned]);
                let candidacy = owner.candidacy();
                candidacy.hand_over(held, &events, at_frames, &mut self.ender);
            }
            None => self.ender.end_all(processors),
        }
    }

    /// An event of a stage goes to the restart or the change that it is about.
    fn report(&mut self, event: StageEvent, with: &Collected, context: &mut Context<'_>) {
        let of_stage = matches!(
            event.kind,
            StageEventKind::Failed(_) | StageEventKind::FallbackFailed(_)
        );
        match step_of(event.kind) {
            _ if of_stage => self
                .restarts
                .turn(event, said(event, &with.failed), context),
            _ if self.ender.has_forgotten(event.stage) => {}
            Some(step) => self.advance_owner(event, step, (with, context)),
            None => {
                let owner = owner(
                    &mut self.restarts,
                    &mut self.changes_underway,
                    event.stage,
                    Leaving::Excluded,
                );
                if let Some(mut owner) = owner {
                    owner.candidacy().leave();
                }
            }
        }
    }

    /// Moves the owner of a candidate on.
    fn advance_owner(
        &mut self,
        event: StageEvent,
        step: Event,
        (with, context): (&Collected, &mut Context<'_>),
    ) {
        let (stage, at) = (event.stage, event.position_frames);
        let owner = owner(
            &mut self.restarts,
            &mut self.changes_underway,
            stage,
            Leaving::Excluded,
        );
        let Some(mut owner) = owner else {
            return; // It was given up, and is ended when it is back.
        };
        let candidacy = owner.candidacy();
        candidacy.after(step, at, &mut self.ender);
        if event.kind.is_last() {
            candidacy.leave();
        }
        let text = with.why_leaving(stage);
        match owner {
            Owner::Restart(_) => self.restarts.turn(event, text, context),
            Owner::Change(stage_change) => stage_change.note(event, text),
        }
        if let StageEventKind::Swapped(_) = event.kind {
            self.restarts.swapped(stage, at, &mut self.ender);
        }
    }

    /// A change is over, or was taken at once; with it come instances whose stages went.
    pub(super) fn change_returned(&mut self, change: Change, context: &Context<'_>) {
        let at = context.position_frames;
        self.part_with_instances(&change, at);
        let Some(underway) = self
            .changes_underway
            .iter_mut()
            .find(|underway| underway.number == change.number)
        else {
            return self.ender.end_all(change.into_processors());
        };
        underway.over_at_frames = change.over_at_frames.or(Some(at));
        underway.exchange_ns = change.exchange_ns;
        underway.applied_at_frames = change.applied_at_frames;
        let applied = change.applied_at_frames.unwrap_or(at);
        underway
            .candidacy
            .after(Event::ShadowBegan, applied, &mut self.ender);
        // What ran until then is what came back.
        let held = Holding::Back(change.into_processors());
        let events = [Event::HandedOver, Event::Returned];
        underway
            .candidacy
            .hand_over(held, &events, at, &mut self.ender);
    }
}

impl StageChange {
    /// What a receipt is to tell of an event.
    fn note(&mut self, event: StageEvent, text: Option<String>) {
        match event.kind {
            StageEventKind::CandidateFailed(fault) => {
                let text = text.unwrap_or_else(|| fault.kind.word().to_string());
                let (at, heard) = (event.position_frames, self.done.is_some());
                let when = if heard {
                    ""
                } else {
                    " before it was heard alone"
                };
                let fault = || format!("the new instance failed at frame {at}{when}: {text}");
                self.fault.get_or_insert_with(fault);
            }
            StageEventKind::Swapped(done) => self.done = Some(done),
            StageEventKind::Reversed => {
                self.fault
                    .get_or_insert_with(|| "it was called back".to_owned());
            }
            StageEventKind::ShadowBegan
            | StageEventKind::Aligned
            | StageEventKind::FadeBegan
            | StageEventKind::Returned
            | StageEventKind::TailOver
            | StageEventKind::Failed(_)
            | StageEventKind::FallbackFailed(_) => {}
        }
    }
}

/// Whose event or departure it is: what was sent first comes first, and a restart is never sent
/// while a change has its stage.
pub(super) fn owner<'a>(
    restarts: &'a mut Restarts,
    changes_underway: &'a mut [ChangeUnderway],
    stage: usize,
    leaving: Leaving,
) -> Option<Owner<'a>> {
    let is_there = |candidacy: &Candidacy<Box<StageCandidate>>| {
        let counts = leaving == Leaving::Included || !candidacy.is_leaving();
        candidacy.is_in_engine() && counts
    };
    if let Some(candidacy) = restarts.candidacy(stage)
        && is_there(candidacy)
    {
        return Some(Owner::Restart(candidacy));
    }
    let mut stage_changes = changes_underway
        .iter_mut()
        .flat_map(|underway| &mut underway.stage_changes);
    let stage_change = stage_changes
        .find(|stage_change| stage_change.number == stage && is_there(&stage_change.candidacy));
    stage_change.map(Owner::Change)
}

/// What an instance said that failed while it was heard.
fn said(event: StageEvent, failed: &Failed) -> Option<String> {
    let (StageEventKind::Failed(fault) | StageEventKind::FallbackFailed(fault)) = event.kind else {
        return None;
    };
    let mut failed = failed.iter();
    let found = failed.find(|(stage, of, _)| (*stage, *of) == (event.stage, fault));
    found.map(|(_, _, text)| text.clone())
}

/// What an event is for the table; `None` where it is about what is heard already.
const fn step_of(kind: StageEventKind) -> Option<Event> {
    match kind {
        StageEventKind::ShadowBegan => Some(Event::ShadowBegan),
        StageEventKind::Aligned => Some(Event::Aligned),
        StageEventKind::FadeBegan => Some(Event::FadeBegan),
        StageEventKind::Swapped(SwapDone {
            method: SwapMethod::Handoff { .. },
            ..
        }) => Some(Event::HandedOver),
        StageEventKind::Swapped(_) | StageEventKind::Returned => Some(Event::FadeOver),
        StageEventKind::Reversed => Some(Event::FadedBack),
        StageEventKind::CandidateFailed(_) => Some(Event::CandidateFailed),
        StageEventKind::Failed(_)
        | StageEventKind::FallbackFailed(_)
        | StageEventKind::TailOver => None,
    }
}
