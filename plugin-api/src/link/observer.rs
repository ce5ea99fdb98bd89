//! Observer: a handle of one analyzer or metric in a library.

use crate::abi::audio::RawAudio;
use crate::abi::call::{RawFlags, RawObserve, RawReadings};
use crate::abi::object::RawAnalyzerBox;
use crate::abi::setup::RawActivation;
use crate::abi::status::RawStatus;
use crate::fault::Refusal;
use crate::link::decision::Heard;
use crate::link::library::{Start, bounded, open};
use crate::setup::Format;

/// One analyzer or metric; dropping it runs the plugin's own clean-up.
///
/// Thread: the tap's, for everything; never two at once.
pub struct Observer {
    raw: RawAnalyzerBox,
}

impl std::fmt::Debug for Observer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Observer")
    }
}

impl Observer {
    pub(crate) fn new(raw: RawAnalyzerBox) -> Self {
        Self { raw }
    }

    pub(super) fn into_raw(self) -> RawAnalyzerBox {
        self.raw
    }

    /// Whether this signal can be looked at.
    ///
    /// # Errors
    /// What the component says.
    pub fn validate_input(&self, format: Format) -> Result<(), Refusal> {
        open(self.raw.validate_input(format.raw()))
    }

    /// Gets it ready; returns the hop in frames, 0 for none.
    ///
    /// # Errors
    /// What the component says.
    pub fn activate(&mut self, start: &Start<'_>) -> Result<u32, Refusal> {
        start.with_raw(|raw| self.activate_raw(raw))
    }

    /// As `activate`, for a component that passes on its own activation.
    pub(crate) fn activate_raw(&mut self, raw: &RawActivation<'_>) -> Result<u32, Refusal> {
        open(self.raw.activate(raw))
    }

    /// Gives back what activation took.
    pub fn deactivate(&mut self) -> RawStatus {
        self.raw.deactivate()
    }

    /// Takes a stretch of signal that does not cross a multiple of the hop.
    pub fn observe(
        &mut self,
        position_frames: u64,
        signal: RawAudio<'_>,
        reference: RawAudio<'_>,
    ) -> RawStatus {
        let call = RawObserve::new(position_frames, RawFlags::NONE, signal, reference);
        self.raw.observe(&call)
    }

    /// Takes an event it subscribed to.
    pub fn hear(&mut self, heard: &Heard<'_>) -> RawStatus {
        self.raw.hear(&heard.raw())
    }

    /// Reads the values of the hop that just ended: one per reading, or one per channel of it.
    pub fn emit(&mut self, values: &mut [f64], channels: usize) -> RawStatus {
        self.raw.emit(&mut readings(values, channels))
    }

    /// Reads the values of the whole stream.
    pub fn finish(&mut self, values: &mut [f64], channels: usize) -> RawStatus {
        self.raw.finish(&mut readings(values, channels))
    }

    /// Forgets everything that was heard before; parameters stay. Thread: any but audio.
    pub fn reset(&mut self) -> RawStatus {
        self.raw.reset()
    }

    /// Sets a parameter by its wire index, in plain units. Thread: any but audio.
    pub fn set_param(&mut self, index: u32, value: f64) -> RawStatus {
        self.raw.set_param(index, value)
    }

    /// A parameter's value, NaN for an unknown index.
    #[must_use]
    pub fn param(&self, index: u32) -> f64 {
        self.raw.param(index)
    }

    /// What the last failure said.
    #[must_use]
    pub fn fault_text(&self) -> String {
        bounded(self.raw.fault_text().as_str())
    }
}

fn readings(values: &mut [f64], channels: usize) -> RawReadings<'_> {
    RawReadings {
        values: values.into(),
        channels: channels as u32,
        extension: std::ptr::null(),
    }
}
