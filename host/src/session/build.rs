//! Build: instances of everything a configuration names, created and activated.
//!
//! In: bindings, and the generations that admission opened. Out: activated instances with their
//! layouts and latencies, and the network they form. Runs on a thread of its own with a deadline,
//! since every step is foreign code.

mod paths;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::iter;
use std::sync::{Arc, Mutex, PoisonError};

use segue_plugin::declare::Layout;
use segue_plugin::fault::Refusal;
use segue_plugin::link::{Decision, Observer, Processor, Start};
use segue_plugin::setup::{Format, Timing};

use crate::config::model::Config;
use crate::id::PluginId;
use crate::loading::{CREATE_DEADLINE, within};
use crate::observe::StepKind;
use crate::pipeline::{FEED_FRAMES, Network, ReadBy, SIDECHAINS_MAX};
use crate::session::bind::{Bindings, Bound};
use crate::session::error::SessionError;
use crate::session::instance::{
    Made, NotMade, OpenLibrary, Placement, Recipe, accepts, creation, later,
};
use crate::session::wires::Wires;

/// The open library of each plugin.
pub(super) type Opened = BTreeMap<PluginId, OpenLibrary>;

/// An instance in its place.
#[derive(Debug)]
pub struct Placed {
    /// The instance.
    pub made: Made,
    /// How it was made, to make another.
    pub recipe: Recipe,
}

/// A stage with its instances.
#[derive(Debug)]
pub struct BuiltStage {
    /// What is heard.
    pub own: Placed,
    /// The component that is kept warm beside it, in the same place.
    pub fallback: Option<Placed>,
}

/// What is fixed while a stage is active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageFacts {
    /// What goes in.
    pub layout_in: Layout,
    /// What comes out.
    pub layout_out: Layout,
    /// Latency and tail.
    pub timing: Timing,
    /// Bytes it took to create and activate.
    pub held_bytes: i64,
}

impl BuiltStage {
    /// A stage is as late, and sounds on as long, as the later of its instances.
    #[must_use]
    pub fn facts(&self) -> StageFacts {
        let Placed { made, recipe } = &self.own;
        let other = self.fallback.as_ref().map(|other| other.made.timing);
        StageFacts {
            layout_in: recipe.placement.format.layout,
            layout_out: made.layout_out,
            timing: later(made.timing, other),
            held_bytes: made.occupant.held_bytes,
        }
    }

    /// Takes its instances out, to end them.
    pub fn into_processors(self) -> impl Iterator<Item = Processor> {
        let all = iter::once(self.own).chain(self.fallback);
        all.map(|placed| placed.made.occupant.processor)
    }
}

/// An analyzer or metric in its place.
#[derive(Debug)]
pub struct BuiltTap {
    /// The instance.
    pub observer: Observer,
    /// What it looks at.
    pub layout: Layout,
    /// How often it emits, 0 for never.
    pub hop_frames: u32,
}

/// Everything a configuration names, activated.
#[derive(Debug)]
pub struct Instances {
    /// Processors, in the order of the file.
    pub stages: Vec<BuiltStage>,
    /// Analyzers and metrics, in the order of the file.
    pub taps: Vec<BuiltTap>,
    /// Decision engines, in the order of the file.
    pub decides: Vec<Decision>,
    /// How they are connected.
    pub network: Network,
}

impl Instances {
    /// Creates and activates everything, within a deadline.
    ///
    /// # Errors
    /// What a component says, or that one did not answer, and which stage was under way.
    pub fn create(
        config: &Config,
        bindings: &Bindings,
        opened: &Opened,
        place: &Placement,
    ) -> Result<Self, BuildFailure> {
        let step = Arc::new(Mutex::new(BuildStep::default()));
        let builder = Builder {
            wires: Wires::of(config),
            bindings: bindings.clone(),
            opened: opened.clone(),
            place: place.clone(),
            step: Arc::clone(&step),
        };
        let built = within(CREATE_DEADLINE, move || builder.build());
        let step = step.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (stage, step) = (step.stage, step.text);
        let built = built.unwrap_or_else(|why| Err(SessionError::Missed { step, why }));
        built.map_err(|error| BuildFailure {
            error: Box::new(error),
            stage,
        })
    }
}

/// Why there are no instances.
#[derive(Debug)]
pub struct BuildFailure {
    /// What went wrong.
    pub error: Box<SessionError>,
    /// The stage whose instance could not be had, if that was it.
    pub stage: Option<usize>,
}

/// What is under way.
#[derive(Debug, Clone, Default)]
struct BuildStep {
    /// For the message when it never ends.
    text: String,
    /// The stage that is made.
    stage: Option<usize>,
}

struct Builder {
    wires: Wires,
    bindings: Bindings,
    opened: Opened,
    place: Placement,
    step: Arc<Mutex<BuildStep>>,
}

impl Builder {
    fn build(&self) -> Result<Instances, SessionError> {
        let input = self.place.format.layout;
        let mut network = self.wires.bare(input.channels());
        let mut stages: Vec<Option<BuiltStage>> = Vec::new();
        stages.resize_with(self.bindings.stages.len(), || None);
        for at in network.order()? {
            let live = self.stage(at, &stages)?;
            self.stage_is_made();
            let facts = live.facts();
            network.stages[at].channels_out = facts.layout_out.channels();
            network.stages[at].latency_frames = facts.timing.latency_frames;
            stages[at] = Some(live);
        }
        self.common_wires(&stages)?;
        let taps = (0..self.bindings.taps.len()).map(|at| self.tap(at, &stages));
        let taps = taps.collect::<Result<Vec<_>, _>>()?;
        let decides = (0..self.bindings.decides.len()).map(|at| self.decide(at, &taps));
        let decides = decides.collect::<Result<Vec<_>, _>>()?;
        Ok(Instances {
            stages: stages.into_iter().flatten().collect(),
            taps,
            decides,
            network,
        })
    }

    fn stage(&self, at: usize, done: &[Option<BuiltStage>]) -> Result<BuiltStage, SessionError> {
        let bound = &self.bindings.stages[at];
        let who = format!("stage `{}`", bound.id);
        let (inputs, keys) = &self.wires.stages[at];
        let layout_in = self.common_layout(&who, bound, inputs, done)?;
        self.stage_begins(at);
        accepts(&bound.component.capabilities.layouts, layout_in)
            .map_err(|refusal| refused(&who, bound, &refusal))?;
        let sidechains: Vec<_> = keys.iter().map(|key| self.layout(*key, done)).collect();
        if sidechains.len() > SIDECHAINS_MAX {
            let found = sidechains.len();
            let text = format!("{found} sidechains: this host carries {SIDECHAINS_MAX}");
            return Err(refused(&who, bound, &Refusal::new(text)));
        }
        let place = Placement {
            format: Format {
                layout: layout_in,
                ..self.place.format
            },
            sidechains,
            ..self.place.clone()
        };
        let own = self.placed(&who, bound, place)?;
        let fallback = bound.fallback.as_deref().map(|fallback| {
            let who = format!("the fallback of stage `{}`", bound.id);
            let takes = usize::from(fallback.component.capabilities.sidechains);
            self.placed(&who, fallback, own.recipe.placement.hearing(takes))
        });
        let fallback = fallback.transpose()?;
        Ok(BuiltStage { own, fallback })
    }

    /// Makes an instance for a place, which from then on expects what comes out of it.
    fn placed(&self, who: &str, bound: &Bound, place: Placement) -> Result<Placed, SessionError> {
        let mut recipe = Recipe {
            bound: bound.clone(),
            library: self.opened[&bound.plugin].clone(),
            placement: place,
        };
        let made = recipe.make(&|step| self.now(who, step));
        let made = made.map_err(|why| match why {
            NotMade::Latency { found, max } => SessionError::Latency {
                who: who.to_owned(),
                found,
                max,
            },
            NotMade::Refused(_) | NotMade::Layout { .. } => refused(who, bound, &why),
        })?;
        recipe.placement.layout_out = Some(made.layout_out);
        Ok(Placed { made, recipe })
    }

    fn tap(&self, at: usize, done: &[Option<BuiltStage>]) -> Result<BuiltTap, SessionError> {
        let bound = &self.bindings.taps[at];
        let who = format!("tap `{}`", bound.id);
        let wiring = self.wires.taps[at];
        let sources: Vec<_> = [Some(wiring.from), wiring.reference]
            .into_iter()
            .flatten()
            .collect();
        let layout = self.common_layout(&who, bound, &sources, done)?;
        let OpenLibrary {
            generation,
            providers,
        } = &self.opened[&bound.plugin];
        self.now(&who, StepKind::Create);
        let creation = creation(bound);
        let made = generation.observer(&bound.component.name, &creation, providers.clone());
        let mut observer = made.map_err(|refusal| refused(&who, bound, &refusal))?;
        self.now(&who, StepKind::Activate);
        let format = Format {
            layout,
            ..self.place.format
        };
        let start = self.start(format, FEED_FRAMES as u32, &[], &[]);
        let activated = observer
            .validate_input(format)
            .and_then(|()| observer.activate(&start));
        let hop_frames = activated.map_err(|refusal| refused(&who, bound, &refusal))?;
        Ok(BuiltTap {
            observer,
            layout,
            hop_frames,
        })
    }

    fn decide(&self, at: usize, taps: &[BuiltTap]) -> Result<Decision, SessionError> {
        let bound = &self.bindings.decides[at];
        let who = format!("decision `{}`", bound.id);
        let OpenLibrary {
            generation,
            providers,
        } = &self.opened[&bound.plugin];
        self.now(&who, StepKind::Create);
        let creation = creation(bound);
        let made = generation.decision(&bound.component.name, &creation, providers.clone());
        let mut decision = made.map_err(|refusal| refused(&who, bound, &refusal))?;
        let source = |read: &ReadBy| match *read {
            ReadBy::Tap(tap) => {
                let read = &self.bindings.taps[tap];
                let ids = read
                    .component
                    .readings
                    .iter()
                    .map(|reading| reading.id.clone());
                (read.id.clone(), ids.collect(), taps[tap].layout.channels())
            }
            ReadBy::Stage(stage) => {
                let read = &self.bindings.stages[stage];
                let ids = read
                    .component
                    .outputs
                    .iter()
                    .map(|output| output.id.clone());
                (read.id.clone(), ids.collect(), 1)
            }
        };
        let sources: Vec<_> = self.wires.reads[at].iter().map(source).collect();
        self.now(&who, StepKind::Activate);
        let start = self.start(self.place.format, FEED_FRAMES as u32, &[], &sources);
        decision
            .activate(&start)
            .map_err(|refusal| refused(&who, bound, &refusal))?;
        Ok(decision)
    }

    fn start<'a>(
        &self,
        format: Format,
        frames_max: u32,
        sidechains: &'a [Layout],
        sources: &'a [(String, Vec<String>, usize)],
    ) -> Start<'a> {
        Start {
            format,
            frames_max,
            mode: self.place.mode,
            sidechains,
            sources,
        }
    }

    fn now(&self, who: &str, step: StepKind) {
        let mut now = self.step.lock().unwrap_or_else(PoisonError::into_inner);
        now.text = format!("{step} of {who}");
    }

    /// From here on it is this stage that fails.
    fn stage_begins(&self, at: usize) {
        let mut now = self.step.lock().unwrap_or_else(PoisonError::into_inner);
        now.stage = Some(at);
    }

    fn stage_is_made(&self) {
        let mut now = self.step.lock().unwrap_or_else(PoisonError::into_inner);
        now.stage = None;
    }
}

fn refused(who: &str, bound: &Bound, why: &dyn Display) -> SessionError {
    SessionError::Refused {
        who: who.to_owned(),
        component: format!("{} {}", bound.address(), bound.version),
        text: why.to_string(),
    }
}
