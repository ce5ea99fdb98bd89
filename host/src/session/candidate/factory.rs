//! Factory: how the instances of a candidate are made, as many as are needed.
//!
//! In: what is to fill a stage, held against the component's manifest. Out: activated instances,
//! all alike; or why there are none.

use std::sync::Arc;

use segue_plugin::declare::{Heap, RealTime, Span};
use segue_plugin::fault::Refusal;
use segue_plugin::link::{Creation, NoServices, Processor, Services, built_in};
use segue_plugin::setup::{Mode, frames};

use crate::observe::{Identity, StepKind};
use crate::session::bind::Bound;
use crate::session::candidate::pass_through::PassThrough;
use crate::session::candidate::values::Values;
use crate::session::candidate::{Implementation, PrepareRequest, Refused};
use crate::session::instance::{Made, OpenLibrary, Placement, Recipe, make};

/// What a component that is linked in is created by.
pub(super) type Create = fn(&Creation<'_>, Arc<dyn Services>) -> Result<Processor, Refusal>;

/// Makes the instances of a candidate.
#[derive(Debug)]
pub(super) struct Factory {
    pub(super) source: Source,
    pub(super) identity: Identity,
    pub(super) placement: Placement,
    pub(super) declared: Declared,
    /// What a reader of the receipt should know.
    pub(super) notes: Vec<String>,
}

/// Where instances come from.
#[derive(Debug)]
pub(super) enum Source {
    /// A component of an open library.
    Library(Box<Bound>, OpenLibrary),
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

impl From<Recipe> for Factory {
    fn from(recipe: Recipe) -> Self {
        let capabilities = &recipe.bound.component.capabilities;
        Self {
            identity: recipe.identity(),
            declared: Declared {
                latency: capabilities.latency,
                real_time: capabilities.real_time,
                outputs: recipe.bound.component.outputs.len(),
                heap: recipe.bound.heap,
            },
            source: Source::Library(Box::new(recipe.bound), recipe.library),
            placement: recipe.placement,
            notes: Vec::new(),
        }
    }
}

impl Factory {
    /// The factory for what is asked for.
    pub(super) fn of(request: &PrepareRequest) -> Result<Self, Refused> {
        match &request.implementation {
            Implementation::Bypass => Self::bypass(request),
            Implementation::Component { found, .. } => {
                let Values { bound, notes } = Values::of(request)?;
                // As at the start: a fallback hears as many of its stage's sidechains as it takes.
                let takes = usize::from(bound.component.capabilities.sidechains);
                let recipe = Recipe {
                    bound,
                    library: found.library.clone(),
                    placement: request.placement.hearing(takes),
                };
                Ok(Self {
                    notes,
                    ..recipe.into()
                })
            }
        }
    }

    /// The pass-through, where what comes in may come out.
    fn bypass(request: &PrepareRequest) -> Result<Self, Refused> {
        let (layout_in, stage) = (request.placement.format.layout, &request.stage);
        if let Some(layout_out) = request.placement.layout_out.filter(|out| *out != layout_in) {
            return Err(Refused::Text(format!(
                "stage `{stage}` turns {layout_in} into {layout_out}, so its input cannot be heard \
                 in its place"
            )));
        }
        Ok(Self {
            source: Source::BuiltIn(built_in::processor::<PassThrough>),
            identity: Identity {
                component: "bypass".to_owned(),
                version: String::new(),
                sha256: String::new(),
            },
            // The main input is all that is heard.
            placement: request.placement.hearing(0),
            declared: Declared {
                latency: Span::Frames(0),
                real_time: RealTime::Safe,
                outputs: 0,
                heap: Heap::Metered,
            },
            notes: Vec::new(),
        })
    }

    /// Whether the rehearsal of its instances says nothing about what is heard: they are not made
    /// alike. Off line neither is held to a time.
    pub(super) fn is_another(&self, predecessor: &Recipe) -> bool {
        let Source::Library(new, library) = &self.source else {
            return false;
        };
        let (old, place) = (&predecessor.bound, &predecessor.placement);
        let is_alike = predecessor.library.generation.hash() == library.generation.hash()
            && old.component.name == new.component.name
            && old.params == new.params
            && old.settings == new.settings
            && place.format == self.placement.format
            && place.frames_max == self.placement.frames_max
            && place.sidechains == self.placement.sidechains;
        self.placement.mode == Mode::RealTime && !is_alike
    }

    /// A refusal of this candidate, which people call `acme.warmth/tube 1.1.0`.
    pub(super) fn refused(&self, text: impl std::fmt::Display) -> Refused {
        let Identity {
            component, version, ..
        } = &self.identity;
        let space = if version.is_empty() { "" } else { " " };
        Refused::Text(format!("{component}{space}{version}: {text}"))
    }

    /// What is bound, where it is a component of a library.
    pub(super) fn bound(&self) -> Option<&Bound> {
        match &self.source {
            Source::Library(bound, _) => Some(bound),
            Source::BuiltIn(_) => None,
        }
    }

    /// How instances like this one are made later; `None` for what is linked in.
    pub(super) fn into_recipe(self, made: &Made) -> Option<Recipe> {
        match self.source {
            Source::Library(bound, library) => Some(Recipe {
                bound: *bound,
                library,
                placement: Placement {
                    layout_out: Some(made.layout_out),
                    ..self.placement
                },
            }),
            Source::BuiltIn(_) => None,
        }
    }

    /// Makes an instance, and holds it to its place and to what its manifest says.
    pub(super) fn make(&self, step: &dyn Fn(StepKind)) -> Result<Made, Refused> {
        let create = || match &self.source {
            Source::Library(bound, library) => library.processor(bound),
            Source::BuiltIn(create) => create(&Creation::default(), Arc::new(NoServices)),
        };
        let made = make(create, &self.placement, self.declared.outputs, step);
        let made = made.map_err(|why| self.refused(why))?;
        match self.undeclared(&made) {
            None => Ok(made),
            Some(text) => {
                made.end();
                Err(self.refused(text))
            }
        }
    }

    /// What an instance does otherwise than its manifest says, if it does.
    fn undeclared(&self, made: &Made) -> Option<String> {
        let rate_hz = self.placement.format.sample_rate_hz;
        let found = made.timing.latency_frames;
        let declared = frames(self.declared.latency, rate_hz);
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
        match (self.placement.mode, self.declared.real_time) {
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
