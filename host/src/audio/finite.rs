//! Finite: the border that no infinity and no NaN passes.
//!
//! In: samples. Out: where the first one is that is no number, and how many were replaced by 0.
//!
//! Runs on the audio thread, over every stage's output: no branch within a chunk, no allocation.

use std::ops::Range;

use crate::audio::Buffer;

/// Samples looked at between two branches: long enough that the loop inside is all vectors, short
/// enough that a hit is found again at once.
const CHUNK: usize = 128;

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
    let (chunks, rest) = samples.as_chunks::<CHUNK>();
    for (at, chunk) in chunks.iter().enumerate() {
        if any_non_finite(chunk) {
            return position(chunk).map(|within| at * CHUNK + within);
        }
    }
    position(rest).map(|within| chunks.len() * CHUNK + within)
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

/// Whether a chunk holds a sample that is no finite number.
///
/// `x - x` is 0 for every finite x and NaN for all others, in every rounding mode and whether or
/// not denormals are flushed: two vector instructions a lane group, even without AVX.
#[expect(
    clippy::eq_op,
    reason = "the difference is not 0 for exactly what is sought"
)]
fn any_non_finite(chunk: &[f32; CHUNK]) -> bool {
    let bits = chunk
        .iter()
        .fold(0, |bits, sample| bits | (sample - sample).to_bits());
    bits & MAGNITUDE != 0
}

/// The same, one by one: for the few samples of a chunk.
fn position(samples: &[f32]) -> Option<usize> {
    samples.iter().position(|sample| !sample.is_finite())
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
    use proptest::prop_assert;
    use proptest::prop_assert_eq;
    use proptest::proptest;

    use super::*;

    proptest! {
        #[test]
        fn the_first_is_found_wherever_it_is(
            mut samples in vec(f32::NORMAL | f32::SUBNORMAL | f32::ZERO, 1..700),
            at in 0_usize..700,
            wrong in f32::INFINITE | f32::QUIET_NAN | f32::SIGNALING_NAN,
        ) {
            prop_assert_eq!(first_non_finite(&samples), None);
            let at = at % samples.len();
            samples[at] = wrong;
            samples.push(f32::INFINITY);
            prop_assert_eq!(first_non_finite(&samples), Some(at));
        }

        #[test]
        fn cleaning_replaces_exactly_what_is_no_number(samples in vec(f32::ANY, 2..600)) {
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
