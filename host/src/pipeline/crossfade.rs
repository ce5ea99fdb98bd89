//! Crossfade: how what is heard changes without a step.
//!
//! Pure arithmetic on integer frame counts, so that the same change is the same samples however
//! the stream is cut into blocks.

/// How long the step between a stage's last sample and its substitute takes to decay, in seconds.
const DECAY_SECONDS: f64 = 0.005;

/// How long old and new are heard together where an instance comes back, in seconds.
const FADE_SECONDS: f64 = 0.02;

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

/// A change from an old signal to a new one: `old + (new - old) * t`, t from the frame count.
///
/// Equal signals stay equal to the last bit, no sample lies outside the two, and from the frame
/// after the fade on what is heard is the new signal itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fade {
    frames: u64,
}

impl Fade {
    /// A fade of 20 ms at this sample rate; at least one frame.
    #[must_use]
    pub fn at(sample_rate_hz: u32) -> Self {
        Self::of((f64::from(sample_rate_hz) * FADE_SECONDS).round() as u64)
    }

    /// A fade of so many frames; at least one.
    #[must_use]
    pub const fn of(frames: u64) -> Self {
        Self {
            frames: if frames == 0 { 1 } else { frames },
        }
    }

    /// How many frames it takes.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.frames
    }

    /// Turns the old samples of one channel into what is heard. `before` is how many frames the
    /// fade is still away, `done` how many of it are over; one of them is 0. Real-time safe.
    pub fn mix(&self, before: u64, done: u64, old: &mut [f32], new: &[f32]) {
        let start = usize::try_from(before).map_or(old.len(), |before| before.min(old.len()));
        let samples = old.iter_mut().zip(new).skip(start);
        for (at, (sample, new)) in samples.enumerate() {
            *sample = self.between(done.saturating_add(at as u64), *sample, *new);
        }
    }

    /// As `mix` for a fade that goes back: its next frame is frame `next`, and the old signal is
    /// heard alone from frame 0 on. Real-time safe.
    pub fn mix_back(&self, next: u64, old: &mut [f32], new: &[f32]) {
        for (at, (sample, new)) in old.iter_mut().zip(new).enumerate() {
            *sample = self.between(next.saturating_sub(at as u64), *sample, *new);
        }
    }

    /// What is heard at one frame of the fade.
    #[inline]
    pub(super) fn between(&self, frame: u64, old: f32, new: f32) -> f32 {
        if frame >= self.frames {
            return new;
        }
        if frame == 0 || old == new {
            return old;
        }
        let t = frame as f32 / self.frames as f32;
        (old + (new - old) * t).clamp(old.min(new), old.max(new))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A whole fade, cut into blocks of these sizes again and again.
    fn faded(fade: Fade, before: u64, old: &[f32], new: &[f32], cuts: &[usize]) -> Vec<f32> {
        let mut heard = old.to_vec();
        let mut start = 0;
        for cut in cuts.iter().cycle() {
            let end = (start + cut).min(heard.len());
            if start == end {
                break;
            }
            let so_far = start as u64;
            let (away, done) = (before.saturating_sub(so_far), so_far.saturating_sub(before));
            fade.mix(away, done, &mut heard[start..end], &new[start..end]);
            start = end;
        }
        heard
    }

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

        #[test]
        fn a_fade_of_equal_signals_is_that_signal(
            signal in prop::collection::vec(-2.0f32..2.0, 1..200), frames in 0u64..150, before in 0u64..50,
        ) {
            let heard = faded(Fade::of(frames), before, &signal, &signal, &[7]);
            prop_assert_eq!(heard, signal);
        }

        #[test]
        fn a_fade_begins_with_the_old_ends_with_the_new_and_stays_between(
            pairs in prop::collection::vec((any::<f32>(), any::<f32>()), 1..200),
            frames in 1u64..150, before in 0u64..50,
            cuts in prop::collection::vec(1usize..40, 1..8),
        ) {
            let finite = |x: f32| if x.is_finite() { x } else { 1.0 };
            let old: Vec<_> = pairs.iter().map(|(old, _)| finite(*old)).collect();
            let new: Vec<_> = pairs.iter().map(|(_, new)| finite(*new)).collect();
            let heard = faded(Fade::of(frames), before, &old, &new, &cuts);
            for (at, sample) in heard.iter().enumerate() {
                match at as u64 {
                    early if early <= before => prop_assert_eq!(*sample, old[at]),
                    late if late >= before + frames => prop_assert_eq!(*sample, new[at]),
                    _ => prop_assert!(
                        (old[at].min(new[at])..=old[at].max(new[at])).contains(sample)
                    ),
                }
            }
            prop_assert_eq!(heard, faded(Fade::of(frames), before, &old, &new, &[usize::MAX / 2]));
        }
    }

    #[test]
    fn a_fade_is_a_straight_line() {
        let heard = faded(Fade::of(4), 1, &[0.0; 6], &[1.0; 6], &[6]);
        assert_eq!(heard, [0.0, 0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(Fade::at(48_000).frames(), 960);
    }
}
