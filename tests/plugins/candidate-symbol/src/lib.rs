//! Needs a symbol that no library has: it cannot be opened.

use segue_plugin::prelude::*;

unsafe extern "C" {
    /// Nobody has it.
    safe fn segue_test_symbol_that_nobody_has() -> f32;
}

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
    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.map(|_, sample| sample * segue_test_symbol_that_nobody_has());
        Ok(Status::Continue)
    }
}

export! { id: "test.candidate", components: [Plain as "plain"] }
