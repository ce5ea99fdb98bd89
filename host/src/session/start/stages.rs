//! Stages: live processors become stages of the engine.

use std::sync::Arc;
use std::time::Duration;

use crate::config::model::{Budget as Limits, Config, Restart, Stage as Part};
use crate::config::words::OnError as Word;
use crate::pipeline::{Breach, Budget, History, HistoryShape, Occupant, OnError, Shape, Stage};
use crate::session::bind::Bindings;
use crate::session::build::{Instances, LiveFallback, LiveStage, StageFacts};
use crate::session::recipe::Recipe;
use crate::session::restart::Place;
use crate::session::run::Pace;
use crate::supervise::Attempts;

/// What all stages share.
#[derive(Debug, Clone, Copy)]
pub(in crate::session) struct Common {
    pub(in crate::session) sample_rate_hz: u32,
    pub(in crate::session) pace: Pace,
    pub(in crate::session) frames_max: usize,
}

/// The stages of an engine, and what stays behind of them.
pub(super) struct Made {
    pub(super) facts: Vec<StageFacts>,
    pub(super) recipes: Vec<Recipe>,
    /// The latency of each instance itself.
    pub(super) latencies: Vec<u64>,
    pub(super) stages: Vec<Stage>,
    /// What each reads and gives of late, where that is kept.
    pub(super) histories: Vec<Option<Arc<History>>>,
    /// How each is made again, where its `restart` says so.
    pub(super) places: Vec<Option<Place>>,
}

/// Moves the processors into stages; what is fixed about each stays behind.
pub(super) fn stages(
    config: &Config,
    instances: &mut Instances,
    bindings: &Bindings,
    common: Common,
    history_frames: Option<usize>,
) -> Made {
    let live = std::mem::take(&mut instances.stages);
    let mut made = Made {
        facts: Vec::new(),
        recipes: Vec::new(),
        latencies: Vec::new(),
        stages: Vec::new(),
        histories: Vec::new(),
        places: Vec::new(),
    };
    let all = live.into_iter().zip(&config.stages).zip(&bindings.stages);
    for ((live, part), bound) in all {
        made.facts.push(live.facts);
        let shape = Shape {
            channels_in: live.facts.layout_in.channels(),
            channels_out: live.facts.layout_out.channels(),
            latency_frames: live.facts.timing.latency_frames,
            sample_rate_hz: common.sample_rate_hz,
        };
        let outputs = bound.component.outputs.len();
        let place = part.restart.as_ref().map(|restart| Place {
            recipe: live.recipe.clone(),
            shape,
            layout_out: live.facts.layout_out,
            frames_max: common.frames_max,
            attempts: attempts(restart, shape.sample_rate_hz),
        });
        made.places.push(place);
        made.recipes.push(live.recipe.clone());
        made.latencies.push(live.latency_frames);
        let history = history_frames.map(|frames| {
            let recipe = &live.recipe;
            History::new(
                HistoryShape {
                    inputs: shape.channels_in,
                    sidechains: recipe.sidechains.iter().map(|key| key.channels()).collect(),
                    outputs: shape.channels_out,
                },
                frames,
            )
        });
        let mut stage = stage(live, part, shape, outputs, common);
        if let Some(history) = &history {
            stage = stage.with_history(Arc::clone(history));
        }
        made.histories.push(history);
        made.stages.push(stage);
    }
    made
}

fn stage(live: LiveStage, part: &Part, shape: Shape, outputs: usize, common: Common) -> Stage {
    let fallback_outputs = |live: &LiveStage| {
        let fallback = live.recipe.bound.fallback.as_ref();
        fallback.map_or(0, |bound| bound.component.outputs.len())
    };
    let spare_outputs = fallback_outputs(&live);
    let occupant = Occupant {
        processor: live.processor,
        latency_frames: live.latency_frames,
        held_bytes: live.facts.held_bytes,
        outputs,
    };
    let mut stage = Stage::of(occupant, on_error(part.on_error.value), shape);
    if let Some(LiveFallback { made, sidechains }) = live.fallback {
        let occupant = Occupant {
            processor: made.processor,
            latency_frames: made.timing.latency_frames,
            held_bytes: made.held_bytes,
            outputs: spare_outputs,
        };
        stage = stage.with_fallback(occupant, sidechains, common.frames_max);
    }
    match budget(&part.budget, common) {
        Some(budget) => stage.with_budget(budget),
        None => stage,
    }
}

/// A breach is a fault at the pace of the stream, and never changes the audio otherwise.
pub(in crate::session) fn budget(limits: &Limits, common: Common) -> Option<Budget> {
    if limits.time.is_none() && limits.memory.is_none() {
        return None;
    }
    Some(Budget {
        time_share: limits.time.as_ref().map(|share| share.value.0),
        memory_bytes: limits.memory.as_ref().map(|bytes| bytes.value.0),
        block_frames: common.frames_max,
        breach: match common.pace {
            Pace::Fast => Breach::Counts,
            Pace::RealTime => Breach::Fails,
        },
    })
}

/// Times are of the stream: they become frames here.
pub(in crate::session) fn attempts(restart: &Restart, sample_rate_hz: u32) -> Attempts {
    let frames = |time: Duration| (time.as_secs_f64() * f64::from(sample_rate_hz)).round() as u64;
    Attempts {
        attempts_max: restart.attempts.value,
        delay_frames: frames(restart.delay.value),
        delay_frames_max: frames(restart.delay_max.value),
    }
}

pub(in crate::session) const fn on_error(word: Word) -> OnError {
    match word {
        Word::Bypass => OnError::Bypass,
        Word::Mute => OnError::Mute,
        Word::Hold => OnError::Hold,
        Word::Fallback => OnError::Fallback,
        Word::Stop => OnError::Stop,
    }
}
