//! Logs and leaves notes, on the audio thread and off it.

#![deny(unsafe_code)]

use segue_plugin::prelude::*;

/// Logs from every method; what comes from `process` is dropped and counted.
#[derive(Params)]
struct Talks;

impl AudioProcessor for Talks {
    fn create(setup: &Setup<'_>) -> Result<Self, Refusal> {
        tracing::warn!(stage = setup.name(), "created");
        Ok(Self)
    }

    fn activate(&mut self, activation: &Activation<'_>) -> Result<Timing, Refusal> {
        tracing::info!(channels = activation.channels(), "activated");
        Ok(Timing::NONE)
    }

    fn deactivate(&mut self) {
        tracing::warn!("deactivated");
    }

    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        tracing::warn!("this line must not arrive");
        if context.position_frames() == 0 {
            context.note("the first block", context.frames() as f64);
        }
        audio.copy();
        Ok(Status::Continue)
    }
}

export! { id: "test.talks", components: [Talks as "talks"] }
