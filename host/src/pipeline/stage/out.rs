//! Out: a stage whose substitute is heard, with what is heard of a new instance.
//!
//! In: blocks. Out: the substitute's, then a fade to the new instance. On the audio thread.

use crate::pipeline::exchange::TurnKind;
use crate::pipeline::stage::Stage;
use crate::pipeline::stage::block::BusyBlock;
use crate::pipeline::stage::busy::{Counts, fault};
use crate::pipeline::substitute::Return;
use crate::pipeline::swapped::Progress;
use crate::pipeline::trial::{Purpose, Trial};

impl Stage {
    /// A block of the substitute, with what is heard of a new instance.
    pub(super) fn run_out(&mut self, trial: Option<Box<Trial>>, block: &mut BusyBlock<'_>) -> u32 {
        let Some(mut new) = trial else {
            self.stand_in(None, block);
            return 0;
        };
        new.become_fade();
        let counts = match new.progress() {
            Progress::Shadow => Counts::No,
            Progress::Fading | Progress::Reversing | Progress::Ringing => Counts::Yes,
        };
        let called = self.call_new(&mut new, block, counts);
        match called.fault {
            Some(kind) => {
                if counts == Counts::Yes {
                    // It was heard already: the substitute begins anew.
                    self.substitute.begin();
                }
                self.leave_failed(new, fault(kind, block));
                self.stand_in(None, block);
            }
            None => self.stand_in(Some(new), block),
        }
        called.records
    }

    /// The substitute's block, and what a new instance made of it mixed in.
    pub(super) fn stand_in(&mut self, trial: Option<Box<Trial>>, block: &mut BusyBlock<'_>) {
        self.ledger.blocks_out += 1;
        let trial = trial.map(|mut trial| {
            trial.wait(self.substitute.fading_frames());
            trial
        });
        if block.is_taken() {
            self.fill(&block.call, &mut block.output, block.mode);
            if let Some(new) = trial {
                self.mix_in(new, block);
            }
            self.substitute.settle(block.output.shared());
            return;
        }
        let fault = self.substitute.hold(&block.call, block.mode);
        self.tell_fallback(fault, block.call.stream_frames());
        if let Some(mut new) = trial {
            new.go_on(block.frames(), self.moment(block));
            self.rest.trial = Some(new);
        }
    }

    /// Mixes a new instance in as far as it is heard, and gives it the place once it is alone.
    fn mix_in(&mut self, mut trial: Box<Trial>, block: &mut BusyBlock<'_>) {
        let (before, was_heard) = (trial.progress(), trial.is_heard());
        let at = self.moment(block);
        trial.mix(&mut block.output, at);
        match (before, trial.progress()) {
            (_, Progress::Shadow) => {}
            (Progress::Shadow, _) => {
                self.substitute
                    .keep_return(block.output.shared(), Return::First);
            }
            _ => {
                self.substitute
                    .keep_return(block.output.shared(), Return::Later);
            }
        }
        if trial.is_heard() && !was_heard && trial.purpose() == Purpose::Swap {
            self.rest.turns.push(TurnKind::FadeBegan);
        }
        self.conclude(trial);
    }
}
