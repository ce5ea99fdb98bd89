//! Fallback: the component that is kept warm beside a stage.
//!
//! In: how the stage's own instance was made. Out: an instance of the fallback for the same place,
//! or a sentence about why it does not fit there.

use segue_plugin::declare::Layout;
use segue_plugin::fault::Refusal;
use segue_plugin::setup::Timing;

use crate::session::build::{Builder, LATENCY_FRAMES_MAX, LiveStage, StageFacts, refused};
use crate::session::error::SessionError;
use crate::session::recipe::{Made, Recipe};

/// A fallback in its place.
#[derive(Debug)]
pub struct LiveFallback {
    /// What was made.
    pub made: Made,
    /// How many of the stage's sidechains it takes.
    pub sidechains: usize,
}

impl Builder {
    /// The fallback of the place that `recipe` is for, where it has one; what comes out has to be
    /// of the layout of the stage.
    pub(super) fn fallback(
        &self,
        recipe: &Recipe,
        layout_out: Layout,
    ) -> Result<Option<LiveFallback>, SessionError> {
        let Some(bound) = recipe.bound.fallback.as_deref() else {
            return Ok(None);
        };
        let who = format!("the fallback of stage `{}`", recipe.bound.id);
        let (generation, providers) = self.opened[&bound.plugin].clone();
        let takes = usize::from(bound.component.capabilities.sidechains);
        let sidechains = recipe.sidechains.len().min(takes);
        let own = Recipe {
            bound: bound.clone(),
            generation,
            providers,
            sidechains: recipe.sidechains[..sidechains].to_vec(),
            ..recipe.clone()
        };
        let made = own.make(&|step| self.now(&who, step));
        let made = made.map_err(|refusal| refused(&who, bound, &refusal))?;
        if made.layout_out != layout_out {
            let found = made.layout_out;
            let text = format!("gives {found}, expected {layout_out} as the stage does");
            return Err(refused(&who, bound, &Refusal::new(text)));
        }
        if made.timing.latency_frames > LATENCY_FRAMES_MAX {
            return Err(SessionError::Latency {
                who,
                found: made.timing.latency_frames,
                max: LATENCY_FRAMES_MAX,
            });
        }
        Ok(Some(LiveFallback { made, sidechains }))
    }
}

/// A stage is as late, and sounds on as long, as the later of its instance and its fallback.
pub(super) fn live(
    layout_in: Layout,
    made: Made,
    fallback: Option<LiveFallback>,
    recipe: Recipe,
) -> LiveStage {
    let other = fallback.as_ref().map(|fallback| fallback.made.timing);
    let other = other.unwrap_or(Timing::NONE);
    let facts = StageFacts {
        layout_in,
        layout_out: made.layout_out,
        timing: Timing {
            latency_frames: made.timing.latency_frames.max(other.latency_frames),
            tail_frames: made.timing.tail_frames.max(other.tail_frames),
        },
        held_bytes: made.held_bytes,
    };
    LiveStage {
        processor: made.processor,
        latency_frames: made.timing.latency_frames,
        fallback,
        recipe,
        facts,
    }
}
