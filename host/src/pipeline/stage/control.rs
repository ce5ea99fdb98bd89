//! Control: what a stage is told between two blocks.
//!
//! In: trials, parameter events, stalls. Out: nothing at once; the next block shows it. Everything
//! here but `with_history` runs on the audio thread, at the start of a block.

use std::sync::Arc;

use segue_plugin::link::ParamEvent;

use crate::pipeline::history::History;
use crate::pipeline::stage::Stage;
use crate::pipeline::swapped::{Progress, Reversal};
use crate::pipeline::trial::Trial;

impl Stage {
    /// With a history that it writes. Not for the audio thread.
    #[must_use]
    pub fn with_history(self, history: Arc<History>) -> Self {
        let _ = history;
        self
    }

    /// Whether a trial can begin.
    pub(in crate::pipeline) fn takes_trial(&self) -> bool {
        self.rest.trial.is_none() && self.rest.leaving.is_none()
    }

    /// Begins a trial with the next block.
    pub(in crate::pipeline) fn begin_trial(&mut self, trial: Box<Trial>) {
        self.rest.trial = Some(trial);
    }

    /// Goes back to what was heard before the trial.
    pub fn reverse(&mut self) -> Reversal {
        Reversal::TooLate
    }

    /// Cuts the tail of an old instance that is still heard; what is left of it decays.
    pub fn end_ring(&mut self) {}

    /// A parameter takes a value in the next call, for the instance and the one on trial; its
    /// offset counts from that call's first frame.
    ///
    /// # Errors
    /// The event, when 1,024 wait already.
    pub fn push_event(&mut self, event: ParamEvent) -> Result<(), ParamEvent> {
        Err(event)
    }

    /// The stage's stream is late by so many frames more: its input stalled.
    pub fn lag(&mut self, frames: u64) {
        let _ = frames;
    }

    /// Frames that went in since it was made. Thread: any that holds the stage.
    #[must_use]
    pub const fn frames_in(&self) -> u64 {
        0
    }

    /// Frames that came out since it was made: fewer by what a growth held back.
    #[must_use]
    pub const fn frames_out(&self) -> u64 {
        0
    }

    /// How far the trial is, where there is one.
    #[must_use]
    pub fn progress(&self) -> Option<Progress> {
        self.rest.trial.as_ref().map(|trial| trial.progress())
    }
}
