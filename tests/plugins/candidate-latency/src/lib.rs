//! Is later than its manifest says.

#![deny(unsafe_code)]

use segue_plugin::prelude::*;

/// What the manifest says, in frames.
const DECLARED_FRAMES: u32 = 32;

/// What activation says.
const ACTUAL_FRAMES: u64 = 33;

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
    const CAPABILITIES: Capabilities = Capabilities {
        latency: Span::Frames(DECLARED_FRAMES),
        ..Capabilities::DEFAULT
    };

    fn activate(&mut self, _: &Activation<'_>) -> Result<Timing, Refusal> {
        Ok(Timing {
            latency_frames: ACTUAL_FRAMES,
            ..Timing::NONE
        })
    }

    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.copy();
        Ok(Status::Continue)
    }
}

export! { id: "test.candidate", components: [Plain as "plain"] }
