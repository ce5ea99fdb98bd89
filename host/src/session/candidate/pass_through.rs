//! Pass-through: the built-in processor that hands its input on.

use segue_plugin::prelude::*;

/// Hands its input on as it is.
#[derive(Params)]
pub(super) struct PassThrough;

impl AudioProcessor for PassThrough {
    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.copy();
        Ok(Status::Continue)
    }
}
