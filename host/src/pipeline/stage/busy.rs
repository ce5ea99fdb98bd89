//! Busy: a block of a stage that is more than one call of its instance.
//!
//! In: a block, and what waits for it: a trial, parameter changes. Out: the block, by whoever is
//! heard; what it read and gave is kept where a history is. On the audio thread.

use std::mem;

use segue_plugin::link::{AudioViewMut, Record};

use crate::audio::FloatMode;
use crate::pipeline::exchange::TurnKind;
use crate::pipeline::fault::{Fault, FaultKind};
use crate::pipeline::seat::{Call, Called};
use crate::pipeline::stage::block::BusyBlock;
use crate::pipeline::stage::seam::Side;
use crate::pipeline::stage::{Ran, Stage};
use crate::pipeline::swapped::Progress;
use crate::pipeline::trial::{Moment, Purpose, Recent, Trial};

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
    ) -> Ran {
        let frames = call.frames();
        let history = self.rest.history.take();
        let mut events = mem::take(&mut self.rest.events);
        if let Some(history) = &history {
            history.begin_at(call.position_frames.saturating_sub(self.ledger.frames_in));
            history.keep_input(call.input, call.sidechains);
        }
        let mut block = BusyBlock {
            call: Call {
                events: events.due(frames),
                ..*call
            },
            output,
            records,
            mode,
            recent: Recent {
                at_frames: self.ledger.frames_in,
                history: history.as_deref(),
            },
        };
        let was_out = self.rest.fault.is_some();
        let written = self.pass(&mut block);
        self.ledger.frames_in += frames as u64;
        if !block.is_taken() {
            self.ledger.held_frames += frames as u64;
            self.rest.held_frames = self.rest.held_frames.saturating_sub(frames as u64);
        } else if let Some(history) = &history {
            history.keep_output(block.output.shared());
        }
        events.advance(frames);
        self.rest.events = events;
        self.rest.history = history;
        let turned = !self.rest.turns.is_empty() || self.rest.leaving.is_some();
        self.is_busy = turned || !self.is_settled();
        Ran {
            records: written,
            failed: !was_out && self.rest.fault.is_some(),
            turned,
        }
    }

    /// Whether nothing goes on but its instance.
    fn is_settled(&self) -> bool {
        let rest = &self.rest;
        rest.fault.is_none()
            && rest.trial.is_none()
            && rest.events.is_empty()
            && rest.history.is_none()
            && rest.seam.is_over()
            && rest.held_frames == 0
    }

    /// Fills the block; answers how many records were written.
    fn pass(&mut self, block: &mut BusyBlock<'_>) -> u32 {
        let trial = self.rest.trial.take();
        let trial = trial.and_then(|trial| self.meet(trial, block));
        match (self.rest.fault, trial) {
            (Some(_), trial) => self.run_out(trial, block),
            (None, None) => self.run_alone(block),
            (None, Some(trial)) if trial.progress() == Progress::Ringing => {
                self.run_ringing(trial, block)
            }
            (None, Some(trial)) => self.run_pair(trial, block),
        }
    }

    /// Readies a trial for the block; it is over at once where it does not fit the place, and
    /// where it went on from the old one's running state.
    fn meet(&mut self, mut trial: Box<Trial>, block: &BusyBlock<'_>) -> Option<Box<Trial>> {
        let at = self.moment(block);
        if !trial.has_begun() {
            if trial.shape() != self.rest.shape {
                self.leave_failed(trial, fault(FaultKind::OtherShape, block));
                return None;
            }
            trial.begin(at, self.rest.held_frames, block.recent);
            trial = self.hand_over(trial, block.mode, at)?;
        }
        if trial.course().is_back() {
            self.conclude(trial);
            return None;
        }
        if trial.progress() != Progress::Ringing {
            trial.hear(block.call.events);
        }
        Some(trial)
    }

    /// Where a block begins.
    pub(super) fn moment(&self, block: &BusyBlock<'_>) -> Moment {
        Moment {
            stream_frames: block.call.stream_frames(),
            output_frames: self.frames_out(),
        }
    }

    /// Calls the instance on trial. What it leaves behind besides audio counts where `counts`.
    pub(super) fn call_new(
        &mut self,
        trial: &mut Trial,
        block: &mut BusyBlock<'_>,
        counts: Counts,
    ) -> Called {
        let records = match counts {
            Counts::Yes => &mut *block.records,
            Counts::No => &mut [],
        };
        let gauge = self.gauge.as_deref_mut();
        let called = trial.call(&block.call, records, block.mode, gauge, block.recent);
        self.count(called, counts, block)
    }

    pub(super) fn count(
        &mut self,
        mut called: Called,
        counts: Counts,
        block: &BusyBlock<'_>,
    ) -> Called {
        if counts == Counts::No {
            called.records_lost = 0;
        }
        self.ledger.count(called, block.call.stream_frames());
        called
    }

    /// What the instance made is heard, with what is left of a step.
    pub(super) fn be_heard(&mut self, block: &mut BusyBlock<'_>) {
        if block.is_taken() {
            self.rest.seam.add(&mut block.output);
            self.rest.seam.keep_heard(block.output.shared());
            self.follow(&block.call, block.output.shared(), block.mode);
        } else {
            let fault = self.substitute.hold(&block.call, block.mode);
            self.tell_fallback(fault, block.call.stream_frames());
        }
    }

    /// What becomes of a trial after a block.
    pub(super) fn conclude(&mut self, trial: Box<Trial>) {
        if trial.is_ring() && trial.course().is_back() {
            // What it still had to give of its part of the input decays.
            self.rest.seam.begin(Side::Old);
        }
        match (trial.course().is_back(), trial.fault()) {
            (true, Some(fault)) => self.leave(trial, TurnKind::TrialFailed(fault)),
            (true, None) => self.leave(trial, TurnKind::Reversed),
            (false, _) if trial.course().is_faded() => self.take_place(trial),
            (false, _) => self.rest.trial = Some(trial),
        }
    }

    /// The instance on trial is the stage's own from here on.
    pub(super) fn take_place(&mut self, mut trial: Box<Trial>) {
        let fault = self.rest.fault.take();
        let rings = trial.is_ring() && !trial.course().is_over();
        trial.exchange(&mut self.seat, &mut self.output_spreads);
        let done = trial.done();
        if let Some(fault) = fault.or(done.old_fault) {
            trial.fail(fault);
        }
        let turn = match trial.purpose() {
            Purpose::Restart => TurnKind::Returned,
            Purpose::Swap => TurnKind::Swapped(done),
        };
        if rings {
            self.rest.turns.push(turn);
            self.rest.trial = Some(trial);
        } else {
            self.leave(trial, turn);
        }
    }

    /// The instance on trial failed, and leaves.
    pub(super) fn leave_failed(&mut self, mut trial: Box<Trial>, fault: Fault) {
        trial.fail(fault);
        self.leave(trial, TurnKind::TrialFailed(fault));
    }
}

/// Whether what a call leaves behind besides audio is passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counts {
    Yes,
    No,
}

/// A failure in this block.
pub(super) const fn fault(kind: FaultKind, block: &BusyBlock<'_>) -> Fault {
    Fault {
        position_frames: block.call.stream_frames(),
        kind,
    }
}
