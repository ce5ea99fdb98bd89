//! Placed instance: an instance in a place of the pipeline, as late as that place is.
//!
//! In: blocks; memory for its running state, or such a state. Out: what the instance makes of the
//! blocks, held back where the place is later than the instance, or why the call counts as failed;
//! its state, or why there is none. On the audio thread but for what is said.

use std::mem;

use segue_plugin::link::{AudioViewMut, Block, Processor, Record};

use crate::cpu::FloatMode;
use crate::pipeline::block::OutputUse;
use crate::pipeline::budget::BudgetMeter;
use crate::pipeline::call::{Call, CallLimits, CallResult};
use crate::pipeline::delay::DelayLine;
use crate::pipeline::fault::{FaultKind, failure};
use crate::pipeline::swapped::HandoffRefusal;
use crate::process::calls;

/// The place that an instance fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Channels of its input.
    pub channels_in: usize,
    /// Channels of its output.
    pub channels_out: usize,
    /// How far its output lags behind its input.
    pub latency_frames: u64,
    /// Frames per second.
    pub sample_rate_hz: u32,
}

/// An instance, activated, and what surrounds it.
#[derive(Debug)]
pub(super) struct PlacedInstance {
    /// `None` once it failed and was sent away.
    processor: Option<Processor>,
    /// Holds its output back where the place is later than it.
    pad: Option<Box<DelayLine>>,
    /// The last values of its declared outputs.
    outputs: Box<[f64]>,
    /// What it holds on the heap, as far as that was measured.
    held_bytes: i64,
    /// Its own latency.
    latency_frames: u64,
}

/// An instance for a place, with what is known of it.
#[derive(Debug)]
pub struct Occupant {
    /// The instance, activated.
    pub processor: Processor,
    /// Its own latency, at most that of its place.
    pub latency_frames: u64,
    /// Bytes it took to create and activate.
    pub held_bytes: i64,
    /// How many outputs it declares.
    pub outputs: usize,
}

impl PlacedInstance {
    /// Puts an instance into a place. Allocates; not for the audio thread.
    pub(super) fn new(occupant: Occupant, shape: &Shape) -> Self {
        let missing = shape.latency_frames.saturating_sub(occupant.latency_frames);
        let line = || Box::new(DelayLine::new(shape.channels_out, missing as usize));
        Self {
            processor: Some(occupant.processor),
            pad: (missing > 0).then(line),
            outputs: vec![f64::NAN; occupant.outputs].into(),
            held_bytes: occupant.held_bytes,
            latency_frames: occupant.latency_frames,
        }
    }

    /// Its instance's own latency.
    pub(super) const fn latency_frames(&self) -> u64 {
        self.latency_frames
    }

    /// How far its output is held back.
    pub(super) fn pad_frames(&self) -> usize {
        self.pad.as_ref().map_or(0, |pad| pad.frames())
    }

    /// Gives it a line with room for more, which takes over what the present one holds.
    pub(super) fn grow(&mut self, line: &mut Option<Box<DelayLine>>) {
        if let (Some(new), Some(old)) = (&mut *line, &mut self.pad) {
            new.take_over(old);
        }
        mem::swap(&mut self.pad, line);
    }

    /// Exchanges what runs with another place; what is held back stays in its place.
    pub(super) fn exchange_instances(&mut self, other: &mut Self) {
        mem::swap(&mut self.processor, &mut other.processor);
        mem::swap(&mut self.outputs, &mut other.outputs);
        mem::swap(&mut self.held_bytes, &mut other.held_bytes);
        mem::swap(&mut self.latency_frames, &mut other.latency_frames);
    }

    /// The instance, to ask it something else than a block.
    pub(super) const fn processor_mut(&mut self) -> Option<&mut Processor> {
        self.processor.as_mut()
    }

    /// The instance.
    pub(super) const fn processor(&self) -> Option<&Processor> {
        self.processor.as_ref()
    }

    /// Writes its running state into a buffer; returns how many bytes.
    pub(super) fn save_state(
        &self,
        into: &mut [u8],
        mode: &FloatMode,
    ) -> Result<usize, HandoffRefusal> {
        let processor = self.processor().ok_or(HandoffRefusal::OldIsOut)?;
        let _ = mode.was_changed();
        let status = processor.save_state(into);
        if mode.was_changed() {
            return Err(HandoffRefusal::FloatMode);
        }
        if !status.is_ok() {
            return Err(HandoffRefusal::Save(status));
        }
        let (bytes, most_bytes) = (status.detail as usize, into.len());
        if bytes > most_bytes {
            return Err(HandoffRefusal::TooLong { bytes, most_bytes });
        }
        Ok(bytes)
    }

    /// Goes on from a running state.
    pub(super) fn load_state(
        &mut self,
        state: &[u8],
        mode: &FloatMode,
    ) -> Result<(), HandoffRefusal> {
        let processor = self.processor_mut().ok_or(HandoffRefusal::OldIsOut)?;
        let status = processor.load_state(state);
        if mode.was_changed() {
            return Err(HandoffRefusal::FloatMode);
        }
        if !status.is_ok() {
            return Err(HandoffRefusal::Load(status));
        }
        Ok(())
    }

    /// Takes an instance out that failed: it is not called again.
    pub(super) const fn take_failed(&mut self) -> Option<Processor> {
        self.processor.take()
    }

    /// Takes the instance out. Not for the audio thread.
    pub(super) fn into_processor(self) -> Option<Processor> {
        self.processor
    }

    /// The last values of its outputs.
    pub(super) fn outputs(&self) -> &[f64] {
        &self.outputs
    }

    /// Its outputs mean nothing any more.
    pub(super) fn clear_outputs(&mut self) {
        self.outputs.fill(f64::NAN);
    }

    /// One call, held to a budget where there is one.
    #[inline(always)] // What it is given stays in registers, as in `Stage::run`.
    pub(super) fn call(
        &mut self,
        call: &Call<'_>,
        output: &mut AudioViewMut<'_>,
        records: &mut [Record],
        limits: CallLimits<'_>,
    ) -> CallResult {
        match limits.budget_meter {
            None => self.process(call, output, records, limits.mode),
            Some(_) => {
                let mut output = output.part(0, output.frames());
                self.call_measured(&{ *call }, &mut output, records, limits)
            }
        }
    }

    #[inline(never)]
    fn call_measured(
        &mut self,
        call: &Call<'_>,
        output: &mut AudioViewMut<'_>,
        records: &mut [Record],
        limits: CallLimits<'_>,
    ) -> CallResult {
        let CallLimits { mode, budget_meter } = limits;
        let Some(budget_meter) = budget_meter else {
            return self.process(call, output, records, mode);
        };
        let mark = BudgetMeter::begin();
        let mut called = self.process(call, output, records, mode);
        let measured = budget_meter.end(&mark, output.frames(), &mut self.held_bytes);
        called.fault = called.fault.or(measured.fault);
        called.took_ns = Some(measured.took_ns);
        called
    }

    #[inline(always)]
    fn process(
        &mut self,
        call: &Call<'_>,
        output: &mut AudioViewMut<'_>,
        records: &mut [Record],
        mode: &FloatMode,
    ) -> CallResult {
        let frames = output.frames();
        let Some(processor) = &mut self.processor else {
            return missing();
        };
        calls::CallName::numbered(processor.mark()).enter();
        let outcome = processor.process(Block {
            position_frames: call.position_frames,
            flags: call.flags,
            input: call.input,
            output: output.part(0, frames),
            sidechains: call.sidechains,
            events: call.events,
            outputs: &mut self.outputs,
            records,
        });
        calls::CallName::NONE.enter();
        let fault = failure(outcome.status, mode, output.shared());
        if let (None, Some(pad)) = (fault, &mut self.pad) {
            match call.use_of_output {
                OutputUse::Taken => pad.replace(&mut output.part(0, frames)),
                OutputUse::Withheld => pad.push(output.shared()),
            }
        }
        CallResult {
            fault,
            records: outcome.records_written,
            records_lost: outcome.records_lost,
            took_ns: None,
        }
    }
}

/// A call where nobody is any more: an instance that failed is not called again.
#[cold]
fn missing() -> CallResult {
    debug_assert!(false, "a instance is called after its instance failed");
    CallResult {
        fault: Some(FaultKind::OtherShape),
        ..CallResult::NOTHING
    }
}
