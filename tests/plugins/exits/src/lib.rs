//! Ends the process in create, with an exit code that could pass for the host's own.

#![deny(unsafe_code)]

use segue_plugin::prelude::*;

/// Never there.
#[derive(Params)]
struct Exits;

impl AudioProcessor for Exits {
    fn create(_: &Setup<'_>) -> Result<Self, Refusal> {
        std::process::exit(0);
    }

    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.copy();
        Ok(Status::Continue)
    }
}

export! { id: "test.exits", components: [Exits as "exits"] }
