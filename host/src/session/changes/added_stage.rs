//! Added stage: a stage that comes with another schedule.
//!
//! In: the instances that were prepared for it, its fallback's among them. Out: a stage in the
//! shape that they give it, as `session::start` would have made it.

use segue_plugin::link::Processor;
use segue_plugin::setup::Timing;

use crate::config::model::StageConfig as Part;
use crate::pipeline::{Shape, Stage};
use crate::session::build::StageFacts;
use crate::session::candidate::Prepared;
use crate::session::changes::describe::fallback_of;
use crate::session::changes::machine::{ChangeMachine, Seating};
use crate::session::changes::plan::Plan;
use crate::session::changes::second_instance::FirstInstance;
use crate::session::instance::{Placement, Recipe, StageParts, later};
use crate::session::running_stages::RunningStage;
use crate::swap::ask::HeardSignal;

/// A stage that comes.
pub(super) struct AddedStage {
    pub(super) own: Prepared,
    /// The component that is kept warm beside it.
    fallback: Option<Prepared>,
    part: Option<Part>,
    /// The first instance of a stage that starts anew as a second one.
    pub(super) first: Option<FirstInstance>,
}

impl AddedStage {
    /// How late the stage is: as the later of its instance and its fallback.
    pub(super) fn latency_frames(&self) -> u64 {
        self.timing().latency_frames
    }

    /// How late it is, and how long it sounds on.
    pub(super) fn timing(&self) -> Timing {
        // What lets everything through is held back to the latency that its stage has.
        let place = self.first.as_ref().filter(|_| self.own.recipe.is_none());
        let place_frames = place.map_or(0, |first| first.latency_frames);
        let other = self.fallback.as_ref().map(|other| other.made.timing);
        let timing = later(self.own.made.timing, other);
        Timing {
            latency_frames: timing.latency_frames.max(place_frames),
            ..timing
        }
    }

    /// How its instance is made again, and what stands in for it.
    pub(super) fn recipe(&self) -> Option<Recipe> {
        let mut recipe = self.own.recipe.clone()?;
        let fallback = self.fallback.as_ref().and_then(|one| one.recipe.as_ref());
        recipe.bound.fallback = fallback.map(|other| Box::new(other.bound.clone()));
        Some(recipe)
    }

    /// What the stage is from now on, as this part of the configuration says.
    pub(super) fn running(&self, part: &Part) -> Option<RunningStage> {
        let first = self.first.as_ref().map(|first| &first.running);
        let Some(recipe) = self.recipe() else {
            return first.cloned();
        };
        let own = &self.own;
        let facts = StageFacts {
            layout_in: recipe.placement.format.layout,
            layout_out: own.made.layout_out,
            timing: self.timing(),
            held_bytes: own.made.occupant.held_bytes,
        };
        let same = first.filter(|first| first.identity() == own.identity);
        Some(RunningStage {
            id: part.id.value.clone(),
            part: part.part.clone(),
            facts,
            own_latency_frames: own.made.timing.latency_frames,
            recipe,
            heard: HeardSignal::Processed,
            before: same.and_then(|first| first.before.clone()),
        })
    }

    /// Takes the instances out, to end them.
    pub(super) fn into_processors(self) -> impl Iterator<Item = Processor> {
        let all = std::iter::once(self.own).chain(self.fallback);
        all.map(|one| one.made.occupant.processor)
    }
}

impl Seating<'_> {
    /// What was prepared, each fallback with its stage.
    pub(super) fn added_stages(&self, prepared: Vec<Prepared>, plan: &Plan) -> Vec<AddedStage> {
        let (mut fallbacks, own): (Vec<_>, Vec<_>) = prepared.into_iter().partition(|one| {
            !plan
                .config
                .stages
                .iter()
                .any(|stage| stage.id.value.as_str() == one.stage)
        });
        let added = |own: Prepared| {
            let name = fallback_of(&own.stage);
            let at = fallbacks.iter().position(|one| one.stage == name);
            let mut stages = plan.config.stages.iter();
            AddedStage {
                fallback: at.map(|at| fallbacks.swap_remove(at)),
                part: stages
                    .find(|stage| stage.id.value.as_str() == own.stage)
                    .cloned(),
                first: self.first(plan, &own.stage),
                own,
            }
        };
        own.into_iter().map(added).collect()
    }
}

impl ChangeMachine {
    /// The stage, in the shape that its instances give it.
    pub(super) fn new_stage(&mut self, added: AddedStage, number: usize) -> Stage {
        let latency_frames = added.latency_frames();
        let AddedStage {
            own,
            fallback,
            part,
            first,
        } = added;
        let first = first.map(|first| first.running.recipe);
        let recipe = own.recipe.as_ref().or(first.as_ref());
        let place = recipe.map(|recipe| &recipe.placement);
        let channels_out = own.made.layout_out.channels();
        let shape = Shape {
            channels_in: place.map_or(channels_out, |place| place.format.layout.channels()),
            channels_out,
            latency_frames,
            sample_rate_hz: self.setup.sample_rate_hz,
        };
        let keys = place.map_or_else(Vec::new, Placement::sidechain_channels);
        let fallback = fallback.map(|other| {
            let place = other.recipe.as_ref().map(|recipe| &recipe.placement);
            let sidechains = place.map_or(0, |place| place.sidechains.len());
            (other.made.occupant, sidechains)
        });
        let parts = StageParts {
            own: own.made.occupant,
            fallback,
            part: part.as_ref(),
            history: self.setup.histories.add(number, shape, keys),
            shape,
            frames_max: self.setup.frames_max,
            mode: self.setup.mode,
        };
        parts.stage()
    }
}
