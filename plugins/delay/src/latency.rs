//! Latency: the input, so many frames later, and the host is told.
//!
//! In: any channels. Out: the same channels `latency_frames` later, which is exactly the latency
//! it reports; if asked for, the same once more `tail_frames` after that, which is exactly the tail
//! it reports; if asked for, upside down.

use crate::memory;
use crate::memory::NO_PAST;
use segue_dsp::delay::Line;
use segue_plugin::prelude::*;

/// The longest latency and tail, in frames, which is what a host takes.
const FRAMES_MAX: i64 = 1 << 20;
/// How long the sign takes to turn, in seconds.
const TURN_SECONDS: f64 = 0.02;
/// How many samples are worked on at a time.
const CHUNK_FRAMES: usize = 256;

/// Hands its input on later and reports the latency, so that the host can align it.
#[derive(Params)]
pub(crate) struct Latency {
    /// How much later, exactly.
    #[param(unit = "frames", range = 0..=FRAMES_MAX, default = 0, reactivates)]
    latency_frames: u32,
    /// How long after its end the input is heard once more; 0 for not at all.
    #[param(unit = "frames", range = 0..=FRAMES_MAX, default = 0, reactivates)]
    tail_frames: u32,
    /// How loud it is then.
    #[param(unit = "dB", range = -120.0..=0.0, default = -12.0, smooth_ms = 20.0)]
    tail_gain_db: Smoothed,
    /// Turns the signal upside down, over 20 ms where it changes: what is summed with an equal
    /// branch that is not turned leaves silence.
    #[param(default = false)]
    invert: bool,
    /// One for each channel.
    lines: Vec<Line>,
    /// What was activated: the parameters may be set on for the next activation.
    timing: Option<Timing>,
    sign: Sign,
}

/// The factor of 1 or -1, and the way between.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sign {
    /// From `turn_frames` for as it is to minus that for upside down.
    at: i64,
    /// Half of the way, at least 1 while active.
    turn_frames: i64,
}

impl Sign {
    fn target(self, invert: bool) -> i64 {
        if invert {
            -self.turn_frames
        } else {
            self.turn_frames
        }
    }

    /// After so many frames more.
    fn after(self, frames: usize, invert: bool) -> Self {
        let frames = i64::try_from(frames).unwrap_or(i64::MAX);
        let target = self.target(invert);
        let at = if self.at < target {
            self.at.saturating_add(frames).min(target)
        } else {
            self.at.saturating_sub(frames).max(target)
        };
        Self { at, ..self }
    }

    fn factor(self) -> f32 {
        (self.at as f64 / self.turn_frames as f64) as f32
    }
}

impl AudioProcessor for Latency {
    const CAPABILITIES: Capabilities = Capabilities {
        latency: Span::Varies,
        tail: Span::Varies,
        state_schema: 1, // Latency, tail, glide of the tail's gain, sign, the past.
        ..Capabilities::DEFAULT
    };

    fn activate(&mut self, activation: &Activation<'_>) -> Result<Timing, Refusal> {
        let past = self.latency_frames as usize + self.tail_frames as usize;
        let frames = past + activation.frames_max().min(CHUNK_FRAMES);
        self.lines = memory::lines(frames, activation.channels())?;
        let turn = TURN_SECONDS / 2.0 * f64::from(activation.sample_rate_hz());
        self.sign.turn_frames = (turn.round() as i64).max(1);
        self.sign.at = self.sign.target(self.invert);
        let timing = Timing {
            latency_frames: u64::from(self.latency_frames),
            tail_frames: u64::from(self.tail_frames),
        };
        self.timing = Some(timing);
        Ok(timing)
    }

    fn deactivate(&mut self) {
        self.lines = Vec::new();
        self.timing = None;
    }

    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let timing = self.timing.ok_or(NO_PAST)?;
        let latency_frames = timing.latency_frames as usize;
        let tail_frames = timing.tail_frames as usize;
        let gains = self.tail_gain_db.gains(context);
        let (sign, invert) = (self.sign, self.invert);
        for (channel, line) in self.lines.iter_mut().enumerate() {
            let (input, output) = audio.channel(channel);
            let mut start = 0;
            for (input, output) in input
                .chunks(CHUNK_FRAMES)
                .zip(output.chunks_mut(CHUNK_FRAMES))
            {
                line.push(input);
                line.read(latency_frames, output);
                if tail_frames > 0 {
                    add_tail(line, latency_frames + tail_frames, &gains[start..], output);
                }
                turn(sign.after(start, invert), invert, output);
                start += input.len();
            }
        }
        self.sign = sign.after(audio.frames(), invert);
        Ok(Status::Continue)
    }

    fn reset(&mut self) {
        self.lines.iter_mut().for_each(Line::clear);
        self.sign.at = self.sign.target(self.invert);
    }

    fn state_bytes(&self) -> usize {
        let numbers = size_of::<[f64; Smoothed::STATE_NUMBERS + 3]>();
        numbers + memory::state_bytes(&self.lines)
    }

    fn save_state(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
        let timing = self.timing.ok_or(NO_PAST)?;
        state.u64(timing.latency_frames)?;
        state.u64(timing.tail_frames)?;
        state.f64s(&self.tail_gain_db.save())?;
        state.f64(self.sign.at as f64)?;
        memory::save(&self.lines, self.held_frames(), state)
    }

    fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<(), Fault> {
        let timing = Timing {
            latency_frames: state.u64()?,
            tail_frames: state.u64()?,
        };
        let mut glide = [0.0; Smoothed::STATE_NUMBERS];
        state.f64s(&mut glide)?;
        let sign = state.f64()?;
        let past = memory::read(&self.lines, self.held_frames(), state)?;
        state.expect_end()?;
        let is_sign = sign.fract() == 0.0 && sign.abs() <= self.sign.turn_frames as f64;
        if self.timing != Some(timing) || !is_sign || !self.tail_gain_db.restore(&glide) {
            return Err(NO_PAST);
        }
        past.fill(&mut self.lines);
        self.sign.at = sign as i64;
        Ok(())
    }
}

impl Latency {
    /// All that a line holds is heard.
    fn held_frames(&self) -> usize {
        self.lines.first().map_or(0, Line::frames)
    }
}

/// Adds what came `back_frames` before, a gain for each frame. At most a chunk.
fn add_tail(line: &Line, back_frames: usize, gains: &[f32], output: &mut [f32]) {
    let mut before = [0.0; CHUNK_FRAMES];
    let before = &mut before[..output.len()];
    line.read(back_frames, before);
    for ((out, sample), gain) in output.iter_mut().zip(before).zip(gains) {
        *out += *sample * gain;
    }
}

/// Multiplies with the sign, which moves on with each frame.
fn turn(mut sign: Sign, invert: bool, output: &mut [f32]) {
    if sign.at != sign.target(invert) {
        for out in output {
            sign = sign.after(1, invert);
            *out *= sign.factor();
        }
    } else if invert {
        for out in output {
            *out = -*out;
        }
    }
}
