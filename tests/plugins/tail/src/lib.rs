//! Sounds on for as long as it says: echoes that are linear and come to an end.

#![deny(unsafe_code)]

use segue_plugin::prelude::*;

/// The distance between two echoes, in frames.
const STEP_FRAMES: usize = 1_201;

/// How many echoes there are.
const ECHOES: usize = 8;

/// How long the last of them is after the signal, in frames.
const TAIL_FRAMES: usize = STEP_FRAMES * ECHOES;

/// The signal and its echoes, each half as loud as the one before.
#[derive(Params)]
struct Echoes {
    past: Vec<Vec<f32>>,
    at: usize,
}

impl AudioProcessor for Echoes {
    const CAPABILITIES: Capabilities = Capabilities {
        tail: Span::Frames(TAIL_FRAMES as u32),
        ..Capabilities::DEFAULT
    };

    fn activate(&mut self, activation: &Activation<'_>) -> Result<Timing, Refusal> {
        self.past = vec![vec![0.0; TAIL_FRAMES + 1]; activation.channels()];
        self.at = 0;
        Ok(Timing {
            tail_frames: TAIL_FRAMES as u64,
            ..Timing::NONE
        })
    }

    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let mut end = self.at;
        for (channel, past) in self.past.iter_mut().enumerate() {
            let (input, output) = audio.channel(channel);
            end = self.at;
            for (out, sample) in output.iter_mut().zip(input) {
                past[end] = *sample;
                *out = echoes(past, end);
                end = (end + 1) % past.len();
            }
        }
        self.at = end;
        Ok(Status::Continue)
    }

    fn reset(&mut self) {
        self.at = 0;
        for past in &mut self.past {
            past.fill(0.0);
        }
    }
}

/// The newest sample, which lies at `newest`, and its echoes.
fn echoes(past: &[f32], newest: usize) -> f32 {
    let mut sum = 0.0;
    let mut gain = 1.0;
    for echo in 0..=ECHOES {
        let place = (newest + past.len() - echo * STEP_FRAMES) % past.len();
        sum += past[place] * gain;
        gain *= 0.5;
    }
    sum
}

export! { id: "test.tail", components: [Echoes as "echoes"] }
