//! Pair: a stage whose instance runs, with a new one beside it.
//!
//! In: blocks, given to both. Out: what is heard of the two: the old one, a fade, the new one; and
//! where one of them fails, the other without a step. On the audio thread.

use crate::pipeline::exchange::TurnKind;
use crate::pipeline::fault::Fault;
use crate::pipeline::seat::{Call, Called};
use crate::pipeline::stage::Stage;
use crate::pipeline::stage::block::BusyBlock;
use crate::pipeline::stage::busy::{Counts, fault};
use crate::pipeline::stage::seam::Side;
use crate::pipeline::swapped::Progress;
use crate::pipeline::trial::Trial;

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

impl Stage {
    /// A block of both.
    pub(super) fn run_pair(&mut self, mut trial: Box<Trial>, block: &mut BusyBlock<'_>) -> u32 {
        let (olds, news) = match trial.progress() {
            Progress::Fading | Progress::Ringing => (Counts::No, Counts::Yes),
            Progress::Shadow | Progress::Reversing => (Counts::Yes, Counts::No),
        };
        trial.part(block.call.input);
        let old = self.call_old(&trial, block, olds);
        let new = match trial.fault() {
            None => self.call_new(&mut trial, block, news),
            Some(_) => Called::NOTHING,
        };
        if trial.fault().is_some() {
            trial.make_nothing(block.frames());
        }
        let failed = |called: Called| called.fault.map(|kind| fault(kind, block));
        match (failed(old), failed(new)) {
            (None, None) => self.mix_pair(trial, block, After::GoOn),
            (None, Some(fault)) => self.lose_new(trial, fault, block),
            (Some(fault), None) => self.lose_old(trial, fault, block),
            (Some(old), Some(new)) => {
                self.leave_failed(trial, new);
                self.go_out(old);
                self.stand_in(None, block);
            }
        }
        old.records + new.records
    }

    /// Calls the old instance, on its part of the input where that goes over.
    fn call_old(&mut self, trial: &Trial, block: &mut BusyBlock<'_>, counts: Counts) -> Called {
        if trial.done().old_fault.is_some() {
            silence(block);
            return Called::NOTHING;
        }
        let records = match counts {
            Counts::Yes => &mut *block.records,
            Counts::No => &mut [],
        };
        let call = Call {
            input: trial.old_input(block.call.input),
            ..block.call
        };
        let (output, gauge) = (&mut block.output, self.gauge.as_deref_mut());
        let called = self.seat.call(&call, output, records, block.mode, gauge);
        self.count(called, counts, block)
    }

    /// Mixes what both made.
    fn mix_pair(&mut self, mut trial: Box<Trial>, block: &mut BusyBlock<'_>, after: After) {
        let was_heard = trial.is_heard();
        self.rest.seam.keep(Side::Old, block.output.shared());
        self.rest.seam.keep(Side::New, trial.made(block.frames()));
        let at = self.moment(block);
        trial.mix(&mut block.output, at);
        if trial.is_heard() && !was_heard {
            self.rest.turns.push(TurnKind::FadeBegan);
        }
        match after {
            After::GoOn => {}
            After::Reverse => trial.course_mut().reverse(),
            After::Resume => trial.course_mut().resume(),
        }
        self.be_heard(block);
        self.conclude(trial);
    }

    /// The new instance failed: the old one is heard.
    fn lose_new(&mut self, mut trial: Box<Trial>, fault: Fault, block: &mut BusyBlock<'_>) {
        let is_parted = trial.is_ring() && trial.progress() != Progress::Shadow;
        if trial.is_heard() {
            self.rest.seam.begin(Side::Old);
        }
        match (is_parted, trial.done().old_fault) {
            (true, None) => {
                // Its part of the input goes back to the old one as it came.
                trial.fail(fault);
                trial.make_nothing(block.frames());
                self.mix_pair(trial, block, After::Reverse);
            }
            (true, Some(old)) => {
                self.leave_failed(trial, fault);
                self.go_out(old);
                self.stand_in(None, block);
            }
            (false, _) => {
                self.leave_failed(trial, fault);
                self.be_heard(block);
            }
        }
    }

    /// The old instance failed: the new one is heard, or the substitute where it was not yet.
    fn lose_old(&mut self, mut trial: Box<Trial>, fault: Fault, block: &mut BusyBlock<'_>) {
        let progress = trial.progress();
        if !trial.is_heard() || trial.fault().is_some() {
            self.go_out(fault);
            match trial.fault() {
                None => {
                    trial.become_fade();
                    self.stand_in(Some(trial), block);
                }
                Some(new) => {
                    self.leave_failed(trial, new);
                    self.stand_in(None, block);
                }
            }
            return;
        }
        self.rest.seam.begin(Side::New);
        trial.done_mut().old_fault = Some(fault);
        if trial.is_ring() {
            // Its part of the input goes over to the new one as before.
            trial.course_mut().drop_ring();
            silence(block);
            let after = match progress {
                Progress::Reversing => After::Resume,
                Progress::Shadow | Progress::Fading | Progress::Ringing => After::GoOn,
            };
            self.mix_pair(trial, block, after);
            return;
        }
        let made = trial.made(block.frames());
        for channel in 0..block.output.channels() {
            let into = block.output.channel(channel);
            into.copy_from_slice(made.channel(channel));
        }
        trial.be_alone_at(self.moment(block));
        self.take_place(trial);
        self.be_heard(block);
    }
}

fn silence(block: &mut BusyBlock<'_>) {
    for channel in 0..block.output.channels() {
        block.output.channel(channel).fill(0.0);
    }
}
