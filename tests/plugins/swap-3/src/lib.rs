//! The same id and version as swap-2, of other content: what a build leaves that forgot the number.

#![deny(unsafe_code)]

use segue_plugin::prelude::*;

/// -12 dB.
const FACTOR: f32 = 0.251_188_64;

/// Takes 12 dB away.
#[derive(Params)]
struct Level;

impl AudioProcessor for Level {
    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.map(|_, sample| sample * FACTOR);
        Ok(Status::Continue)
    }
}

export! { id: "test.swap", components: [Level as "level"] }
