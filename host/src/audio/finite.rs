//! Finite: the border that no infinity and no NaN passes.
//!
//! In: samples. Out: where the first one is that is no number, and how many were replaced by 0.
//!
//! Runs on the audio thread, over every stage's output: no branch within a chunk, no allocation.

use std::ops::Range;

use crate::audio::Buffer;

/// Samples looked at between two branches: a whole block of the usual sizes.
const CHUNK: usize = 1024;

/// Sums kept side by side: four SSE registers, so that no addition waits for the one before.
const LANES: usize = 16;

/// The bits of a sample without its sign.
const MAGNITUDE: u32 = 0x7fff_ffff;

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
    for (at, chunk) in samples.chunks(CHUNK).enumerate() {
        if is_suspect(chunk) {
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
/// Answers `None` where there was nothing to do, at the cost of the check alone.
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

/// Whether a chunk may hold a sample that is no finite number; false is certain.
///
/// A sum is finite only if all its terms are: infinities and NaN stay in it. It may also overflow,
/// for samples beyond 10^35, which costs a second look and nothing else. One addition for each
/// group of lanes is the least that looks at every sample.
fn is_suspect(chunk: &[f32]) -> bool {
    let (rows, rest) = chunk.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for row in rows {
        for (sum, sample) in sums.iter_mut().zip(row) {
            *sum += sample;
        }
    }
    for (sum, sample) in sums.iter_mut().zip(rest) {
        *sum += sample;
    }
    // 0 times a finite number is 0 of either sign, 0 times any other is NaN.
    let bits = sums
        .iter()
        .fold(0, |bits, sum| bits | (sum * 0.0).to_bits());
    bits & MAGNITUDE != 0
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
