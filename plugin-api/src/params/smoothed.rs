//! Smoothed: a number that glides to each new value instead of jumping.
//!
//! In: targets, and the stream time of each block. Out: one value per frame, plain or as the
//! linear gain of a value in decibels.
//!
//! A glide starts with the first block that asks after the change and is a function of stream
//! time from there: blocks of every size give the same values, bit for bit.

use crate::declare::ParamDecl;
use crate::params::ramp::Ramp;
use crate::params::{BlockSpan, ParamValue};

/// Beyond this many decibels a gain is no longer a finite, normal `f32`.
const GAIN_DB_MAX: f64 = 400.0;

/// The most frames of a glide; a minute at the highest sample rate has fewer.
const RAMP_FRAMES_MAX: f64 = 1e9;

/// The latest stream time that an `f64` holds exactly, in frames: 372 years at 768 kHz.
const FRAME_MAX: f64 = 9_007_199_254_740_992.0;

/// A parameter that glides on a straight line over its `smooth_ms`.
///
/// Every method but `prepare` may be called on the audio thread: none allocates or blocks.
#[derive(Debug, Clone)]
pub struct Smoothed {
    range: [f64; 2],
    smooth_ms: f64,
    /// What was asked for; the ramps follow at the next block.
    target: f64,
    plain: Ramp,
    /// The same glide in linear gain.
    gain: Ramp,
    /// The stream time at which both ramps started.
    since_frame: u64,
    ramp_frames: u32,
    buffer: Box<[f32]>,
    /// How many values at the front of `buffer` are all equal to the first.
    equal_frames: usize,
}

/// Which of the two ramps.
#[derive(Debug, Clone, Copy)]
enum Curve {
    Plain,
    Gain,
}

impl Smoothed {
    /// How many numbers [`Smoothed::save`] returns.
    pub const STATE_NUMBERS: usize = 5;

    /// The value at each frame of the block, in the parameter's unit.
    ///
    /// Asked twice about one block it returns the same. The block has at most as many frames as
    /// was said at activation; of a longer one, only that many.
    pub fn values(&mut self, block: &impl BlockSpan) -> &[f32] {
        self.render(Curve::Plain, block)
    }

    /// The linear gain at each frame of the block, of a value in decibels: 10^(value / 20).
    ///
    /// The gain itself moves on a straight line. As [`Smoothed::values`] otherwise.
    pub fn gains(&mut self, block: &impl BlockSpan) -> &[f32] {
        self.render(Curve::Gain, block)
    }

    /// The value of all frames of the block if they are equal, for a faster way through it.
    pub fn constant(&mut self, block: &impl BlockSpan) -> Option<f32> {
        self.settled(Curve::Plain, block)
    }

    /// The gain of all frames of the block if they are equal, for a faster way through it.
    pub fn constant_gain(&mut self, block: &impl BlockSpan) -> Option<f32> {
        self.settled(Curve::Gain, block)
    }

    /// Where it is or glides to, in the parameter's unit.
    #[must_use]
    pub fn target(&self) -> f64 {
        self.target
    }

    /// Where the glide stands, as finite numbers to put into a running state.
    ///
    /// The start of a glide is stored as stream time: it continues in another instance that goes
    /// on with the same stream.
    #[must_use]
    pub fn save(&self) -> [f64; Self::STATE_NUMBERS] {
        let since_frame = self.since_frame as f64;
        [
            self.target,
            self.plain.to,
            self.plain.from,
            self.gain.from,
            since_frame,
        ]
    }

    /// Goes on from where [`Smoothed::save`] left it, all or nothing.
    ///
    /// Returns whether it did; numbers that cannot be such a state change nothing.
    #[must_use = "a refused state leaves the parameter as it was"]
    pub fn restore(&mut self, state: &[f64; Self::STATE_NUMBERS]) -> bool {
        let [target, to, from, from_gain, since_frame] = *state;
        let [min, max] = self.range;
        let inside = |value: f64| min <= value && value <= max;
        let gain = 0.0 <= from_gain && from_gain <= gain_of(GAIN_DB_MAX);
        let frame = (0.0..=FRAME_MAX).contains(&since_frame);
        if !(inside(target) && inside(to) && inside(from) && gain && frame) {
            return false;
        }
        self.target = target;
        self.plain = Ramp { from, to };
        self.gain = Ramp {
            from: from_gain,
            to: gain_of(to),
        };
        self.since_frame = since_frame as u64;
        true
    }

    /// Starts a glide if the target changed; returns how many frames of it have gone by.
    fn begin(&mut self, position_frames: u64) -> u32 {
        // A stream that starts anew, or the state of another one.
        self.since_frame = self.since_frame.min(position_frames);
        if self.target != self.plain.to {
            let elapsed = self.elapsed(position_frames);
            self.plain = Ramp {
                from: self.plain.at(elapsed, self.ramp_frames),
                to: self.target,
            };
            self.gain = Ramp {
                from: self.gain.at(elapsed, self.ramp_frames),
                to: gain_of(self.target),
            };
            self.since_frame = position_frames;
        }
        self.elapsed(position_frames)
    }

    fn elapsed(&self, position_frames: u64) -> u32 {
        let elapsed = position_frames - self.since_frame;
        u32::try_from(elapsed).map_or(self.ramp_frames, |elapsed| elapsed.min(self.ramp_frames))
    }

    fn curve(&self, curve: Curve) -> Ramp {
        match curve {
            Curve::Plain => self.plain,
            Curve::Gain => self.gain,
        }
    }

    fn settled(&mut self, curve: Curve, block: &impl BlockSpan) -> Option<f32> {
        let elapsed = self.begin(block.position_frames());
        let ramp = self.curve(curve);
        (elapsed == self.ramp_frames || ramp.is_flat()).then_some(ramp.to as f32)
    }

    fn render(&mut self, curve: Curve, block: &impl BlockSpan) -> &[f32] {
        let frames = block.frames().min(self.buffer.len());
        if let Some(value) = self.settled(curve, block) {
            self.fill(value, frames);
            return &self.buffer[..frames];
        }
        let elapsed = self.elapsed(block.position_frames());
        let ramp = self.curve(curve);
        let moving_frames = frames.min((self.ramp_frames - elapsed) as usize);
        let (moving, arrived) = self.buffer[..frames].split_at_mut(moving_frames);
        ramp.write(moving, elapsed, self.ramp_frames);
        arrived.fill(ramp.to as f32);
        self.equal_frames = 0;
        &self.buffer[..frames]
    }

    /// Makes the first `frames` values of the buffer equal to `value`, writing only what is not.
    fn fill(&mut self, value: f32, frames: usize) {
        let same = self
            .buffer
            .first()
            .is_some_and(|first| first.to_bits() == value.to_bits());
        if !same {
            self.equal_frames = 0;
        }
        if frames > self.equal_frames {
            self.buffer[self.equal_frames..frames].fill(value);
            self.equal_frames = frames;
        }
    }
}

impl ParamValue for Smoothed {
    fn from_decl(decl: &ParamDecl) -> Self {
        Self {
            range: [decl.min, decl.max],
            smooth_ms: decl.smooth_ms,
            target: decl.default,
            plain: Ramp::flat(decl.default),
            gain: Ramp::flat(gain_of(decl.default)),
            since_frame: 0,
            ramp_frames: 0,
            buffer: Box::default(),
            equal_frames: 0,
        }
    }

    fn set(&mut self, value: f64) {
        self.target = value;
    }

    fn get(&self) -> f64 {
        self.target
    }

    fn prepare(&mut self, sample_rate_hz: f64, frames_max: usize) {
        let ramp_frames = (self.smooth_ms * sample_rate_hz / 1000.0).round();
        self.ramp_frames = ramp_frames.clamp(0.0, RAMP_FRAMES_MAX) as u32;
        self.buffer = vec![0.0; frames_max].into_boxed_slice();
        self.equal_frames = 0;
        self.reset();
    }

    fn reset(&mut self) {
        self.plain = Ramp::flat(self.target);
        self.gain = Ramp::flat(gain_of(self.target));
        self.since_frame = 0;
    }
}

/// The linear gain of a value in decibels, finite for every value.
fn gain_of(value_db: f64) -> f64 {
    10.0_f64.powf(value_db.clamp(-GAIN_DB_MAX, GAIN_DB_MAX) / 20.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declare::{ParamChange, ParamLimit};

    #[test]
    fn a_settled_value_is_not_written_again() {
        let mut gain = Smoothed::from_decl(&ParamDecl {
            id: "gain_db",
            doc: "",
            unit: "dB",
            min: 0.0,
            max: 9.0,
            default: 3.0,
            choices: &[],
            smooth_ms: 0.0,
            change: ParamChange::Live,
            limit: ParamLimit::Range,
        });
        gain.prepare(48_000.0, 8);
        assert_eq!(gain.values(&(0..4)), [3.0; 4]);
        // What is there by now stays; what was not asked for before is filled in.
        gain.buffer[2] = 7.0;
        assert_eq!(gain.values(&(4..10)), [3.0, 3.0, 7.0, 3.0, 3.0, 3.0]);
        // The gain is another value, and so is the plain one after it.
        let expected = 10.0_f64.powf(0.15) as f32;
        assert_eq!(gain.gains(&(10..13)), [expected; 3]);
        assert_eq!(gain.values(&(13..16)), [3.0; 3]);
    }
}
