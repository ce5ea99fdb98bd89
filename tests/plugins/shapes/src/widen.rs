//! Widen: one channel in, two out.

use segue_plugin::prelude::*;

/// Makes two channels of one: the signal, and the signal upside down.
#[derive(Params)]
pub(crate) struct Widen;

impl AudioProcessor for Widen {
    const CAPABILITIES: Capabilities = Capabilities {
        layouts: Layouts::Pairs(&[(Layout::MONO, Layout::STEREO)]),
        ..Capabilities::DEFAULT
    };

    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let input = audio.input(0);
        audio.output(0).copy_from_slice(input);
        for (out, sample) in audio.output(1).iter_mut().zip(input) {
            *out = -sample;
        }
        Ok(Status::Continue)
    }
}
