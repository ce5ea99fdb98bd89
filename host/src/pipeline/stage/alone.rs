//! Alone: a busy stage whose instance is heard without another, but for the tail of an old one.
//!
//! In: blocks. Out: what the instance makes of them, and what is left of a tail. On the audio
//! thread.

use crate::pipeline::candidate::StageCandidate;
use crate::pipeline::stage::busy::BusyBlock;
use crate::pipeline::stage::pair::RecordUse;
use crate::pipeline::stage::seam::Side;
use crate::pipeline::stage_event::StageEventKind;

impl BusyBlock<'_> {
    /// A block of the instance.
    pub(super) fn run_alone(&mut self) -> u32 {
        let called = self.call_own(&{ self.call }, RecordUse::Kept);
        match called.fault {
            Some(kind) => {
                self.stage.go_out(self.fault(kind));
                self.stand_in(None);
            }
            None => self.be_heard(),
        }
        called.records
    }

    /// A block of the instance, and of one before it whose tail is heard.
    pub(super) fn run_tail(&mut self, mut candidate: Box<StageCandidate>) -> u32 {
        let called = self.call_own(&{ self.call }, RecordUse::Kept);
        if let Some(kind) = called.fault {
            self.stage
                .rest
                .outbox
                .leave(candidate, StageEventKind::TailOver);
            self.stage.go_out(self.fault(kind));
            self.stand_in(None);
            return called.records;
        }
        let limits = self.stage.own.limits(self.mode);
        let tail = candidate.call_tail(&self.call, limits);
        let tail = self.count(tail, RecordUse::Dropped);
        match tail.fault {
            Some(kind) => {
                self.stage.rest.seam.begin(Side::New);
                candidate.fail(self.fault(kind));
            }
            None => {
                self.stage.rest.seam.keep(Side::New, self.output.shared());
                candidate.add_tail(&mut self.output);
            }
        }
        self.be_heard();
        if tail.fault.is_some() || candidate.fade_in().is_over() {
            self.stage
                .rest
                .outbox
                .leave(candidate, StageEventKind::TailOver);
        } else {
            self.stage.rest.candidate = Some(candidate);
        }
        called.records
    }
}
