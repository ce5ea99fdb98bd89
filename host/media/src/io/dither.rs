//! Dither: noise that is added where samples lose depth, so that rounding leaves noise behind and
//! no distortion.
//!
//! In: blocks of planar `f32`, on their way to integers of 8 or 16 bits. Out: the same with
//! triangular noise of two steps from peak to peak: mean and power of what rounding does to the
//! sum no longer depend on the signal (Lipshitz, Wannamaker, Vanderkooy: "Quantization and
//! Dither: A Theoretical Survey", JAES 40(5), 1992).
//!
//! Noise begins with the first frame that the integers cannot hold exactly, in whichever channel,
//! and goes on to the end: what is on their grid already stays as it is, to the last bit.
//! It is a function of channel and frame alone, the same in every run and for every block size.

use std::ops::Range;

use crate::audio::Buffer;
use crate::audio::Format;
use crate::audio::SampleFormat;
use crate::io::error::WriteError;
use crate::io::stream::Sink;
use crate::io::written::End;
use crate::io::written::Kept;
use crate::io::written::Written;

/// Frames that get their noise at a time.
const BLOCK_FRAMES: usize = 4096;

/// Bits of an `f32` at its usual magnitudes, and more than any output that is dithered has.
const FLOAT_BITS: u32 = 25;

/// Frames until the noise of a channel takes another key.
const KEY_FRAMES: u64 = 1 << 32;

/// The golden ratio as a fraction of 2^32: neighbouring frames differ in many bits.
const GOLDEN: u32 = 0x9e37_79b9;

/// Adding and taking away this rounds an `f32` below 2^22 to an integer.
const ROUNDING: f32 = 1.5 * 8_388_608.0;

/// Whether samples lose depth that dither makes up for, when stored in another form.
///
/// 24 bits are all that the pipeline has, and G.711 has steps of its own: neither is dithered.
#[must_use]
pub fn loses_depth(from: SampleFormat, to: SampleFormat) -> bool {
    full_scale(to).is_some() && depth_bits(from) > depth_bits(to)
}

/// Adds dither to all that is written; the sink itself where its samples are not dithered.
#[must_use]
pub fn dithered(sink: Box<dyn Sink>, format: &Format, samples: SampleFormat) -> Box<dyn Sink> {
    let Some(full_scale) = full_scale(samples) else {
        return sink;
    };
    Box::new(Dithered {
        sink,
        block: Buffer::new(format.channels(), BLOCK_FRAMES),
        full_scale,
        position_frames: 0,
        phase: Phase::Exact,
    })
}

/// A sink whose samples get dither.
struct Dithered {
    sink: Box<dyn Sink>,
    block: Buffer,
    /// Steps of the integers in 1.0.
    full_scale: f32,
    position_frames: u64,
    phase: Phase,
}

/// How far the signal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// All of it was on the grid.
    Exact,
    /// It was not.
    Noisy,
}

impl Dithered {
    /// Adds noise to the first frames of the block.
    fn add_noise(&mut self, frames: usize) {
        let start = match self.phase {
            Phase::Noisy => Some(0),
            Phase::Exact => first_off_grid(&self.block, frames, self.full_scale),
        };
        let Some(start) = start else {
            return;
        };
        self.phase = Phase::Noisy;
        let first = self.position_frames + start as u64;
        for (channel, plane) in self.block.iter_mut().enumerate() {
            let key = key(channel as u32, (first / KEY_FRAMES) as u32);
            add_noise(
                &mut plane[start..frames],
                first as u32,
                key,
                self.full_scale,
            );
        }
    }
}

impl Sink for Dithered {
    fn write(&mut self, from: &Buffer, frames: Range<usize>) -> Result<(), WriteError> {
        let mut at = frames.start;
        while at < frames.end {
            let of_key = KEY_FRAMES - self.position_frames % KEY_FRAMES;
            let count = (frames.end - at).min(BLOCK_FRAMES);
            let count = of_key.min(count as u64) as usize;
            self.block.copy_frames(0, from, at..at + count);
            self.add_noise(count);
            self.sink.write(&self.block, 0..count)?;
            self.position_frames += count as u64;
            at += count;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        self.sink.flush()
    }

    fn finish(self: Box<Self>) -> Result<Written, WriteError> {
        self.sink.finish()
    }

    fn keep(self: Box<Self>, end: End) -> Option<Kept> {
        self.sink.keep(end)
    }
}

/// Steps in 1.0 of the integers that get dither.
const fn full_scale(samples: SampleFormat) -> Option<f32> {
    match samples {
        SampleFormat::U8 | SampleFormat::S8 => Some(128.0),
        SampleFormat::S16 => Some(32_768.0),
        SampleFormat::MuLaw
        | SampleFormat::ALaw
        | SampleFormat::S24
        | SampleFormat::S32
        | SampleFormat::F32
        | SampleFormat::F64 => None,
    }
}

/// How many bits samples can make use of.
const fn depth_bits(samples: SampleFormat) -> u32 {
    match samples {
        SampleFormat::U8 | SampleFormat::S8 => 8,
        // The codes of G.711 stand for integers of 16 bits.
        SampleFormat::MuLaw | SampleFormat::ALaw | SampleFormat::S16 => 16,
        SampleFormat::S24 => 24,
        SampleFormat::S32 | SampleFormat::F32 | SampleFormat::F64 => FLOAT_BITS,
    }
}

/// The first frame with a sample, in any channel, that lies between two integers.
fn first_off_grid(block: &Buffer, frames: usize, full_scale: f32) -> Option<usize> {
    let is_off = |sample: &f32| {
        let scaled = *sample * full_scale;
        (scaled + ROUNDING) - ROUNDING != scaled
    };
    let in_channels = block
        .iter()
        .filter_map(|plane| plane[..frames].iter().position(is_off));
    in_channels.min()
}

/// The key of a channel's noise; another one every [`KEY_FRAMES`].
const fn key(channel: u32, span: u32) -> u32 {
    mixed(mixed(channel.wrapping_add(GOLDEN)) ^ span.wrapping_mul(GOLDEN))
}

/// Adds noise to neighbouring samples, of which the first is number `first`.
///
/// Nothing from one sample to the next: the compiler makes vector instructions of it.
fn add_noise(samples: &mut [f32], first: u32, key: u32, full_scale: f32) {
    let (lowest, highest) = (-1.0, (full_scale - 1.0) / full_scale);
    let step = 1.0 / full_scale;
    for (offset, sample) in samples.iter_mut().enumerate() {
        let number = first.wrapping_add(offset as u32);
        let noisy = *sample + noise(number, key) * step;
        // Noise makes nothing clip. What is beyond the range by itself stays so, and is counted.
        let top = if *sample > highest { *sample } else { highest };
        let bottom = if *sample < lowest { *sample } else { lowest };
        let noisy = if noisy > top { top } else { noisy };
        *sample = if noisy < bottom { bottom } else { noisy };
    }
}

/// Triangular noise between -1 and 1, not included: the sum of two even ones, of 16 bits each.
fn noise(number: u32, key: u32) -> f32 {
    let bits = mixed(number.wrapping_mul(GOLDEN) ^ key);
    let sum = (bits & 0xffff) as i32 + (bits >> 16) as i32 - 0xffff;
    sum as f32 * (1.0 / 65_536.0)
}

/// Every bit of the result depends on every bit of the number: the mixer `lowbias32` of C. Wellons,
/// "Prospecting for Hash Functions" (2018), without a statistical flaw that matters here.
const fn mixed(number: u32) -> u32 {
    let number = (number ^ (number >> 16)).wrapping_mul(0x7feb_352d);
    let number = (number ^ (number >> 15)).wrapping_mul(0x846c_a68b);
    number ^ (number >> 16)
}

#[cfg(test)]
mod tests;
