//! Instance: from what is bound to a place to an instance that fits there.
//!
//! In: what is bound, the open library, and what the place gives and expects. Out: an activated
//! instance with what it says of itself, or why it does not fit; a stage of the engine around it;
//! of a call that nobody hears, whether a stage would let it pass. The start, changes, restarts and
//! fallbacks all make theirs here; how one ends stands here too.
//! Every step is foreign code: call it within a deadline, away from the audio thread.

mod layouts;
mod seat;

use std::sync::Arc;
use std::time::Duration;

use segue_plugin::declare::Layout;
use segue_plugin::fault::Refusal;
use segue_plugin::link::{Creation, Processor, Start};
use segue_plugin::setup::{Format, Mode, Timing};

use crate::loading::exercise::{self, CallOutcome, ExerciseBuffers, MakeStep, MakeSteps};
use crate::loading::meter::heap_counts;
use crate::loading::{Generation, Providers, begin_with};
use crate::observe::{FailureKind, Identity, StepKind};
use crate::pipeline::{Occupant, Shape, failure_kind};
use crate::session::bind::Bound;

pub(super) use layouts::accepts;
pub(super) use seat::{RestartTerms, StageParts};

/// The longest latency of an instance, in frames: 21 s at 48 kHz. Delay lines of that length exist
/// for every path beside it.
pub(super) const LATENCY_FRAMES_MAX: u64 = 1 << 20;

/// How long the end of an instance may take; after that its thread is abandoned.
pub(super) const DROP_DEADLINE: Duration = Duration::from_secs(10);

/// What a place gives an instance, and what it expects of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// What goes in.
    pub format: Format,
    /// The layouts of the further inputs.
    pub sidechains: Vec<Layout>,
    /// What has to come out; `None` where the place is new and whatever comes will do.
    pub layout_out: Option<Layout>,
    /// The most latency that it may have.
    pub latency_frames_max: u64,
    /// The longest block.
    pub frames_max: u32,
    /// Off line, or at the pace of the stream.
    pub mode: Mode,
}

impl Placement {
    /// A place that reads a signal, and takes whatever comes of it.
    pub(super) const fn new(format: Format, frames_max: u32, mode: Mode) -> Self {
        Self {
            format,
            sidechains: Vec::new(),
            layout_out: None,
            latency_frames_max: LATENCY_FRAMES_MAX,
            frames_max,
            mode,
        }
    }

    /// The place of a component that hears so many of the further inputs at most.
    pub(super) fn hearing(&self, sidechains: usize) -> Self {
        let mut place = self.clone();
        place.sidechains.truncate(sidechains);
        place
    }

    /// What an instance is activated for.
    pub(super) fn start(&self) -> Start<'_> {
        Start {
            format: self.format,
            frames_max: self.frames_max,
            mode: self.mode,
            sidechains: &self.sidechains,
            sources: &[],
        }
    }

    /// How many channels each of the further inputs has.
    pub(super) fn sidechain_channels(&self) -> Vec<usize> {
        self.sidechains.iter().map(|key| key.channels()).collect()
    }

    /// The same for the engine, once it is known how late the place is.
    pub(super) fn shape(&self, layout_out: Layout, latency_frames: u64) -> Shape {
        Shape {
            channels_in: self.format.layout.channels(),
            channels_out: layout_out.channels(),
            latency_frames,
            sample_rate_hz: self.format.sample_rate_hz,
        }
    }
}

/// A library that is open, with what it may ask of others.
#[derive(Debug, Clone)]
pub struct OpenLibrary {
    /// The open library.
    pub generation: Arc<Generation>,
    /// Its providers.
    pub providers: Arc<Providers>,
}

impl OpenLibrary {
    /// Creates a processor of it.
    pub(super) fn processor(&self, bound: &Bound) -> Result<Processor, Refusal> {
        let providers = Arc::clone(&self.providers);
        let name = &bound.component.name;
        self.generation.processor(name, &creation(bound), providers)
    }
}

/// Everything that it takes to make one processor of a library.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// What is bound to the place: component, parameters, settings.
    pub bound: Bound,
    /// Where it comes from.
    pub library: OpenLibrary,
    /// What it has to fit.
    pub placement: Placement,
}

/// A processor that was made and fits its place.
#[derive(Debug)]
pub struct Made {
    /// The instance, activated, as the engine takes it.
    pub occupant: Occupant,
    /// What comes out.
    pub layout_out: Layout,
    /// Latency and tail.
    pub timing: Timing,
}

/// Why there is no instance.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotMade {
    /// It says why.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// What comes out is not what the place needs.
    #[error("gives {found}, expected {expected} as the stage does")]
    Layout {
        /// What comes out.
        found: Layout,
        /// What the place needs.
        expected: Layout,
    },
    /// It is later than the place can be.
    #[error("reports {found} frames of latency, expected at most {max}")]
    Latency {
        /// What it reports.
        found: u64,
        /// What there is room for.
        max: u64,
    },
}

impl Recipe {
    /// Makes it, and holds it to its place; `step` is told what is under way. Thread: any but audio.
    ///
    /// # Errors
    /// What the component says, or why it does not fit; it has ended then.
    pub(super) fn make(&self, step: &dyn Fn(StepKind)) -> Result<Made, NotMade> {
        let create = || self.library.processor(&self.bound);
        let outputs = self.bound.component.outputs.len();
        make(create, &self.placement, outputs, step)
    }

    /// What an instance is made from.
    pub(super) fn identity(&self) -> Identity {
        Identity {
            component: self.bound.address(),
            version: self.bound.version.to_string(),
            sha256: self.library.generation.hash().to_string(),
        }
    }
}

/// Creates a processor with so many outputs and activates it, and holds it to its place.
///
/// # Errors
/// What the component says, or why it does not fit; it has ended then.
pub(super) fn make(
    create: impl FnOnce() -> Result<Processor, Refusal>,
    placement: &Placement,
    outputs: usize,
    step: &dyn Fn(StepKind),
) -> Result<Made, NotMade> {
    let before = heap_counts();
    let made = exercise::make(create, &placement.start(), &mut Told(step))?;
    let made = Made {
        occupant: Occupant {
            processor: made.processor,
            latency_frames: made.timing.latency_frames,
            held_bytes: heap_counts().since(before).net_bytes,
            outputs,
        },
        layout_out: made.layout_out,
        timing: made.timing,
    };
    match misfit(&made, placement) {
        None => Ok(made),
        Some(why) => {
            made.end();
            Err(why)
        }
    }
}

impl Made {
    /// Ends it here. Foreign code: within a deadline.
    pub(super) fn end(self) {
        end(self.occupant.processor);
    }
}

/// Ends an instance here. Foreign code: within a deadline.
pub(super) fn end(mut processor: Processor) {
    processor.deactivate();
}

/// Ends an instance on a thread of its own; not waited for longer than a deadline. Thread: any but
/// audio.
pub(super) fn end_within(processor: Processor) {
    match begin_with(DROP_DEADLINE, processor, end) {
        Ok(ending) => drop(ending.wait()),
        Err((_, processor)) => end(processor),
    }
}

/// Why a stage would count a call as failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CallFault {
    /// The component says why.
    #[error("{0}")]
    Said(String),
    /// The component does not say why.
    #[error("{0}")]
    Status(FailureKind),
    /// It left another floating-point mode.
    #[error("it left the processor in another floating-point mode")]
    FloatMode,
    /// Its output was not finite.
    #[error("its output was not finite while its input was")]
    NonFinite,
}

/// Whether a call went well.
///
/// # Errors
/// What the component says, or what was found.
pub(super) fn passed(processor: &Processor, outcome: CallOutcome) -> Result<(), CallFault> {
    if !outcome.status.is_ok() {
        return Err(match processor.fault_text() {
            text if text.is_empty() => CallFault::Status(failure_kind(outcome.status.code)),
            text => CallFault::Said(text),
        });
    }
    if outcome.mode_changed {
        return Err(CallFault::FloatMode);
    }
    match outcome.is_finite {
        true => Ok(()),
        false => Err(CallFault::NonFinite),
    }
}

/// Has blocks of silence processed; returns how many heap calls that took.
pub(super) fn silence(placement: &Placement, made: &mut Made) -> Result<u64, CallFault> {
    let (start, outputs) = (placement.start(), made.occupant.outputs);
    let mut buffers = ExerciseBuffers::new(&start, made.layout_out, outputs);
    let mut heap_calls = 0;
    exercise::silence(
        &mut made.occupant.processor,
        &mut buffers,
        |processor, call| {
            heap_calls += call.heap.calls();
            passed(processor, call)
        },
    )?;
    Ok(heap_calls)
}

/// Why an instance cannot be used in its place, if so.
fn misfit(made: &Made, placement: &Placement) -> Option<NotMade> {
    let (found, max) = (made.timing.latency_frames, placement.latency_frames_max);
    let given = made.layout_out;
    match placement.layout_out.filter(|out| *out != given) {
        Some(expected) => Some(NotMade::Layout {
            found: given,
            expected,
        }),
        None => (found > max).then_some(NotMade::Latency { found, max }),
    }
}

/// A stage is as late, and sounds on as long, as the later of its instance and its fallback.
pub(super) fn later(own: Timing, other: Option<Timing>) -> Timing {
    let other = other.unwrap_or(Timing::NONE);
    Timing {
        latency_frames: own.latency_frames.max(other.latency_frames),
        tail_frames: own.tail_frames.max(other.tail_frames),
    }
}

/// Tells somebody which step is under way. That of asking for the format is part of the activation.
struct Told<'a>(&'a dyn Fn(StepKind));

impl MakeSteps for Told<'_> {
    type Error = NotMade;

    fn run<R>(
        &mut self,
        step: MakeStep,
        body: impl FnOnce() -> Result<R, Refusal>,
    ) -> Result<R, NotMade> {
        match step {
            MakeStep::Create => self.0(StepKind::Create),
            MakeStep::Validate => self.0(StepKind::Activate),
            MakeStep::Activate => {}
        }
        Ok(body()?)
    }
}

/// What a bound component is created with.
pub(super) fn creation(bound: &Bound) -> Creation<'_> {
    Creation {
        name: &bound.id,
        resource_dir: None,
        settings: &bound.settings,
        params: &bound.params,
    }
}
