//! Stretch: some frames of one channel as measurements want them, finite and with their past.
//!
//! In: samples as they come. Out: the same without what is not finite, behind the samples heard
//! before; how large they get, group by group, so that a meter can pass over the quiet ones.

use crate::lanes::{Kernel, LANES_MAX, Lanes, run};
use pulp::Arch;

/// The frames of a stretch, at most.
pub(crate) const STRETCH_FRAMES: usize = 512;
/// The samples kept from before: what the longest filter of a meter reaches back.
pub(crate) const PAST_FRAMES: usize = 23;
/// The samples of a stretch with such a past.
pub(crate) const LENGTH: usize = PAST_FRAMES + STRETCH_FRAMES + LANES_MAX;
/// The samples kept for the strict filter of a limiter.
pub(crate) const LONG_PAST_FRAMES: usize = 79;
/// The samples of a stretch with such a past.
pub(crate) const LONG_LENGTH: usize = LONG_PAST_FRAMES + STRETCH_FRAMES + LANES_MAX;
/// Frames with a common largest magnitude; more than `PAST_FRAMES`, so that what a filter hears
/// around a group lies in it or in the group before.
pub(crate) const GROUP_FRAMES: usize = 64;
/// Samples beyond this count as this, +600 dB: their squares and sums must stay finite.
pub(crate) const MAGNITUDE_MAX: f32 = 1e30;
const GROUPS: usize = STRETCH_FRAMES / GROUP_FRAMES;

/// The last samples of a channel, oldest first.
pub(crate) type Past = [f32; PAST_FRAMES];

/// A past, some frames, and zeros, so that the last row can be loaded whole. As many samples of past
/// as its length leaves beside the others.
#[derive(Clone, Debug)]
pub(crate) struct Stretch<const LEN: usize = LENGTH> {
    samples: [f32; LEN],
    frames: usize,
    past_largest: f32,
    largest: [f32; GROUPS],
    non_finite: u64,
    infinite: u64,
}

impl<const LEN: usize> Stretch<LEN> {
    /// The samples of the past.
    const PAST_FRAMES: usize = LEN - STRETCH_FRAMES - LANES_MAX;

    /// Takes samples, `STRETCH_FRAMES` at most, behind what was heard before them, oldest first.
    pub(crate) fn new(level: Arch, past: &[f32], samples: &[f32]) -> Self {
        let past = &past[..Self::PAST_FRAMES];
        let mut stretch = Self {
            samples: [0.0; LEN],
            frames: samples.len(),
            past_largest: past.iter().fold(0.0, |largest, x| x.abs().max(largest)),
            largest: [0.0; GROUPS],
            non_finite: 0,
            infinite: 0,
        };
        stretch.samples[..Self::PAST_FRAMES].copy_from_slice(past);
        stretch.now_mut().copy_from_slice(samples);
        if !run(level, Scan(&mut stretch)) {
            stretch.mend();
            run(level, Scan(&mut stretch));
        }
        stretch
    }

    /// The frames themselves.
    pub(crate) fn now(&self) -> &[f32] {
        &self.samples[Self::PAST_FRAMES..][..self.frames]
    }

    /// What is around a row of frames from `frame` on, from `before` frames earlier.
    #[inline(always)]
    pub(crate) fn around(&self, frame: usize, before: usize) -> &[f32] {
        &self.samples[Self::PAST_FRAMES - before + frame..]
    }

    /// The last samples, for the stretch that follows.
    pub(crate) fn past(&self) -> &[f32] {
        &self.samples[self.frames..][..Self::PAST_FRAMES]
    }

    /// The largest magnitude of the frames.
    pub(crate) fn largest(&self) -> f32 {
        self.largest.iter().copied().fold(0.0, f32::max)
    }

    /// How many groups the frames make, the last one perhaps not whole.
    pub(crate) fn groups(&self) -> usize {
        self.frames.div_ceil(GROUP_FRAMES)
    }

    /// The largest magnitude of a group and of the samples before it that a filter reaches.
    pub(crate) fn reach(&self, group: usize) -> f32 {
        let before = match group {
            0 => self.past_largest,
            _ => self.largest[group - 1],
        };
        before.max(self.largest[group])
    }

    /// How many frames were not finite and are 0 now.
    pub(crate) fn non_finite(&self) -> u64 {
        self.non_finite
    }

    /// How many of those were infinite.
    pub(crate) fn infinite(&self) -> u64 {
        self.infinite
    }

    fn now_mut(&mut self) -> &mut [f32] {
        &mut self.samples[Self::PAST_FRAMES..][..self.frames]
    }

    /// Makes the frames finite and bounded.
    fn mend(&mut self) {
        let (mut non_finite, mut infinite) = (0, 0);
        for sample in self.now_mut() {
            non_finite += u64::from(!sample.is_finite());
            infinite += u64::from(sample.is_infinite());
            *sample = if sample.is_finite() {
                sample.clamp(-MAGNITUDE_MAX, MAGNITUDE_MAX)
            } else {
                0.0
            };
        }
        (self.non_finite, self.infinite) = (non_finite, infinite);
    }
}

/// Finds the largest magnitudes; says whether all frames are finite and in bounds.
struct Scan<'a, const LEN: usize>(&'a mut Stretch<LEN>);

impl<const LEN: usize> Kernel for Scan<'_, LEN> {
    type Output = bool;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> bool {
        let zero = lanes.splat(0.0);
        // Nothing times 0 is other than 0, unless it is not finite.
        let mut probe = zero;
        for group in 0..self.0.groups() {
            let mut largest = zero;
            let samples = self.0.around(group * GROUP_FRAMES, 0);
            for row in samples[..GROUP_FRAMES].chunks_exact(L::COUNT) {
                let row = lanes.load(row);
                largest = lanes.max(lanes.abs(row), largest);
                probe = lanes.mul_add(row, zero, probe);
            }
            self.0.largest[group] = lanes.largest(largest);
        }
        let mut probes = [0.0; LANES_MAX];
        lanes.store(probe, &mut probes);
        probes.iter().all(|probe| *probe == 0.0) && self.0.largest() <= MAGNITUDE_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::levels;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_heard_is_finite_bounded_and_behind_the_past(
            past in prop::array::uniform23(-2.0..2.0_f32),
            samples in vec(-2.0..2.0_f32, 0..=STRETCH_FRAMES),
            wild in vec((0..STRETCH_FRAMES, prop::num::f32::ANY), 0..3),
        ) {
            let mut samples = samples;
            for (place, sample) in wild {
                samples.get_mut(place).into_iter().for_each(|it| *it = sample);
            }
            let finite = |x: &f32| if x.is_finite() { x.clamp(-1e30, 1e30) } else { 0.0 };
            let expected: Vec<f32> = past.iter().copied().chain(samples.iter().map(finite)).collect();
            let largest = |samples: &[f32]| samples.iter().fold(0.0, |max, x| x.abs().max(max));
            for level in levels() {
                let stretch: Stretch = Stretch::new(level, &past, &samples);
                prop_assert_eq!(stretch.now(), &expected[PAST_FRAMES..]);
                prop_assert_eq!(&stretch.around(0, PAST_FRAMES)[..expected.len()], &expected[..]);
                prop_assert_eq!(stretch.past(), &expected[samples.len()..]);
                prop_assert_eq!(stretch.largest(), largest(&expected[PAST_FRAMES..]));
                for group in 0..stretch.groups() {
                    let start = group * GROUP_FRAMES;
                    let end = expected.len().min(start + PAST_FRAMES + GROUP_FRAMES);
                    prop_assert!(stretch.reach(group) >= largest(&expected[start..end]));
                    prop_assert!(stretch.reach(group) <= largest(&expected[..end]));
                }
                let bad = samples.iter().filter(|x| !x.is_finite()).count() as u64;
                let infinite = samples.iter().filter(|x| x.is_infinite()).count() as u64;
                prop_assert_eq!((stretch.non_finite(), stretch.infinite()), (bad, infinite));
            }
        }
    }
}
