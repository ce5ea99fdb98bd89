//! Control: what a stage is told between two blocks, and its running state for who asks.
//!
//! In: parameter events, stalls, the end of a tail; memory for the state. Out: the state, or why
//! there is none; for the rest nothing at once, the next block shows it. Everything here but
//! `with_history` may run on the audio thread, at the start of a block.

use std::sync::Arc;

use segue_plugin::link::ParamEvent;

use crate::cpu::FloatMode;
use crate::pipeline::candidate::StageCandidate;
use crate::pipeline::history::History;
use crate::pipeline::stage::Stage;
use crate::pipeline::swapped::{HandoffRefusal, Progress};

impl Stage {
    /// With a history that it writes. Not for the audio thread.
    #[must_use]
    pub fn with_history(mut self, history: Arc<History>) -> Self {
        self.rest.history = Some(history);
        self.is_busy = true;
        self
    }

    /// Cuts the tail of an old instance that is still heard; what is left of it decays.
    pub fn end_tail(&mut self) {
        let ringing = |candidate: &&mut Box<StageCandidate>| candidate.progress() == Progress::Tail;
        if let Some(candidate) = self.rest.candidate.as_mut().filter(ringing) {
            candidate.fade_in_mut().end_tail();
        }
    }

    /// A parameter takes a value in the next call, or in a later one where its offset says so;
    /// the offset counts from the next call's first frame. The instance and the one beside it hear
    /// of it, a fallback does not.
    ///
    /// # Errors
    /// The event, when 1,024 wait already.
    pub fn push_param_event(&mut self, event: ParamEvent) -> Result<(), ParamEvent> {
        self.is_busy = true;
        self.rest.param_events.push(event)
    }

    /// How many more changes of parameters the next call can take.
    pub(in crate::pipeline) fn param_events_free(&self) -> usize {
        self.rest.param_events.room()
    }

    /// The stage's stream is late by so many frames more: its input stalls.
    pub const fn lag(&mut self, frames: u64) {
        self.lag_frames += frames;
    }

    /// Writes the running state of its instance into a buffer; returns how many bytes. Thread:
    /// audio, or the one that holds the stage between two blocks; under the guard that every call
    /// of an instance has.
    ///
    /// # Errors
    /// Why there is none.
    pub fn save_state(&self, into: &mut [u8], mode: &FloatMode) -> Result<usize, HandoffRefusal> {
        match self.rest.fault {
            Some(_) => Err(HandoffRefusal::OldIsOut),
            None => self.own.instance.save_state(into, mode),
        }
    }
}
