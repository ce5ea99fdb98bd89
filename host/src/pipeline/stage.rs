//! Stage: one place in the pipeline, its instance, and what is heard when it fails.
//!
//! In: blocks. Out: blocks of the instance, or of its substitute from the block on in which it
//! failed: the step between the two decays over 5 ms, latency and layout stay as they were.
//!
//! Everything here but `new` runs on the audio thread.

use segue_plugin::link::{AudioView, AudioViewMut, Block, CallStatus, Flags, Processor, Record};

use crate::audio::FloatMode;
use crate::audio::first_non_finite;
use crate::observe::{Histogram, Spread};
use crate::pipeline::crossfade::Decay;
use crate::pipeline::delay::DelayLine;
use crate::pipeline::fault::{Fault, FaultKind, OnError};

/// Whether a stage is heard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StageState {
    /// The instance is heard.
    Running,
    /// Its substitute is.
    Out(Fault),
}

/// What a stage is made of.
#[derive(Debug)]
pub struct StageSetup {
    /// The instance, activated.
    pub processor: Processor,
    /// What is heard when it fails.
    pub on_error: OnError,
    /// Channels of its input.
    pub channels_in: usize,
    /// Channels of its output.
    pub channels_out: usize,
    /// Its latency.
    pub latency_frames: u64,
    /// How many outputs it declares.
    pub outputs: usize,
    /// Frames per second.
    pub sample_rate_hz: u32,
}

/// One place in the pipeline.
#[derive(Debug)]
pub struct Stage {
    processor: Processor,
    on_error: OnError,
    state: StageState,
    /// The input as late as the output; `None` where nothing needs it or there is no latency.
    dry: Option<DelayLine>,
    /// How far the output was from its substitute in the last frame, per channel.
    apart: Vec<f32>,
    /// How much of that is left.
    decay: Decay,
    calls: u64,
    heap_calls: u64,
    records_lost: u64,
    outputs: Vec<f64>,
    output_spreads: Vec<Spread>,
    time: Histogram,
}

/// What one call of a stage left behind.
pub(super) struct Ran {
    /// How many records were written.
    pub(super) records: usize,
    /// Whether it failed in this block.
    pub(super) failed: bool,
}

/// What a stage reads and fills.
pub(super) struct StageBlock<'a> {
    pub(super) position_frames: u64,
    pub(super) flags: Flags,
    pub(super) input: AudioView<'a>,
    pub(super) output: AudioViewMut<'a>,
    pub(super) sidechains: &'a [AudioView<'a>],
    pub(super) records: &'a mut [Record],
}

impl Stage {
    /// A stage that runs. Allocates; not for the audio thread.
    #[must_use]
    pub fn new(setup: StageSetup) -> Self {
        let needs_dry = setup.on_error == OnError::Bypass && setup.latency_frames > 0;
        let frames = setup.latency_frames as usize;
        Self {
            processor: setup.processor,
            on_error: setup.on_error,
            state: StageState::Running,
            dry: needs_dry.then(|| DelayLine::new(setup.channels_in, frames)),
            apart: vec![0.0; setup.channels_out],
            decay: Decay::at(setup.sample_rate_hz),
            calls: 0,
            heap_calls: 0,
            records_lost: 0,
            outputs: vec![f64::NAN; setup.outputs],
            output_spreads: vec![Spread::default(); setup.outputs],
            time: Histogram::default(),
        }
    }

    /// Whether the instance is heard.
    #[must_use]
    pub const fn state(&self) -> StageState {
        self.state
    }

    /// What is heard when it fails.
    #[must_use]
    pub const fn on_error(&self) -> OnError {
        self.on_error
    }

    /// Calls of `process`.
    #[must_use]
    pub const fn calls(&self) -> u64 {
        self.calls
    }

    /// Heap calls inside `process`.
    #[must_use]
    pub const fn heap_calls(&self) -> u64 {
        self.heap_calls
    }

    /// Notes and events that found no room.
    #[must_use]
    pub const fn records_lost(&self) -> u64 {
        self.records_lost
    }

    /// Time per block, of the blocks that were timed.
    #[must_use]
    pub const fn time(&self) -> &Histogram {
        &self.time
    }

    /// The declared outputs, in the order of the manifest.
    #[must_use]
    pub fn outputs(&self) -> &[Spread] {
        &self.output_spreads
    }

    /// The last values of the declared outputs; NaN before the first.
    #[must_use]
    pub fn output_values(&self) -> &[f64] {
        &self.outputs
    }

    /// What kind of failure there was, in words; empty while it runs.
    #[must_use]
    pub const fn fault_kind(&self) -> &'static str {
        match self.state {
            StageState::Running => "",
            StageState::Out(fault) => match fault.kind {
                FaultKind::Status(status) => status.code.name(),
                FaultKind::NonFinite => "non-finite output",
                FaultKind::FloatMode => "changed floating-point mode",
            },
        }
    }

    /// What the failure was, in a sentence; empty while it runs. Not for the audio thread.
    #[must_use]
    pub fn describe_fault(&self) -> String {
        let StageState::Out(fault) = self.state else {
            return String::new();
        };
        match fault.kind {
            FaultKind::NonFinite => "its output was not finite while its input was".to_owned(),
            FaultKind::FloatMode => {
                "it left the processor in another floating-point mode".to_owned()
            }
            FaultKind::Status(status) => match self.processor.fault_text() {
                text if text.is_empty() => status.code.name().to_owned(),
                text => text,
            },
        }
    }

    /// Takes the instance out, to end it. Not for the audio thread.
    #[must_use]
    pub fn into_processor(self) -> Processor {
        self.processor
    }

    pub(super) fn record_time(&mut self, nanoseconds: u64) {
        self.time.record(nanoseconds);
    }

    pub(super) fn charge_heap(&mut self, calls: u64) {
        self.heap_calls += calls;
    }

    /// Fills the output of one block, by the instance or by its substitute.
    #[inline]
    pub(super) fn run(&mut self, block: StageBlock<'_>, mode: &FloatMode) -> Ran {
        let StageBlock {
            position_frames,
            flags,
            input,
            mut output,
            sidechains,
            records,
        } = block;
        if let StageState::Out(_) = self.state {
            self.substitute(input, &mut output);
            return Ran {
                records: 0,
                failed: false,
            };
        }
        let frames = output.frames();
        let outcome = self.processor.process(Block {
            position_frames,
            flags,
            input,
            output: output.part(0, frames),
            sidechains,
            events: &[],
            outputs: &mut self.outputs,
            records,
        });
        self.calls += 1;
        self.records_lost += u64::from(outcome.records_lost);
        let records = outcome.records_written as usize;
        if let Some(kind) = failure(outcome.status, mode, output.shared()) {
            let fault = Fault {
                position_frames,
                kind,
            };
            self.fail(fault, input, &mut output);
            return Ran {
                records,
                failed: true,
            };
        }
        self.keep(input, output.shared());
        Ran {
            records,
            failed: false,
        }
    }

    /// Keeps what a later substitute needs, and the outputs of this block.
    #[inline]
    fn keep(&mut self, input: AudioView<'_>, output: AudioView<'_>) {
        match (&self.dry, self.on_error) {
            (_, OnError::Mute | OnError::Stop) => {
                for (channel, apart) in self.apart.iter_mut().enumerate() {
                    *apart = output.last_sample(channel);
                }
            }
            (None, OnError::Bypass) => {
                for (channel, apart) in self.apart.iter_mut().enumerate() {
                    let from = source_of(channel, input.channels());
                    *apart = output.last_sample(channel)
                        - from.map_or(0.0, |from| input.last_sample(from));
                }
            }
            (Some(line), OnError::Bypass) => {
                for (channel, apart) in self.apart.iter_mut().enumerate() {
                    let from = source_of(channel, input.channels());
                    let dry = from.map_or(0.0, |from| line.last_of(input, from));
                    *apart = output.last_sample(channel) - dry;
                }
            }
        }
        if let Some(dry) = &mut self.dry {
            dry.feed(input);
        }
        for (spread, value) in self.output_spreads.iter_mut().zip(&self.outputs) {
            spread.record(*value);
        }
    }

    /// Goes over to the substitute, from the first frame of this block on.
    fn fail(&mut self, fault: Fault, input: AudioView<'_>, output: &mut AudioViewMut<'_>) {
        self.state = StageState::Out(fault);
        self.outputs.fill(f64::NAN);
        self.substitute(input, output);
    }

    fn substitute(&mut self, input: AudioView<'_>, output: &mut AudioViewMut<'_>) {
        self.dry_signal(input, output);
        self.add_step(output);
    }

    /// What `on_error` says, in the output's layout: one channel is heard on all, of several each
    /// on its own.
    fn dry_signal(&mut self, input: AudioView<'_>, output: &mut AudioViewMut<'_>) {
        if self.on_error != OnError::Bypass {
            (0..output.channels()).for_each(|channel| output.channel(channel).fill(0.0));
            return;
        }
        if let Some(line) = &mut self.dry {
            line.process(input, output);
        }
        for channel in 0..output.channels() {
            match (source_of(channel, input.channels()), &self.dry) {
                (Some(from), None) => output.channel(channel).copy_from_slice(input.channel(from)),
                (Some(0), Some(_)) if channel > 0 => {
                    let (from, into) = output.pair(0, channel);
                    into.copy_from_slice(from);
                }
                (Some(_), Some(_)) => {}
                (None, _) => output.channel(channel).fill(0.0),
            }
        }
    }

    fn add_step(&mut self, output: &mut AudioViewMut<'_>) {
        if self.decay.is_over() {
            return;
        }
        for (channel, step) in self.apart.iter().enumerate() {
            self.decay.add(*step, output.channel(channel));
        }
        self.decay.advance(output.frames());
    }
}

/// Which channel of the input stands in for a channel of the output.
#[inline]
const fn source_of(channel: usize, channels_in: usize) -> Option<usize> {
    if channels_in == 1 {
        Some(0)
    } else if channel < channels_in {
        Some(channel)
    } else {
        None
    }
}

/// Why a call counts as failed, if it does.
#[inline]
fn failure(status: CallStatus, mode: &FloatMode, output: AudioView<'_>) -> Option<FaultKind> {
    if !status.is_ok() {
        let _ = mode.was_changed();
        return Some(FaultKind::Status(status));
    }
    if mode.was_changed() {
        return Some(FaultKind::FloatMode);
    }
    let channels = 0..output.channels();
    let bad = |channel| first_non_finite(output.channel(channel)).is_some();
    channels
        .into_iter()
        .any(bad)
        .then_some(FaultKind::NonFinite)
}
