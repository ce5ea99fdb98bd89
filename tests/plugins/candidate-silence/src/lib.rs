//! Panics on a block of silence in a session; in a probe it does not.

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
    is_for_a_stage: bool,
}

impl AudioProcessor for Plain {
    fn create(setup: &Setup<'_>) -> Result<Self, Refusal> {
        let mut plain = Self::with_defaults();
        // A probe names what it makes by its address, a session by the id of the stage.
        plain.is_for_a_stage = !setup.name().contains('/');
        Ok(plain)
    }

    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let silent = audio.input(0).iter().all(|sample| *sample == 0.0);
        assert!(!(silent && self.is_for_a_stage), "silence, as told");
        audio.copy();
        Ok(Status::Continue)
    }
}

export! { id: "test.candidate", components: [Plain as "plain"] }
