//! Levels: what a channel measures, defined as in Python's `audioop`, on a scale of 1.
//!
//! In: the samples of one channel, in blocks of any size. Out: a `Levels` whenever one is wanted.
//!
//! Source: the functions `max`, `minmax`, `avg`, `rms`, `maxpp`, `avgpp` and `cross` of the module
//! `audioop` in CPython 3.11 (documentation and behaviour; `tests/golden/make_levels.py` records
//! what they give).
//!
//! **How the two compare.** `audioop` returns integers of the PCM it is given; here full scale
//! is 1. For PCM of b bits, decoded as integer / 2^(b-1), every figure times 2^(b-1), rounded down
//! to a whole number, *is* `audioop`'s answer, exactly, with no tolerance: `audioop` rounds `avg`,
//! `rms` and `avgpp` down as its last step, and the others are whole already. (A 32-bit integer is
//! first rounded to the nearest `f32`; `audioop` is asked about the rounded one.) Two things differ.
//! `audioop` adds the squares for `rms` in `f64` and rounds that sum itself: of 24 and 32 bits the sum
//! has more than 53 bits after some hundred samples, and the root may come out a whole number lower
//! or higher than the true one, which is what this returns. (200 samples of 8,388,607 have that as
//! their root mean square; `audioop.rms` says 8,388,606. Of 8 and 16 bits this takes hours.) And for
//! an empty fragment `cross` says -1, here it is 0 crossings.
//!
//! **Exactness.** The sums for average and RMS are exact for PCM to 24 bits: squares are added in
//! `f64` only as long as they cannot need more than its 53 bits (24-bit squares: 2^46, 128 of
//! them), then carried into a sum of twice the precision, whatever the hours. Finer samples
//! (float, 32 bit) are summed to within 2^-45 of the true value.
//!
//! **Non-finite samples** count as 0 and are counted.

mod extremes;
mod tally;

use crate::cpu;
use crate::lanes::{Kernel, Lanes, run};
use extremes::Extremes;
use pulp::Arch;
use tally::{RUN_FRAMES, Tally};

/// The most bits of PCM there are.
pub const PCM_BITS_MAX: u32 = 32;

/// Where a sample counts as clipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FullScale {
    /// At the largest or smallest integer of so many bits, 1 to `PCM_BITS_MAX` (others are taken
    /// as the nearest of these), or beyond. Of 25 and more bits, what rounds to it as `f32`.
    Pcm {
        /// The bits of the source, sign included.
        bits: u32,
    },
    /// At -1 or 1, or beyond: for sources that are float themselves.
    Float,
}

/// What one channel measured since the start or the last `clear`. Full scale is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Levels {
    /// How many frames were measured. With 0 frames every figure is 0.
    pub frames: u64,
    /// The largest magnitude; `audioop.max`.
    pub peak: f64,
    /// The smallest sample; the first of `audioop.minmax`.
    pub minimum: f64,
    /// The largest sample; the second of `audioop.minmax`.
    pub maximum: f64,
    /// The root of the mean square; `audioop.rms`.
    pub rms: f64,
    /// The mean, which is the DC offset; `audioop.avg`.
    pub average: f64,
    /// The largest step between neighbouring extremes, up to 2; `audioop.maxpp`. An extreme is
    /// where the samples turn round; the first and last sample are none.
    pub peak_to_peak_max: f64,
    /// The mean step between neighbouring extremes; `audioop.avgpp`.
    pub peak_to_peak_average: f64,
    /// How often one sample is negative and its neighbour is not; `audioop.cross`. Zero counts as
    /// positive.
    pub zero_crossings: u64,
    /// Samples at full scale or beyond, as `FullScale` says. `audioop` has no such function.
    pub clipped_samples: u64,
    /// Samples that were NaN or infinite, and were taken as 0.
    pub non_finite_samples: u64,
}

/// Measures one channel. It owns its sums and allocates nothing.
#[derive(Clone, Debug)]
pub struct LevelMeter {
    level: Arch,
    clip_limit: f32,
    frames: u64,
    tally: Tally,
    extremes: Extremes,
    /// The last sample.
    last: f32,
    zero_crossings: u64,
}

impl LevelMeter {
    /// A meter that has heard nothing. Thread: control.
    #[must_use]
    pub fn new(full_scale: FullScale) -> Self {
        Self::on(cpu::arch(), full_scale)
    }

    /// The same with the instructions of a level. Levels agree to the last bit. Any thread.
    #[must_use]
    pub fn on(level: Arch, full_scale: FullScale) -> Self {
        Self::at_rest(level, clip_limit(full_scale))
    }

    fn at_rest(level: Arch, clip_limit: f32) -> Self {
        Self {
            level,
            clip_limit,
            frames: 0,
            tally: Tally::default(),
            extremes: Extremes::default(),
            last: 0.0,
            zero_crossings: 0,
        }
    }

    /// Measures the samples that follow those measured before. How a stream is divided into
    /// calls changes no bit of any figure.
    ///
    /// Thread: any, the audio thread included.
    pub fn feed(&mut self, samples: &[f32]) {
        let mut rest = samples;
        while !rest.is_empty() {
            let place = (self.frames % RUN_FRAMES as u64) as usize;
            let (samples, behind) = rest.split_at(rest.len().min(RUN_FRAMES - place));
            self.feed_run(samples, place);
            rest = behind;
        }
    }

    /// What was measured so far. Any thread; takes some hundred ns.
    #[must_use]
    pub fn levels(&self) -> Levels {
        if self.frames == 0 {
            return Levels::default();
        }
        let totals = self.tally.totals();
        let frames = self.frames as f64;
        Levels {
            frames: self.frames,
            peak: f64::from(totals.maximum.max(-totals.minimum)),
            minimum: f64::from(totals.minimum),
            maximum: f64::from(totals.maximum),
            rms: (totals.squares / frames).sqrt(),
            average: totals.sum / frames,
            peak_to_peak_max: self.extremes.step_max(),
            peak_to_peak_average: self.extremes.step_average(totals.variation),
            zero_crossings: self.zero_crossings,
            clipped_samples: totals.clipped,
            non_finite_samples: totals.non_finite,
        }
    }

    /// Starts anew, as if the next sample were the first.
    ///
    /// Thread: any, the audio thread included.
    pub fn clear(&mut self) {
        *self = Self::at_rest(self.level, self.clip_limit);
    }

    /// Measures up to the end of a run, starting at `place` within it.
    fn feed_run(&mut self, samples: &[f32], place: usize) {
        let (level, meter) = (self.level, self);
        run(
            level,
            Measure {
                meter,
                samples,
                place,
            },
        );
    }
}

/// Measures samples, at least one, that start at `place` within a run and do not pass its end.
struct Measure<'a> {
    meter: &'a mut LevelMeter,
    samples: &'a [f32],
    place: usize,
}

impl Kernel for Measure<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        let Self {
            meter,
            samples,
            place,
        } = self;
        let mut around = [0.0; 1 + RUN_FRAMES];
        let around = &mut around[..=samples.len()];
        let mut non_finite = 0;
        for (to, from) in around[1..].iter_mut().zip(samples) {
            let is_finite = from.is_finite();
            *to = if is_finite { *from } else { 0.0 };
            non_finite += u32::from(!is_finite);
        }
        around[0] = match meter.frames {
            0 => around[1],
            _ => meter.last,
        };
        meter.tally.add(around, place, meter.clip_limit);
        meter.tally.add_non_finite(non_finite.into());
        meter.extremes.add(around);
        meter.zero_crossings += u64::from(crossings(around));
        meter.frames += samples.len() as u64;
        meter.last = around[samples.len()];
        if place + samples.len() == RUN_FRAMES {
            meter.tally.carry();
        }
    }
}

/// How often one sample is negative and its neighbour is not.
#[inline(always)]
fn crossings(around: &[f32]) -> u32 {
    let mut count = 0;
    for (before, now) in around.iter().zip(&around[1..]) {
        count += u32::from((*before < 0.0) != (*now < 0.0));
    }
    count
}

/// The magnitude from which a positive sample is clipped.
fn clip_limit(full_scale: FullScale) -> f32 {
    match full_scale {
        FullScale::Float => 1.0,
        FullScale::Pcm { bits } => {
            let bits = bits.clamp(1, PCM_BITS_MAX);
            let step = 0.5_f64.powi(bits as i32 - 1);
            (1.0 - step) as f32
        }
    }
}

#[cfg(test)]
mod tests;
