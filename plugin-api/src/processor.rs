//! Processor: audio to audio.

use crate::audio::Io;
use crate::context::Context;
use crate::declare::{Capabilities, EventDecl, Layout, OutputDecl, SettingDecl};
use crate::fault::{Fault, Refusal, Status};
use crate::params::Params;
use crate::setup::{Activation, Format, Setup, Timing, output_layout};
use crate::state::{StateReader, StateWriter};

/// Audio to audio, and named outputs. Only [`process`](Self::process) is required.
///
/// The host calls one instance from one thread at a time, in this order: `create`, any number of
/// `validate_input`, then `activate`, `process` and its companions, `deactivate`, and so on, and
/// at the end drop. Everything but `process`, `reset`, `save_state` and `load_state` runs away
/// from the audio thread and may allocate.
///
/// A panic in any method is caught: the instance is then never called again, and what its stage's
/// `on_error` says is heard.
///
/// ```
/// use segue_plugin::prelude::*;
///
/// /// Turns the signal upside down.
/// #[derive(Params)]
/// struct Invert;
///
/// impl AudioProcessor for Invert {
///     fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
///         audio.map(|_, sample| -sample);
///         Ok(Status::Continue)
///     }
/// }
///
/// let mut stage = segue_plugin::testing::processor::<Invert>().mono(48_000).activate()?;
/// assert_eq!(stage.process(&[&[0.25, -1.0]])?, [[-0.25, 1.0]]);
/// # Ok::<(), Refusal>(())
/// ```
pub trait AudioProcessor: Params + Send + 'static {
    /// Layouts, latency, tail, real-time class, sidechains, state.
    const CAPABILITIES: Capabilities = Capabilities::DEFAULT;
    /// What it is created with beside its parameters.
    const SETTINGS: &'static [SettingDecl] = &[];
    /// The numbers it writes per block with [`Context::output`].
    const OUTPUTS: &'static [OutputDecl] = &[];
    /// The events it publishes with [`Context::publish`].
    const EVENTS: &'static [EventDecl] = &[];

    /// Makes an instance. Parameters are set right after; they need not be read here.
    ///
    /// # Errors
    /// A sentence that names the setting that cannot be used, and why.
    fn create(setup: &Setup<'_>) -> Result<Self, Refusal> {
        let _ = setup;
        Ok(Self::with_defaults())
    }

    /// The layout that comes out when this format goes in. Asked at plan time and at activation.
    ///
    /// # Errors
    /// A sentence that names what it takes.
    fn validate_input(&self, format: &Format) -> Result<Layout, Refusal> {
        output_layout(Self::CAPABILITIES.layouts, format.layout)
    }

    /// Allocates what `process` needs; returns the exact latency and tail.
    ///
    /// # Errors
    /// A sentence about what is missing.
    fn activate(&mut self, activation: &Activation<'_>) -> Result<Timing, Refusal> {
        Ok(Timing::declared(
            &Self::CAPABILITIES,
            activation.sample_rate_hz(),
        ))
    }

    /// Gives back what `activate` took.
    fn deactivate(&mut self) {}

    /// Fills the output from the input, which stays as it is.
    ///
    /// Thread: audio. 1 to `frames_max` frames, any number. Neither allocates, frees, locks nor
    /// calls the system. Output that was not finite while the input was counts as a failure.
    ///
    /// # Errors
    /// A [`Fault`]; what the stage's `on_error` says is heard from this block on.
    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault>;

    /// Forgets the past, as right after activation; parameters keep their values. Thread: audio.
    fn reset(&mut self) {}

    /// The most bytes that `save_state` writes in this activation; 0 without state.
    fn state_bytes(&self) -> usize {
        0
    }

    /// Writes the running state, so that another instance goes on where this one is.
    ///
    /// Thread: audio. Nothing is allocated, and nothing of the instance changes.
    ///
    /// # Errors
    /// When there is no state, or it did not fit.
    fn save_state(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
        let _ = state;
        Err(Fault::UNSUPPORTED)
    }

    /// Reads a running state of the same schema, all or nothing. Thread: audio; no allocation.
    ///
    /// # Errors
    /// When the bytes do not fit this activation; then nothing has changed.
    fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<(), Fault> {
        let _ = state;
        Err(Fault::UNSUPPORTED)
    }

    /// Turns a running state of an older schema into today's.
    ///
    /// # Errors
    /// A sentence about why it cannot.
    fn migrate_state(&self, schema: u32, old: &[u8]) -> Result<Vec<u8>, Refusal> {
        let _ = old;
        let today = Self::CAPABILITIES.state_schema;
        Err(Refusal::new(format!(
            "state schema {schema} cannot be turned into {today}"
        )))
    }
}
