//! Services: what the host does for an instance, away from the audio thread.
//!
//! In: a component's address in a plugin that this one requires.
//! Out: an instance of it that the asking component owns and calls on its own threads.

use std::ptr;
use std::sync::Arc;

use abi_stable::std_types::{RResult, RSlice, RSliceMut, RVec};

use crate::abi::audio::{RawAudioMut, Span};
use crate::abi::call::{RawFlags, RawObserve, RawProcess, RawReadings, RawRecords};
use crate::abi::host::{RawHostBox, RawNamedParam, RawRequest};
use crate::abi::object::{RawAnalyzerBox, RawProcessorBox};
use crate::abi::status::{RawCode, RawStatus};
use crate::audio::Audio;
use crate::fault::{Fault, Refusal, Status};
use crate::setup::{Activation, Format, Timing};

/// What the host does for one instance. Cheap to clone; not for the audio thread.
#[derive(Clone)]
pub struct Host(Arc<RawHostBox>);

impl std::fmt::Debug for Host {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Host")
    }
}

impl Host {
    pub(crate) fn new(raw: RawHostBox) -> Self {
        Self(Arc::new(raw))
    }

    /// A processor of a required plugin, `segue.filters/eq`, with initial values of parameters by
    /// their full ids.
    ///
    /// # Errors
    /// When the plugin is not among this one's `requires`, is not there, or refuses.
    pub fn processor(
        &self,
        address: &str,
        params: &[(&str, f64)],
    ) -> Result<HostedProcessor, Refusal> {
        let params = named(params);
        match self.0.processor(request(address, &params)) {
            RResult::ROk(raw) => Ok(HostedProcessor { raw, frames_max: 0 }),
            RResult::RErr(refusal) => Err(refusal.into()),
        }
    }

    /// An analyzer of a required plugin.
    ///
    /// # Errors
    /// As [`processor`](Self::processor).
    pub fn analyzer(
        &self,
        address: &str,
        params: &[(&str, f64)],
    ) -> Result<HostedObserver, Refusal> {
        let params = named(params);
        match self.0.analyzer(request(address, &params)) {
            RResult::ROk(raw) => Ok(HostedObserver { raw }),
            RResult::RErr(refusal) => Err(refusal.into()),
        }
    }

    /// A metric of a required plugin.
    ///
    /// # Errors
    /// As [`processor`](Self::processor).
    pub fn metric(&self, address: &str, params: &[(&str, f64)]) -> Result<HostedObserver, Refusal> {
        let params = named(params);
        match self.0.metric(request(address, &params)) {
            RResult::ROk(raw) => Ok(HostedObserver { raw }),
            RResult::RErr(refusal) => Err(refusal.into()),
        }
    }
}

fn named<'a>(params: &[(&'a str, f64)]) -> RVec<RawNamedParam<'a>> {
    let named = |(id, value): &(&'a str, f64)| RawNamedParam {
        id: (*id).into(),
        value: *value,
    };
    params.iter().map(named).collect()
}

fn request<'a>(address: &'a str, params: &'a RVec<RawNamedParam<'a>>) -> RawRequest<'a> {
    RawRequest {
        address: address.into(),
        settings: RSlice::EMPTY,
        params: params.as_slice().into(),
        extension: ptr::null(),
    }
}

/// A processor of another plugin, owned by the one that asked for it.
///
/// Its cost counts to the asking component's stage.
pub struct HostedProcessor {
    raw: RawProcessorBox,
    frames_max: usize,
}

impl std::fmt::Debug for HostedProcessor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("HostedProcessor")
    }
}

impl HostedProcessor {
    /// The layout that comes out when this format goes in.
    ///
    /// # Errors
    /// What the component says.
    pub fn validate_input(&self, format: &Format) -> Result<crate::declare::Layout, Refusal> {
        match self.raw.validate_input(format.raw()) {
            RResult::ROk(layout) => layout
                .read()
                .ok_or_else(|| Refusal::new("the component answered with no channel layout")),
            RResult::RErr(refusal) => Err(refusal.into()),
        }
    }

    /// Gets it ready for the activation of the one that owns it.
    ///
    /// # Errors
    /// What the component says.
    pub fn activate(&mut self, activation: &Activation<'_>) -> Result<Timing, Refusal> {
        match self.raw.activate(activation.raw()) {
            RResult::ROk(timing) => {
                self.frames_max = activation.frames_max();
                Ok(Timing {
                    latency_frames: timing.latency_frames,
                    tail_frames: timing.tail_frames,
                })
            }
            RResult::RErr(refusal) => Err(refusal.into()),
        }
    }

    /// Gives back what activation took.
    pub fn deactivate(&mut self) {
        self.raw.deactivate();
    }

    /// Sets a parameter by its full id. Not for the audio thread.
    ///
    /// # Errors
    /// When there is no such parameter.
    pub fn set_param(&mut self, id: &str, value: f64) -> Result<(), Refusal> {
        let index = self.raw.param_index(id.into());
        if !index.is_ok() {
            return Err(Refusal::new(format!("the component has no parameter {id}")));
        }
        fault(self.raw.set_param(index.detail, value)).map_err(|fault| Refusal::new(fault.text))
    }

    /// Fills `output`, channel after channel of `input.frames()` samples, from `input`.
    ///
    /// Thread: where its owner runs, the audio thread included; nothing is allocated.
    ///
    /// # Errors
    /// When the block is longer than activated for or `output` too short, and what the component
    /// says.
    pub fn process(&mut self, input: &Audio<'_>, output: &mut [f32]) -> Result<Status, Fault> {
        let frames = input.frames();
        if frames == 0 || frames > self.frames_max || !output.len().is_multiple_of(frames) {
            return Err(Fault::with(
                RawCode::OUT_OF_BOUNDS,
                "a block of another length than the component was activated for",
            ));
        }
        let span = Span {
            channels: output.len() / frames,
            stride: frames,
            start: 0,
            frames,
        };
        let status = self.raw.process(&mut RawProcess {
            position_frames: input.position_frames(),
            flags: RawFlags::NONE,
            frames: frames as u32,
            input: input.raw(),
            output: RawAudioMut::new(output, span),
            sidechains: RSlice::EMPTY,
            events: RSlice::EMPTY,
            outputs: RSliceMut::from_mut_slice(&mut []),
            records: RawRecords {
                room: RSliceMut::from_mut_slice(&mut []),
                written: 0,
                lost: 0,
            },
            extension: ptr::null(),
        });
        fault(status).map(|()| Status::from_detail(status.detail))
    }

    /// Forgets the past; parameters keep their values.
    pub fn reset(&mut self) {
        self.raw.reset();
    }
}

/// An analyzer or a metric of another plugin, owned by the one that asked for it.
pub struct HostedObserver {
    raw: RawAnalyzerBox,
}

impl std::fmt::Debug for HostedObserver {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("HostedObserver")
    }
}

impl HostedObserver {
    /// Gets it ready; answers its hop in frames, 0 for none.
    ///
    /// # Errors
    /// What the component says.
    pub fn activate(&mut self, activation: &Activation<'_>) -> Result<u32, Refusal> {
        match self.raw.activate(activation.raw()) {
            RResult::ROk(hop) => Ok(hop),
            RResult::RErr(refusal) => Err(refusal.into()),
        }
    }

    /// Feeds a stretch that does not cross a multiple of the hop.
    ///
    /// # Errors
    /// What the component says.
    pub fn observe(&mut self, signal: &Audio<'_>, reference: &Audio<'_>) -> Result<(), Fault> {
        let call = RawObserve::new(
            signal.position_frames(),
            RawFlags::NONE,
            signal.raw(),
            reference.raw(),
        );
        fault(self.raw.observe(&call))
    }

    /// Reads the values of the hop that just ended, one per reading or per channel of it.
    ///
    /// # Errors
    /// What the component says.
    pub fn emit(&mut self, values: &mut [f64], channels: usize) -> Result<(), Fault> {
        fault(self.raw.emit(&mut readings(values, channels)))
    }

    /// Reads the values of the whole stream.
    ///
    /// # Errors
    /// What the component says.
    pub fn finish(&mut self, values: &mut [f64], channels: usize) -> Result<(), Fault> {
        fault(self.raw.finish(&mut readings(values, channels)))
    }
}

fn readings(values: &mut [f64], channels: usize) -> RawReadings<'_> {
    RawReadings {
        values: values.into(),
        channels: channels as u32,
        extension: ptr::null(),
    }
}

fn fault(status: RawStatus) -> Result<(), Fault> {
    if status.is_ok() {
        Ok(())
    } else {
        Err(Fault::with(
            status.code,
            "a component of another plugin failed",
        ))
    }
}
