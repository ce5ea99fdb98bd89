//! Decode: from bytes as a file or pipe has them to planar `f32`.
//!
//! In: whole frames of interleaved samples. Out: the same samples in [-1, 1), channel by channel.
//!
//! Integers to 24 bits are exact; 32-bit integers and doubles are rounded to the nearest `f32`.
//! Two passes over a piece that stays in the first cache, each plain enough for the compiler to
//! turn into vector instructions.

use crate::audio::Buffer;
use crate::audio::SampleFormat;
use crate::io::encoding::ByteOrder;
use crate::io::encoding::Encoding;
use crate::io::g711::A_LAW_SAMPLES;
use crate::io::g711::MU_LAW_SAMPLES;

/// Samples converted at a time: 16 KiB as `f32`, half of a first-level cache.
const PIECE_SAMPLES: usize = 4096;

/// Turns bytes into planar samples.
#[derive(Debug)]
pub struct Decoder {
    encoding: Encoding,
    channels: usize,
    /// For each channel that comes out the one that goes in; empty where they are the same.
    order: Vec<usize>,
    piece: Vec<f32>,
}

impl Decoder {
    /// For frames of so many channels, 1 to 64.
    #[must_use]
    pub fn new(encoding: Encoding, channels: usize) -> Self {
        Self {
            encoding,
            channels,
            order: Vec::new(),
            piece: vec![0.0; PIECE_SAMPLES / channels * channels],
        }
    }

    /// The same, where the bytes have the channels in another order: for each channel that comes
    /// out the one that goes in, or nothing.
    #[must_use]
    pub(crate) fn in_order(self, order: Vec<usize>) -> Self {
        Self { order, ..self }
    }

    /// Bytes of one frame.
    #[must_use]
    pub fn frame_bytes(&self) -> usize {
        self.encoding.samples.bytes() * self.channels
    }

    /// Writes the frames in `bytes` to the frames of `into` from `at` on.
    ///
    /// The bytes are scratch afterwards: a foreign byte order is turned in place.
    ///
    /// # Panics
    /// When `bytes` is not whole frames, they do not fit, or `into` has other channels.
    pub fn decode(&mut self, bytes: &mut [u8], into: &mut Buffer, at: usize) {
        assert!(
            bytes.len().is_multiple_of(self.frame_bytes()),
            "whole frames are decoded"
        );
        assert_eq!(into.channels(), self.channels, "a buffer for the format");
        if self.encoding.order == ByteOrder::Big {
            turn(bytes, self.encoding.samples.bytes());
        }
        let piece_bytes = self.piece.len() * self.encoding.samples.bytes();
        let mut at = at;
        for bytes in bytes.chunks(piece_bytes) {
            let samples = bytes.len() / self.encoding.samples.bytes();
            let piece = &mut self.piece[..samples];
            samples_of(self.encoding.samples, bytes, piece);
            if self.order.is_empty() {
                deinterleave(piece, into, at);
            } else {
                reorder(piece, &self.order, into, at);
            }
            at += samples / self.channels;
        }
    }
}

/// Turns the bytes of every sample round: from one byte order to the other.
pub(crate) fn turn(bytes: &mut [u8], width: usize) {
    match width {
        2 => turn_each::<2>(bytes),
        3 => turn_each::<3>(bytes),
        4 => turn_each::<4>(bytes),
        8 => turn_each::<8>(bytes),
        _ => {}
    }
}

/// The same for a width that the compiler knows.
fn turn_each<const WIDTH: usize>(bytes: &mut [u8]) {
    for sample in bytes.as_chunks_mut::<WIDTH>().0 {
        sample.reverse();
    }
}

/// Little-endian samples as `f32`, still interleaved.
fn samples_of(format: SampleFormat, bytes: &[u8], samples: &mut [f32]) {
    match format {
        SampleFormat::U8 => {
            for (sample, byte) in samples.iter_mut().zip(bytes) {
                *sample = (f32::from(*byte) - 128.0) * (1.0 / 128.0);
            }
        }
        SampleFormat::S8 => each(bytes, samples, |[byte]| {
            f32::from(byte.cast_signed()) * (1.0 / 128.0)
        }),
        SampleFormat::MuLaw => each(bytes, samples, |[code]| MU_LAW_SAMPLES[usize::from(code)]),
        SampleFormat::ALaw => each(bytes, samples, |[code]| A_LAW_SAMPLES[usize::from(code)]),
        SampleFormat::S16 => each(bytes, samples, |bytes| {
            f32::from(i16::from_le_bytes(bytes)) * (1.0 / 32_768.0)
        }),
        SampleFormat::S24 => samples_of_24(bytes, samples),
        SampleFormat::S32 => each(bytes, samples, |bytes| {
            full_scale(i32::from_le_bytes(bytes))
        }),
        SampleFormat::F32 => each(bytes, samples, f32::from_le_bytes),
        SampleFormat::F64 => each(bytes, samples, |bytes| f64::from_le_bytes(bytes) as f32),
    }
}

/// An integer of the whole 32-bit range as a sample: rounded to 24 significant bits.
pub(crate) fn full_scale(integer: i32) -> f32 {
    integer as f32 * (1.0 / 2_147_483_648.0)
}

/// One conversion for samples of a width that the compiler knows.
fn each<const WIDTH: usize>(
    bytes: &[u8],
    samples: &mut [f32],
    convert: impl Fn([u8; WIDTH]) -> f32,
) {
    for (sample, bytes) in samples.iter_mut().zip(bytes.as_chunks::<WIDTH>().0) {
        *sample = convert(*bytes);
    }
}

/// Four samples of three bytes are three words: fewer loads than byte by byte.
fn samples_of_24(bytes: &[u8], samples: &mut [f32]) {
    let (groups, rest) = samples.as_chunks_mut::<4>();
    let (words, rest_bytes) = bytes.as_chunks::<12>();
    for (group, words) in groups.iter_mut().zip(words) {
        let word = |at: usize| {
            u32::from_le_bytes([words[at], words[at + 1], words[at + 2], words[at + 3]])
        };
        let (low, middle, high) = (word(0), word(4), word(8));
        // Each sample in the upper three bytes of a word, whatever its fourth neighbour left below.
        let integers = [
            low << 8,
            (low >> 16 | middle << 16) & 0xffff_ff00,
            (middle >> 8 | high << 24) & 0xffff_ff00,
            high & 0xffff_ff00,
        ];
        *group = integers.map(|integer| full_scale(integer as i32));
    }
    each(rest_bytes, rest, |[low, middle, high]| {
        full_scale(i32::from_le_bytes([0, low, middle, high]))
    });
}

/// From frame after frame to channel after channel.
fn deinterleave(samples: &[f32], into: &mut Buffer, at: usize) {
    let channels = into.channels();
    let frames = samples.len() / channels;
    let mut planes = into.iter_mut().map(|plane| &mut plane[at..at + frames]);
    match channels {
        1 => planes.for_each(|plane| plane.copy_from_slice(samples)),
        2 => {
            let (Some(left), Some(right)) = (planes.next(), planes.next()) else {
                return; // There are two.
            };
            let pairs = samples.as_chunks::<2>().0;
            for ((pair, left), right) in pairs.iter().zip(left).zip(right) {
                [*left, *right] = *pair;
            }
        }
        _ => {
            for (channel, plane) in planes.enumerate() {
                for (frame, sample) in samples.chunks_exact(channels).zip(plane) {
                    *sample = frame[channel];
                }
            }
        }
    }
}

/// The same for channels that come in another order.
fn reorder(samples: &[f32], order: &[usize], into: &mut Buffer, at: usize) {
    let channels = into.channels();
    for (plane, channel) in into.iter_mut().zip(order) {
        let frames = samples.chunks_exact(channels);
        for (frame, sample) in frames.zip(&mut plane[at..]) {
            *sample = frame[*channel];
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::any;
    use proptest::prop_assert_eq;
    use proptest::proptest;

    use super::*;

    /// Decodes mono or more channels and reads the result back interleaved.
    fn decoded(name: &str, channels: usize, bytes: &[u8]) -> Vec<f32> {
        let mut decoder = Decoder::new(name.parse().unwrap(), channels);
        let frames = bytes.len() / decoder.frame_bytes();
        let mut into = Buffer::new(channels, frames + 3);
        decoder.decode(&mut bytes.to_vec(), &mut into, 3);
        (3..frames + 3)
            .flat_map(|frame| (0..channels).map(move |channel| (channel, frame)))
            .map(|(channel, frame)| into.channel(channel)[frame])
            .collect()
    }

    #[test]
    fn the_ends_of_every_integer_range_are_exact() {
        let (low, one) = (-1.0, 1.0 / 8_388_608.0);
        assert_eq!(decoded("u8", 1, &[0, 128, 255]), [low, 0.0, 127.0 / 128.0]);
        assert_eq!(decoded("s16le", 1, &[0, 0x80, 1, 0]), [low, 256.0 * one]);
        assert_eq!(decoded("s16be", 1, &[0x80, 0, 0, 1]), [low, 256.0 * one]);
        assert_eq!(decoded("s24le", 1, &[0, 0, 0x80, 1, 0, 0]), [low, one]);
        assert_eq!(decoded("s24be", 1, &[0x80, 0, 0, 0, 0, 1]), [low, one]);
        assert_eq!(
            decoded("s32le", 1, &[0, 0, 0, 0x80, 0, 1, 0, 0]),
            [low, one]
        );
        assert_eq!(
            decoded("s32be", 1, &[0x80, 0, 0, 0, 0, 0, 1, 0]),
            [low, one]
        );
    }

    proptest! {
        #[test]
        fn integers_to_24_bits_are_exact_in_every_channel(
            integers in vec(-8_388_608_i32..8_388_608, 0..900), channels in 1_usize..9,
        ) {
            let integers = &integers[..integers.len() / channels * channels];
            let bytes: Vec<u8> = integers.iter().flat_map(|integer| integer.to_le_bytes()[..3].to_vec()).collect();
            let expected: Vec<f32> = integers.iter().map(|integer| *integer as f32 / 8_388_608.0).collect();
            prop_assert_eq!(decoded("s24le", channels, &bytes), &expected[..]);
            let wide: Vec<u8> = integers.iter().flat_map(|integer| (integer << 8).to_be_bytes()).collect();
            prop_assert_eq!(decoded("s32be", channels, &wide), expected);
        }

        #[test]
        fn integers_of_32_bits_are_rounded_to_the_nearest(integer in any::<i32>()) {
            let expected = (f64::from(integer) / 2_147_483_648.0) as f32;
            prop_assert_eq!(decoded("s32le", 1, &integer.to_le_bytes()), [expected]);
        }

        #[test]
        fn floats_keep_every_bit(bits in any::<u32>()) {
            let found = decoded("f32le", 1, &bits.to_le_bytes())[0].to_bits();
            prop_assert_eq!(found, bits);
            let double = f64::from(f32::from_bits(bits));
            let found = decoded("f64be", 1, &double.to_be_bytes())[0];
            prop_assert_eq!(found.is_nan(), double.is_nan());
            if !double.is_nan() {
                prop_assert_eq!(found.to_bits(), bits);
            }
        }
    }

    #[test]
    fn more_frames_than_a_piece_arrive_in_order() {
        let bytes: Vec<u8> = (0..30_000_i16).flat_map(i16::to_le_bytes).collect();
        let expected: Vec<f32> = (0..30_000_i16)
            .map(|integer| f32::from(integer) / 32_768.0)
            .collect();
        assert_eq!(decoded("s16le", 2, &bytes), expected);
        assert_eq!(decoded("s16le", 6, &bytes), expected);
    }
}
