//! Is not activated.

#![deny(unsafe_code)]

use segue_plugin::prelude::*;

/// What goes wrong in a live block of the version that fails there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Choices)]
enum How {
    #[default]
    Panics,
    Faults,
    NotANumber,
}

/// Lets everything through, if it ever gets there.
#[derive(Params)]
struct Plain {
    /// What goes wrong in a live block of the version that fails there.
    #[param(default = How::Panics)]
    how: How,
    /// The first frame of the stream whose block it happens in.
    #[param(unit = "frames", range = 0.0..=1e9, default = 0.0)]
    from_frame: f64,
}

impl AudioProcessor for Plain {
    fn activate(&mut self, _: &Activation<'_>) -> Result<Timing, Refusal> {
        Err(Refusal::new("does not wake up, as told"))
    }

    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.copy();
        Ok(Status::Continue)
    }
}

export! { id: "test.candidate", components: [Plain as "plain"] }
