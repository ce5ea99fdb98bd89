//! Busy: a block of a stage that is more than one call of its instance.
//!
//! In: a block, and what waits for it: a candidate, parameter changes. Out: the block, by whoever is
//! heard; what it read and gave is kept where a history is. On the audio thread.

use std::mem;

use segue_plugin::link::{AudioViewMut, Record};

use crate::cpu::FloatMode;
use crate::pipeline::call::{Call, CallLimits, CallResult};
use crate::pipeline::candidate::{Purpose, RecentInput, StageCandidate};
use crate::pipeline::fault::FaultKind;
use crate::pipeline::stage::block::BusyBlock;
use crate::pipeline::stage::seam::Side;
use crate::pipeline::stage::{Stage, StageResult};
use crate::pipeline::stage_event::StageEventKind;
use crate::pipeline::swapped::Progress;

impl Stage {
    /// As `run`.
    #[cold]
    #[inline(never)]
    pub(super) fn run_busy(
        &mut self,
        call: &Call<'_>,
        output: AudioViewMut<'_>,
        records: &mut [Record],
        mode: &FloatMode,
    ) -> StageResult {
        let history = self.rest.history.take();
        let mut events = mem::take(&mut self.rest.param_events);
        let at_frames = self.own.gauges.frames_in();
        let was_out = self.rest.fault.is_some();
        let mut block = BusyBlock {
            stage: self,
            call: Call {
                events: events.due(call.frames()),
                ..*call
            },
            output,
            records,
            mode,
            recent: RecentInput {
                at_frames,
                history: history.as_deref(),
            },
        };
        let written = block.run();
        events.advance(call.frames());
        self.rest.param_events = events;
        self.rest.history = history;
        let has_events = !self.rest.outbox.is_empty();
        self.is_busy = has_events || !self.is_settled();
        self.publish();
        StageResult {
            records: written,
            failed: !was_out && self.rest.fault.is_some(),
            has_events,
        }
    }

    /// Whether nothing goes on but its instance.
    fn is_settled(&self) -> bool {
        let rest = &self.rest;
        rest.fault.is_none()
            && rest.candidate.is_none()
            && rest.param_events.is_empty()
            && rest.history.is_none()
            && rest.seam.is_over()
            && rest.withheld_frames == 0
    }
}

impl BusyBlock<'_> {
    /// The whole block, kept where a history is; returns how many records were written.
    fn run(&mut self) -> u32 {
        let (frames, recent) = (self.frames() as u64, self.recent);
        if let Some(history) = recent.history {
            let position_frames = self.call.position_frames;
            history.begin_at(position_frames.saturating_sub(recent.at_frames));
            history.keep_input(self.call.input, self.call.sidechains);
        }
        let written = self.fill();
        self.stage.own.gauges.count_in(frames);
        if !self.is_taken() {
            self.stage.own.gauges.count_withheld(frames);
            let left = &mut self.stage.rest.withheld_frames;
            *left = left.saturating_sub(frames);
        } else if let Some(history) = recent.history {
            history.keep_output(self.output.shared());
        }
        written
    }

    /// Fills the block; returns how many records were written.
    fn fill(&mut self) -> u32 {
        let candidate = self.stage.rest.candidate.take();
        let candidate = candidate.and_then(|candidate| self.meet(candidate));
        match (self.stage.rest.fault, candidate) {
            (Some(_), candidate) => self.run_out(candidate),
            (None, None) => self.run_alone(),
            (None, Some(candidate)) if candidate.progress() == Progress::Tail => {
                self.run_tail(candidate)
            }
            (None, Some(candidate)) => self.run_pair(candidate),
        }
    }

    /// Readies a candidate for the block; it is over at once where it does not fit the place, and
    /// where it went on from the old one's running state.
    fn meet(&mut self, mut candidate: Box<StageCandidate>) -> Option<Box<StageCandidate>> {
        let at = self.position();
        if !candidate.has_begun() {
            if candidate.shape() != self.stage.rest.shape {
                self.stage
                    .rest
                    .outbox
                    .leave_failed(candidate, self.fault(FaultKind::OtherShape));
                return None;
            }
            candidate.begin(at, self.stage.rest.withheld_frames, self.recent);
            candidate = self.hand_over(candidate, at)?;
        }
        if candidate.fade_in().is_back() {
            self.conclude(candidate);
            return None;
        }
        if candidate.progress() != Progress::Tail {
            candidate.take_param_events(self.call.events);
        }
        Some(candidate)
    }

    /// Calls a candidate.
    pub(super) fn call_new(
        &mut self,
        candidate: &mut StageCandidate,
        record_use: RecordUse,
    ) -> CallResult {
        let records = match record_use {
            RecordUse::Kept => &mut *self.records,
            RecordUse::Dropped => &mut [],
        };
        let limits = self.stage.own.limits(self.mode);
        let called = candidate.call(&self.call, records, limits, self.recent);
        self.count(called, record_use)
    }

    /// Calls the stage's own instance.
    pub(super) fn call_own(&mut self, call: &Call<'_>, record_use: RecordUse) -> CallResult {
        let records = match record_use {
            RecordUse::Kept => &mut *self.records,
            RecordUse::Dropped => &mut [],
        };
        let own = &mut self.stage.own;
        let limits = CallLimits {
            mode: self.mode,
            budget_meter: own.budget_meter.as_deref_mut(),
        };
        let called = own.instance.call(call, &mut self.output, records, limits);
        self.count(called, record_use)
    }

    /// Counts a call; what is dropped is not lost.
    pub(super) fn count(&mut self, mut called: CallResult, record_use: RecordUse) -> CallResult {
        if record_use == RecordUse::Dropped {
            called.records_lost = 0;
        }
        self.stage
            .own
            .counters
            .count(called, self.call.stream_frames());
        called
    }

    /// What the instance made is heard, with what is left of a step.
    pub(super) fn be_heard(&mut self) {
        if self.is_taken() {
            self.stage.rest.seam.add(&mut self.output);
            self.stage.rest.seam.keep_heard(self.output.shared());
            self.stage
                .follow(&self.call, self.output.shared(), self.mode);
        } else {
            let fault = self.stage.substitute.withhold(&self.call, self.mode);
            self.stage
                .rest
                .outbox
                .push_fallback(fault, self.call.stream_frames());
        }
    }

    /// What becomes of a candidate after a block.
    pub(super) fn conclude(&mut self, candidate: Box<StageCandidate>) {
        if candidate.input_split().is_active() && candidate.fade_in().is_back() {
            // What it still had to give of its part of the input decays.
            self.stage.rest.seam.begin(Side::Old);
        }
        match (candidate.fade_in().is_back(), candidate.fault()) {
            (true, Some(fault)) => self
                .stage
                .rest
                .outbox
                .leave(candidate, StageEventKind::CandidateFailed(fault)),
            (true, None) => self
                .stage
                .rest
                .outbox
                .leave(candidate, StageEventKind::Reversed),
            (false, _) if candidate.fade_in().is_faded() => self.take_place(candidate),
            (false, _) => self.stage.rest.candidate = Some(candidate),
        }
    }

    /// The candidate's instance is the stage's own from here on.
    pub(super) fn take_place(&mut self, mut candidate: Box<StageCandidate>) {
        let fault = self.stage.rest.fault.take();
        let has_tail = candidate.input_split().is_active() && !candidate.fade_in().is_over();
        let own = &mut self.stage.own;
        candidate.exchange(&mut own.instance, &mut own.output_spreads);
        let done = candidate.done();
        if let Some(fault) = fault.or(done.old_fault) {
            candidate.fail(fault);
        }
        let event = match candidate.purpose() {
            Purpose::Restart => StageEventKind::Returned,
            Purpose::Swap => StageEventKind::Swapped(done),
        };
        if has_tail {
            self.stage.rest.outbox.push(event);
            self.stage.rest.candidate = Some(candidate);
        } else {
            self.stage.rest.outbox.leave(candidate, event);
        }
    }
}

/// Whether what a call leaves behind besides audio is passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RecordUse {
    Kept,
    Dropped,
}
