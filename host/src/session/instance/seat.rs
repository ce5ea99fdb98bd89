//! Seat: a stage of the engine around the instances that were made for it.
//!
//! In: an instance, perhaps a fallback, and what the configuration says of the stage. Out: the
//! stage, at the start or as one that comes with a change; how its instance is made again after a
//! failure, where `restart` says so.

use std::sync::Arc;
use std::time::Duration;

use crate::config::model::{Restart, StageConfig as Part};
use crate::config::words::OnError as Word;
use crate::pipeline::{Breach, Budget, History, Occupant, OnError, Shape, Stage, StageCandidate};
use crate::session::instance::{NotMade, Placement, Recipe};
use crate::supervise::Attempts;
use segue_plugin::declare::Layout;
use segue_plugin::setup::Mode;

/// What a stage of the engine is put together from.
pub(in crate::session) struct StageParts<'a> {
    /// Its instance.
    pub(in crate::session) own: Occupant,
    /// The instance that is kept warm beside it, and how many sidechains that one hears.
    pub(in crate::session) fallback: Option<(Occupant, usize)>,
    /// What the configuration says of it; `None` for one that only passes on.
    pub(in crate::session) part: Option<&'a Part>,
    /// What it has of late, where that is kept.
    pub(in crate::session) history: Option<Arc<History>>,
    /// Its channels, and how late it is.
    pub(in crate::session) shape: Shape,
    /// The longest block.
    pub(in crate::session) frames_max: usize,
    /// Off line, or at the pace of the stream.
    pub(in crate::session) mode: Mode,
}

impl StageParts<'_> {
    /// Puts it together. Allocates; not for the audio thread.
    pub(in crate::session) fn stage(self) -> Stage {
        let policy = self.part.map(|part| on_error(part.on_error.value));
        let budget = self.part.and_then(|part| self.budget(part));
        let policy = policy.unwrap_or(OnError::Bypass);
        let mut stage = Stage::of(self.own, policy, self.shape);
        if let Some((fallback, sidechains)) = self.fallback {
            stage = stage.with_fallback(fallback, sidechains, self.frames_max);
        }
        if let Some(budget) = budget {
            stage = stage.with_budget(budget);
        }
        match self.history {
            Some(history) => stage.with_history(history),
            None => stage,
        }
    }

    /// A breach is a fault at the pace of the stream, and never changes the audio otherwise.
    fn budget(&self, part: &Part) -> Option<Budget> {
        let limits = &part.budget;
        if limits.time.is_none() && limits.memory.is_none() {
            return None;
        }
        Some(Budget {
            time_share: limits.time.as_ref().map(|share| share.value.0),
            memory_bytes: limits.memory.as_ref().map(|bytes| bytes.value.0),
            block_frames: self.frames_max,
            breach: match self.mode {
                Mode::Offline => Breach::Counts,
                Mode::RealTime => Breach::Fails,
            },
        })
    }
}

const fn on_error(word: Word) -> OnError {
    match word {
        Word::Bypass => OnError::Bypass,
        Word::Mute => OnError::Mute,
        Word::Hold => OnError::Hold,
        Word::Fallback => OnError::Fallback,
        Word::Stop => OnError::Stop,
    }
}

/// How the instance of a stage is made again after a failure, and when.
#[derive(Debug, Clone)]
pub(in crate::session) struct RestartTerms {
    recipe: Recipe,
    shape: Shape,
    /// How often, and how long after a failure.
    pub(in crate::session) attempts: Attempts,
}

impl RestartTerms {
    /// Those of a stage that is so late and gives such a signal.
    pub(in crate::session) fn new(
        restart: &Restart,
        recipe: &Recipe,
        layout_out: Layout,
        latency_frames: u64,
    ) -> Self {
        let place = &recipe.placement;
        let shape = place.shape(layout_out, latency_frames);
        Self {
            recipe: Recipe {
                placement: Placement {
                    layout_out: Some(layout_out),
                    latency_frames_max: latency_frames,
                    ..place.clone()
                },
                ..recipe.clone()
            },
            shape,
            attempts: attempts(restart, shape.sample_rate_hz),
        }
    }

    /// Makes another instance for the place. Foreign code: within a deadline.
    ///
    /// # Errors
    /// Why there is none.
    pub(in crate::session) fn make(&self) -> Result<Box<StageCandidate>, NotMade> {
        let made = self.recipe.make(&|_| {})?;
        let frames_max = self.recipe.placement.frames_max as usize;
        Ok(Box::new(StageCandidate::new(
            made.occupant,
            &self.shape,
            frames_max,
        )))
    }
}

/// Times are of the stream: they become frames here.
fn attempts(restart: &Restart, sample_rate_hz: u32) -> Attempts {
    let frames = |time: Duration| (time.as_secs_f64() * f64::from(sample_rate_hz)).round() as u64;
    Attempts {
        attempts_max: restart.attempts.value,
        delay_frames: frames(restart.delay.value),
        delay_frames_max: frames(restart.delay_max.value),
    }
}
