//! Facts: what is known of a stage, for control code and reports.
//!
//! In: a stage, between two blocks. Out: its state, its counters, and in the end its instances.

use std::sync::Arc;

use segue_plugin::link::Processor;

use crate::observe::Spread;
use crate::pipeline::budget::{Budget, BudgetUse};
use crate::pipeline::fault::OnError;
use crate::pipeline::gauges::StageGauges;
use crate::pipeline::history::History;
use crate::pipeline::placed_instance::Shape;
use crate::pipeline::stage::{Stage, StageCounters, StageState};
use crate::pipeline::substitute::SubstituteFrames;
use crate::pipeline::swapped::Progress;

impl Stage {
    /// What control code reads of it while it runs.
    #[must_use]
    pub const fn gauges(&self) -> &Arc<StageGauges> {
        &self.own.gauges
    }

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

    /// How far its stream is behind the session's: its input stalled for so long.
    #[must_use]
    pub const fn lag_frames(&self) -> u64 {
        self.lag_frames
    }

    /// How far the candidate is, where there is one.
    #[must_use]
    pub fn progress(&self) -> Option<Progress> {
        self.rest
            .candidate
            .as_ref()
            .map(|candidate| candidate.progress())
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
        let budget_meter = self.own.budget_meter.as_ref()?;
        Some((budget_meter.budget(), budget_meter.used()))
    }

    /// What it did so far.
    #[must_use]
    pub const fn counters(&self) -> &StageCounters {
        &self.own.counters
    }

    /// The declared outputs, in the order of the manifest.
    #[must_use]
    pub fn outputs(&self) -> &[Spread] {
        &self.own.output_spreads
    }

    /// The last values of the declared outputs; NaN before the first.
    #[must_use]
    pub fn output_values(&self) -> &[f64] {
        self.own.instance.outputs()
    }

    /// Takes its instances out, to end them. Not for the audio thread.
    #[must_use]
    pub fn into_processors(self) -> Vec<Processor> {
        let fallback = self.substitute.into_fallback();
        let fallback = fallback.and_then(|fallback| fallback.into_instance().into_processor());
        let others = [self.rest.candidate, self.rest.outbox.leaving]
            .into_iter()
            .flatten();
        let others = others.filter_map(|candidate| candidate.into_processor());
        let own = self.own.instance.into_processor().into_iter();
        own.chain(fallback).chain(others).collect()
    }
}
