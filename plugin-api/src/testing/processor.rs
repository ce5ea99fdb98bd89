//! Processor: a processor under test.

use std::marker::PhantomData;

use crate::abi::audio::Span;
use crate::declare::Layout;
use crate::fault::{Refusal, Status};
use crate::link::built_in;
use crate::link::{
    AudioView, AudioViewMut, Block, Flags, ParamEvent, Processor, Record, RecordKind,
};
use crate::params::index_of;
use crate::processor::AudioProcessor;
use crate::setup::Timing;
use crate::testing::builder::{Bench, Plan, failed, planar};

/// How many notes and events one call under test keeps.
const RECORDS: usize = 64;

/// An activated processor, called as a host calls it.
pub struct ProcessorBench<T> {
    processor: Processor,
    timing: Timing,
    channels_out: usize,
    position_frames: u64,
    status: Status,
    outputs: Vec<f64>,
    records: Vec<Record>,
    pending: Vec<ParamEvent>,
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
        let mut processor = plan.create(T::PARAMS, built_in::processor::<T>)?;
        let output = processor.validate_input(plan.format)?;
        let timing = processor.activate(&plan.start())?;
        Ok(Self {
            processor,
            timing,
            channels_out: output.channels(),
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
        let mut room = vec![Record::EMPTY; RECORDS];
        self.pending.sort_by_key(|event| event.offset_frames);
        let sidechains: Vec<_> = self
            .sidechains
            .iter()
            .zip(&self.sidechain_layouts)
            .map(|(samples, layout)| AudioView::new(samples, span(layout.channels())))
            .collect();
        let outcome = self.processor.process(Block {
            position_frames: self.position_frames,
            flags: Flags::NONE,
            input: AudioView::new(&storage, span(input.len())),
            output: AudioViewMut::new(&mut output, span(self.channels_out)),
            sidechains: &sidechains,
            events: &self.pending,
            outputs: &mut self.outputs,
            records: &mut room,
        });
        let (status, written) = (outcome.status, outcome.records_written as usize);
        self.pending.clear();
        if !status.is_ok() {
            return Err(failed(&self.processor.fault_text(), status));
        }
        self.status = Status::from_detail(status.detail);
        self.records.extend_from_slice(&room[..written]);
        self.position_frames += frames as u64;
        Ok(output.chunks(frames.max(1)).map(<[f32]>::to_vec).collect())
    }

    /// Processes a signal of any length, cut into blocks of these lengths, over and over.
    ///
    /// What was said to [`change`](Self::change) counts from the signal's first frame, and what
    /// lies behind its last one is forgotten: two runs that differ in `blocks` alone show whether
    /// the output depends on them.
    ///
    /// # Errors
    /// What the component says.
    ///
    /// # Panics
    /// When the channels have different lengths, or there is no block of a frame or more.
    pub fn run(&mut self, input: &[&[f32]], blocks: &[usize]) -> Result<Vec<Vec<f32>>, Refusal> {
        assert!(
            blocks.iter().any(|frames| *frames > 0),
            "a signal is cut into blocks of a frame or more"
        );
        let frames = input.first().map_or(0, |channel| channel.len());
        let mut changes = std::mem::take(&mut self.pending);
        let mut whole = vec![Vec::with_capacity(frames); self.channels_out];
        let mut lengths = blocks.iter().cycle();
        let mut start = 0;
        while start < frames {
            let length = *lengths.next().expect("there is a block, and they go round");
            let end = frames.min(start + length);
            let later = |event: &ParamEvent| event.offset_frames as usize >= end;
            let (rest, due): (Vec<_>, Vec<_>) = changes.into_iter().partition(later);
            changes = rest;
            self.pending.extend(due.into_iter().map(|event| ParamEvent {
                offset_frames: event.offset_frames - start as u32,
                ..event
            }));
            let block: Vec<_> = input.iter().map(|channel| &channel[start..end]).collect();
            if end > start {
                let out = self.process(&block)?;
                for (to, from) in whole.iter_mut().zip(out) {
                    to.extend(from);
                }
            }
            start = end;
        }
        Ok(whole)
    }

    /// Says where in the stream the next block lies: after a state was loaded, where the other
    /// instance was.
    pub const fn seek(&mut self, position_frames: u64) {
        self.position_frames = position_frames;
    }

    /// Changes a parameter at a frame of the next block.
    ///
    /// # Panics
    /// When there is no such parameter: a mistake in the test.
    pub fn change(&mut self, id: &str, frame: usize, value: f64) {
        let index = index_of(T::PARAMS, id).unwrap_or_else(|| panic!("no parameter {id}"));
        self.pending.push(ParamEvent {
            offset_frames: frame as u32,
            index,
            value,
        });
    }

    /// Sets a parameter between two blocks.
    ///
    /// # Panics
    /// When there is no such parameter, or the value is NaN: a mistake in the test.
    pub fn set(&mut self, id: &str, value: f64) {
        let index = index_of(T::PARAMS, id).unwrap_or_else(|| panic!("no parameter {id}"));
        let status = self.processor.set_param(index, value);
        assert!(status.is_ok(), "{id} cannot be {value}");
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
            .filter(|record| record.kind == RecordKind::NOTE);
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
            .filter(|record| record.kind == RecordKind::PUBLISH);
        published
            .filter_map(|record| Some((T::EVENTS.get(record.index as usize)?.id, record.value)))
            .collect()
    }

    /// A parameter's target value, NaN where there is none.
    #[must_use]
    pub fn param(&self, id: &str) -> f64 {
        index_of(T::PARAMS, id).map_or(f64::NAN, |index| self.processor.param(index))
    }

    /// Forgets everything that was heard before; parameters stay.
    pub fn reset(&mut self) {
        self.processor.reset();
    }

    /// The running state.
    ///
    /// # Errors
    /// What the component says.
    pub fn save_state(&self) -> Result<Vec<u8>, Refusal> {
        let mut bytes = vec![0; self.processor.state_bytes()];
        let status = self.processor.save_state(&mut bytes);
        if !status.is_ok() {
            return Err(failed(&self.processor.fault_text(), status));
        }
        bytes.truncate(status.detail as usize);
        Ok(bytes)
    }

    /// Goes on from a running state.
    ///
    /// # Errors
    /// What the component says.
    pub fn load_state(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let status = self.processor.load_state(bytes);
        if status.is_ok() {
            Ok(())
        } else {
            Err(failed(&self.processor.fault_text(), status))
        }
    }
}
