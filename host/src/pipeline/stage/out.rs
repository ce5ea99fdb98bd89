//! Out: a stage whose substitute is heard, with what is heard of a new instance.
//!
//! In: blocks. Out: the substitute's, then a fade to the new instance. On the audio thread.

use crate::pipeline::candidate::StageCandidate;
use crate::pipeline::stage::busy::BusyBlock;
use crate::pipeline::stage::pair::RecordUse;
use crate::pipeline::substitute::Return;
use crate::pipeline::swapped::Progress;

impl BusyBlock<'_> {
    /// A block of the substitute, with what is heard of a new instance.
    pub(super) fn run_out(&mut self, candidate: Option<Box<StageCandidate>>) -> u32 {
        let Some(mut new) = candidate else {
            self.stand_in(None);
            return 0;
        };
        new.become_fade();
        let record_use = match new.progress() {
            Progress::Shadow => RecordUse::Dropped,
            Progress::Fading | Progress::Reversing | Progress::Tail => RecordUse::Kept,
        };
        let called = self.call_new(&mut new, record_use);
        match called.fault {
            Some(kind) => {
                if record_use == RecordUse::Kept {
                    // It was heard already: the substitute begins anew.
                    self.stage.substitute.begin();
                }
                self.stage.rest.outbox.leave_failed(new, self.fault(kind));
                self.stand_in(None);
            }
            None => self.stand_in(Some(new)),
        }
        called.records
    }

    /// The substitute's block, and what a new instance made of it mixed in.
    pub(super) fn stand_in(&mut self, candidate: Option<Box<StageCandidate>>) {
        self.stage.own.counters.blocks_out += 1;
        let candidate = candidate.map(|mut candidate| {
            candidate.delay_hearing(self.stage.substitute.fading_frames());
            candidate
        });
        if self.is_taken() {
            self.stage.fill(&self.call, &mut self.output, self.mode);
            if let Some(new) = candidate {
                self.mix_in(new);
            }
            self.stage.substitute.settle(self.output.shared());
            return;
        }
        let fault = self.stage.substitute.withhold(&self.call, self.mode);
        self.stage
            .rest
            .outbox
            .push_fallback(fault, self.call.stream_frames());
        if let Some(mut new) = candidate {
            new.go_on(self.frames(), self.position());
            self.stage.rest.candidate = Some(new);
        }
    }

    /// Mixes a new instance in as far as it is heard, and gives it the place once it is alone.
    fn mix_in(&mut self, mut candidate: Box<StageCandidate>) {
        let before = candidate.progress();
        let at = self.position();
        candidate.mix(&mut self.output, at);
        match (before, candidate.progress()) {
            (_, Progress::Shadow) => {}
            (Progress::Shadow, _) => {
                self.stage
                    .substitute
                    .keep_return(self.output.shared(), Return::First);
            }
            _ => {
                self.stage
                    .substitute
                    .keep_return(self.output.shared(), Return::Later);
            }
        }
        self.stage.rest.outbox.push_progress(&mut candidate);
        self.conclude(candidate);
    }
}
