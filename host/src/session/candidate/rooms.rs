//! Rooms: what a candidate reads and writes while nobody hears it.
//!
//! In: blocks of input. Out: whether the call was one that a stage would let pass.

use segue_plugin::abi::audio::Span;
use segue_plugin::link::{AudioView, AudioViewMut, Block, CallStatus, Flags, Processor, Record};

use crate::audio::{Buffer, FloatMode, is_finite};
use crate::loading::meter::{HeapCounts, RealTimeScope, heap_counts};
use crate::session::candidate::Spot;

/// How many notes and events a call may leave behind here; the rest is lost, as all of them are.
const RECORDS: usize = 64;

/// Buffers for one instance in one place.
pub(super) struct Rooms {
    pub(super) input: Buffer,
    pub(super) sidechains: Vec<Buffer>,
    output: Buffer,
    outputs: Vec<f64>,
    records: Vec<Record>,
}

impl Rooms {
    /// Silence for a place, and room for what comes out of so many channels.
    pub(super) fn new(spot: &Spot, channels_out: usize, outputs: usize) -> Self {
        let frames_max = spot.frames_max as usize;
        let sidechains = spot.sidechains.iter();
        Self {
            input: Buffer::new(spot.format.layout.channels(), frames_max),
            sidechains: sidechains
                .map(|layout| Buffer::new(layout.channels(), frames_max))
                .collect(),
            output: Buffer::new(channels_out, frames_max),
            outputs: vec![f64::NAN; outputs],
            records: vec![Record::EMPTY; RECORDS],
        }
    }

    /// Has so many frames processed as on the audio thread; answers what the call did on the heap.
    ///
    /// # Errors
    /// Why a stage would count the call as failed.
    pub(super) fn process(
        &mut self,
        processor: &mut Processor,
        position_frames: u64,
        frames: usize,
    ) -> Result<HeapCounts, String> {
        let sidechains: Vec<_> = self
            .sidechains
            .iter()
            .map(|buffer| AudioView::new(buffer.as_slice(), span(buffer, frames)))
            .collect();
        let output_span = span(&self.output, frames);
        let block = Block {
            position_frames,
            flags: Flags::NONE,
            input: AudioView::new(self.input.as_slice(), span(&self.input, frames)),
            output: AudioViewMut::new(self.output.as_mut_slice(), output_span),
            sidechains: &sidechains,
            events: &[],
            outputs: &mut self.outputs,
            records: &mut self.records,
        };
        let (called, counts) = as_on_air(|| processor.process(block).status);
        let output = AudioView::new(self.output.as_slice(), output_span);
        passed(processor, called)?;
        if !is_finite(output) {
            return Err("its output was not finite while its input was".to_owned());
        }
        Ok(counts)
    }
}

/// How a call ended, and whether it left another floating-point mode.
#[derive(Debug, Clone, Copy)]
pub(super) struct Called {
    pub(super) status: CallStatus,
    mode_changed: bool,
}

/// Calls something as the audio thread does; answers what that did on the heap.
pub(super) fn as_on_air(body: impl FnOnce() -> CallStatus) -> (Called, HeapCounts) {
    let before = heap_counts();
    let called = {
        let _scope = RealTimeScope::enter();
        let mode = FloatMode::enter();
        let status = body();
        Called {
            status,
            mode_changed: mode.was_changed(),
        }
    };
    (called, heap_counts().since(before))
}

/// Whether a call went well.
///
/// # Errors
/// What the component says.
pub(super) fn passed(processor: &Processor, called: Called) -> Result<(), String> {
    if !called.status.is_ok() {
        return Err(match processor.fault_text() {
            text if text.is_empty() => called.status.code.name().to_owned(),
            text => text,
        });
    }
    if called.mode_changed {
        return Err("it left the processor in another floating-point mode".to_owned());
    }
    Ok(())
}

fn span(buffer: &Buffer, frames: usize) -> Span {
    Span {
        channels: buffer.channels(),
        stride: buffer.stride(),
        start: 0,
        frames,
    }
}
