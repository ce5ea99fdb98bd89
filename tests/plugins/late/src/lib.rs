//! Components that differ in nothing but their latency: what goes in comes out, later.

#![deny(unsafe_code)]

use segue_plugin::prelude::*;

/// The past of each channel, as many frames as it is late.
#[derive(Debug, Default)]
struct Lines {
    lines: Vec<Vec<f32>>,
    at: usize,
}

impl Lines {
    fn new(channels: usize, frames: usize) -> Self {
        let lines = vec![vec![0.0; frames]; channels];
        Self { lines, at: 0 }
    }

    fn play(&mut self, audio: &mut Io<'_>) {
        let mut end = self.at;
        for (channel, line) in self.lines.iter_mut().enumerate() {
            let (input, output) = audio.channel(channel);
            end = self.at;
            for (out, sample) in output.iter_mut().zip(input) {
                *out = std::mem::replace(&mut line[end], *sample);
                end = (end + 1) % line.len();
            }
        }
        self.at = end;
    }

    fn forget(&mut self) {
        self.at = 0;
        for line in &mut self.lines {
            line.fill(0.0);
        }
    }
}

/// Not late at all.
#[derive(Params)]
struct Prompt;

impl AudioProcessor for Prompt {
    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.copy();
        Ok(Status::Continue)
    }
}

/// A component that is late by a fixed number of frames.
macro_rules! late {
    ($name:ident, $frames:literal) => {
        #[doc = concat!("Late by ", $frames, " frames.")]
        #[derive(Params)]
        struct $name {
            lines: Lines,
        }

        impl AudioProcessor for $name {
            const CAPABILITIES: Capabilities = Capabilities {
                latency: Span::Frames($frames),
                ..Capabilities::DEFAULT
            };

            fn activate(&mut self, activation: &Activation<'_>) -> Result<Timing, Refusal> {
                self.lines = Lines::new(activation.channels(), $frames);
                Ok(Timing {
                    latency_frames: $frames,
                    ..Timing::NONE
                })
            }

            fn process(
                &mut self,
                _: &mut Context<'_>,
                audio: &mut Io<'_>,
            ) -> Result<Status, Fault> {
                self.lines.play(audio);
                Ok(Status::Continue)
            }

            fn reset(&mut self) {
                self.lines.forget();
            }
        }
    };
}

late!(Short, 64);
late!(Long, 480);

export! {
    id: "test.late",
    components: [Prompt as "none", Short as "short", Long as "long"]
}
