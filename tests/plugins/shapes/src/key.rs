//! Key: a sidechain, taken out of the signal.

use segue_plugin::prelude::*;

/// The signal less its sidechain: silence where both are the same and aligned.
#[derive(Params)]
pub(crate) struct Key;

impl AudioProcessor for Key {
    const CAPABILITIES: Capabilities = Capabilities {
        sidechains: 1,
        ..Capabilities::DEFAULT
    };

    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let Some(key) = context.sidechain(0) else {
            audio.copy();
            return Ok(Status::Continue);
        };
        if key.frames() != audio.frames() || key.position_frames() != context.position_frames() {
            return Err(Fault::new(
                1,
                "the sidechain is of other frames than the signal",
            ));
        }
        for channel in 0..audio.channels_out() {
            let keys = key.channel(channel.min(key.channels() - 1));
            let (input, output) = audio.channel(channel);
            for ((out, sample), key) in output.iter_mut().zip(input).zip(keys) {
                *out = sample - key;
            }
        }
        Ok(Status::Continue)
    }
}
