//! The older of two versions that a running session goes back and forth between.

#![deny(unsafe_code)]

use segue_plugin::prelude::*;

/// Lets everything through.
#[derive(Params)]
struct Level;

impl AudioProcessor for Level {
    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.copy();
        Ok(Status::Continue)
    }
}

export! { id: "test.swap", components: [Level as "level"] }
