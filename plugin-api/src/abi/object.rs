//! Object: the four kinds of component as they cross the boundary.
//!
//! One instance is never called from two threads at once. No method unwinds: the SDK catches
//! inside the plugin, and a panic returns `POISONED`, then and ever after. New methods come at
//! the end, with a default.

use abi_stable::sabi_trait;
use abi_stable::std_types::{RBox, RResult, RSlice, RSliceMut, RStr, RString, RVec};

use crate::abi::call::{RawObserve, RawProcess, RawReadings};
use crate::abi::setup::{
    RawAction, RawActivation, RawFormat, RawHeard, RawLayout, RawObservation, RawRefusal, RawTiming,
};
use crate::abi::status::RawStatus;

/// Audio to audio, and named outputs.
#[sabi_trait]
pub trait RawProcessor: Send {
    /// The layout that comes out when this goes in, or why it cannot go in.
    ///
    /// Thread: any but audio. State: created or later.
    fn validate_input(&self, format: RawFormat) -> RResult<RawLayout, RawRefusal>;

    /// Gets ready to process: allocates everything, returns latency and tail.
    ///
    /// Thread: any but audio. State: inactive.
    fn activate(&mut self, activation: &RawActivation<'_>) -> RResult<RawTiming, RawRefusal>;

    /// Gives up what activation took. Thread: any but audio. State: active.
    fn deactivate(&mut self) -> RawStatus;

    /// Fills `call.output` from `call.input`, which stays as it is.
    ///
    /// Thread: audio. State: active. Never blocks, never allocates, never unwinds. What the call
    /// borrows is valid until it returns, and not after. The detail of `OK` is a number of
    /// `process_detail`.
    fn process(&mut self, call: &mut RawProcess<'_>) -> RawStatus;

    /// Forgets the past: as after activation, parameters kept. Thread: audio. State: active.
    fn reset(&mut self) -> RawStatus;

    /// Sets a parameter at once; changes on air come with `process`.
    ///
    /// Thread: any, never beside another call. State: any.
    fn set_param(&mut self, index: u32, value: f64) -> RawStatus;

    /// A parameter's target value, NaN for an unknown index. Thread: any. State: any.
    fn param(&self, index: u32) -> f64;

    /// The wire index of a parameter by its full id, as detail. Thread: any but audio.
    fn param_index(&self, id: RStr<'_>) -> RawStatus;

    /// The most bytes `save_state` writes; 0 when there is no state. Thread: any. State: active.
    fn state_bytes(&self) -> u32;

    /// Writes the running state and leaves it untouched; the detail is the number of bytes.
    ///
    /// Thread: audio. State: active. Never allocates.
    fn save_state(&self, into: RSliceMut<'_, u8>) -> RawStatus;

    /// Reads a running state of the same schema, all or nothing.
    ///
    /// Thread: audio. State: active. Never allocates.
    fn load_state(&mut self, bytes: RSlice<'_, u8>) -> RawStatus;

    /// Turns a running state of an older schema into today's. Thread: any but audio.
    fn migrate_state(&self, schema: u32, bytes: RSlice<'_, u8>) -> RResult<RVec<u8>, RawRefusal>;

    /// What the last failure said, or an empty text. Thread: any but audio.
    #[sabi(last_prefix_field)]
    fn fault_text(&self) -> RString;
}

/// Audio to features, or reference and signal to readings: both are fed, then asked.
#[sabi_trait]
pub trait RawObserver: Send {
    /// Whether this signal can be looked at, or why not. Thread: any but audio.
    fn validate_input(&self, format: RawFormat) -> RResult<(), RawRefusal>;

    /// Gets ready; returns the hop in frames, 0 for none. Thread: any but audio. State: inactive.
    fn activate(&mut self, activation: &RawActivation<'_>) -> RResult<u32, RawRefusal>;

    /// Gives up what activation took. Thread: tap. State: active.
    fn deactivate(&mut self) -> RawStatus;

    /// Takes a stretch of signal, never across a multiple of the hop. Thread: tap. State: active.
    fn observe(&mut self, call: &RawObserve<'_>) -> RawStatus;

    /// Takes an event it subscribed to, in stream order. Thread: tap. State: active.
    fn hear(&mut self, heard: &RawHeard<'_>) -> RawStatus;

    /// Writes the readings of the hop that just ended. Thread: tap. State: active.
    fn emit(&mut self, readings: &mut RawReadings<'_>) -> RawStatus;

    /// Writes the readings of the whole stream. Thread: tap. State: active.
    fn finish(&mut self, readings: &mut RawReadings<'_>) -> RawStatus;

    /// Forgets the past. Thread: tap. State: active.
    fn reset(&mut self) -> RawStatus;

    /// Sets a parameter. Thread: tap. State: any.
    fn set_param(&mut self, index: u32, value: f64) -> RawStatus;

    /// A parameter's value, NaN for an unknown index. Thread: any. State: any.
    fn param(&self, index: u32) -> f64;

    /// The wire index of a parameter by its full id, as detail. Thread: any but audio.
    fn param_index(&self, id: RStr<'_>) -> RawStatus;

    /// What the last failure said, or an empty text. Thread: any but audio.
    #[sabi(last_prefix_field)]
    fn fault_text(&self) -> RString;
}

/// A decision engine as it crosses the boundary: observations come in, actions go out.
#[sabi_trait]
pub trait RawDecision: Send {
    /// Gets ready: learns what its sources are called. Thread: decision. State: inactive.
    fn activate(&mut self, activation: &RawActivation<'_>) -> RResult<(), RawRefusal>;

    /// Gives up what activation took. Thread: decision. State: active.
    fn deactivate(&mut self) -> RawStatus;

    /// Looks and decides. Thread: decision. State: active.
    fn decide(
        &mut self,
        observation: &RawObservation<'_>,
        actions: &mut RVec<RawAction>,
    ) -> RawStatus;

    /// Forgets the past. Thread: decision. State: active.
    fn reset(&mut self) -> RawStatus;

    /// Sets a parameter. Thread: decision. State: any.
    fn set_param(&mut self, index: u32, value: f64) -> RawStatus;

    /// A parameter's value, NaN for an unknown index. Thread: any. State: any.
    fn param(&self, index: u32) -> f64;

    /// The wire index of a parameter by its full id, as detail. Thread: any but audio.
    fn param_index(&self, id: RStr<'_>) -> RawStatus;

    /// What the last failure said, or an empty text. Thread: any but audio.
    #[sabi(last_prefix_field)]
    fn fault_text(&self) -> RString;
}

/// A processor, owned by whoever created it; its drop runs inside the plugin and never unwinds.
pub type RawProcessorBox = RawProcessor_TO<'static, RBox<()>>;
/// An analyzer that the host owns; dropping it ends it inside the plugin.
pub type RawAnalyzerBox = RawObserver_TO<'static, RBox<()>>;
/// A metric that the host owns; dropping it ends it inside the plugin.
pub type RawMetricBox = RawObserver_TO<'static, RBox<()>>;
/// A decision engine that the host owns; dropping it ends it inside the plugin.
pub type RawDecisionBox = RawDecision_TO<'static, RBox<()>>;
