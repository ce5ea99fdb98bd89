//! Stages: live processors become stages of the engine.

use crate::audio::Format;
use crate::config::model::Config;
use crate::config::words::OnError as Word;
use crate::pipeline::{OnError, Stage, StageSetup};
use crate::session::bind::Bindings;
use crate::session::build::{Instances, StageFacts};

/// Moves the processors into stages; what is fixed about each stays behind.
pub(super) fn stages(
    config: &Config,
    instances: &mut Instances,
    bindings: &Bindings,
    format: Format,
) -> (Vec<StageFacts>, Vec<Stage>) {
    let live = std::mem::take(&mut instances.stages);
    let all = live.into_iter().zip(&config.stages).zip(&bindings.stages);
    all.map(|((live, stage), bound)| {
        let facts = live.facts;
        let setup = StageSetup {
            processor: live.processor,
            on_error: on_error(stage.on_error.value),
            channels_in: facts.layout_in.channels(),
            channels_out: facts.layout_out.channels(),
            latency_frames: facts.timing.latency_frames,
            outputs: bound.component.outputs.len(),
            sample_rate_hz: format.sample_rate_hz(),
        };
        (facts, Stage::new(setup))
    })
    .unzip()
}

/// The configuration answers `hold` and `fallback` with the version that will have them.
fn on_error(word: Word) -> OnError {
    match word {
        Word::Mute => OnError::Mute,
        Word::Stop => OnError::Stop,
        Word::Bypass | Word::Hold | Word::Fallback => OnError::Bypass,
    }
}
