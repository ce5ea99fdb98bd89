//! Held audio: the last good audio goes on and fades, where an instance has failed.
//!
//! In: what was heard. Out: its last 20 ms, played backwards and forwards in turn from the last
//! frame on, faded to silence over 100 ms. Going back and forth, neighbours stay neighbours: no
//! step is larger than the signal's own and the slope of the fade. Both lengths are of the
//! stream, so that the size of blocks changes nothing.
//!
//! All memory is taken at the start, so the audio thread may run it.

use segue_plugin::link::{AudioView, AudioViewMut};

/// How much is kept, in seconds: two periods of the lowest male voice.
const KEPT_SECONDS: f64 = 0.02;

/// How long it takes to fade, in seconds.
const FADE_SECONDS: f64 = 0.1;

/// The last good audio.
#[derive(Debug, Clone)]
pub(super) struct HeldAudio {
    /// Channel after channel, `frames` samples each, used in a circle.
    samples: Vec<f32>,
    frames: usize,
    /// Where the next frame goes.
    at: usize,
    /// How many frames are kept so far, at most `frames`.
    known: usize,
    fade_frames: u64,
    /// How many frames were given since the instance failed.
    given: u64,
}

impl HeldAudio {
    /// Nothing yet. Allocates; not for the audio thread.
    pub(super) fn new(channels: usize, sample_rate_hz: u32) -> Self {
        let count = |seconds: f64| ((f64::from(sample_rate_hz) * seconds).round() as usize).max(1);
        let frames = count(KEPT_SECONDS);
        Self {
            samples: vec![0.0; channels * frames],
            frames,
            at: 0,
            known: 0,
            fade_frames: count(FADE_SECONDS) as u64,
            given: 0,
        }
    }

    /// Keeps the end of a block that was heard. Real-time safe.
    pub(super) fn keep(&mut self, heard: AudioView<'_>) {
        let skipped = heard.frames().saturating_sub(self.frames);
        let kept = heard.frames() - skipped;
        let first = kept.min(self.frames - self.at);
        for channel in 0..heard.channels().min(self.samples.len() / self.frames) {
            let samples = &mut self.samples[channel * self.frames..][..self.frames];
            let from = &heard.channel(channel)[skipped..];
            samples[self.at..self.at + first].copy_from_slice(&from[..first]);
            samples[..kept - first].copy_from_slice(&from[first..]);
        }
        self.at = (self.at + kept) % self.frames;
        self.known = (self.known + kept).min(self.frames);
    }

    /// Begins to give what is kept.
    pub(super) fn begin(&mut self) {
        self.given = 0;
    }

    /// Forgets what is kept, to keep what is heard from now on.
    pub(super) fn forget(&mut self) {
        self.known = 0;
        self.given = self.fade_frames;
    }

    /// How many frames are not silence yet.
    pub(super) const fn fading_frames(&self) -> u64 {
        self.fade_frames - self.given
    }

    /// Fills a block with what follows. Real-time safe.
    pub(super) fn fill(&mut self, output: &mut AudioViewMut<'_>) {
        for channel in 0..output.channels() {
            let samples = output.channel(channel);
            for (offset, sample) in samples.iter_mut().enumerate() {
                *sample = self.sample(channel, self.given + offset as u64);
            }
        }
        let given = self.given + output.frames() as u64;
        self.given = given.min(self.fade_frames);
    }

    /// The sample so many frames after the last good one.
    fn sample(&self, channel: usize, frame: u64) -> f32 {
        let left = self.fade_frames.saturating_sub(frame + 1);
        if left == 0 || self.known == 0 {
            return 0.0;
        }
        let back = mirrored(frame + 1, self.known as u64) as usize;
        let at = (self.at + 2 * self.frames - 1 - back) % self.frames;
        self.samples[channel * self.frames + at] * (left as f32 / self.fade_frames as f32)
    }
}

/// Counts up to the last of so many and down to 0 again, for ever.
const fn mirrored(count: u64, length: u64) -> u64 {
    if length < 2 {
        return 0;
    }
    let at = count % (2 * (length - 1));
    if at < length {
        at
    } else {
        2 * (length - 1) - at
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use segue_plugin::abi::audio::Span;

    use super::*;

    const RATE: u32 = 1_000;

    fn span(frames: usize) -> Span {
        Span {
            channels: 1,
            stride: frames,
            start: 0,
            frames,
        }
    }

    /// What was heard, and then so many frames of what is held, in blocks of these sizes.
    fn held(heard: &[f32], frames: usize, cut: usize) -> Vec<f32> {
        let mut held = HeldAudio::new(1, RATE);
        for block in heard.chunks(cut) {
            held.keep(AudioView::new(block, span(block.len())));
        }
        held.begin();
        let mut output = vec![f32::NAN; frames];
        for block in output.chunks_mut(cut) {
            let span = span(block.len());
            held.fill(&mut AudioViewMut::new(block, span));
        }
        output
    }

    #[test]
    fn it_goes_back_and_forth_and_is_silent_after_100_ms() {
        let heard: Vec<_> = (0..50).map(|at| at as f32).collect();
        let output = held(&heard, 120, 7);
        let expected = |frame: usize, value: f32| value * ((99 - frame) as f32 / 100.0);
        for (frame, value) in [
            (0, 48.0),
            (1, 47.0),
            (18, 30.0),
            (19, 31.0),
            (37, 49.0),
            (38, 48.0),
        ] {
            assert_eq!(output[frame], expected(frame, value), "{frame}");
        }
        assert!(output[99..].iter().all(|sample| *sample == 0.0));
        assert_ne!(output[97], 0.0);
    }

    #[test]
    fn little_is_held_as_well_and_nothing_is_silence() {
        assert_eq!(held(&[], 3, 4), [0.0; 3]);
        assert_eq!(held(&[1.0], 2, 4), [0.99, 0.98]);
        assert_eq!(held(&[3.0, 1.0], 3, 4), [3.0 * 0.99, 0.98, 3.0 * 0.97]);
    }

    proptest! {
        #[test]
        fn no_step_is_larger_than_the_signals_own_and_the_slope_of_the_fade(
            heard in prop::collection::vec(-1.0f32..1.0, 1..80),
            cuts in (1usize..50, 1usize..50),
        ) {
            let output = held(&heard, 130, cuts.0);
            prop_assert_eq!(&output, &held(&heard, 130, cuts.1));
            let step = |pair: &[f32]| (pair[1] - pair[0]).abs();
            let kept = &heard[heard.len().saturating_sub(20)..];
            let own = kept.windows(2).map(step).fold(0.0, f32::max);
            let last = heard[heard.len() - 1];
            let seam: Vec<_> = [last].into_iter().chain(output).collect();
            let largest = seam.windows(2).map(step).fold(0.0, f32::max);
            prop_assert!(largest <= own + 0.01 + 1e-6, "{} {}", largest, own);
        }
    }
}
