//! Finite: the border that no infinity and no NaN passes.
//!
//! In: samples. Out: where the first one is that is no number, and how many were replaced by 0.
//!
//! Runs on the audio thread, over every stage's output: no branch within a chunk, no allocation.

use std::iter;
use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use crate::audio::Buffer;

/// Samples looked at between two branches: a whole block of the usual sizes.
const CHUNK: usize = 1024;

/// Sums kept side by side, each a register, so that no addition waits for the one before.
const SUMS: usize = 4;

/// As many lanes where there are no such registers.
const PLAIN_LANES: usize = 16;

/// Samples that were no numbers and are 0 now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replaced {
    /// How many, in all channels.
    pub count: u64,
    /// The first frame with one, counted like the range that was cleaned.
    pub frame: usize,
    /// The lowest channel with one in that frame.
    pub channel: usize,
}

/// The index of the first sample that is infinite or no number.
#[must_use]
pub fn first_non_finite(samples: &[f32]) -> Option<usize> {
    let arch = Arch::new();
    for (at, chunk) in samples.chunks(CHUNK).enumerate() {
        if is_suspect(arch, iter::once(chunk)) {
            let within = chunk.iter().position(|sample| !sample.is_finite());
            if let Some(within) = within {
                return Some(at * CHUNK + within);
            }
        }
    }
    None
}

/// Replaces every infinite or undefined sample of a range of frames by 0.
///
/// Returns `None` where there was nothing to do, at the cost of the check alone.
///
/// # Panics
/// When the range ends past the frames of the buffer.
pub fn sanitize(buffer: &mut Buffer, frames: Range<usize>) -> Option<Replaced> {
    let mut replaced: Option<Replaced> = None;
    for (channel, samples) in buffer.iter_mut().enumerate() {
        let samples = &mut samples[frames.clone()];
        let Some(first) = first_non_finite(samples) else {
            continue;
        };
        let found = Replaced {
            count: replace(&mut samples[first..]),
            frame: frames.start + first,
            channel,
        };
        replaced = Some(match replaced {
            Some(before) => earlier(before, found),
            None => found,
        });
    }
    replaced
}

/// Whether all samples of a block, given channel by channel, are finite.
#[inline(always)] // The channels stay in registers: read back from memory they would cost 15 ns.
#[must_use]
pub fn is_finite<'a>(channels: impl Iterator<Item = &'a [f32]> + Clone) -> bool {
    !is_suspect(Arch::new(), channels.clone()) || is_finite_one_by_one(channels)
}

#[cold]
fn is_finite_one_by_one<'a>(mut channels: impl Iterator<Item = &'a [f32]>) -> bool {
    channels.all(|samples| samples.iter().all(|sample| sample.is_finite()))
}

/// Whether a block may hold a sample that is no finite number; false is certain.
///
/// A sum is finite only if all its terms are: infinities and NaN stay in it. It may also overflow,
/// for samples beyond 10^32, which costs a second look and nothing else. One addition for each
/// register of samples is the least that looks at every sample.
#[inline(always)]
fn is_suspect<'a>(arch: Arch, channels: impl Iterator<Item = &'a [f32]>) -> bool {
    !arch.dispatch(BlockSum(channels)).is_finite()
}

/// The sum of all samples of a block, with the instructions of one level.
struct BlockSum<I>(I);

impl<'a, I: Iterator<Item = &'a [f32]>> WithSimd for BlockSum<I> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        if S::F32_LANES == 1 {
            return plain_sum(self.0);
        }
        let mut sums = [simd.splat_f32s(0.0); SUMS];
        for channel in self.0 {
            let (rows, rest) = S::as_simd_f32s(channel);
            let (groups, single) = rows.as_chunks::<SUMS>();
            for group in groups {
                for (sum, row) in sums.iter_mut().zip(group) {
                    *sum = simd.add_f32s(*sum, *row);
                }
            }
            for (sum, row) in sums.iter_mut().zip(single) {
                *sum = simd.add_f32s(*sum, *row);
            }
            if !rest.is_empty() {
                sums[0] = simd.add_f32s(sums[0], simd.partial_load_f32s(rest));
            }
        }
        let [a, b, c, d] = sums;
        simd.reduce_sum_f32s(simd.add_f32s(simd.add_f32s(a, b), simd.add_f32s(c, d)))
    }
}

/// The sum of all samples for processors without a vector level: the compiler spreads the lanes
/// over the registers that every processor of the target has.
fn plain_sum<'a>(channels: impl Iterator<Item = &'a [f32]>) -> f32 {
    let mut sums = [0.0_f32; PLAIN_LANES];
    for channel in channels {
        let (rows, rest) = channel.as_chunks::<PLAIN_LANES>();
        for row in rows {
            sums.iter_mut()
                .zip(row)
                .for_each(|(sum, sample)| *sum += sample);
        }
        sums.iter_mut()
            .zip(rest)
            .for_each(|(sum, sample)| *sum += sample);
    }
    sums.iter().sum()
}

/// Sets what is no finite number to 0, and counts it.
fn replace(samples: &mut [f32]) -> u64 {
    let mut count = 0;
    for sample in samples.iter_mut().filter(|sample| !sample.is_finite()) {
        *sample = 0.0;
        count += 1;
    }
    count
}

/// Both counts, and the place of the one that came first; `before` is of a lower channel.
fn earlier(before: Replaced, found: Replaced) -> Replaced {
    let first = if found.frame < before.frame {
        found
    } else {
        before
    };
    Replaced {
        count: before.count + found.count,
        ..first
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::num::f32;
    use proptest::prelude::any;
    use proptest::prop_assert;
    use proptest::prop_assert_eq;
    use proptest::proptest;

    use super::*;

    proptest! {
        #[test]
        fn the_first_is_found_wherever_it_is(
            bits in vec(any::<u32>(), 1..2500),
            at in 0_usize..2500,
            wrong in f32::INFINITE | f32::QUIET_NAN | f32::SIGNALING_NAN,
        ) {
            let mut samples: Vec<f32> = bits.into_iter().map(finite).collect();
            prop_assert_eq!(first_non_finite(&samples), None);
            let at = at % samples.len();
            samples[at] = wrong;
            samples.push(f32::INFINITY);
            prop_assert_eq!(first_non_finite(&samples), Some(at));
        }

        #[test]
        fn one_bad_sample_of_a_block_is_found_at_every_level(
            bits in vec(any::<u32>(), 1..700),
            channels in 1_usize..4,
            at in any::<usize>(),
            wrong in f32::INFINITE | f32::QUIET_NAN | f32::SIGNALING_NAN,
        ) {
            let frames = bits.len();
            // What lies between channels is nobody's, and may be anything.
            let stride = frames + 3;
            let mut samples = vec![f32::NAN; channels * stride];
            for channel in 0..channels {
                for (frame, bits) in bits.iter().enumerate() {
                    samples[channel * stride + frame] = finite(bits.rotate_left(channel as u32));
                }
            }
            prop_assert!(is_finite(rows(&samples, stride, frames)));
            samples[at % channels * stride + at / channels % frames] = wrong;
            let audio = rows(&samples, stride, frames);
            prop_assert!(!is_finite(audio.clone()));
            prop_assert!(is_suspect(Arch::Scalar, audio.clone()) && is_suspect(Arch::new(), audio));
        }

        #[test]
        fn cleaning_replaces_exactly_what_is_no_number(bits in vec(any::<u32>(), 2..600)) {
            // One in 256 is no number.
            let samples: Vec<f32> = bits.into_iter().map(f32::from_bits).collect();
            let frames = samples.len() / 2;
            let mut buffer = Buffer::new(2, frames);
            for channel in 0..2 {
                buffer.channel_mut(channel).copy_from_slice(&samples[channel * frames..][..frames]);
            }
            let before = buffer.clone();
            let replaced = sanitize(&mut buffer, 0..frames);
            let expected = naive(&before);
            prop_assert_eq!(replaced, expected);
            for channel in 0..2 {
                for (after, before) in buffer.channel(channel).iter().zip(before.channel(channel)) {
                    let expected = if before.is_finite() { *before } else { 0.0 };
                    prop_assert_eq!(after.to_bits(), expected.to_bits());
                }
            }
            prop_assert!(sanitize(&mut buffer, 0..frames).is_none());
        }
    }

    /// The channels of planar samples.
    fn rows(samples: &[f32], stride: usize, frames: usize) -> impl Iterator<Item = &[f32]> + Clone {
        samples.chunks(stride).map(move |row| &row[..frames])
    }

    /// A finite sample of any size, denormals included: the lowest bit of the exponent is cleared.
    fn finite(bits: u32) -> f32 {
        f32::from_bits(bits & !0x0080_0000)
    }

    /// The same answer, frame by frame.
    fn naive(buffer: &Buffer) -> Option<Replaced> {
        let wrong: Vec<_> = (0..buffer.frames_max())
            .flat_map(|frame| (0..buffer.channels()).map(move |channel| (frame, channel)))
            .filter(|(frame, channel)| !buffer.channel(*channel)[*frame].is_finite())
            .collect();
        wrong.first().map(|&(frame, channel)| Replaced {
            count: wrong.len() as u64,
            frame,
            channel,
        })
    }

    #[test]
    fn only_the_frames_asked_for_are_cleaned() {
        let mut buffer = Buffer::new(2, 300);
        for (channel, frame) in [(0, 9), (1, 10), (0, 200), (1, 299)] {
            buffer.channel_mut(channel)[frame] = f32::NAN;
        }
        let expected = Replaced {
            count: 2,
            frame: 10,
            channel: 1,
        };
        assert_eq!(sanitize(&mut buffer, 10..299), Some(expected));
        assert!(buffer.channel(0)[9].is_nan() && buffer.channel(1)[299].is_nan());
    }
}
