//! Conclude: the end of a change: what the session adopts, what runs from then on, and receipts.
//!
//! In: changes of which every stage is done; receipts of whatever needs no change. Out: the running
//! stages and the configurations as they are now, receipts for the report, the audience and whoever
//! asked: each told once, the first and the newest of a session kept.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use crate::id::StageId;
use crate::observe::{
    Cause, ChangeAction, ChangeVerdict, Event, EventSink, Receipt, StepKind, StepTime, Takeover,
};
use crate::pipeline::{Change, StageGauges, SwapDone, SwapMethod};
use crate::session::changes::Configurations;
use crate::session::changes::histories::Histories;
use crate::session::changes::machine::ChangeMachine;
use crate::session::changes::measure::came_to_nothing;
use crate::session::changes::refusal::Refusal;
use crate::session::changes::replayed::Unlike;
use crate::session::changes::set_values::send_events;
use crate::session::changes::underway::{Adoption, ChangeUnderway, StageChange};
use crate::session::context::Context;
use crate::session::running_stages::RunningStage;
use crate::swap::ask::Answer;
use crate::swap::table::State;

/// The first receipts that are kept of a session, and the newest ones; those between are counted. A
/// session may go on for months.
const FIRST: usize = 256;
const NEWEST: usize = 3_840;

/// The receipts of a session.
pub(super) struct Receipts {
    events: Arc<dyn EventSink>,
    kept: VecDeque<Receipt>,
    left_out: u64,
    changes: u64,
    /// Changes that did not come about as in the run that they replay.
    pub(super) unlike: Unlike,
}

impl Receipts {
    /// None yet.
    pub(super) const fn new(events: Arc<dyn EventSink>) -> Self {
        Self {
            events,
            kept: VecDeque::new(),
            left_out: 0,
            changes: 0,
            unlike: Unlike::none(),
        }
    }

    /// The number of the next change of the session.
    pub(super) const fn next_number(&mut self) -> u64 {
        self.changes += 1;
        self.changes
    }

    /// Keeps a receipt, and tells of it.
    pub(super) fn file(&mut self, receipt: Receipt) {
        self.events.event(Event::Changed {
            receipt: Box::new(receipt.clone()),
        });
        if self.kept.len() == FIRST + NEWEST {
            self.kept.remove(FIRST);
            self.left_out += 1;
        }
        self.kept.push_back(receipt);
    }

    /// So many of the newest, the oldest first.
    pub(super) fn newest(&self, count: usize) -> Vec<Receipt> {
        let older = self.kept.len().saturating_sub(count);
        self.kept.iter().skip(older).cloned().collect()
    }

    /// All that were kept, and how many were not.
    pub(super) fn take(&mut self) -> (Vec<Receipt>, u64) {
        (std::mem::take(&mut self.kept).into(), self.left_out)
    }
}

impl ChangeMachine {
    /// Ends a change that is over with all its stages; returns whether it was.
    pub(super) fn conclude_if_over(
        &mut self,
        underway: &mut ChangeUnderway,
        context: &mut Context<'_>,
    ) -> bool {
        let mut stage_changes = underway.stage_changes.iter();
        let is_over = underway.candidacy.is_over()
            && stage_changes.all(|stage_change| stage_change.candidacy.is_over());
        let waits = !self.is_closed && underway.waits_for_margin(&self.setup.histories);
        if !is_over || waits {
            return false;
        }
        self.conclude(underway, context);
        true
    }

    /// Writes receipts, and makes true what the change was for.
    pub(super) fn conclude(&mut self, underway: &mut ChangeUnderway, context: &mut Context<'_>) {
        let mut receipts = std::mem::take(&mut underway.further);
        for receipt in &mut receipts {
            receipt.done_at_frames = receipt.done_at_frames.or(underway.over_at_frames);
            // Live, control code only knew that it would be soon.
            receipt.heard_at_frames = underway.applied_at_frames.or(receipt.heard_at_frames);
            receipt.applied_at_frames = underway.applied_at_frames;
            receipt.states_at_frames = underway.states.written_at_frames();
            if underway.applied_at_frames.is_none() {
                came_to_nothing(receipt);
            }
        }
        let mut stage_changes = underway.stage_changes.iter();
        let is_done = underway.applied_at_frames.is_some()
            && stage_changes.all(|stage_change| stage_change.done.is_some());
        let stage_changes = std::mem::take(&mut underway.stage_changes);
        for stage_change in &stage_changes {
            receipts.push(self.stage_receipt(underway, stage_change, context));
        }
        self.take_on(stage_changes, underway, context);
        self.stages.refresh();
        self.forget(
            &std::mem::take(&mut underway.removed),
            context.position_frames,
        );
        if is_done {
            if let Err(why) = self.adopt(&mut underway.adoption) {
                let note = format!("what it was to leave in the configuration is not kept: {why}");
                let reasons = receipts.iter_mut().map(|receipt| &mut receipt.reasons);
                reasons.for_each(|reasons| reasons.push(note.clone()));
            }
            self.renew_policies();
        }
        let replay = underway.replay.as_deref();
        self.receipts.unlike.compare(&mut receipts, replay);
        for receipt in &receipts {
            self.receipts.file(receipt.clone());
        }
        reply(underway.answer.take(), Answer::Changed(receipts));
    }

    /// The stages are what their new instances are; these get the values that were set meanwhile.
    fn take_on(
        &mut self,
        stage_changes: Vec<StageChange>,
        underway: &mut ChangeUnderway,
        context: &mut Context<'_>,
    ) {
        let mut events = Vec::new();
        for stage_change in stage_changes {
            if let (Some(_), Some(mut running)) = (&stage_change.done, stage_change.running) {
                if let Some(new_values) = self.late_values(&running, underway) {
                    let own = new_values
                        .events
                        .into_iter()
                        .map(|event| (stage_change.number, event));
                    events.extend(own);
                    running.recipe.bound.params = new_values.params;
                }
                self.replace_stage(stage_change.number, running);
            }
        }
        let change = Change {
            param_events: events,
            ..Change::default()
        };
        let _ = send_events(change, context);
    }

    /// Another instance of a stage, or another stage of that number.
    pub(super) fn replace_stage(&mut self, number: usize, running: RunningStage) {
        let id = running.id.clone();
        let place = self.seating().place(number, &running);
        if let Some(slot) = self.stages.get_mut(number) {
            *slot = running;
        }
        self.restarts.replace_stage(number, &id, place);
    }

    /// Makes true what a change was for, and tells who wants to know.
    ///
    /// # Errors
    /// Why it cannot be true any more.
    pub(super) fn adopt(&mut self, adoption: &mut Adoption) -> Result<(), Refusal> {
        self.configurations.adopt(adoption)?;
        if let Some(applied) = &self.setup.applied {
            applied(&self.configurations.config);
        }
        Ok(())
    }

    /// The receipt of one stage.
    pub(super) fn stage_receipt(
        &self,
        underway: &ChangeUnderway,
        stage_change: &StageChange,
        context: &Context<'_>,
    ) -> Receipt {
        let stage = context.rings.stage(stage_change.number);
        let is_done = stage_change.done.is_some();
        let running = stage_change.running.as_ref();
        let metered = running
            .is_none_or(|running| running.bound().heap == segue_plugin::declare::Heap::Metered);
        Receipt {
            verdict: match is_done {
                true => ChangeVerdict::Done,
                false => ChangeVerdict::Aborted,
            },
            reasons: reasons(underway, stage_change),
            state: stage_change.candidacy.state().word(),
            old: stage_change.old.clone(),
            new: stage_change.new.clone(),
            heard_at_frames: stage_change.done.map(|done| done.heard_at_frames),
            done_at_frames: stage_change.done.map(|done| done.done_at_frames),
            steps: steps(underway, stage_change),
            takeover: stage_change.done.map(|done| takeover(&done, stage_change)),
            alignment: stage_change.alignment,
            frames_in: stage.map_or(0, StageGauges::frames_in),
            frames_out: stage.map_or(0, StageGauges::frames_out),
            seam: stage_change.done.and_then(|done| {
                let heard = done.heard_at_output_frames..done.done_at_output_frames;
                self.setup.histories.seam(stage_change.number, heard)
            }),
            heap_calls: stage
                .filter(|_| metered)
                .map(|stage| stage.heap_calls().saturating_sub(stage_change.heap_calls)),
            late_blocks: context.late_blocks.saturating_sub(underway.late_blocks),
            ..applied(underway, &stage_change.stage)
        }
    }
}

impl Configurations {
    /// Makes it true.
    ///
    /// # Errors
    /// Why it cannot be, where another change overtook it: what ran stays true.
    pub(super) fn adopt(&mut self, adoption: &mut Adoption) -> Result<(), Refusal> {
        let after = self.after(adoption)?;
        self.file = Arc::clone(&after.file);
        self.overrides = after.overrides.clone();
        self.config = Arc::clone(&after.config);
        self.adoptions += 1;
        Ok(())
    }
}

impl ChangeUnderway {
    /// Whether the signal behind a seam is still to come.
    fn waits_for_margin(&self, histories: &Histories) -> bool {
        let mut stage_changes = self.stage_changes.iter();
        stage_changes.any(|stage_change| {
            let end = stage_change.done.map(|done| done.done_at_output_frames);
            end.is_some_and(|end| !histories.is_past(stage_change.number, end))
        })
    }
}

/// A receipt of something that somebody did or wants, of which nothing more is known yet.
pub(super) fn receipt(
    change: u64,
    subject: (String, ChangeAction),
    cause: Cause,
    asked_at_frames: u64,
) -> Receipt {
    let (stage, action) = subject;
    Receipt {
        change,
        stage,
        action,
        cause,
        verdict: ChangeVerdict::Done,
        state: State::Retired.word(),
        asked_at_frames,
        ..Receipt::default()
    }
}

/// Gives an answer to who waits for it.
pub(super) fn reply(to: Option<SyncSender<Answer>>, answer: Answer) {
    // Who asked may have left in the meantime.
    if let Some(to) = to {
        let _ = to.try_send(answer);
    }
}

/// The receipt of a stage whose change was sent, as far as that is the change's.
fn applied(underway: &ChangeUnderway, stage: &StageId) -> Receipt {
    let (cause, at) = (underway.cause.clone(), underway.asked_at_frames);
    Receipt {
        applied_at_frames: underway.applied_at_frames,
        states_at_frames: underway.states.written_at_frames(),
        ..receipt(
            underway.number,
            (stage.to_string(), underway.action),
            cause,
            at,
        )
    }
}

/// What a reader of a stage's receipt should know.
fn reasons(underway: &ChangeUnderway, stage_change: &StageChange) -> Vec<String> {
    let mut reasons: Vec<_> = stage_change.fault.iter().cloned().collect();
    if let Some(fault) = stage_change.done.and_then(|done| done.old_fault) {
        let at = fault.position_frames;
        reasons.push(format!(
            "the old instance failed at frame {at} while both were heard"
        ));
    }
    reasons.extend(stage_change.notes.iter().chain(&underway.notes).cloned());
    reasons
}

/// What each step of a stage's change took, in order.
fn steps(underway: &ChangeUnderway, stage_change: &StageChange) -> Vec<StepTime> {
    let steps = underway.steps.iter().chain(&stage_change.steps).cloned();
    let exchange = StepTime {
        step: StepKind::Exchange,
        took_ns: underway.exchange_ns,
    };
    steps.chain([exchange]).collect()
}

fn takeover(done: &SwapDone, stage_change: &StageChange) -> Takeover {
    let refused = done.refused.map(|refused| refused.describe());
    let why = refused
        .or_else(|| stage_change.why_no_handoff.clone())
        .unwrap_or_default();
    let primed = stage_change.primed_range_frames.as_ref();
    match done.method {
        SwapMethod::Handoff { bytes, took_ns } => Takeover::Handoff {
            bytes: bytes as u64,
            took_ns,
        },
        SwapMethod::Fade {
            frames,
            shadow_frames,
        } => Takeover::Fade {
            frames,
            primed_frames: stage_change.primed_frames + shadow_frames,
            primed_from_frames: primed.map(|range| range.start),
            primed_to_frames: primed.map(|range| range.end),
            why,
        },
        SwapMethod::Tail { frames, .. } => Takeover::Fade {
            frames,
            primed_frames: 0,
            primed_from_frames: None,
            primed_to_frames: None,
            why: format!("{why}; the old one's tail was heard to its end"),
        },
    }
}
