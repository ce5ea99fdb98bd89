//! Processor: a processor under test.

use std::marker::PhantomData;
use std::ptr;

use abi_stable::std_types::{RResult, RSlice, RSliceMut, RStr};

use crate::abi::audio::{RawAudio, RawAudioMut, Span};
use crate::abi::call::{RawFlags, RawParamEvent, RawProcess, RawRecord, RawRecordKind, RawRecords};
use crate::abi::object::RawProcessorBox;
use crate::abi::setup::RawTiming;
use crate::declare::Layout;
use crate::export::create_processor;
use crate::fault::{Refusal, Status};
use crate::params::index_of;
use crate::processor::AudioProcessor;
use crate::testing::builder::{Bench, Plan, failed, planar};

/// How many notes and events one call under test keeps.
const RECORDS: usize = 64;

/// An activated processor.
pub struct ProcessorBench<T> {
    raw: RawProcessorBox,
    timing: RawTiming,
    channels_out: usize,
    position_frames: u64,
    status: Status,
    outputs: Vec<f64>,
    records: Vec<RawRecord>,
    pending: Vec<RawParamEvent>,
    sidechains: Vec<Vec<f32>>,
    sidechain_layouts: Vec<Layout>,
    kind: PhantomData<T>,
}

impl<T> std::fmt::Debug for ProcessorBench<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ProcessorBench at {}", self.position_frames)
    }
}

impl<T: AudioProcessor> Bench<ProcessorBench<T>> {
    pub(super) fn new() -> Self {
        Self::with(ProcessorBench::open)
    }
}

impl<T: AudioProcessor> ProcessorBench<T> {
    fn open(plan: &Plan) -> Result<Self, Refusal> {
        let mut raw = plan.create(T::PARAMS, create_processor::<T>)?;
        let output = match raw.validate_input(plan.format.raw()) {
            RResult::ROk(layout) => layout.channels as usize,
            RResult::RErr(refusal) => return Err(refusal.into()),
        };
        let timing = plan.activation(|activation| raw.activate(activation))?;
        Ok(Self {
            raw,
            timing,
            channels_out: output,
            position_frames: 0,
            status: Status::Continue,
            outputs: vec![f64::NAN; T::OUTPUTS.len()],
            records: Vec::new(),
            pending: Vec::new(),
            sidechains: Vec::new(),
            sidechain_layouts: plan.sidechains.clone(),
            kind: PhantomData,
        })
    }

    /// Processes one block: a slice per channel in, a vector per channel out.
    ///
    /// # Errors
    /// What the component says; a panic is one of them.
    ///
    /// # Panics
    /// When the channels have different lengths.
    pub fn process(&mut self, input: &[&[f32]]) -> Result<Vec<Vec<f32>>, Refusal> {
        let storage = planar(input);
        let frames = input.first().map_or(0, |channel| channel.len());
        let span = |channels| Span {
            channels,
            stride: frames,
            start: 0,
            frames,
        };
        let mut output = vec![f32::NAN; self.channels_out * frames];
        let mut room = vec![RawRecord::EMPTY; RECORDS];
        self.pending.sort_by_key(|event| event.offset_frames);
        let sidechains: Vec<_> = self
            .sidechains
            .iter()
            .zip(&self.sidechain_layouts)
            .map(|(samples, layout)| RawAudio::new(samples, span(layout.channels())))
            .collect();
        let mut call = RawProcess {
            position_frames: self.position_frames,
            flags: RawFlags::NONE,
            frames: frames as u32,
            input: RawAudio::new(&storage, span(input.len())),
            output: RawAudioMut::new(&mut output, span(self.channels_out)),
            sidechains: RSlice::from_slice(&sidechains),
            events: RSlice::from_slice(&self.pending),
            outputs: RSliceMut::from_mut_slice(&mut self.outputs),
            records: RawRecords {
                room: RSliceMut::from_mut_slice(&mut room),
                written: 0,
                lost: 0,
            },
            extension: ptr::null(),
        };
        let status = self.raw.process(&mut call);
        let written = call.records.written as usize;
        self.pending.clear();
        if !status.is_ok() {
            return Err(failed(&self.raw.fault_text(), status));
        }
        self.status = Status::from_detail(status.detail);
        self.records.extend_from_slice(&room[..written]);
        self.position_frames += frames as u64;
        Ok(output.chunks(frames.max(1)).map(<[f32]>::to_vec).collect())
    }

    /// Changes a parameter at a frame of the next block.
    ///
    /// # Panics
    /// When there is no such parameter: a mistake in the test.
    pub fn change(&mut self, id: &str, frame: usize, value: f64) {
        let index = index_of(T::PARAMS, id).unwrap_or_else(|| panic!("no parameter {id}"));
        self.pending.push(RawParamEvent {
            offset_frames: frame as u32,
            index,
            value,
        });
    }

    /// What the next blocks hear on a further input, by its place.
    pub fn sidechain(&mut self, index: usize, channels: &[&[f32]]) {
        self.sidechains
            .resize(self.sidechains.len().max(index + 1), Vec::new());
        self.sidechains[index] = planar(channels);
    }

    /// How many frames the output lags behind the input.
    #[must_use]
    pub const fn latency_frames(&self) -> u64 {
        self.timing.latency_frames
    }

    /// How many frames it sounds on after its input ended.
    #[must_use]
    pub const fn tail_frames(&self) -> u64 {
        self.timing.tail_frames
    }

    /// What the last block answered.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// The last value of a declared output; NaN before it is written, or where there is none.
    #[must_use]
    pub fn output(&self, id: &str) -> f64 {
        let index = T::OUTPUTS.iter().position(|output| output.id == id);
        index.map_or(f64::NAN, |index| self.outputs[index])
    }

    /// Everything noted so far: text and number.
    #[must_use]
    pub fn notes(&self) -> Vec<(String, f64)> {
        let notes = self
            .records
            .iter()
            .filter(|record| record.kind == RawRecordKind::NOTE);
        notes
            .map(|record| (record.text().to_owned(), record.value))
            .collect()
    }

    /// Everything published so far: event id, and number.
    #[must_use]
    pub fn published(&self) -> Vec<(&'static str, f64)> {
        let published = self
            .records
            .iter()
            .filter(|record| record.kind == RawRecordKind::PUBLISH);
        published
            .filter_map(|record| Some((T::EVENTS.get(record.index as usize)?.id, record.value)))
            .collect()
    }

    /// A parameter's target value, NaN where there is none.
    #[must_use]
    pub fn param(&self, id: &str) -> f64 {
        let index = self.raw.param_index(RStr::from_str(id));
        if index.is_ok() {
            self.raw.param(index.detail)
        } else {
            f64::NAN
        }
    }

    /// Forgets the past.
    pub fn reset(&mut self) {
        self.raw.reset();
    }

    /// The running state.
    ///
    /// # Errors
    /// What the component says.
    pub fn save_state(&self) -> Result<Vec<u8>, Refusal> {
        let mut bytes = vec![0; self.raw.state_bytes() as usize];
        let status = self.raw.save_state(RSliceMut::from_mut_slice(&mut bytes));
        if !status.is_ok() {
            return Err(failed(&self.raw.fault_text(), status));
        }
        bytes.truncate(status.detail as usize);
        Ok(bytes)
    }

    /// Goes on from a running state.
    ///
    /// # Errors
    /// What the component says.
    pub fn load_state(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let status = self.raw.load_state(RSlice::from_slice(bytes));
        if status.is_ok() {
            Ok(())
        } else {
            Err(failed(&self.raw.fault_text(), status))
        }
    }
}
