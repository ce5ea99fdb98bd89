//! Newcomer: a stage that comes with another schedule.
//!
//! In: the instances that were prepared for it, its fallback's among them. Out: a stage in the
//! shape that they give it, as `session::start` would have made it.

use crate::config::model::Stage as Part;
use crate::pipeline::OnError;
use crate::pipeline::{History, HistoryShape, Shape, Stage};
use crate::session::candidate::Prepared;
use crate::session::changes::Changes;
use crate::session::changes::plan::Plan;
use crate::session::changes::words::fallback_of;
use crate::session::recipe::Recipe;
use crate::session::start::{Common, budget, on_error};
use segue_plugin::link::Processor;
use segue_plugin::setup::Timing;
use std::sync::Arc;

/// A stage that comes.
pub(super) struct Newcomer {
    pub(super) own: Prepared,
    /// The component that is kept warm beside it.
    fallback: Option<Prepared>,
    part: Option<Part>,
}

/// What was prepared, each fallback with its stage.
pub(super) fn newcomers(prepared: Vec<Prepared>, plan: &Plan) -> Vec<Newcomer> {
    let (mut fallbacks, own): (Vec<_>, Vec<_>) = prepared.into_iter().partition(|one| {
        !plan
            .config
            .stages
            .iter()
            .any(|stage| stage.id.value.as_str() == one.stage)
    });
    let newcomer = |own: Prepared| {
        let name = fallback_of(&own.stage);
        let at = fallbacks.iter().position(|one| one.stage == name);
        let mut stages = plan.config.stages.iter();
        Newcomer {
            fallback: at.map(|at| fallbacks.swap_remove(at)),
            part: stages
                .find(|stage| stage.id.value.as_str() == own.stage)
                .cloned(),
            own,
        }
    };
    own.into_iter().map(newcomer).collect()
}

impl Newcomer {
    /// How late the stage is: as the later of its instance and its fallback.
    pub(super) fn latency_frames(&self) -> u64 {
        self.timing().latency_frames
    }

    /// How late it is, and how long it sounds on.
    pub(super) fn timing(&self) -> Timing {
        let own = self.own.timing;
        let other = self
            .fallback
            .as_ref()
            .map_or(Timing::NONE, |other| other.timing);
        Timing {
            latency_frames: own.latency_frames.max(other.latency_frames),
            tail_frames: own.tail_frames.max(other.tail_frames),
        }
    }

    /// How its instance is made again, and what stands in for it.
    pub(super) fn recipe(&self) -> Option<Recipe> {
        let mut recipe = self.own.recipe.clone()?;
        let fallback = self.fallback.as_ref().and_then(|one| one.recipe.as_ref());
        recipe.bound.fallback = fallback.map(|other| Box::new(other.bound.clone()));
        Some(recipe)
    }

    /// Takes the instances out, to end them.
    pub(super) fn into_processors(self) -> impl Iterator<Item = Processor> {
        let all = std::iter::once(self.own).chain(self.fallback);
        all.map(|one| one.occupant.processor)
    }
}

impl Changes {
    /// The stage, in the shape that its instances give it.
    pub(super) fn new_stage(&mut self, newcomer: Newcomer, number: usize) -> Stage {
        let latency_frames = newcomer.latency_frames();
        let Newcomer {
            own,
            fallback,
            part,
        } = newcomer;
        let recipe = own.recipe.as_ref();
        let channels_out = own.layout_out.channels();
        let shape = Shape {
            channels_in: recipe.map_or(channels_out, |one| one.format.layout.channels()),
            channels_out,
            latency_frames,
            sample_rate_hz: self.setup.sample_rate_hz,
        };
        let common = Common {
            sample_rate_hz: self.setup.sample_rate_hz,
            pace: self.setup.pace,
            frames_max: self.setup.frames_max,
        };
        let keys = recipe.map_or(&[][..], |recipe| &recipe.sidechains);
        let keys: Vec<_> = keys.iter().map(|key| key.channels()).collect();
        let policy = part.as_ref().map(|part| on_error(part.on_error.value));
        let policy = policy.unwrap_or(OnError::Bypass);
        let mut stage = Stage::of(own.occupant, policy, shape);
        if let Some(other) = fallback {
            let takes = other
                .recipe
                .as_ref()
                .map_or(0, |recipe| recipe.sidechains.len());
            stage = stage.with_fallback(other.occupant, takes, self.setup.frames_max);
        }
        if let Some(budget) = part.and_then(|part| budget(&part.budget, common)) {
            stage = stage.with_budget(budget);
        }
        match self.new_history(number, shape, keys) {
            Some(history) => stage.with_history(history),
            None => stage,
        }
    }

    /// Where what a stage reads and gives is kept, if it is.
    fn new_history(
        &mut self,
        number: usize,
        shape: Shape,
        sidechains: Vec<usize>,
    ) -> Option<Arc<History>> {
        let shape = HistoryShape {
            inputs: shape.channels_in,
            sidechains,
            outputs: shape.channels_out,
        };
        let history = History::new(shape, self.setup.history_frames?);
        if self.setup.histories.len() <= number {
            self.setup.histories.resize(number + 1, None);
        }
        self.setup.histories[number] = Some(Arc::clone(&history));
        Some(history)
    }
}
