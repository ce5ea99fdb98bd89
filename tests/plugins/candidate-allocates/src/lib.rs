//! Allocates in its first call on a thread, as what keeps something for each thread does.

#![deny(unsafe_code)]

use segue_plugin::prelude::*;

use std::cell::RefCell;

std::thread_local! {
    /// What a thread needs once.
    static SCRATCH: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
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
        SCRATCH.with_borrow_mut(|scratch| {
            if scratch.is_empty() {
                scratch.resize(1_024, 0.0);
            }
        });
        audio.copy();
        Ok(Status::Continue)
    }
}

export! { id: "test.candidate", components: [Plain as "plain"] }
