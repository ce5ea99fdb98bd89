//! Never comes back from create: the probe's deadline has to end it.

#![deny(unsafe_code)]

use segue_plugin::prelude::*;

/// Never there.
#[derive(Params)]
struct Hangs;

impl AudioProcessor for Hangs {
    fn create(_: &Setup<'_>) -> Result<Self, Refusal> {
        loop {
            std::thread::park();
        }
    }

    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.copy();
        Ok(Status::Continue)
    }
}

export! { id: "test.hangs", components: [Hangs as "hangs"] }
