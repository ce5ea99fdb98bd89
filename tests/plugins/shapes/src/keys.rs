//! Keys: two sidechains, which are not the same.

use segue_plugin::prelude::*;

/// The first sidechain less a quarter of the second: to change their order is heard.
#[derive(Params)]
pub(crate) struct Keys;

impl AudioProcessor for Keys {
    const CAPABILITIES: Capabilities = Capabilities {
        sidechains: 2,
        ..Capabilities::DEFAULT
    };

    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let (Some(first), Some(second)) = (context.sidechain(0), context.sidechain(1)) else {
            audio.copy();
            return Ok(Status::Continue);
        };
        for channel in 0..audio.channels_out() {
            let pairs = first.channel(channel).iter().zip(second.channel(channel));
            let (_, output) = audio.channel(channel);
            for (out, (first, second)) in output.iter_mut().zip(pairs) {
                *out = first - 0.25 * second;
            }
        }
        Ok(Status::Continue)
    }
}
