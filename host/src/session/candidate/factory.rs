//! Factory: how the instances of a candidate are made, as many as are needed.
//!
//! In: what is to fill a stage, held against the component's manifest. Out: activated instances,
//! all alike; or why there are none.

use std::sync::Arc;

use segue_plugin::declare::{Heap, RealTime, Span};
use segue_plugin::fault::Refusal;
use segue_plugin::link::{Creation, NoServices, Processor, Services, Start, built_in};
use segue_plugin::setup::{Mode, frames};

use crate::observe::Identity;
use crate::session::build::LATENCY_FRAMES_MAX;
use crate::session::candidate::bypass::Through;
use crate::session::candidate::values::Values;
use crate::session::candidate::{Filling, Refused, Spot, Wanted};
use crate::session::recipe::{Made, Recipe, make};

/// What a component that is linked in is created by.
pub(super) type Create = fn(&Creation<'_>, Arc<dyn Services>) -> Result<Processor, Refusal>;

/// Makes the instances of a candidate.
#[derive(Debug)]
pub(super) struct Factory {
    pub(super) source: Source,
    /// What people call it: `acme.warmth/tube 1.1.0`.
    pub(super) name: String,
    pub(super) identity: Identity,
    pub(super) spot: Spot,
    pub(super) declared: Declared,
    /// What a reader of the receipt should know.
    pub(super) notes: Vec<String>,
}

/// Where instances come from.
#[derive(Debug)]
pub(super) enum Source {
    /// An open library.
    Library(Box<Recipe>),
    /// A component that is linked in.
    BuiltIn(Create),
}

/// What a manifest says that instances are held to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Declared {
    pub(super) latency: Span,
    pub(super) real_time: RealTime,
    pub(super) outputs: usize,
    pub(super) heap: Heap,
}

impl Factory {
    /// The factory for what is wanted.
    pub(super) fn of(wanted: &Wanted) -> Result<Self, Refused> {
        match &wanted.filling {
            Filling::Bypass => Self::bypass(wanted),
            Filling::Component { found, .. } => {
                let Values { bound, notes } = Values::of(wanted)?;
                let generation = &found.runs.generation;
                let capabilities = &bound.component.capabilities;
                Ok(Self {
                    name: format!("{} {}", bound.address(), bound.version),
                    identity: Identity {
                        component: bound.address(),
                        version: bound.version.to_string(),
                        sha256: generation.hash().to_string(),
                    },
                    declared: Declared {
                        latency: capabilities.latency,
                        real_time: capabilities.real_time,
                        outputs: bound.component.outputs.len(),
                        heap: bound.heap,
                    },
                    source: Source::Library(Box::new(Recipe {
                        bound,
                        generation: Arc::clone(generation),
                        providers: Arc::clone(&found.runs.providers),
                        format: wanted.spot.format,
                        frames_max: wanted.spot.frames_max,
                        mode: wanted.spot.mode,
                        sidechains: wanted.spot.sidechains.clone(),
                    })),
                    spot: wanted.spot.clone(),
                    notes,
                })
            }
        }
    }

    /// The pass-through, where what comes in may come out.
    fn bypass(wanted: &Wanted) -> Result<Self, Refused> {
        let (layout_in, stage) = (wanted.spot.format.layout, &wanted.stage);
        if let Some(layout_out) = wanted.spot.layout_out.filter(|out| *out != layout_in) {
            return Err(Refused::Text(format!(
                "stage `{stage}` turns {layout_in} into {layout_out}, so its input cannot be heard \
                 in its place"
            )));
        }
        Ok(Self {
            source: Source::BuiltIn(built_in::processor::<Through>),
            name: "bypass".to_owned(),
            identity: Identity {
                component: "bypass".to_owned(),
                version: String::new(),
                sha256: String::new(),
            },
            // The main input is all that is heard.
            spot: Spot {
                sidechains: Vec::new(),
                ..wanted.spot.clone()
            },
            declared: Declared {
                latency: Span::Frames(0),
                real_time: RealTime::Safe,
                outputs: 0,
                heap: Heap::Metered,
            },
            notes: Vec::new(),
        })
    }

    /// A refusal of this candidate.
    pub(super) fn refused(&self, text: impl std::fmt::Display) -> Refused {
        Refused::Text(format!("{}: {text}", self.name))
    }

    /// Makes an instance, and holds it to its place and to what its manifest says.
    pub(super) fn make(&self, step: &dyn Fn(&str)) -> Result<Made, Refused> {
        let made = match &self.source {
            Source::Library(recipe) => recipe.make(step),
            Source::BuiltIn(create) => {
                let start = Start {
                    format: self.spot.format,
                    frames_max: self.spot.frames_max,
                    mode: self.spot.mode,
                    sidechains: &self.spot.sidechains,
                    sources: &[],
                };
                let create = || create(&Creation::default(), Arc::new(NoServices));
                make(create, &start, step)
            }
        };
        let made = made.map_err(|refusal| self.refused(refusal))?;
        match self.misfit(&made) {
            None => Ok(made),
            Some(text) => {
                end(made.processor);
                Err(self.refused(text))
            }
        }
    }

    /// Why an instance cannot be used in its place, if so.
    fn misfit(&self, made: &Made) -> Option<String> {
        let (found, rate) = (made.timing.latency_frames, self.spot.format.sample_rate_hz);
        if let Some(expected) = self.spot.layout_out.filter(|out| *out != made.layout_out) {
            let given = made.layout_out;
            return Some(format!(
                "gives {given}, expected {expected} as the stage does"
            ));
        }
        if found > LATENCY_FRAMES_MAX {
            return Some(format!(
                "reports {found} frames of latency, expected at most {LATENCY_FRAMES_MAX}"
            ));
        }
        let declared = frames(self.declared.latency, rate);
        let agrees = match self.declared.latency {
            Span::Varies => true,
            Span::Frames(_) => found == declared,
            // Its own rounding may be another one.
            Span::Seconds(_) => found.abs_diff(declared) <= 1,
        };
        (!agrees).then(|| {
            format!("reports {found} frames of latency, expected {declared} as its manifest says")
        })
    }

    /// Why it may not enter a live session by what it says of itself, if so.
    pub(super) fn unfit_live(&self) -> Option<&'static str> {
        match (self.spot.mode, self.declared.real_time) {
            (Mode::Offline, _) | (_, RealTime::Safe) => None,
            (Mode::RealTime, RealTime::WarmsUp) => Some(
                "its first call on each thread may allocate, as its manifest says: it does not \
                 enter a live session; have it there at the start, or swap it off line",
            ),
            (Mode::RealTime, RealTime::Offline) => {
                Some("its manifest says that it runs off line and in workers only")
            }
        }
    }
}

/// Ends an instance. Foreign code: within a deadline.
pub(super) fn end(mut processor: Processor) {
    processor.deactivate();
}
