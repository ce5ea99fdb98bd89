//! Loudness: how loud a programme is to the ear, how far it ranges, how high it peaks.
//!
//! In: all channels of a programme, in blocks of any size. Out: a `Loudness` whenever wanted.
//!
//! Source: ITU-R BS.1770-5 (weighting, gating, true peak), EBU R 128 and EBU Tech 3341 (momentary
//! over 400 ms, short-term over 3 s, their maxima), EBU Tech 3342 (loudness range).
//!
//! - Energies are summed in steps of 10 ms. Momentary loudness and its maximum follow every step,
//!   short-term loudness and its maximum every tenth. Gating blocks are 400 ms, one every 100 ms.
//! - Both gates need all blocks of the programme. Histograms keep them in constant memory, about
//!   2 MB of zeros that are mostly never touched, with errors below 0.002 LU whatever the length
//!   (see `histogram`).
//! - Loudness range takes a short-term value every 100 ms, which Tech 3342 demands since 2016;
//!   `RangeHop::Second` is for comparison with meters that follow its first editions.
//! - Non-finite samples count as 0 and are counted; magnitudes above 1e30 count as 1e30.

mod channel;
mod histogram;
mod pair;
mod speaker;
mod weighting;
mod window;

pub use speaker::{ChannelWeight, Speaker};

use crate::cpu;
use crate::decibel::db_from_amplitude;
use crate::stretch::STRETCH_FRAMES;
use channel::Channel;
use histogram::{Histogram, lufs};
use pair::Pair;
use pulp::Arch;
use std::ops::Range;
use thiserror::Error;
use window::{MOMENTARY_STEPS, SHORT_TERM_STEPS, STEPS_PER_SECOND, Window};

/// The lowest sample rate measured, in Hz: telephony. The weighting curve needs 3,400 Hz to exist.
pub const SAMPLE_RATE_HZ_MIN: u32 = 8_000;
/// The highest sample rate measured, in Hz: that of a session.
pub const SAMPLE_RATE_HZ_MAX: u32 = 768_000;
/// The most channels: those of a session.
pub const CHANNELS_MAX: usize = 64;

/// Gating blocks and short-term values come every 100 ms.
const STEPS_PER_HOP: u64 = 10;
/// The most steps that end within a stretch, and one more to hold what is left.
const STEPS_MAX: usize =
    STRETCH_FRAMES / (SAMPLE_RATE_HZ_MIN as usize / STEPS_PER_SECOND as usize) + 2;
/// -10 LU, the relative gate of integrated loudness (BS.1770-5, Annex 1).
const INTEGRATED_GATE_FACTOR: f64 = 0.1;
/// -20 LU, the relative gate of loudness range (EBU Tech 3342, section 3).
const RANGE_GATE_FACTOR: f64 = 0.01;
/// The percentiles that loudness range lies between (EBU Tech 3342, section 3).
const RANGE_LOW: f64 = 0.10;
const RANGE_HIGH: f64 = 0.95;

/// How often a short-term value counts for the loudness range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RangeHop {
    /// Every 100 ms: EBU Tech 3342 since 2016.
    #[default]
    TenthOfSecond,
    /// Every second: its first editions, and libebur128.
    Second,
}

/// What a programme measured so far. Minus infinity is silence, and what is not known yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loudness {
    /// Over the last 400 ms, in LUFS.
    pub momentary_lufs: f64,
    /// Over the last 3 s, in LUFS.
    pub short_term_lufs: f64,
    /// Over the whole programme, gated, in LUFS.
    pub integrated_lufs: f64,
    /// The loudness range, in LU. It means little in the first minute.
    pub range_lu: f64,
    /// The largest momentary loudness, in LUFS.
    pub momentary_max_lufs: f64,
    /// The largest short-term loudness, in LUFS.
    pub short_term_max_lufs: f64,
    /// The largest sample of all channels, in dB of full scale.
    pub sample_peak_dbfs: f64,
    /// The largest true peak of all channels, in dB of full scale.
    pub true_peak_dbtp: f64,
    /// Samples that were NaN or infinite, over all channels.
    pub non_finite_samples: u64,
}

/// How high one channel got in a stretch of the programme. Minus infinity is silence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PeakLevels {
    /// The largest sample, in dB of full scale.
    pub sample_peak_dbfs: f64,
    /// The true peak, in dB of full scale.
    pub true_peak_dbtp: f64,
}

/// Why a meter cannot be made or fed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum LoudnessError {
    /// The weighting curve does not exist at this rate.
    #[error(
        "loudness at a sample rate of {found} Hz was asked for, \
         expected {SAMPLE_RATE_HZ_MIN} to {SAMPLE_RATE_HZ_MAX} Hz"
    )]
    SampleRate {
        /// What was given, in Hz.
        found: u32,
    },
    /// No channel, or too many.
    #[error("loudness of {found} channels was asked for, expected 1 to {CHANNELS_MAX}")]
    ChannelCount {
        /// What was given.
        found: usize,
    },
    /// A block has another number of channels than the meter.
    #[error("a block of {found} channels was fed to a loudness meter of {expected}")]
    BlockChannels {
        /// Channels of the block.
        found: usize,
        /// Channels of the meter.
        expected: usize,
    },
    /// The channels of a block are not equally long.
    #[error("channel {channel} of a block has {found} frames, expected {expected} as in channel 0")]
    BlockFrames {
        /// Which channel, from 0.
        channel: usize,
        /// Its frames.
        found: usize,
        /// The frames of channel 0.
        expected: usize,
    },
}

/// Measures one programme. It owns its sums; feeding allocates nothing.
#[derive(Clone, Debug)]
pub struct LoudnessMeter {
    channels: Vec<Channel>,
    /// Two channels each, the last one perhaps a channel and nothing.
    pairs: Vec<Pair>,
    range_hop_steps: u64,
    frames: u64,
    window: Window,
    momentary_max: f64,
    short_term_max: f64,
    gating_blocks: Histogram,
    short_terms: Histogram,
}

impl LoudnessMeter {
    /// A meter that has heard nothing, for channels with these weights. Allocates; thread:
    /// control.
    ///
    /// # Errors
    /// `SampleRate` and `ChannelCount` for what is out of range.
    pub fn new(
        sample_rate_hz: u32,
        weights: &[ChannelWeight],
        range_hop: RangeHop,
    ) -> Result<Self, LoudnessError> {
        Self::on(cpu::arch(), sample_rate_hz, weights, range_hop)
    }

    /// The same with the instructions of a level. Levels agree to a millionth of a dB, true peaks
    /// to a hundred-thousandth. Allocates; any thread but the audio thread.
    ///
    /// # Errors
    /// As `new`.
    pub fn on(
        level: Arch,
        sample_rate_hz: u32,
        weights: &[ChannelWeight],
        range_hop: RangeHop,
    ) -> Result<Self, LoudnessError> {
        if !(SAMPLE_RATE_HZ_MIN..=SAMPLE_RATE_HZ_MAX).contains(&sample_rate_hz) {
            return Err(LoudnessError::SampleRate {
                found: sample_rate_hz,
            });
        }
        if !(1..=CHANNELS_MAX).contains(&weights.len()) {
            return Err(LoudnessError::ChannelCount {
                found: weights.len(),
            });
        }
        let pair = |weights: &[ChannelWeight]| {
            let second = weights.get(1).unwrap_or(&ChannelWeight::Excluded);
            Pair::new(level, sample_rate_hz, [weights[0], *second])
        };
        Ok(Self {
            channels: vec![Channel::new(level, sample_rate_hz); weights.len()],
            pairs: weights.chunks(2).map(pair).collect(),
            range_hop_steps: match range_hop {
                RangeHop::TenthOfSecond => STEPS_PER_HOP,
                RangeHop::Second => 10 * STEPS_PER_HOP,
            },
            frames: 0,
            window: Window::new(sample_rate_hz),
            momentary_max: 0.0,
            short_term_max: 0.0,
            gating_blocks: Histogram::new(),
            short_terms: Histogram::new(),
        })
    }

    /// Measures the frames that follow those measured before, one slice a channel. How a stream
    /// is divided into calls changes no bit of any figure.
    ///
    /// Thread: any, the audio thread included.
    ///
    /// # Errors
    /// `BlockChannels` and `BlockFrames` for a block of another shape; nothing is then measured.
    pub fn feed<Samples: AsRef<[f32]>>(&mut self, block: &[Samples]) -> Result<(), LoudnessError> {
        let frames = self.check(block)?;
        for start in (0..frames).step_by(STRETCH_FRAMES) {
            self.feed_stretch(block, start..frames.min(start + STRETCH_FRAMES));
        }
        Ok(())
    }

    /// Everything measured so far. Any thread; takes some microseconds.
    #[must_use]
    pub fn loudness(&self) -> Loudness {
        let window = |steps| lufs(self.window.mean(steps).unwrap_or(0.0));
        let peaks = 0..self.channels.len();
        Loudness {
            momentary_lufs: window(MOMENTARY_STEPS),
            short_term_lufs: window(SHORT_TERM_STEPS),
            integrated_lufs: lufs(self.gating_blocks.gated_mean(INTEGRATED_GATE_FACTOR)),
            range_lu: self
                .short_terms
                .spread_lu(RANGE_GATE_FACTOR, RANGE_LOW, RANGE_HIGH),
            momentary_max_lufs: lufs(self.momentary_max),
            short_term_max_lufs: lufs(self.short_term_max),
            sample_peak_dbfs: largest(peaks.clone().map(|channel| self.sample_peak_dbfs(channel))),
            true_peak_dbtp: largest(peaks.map(|channel| self.true_peak_dbtp(channel))),
            non_finite_samples: self.channels.iter().map(Channel::non_finite).sum(),
        }
    }

    /// The largest sample of one channel in dB of full scale; minus infinity for silence and for
    /// a channel that the meter does not have. Any thread.
    #[must_use]
    pub fn sample_peak_dbfs(&self, channel: usize) -> f64 {
        let found = self.channels.get(channel).map(Channel::peaks);
        db_from_amplitude(found.unwrap_or_default().sample.into())
    }

    /// The true peak of one channel in dB of full scale; minus infinity for silence and for a
    /// channel that the meter does not have. Any thread.
    #[must_use]
    pub fn true_peak_dbtp(&self, channel: usize) -> f64 {
        let found = self.channels.get(channel).map(Channel::peaks);
        db_from_amplitude(found.unwrap_or_default().true_peak.into())
    }

    /// The peaks of one channel since the start or the last call for it: for meters that show
    /// one stretch after the other. Silence for a channel that the meter does not have.
    ///
    /// Nothing else changes. It costs time, since quiet stretches have to be interpolated that a
    /// programme's peak spares. The last samples' true peak counts as `TruePeak::take_peak` says.
    ///
    /// Thread: any, the audio thread included.
    pub fn take_peaks(&mut self, channel: usize) -> PeakLevels {
        let found = self.channels.get_mut(channel).map(Channel::take_peaks);
        let peaks = found.unwrap_or_default();
        PeakLevels {
            sample_peak_dbfs: db_from_amplitude(peaks.sample.into()),
            true_peak_dbtp: db_from_amplitude(peaks.true_peak.into()),
        }
    }

    /// Starts anew, as if the next frame were the first.
    ///
    /// Thread: any, the audio thread included; clears about 2 MB.
    pub fn reset(&mut self) {
        self.channels.iter_mut().for_each(Channel::reset);
        self.pairs.iter_mut().for_each(Pair::reset);
        self.frames = 0;
        self.window.reset();
        self.momentary_max = 0.0;
        self.short_term_max = 0.0;
        self.gating_blocks.clear();
        self.short_terms.clear();
    }

    /// The number of frames of a block that fits this meter.
    fn check<Samples: AsRef<[f32]>>(&self, block: &[Samples]) -> Result<usize, LoudnessError> {
        let expected = self.channels.len();
        if block.len() != expected {
            return Err(LoudnessError::BlockChannels {
                found: block.len(),
                expected,
            });
        }
        let mut lengths = block.iter().map(|samples| samples.as_ref().len());
        let expected = lengths.next().unwrap_or(0);
        match lengths.enumerate().find(|(_, found)| *found != expected) {
            Some((index, found)) => Err(LoudnessError::BlockFrames {
                channel: index + 1,
                found,
                expected,
            }),
            None => Ok(expected),
        }
    }

    /// Measures at most `STRETCH_FRAMES` frames of a block that fits.
    fn feed_stretch<Samples: AsRef<[f32]>>(&mut self, block: &[Samples], span: Range<usize>) {
        let mut ends = [span.len(); STEPS_MAX];
        let mut energies = [0.0; STEPS_MAX];
        let steps = self.step_ends(&mut ends);
        let channels = self.channels.chunks_mut(2).zip(block.chunks(2));
        for (pair, (channels, samples)) in self.pairs.iter_mut().zip(channels) {
            let mut feed = |index: usize| {
                let samples = samples.get(index)?.as_ref();
                Some(channels[index].feed(&samples[span.clone()]))
            };
            let [Some(left), right] = [feed(0), feed(1)] else {
                continue; // Chunks are never empty.
            };
            // Of a last channel alone, the other half of the pair weighs nothing.
            let (left, right) = (left.now(), right.as_ref().unwrap_or(&left).now());
            let mut from = 0;
            for (index, end) in ends.into_iter().take(steps + 1).enumerate() {
                pair.add(&left[from..end], &right[from..end]);
                from = end;
                if index < steps {
                    energies[index] += pair.take_energy();
                }
            }
        }
        self.frames += span.len() as u64;
        energies[..steps]
            .iter()
            .for_each(|energy| self.end_step(*energy));
    }

    /// Where steps end within the next frames, as many as the last of `ends` says. Returns how
    /// many steps do.
    fn step_ends(&self, ends: &mut [usize; STEPS_MAX]) -> usize {
        for (index, end) in ends.iter_mut().enumerate() {
            let to_end = self.window.step_end_frame(index) - self.frames;
            if to_end > *end as u64 {
                return index;
            }
            *end = to_end as usize;
        }
        STEPS_MAX
    }

    /// A step of 10 ms is complete.
    fn end_step(&mut self, energy: f64) {
        self.window.push(energy);
        let momentary = self.window.mean(MOMENTARY_STEPS);
        self.momentary_max = self.momentary_max.max(momentary.unwrap_or(0.0));
        let steps = self.window.steps();
        if !steps.is_multiple_of(STEPS_PER_HOP) {
            return;
        }
        if let Some(momentary) = momentary {
            self.gating_blocks.add(momentary);
        }
        if let Some(short_term) = self.window.mean(SHORT_TERM_STEPS) {
            self.short_term_max = self.short_term_max.max(short_term);
            if steps.is_multiple_of(self.range_hop_steps) {
                self.short_terms.add(short_term);
            }
        }
    }
}

fn largest(levels_db: impl Iterator<Item = f64>) -> f64 {
    levels_db.fold(f64::NEG_INFINITY, f64::max)
}
