//! Pair: a stage whose instance runs, with a new one beside it.
//!
//! In: blocks, given to both. Out: what is heard of the two: the old one, a fade, the new one; and
//! where one of them fails, the other without a step. On the audio thread.

use crate::pipeline::call::{Call, CallResult};
use crate::pipeline::candidate::StageCandidate;
use crate::pipeline::fault::Fault;
use crate::pipeline::stage::block::BusyBlock;
use crate::pipeline::stage::busy::RecordUse;
use crate::pipeline::stage::seam::Side;
use crate::pipeline::swapped::Progress;

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

    fn silence(&mut self) {
        for channel in 0..self.output.channels() {
            self.output.channel(channel).fill(0.0);
        }
    }
}
