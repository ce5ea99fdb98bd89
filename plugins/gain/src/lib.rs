//! The gain plugin: a level in decibels that glides where it changes.

#![deny(unsafe_code)]

use segue_plugin::prelude::*;

/// Makes everything louder or softer.
#[derive(Params)]
struct Gain {
    /// How much louder; negative is softer. Linear gain is 10^(gain_db / 20).
    #[param(unit = "dB", range = -120.0..=60.0, default = 0.0, smooth_ms = 20.0)]
    gain_db: Smoothed,
}

impl AudioProcessor for Gain {
    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        if let Some(gain) = self.gain_db.constant_gain(context) {
            audio.map(|_, sample| sample * gain);
        } else {
            let gains = self.gain_db.gains(context);
            audio.map(|frame, sample| sample * gains[frame]);
        }
        Ok(Status::Continue)
    }
}

export! { id: "segue.gain", name: "Gain", components: [Gain as "gain"] }
