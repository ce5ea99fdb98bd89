//! A plugin of tomorrow that needs a host of tomorrow: it says nothing else.

#![deny(unsafe_code)]

use segue_plugin::prelude::*;

/// Halves the signal.
#[derive(Params)]
struct Half;

impl AudioProcessor for Half {
    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.map(|_, sample| sample * 0.5);
        Ok(Status::Continue)
    }
}

export! { id: "test.strict", components: [Half as "half"] }
