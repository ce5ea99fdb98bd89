//! Fade in: how far a new instance is on its way into a place.
//!
//! Pure arithmetic on frames of the stream: a shadow that nobody hears, a fade, and where the
//! input goes over instead of the output, the tail of the old instance. A fade can turn round. The
//! same fade-in is the same samples however the stream is cut into blocks.

use crate::pipeline::crossfade::Fade;
use crate::pipeline::swapped::Progress;

/// Where a candidate is, in frames since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FadeIn {
    shadow_frames: u64,
    fade: Fade,
    /// How long the old instance is heard after the fade.
    tail_frames: u64,
    /// How long the end of that takes, in which what is left of it decays.
    decay_frames: u64,
    done_frames: u64,
    /// The next frame of a fade that goes back.
    back: Option<u64>,
}

impl FadeIn {
    pub(super) const fn new(shadow_frames: u64, fade: Fade) -> Self {
        Self {
            shadow_frames,
            fade,
            tail_frames: 0,
            decay_frames: 0,
            done_frames: 0,
            back: None,
        }
    }

    /// With a tail that is heard whole for so long, and then decays.
    pub(super) const fn with_tail(self, whole_frames: u64, decay_frames: u64) -> Self {
        Self {
            tail_frames: whole_frames.saturating_add(decay_frames),
            decay_frames,
            ..self
        }
    }

    /// How far it is at the start of a block.
    pub(super) const fn progress(&self) -> Progress {
        if self.back.is_some() {
            Progress::Reversing
        } else if self.done_frames < self.shadow_frames {
            Progress::Shadow
        } else if !self.is_faded() {
            Progress::Fading
        } else {
            Progress::Tail
        }
    }

    pub(super) const fn shadow_frames(&self) -> u64 {
        self.shadow_frames
    }

    pub(super) const fn fade(&self) -> Fade {
        self.fade
    }

    /// Frames until the fade begins.
    pub(super) const fn until_heard(&self) -> u64 {
        self.shadow_frames.saturating_sub(self.done_frames)
    }

    /// Frames until the fade is over.
    pub(super) const fn until_alone(&self) -> u64 {
        let end = self.shadow_frames.saturating_add(self.fade.frames());
        end.saturating_sub(self.done_frames)
    }

    /// Whether the next frame is the new instance alone, but for a tail.
    pub(super) const fn is_faded(&self) -> bool {
        self.back.is_none() && self.until_alone() == 0
    }

    /// Whether the next frame is the old instance alone again.
    pub(super) const fn is_back(&self) -> bool {
        matches!(self.back, Some(0))
    }

    /// Whether the tail is over as well.
    pub(super) const fn is_over(&self) -> bool {
        self.is_faded() && self.tail_left() == 0
    }

    /// Begins the shadow anew, for so many frames more.
    pub(super) const fn begin_shadow(&mut self, frames: u64) {
        self.shadow_frames = self.done_frames.saturating_add(frames);
    }

    /// There is no tail.
    pub(super) const fn drop_tail(&mut self) {
        self.tail_frames = 0;
    }

    /// The tail decays from here on.
    pub(super) fn end_tail(&mut self) {
        let sounded = self.tail_frames - self.tail_left().min(self.tail_frames);
        self.tail_frames = self.tail_frames.min(sounded + self.decay_frames);
    }

    /// A fade goes back from where it is: what was heard last but one is heard next.
    pub(super) const fn reverse(&mut self) {
        if self.back.is_none() {
            let faded = self.done_frames.saturating_sub(self.shadow_frames);
            self.back = Some(faded.saturating_sub(2));
        }
    }

    /// A fade that goes back goes on again, likewise.
    pub(super) const fn resume(&mut self) {
        if let Some(next) = self.back.take() {
            self.done_frames = self.shadow_frames.saturating_add(next).saturating_add(2);
        }
    }

    /// Goes on by so many frames.
    pub(super) const fn advance(&mut self, frames: usize) {
        let frames = frames as u64;
        match self.back {
            Some(next) => self.back = Some(next.saturating_sub(frames)),
            None => self.done_frames = self.done_frames.saturating_add(frames),
        }
    }

    /// Turns the old output into what is heard. Real-time safe.
    pub(super) fn mix(&self, old: &mut [f32], new: &[f32]) {
        match self.back {
            Some(next) => self.fade.mix_back(next, old, new),
            None => self.fade.mix(self.until_heard(), self.faded(), old, new),
        }
    }

    /// Parts an input between the new instance and the old one; both parts together are it.
    /// Real-time safe.
    pub(super) fn part(&self, input: &[f32], new: &mut [f32], old: &mut [f32]) {
        new.fill(0.0);
        self.mix(new, input);
        for ((old, new), sample) in old.iter_mut().zip(&*new).zip(input) {
            *old = sample - new;
        }
    }

    /// Adds as much of a tail as is heard. Real-time safe.
    pub(super) fn add_tail(&self, tail: &[f32], output: &mut [f32]) {
        let left = self.tail_left();
        for (at, (sample, tail)) in output.iter_mut().zip(tail).enumerate() {
            let left = left.saturating_sub(at as u64);
            if left > self.decay_frames {
                *sample += tail;
            } else if left > 0 {
                *sample += tail * (left as f32 / (self.decay_frames + 1) as f32);
            }
        }
    }

    const fn faded(&self) -> u64 {
        self.done_frames.saturating_sub(self.shadow_frames)
    }

    /// Frames of the tail that are to be heard.
    const fn tail_left(&self) -> u64 {
        let sounded = self.faded().saturating_sub(self.fade.frames());
        self.tail_frames.saturating_sub(sounded)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FADE: u64 = 50;

    /// What is heard of two signals, turned round at these frames: back, on, back and so on.
    fn heard(cuts: &[usize], shadow: u64, turns: &[usize], old: &[f32], new: &[f32]) -> Vec<f32> {
        let mut fade_in = FadeIn::new(shadow, Fade::of(FADE));
        let mut heard = old.to_vec();
        let (mut start, mut turns) = (0, turns.iter().peekable());
        let mut cuts = cuts.iter().cycle();
        while start < heard.len() {
            while turns.next_if(|turn| **turn <= start).is_some() {
                match fade_in.progress() {
                    Progress::Fading => fade_in.reverse(),
                    Progress::Reversing if !fade_in.is_back() => fade_in.resume(),
                    _ => {}
                }
            }
            let end = turns.peek().map_or(heard.len(), |turn| **turn);
            let end = end.min(heard.len()).min(start + cuts.next().unwrap());
            if !fade_in.is_back() {
                fade_in.mix(&mut heard[start..end], &new[start..end]);
                fade_in.advance(end - start);
            }
            start = end;
        }
        heard
    }

    proptest! {
        #[test]
        fn a_fade_may_turn_round_at_any_frame_without_a_step(
            cuts in prop::collection::vec(1usize..40, 1..6), shadow in 0u64..60,
            turns in prop::collection::btree_set(0usize..250, 0..6),
        ) {
            let turns: Vec<_> = turns.into_iter().collect();
            let (old, new) = (vec![0.0; 400], vec![1.0; 400]);
            let ramp = heard(&cuts, shadow, &turns, &old, &new);
            prop_assert_eq!(&ramp, &heard(&[1_000], shadow, &turns, &old, &new));
            for pair in ramp.windows(2) {
                prop_assert!((pair[1] - pair[0]).abs() <= 1.0 / FADE as f32 + 1e-6, "{:?}", pair);
            }
            prop_assert!(ramp.iter().all(|sample| (0.0..=1.0).contains(sample)));
            prop_assert!(ramp[399] == 0.0 || ramp[399] == 1.0);
            prop_assert_eq!(ramp[0], 0.0);
            let equal: Vec<_> = (0..400).map(|at| (at as f32 * 0.3).sin()).collect();
            prop_assert_eq!(&heard(&cuts, shadow, &turns, &equal, &equal), &equal);
        }

        #[test]
        fn the_parts_of_an_input_are_it_again_together(
            input in prop::collection::vec(-1.0f32..1.0, 1..100), done in 0usize..120,
        ) {
            let mut fade_in = FadeIn::new(20, Fade::of(FADE));
            fade_in.advance(done);
            let (mut old, mut new) = (vec![f32::NAN; input.len()], vec![f32::NAN; input.len()]);
            fade_in.part(&input, &mut new, &mut old);
            for (at, sample) in input.iter().enumerate() {
                prop_assert!((old[at] + new[at] - sample).abs() <= f32::EPSILON);
                if done + at <= 20 {
                    prop_assert_eq!((old[at], new[at]), (*sample, 0.0));
                }
                if done + at >= 20 + FADE as usize {
                    prop_assert_eq!((old[at], new[at]), (0.0, *sample));
                }
            }
        }

        #[test]
        fn a_tail_is_whole_and_then_decays_however_it_is_cut(
            cuts in prop::collection::vec(1usize..40, 1..6), tail in 0u64..60,
            ends_at in prop::option::of(0usize..120),
        ) {
            let run = |cuts: &[usize]| {
                let mut fade_in = FadeIn::new(0, Fade::of(1)).with_tail(tail, 9);
                fade_in.advance(1);
                let mut output = vec![0.0; 150];
                let (mut start, mut cuts) = (0, cuts.iter().cycle());
                while start < 150 && !fade_in.is_over() {
                    if ends_at == Some(start) {
                        fade_in.end_tail();
                    }
                    let next = ends_at.filter(|at| *at > start).unwrap_or(150);
                    let end = next.min(start + cuts.next().unwrap());
                    fade_in.add_tail(&vec![1.0; end - start], &mut output[start..end]);
                    fade_in.advance(end - start);
                    start = end;
                }
                output
            };
            let output = run(&cuts);
            prop_assert_eq!(&output, &run(&[1_000]));
            let whole = ends_at.map_or(tail, |at| tail.min(at as u64)) as usize;
            for (at, sample) in output.iter().enumerate() {
                let expected = match at.checked_sub(whole) {
                    None => 1.0,
                    Some(after) => 9_usize.saturating_sub(after) as f32 / 10.0,
                };
                prop_assert_eq!(*sample, expected, "{}", at);
            }
        }
    }
}
