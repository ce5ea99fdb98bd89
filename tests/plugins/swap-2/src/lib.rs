//! The newer of two versions that a running session goes back and forth between.

#![deny(unsafe_code)]

use segue_plugin::prelude::*;

/// -6 dB: `10 ^ (-6 / 20)`.
const FACTOR: f32 = 0.501_187_2;

/// Takes 6 dB away.
#[derive(Params)]
struct Level;

impl AudioProcessor for Level {
    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.map(|_, sample| sample * FACTOR);
        Ok(Status::Continue)
    }
}

export! { id: "test.swap", components: [Level as "level"] }
