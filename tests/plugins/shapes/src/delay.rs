//! Delay: one processor that is as late as it says, and one that is not.

use segue_plugin::prelude::*;

/// Gives back what came in, so many frames later, and says so.
#[derive(Params)]
pub(crate) struct Delay {
    /// How late.
    #[param(unit = "frames", range = 0.0..=100_000.0, default = 64.0, reactivates)]
    late_frames: f64,
    /// What every sample is multiplied by: -1 turns the signal upside down.
    #[param(range = -1.0..=1.0, default = 1.0)]
    factor: f64,
    lines: Vec<Vec<f32>>,
    at: usize,
}

impl AudioProcessor for Delay {
    const CAPABILITIES: Capabilities = Capabilities {
        latency: Span::Varies,
        ..Capabilities::DEFAULT
    };

    fn activate(&mut self, activation: &Activation<'_>) -> Result<Timing, Refusal> {
        let frames = self.late_frames as usize;
        self.lines = vec![vec![0.0; frames]; activation.channels()];
        self.at = 0;
        Ok(Timing {
            latency_frames: frames as u64,
            ..Timing::NONE
        })
    }

    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let factor = self.factor as f32;
        let mut end = self.at;
        for (channel, line) in self.lines.iter_mut().enumerate() {
            let (input, output) = audio.channel(channel);
            end = self.at;
            for (out, sample) in output.iter_mut().zip(input) {
                let Some(place) = line.get_mut(end) else {
                    *out = *sample * factor; // A line without room delays nothing.
                    continue;
                };
                *out = std::mem::replace(place, *sample) * factor;
                end = (end + 1) % line.len();
            }
        }
        self.at = end;
        Ok(Status::Continue)
    }
}

/// Says it is late and is not: what comes out is early by as much.
#[derive(Params)]
pub(crate) struct Liar {
    /// How late it says it is.
    #[param(unit = "frames", range = 0.0..=1e15, default = 64.0, reactivates)]
    says_frames: f64,
}

impl AudioProcessor for Liar {
    const CAPABILITIES: Capabilities = Capabilities {
        latency: Span::Varies,
        ..Capabilities::DEFAULT
    };

    fn activate(&mut self, _: &Activation<'_>) -> Result<Timing, Refusal> {
        Ok(Timing {
            latency_frames: self.says_frames as u64,
            ..Timing::NONE
        })
    }

    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.copy();
        Ok(Status::Continue)
    }
}
