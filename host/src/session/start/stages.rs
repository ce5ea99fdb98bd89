//! Stages: what was built becomes stages of the engine.
//!
//! In: the configuration, and instances in its order. Out: the stages, and what stays behind of
//! each: who fills it, what it has of late, how it is made again.

use std::sync::Arc;

use crate::config::model::{Config, StageConfig as Part};
use crate::pipeline::{History, HistoryFrames, HistoryShape, Shape, Stage};
use crate::session::build::{BuiltStage, Placed};
use crate::session::instance::{Placement, RestartTerms, StageParts};
use crate::session::running_stages::RunningStage;
use crate::swap::ask::HeardSignal;

/// The stages of an engine, and what stays behind of them.
#[derive(Default)]
pub(super) struct EngineStages {
    pub(super) stages: Vec<Stage>,
    /// Who fills each.
    pub(super) running: Vec<RunningStage>,
    /// What each reads and gives of late, where that is kept.
    pub(super) histories: Vec<Option<Arc<History>>>,
    /// How each is made again, where its `restart` says so.
    pub(super) restarts: Vec<Option<RestartTerms>>,
}

/// Moves the instances into stages; what is fixed about each stays behind.
pub(super) fn stages(
    config: &Config,
    built: Vec<BuiltStage>,
    history_frames: Option<HistoryFrames>,
) -> EngineStages {
    let mut all = EngineStages::default();
    for (built, part) in built.into_iter().zip(&config.stages) {
        all.add(built, part, history_frames);
    }
    all
}

impl EngineStages {
    fn add(&mut self, built: BuiltStage, part: &Part, history_frames: Option<HistoryFrames>) {
        let facts = built.facts();
        let (layout_out, latency_frames) = (facts.layout_out, facts.timing.latency_frames);
        let Placed { made, recipe } = built.own;
        let place = &recipe.placement;
        let shape = place.shape(layout_out, latency_frames);
        let history = history_frames.and_then(|frames| history(place, shape, frames));
        let restart = part.restart.as_ref();
        let restart =
            restart.map(|terms| RestartTerms::new(terms, &recipe, layout_out, latency_frames));
        let own_latency_frames = made.timing.latency_frames;
        let parts = StageParts {
            own: made.occupant,
            fallback: built.fallback.map(|other| {
                let sidechains = other.recipe.placement.sidechains.len();
                (other.made.occupant, sidechains)
            }),
            part: Some(part),
            history: history.clone(),
            shape,
            frames_max: place.frames_max as usize,
            mode: place.mode,
        };
        self.stages.push(parts.stage());
        self.histories.push(history);
        self.restarts.push(restart);
        self.running.push(RunningStage {
            id: part.id.value.clone(),
            recipe,
            part: part.part.clone(),
            facts,
            own_latency_frames,
            heard: HeardSignal::Processed,
            before: None,
        });
    }
}

fn history(place: &Placement, shape: Shape, frames: HistoryFrames) -> Option<Arc<History>> {
    let shape = HistoryShape {
        inputs: shape.channels_in,
        sidechains: place.sidechain_channels(),
        outputs: shape.channels_out,
    };
    History::new(shape, frames)
}
