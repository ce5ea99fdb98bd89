//! A plugin that others use: an eighth of the signal, exactly.

#![deny(unsafe_code)]

use segue_plugin::prelude::*;

/// Scales the signal.
#[derive(Params)]
struct Scale {
    /// By how much beside the plugin's own factor.
    #[param(range = 0.0..=4.0, default = 1.0)]
    more: f64,
}

impl AudioProcessor for Scale {
    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let factor = 0.125 * self.more as f32;
        audio.map(|_, sample| sample * factor);
        Ok(Status::Continue)
    }
}

export! { id: "test.provider", components: [Scale as "scale"] }
