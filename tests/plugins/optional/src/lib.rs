//! Does without the plugin that it would like.

#![deny(unsafe_code)]

use segue_plugin::prelude::*;

/// Lets everything through.
#[derive(Params)]
struct Through;

impl AudioProcessor for Through {
    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.copy();
        Ok(Status::Continue)
    }
}

export! {
    id: "test.optional",
    requires: ["test.absent" = "1" optional],
    components: [Through as "through"]
}
