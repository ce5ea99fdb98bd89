//! Encode: from planar `f32` to bytes as a file or pipe wants them.
//!
//! In: a range of frames. Out: interleaved samples, and how many did not fit their integers.
//!
//! To integers: rounded to the nearest, ties to even, then limited to the range; what had to be
//! limited is counted. Dither, where it is wanted, was added before. NaN, which the engine's border
//! never lets come this far, is 0.
//!
//! Two passes over a piece that stays in the first cache, as in `decode`.

use std::ops::Range;

use crate::audio::Buffer;
use crate::audio::SampleFormat;
use crate::io::decode::turn;
use crate::io::encoding::ByteOrder;
use crate::io::encoding::Encoding;
use crate::io::g711;
use crate::io::g711::MU_LAW_NEGATIVE_ZERO;

/// Samples converted at a time: 16 KiB as `f32`, half of a first-level cache.
const PIECE_SAMPLES: usize = 4096;

/// Between this and its double, neighbouring `f32` are 1 apart: adding it rounds to an integer.
const ROUNDING: f32 = 8_388_608.0;

/// Half as much more: negative numbers round alike, and the low 22 bits of the sum are the integer.
const ROUNDING_SMALL: f32 = 1.5 * ROUNDING;

/// The same for `f64`, 1.5 · 2^52: the low 32 bits of the sum are the integer.
const ROUNDING_WIDE: f64 = 6_755_399_441_055_744.0;

/// The bits of zero with a sign.
const NEGATIVE_ZERO: u32 = 1 << 31;

/// Turns planar samples into bytes.
#[derive(Debug)]
pub struct Encoder {
    encoding: Encoding,
    channels: usize,
    piece: Vec<f32>,
}

impl Encoder {
    /// For frames of so many channels, 1 to 64.
    #[must_use]
    pub fn new(encoding: Encoding, channels: usize) -> Self {
        Self {
            encoding,
            channels,
            piece: vec![0.0; PIECE_SAMPLES / channels * channels],
        }
    }

    /// Bytes of one frame.
    #[must_use]
    pub fn frame_bytes(&self) -> usize {
        self.encoding.samples.bytes() * self.channels
    }

    /// Writes a range of frames to `bytes`, which is as long as they are; returns how many samples
    /// were beyond the range of the integers.
    ///
    /// # Panics
    /// When `bytes` has another length, the frames end past those of `from`, or it has other
    /// channels.
    pub fn encode(&mut self, from: &Buffer, frames: Range<usize>, bytes: &mut [u8]) -> u64 {
        assert_eq!(
            bytes.len(),
            frames.len() * self.frame_bytes(),
            "bytes for every frame"
        );
        assert_eq!(from.channels(), self.channels, "a buffer of the format");
        let width = self.encoding.samples.bytes();
        let mut clipped = 0;
        let mut at = frames.start;
        for bytes in bytes.chunks_mut(self.piece.len() * width) {
            let samples = bytes.len() / width;
            let piece = &mut self.piece[..samples];
            interleave(from, at, piece);
            clipped += u64::from(bytes_of(self.encoding.samples, piece, bytes));
            at += samples / self.channels;
        }
        if self.encoding.order == ByteOrder::Big {
            turn(bytes, width);
        }
        clipped
    }
}

/// From channel after channel to frame after frame.
fn interleave(from: &Buffer, at: usize, samples: &mut [f32]) {
    let channels = from.channels();
    let frames = samples.len() / channels;
    let plane = |channel: usize| &from.channel(channel)[at..at + frames];
    match channels {
        1 => samples.copy_from_slice(plane(0)),
        2 => {
            let pairs = samples.as_chunks_mut::<2>().0;
            for ((pair, left), right) in pairs.iter_mut().zip(plane(0)).zip(plane(1)) {
                *pair = [*left, *right];
            }
        }
        _ => {
            for channel in 0..channels {
                let frames = samples.chunks_exact_mut(channels);
                for (frame, sample) in frames.zip(plane(channel)) {
                    frame[channel] = *sample;
                }
            }
        }
    }
}

/// Samples as little-endian bytes; returns how many were clipped.
fn bytes_of(format: SampleFormat, samples: &[f32], bytes: &mut [u8]) -> u32 {
    match format {
        SampleFormat::U8 => each(samples, bytes, |sample| {
            let (integer, clipped) = small_integer::<128>(sample);
            ([(integer as u8) ^ 0x80], clipped) // The same 8 bits, counted from 128.
        }),
        SampleFormat::S8 => each(samples, bytes, |sample| {
            let (integer, clipped) = small_integer::<128>(sample);
            ([integer as u8], clipped)
        }),
        SampleFormat::MuLaw => each(samples, bytes, |sample| {
            let (integer, clipped) = small_integer::<32_768>(sample);
            ([mu_law_of(sample, integer as i16)], clipped)
        }),
        SampleFormat::ALaw => each(samples, bytes, |sample| {
            let (integer, clipped) = small_integer::<32_768>(sample);
            ([g711::a_law(integer as i16)], clipped)
        }),
        SampleFormat::S16 => each(samples, bytes, |sample| {
            let (integer, clipped) = small_integer::<32_768>(sample);
            ((integer as i16).to_le_bytes(), clipped)
        }),
        SampleFormat::S24 => bytes_of_24(samples, bytes),
        SampleFormat::S32 => each(samples, bytes, |sample| {
            let (integer, clipped) = integer_32(sample);
            (integer.to_le_bytes(), clipped)
        }),
        SampleFormat::F32 => each(samples, bytes, |sample| (sample.to_le_bytes(), 0)),
        SampleFormat::F64 => each(samples, bytes, |sample| {
            (f64::from(sample).to_le_bytes(), 0)
        }),
    }
}

/// The code of a sample that was rounded to an integer; µ-law has two zeros, as floats have.
fn mu_law_of(sample: f32, integer: i16) -> u8 {
    if sample.to_bits() == NEGATIVE_ZERO {
        MU_LAW_NEGATIVE_ZERO
    } else {
        g711::mu_law(integer)
    }
}

/// One conversion for samples of a width that the compiler knows.
fn each<const WIDTH: usize>(
    samples: &[f32],
    bytes: &mut [u8],
    convert: impl Fn(f32) -> ([u8; WIDTH], u32),
) -> u32 {
    let mut clipped = 0;
    for (bytes, sample) in bytes.as_chunks_mut::<WIDTH>().0.iter_mut().zip(samples) {
        let (converted, beyond) = convert(*sample);
        *bytes = converted;
        clipped += beyond;
    }
    clipped
}

/// Four samples of three bytes are three words: fewer stores than byte by byte.
fn bytes_of_24(samples: &[f32], bytes: &mut [u8]) -> u32 {
    let (groups, rest) = samples.as_chunks::<4>();
    let (words, rest_bytes) = bytes.as_chunks_mut::<12>();
    let mut clipped = 0;
    for (group, words) in groups.iter().zip(words) {
        let converted = group.map(integer_24);
        clipped += converted.iter().map(|(_, beyond)| beyond).sum::<u32>();
        let [a, b, c, d] = converted.map(|(integer, _)| integer as u32 & 0x00ff_ffff);
        words[..4].copy_from_slice(&(a | b << 24).to_le_bytes());
        words[4..8].copy_from_slice(&(b >> 8 | c << 16).to_le_bytes());
        words[8..].copy_from_slice(&(c >> 16 | d << 8).to_le_bytes());
    }
    clipped
        + each(rest, rest_bytes, |sample| {
            let (integer, beyond) = integer_24(sample);
            let [low, middle, high, _] = integer.to_le_bytes();
            ([low, middle, high], beyond)
        })
}

/// The nearest integer below `FULL_SCALE` (2^22 at most) in the low bits, and 1 if the sample was
/// beyond them.
///
/// Only additions, comparisons and masks: the compiler makes SSE2 of it, where rounding and
/// saturating conversions would be calls. The limits are the outermost samples that round to the
/// outermost integers, so whatever they change is beyond.
fn small_integer<const FULL_SCALE: i32>(sample: f32) -> (u32, u32) {
    let full_scale = FULL_SCALE as f32;
    let (lowest, highest) = (-full_scale - 0.5, (full_scale - 0.5).next_down());
    let scaled = sample * full_scale;
    let scaled = if scaled.is_nan() { 0.0 } else { scaled };
    let kept = if scaled < highest { scaled } else { highest };
    let kept = if kept > lowest { kept } else { lowest };
    ((kept + ROUNDING_SMALL).to_bits(), u32::from(kept != scaled))
}

/// The nearest 24-bit integer, and 1 if the sample was beyond them.
///
/// Sign and magnitude apart: only so do 24 bits and their rounding fit an `f32`.
fn integer_24(sample: f32) -> (i32, u32) {
    const FULL_SCALE: i32 = 1 << 23;
    let scaled = sample * FULL_SCALE as f32;
    let magnitude = if scaled.is_nan() { 0.0 } else { scaled.abs() };
    let nearby = if magnitude < ROUNDING {
        magnitude
    } else {
        ROUNDING
    };
    let rounded = ((nearby + ROUNDING).to_bits() - ROUNDING.to_bits()) as i32;
    let negative = (scaled.to_bits() as i32) >> 31; // -1 below zero, else 0
    let limit = FULL_SCALE - 1 - negative;
    // The second half is for the lowest integer, which is all that `nearby` leaves of what is below.
    let beyond = u32::from((rounded > limit) | (magnitude > ROUNDING));
    let kept = if rounded > limit { limit } else { rounded };
    ((kept ^ negative) - negative, beyond)
}

/// The nearest 32-bit integer, and 1 if the sample was beyond them.
fn integer_32(sample: f32) -> (i32, u32) {
    const FULL_SCALE: f64 = 2_147_483_648.0;
    let scaled = f64::from(sample) * FULL_SCALE;
    // Samples this large are multiples of 128, so none lies between the last integer and full scale.
    let beyond = u32::from(scaled >= FULL_SCALE) + u32::from(scaled < -FULL_SCALE);
    let scaled = if scaled.is_nan() { 0.0 } else { scaled };
    let scaled = if scaled < FULL_SCALE - 1.0 {
        scaled
    } else {
        FULL_SCALE - 1.0
    };
    let scaled = if scaled > -FULL_SCALE {
        scaled
    } else {
        -FULL_SCALE
    };
    ((scaled + ROUNDING_WIDE).to_bits() as i32, beyond)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::num::f32;
    use proptest::prelude::any;
    use proptest::prop_assert_eq;
    use proptest::proptest;

    use super::*;

    /// Encodes interleaved samples; returns bytes and clipped samples.
    fn encoded(name: &str, channels: usize, samples: &[f32]) -> (Vec<u8>, u64) {
        let frames = samples.len() / channels;
        let mut from = Buffer::new(channels, frames + 2);
        for (at, sample) in samples.iter().enumerate() {
            from.channel_mut(at % channels)[at / channels + 2] = *sample;
        }
        let mut encoder = Encoder::new(name.parse().unwrap(), channels);
        let mut bytes = vec![0xaa; frames * encoder.frame_bytes()];
        let clipped = encoder.encode(&from, 2..frames + 2, &mut bytes);
        (bytes, clipped)
    }

    /// The definition, in arithmetic wide enough to need no tricks.
    fn naive(sample: f32, bits: u32) -> (i64, u64) {
        let full_scale = f64::from(bits - 1).exp2();
        let rounded = (f64::from(sample) * full_scale).round_ties_even();
        let kept = rounded.clamp(-full_scale, full_scale - 1.0);
        (kept as i64, u64::from(kept != rounded && !sample.is_nan()))
    }

    /// Compares one sample in every integer format with the definition.
    fn check(sample: f32) {
        for (name, bits) in [("u8", 8), ("s16le", 16), ("s24le", 24), ("s32le", 32)] {
            let (integer, clipped) = naive(sample, bits);
            let offset = if name == "u8" { 128 } else { 0 };
            let expected = &(integer + offset).to_le_bytes()[..bits as usize / 8];
            let found = encoded(name, 1, &[sample]);
            assert_eq!(found, (expected.to_vec(), clipped), "{sample} as {name}");
        }
    }

    #[test]
    fn full_scale_and_ties_are_rounded_and_limited_as_defined() {
        for sample in [
            0.0,
            -0.0,
            1.0,
            -1.0,
            1.1,
            -1.1,
            0.5,
            f32::MAX,
            f32::MIN,
            f32::MIN_POSITIVE,
        ] {
            check(sample);
        }
        for sample in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            check(sample);
        }
        for half in -9..9 {
            check((half as f32 + 0.5) / 32_768.0);
            check((half as f32 + 0.5) / 8_388_608.0);
            check(1.0 + half as f32 / 65_536.0);
            check(-1.0 + half as f32 / 65_536.0);
        }
    }

    proptest! {
        #[test]
        fn integers_are_the_nearest(sample in -1.2_f32..1.2, any in f32::ANY) {
            check(sample);
            check(any);
        }

        #[test]
        fn integers_to_24_bits_come_back_exactly(integers in vec(any::<i32>(), 8..300), channels in 1_usize..9) {
            let integers = &integers[..integers.len() / channels * channels];
            for (name, bits) in [("s16be", 16), ("s24le", 24), ("s24be", 24)] {
                let cut: Vec<i32> = integers.iter().map(|integer| integer >> (32 - bits)).collect();
                let samples: Vec<f32> = cut.iter().map(|integer| *integer as f32 / (1 << (bits - 1)) as f32).collect();
                let (bytes, clipped) = encoded(name, channels, &samples);
                let expected: Vec<u8> = cut.iter().flat_map(|integer| {
                    let mut bytes = integer.to_le_bytes()[..bits / 8].to_vec();
                    if name.ends_with("be") { bytes.reverse(); }
                    bytes
                }).collect();
                prop_assert_eq!(clipped, 0);
                prop_assert_eq!(bytes, expected);
            }
        }

        #[test]
        fn floats_keep_every_bit(samples in vec(f32::ANY, 1..50)) {
            let (bytes, clipped) = encoded("f32le", 1, &samples);
            let expected: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
            prop_assert_eq!((bytes, clipped), (expected, 0));
        }
    }

    #[test]
    fn every_clipped_sample_of_a_long_range_is_counted() {
        let mut samples = vec![0.25; 20_002];
        for at in [0, 5_000, 9_001, 20_001] {
            samples[at] = 1.5;
        }
        for name in ["u8", "s16le", "s24be", "s32le"] {
            assert_eq!(encoded(name, 2, &samples).1, 4, "{name}");
        }
        assert_eq!(encoded("f64le", 2, &samples).1, 0);
    }
}
