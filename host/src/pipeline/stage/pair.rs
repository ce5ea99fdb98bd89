//! Pair: a stage whose instance runs, with a new one beside it.
//!
//! In: blocks, given to both. Out: what is heard of the two: the old one, a fade, the new one; and
//! where one of them fails, the other without a step. The calls of either, and what becomes of a
//! candidate after a block, are those of every busy block. On the audio thread.

use crate::pipeline::call::{Call, CallLimits, CallResult};
use crate::pipeline::candidate::{Purpose, StageCandidate};
use crate::pipeline::fault::Fault;
use crate::pipeline::stage::busy::BusyBlock;
use crate::pipeline::stage::seam::Side;
use crate::pipeline::stage_event::StageEventKind;
use crate::pipeline::swapped::Progress;

/// Whether what a call leaves behind besides audio is passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RecordUse {
    Kept,
    Dropped,
}

/// Where a fade goes after a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    /// On as it did.
    GoOn,
    /// Back to the old instance.
    Reverse,
    /// Back to the new one.
    Resume,
}

impl BusyBlock<'_> {
    /// A block of both.
    pub(super) fn run_pair(&mut self, mut candidate: Box<StageCandidate>) -> u32 {
        let (olds, news) = match candidate.progress() {
            Progress::Fading | Progress::Tail => (RecordUse::Dropped, RecordUse::Kept),
            Progress::Shadow | Progress::Reversing => (RecordUse::Kept, RecordUse::Dropped),
        };
        candidate.split_input(self.call.input);
        let old = self.call_old(&candidate, olds);
        let new = match candidate.fault() {
            None => self.call_new(&mut candidate, news),
            Some(_) => CallResult::NOTHING,
        };
        if candidate.fault().is_some() {
            candidate.clear_output(self.frames());
        }
        let failed = |called: CallResult| called.fault.map(|kind| self.fault(kind));
        match (failed(old), failed(new)) {
            (None, None) => self.mix_pair(candidate, After::GoOn),
            (None, Some(fault)) => self.lose_new(candidate, fault),
            (Some(fault), None) => self.lose_old(candidate, fault),
            (Some(old), Some(new)) => {
                self.stage.rest.outbox.leave_failed(candidate, new);
                self.stage.go_out(old);
                self.stand_in(None);
            }
        }
        old.records + new.records
    }

    /// Calls the old instance, on its part of the input where that goes over.
    fn call_old(&mut self, candidate: &StageCandidate, record_use: RecordUse) -> CallResult {
        if candidate.done().old_fault.is_some() {
            self.silence();
            return CallResult::NOTHING;
        }
        let call = Call {
            input: candidate.input_split().old(self.call.input),
            ..self.call
        };
        self.call_own(&call, record_use)
    }

    /// Mixes what both made.
    fn mix_pair(&mut self, mut candidate: Box<StageCandidate>, after: After) {
        self.stage.rest.seam.keep(Side::Old, self.output.shared());
        self.stage
            .rest
            .seam
            .keep(Side::New, candidate.output(self.frames()));
        let at = self.position();
        candidate.mix(&mut self.output, at);
        self.stage.rest.outbox.push_progress(&mut candidate);
        match after {
            After::GoOn => {}
            After::Reverse => candidate.fade_in_mut().reverse(),
            After::Resume => candidate.fade_in_mut().resume(),
        }
        self.be_heard();
        self.conclude(candidate);
    }

    /// The new instance failed: the old one is heard.
    fn lose_new(&mut self, mut candidate: Box<StageCandidate>, fault: Fault) {
        let is_parted =
            candidate.input_split().is_active() && candidate.progress() != Progress::Shadow;
        if candidate.is_heard() {
            self.stage.rest.seam.begin(Side::Old);
        }
        match (is_parted, candidate.done().old_fault) {
            (true, None) => {
                // Its part of the input goes back to the old one as it came.
                candidate.fail(fault);
                candidate.clear_output(self.frames());
                self.mix_pair(candidate, After::Reverse);
            }
            (true, Some(old)) => {
                self.stage.rest.outbox.leave_failed(candidate, fault);
                self.stage.go_out(old);
                self.stand_in(None);
            }
            (false, _) => {
                self.stage.rest.outbox.leave_failed(candidate, fault);
                self.be_heard();
            }
        }
    }

    /// The old instance failed: the new one is heard, or the substitute where it was not yet.
    fn lose_old(&mut self, mut candidate: Box<StageCandidate>, fault: Fault) {
        let progress = candidate.progress();
        if !candidate.is_heard() || candidate.fault().is_some() {
            self.stage.go_out(fault);
            match candidate.fault() {
                None => {
                    candidate.become_fade();
                    self.stand_in(Some(candidate));
                }
                Some(new) => {
                    self.stage.rest.outbox.leave_failed(candidate, new);
                    self.stand_in(None);
                }
            }
            return;
        }
        self.stage.rest.seam.begin(Side::New);
        candidate.done_mut().old_fault = Some(fault);
        if candidate.input_split().is_active() {
            // Its part of the input goes over to the new one as before.
            candidate.fade_in_mut().drop_tail();
            self.silence();
            let after = match progress {
                Progress::Reversing => After::Resume,
                Progress::Shadow | Progress::Fading | Progress::Tail => After::GoOn,
            };
            self.mix_pair(candidate, after);
            return;
        }
        let made = candidate.output(self.frames());
        for channel in 0..self.output.channels() {
            let into = self.output.channel(channel);
            into.copy_from_slice(made.channel(channel));
        }
        candidate.mark_alone(self.position());
        self.take_place(candidate);
        self.be_heard();
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
    fn take_place(&mut self, mut candidate: Box<StageCandidate>) {
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

    fn silence(&mut self) {
        for channel in 0..self.output.channels() {
            self.output.channel(channel).fill(0.0);
        }
    }
}
