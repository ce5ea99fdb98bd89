//! Control: what a stage is told between two blocks.
//!
//! In: trials, parameter events, stalls. Out: nothing at once; the next block shows it. Everything
//! here but `with_history` runs on the audio thread, at the start of a block.

use std::sync::Arc;

use segue_plugin::link::ParamEvent;

use crate::pipeline::exchange::TurnKind;
use crate::pipeline::history::History;
use crate::pipeline::seat::Shape;
use crate::pipeline::stage::Stage;
use crate::pipeline::stage::turns::TURNS_PER_BLOCK;
use crate::pipeline::swapped::{Progress, Reversal};
use crate::pipeline::trial::Trial;

impl Stage {
    /// With a history that it writes. Not for the audio thread.
    #[must_use]
    pub fn with_history(mut self, history: Arc<History>) -> Self {
        self.rest.history = Some(history);
        self.is_busy = true;
        self
    }

    /// Whether a trial can begin.
    pub(in crate::pipeline) fn takes_trial(&self) -> bool {
        self.rest.trial.is_none() && self.rest.leaving.is_none()
    }

    /// How many trials are in it.
    pub(in crate::pipeline) fn trials_held(&self) -> usize {
        usize::from(self.rest.trial.is_some()) + usize::from(self.rest.leaving.is_some())
    }

    /// Begins a trial with the next block; where it makes the place later, that is so at once.
    pub(in crate::pipeline) fn begin_trial(&mut self, mut trial: Box<Trial>) {
        self.is_busy = true;
        let (before, after) = (self.rest.shape, trial.shape());
        if let Some(growth) = trial.growth_mut() {
            let grown = Shape {
                latency_frames: before.latency_frames + growth.frames(),
                ..before
            };
            if grown == after {
                self.seat.grow(&mut growth.pad);
                self.substitute.grow(growth);
                self.rest.held_frames += growth.frames();
                self.rest.shape = grown;
            }
        }
        self.rest.trial = Some(trial);
    }

    /// Goes back to what was heard before the trial.
    pub fn reverse(&mut self) -> Reversal {
        let Some(mut trial) = self.rest.trial.take() else {
            return Reversal::TooLate;
        };
        match trial.progress() {
            // Where the fade would begin with the next frame, nobody has heard it either.
            Progress::Shadow => self.leave(trial, TurnKind::Reversed),
            Progress::Fading if !trial.is_heard() => self.leave(trial, TurnKind::Reversed),
            Progress::Fading | Progress::Reversing => {
                trial.course_mut().reverse();
                self.rest.trial = Some(trial);
                return Reversal::Begun;
            }
            Progress::Ringing => {
                self.rest.trial = Some(trial);
                return Reversal::TooLate;
            }
        }
        Reversal::Left
    }

    /// Cuts the tail of an old instance that is still heard; what is left of it decays.
    pub fn end_ring(&mut self) {
        let ringing = |trial: &&mut Box<Trial>| trial.progress() == Progress::Ringing;
        if let Some(trial) = self.rest.trial.as_mut().filter(ringing) {
            trial.course_mut().end_ring();
        }
    }

    /// A parameter takes a value in the next call, or in a later one where its offset says so;
    /// the offset counts from the next call's first frame. The instance and the one on trial hear
    /// of it, a fallback does not.
    ///
    /// # Errors
    /// The event, when 1,024 wait already.
    pub fn push_event(&mut self, event: ParamEvent) -> Result<(), ParamEvent> {
        self.is_busy = true;
        self.rest.events.push(event)
    }

    /// How many more changes of parameters the next call can take.
    pub(in crate::pipeline) fn events_room(&self) -> usize {
        self.rest.events.room()
    }

    /// The stage's stream is late by so many frames more: its input stalls.
    pub const fn lag(&mut self, frames: u64) {
        self.lag_frames += frames;
    }

    pub(in crate::pipeline) fn take_turns(&mut self) -> [Option<TurnKind>; TURNS_PER_BLOCK] {
        self.rest.turns.take()
    }

    pub(in crate::pipeline) fn take_leaving(&mut self) -> Option<Box<Trial>> {
        self.rest.leaving.take()
    }

    pub(in crate::pipeline) fn put_back(&mut self, leaving: Box<Trial>) {
        self.is_busy = true;
        self.rest.leaving = Some(leaving);
    }

    /// An instance leaves, and why.
    pub(super) fn leave(&mut self, trial: Box<Trial>, turn: TurnKind) {
        self.rest.turns.push(turn);
        self.rest.leaving = Some(trial);
    }
}
