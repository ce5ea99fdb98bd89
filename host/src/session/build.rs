//! Build: instances of everything a configuration names, created and activated.
//!
//! In: bindings, and the generations that admission opened. Out: activated instances with their
//! layouts and latencies, and the network they form. Runs on a thread of its own with a deadline,
//! since every step is foreign code.

mod fallback;
mod paths;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use segue_plugin::declare::Layout;
use segue_plugin::fault::Refusal;
use segue_plugin::link::{Decision, Observer, Processor, Start};
use segue_plugin::setup::{Format, Mode, Timing};

use crate::config::model::Config;
use crate::id::PluginId;
use crate::loading::{CREATE_DEADLINE, Generation, Providers, within};
use crate::pipeline::{FEED_FRAMES, Network, SIDECHAINS_MAX};
use crate::session::bind::{Bindings, Bound};
use crate::session::build::fallback::live;
use crate::session::error::SessionError;
use crate::session::recipe::{Recipe, creation};
use crate::session::takes::takes;
use crate::session::wires::{ReadBy, Wires};

pub(super) use fallback::LiveFallback;

/// The longest latency of a stage, in frames: 21 s at 48 kHz. Delay lines of that length exist
/// for every path beside it.
pub(super) const LATENCY_FRAMES_MAX: u64 = 1 << 20;

/// The open library of each plugin, and what it may ask of others.
pub(super) type Opened = BTreeMap<PluginId, (Arc<Generation>, Arc<Providers>)>;

/// What instances are activated for.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The format of the input.
    pub format: Format,
    /// The longest block of stages.
    pub frames_max: u32,
    /// Off line or at the pace of the stream.
    pub mode: Mode,
}

/// A processor in its place.
#[derive(Debug)]
pub struct LiveStage {
    /// The instance.
    pub processor: Processor,
    /// Its own latency; that of the place is at least as much.
    pub latency_frames: u64,
    /// The component that is kept warm beside it.
    pub fallback: Option<LiveFallback>,
    /// How it was made, to make another.
    pub recipe: Recipe,
    /// What is fixed while it is active.
    pub facts: StageFacts,
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

/// An analyzer or metric in its place.
#[derive(Debug)]
pub struct LiveTap {
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
    pub stages: Vec<LiveStage>,
    /// Analyzers and metrics, in the order of the file.
    pub taps: Vec<LiveTap>,
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
        target: Target,
    ) -> Result<Self, Failed> {
        let step = Arc::new(Mutex::new(Step::default()));
        let builder = Builder {
            wires: Wires::of(config),
            bindings: bindings.clone(),
            opened: opened.clone(),
            target,
            step: Arc::clone(&step),
        };
        let built = within(CREATE_DEADLINE, move || builder.build());
        let step = step.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (stage, step) = (step.stage, step.text);
        let built = built.unwrap_or_else(|why| Err(SessionError::Missed { step, why }));
        built.map_err(|error| Failed {
            error: Box::new(error),
            stage,
        })
    }
}

/// Why there are no instances.
#[derive(Debug)]
pub struct Failed {
    /// What went wrong.
    pub error: Box<SessionError>,
    /// The stage whose instance could not be had, if that was it.
    pub stage: Option<usize>,
}

/// What is under way.
#[derive(Debug, Clone, Default)]
struct Step {
    /// For the message when it never ends.
    text: String,
    /// The stage that is made.
    stage: Option<usize>,
}

struct Builder {
    wires: Wires,
    bindings: Bindings,
    opened: Opened,
    target: Target,
    step: Arc<Mutex<Step>>,
}

impl Builder {
    fn build(&self) -> Result<Instances, SessionError> {
        let input = self.target.format.layout;
        let mut network = self.wires.bare(input.channels());
        let mut stages: Vec<Option<LiveStage>> = Vec::new();
        stages.resize_with(self.bindings.stages.len(), || None);
        for at in network.order()? {
            let live = self.stage(at, &stages)?;
            self.stage_is_made();
            network.stages[at].channels_out = live.facts.layout_out.channels();
            network.stages[at].latency_frames = live.facts.timing.latency_frames;
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

    fn stage(&self, at: usize, done: &[Option<LiveStage>]) -> Result<LiveStage, SessionError> {
        let bound = &self.bindings.stages[at];
        let who = format!("stage `{}`", bound.id);
        let (inputs, keys) = &self.wires.stages[at];
        let layout_in = self.common_layout(&who, bound, inputs, done)?;
        self.stage_begins(at);
        takes(&bound.component.capabilities.layouts, layout_in)
            .map_err(|refusal| refused(&who, bound, &refusal))?;
        let sidechains: Vec<_> = keys.iter().map(|key| self.layout(*key, done)).collect();
        if sidechains.len() > SIDECHAINS_MAX {
            let found = sidechains.len();
            let text = format!("{found} sidechains: this host carries {SIDECHAINS_MAX}");
            return Err(refused(&who, bound, &Refusal::new(text)));
        }
        let (generation, providers) = self.opened[&bound.plugin].clone();
        let recipe = Recipe {
            bound: bound.clone(),
            generation,
            providers,
            format: Format {
                layout: layout_in,
                ..self.target.format
            },
            frames_max: self.target.frames_max,
            mode: self.target.mode,
            sidechains,
        };
        let made = recipe.make(&|step| self.now(&who, step));
        let made = made.map_err(|refusal| refused(&who, bound, &refusal))?;
        if made.timing.latency_frames > LATENCY_FRAMES_MAX {
            return Err(SessionError::Latency {
                who,
                found: made.timing.latency_frames,
                max: LATENCY_FRAMES_MAX,
            });
        }
        let fallback = self.fallback(&recipe, made.layout_out)?;
        Ok(live(layout_in, made, fallback, recipe))
    }

    fn tap(&self, at: usize, done: &[Option<LiveStage>]) -> Result<LiveTap, SessionError> {
        let bound = &self.bindings.taps[at];
        let who = format!("tap `{}`", bound.id);
        let wiring = self.wires.taps[at];
        let sources: Vec<_> = [Some(wiring.from), wiring.reference]
            .into_iter()
            .flatten()
            .collect();
        let layout = self.common_layout(&who, bound, &sources, done)?;
        let (generation, providers) = &self.opened[&bound.plugin];
        self.now(&who, "create");
        let creation = creation(bound);
        let made = generation.observer(&bound.component.name, &creation, providers.clone());
        let mut observer = made.map_err(|refusal| refused(&who, bound, &refusal))?;
        self.now(&who, "activate");
        let format = Format {
            layout,
            ..self.target.format
        };
        let start = self.start(format, FEED_FRAMES as u32, &[], &[]);
        let activated = observer
            .validate_input(format)
            .and_then(|()| observer.activate(&start));
        let hop_frames = activated.map_err(|refusal| refused(&who, bound, &refusal))?;
        Ok(LiveTap {
            observer,
            layout,
            hop_frames,
        })
    }

    fn decide(&self, at: usize, taps: &[LiveTap]) -> Result<Decision, SessionError> {
        let bound = &self.bindings.decides[at];
        let who = format!("decision `{}`", bound.id);
        let (generation, providers) = &self.opened[&bound.plugin];
        self.now(&who, "create");
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
        self.now(&who, "activate");
        let start = self.start(self.target.format, FEED_FRAMES as u32, &[], &sources);
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
            mode: self.target.mode,
            sidechains,
            sources,
        }
    }

    fn now(&self, who: &str, step: &str) {
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

fn refused(who: &str, bound: &Bound, refusal: &Refusal) -> SessionError {
    SessionError::Refused {
        who: who.to_owned(),
        component: format!("{} {}", bound.address(), bound.version),
        text: refusal.to_string(),
    }
}
