//! Processor: from `AudioProcessor` to the object that crosses the boundary.
//!
//! Cuts a block at every parameter event, so that authors see changes between calls only.

use std::ops::Range;

use abi_stable::std_types::{RResult, RSlice, RSliceMut, RStr, RString, RVec};

use crate::abi::call::{EVENTS_MAX, RawParamEvent, RawProcess};
use crate::abi::object::RawProcessor;
use crate::abi::setup::{RawActivation, RawFormat, RawLayout, RawRefusal, RawTiming};
use crate::abi::status::{RawCode, RawStatus};
use crate::audio::{Audio, Io};
use crate::context::{Context, Records};
use crate::export::component::answer;
use crate::export::guard::{Guarded, status};
use crate::fault::{Fault, Refusal, Status};
use crate::params::{Params, index_of};
use crate::processor::AudioProcessor;
use crate::setup::{Activation, Format};
use crate::state::{STATE_BYTES_MAX, StateReader, StateWriter};

/// What activation fixed: a block that does not fit is refused before the author's code sees it.
#[derive(Clone, Copy)]
struct Active {
    sample_rate_hz: u32,
    frames_max: u32,
    channels_in: usize,
    channels_out: usize,
    /// Whether a parameter was set since the last block.
    params_changed: bool,
}

/// What every block touches comes first: an instance may be large.
pub(super) struct ProcessorAdapter<T> {
    active: Option<Active>,
    instance: Guarded<T>,
}

impl<T: AudioProcessor> ProcessorAdapter<T> {
    pub(super) fn new(instance: Guarded<T>) -> Self {
        Self {
            instance,
            active: None,
        }
    }

    fn when_active<R>(
        &mut self,
        body: impl FnOnce(&mut T) -> Result<R, Fault>,
    ) -> Result<R, RawStatus> {
        if self.active.is_none() {
            return Err(RawStatus::err(RawCode::WRONG_STATE));
        }
        self.instance.call(body)
    }
}

impl<T: AudioProcessor> RawProcessor for ProcessorAdapter<T> {
    fn validate_input(&self, format: RawFormat) -> RResult<RawLayout, RawRefusal> {
        answer(self.instance.consult(|instance| {
            let layout = instance.validate_input(&Format::read(format)?)?;
            Ok(layout.into())
        }))
    }

    fn activate(&mut self, activation: &RawActivation<'_>) -> RResult<RawTiming, RawRefusal> {
        if self.active.is_some() {
            return answer(Err(Refusal::with(
                RawCode::WRONG_STATE,
                "it is active already",
            )));
        }
        answer(self.instance.act(|instance| {
            let activation = Activation::read(activation)?;
            let format = activation.format();
            let output = instance.validate_input(&format)?;
            instance.prepare_params(f64::from(format.sample_rate_hz), activation.frames_max());
            let timing = instance.activate(&activation)?;
            self.active = Some(Active {
                sample_rate_hz: format.sample_rate_hz,
                frames_max: activation.raw().frames_max,
                channels_in: format.layout.channels(),
                channels_out: output.channels(),
                params_changed: true,
            });
            Ok(timing.raw())
        }))
    }

    fn deactivate(&mut self) -> RawStatus {
        if self.active.take().is_none() {
            return RawStatus::err(RawCode::WRONG_STATE);
        }
        status(self.instance.call(|instance| {
            instance.deactivate();
            Ok(())
        }))
    }

    #[inline]
    fn process(&mut self, call: &mut RawProcess<'_>) -> RawStatus {
        let Some(kept) = &mut self.active else {
            return RawStatus::err(RawCode::WRONG_STATE);
        };
        let active = *kept;
        if let Err(code) = check(active, call) {
            return RawStatus::err(code);
        }
        kept.params_changed = false;
        match self.instance.call(|instance| parts(instance, active, call)) {
            Ok(status) => RawStatus::ok(status.detail()),
            Err(status) => status,
        }
    }

    fn reset(&mut self) -> RawStatus {
        status(self.when_active(|instance| {
            instance.reset_params();
            instance.reset();
            Ok(())
        }))
    }

    fn set_param(&mut self, index: u32, value: f64) -> RawStatus {
        if let Some(active) = &mut self.active {
            active.params_changed = true;
        }
        status(
            self.instance
                .call(|instance| set_param(instance, index, value)),
        )
    }

    fn param(&self, index: u32) -> f64 {
        self.instance
            .look(|instance| Ok(param(instance, index)))
            .unwrap_or(f64::NAN)
    }

    fn param_index(&self, id: RStr<'_>) -> RawStatus {
        param_index::<T>(id.as_str())
    }

    fn state_bytes(&self) -> u32 {
        let bytes = self.instance.look(|instance| Ok(instance.state_bytes()));
        bytes.unwrap_or(0).min(STATE_BYTES_MAX) as u32
    }

    fn save_state(&self, mut into: RSliceMut<'_, u8>) -> RawStatus {
        if self.active.is_none() {
            return RawStatus::err(RawCode::WRONG_STATE);
        }
        let saved = self.instance.look(|instance| {
            let mut writer = StateWriter::new(into.as_mut_slice());
            instance.save_state(&mut writer)?;
            Ok(writer.written())
        });
        match saved {
            Ok(bytes) => RawStatus::ok(bytes as u32),
            Err(status) => status,
        }
    }

    fn load_state(&mut self, bytes: RSlice<'_, u8>) -> RawStatus {
        status(self.when_active(|instance| {
            if bytes.len() > STATE_BYTES_MAX {
                return Err(Fault::with(
                    RawCode::OUT_OF_BOUNDS,
                    "the state is over 512 KiB",
                ));
            }
            let mut reader = StateReader::new(bytes.as_slice());
            instance.load_state(&mut reader)?;
            reader.end()
        }))
    }

    fn migrate_state(&self, schema: u32, bytes: RSlice<'_, u8>) -> RResult<RVec<u8>, RawRefusal> {
        answer(self.instance.consult(|instance| {
            let migrated = instance.migrate_state(schema, bytes.as_slice())?;
            Ok(migrated.into())
        }))
    }

    fn fault_text(&self) -> RString {
        self.instance.fault_text().into()
    }
}

/// Sets a parameter whose index and value come from the host.
pub(super) fn set_param<T: Params>(instance: &mut T, index: u32, value: f64) -> Result<(), Fault> {
    if index >= crate::declare::param_count(T::PARAMS) {
        return Err(Fault::with(
            RawCode::OUT_OF_BOUNDS,
            "no parameter of that index",
        ));
    }
    if value.is_nan() {
        return Err(Fault::invalid_input("a parameter was given NaN"));
    }
    instance.set_param(index, value);
    Ok(())
}

/// A parameter's value, NaN for an unknown index.
pub(super) fn param<T: Params>(instance: &T, index: u32) -> f64 {
    if index < crate::declare::param_count(T::PARAMS) {
        instance.param(index)
    } else {
        f64::NAN
    }
}

/// The wire index of a full id.
pub(super) fn param_index<T: Params>(id: &str) -> RawStatus {
    match index_of(T::PARAMS, id) {
        Some(index) => RawStatus::ok(index),
        None => RawStatus::err(RawCode::OUT_OF_BOUNDS),
    }
}

/// Checks the call against the activation, before any author's code runs.
#[inline]
fn check(active: Active, call: &RawProcess<'_>) -> Result<(), RawCode> {
    let frames = call.frames as usize;
    if call.frames == 0 || call.frames > active.frames_max || call.events.len() > EVENTS_MAX {
        return Err(RawCode::OUT_OF_BOUNDS);
    }
    let fits = call.input.channels() == active.channels_in
        && call.output.channels() == active.channels_out
        && call.input.frames() == frames
        && call.output.frames() == frames;
    if fits {
        Ok(())
    } else {
        Err(RawCode::INVALID_INPUT)
    }
}

/// Processes a block part by part, each ending where a parameter changes.
#[inline]
fn parts<T: AudioProcessor>(
    instance: &mut T,
    active: Active,
    call: &mut RawProcess<'_>,
) -> Result<Status, Fault> {
    if call.events.is_empty() {
        return part(instance, active, call, 0..call.frames as usize);
    }
    cut(instance, active, call)
}

/// As `parts`, where parameters change.
#[cold]
fn cut<T: AudioProcessor>(
    instance: &mut T,
    mut active: Active,
    call: &mut RawProcess<'_>,
) -> Result<Status, Fault> {
    let frames = call.frames as usize;
    let mut events = call.events.as_slice();
    let mut whole = Status::Silent;
    let mut start = 0;
    while start < frames {
        let left = apply(instance, events, start);
        active.params_changed |= left.len() < events.len();
        events = left;
        let end = events
            .first()
            .map_or(frames, |event| event.offset_frames as usize);
        let end = end.clamp(start + 1, frames);
        let part = part(instance, active, call, start..end)?;
        whole = if start == 0 { part } else { whole.merge(part) };
        start = end;
    }
    Ok(whole)
}

/// Sets what changes at or before `start`; returns the events that are left.
fn apply<'a, T: Params>(
    instance: &mut T,
    mut events: &'a [RawParamEvent],
    start: usize,
) -> &'a [RawParamEvent] {
    while let [event, rest @ ..] = events {
        if event.offset_frames as usize > start {
            break;
        }
        if !event.value.is_nan() {
            instance.set_param(event.index, event.value);
        }
        events = rest;
    }
    events
}

#[inline]
fn part<T: AudioProcessor>(
    instance: &mut T,
    active: Active,
    call: &mut RawProcess<'_>,
    part: Range<usize>,
) -> Result<Status, Fault> {
    let (start, frames) = (part.start, part.len());
    let position_frames = call.position_frames + start as u64;
    let mut context = Context {
        position_frames,
        frames,
        sample_rate_hz: active.sample_rate_hz,
        flags: call.flags,
        params_changed: active.params_changed,
        offset_frames: start,
        sidechains: call.sidechains.as_slice(),
        outputs: call.outputs.as_mut_slice(),
        records: Records {
            room: call.records.room.as_mut_slice(),
            written: &mut call.records.written,
            lost: &mut call.records.lost,
        },
    };
    let input = Audio::new(call.input.part(start, frames), position_frames);
    let mut io = Io::new(input, call.output.part(start, frames));
    instance.process(&mut context, &mut io)
}
