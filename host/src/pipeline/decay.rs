//! Decay: how a signal goes on where another ended, without a step.
//!
//! In: the step between what ended and what begins, and samples of the latter. Out: those samples
//! with what is left of the step.
//!
//! Pure arithmetic on integer frame counts, so that the same decay is the same samples however the
//! stream is cut into blocks.

/// How long the step between a stage's last sample and its substitute takes to decay, in seconds.
const DECAY_SECONDS: f64 = 0.005;

/// A step that decays linearly to nothing: added to a signal that begins elsewhere than the one
/// before it ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decay {
    frames: u32,
    done: u32,
}

impl Decay {
    /// A decay at this sample rate; at least one frame.
    #[must_use]
    pub fn at(sample_rate_hz: u32) -> Self {
        let frames = (f64::from(sample_rate_hz) * DECAY_SECONDS).round() as u32;
        Self {
            frames: frames.max(1),
            done: 0,
        }
    }

    /// How many frames it takes.
    #[must_use]
    pub const fn frames(&self) -> u32 {
        self.frames
    }

    /// Whether nothing of the step is left.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.done >= self.frames
    }

    /// Adds what is left of `step` to the samples of one channel; does not advance.
    pub fn add(&self, step: f32, samples: &mut [f32]) {
        let left = (self.frames - self.done.min(self.frames)) as usize;
        for (at, sample) in samples.iter_mut().take(left).enumerate() {
            let remaining = (left - at) as f32 / self.frames as f32;
            *sample += step * remaining;
        }
    }

    /// Goes on by so many frames.
    pub fn advance(&mut self, frames: usize) {
        let frames = u32::try_from(frames).unwrap_or(u32::MAX);
        self.done = self.done.saturating_add(frames).min(self.frames);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_begins_with_the_whole_step_and_ends_with_nothing() {
        let decay = Decay { frames: 4, done: 0 };
        let mut samples = [0.0; 6];
        decay.add(1.0, &mut samples);
        assert_eq!(samples, [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]);
    }

    proptest! {
        #[test]
        fn cutting_the_stream_changes_nothing(cuts in prop::collection::vec(1usize..40, 1..8)) {
            let total: usize = cuts.iter().sum();
            let mut whole = vec![0.25; total];
            Decay::at(8_000).add(-0.5, &mut whole);
            let mut parts = vec![0.25; total];
            let mut decay = Decay::at(8_000);
            let mut start = 0;
            for frames in cuts {
                decay.add(-0.5, &mut parts[start..start + frames]);
                decay.advance(frames);
                start += frames;
            }
            prop_assert_eq!(whole, parts);
        }
    }
}
