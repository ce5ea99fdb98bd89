//! Services: what the host does for an instance, away from the audio thread.
//!
//! In: a component's address in a plugin that this one requires.
//! Out: an instance of it that the asking component owns and calls on its own threads.

use std::ptr;
use std::sync::Arc;

use abi_stable::std_types::{RSlice, RVec};

use crate::abi::audio::{RawAudioMut, Span};
use crate::abi::host::{RawHostBox, RawNamedParam, RawRequest};
use crate::abi::status::{RawCode, RawStatus};
use crate::audio::Audio;
use crate::declare::Layout;
use crate::fault::{Fault, Refusal, Status};
use crate::link::{Block, Flags, Observer, Processor, received};
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
        let raw = received(self.0.processor(request(address, &params)))?;
        Ok(HostedProcessor {
            processor: Processor::new(raw),
            frames_max: 0,
        })
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
        let raw = received(self.0.analyzer(request(address, &params)))?;
        Ok(HostedObserver {
            observer: Observer::new(raw),
        })
    }

    /// A metric of a required plugin.
    ///
    /// # Errors
    /// As [`processor`](Self::processor).
    pub fn metric(&self, address: &str, params: &[(&str, f64)]) -> Result<HostedObserver, Refusal> {
        let params = named(params);
        let raw = received(self.0.metric(request(address, &params)))?;
        Ok(HostedObserver {
            observer: Observer::new(raw),
        })
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
    processor: Processor,
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
    pub fn validate_input(&self, format: &Format) -> Result<Layout, Refusal> {
        self.processor.validate_input(*format)
    }

    /// Gets it ready for the activation of the one that owns it.
    ///
    /// # Errors
    /// What the component says.
    pub fn activate(&mut self, activation: &Activation<'_>) -> Result<Timing, Refusal> {
        let timing = self.processor.activate_raw(activation.raw())?;
        self.frames_max = activation.frames_max();
        Ok(timing)
    }

    /// Gives back what activation took.
    pub fn deactivate(&mut self) {
        self.processor.deactivate();
    }

    /// Sets a parameter by its full id. Not for the audio thread.
    ///
    /// # Errors
    /// When there is no such parameter.
    pub fn set_param(&mut self, id: &str, value: f64) -> Result<(), Refusal> {
        let index = self.processor.param_index(id);
        if !index.is_ok() {
            return Err(Refusal::new(format!("the component has no parameter {id}")));
        }
        fault(self.processor.set_param(index.detail, value))
            .map_err(|fault| Refusal::new(fault.text))
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
        let outcome = self.processor.process(Block {
            position_frames: input.position_frames(),
            flags: Flags::NONE,
            input: input.raw(),
            output: RawAudioMut::new(output, span),
            sidechains: &[],
            events: &[],
            outputs: &mut [],
            records: &mut [],
        });
        let status = outcome.status;
        fault(status).map(|()| Status::from_detail(status.detail))
    }

    /// Forgets the past; parameters keep their values.
    pub fn reset(&mut self) {
        self.processor.reset();
    }
}

/// An analyzer or a metric of another plugin, owned by the one that asked for it.
pub struct HostedObserver {
    observer: Observer,
}

impl std::fmt::Debug for HostedObserver {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("HostedObserver")
    }
}

impl HostedObserver {
    /// Gets it ready; returns its hop in frames, 0 for none.
    ///
    /// # Errors
    /// What the component says.
    pub fn activate(&mut self, activation: &Activation<'_>) -> Result<u32, Refusal> {
        self.observer.activate_raw(activation.raw())
    }

    /// Feeds a stretch that does not cross a multiple of the hop.
    ///
    /// # Errors
    /// What the component says.
    pub fn observe(&mut self, signal: &Audio<'_>, reference: &Audio<'_>) -> Result<(), Fault> {
        let position = signal.position_frames();
        fault(
            self.observer
                .observe(position, signal.raw(), reference.raw()),
        )
    }

    /// Reads the values of the hop that just ended, one per reading or per channel of it.
    ///
    /// # Errors
    /// What the component says.
    pub fn emit(&mut self, values: &mut [f64], channels: usize) -> Result<(), Fault> {
        fault(self.observer.emit(values, channels))
    }

    /// Reads the values of the whole stream.
    ///
    /// # Errors
    /// What the component says.
    pub fn finish(&mut self, values: &mut [f64], channels: usize) -> Result<(), Fault> {
        fault(self.observer.finish(values, channels))
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
