//! Facts: what is known of a stage, for control code and reports.
//!
//! In: a stage, between two blocks. Out: its state, its counters, and in the end its instances.

use std::sync::Arc;

use segue_plugin::link::Processor;

use crate::observe::{Spread, Times};
use crate::pipeline::budget::{Budget, BudgetUse};
use crate::pipeline::fault::{Fault, OnError};
use crate::pipeline::history::History;
use crate::pipeline::seat::Shape;
use crate::pipeline::stage::{Stage, StageState};
use crate::pipeline::substitute::SubstituteFrames;
use crate::pipeline::swapped::Progress;

impl Stage {
    /// Whether the instance is heard.
    #[must_use]
    pub const fn state(&self) -> StageState {
        match self.rest.fault {
            None => StageState::Running,
            Some(fault) => StageState::Out(fault),
        }
    }

    /// The place that it is.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.rest.shape
    }

    /// Frames that went in since it was made.
    #[must_use]
    pub const fn frames_in(&self) -> u64 {
        self.ledger.frames_in
    }

    /// Frames that came out since it was made: fewer by what was held back to make it later.
    #[must_use]
    pub const fn frames_out(&self) -> u64 {
        self.ledger.frames_in - self.ledger.held_frames
    }

    /// How far its stream is behind the session's: its input stalled for so long.
    #[must_use]
    pub const fn lag_frames(&self) -> u64 {
        self.lag_frames
    }

    /// How far the trial is, where there is one.
    #[must_use]
    pub fn progress(&self) -> Option<Progress> {
        self.rest.trial.as_ref().map(|trial| trial.progress())
    }

    /// What it keeps of the recent past, where it does.
    #[must_use]
    pub fn history(&self) -> Option<&Arc<History>> {
        self.rest.history.as_ref()
    }

    /// What is heard when it fails.
    #[must_use]
    pub const fn on_error(&self) -> OnError {
        self.substitute.on_error()
    }

    /// How many frames each substitute was heard.
    #[must_use]
    pub const fn substitute_frames(&self) -> SubstituteFrames {
        self.substitute.frames()
    }

    /// Its budget and what was used of it, where it has one.
    #[must_use]
    pub fn budget(&self) -> Option<(Budget, BudgetUse)> {
        let gauge = self.gauge.as_ref()?;
        Some((gauge.budget(), gauge.used()))
    }

    /// Calls of `process`.
    #[must_use]
    pub const fn calls(&self) -> u64 {
        self.ledger.calls
    }

    /// Heap calls inside `process`.
    #[must_use]
    pub const fn heap_calls(&self) -> u64 {
        self.ledger.heap_calls
    }

    /// Notes and events that found no room.
    #[must_use]
    pub const fn records_lost(&self) -> u64 {
        self.ledger.records_lost
    }

    /// Blocks in which its instance was not heard, or not alone.
    #[must_use]
    pub const fn blocks_out(&self) -> u64 {
        self.ledger.blocks_out
    }

    /// Time per block, of the blocks that were timed.
    #[must_use]
    pub const fn times(&self) -> &Times {
        &self.ledger.times
    }

    /// The declared outputs, in the order of the manifest.
    #[must_use]
    pub fn outputs(&self) -> &[Spread] {
        &self.output_spreads
    }

    /// The last values of the declared outputs; NaN before the first.
    #[must_use]
    pub fn output_values(&self) -> &[f64] {
        self.seat.outputs()
    }

    /// What kind of failure there was, in words; empty while it runs.
    #[must_use]
    pub const fn fault_kind(&self) -> &'static str {
        match self.state() {
            StageState::Running => "",
            StageState::Out(fault) => fault.kind.name(),
        }
    }

    /// What the failure was, in a sentence; empty while it runs. Not for the audio thread.
    #[must_use]
    pub fn describe_fault(&self) -> String {
        match self.state() {
            StageState::Running => String::new(),
            StageState::Out(fault) => fault.kind.describe(self.seat.processor()),
        }
    }

    /// Why its fallback failed, if it did. Not for the audio thread.
    #[must_use]
    pub fn describe_fallback_fault(&self) -> Option<(Fault, String)> {
        let spare = self.substitute.spare()?;
        let fault = spare.fault()?;
        Some((fault, fault.kind.describe(spare.seat().processor())))
    }

    /// Takes its instances out, to end them. Not for the audio thread.
    #[must_use]
    pub fn into_processors(self) -> Vec<Processor> {
        let spare = self.substitute.into_spare();
        let spare = spare.map(|spare| spare.into_seat().into_processor());
        let others = [self.rest.trial, self.rest.leaving].into_iter().flatten();
        let others = others.map(|trial| trial.into_processor());
        let own = [self.seat.into_processor()].into_iter();
        own.chain(spare).chain(others).collect()
    }
}
