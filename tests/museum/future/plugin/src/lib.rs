//! A plugin of tomorrow that does with a host of today.

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

export! { id: "test.future", min_host: (1, 0), components: [Half as "half"] }
