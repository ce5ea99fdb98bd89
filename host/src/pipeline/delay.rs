//! Delay: a line that gives back what it got a fixed number of frames ago.
//!
//! In: blocks of any length. Out: the same, later; zeros at first. All memory is taken at the
//! start, so the audio thread may run it.

use segue_plugin::link::{AudioView, AudioViewMut};

/// A delay line of one signal.
#[derive(Debug, Clone)]
pub struct DelayLine {
    /// Channel after channel, `frames` samples each, used in a circle.
    ring: Vec<f32>,
    frames: usize,
    at: usize,
}

impl DelayLine {
    /// A line of so many frames, holding zeros. Allocates; not for the audio thread.
    #[must_use]
    pub fn new(channels: usize, frames: usize) -> Self {
        Self {
            ring: vec![0.0; channels * frames],
            frames,
            at: 0,
        }
    }

    /// How many frames it holds back.
    #[must_use]
    pub const fn frames(&self) -> usize {
        self.frames
    }

    /// Takes a block and gives the one from `frames` ago. Real-time safe.
    pub fn process(&mut self, input: AudioView<'_>, output: &mut AudioViewMut<'_>) {
        for channel in 0..input.channels().min(output.channels()) {
            let (from, into) = (input.channel(channel), output.channel(channel));
            if self.frames == 0 {
                into.copy_from_slice(from);
            } else {
                let ring = &mut self.ring[channel * self.frames..][..self.frames];
                exchange(ring, self.at, from, into);
            }
        }
        self.advance(input.frames());
    }

    /// Takes a block and leaves in its place the one from `frames` ago. Real-time safe.
    pub fn replace(&mut self, block: &mut AudioViewMut<'_>) {
        let frames = block.frames();
        if self.frames == 0 {
            return;
        }
        for channel in 0..block.channels().min(self.ring.len() / self.frames) {
            let ring = &mut self.ring[channel * self.frames..][..self.frames];
            let (samples, mut at, mut done) = (block.channel(channel), self.at, 0);
            while done < frames {
                let count = (frames - done).min(ring.len() - at);
                samples[done..done + count].swap_with_slice(&mut ring[at..at + count]);
                done += count;
                at = (at + count) % ring.len();
            }
        }
        self.advance(frames);
    }

    /// Takes a block and gives nothing: keeps the line fed. Real-time safe.
    pub fn feed(&mut self, input: AudioView<'_>) {
        if self.frames == 0 {
            return;
        }
        // Only the last `frames` samples can ever come out again.
        let skipped = input.frames().saturating_sub(self.frames);
        let start = (self.at + skipped) % self.frames;
        for channel in 0..input.channels().min(self.ring.len() / self.frames) {
            let ring = &mut self.ring[channel * self.frames..][..self.frames];
            let from = &input.channel(channel)[skipped..];
            let first = from.len().min(self.frames - start);
            ring[start..start + first].copy_from_slice(&from[..first]);
            ring[..from.len() - first].copy_from_slice(&from[first..]);
        }
        self.advance(input.frames());
    }

    /// The sample that [`process`](Self::process) would give for a block's last frame.
    #[must_use]
    pub fn last_of(&self, input: AudioView<'_>, channel: usize) -> f32 {
        let from = input.channel(channel);
        match from.len().checked_sub(self.frames + 1) {
            Some(at) => from[at],
            None => self.ring[channel * self.frames + (self.at + from.len() - 1) % self.frames],
        }
    }

    fn advance(&mut self, frames: usize) {
        if self.frames > 0 {
            self.at = (self.at + frames) % self.frames;
        }
    }
}

fn exchange(ring: &mut [f32], mut at: usize, from: &[f32], into: &mut [f32]) {
    let mut done = 0;
    while done < from.len() {
        let count = (from.len() - done).min(ring.len() - at);
        let held = &mut ring[at..at + count];
        into[done..done + count].copy_from_slice(held);
        held.copy_from_slice(&from[done..done + count]);
        done += count;
        at = (at + count) % ring.len();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use segue_plugin::abi::audio::Span;

    use super::*;

    fn view(samples: &[f32]) -> AudioView<'_> {
        AudioView::new(samples, span(samples.len()))
    }

    fn span(frames: usize) -> Span {
        Span {
            channels: 1,
            stride: frames,
            start: 0,
            frames,
        }
    }

    proptest! {
        #[test]
        fn what_comes_out_is_what_went_in_so_many_frames_ago(
            frames in 0usize..40,
            blocks in prop::collection::vec((1usize..60, 0..3), 1..12),
        ) {
            let mut line = DelayLine::new(1, frames);
            let mut position = 0usize;
            for (length, way) in blocks {
                let input: Vec<f32> = (position..position + length).map(|at| at as f32 + 1.0).collect();
                let mut output = vec![-1.0; length];
                let last = (position + length).saturating_sub(frames) as f32;
                prop_assert_eq!(line.last_of(view(&input), 0), last);
                if way == 0 {
                    line.feed(view(&input));
                } else {
                    if way == 1 {
                        let mut into = AudioViewMut::new(&mut output, span(length));
                        line.process(view(&input), &mut into);
                    } else {
                        output.copy_from_slice(&input);
                        line.replace(&mut AudioViewMut::new(&mut output, span(length)));
                    }
                    for (offset, sample) in output.iter().enumerate() {
                        let expected = (position + offset + 1).saturating_sub(frames) as f32;
                        prop_assert_eq!(*sample, expected);
                    }
                }
                position += length;
            }
        }
    }
}
