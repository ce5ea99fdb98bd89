//! Advance: every change from one state of the table to the next, as far as it goes now.
//!
//! In: changes under way, between two blocks. Out: the same in a later state, or over: concluded, or
//! refused where it was not sent. What lasts longer than its bound is called back.

use segue_plugin::state::STATE_BYTES_MAX;

use crate::loading::{Missed, begin_with};
use crate::observe::{ChangeVerdict, Receipt};
use crate::pipeline::{SavedState, StageGauges, StateRequest};
use crate::session::candidacy::{Ender, Holding, IntoProcessors, clock};
use crate::session::candidate::{Past, Prepared, Refused, Saved};
use crate::session::changes::conclude::{receipt, reply};
use crate::session::changes::machine::{ChangeMachine, Seating};
use crate::session::changes::past::{Nothing, OfStage};
use crate::session::changes::prepare::Ready;
use crate::session::changes::refusal::Refusal;
use crate::session::changes::underway::{ChangeUnderway, Claims, Purpose, States};
use crate::session::context::Context;
use crate::session::pace::Barrier;
use crate::swap::ask::Answer;
use crate::swap::table::{Event, State};

/// What became of a change in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Advance {
    /// It may go on at once.
    Further,
    /// It waits until something happens.
    Waits,
    /// It is over.
    Over,
}

/// A candidate, the state that the old instance wrote for it, and what went into the stage since.
type Migration = (Prepared, Option<Saved>, Box<dyn Past>);

impl ChangeMachine {
    /// Moves every change on as far as it goes now.
    pub(super) fn advance(&mut self, context: &mut Context<'_>) {
        let mut changes_underway = std::mem::take(&mut self.changes_underway);
        changes_underway.retain_mut(|underway| !self.advance_one(underway, context));
        // What a step began comes after.
        changes_underway.append(&mut self.changes_underway);
        self.changes_underway = changes_underway;
    }

    /// One change; returns whether it is over.
    pub(super) fn advance_one(
        &mut self,
        underway: &mut ChangeUnderway,
        context: &mut Context<'_>,
    ) -> bool {
        let (at, rate_hz) = (context.position_frames, self.setup.sample_rate_hz);
        loop {
            let advance = match underway.candidacy.state() {
                State::Preparing => self.take_prepared(underway, context),
                State::Prepared => underway.take_migrated(&self.setup.barrier, at, &mut self.ender),
                State::Primed => self.send(underway, context),
                State::Sent
                | State::Shadow
                | State::Aligned
                | State::Fading
                | State::Reversing
                | State::Draining
                | State::Leaving
                | State::Retired
                | State::Aborted => {
                    underway.hold_to_bounds(rate_hz, context, &mut self.ender);
                    return self.conclude_if_over(underway, context);
                }
            };
            match advance {
                Ok(Advance::Further) => {}
                Ok(Advance::Waits) => return false,
                Ok(Advance::Over) => return true,
                Err(why) => {
                    self.refuse_underway(underway, &why);
                    return true;
                }
            }
        }
    }

    /// What is under way when the session ends came to nothing, or nearly to its end.
    pub(super) fn end_underway(&mut self, context: &mut Context<'_>) {
        let at = context.position_frames;
        for mut underway in std::mem::take(&mut self.changes_underway) {
            let is_sent = underway.candidacy.is_in_engine() || underway.candidacy.is_over();
            underway.candidacy.after(Event::Ended, at, &mut self.ender);
            if !is_sent {
                self.refuse_underway(&mut underway, &Refusal::SessionEnded);
                continue;
            }
            for stage_change in &mut underway.stage_changes {
                if stage_change.done.is_none() {
                    let fault = || "the session ended first".to_owned();
                    stage_change.fault.get_or_insert_with(fault);
                }
                stage_change
                    .candidacy
                    .after(Event::Ended, at, &mut self.ender);
            }
            self.conclude(&mut underway, context);
        }
    }

    /// A change that was not sent. A dry run was none of the session's changes, so it has no receipt.
    pub(super) fn refuse_underway(&mut self, underway: &mut ChangeUnderway, why: &Refusal) {
        let asking = underway.asking.take();
        let unused = asking.into_iter().flat_map(IntoProcessors::into_processors);
        self.ender.end_all(unused);
        if underway.purpose == Purpose::DryRun {
            return reply(underway.answer.take(), Answer::Refused(why.to_string()));
        }
        let stages: Vec<_> = match &underway.claims {
            Claims::Stages(stages) => stages.iter().map(ToString::to_string).collect(),
            Claims::Everything => vec!["*".to_owned()],
        };
        for stage in stages {
            let at = underway.asked_at_frames;
            let receipt = Receipt {
                verdict: ChangeVerdict::Refused,
                state: State::Aborted.word(),
                reasons: why.lines(),
                mistakes: why.mistakes(),
                steps: underway.steps.clone(),
                ..receipt(
                    underway.number,
                    (stage, underway.action),
                    underway.cause.clone(),
                    at,
                )
            };
            self.receipts.file(receipt);
        }
        reply(underway.answer.take(), Answer::Refused(why.to_string()));
    }

    /// What the worker made, once it is there.
    pub(super) fn take_prepared(
        &mut self,
        underway: &mut ChangeUnderway,
        context: &mut Context<'_>,
    ) -> Result<Advance, Refusal> {
        let ready = match underway.asking.take() {
            Some(ready) => ready,
            None => match underway.candidacy.answer(&self.setup.barrier) {
                None => return Ok(Advance::Waits),
                Some(Ok(Ok(ready))) => {
                    if underway.purpose == Purpose::Change {
                        self.seating().ask_for_older(underway, &ready.prepared);
                    }
                    ready
                }
                Some(answer) => {
                    let at = context.position_frames;
                    return Err(underway.give_up(answer.map(Result::err), at, &mut self.ender));
                }
            },
        };
        if !underway.states.are_there(context.rings) {
            underway.asking = Some(ready);
            return Ok(Advance::Waits);
        }
        self.migrate(underway, ready, context);
        Ok(Advance::Further)
    }

    /// Lets new instances go on from the states of old ones, where their schema is an older one.
    pub(super) fn migrate(
        &mut self,
        underway: &mut ChangeUnderway,
        mut ready: Ready,
        context: &Context<'_>,
    ) {
        let at = context.position_frames;
        let all: Vec<_> = std::mem::take(&mut ready.prepared)
            .into_iter()
            .map(|prepared| {
                self.seating()
                    .migration(prepared, &mut underway.states, context)
            })
            .collect();
        let is_needed = all.iter().any(|(_, saved, _)| saved.is_some());
        let started = match is_needed && underway.purpose == Purpose::Change {
            true => begin_with(clock(State::Prepared), (ready, all), |(ready, all)| {
                Ok(migrated(ready, all))
            }),
            false => Err((Missed::Ended, (ready, all))),
        };
        let (held, events) = match started {
            Ok(pending) => (Holding::Worker(pending), &[Event::Prepared][..]),
            Err((missed, (mut ready, all))) => {
                ready.prepared = all.into_iter().map(|(prepared, ..)| prepared).collect();
                if missed == Missed::NotStarted {
                    // Each fades in without the old state.
                    let note = "the old state was of no use: the system gives no more threads";
                    ready.notes.push(note.to_owned());
                }
                (
                    Holding::Control(ready),
                    &[Event::Prepared, Event::Primed][..],
                )
            }
        };
        underway
            .candidacy
            .hand_over(held, events, at, &mut self.ender);
    }
}

impl ChangeUnderway {
    /// What the worker made of it that had older states, once it is there.
    fn take_migrated(
        &mut self,
        barrier: &Barrier,
        at_frames: u64,
        ender: &mut Ender,
    ) -> Result<Advance, Refusal> {
        match self.candidacy.answer(barrier) {
            None => Ok(Advance::Waits),
            Some(Ok(Ok(ready))) => {
                let held = Holding::Control(ready);
                self.candidacy
                    .hand_over(held, &[Event::Primed], at_frames, ender);
                Ok(Advance::Further)
            }
            Some(answer) => Err(self.give_up(answer.map(Result::err), at_frames, ender)),
        }
    }

    /// A worker made nothing; returns why.
    fn give_up(
        &mut self,
        answer: Result<Option<Refused>, Missed>,
        at_frames: u64,
        ender: &mut Ender,
    ) -> Refusal {
        let (event, why) = match answer {
            Ok(Some(refused)) => (Event::Refused, refused.into()),
            Ok(None) => (Event::Refused, Refusal::Gone),
            Err(missed @ Missed::Deadline(_)) => (Event::DeadlineOver, Refusal::Missed(missed)),
            Err(missed) => (Event::Refused, Refusal::Missed(missed)),
        };
        self.candidacy.after(event, at_frames, ender);
        why
    }

    /// Calls back what lasts longer than its bound.
    fn hold_to_bounds(&mut self, sample_rate_hz: u32, context: &Context<'_>, ender: &mut Ender) {
        let at = context.position_frames;
        for stage_change in &mut self.stage_changes {
            let candidacy = &mut stage_change.candidacy;
            if let Some(state) = candidacy.hold_to_bounds(at, sample_rate_hz, ender) {
                let name = state.word();
                let fault = || format!("it was {name} for longer than it may be");
                stage_change.fault.get_or_insert_with(fault);
            }
        }
        // A schedule that is under way comes to its end by itself.
        if !context.rings.engine().is_switching() {
            self.candidacy.hold_to_bounds(at, sample_rate_hz, ender);
        }
    }
}

impl Seating<'_> {
    /// Asks for the states of old instances, where their schema is an older one.
    pub(super) fn ask_for_older(&self, underway: &mut ChangeUnderway, prepared: &[Prepared]) {
        for one in prepared {
            let number = self.stages.number(&one.stage);
            if let (Some(_), Some(number)) = (one.migrates_from, number) {
                underway
                    .states
                    .ask(underway.number, number, STATE_BYTES_MAX);
            }
        }
    }

    /// What it takes to let a candidate go on from an older state.
    pub(super) fn migration(
        &self,
        prepared: Prepared,
        states: &mut States,
        context: &Context<'_>,
    ) -> Migration {
        let number = self.stages.number(&prepared.stage);
        let stage = number.and_then(|number| context.rings.stage(number));
        let found = number.and_then(|number| states.take(number));
        let saved = prepared.migrates_from.zip(found).and_then(saved);
        let history = number.and_then(|number| self.setup.histories.of(number));
        let at_frames = stage.map_or(0, StageGauges::frames_in);
        let past: Box<dyn Past> = match history {
            Some(history) => Box::new(OfStage(history)),
            None => Box::new(Nothing(at_frames)),
        };
        (prepared, saved, past)
    }
}

/// A state of an older schema, as far as one was written.
fn saved((schema, found): (u32, StateRequest)) -> Option<Saved> {
    let SavedState {
        written, at_frames, ..
    } = found.saved?;
    let mut bytes = found.bytes;
    bytes.truncate(written.ok()?);
    Some(Saved {
        schema,
        bytes,
        at_frames,
    })
}

/// Candidates that went on from older states, where these were of use.
fn migrated(mut ready: Ready, all: Vec<Migration>) -> Ready {
    let migrated = all.into_iter().map(|(prepared, saved, past)| {
        let Some(saved) = saved else { return prepared };
        match prepared.migrate(saved, past) {
            Ok(prepared) => prepared,
            Err((mut prepared, why)) => {
                let note = format!("the old state was of no use: {why}");
                prepared.notes.push(note);
                *prepared
            }
        }
    });
    ready.prepared = migrated.collect();
    ready
}
