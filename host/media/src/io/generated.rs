//! Generated: a signal to measure with where there is no file.
//!
//! In: a format and a length. Out: in every channel other noise as in speech: mostly low, in
//! syllables at -20 dB RMS with pauses at -60 dB between them, a voice's tone among it. Nothing in
//! it is silent, so that no stage has less to do than with a recording. The same for every run and
//! every size of block.

use std::f64::consts::TAU;

use crate::audio::Buffer;
use crate::audio::Format;
use crate::io::error::ReadError;
use crate::io::input::FileId;
use crate::io::metadata::Metadata;
use crate::io::notice::Notice;
use crate::io::stream::Source;

/// A syllable and the pause after it, in seconds.
const PERIOD_SECONDS: f64 = 1.0;

/// The part of it that is the syllable.
const SYLLABLE: f64 = 0.7;

/// The tone of the voice, in Hz: that of a low voice.
const TONE_HZ: f64 = 110.0;

/// The corner of the noise, in Hz: above it speech falls, too.
const CORNER_HZ: f64 = 1_000.0;

/// RMS in a syllable: -20 dB.
const LOUD: f64 = 0.1;

/// RMS in a pause: -60 dB.
const SOFT: f64 = 0.001;

/// The share of noise, as RMS; the rest of the power is the tone.
const NOISE: f64 = 0.9;

/// The constants of Knuth's MMIX generator.
const MULTIPLIER: u64 = 6_364_136_223_846_793_005;
const INCREMENT: u64 = 1_442_695_040_888_963_407;

/// What one channel goes on from.
#[derive(Debug, Clone, Copy)]
struct Voice {
    random: u64,
    low: f64,
}

/// A signal that is made while it is read.
#[derive(Debug)]
struct Generated {
    format: Format,
    frames: u64,
    position: u64,
    voices: Vec<Voice>,
    /// How much of the noise before stays in the next sample.
    keep: f64,
    metadata: Metadata,
}

/// A signal of so many frames; its source bits are those of the format.
#[must_use]
pub fn generate(format: Format, frames: u64) -> Box<dyn Source> {
    let voice = |channel: usize| Voice {
        random: (channel as u64 + 1).wrapping_mul(MULTIPLIER),
        low: 0.0,
    };
    Box::new(Generated {
        frames,
        position: 0,
        voices: (0..format.channels()).map(voice).collect(),
        keep: (-TAU * CORNER_HZ / f64::from(format.sample_rate_hz())).exp(),
        metadata: Metadata::default(),
        format,
    })
}

impl Generated {
    /// The level at a frame, and the tone there.
    fn syllable(&self, frame: u64) -> (f64, f64) {
        let seconds = frame as f64 / f64::from(self.format.sample_rate_hz());
        let level = if seconds.rem_euclid(PERIOD_SECONDS) < SYLLABLE * PERIOD_SECONDS {
            LOUD
        } else {
            SOFT
        };
        let tone = (1.0 - NOISE * NOISE).sqrt() * 2.0_f64.sqrt();
        (level, tone * (TAU * (TONE_HZ * seconds).fract()).sin())
    }
}

impl Voice {
    /// Noise with an RMS of 1.
    fn noise(&mut self, keep: f64) -> f64 {
        self.random = self.random.wrapping_mul(MULTIPLIER).wrapping_add(INCREMENT);
        // The upper half is the better one; from -1 to 1 its RMS is 1/√3.
        let white = f64::from((self.random >> 32) as u32) / f64::from(u32::MAX) * 2.0 - 1.0;
        self.low = keep * self.low + (1.0 - keep) * white;
        // A first-order low-pass leaves (1 - a) / (1 + a) of the power of white noise.
        self.low * (3.0 * (1.0 + keep) / (1.0 - keep)).sqrt()
    }
}

impl Source for Generated {
    fn format(&self) -> &Format {
        &self.format
    }

    fn frames(&self) -> Option<u64> {
        Some(self.frames)
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    fn notices(&self) -> &[Notice] {
        &[]
    }

    fn file_id(&self) -> Option<FileId> {
        None
    }

    fn read(&mut self, into: &mut Buffer) -> Result<usize, ReadError> {
        let left = self.frames - self.position;
        let frames = left.min(into.frames_max() as u64) as usize;
        for at in 0..frames {
            let (level, tone) = self.syllable(self.position + at as u64);
            for (channel, voice) in self.voices.iter_mut().enumerate() {
                let sample = level * (tone + NOISE * voice.noise(self.keep));
                into.channel_mut(channel)[at] = sample.clamp(-0.999, 0.999) as f32;
            }
        }
        self.position += frames as u64;
        Ok(frames)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::{Layout, SampleFormat};

    const RATE: u32 = 48_000;

    fn samples(frames: u64, chunk: usize, rate: u32) -> Vec<Vec<f32>> {
        let format = Format::new(rate, Layout::STEREO, SampleFormat::F32).unwrap();
        let mut source = generate(format, frames);
        assert_eq!(source.frames(), Some(frames));
        let mut buffer = Buffer::new(2, chunk);
        let mut all = vec![Vec::new(); 2];
        loop {
            let read = source.read(&mut buffer).unwrap();
            if read == 0 {
                return all;
            }
            for (channel, into) in all.iter_mut().enumerate() {
                into.extend_from_slice(&buffer.channel(channel)[..read]);
            }
        }
    }

    fn rms_db(samples: &[f32]) -> f64 {
        let squares: f64 = samples
            .iter()
            .map(|sample| f64::from(*sample).powi(2))
            .sum();
        10.0 * (squares / samples.len() as f64).log10()
    }

    #[test]
    fn it_is_as_long_as_was_asked_for_and_the_same_in_any_pieces() {
        for frames in [0, 1, 1_000, 48_123] {
            let whole = samples(frames, 65_536, RATE);
            assert_eq!(whole[0].len() as u64, frames);
            assert_eq!(whole, samples(frames, 61, RATE));
        }
    }

    #[test]
    fn syllables_and_pauses_have_their_level_at_every_rate() {
        for rate in [8_000, 44_100, 192_000] {
            let all = samples(u64::from(rate), 4_096, rate);
            assert_ne!(all[0], all[1]);
            for channel in all {
                let (loud, soft) = channel.split_at((f64::from(rate) * SYLLABLE) as usize);
                assert!((rms_db(loud) + 20.0).abs() < 1.0, "{}", rms_db(loud));
                // The first samples still fall.
                assert!(
                    (rms_db(&soft[100..]) + 60.0).abs() < 1.5,
                    "{}",
                    rms_db(soft)
                );
                assert!(channel.iter().all(|sample| sample.abs() < 1.0));
            }
        }
    }
}
