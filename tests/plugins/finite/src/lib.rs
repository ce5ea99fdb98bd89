//! A filter that remembers few frames and keeps no state: once it has seen those, two instances
//! agree to the last bit.

#![deny(unsafe_code)]

use segue_plugin::prelude::*;

/// How many frames it remembers.
const PAST_FRAMES: usize = 33;

/// The mean of the newest frames, made anew for each.
#[derive(Params)]
struct Mean {
    past: Vec<[f32; PAST_FRAMES]>,
}

impl AudioProcessor for Mean {
    fn activate(&mut self, activation: &Activation<'_>) -> Result<Timing, Refusal> {
        self.past = vec![[0.0; PAST_FRAMES]; activation.channels()];
        Ok(Timing::NONE)
    }

    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        for (channel, past) in self.past.iter_mut().enumerate() {
            let (input, output) = audio.channel(channel);
            for (out, sample) in output.iter_mut().zip(input) {
                past.rotate_left(1);
                past[PAST_FRAMES - 1] = *sample;
                *out = past.iter().sum::<f32>() / PAST_FRAMES as f32;
            }
        }
        Ok(Status::Continue)
    }

    fn reset(&mut self) {
        self.past.fill([0.0; PAST_FRAMES]);
    }
}

export! { id: "test.finite", components: [Mean as "mean"] }
