//! Alone: a busy stage whose instance is heard without another, but for the tail of an old one.
//!
//! In: blocks. Out: what the instance makes of them, and what is left of a tail. On the audio
//! thread.

use crate::pipeline::exchange::TurnKind;
use crate::pipeline::seat::Called;
use crate::pipeline::stage::Stage;
use crate::pipeline::stage::block::BusyBlock;
use crate::pipeline::stage::busy::{Counts, fault};
use crate::pipeline::stage::seam::Side;
use crate::pipeline::trial::Trial;

impl Stage {
    /// A block of the instance.
    pub(super) fn run_alone(&mut self, block: &mut BusyBlock<'_>) -> u32 {
        let called = self.call_own(block);
        match called.fault {
            Some(kind) => {
                self.go_out(fault(kind, block));
                self.stand_in(None, block);
            }
            None => self.be_heard(block),
        }
        called.records
    }

    /// A block of the instance, and of one before it whose tail is heard.
    pub(super) fn run_ringing(&mut self, mut trial: Box<Trial>, block: &mut BusyBlock<'_>) -> u32 {
        let called = self.call_own(block);
        if let Some(kind) = called.fault {
            self.leave(trial, TurnKind::RingOver);
            self.go_out(fault(kind, block));
            self.stand_in(None, block);
            return called.records;
        }
        let rung = trial.ring(&block.call, block.mode, self.gauge.as_deref_mut());
        let rung = self.count(rung, Counts::No, block);
        match rung.fault {
            Some(kind) => {
                self.rest.seam.begin(Side::New);
                trial.fail(fault(kind, block));
            }
            None => {
                self.rest.seam.keep(Side::New, block.output.shared());
                trial.add_ring(&mut block.output);
            }
        }
        self.be_heard(block);
        if rung.fault.is_some() || trial.course().is_over() {
            self.leave(trial, TurnKind::RingOver);
        } else {
            self.rest.trial = Some(trial);
        }
        called.records
    }

    fn call_own(&mut self, block: &mut BusyBlock<'_>) -> Called {
        let (call, gauge) = (&block.call, self.gauge.as_deref_mut());
        let (output, records) = (&mut block.output, &mut *block.records);
        let called = self.seat.call(call, output, records, block.mode, gauge);
        self.count(called, Counts::Yes, block)
    }
}
