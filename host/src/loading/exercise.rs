//! Exercise: a processor is made, and called as on the air, while nobody hears it.
//!
//! In: what creates it, what it is activated for, and blocks of input. Out: the instance with what
//! it says of itself; how each of its calls ended, and what that did on the heap. The probe does so
//! in its child and a session on threads of its own, both by what stands here.

use segue_media::audio::{Buffer, is_finite};
use segue_plugin::abi::audio::Span;
use segue_plugin::declare::Layout;
use segue_plugin::fault::Refusal;
use segue_plugin::link::{
    AudioView, AudioViewMut, Block, CallStatus, Flags, Processor, Record, Start,
};
use segue_plugin::setup::Timing;

use crate::cpu::FloatMode;
use crate::loading::meter::{HeapCounts, RealTimeScope, heap_counts};

/// How many notes and events a call may leave behind here; the rest is lost, as all of them are.
const RECORDS: usize = 64;

/// A step of making a processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MakeStep {
    /// It is created.
    Create,
    /// It is asked what it makes of the format of its input.
    Validate,
    /// It is activated.
    Activate,
}

/// Runs the steps of making a processor, which are foreign code, and may tell of them.
pub trait MakeSteps {
    /// Why no further step is taken.
    type Error;

    /// Runs one step.
    ///
    /// # Errors
    /// The processor refuses, or what happened meanwhile is reason enough to go no further.
    fn run<R>(
        &mut self,
        step: MakeStep,
        body: impl FnOnce() -> Result<R, Refusal>,
    ) -> Result<R, Self::Error>;
}

/// A processor that was made, and what it says of itself.
#[derive(Debug)]
pub struct Activated {
    /// The instance, active.
    pub processor: Processor,
    /// What comes out.
    pub layout_out: Layout,
    /// Latency and tail.
    pub timing: Timing,
}

/// Creates a processor and activates it. Thread: any but audio.
///
/// # Errors
/// Why a step ended it.
pub fn make<S: MakeSteps>(
    create: impl FnOnce() -> Result<Processor, Refusal>,
    start: &Start<'_>,
    steps: &mut S,
) -> Result<Activated, S::Error> {
    let mut processor = steps.run(MakeStep::Create, create)?;
    let validate = || processor.validate_input(start.format);
    let layout_out = steps.run(MakeStep::Validate, validate)?;
    let timing = steps.run(MakeStep::Activate, || processor.activate(start))?;
    Ok(Activated {
        processor,
        layout_out,
        timing,
    })
}

/// How a call ended.
#[derive(Debug, Clone, Copy)]
pub struct CallOutcome {
    /// What it returned.
    pub status: CallStatus,
    /// Whether it left another floating-point mode.
    pub mode_changed: bool,
    /// Whether its output is finite; `true` where it has none.
    pub is_finite: bool,
    /// What it did on the heap.
    pub heap: HeapCounts,
}

/// Calls something as the audio thread does.
pub fn as_on_air(body: impl FnOnce() -> CallStatus) -> CallOutcome {
    let before = heap_counts();
    let (status, mode_changed) = {
        let _scope = RealTimeScope::enter();
        let mode = FloatMode::enter();
        (body(), mode.was_changed())
    };
    CallOutcome {
        status,
        mode_changed,
        is_finite: true,
        heap: heap_counts().since(before),
    }
}

/// What one instance reads and writes while nobody hears it.
#[derive(Debug)]
pub struct ExerciseBuffers {
    /// The main input; silence, until something is written to it.
    pub input: Buffer,
    /// The further inputs; silence, too.
    pub sidechains: Vec<Buffer>,
    output: Buffer,
    outputs: Vec<f64>,
    records: Vec<Record>,
}

impl ExerciseBuffers {
    /// Silence for an instance that was activated so, and room for what comes out of it.
    #[must_use]
    pub fn new(start: &Start<'_>, layout_out: Layout, outputs: usize) -> Self {
        let frames_max = start.frames_max as usize;
        let buffer = |layout: &Layout| Buffer::new(layout.channels(), frames_max);
        Self {
            input: buffer(&start.format.layout),
            sidechains: start.sidechains.iter().map(buffer).collect(),
            output: buffer(&layout_out),
            outputs: vec![f64::NAN; outputs],
            records: vec![Record::EMPTY; RECORDS],
        }
    }

    /// Has so many frames processed as on the air.
    pub fn process(
        &mut self,
        processor: &mut Processor,
        position_frames: u64,
        frames: usize,
    ) -> CallOutcome {
        let keys = self.sidechains.iter();
        let sidechains: Vec<_> = keys.map(|key| view(key, frames)).collect();
        let output_span = span(&self.output, frames);
        let block = Block {
            position_frames,
            flags: Flags::NONE,
            input: view(&self.input, frames),
            output: AudioViewMut::new(self.output.as_mut_slice(), output_span),
            sidechains: &sidechains,
            events: &[],
            outputs: &mut self.outputs,
            records: &mut self.records,
        };
        let outcome = as_on_air(|| processor.process(block).status);
        CallOutcome {
            is_finite: is_finite(view(&self.output, frames).iter()),
            ..outcome
        }
    }
}

/// Has blocks of silence processed, the shortest and the longest among them, until `look` finds
/// fault with how one ended.
///
/// # Errors
/// What `look` says.
pub fn silence<E>(
    processor: &mut Processor,
    buffers: &mut ExerciseBuffers,
    mut look: impl FnMut(&Processor, CallOutcome) -> Result<(), E>,
) -> Result<(), E> {
    let most = buffers.input.frames_max();
    let mut position_frames = 0;
    for frames in [1, most.div_ceil(2), most, 1] {
        let outcome = buffers.process(processor, position_frames, frames);
        look(processor, outcome)?;
        position_frames += frames as u64;
    }
    Ok(())
}

fn view(buffer: &Buffer, frames: usize) -> AudioView<'_> {
    AudioView::new(buffer.as_slice(), span(buffer, frames))
}

fn span(buffer: &Buffer, frames: usize) -> Span {
    Span {
        channels: buffer.channels(),
        stride: buffer.stride(),
        start: 0,
        frames,
    }
}
