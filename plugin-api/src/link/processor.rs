//! Processor: a handle of one processor in a library.

use std::ptr;

use abi_stable::std_types::{RSlice, RSliceMut};

use crate::abi::audio::{RawAudio, RawAudioMut};
use crate::abi::call::{RawFlags, RawParamEvent, RawProcess, RawRecord, RawRecords};
use crate::abi::object::RawProcessorBox;
use crate::abi::setup::RawActivation;
use crate::abi::status::RawStatus;
use crate::declare::Layout;
use crate::fault::Refusal;
use crate::link::library::{Start, bounded, open};
use crate::setup::{Format, Timing};
use crate::state::STATE_BYTES_MAX;

pub use crate::abi::audio::{RawAudio as AudioView, RawAudioMut as AudioViewMut};

/// One processor; dropping it runs the plugin's own clean-up.
pub struct Processor {
    raw: RawProcessorBox,
    mark: u32,
}

impl std::fmt::Debug for Processor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Processor")
    }
}

/// What one call of `process` lends.
#[derive(Debug)]
pub struct Block<'a> {
    /// Stream time of the first frame.
    pub position_frames: u64,
    /// What is special about the block, a discontinuity or the flush at the end.
    pub flags: RawFlags,
    /// The block that is read; it stays as it is.
    pub input: RawAudio<'a>,
    /// The block that is filled, of as many frames as the input.
    pub output: RawAudioMut<'a>,
    /// Further inputs in the order of the manifest, of as many frames; empty where none is
    /// connected.
    pub sidechains: &'a [RawAudio<'a>],
    /// Parameter changes, sorted by frame.
    pub events: &'a [RawParamEvent],
    /// One value for each declared output.
    pub outputs: &'a mut [f64],
    /// Room for notes and published events.
    pub records: &'a mut [RawRecord],
}

/// What one call of `process` left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// How the call ended, and whether the output is silent.
    pub status: RawStatus,
    /// How many records were written.
    pub records_written: u32,
    /// How many records found no room.
    pub records_lost: u32,
}

impl Processor {
    pub(crate) fn new(raw: RawProcessorBox) -> Self {
        Self {
            raw,
            mark: u32::MAX,
        }
    }

    /// The same with a number of the host's own, by which it knows the instance again. The plugin
    /// does not see it.
    #[must_use]
    pub fn with_mark(self, mark: u32) -> Self {
        Self { mark, ..self }
    }

    /// That number; `u32::MAX` where none was given. Real-time safe.
    #[must_use]
    pub const fn mark(&self) -> u32 {
        self.mark
    }

    pub(super) fn into_raw(self) -> RawProcessorBox {
        self.raw
    }

    /// The layout that comes out when this format goes in. Thread: any but audio.
    ///
    /// # Errors
    /// What the component says.
    pub fn validate_input(&self, format: Format) -> Result<Layout, Refusal> {
        let layout = open(self.raw.validate_input(format.raw()))?;
        layout.read().ok_or_else(|| {
            let (mask, channels) = (layout.mask, layout.channels);
            Refusal::new(format!(
                "answered {channels} channels with mask {mask:#x}: no layout"
            ))
        })
    }

    /// Gets it ready; returns latency and tail. Thread: any but audio.
    ///
    /// # Errors
    /// What the component says.
    pub fn activate(&mut self, start: &Start<'_>) -> Result<Timing, Refusal> {
        start.with_raw(|raw| self.activate_raw(raw))
    }

    /// As `activate`, for a component that passes on its own activation.
    pub(crate) fn activate_raw(&mut self, raw: &RawActivation<'_>) -> Result<Timing, Refusal> {
        let timing = open(self.raw.activate(raw))?;
        Ok(Timing {
            latency_frames: timing.latency_frames,
            tail_frames: timing.tail_frames,
        })
    }

    /// Gives back what activation took. Thread: any but audio.
    pub fn deactivate(&mut self) -> RawStatus {
        self.raw.deactivate()
    }

    /// Processes one block. Thread: audio.
    #[inline]
    pub fn process(&mut self, block: Block<'_>) -> Outcome {
        let mut call = RawProcess {
            position_frames: block.position_frames,
            flags: block.flags,
            frames: block.output.frames() as u32,
            input: block.input,
            output: block.output,
            sidechains: RSlice::from_slice(block.sidechains),
            events: RSlice::from_slice(block.events),
            outputs: RSliceMut::from_mut_slice(block.outputs),
            records: RawRecords {
                room: RSliceMut::from_mut_slice(block.records),
                written: 0,
                lost: 0,
            },
            extension: ptr::null(),
        };
        let status = self.raw.process(&mut call);
        Outcome {
            status,
            records_written: call.records.written,
            records_lost: call.records.lost,
        }
    }

    /// Forgets the past. Thread: audio.
    pub fn reset(&mut self) -> RawStatus {
        self.raw.reset()
    }

    /// Sets a parameter at once. Thread: any, never beside another call.
    pub fn set_param(&mut self, index: u32, value: f64) -> RawStatus {
        self.raw.set_param(index, value)
    }

    /// A parameter's target value, NaN for an unknown index.
    #[must_use]
    pub fn param(&self, index: u32) -> f64 {
        self.raw.param(index)
    }

    /// The wire index of a parameter by its full id, as detail.
    pub(crate) fn param_index(&self, id: &str) -> RawStatus {
        self.raw.param_index(id.into())
    }

    /// The most bytes that `save_state` writes; 0 without state.
    #[must_use]
    pub fn state_bytes(&self) -> usize {
        self.raw.state_bytes() as usize
    }

    /// Writes the running state; the detail is the number of bytes. Thread: audio.
    pub fn save_state(&self, into: &mut [u8]) -> RawStatus {
        self.raw.save_state(RSliceMut::from_mut_slice(into))
    }

    /// Reads a running state of the same schema, all or nothing. Thread: audio.
    pub fn load_state(&mut self, bytes: &[u8]) -> RawStatus {
        self.raw.load_state(RSlice::from_slice(bytes))
    }

    /// Turns a running state of an older schema into today's. Thread: any but audio.
    ///
    /// # Errors
    /// What the component says.
    pub fn migrate_state(&self, schema: u32, bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
        let migrated = open(self.raw.migrate_state(schema, RSlice::from_slice(bytes)))?;
        if migrated.len() > STATE_BYTES_MAX {
            let bytes = migrated.len();
            let text = format!("migrated to {bytes} bytes, expected at most {STATE_BYTES_MAX}");
            return Err(Refusal::new(text));
        }
        Ok(migrated.into())
    }

    /// What the last failure said. Thread: any but audio.
    #[must_use]
    pub fn fault_text(&self) -> String {
        bounded(self.raw.fault_text().as_str())
    }
}
