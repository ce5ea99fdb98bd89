//! Levels: what a channel measures, defined as in Python's `audioop`, on a scale of 1.
//!
//! In: the samples of one channel, in blocks of any size. Out: a `Levels` whenever one is wanted.
//!
//! Source: the functions `max`, `minmax`, `avg`, `rms`, `maxpp`, `avgpp` and `cross` of the module
//! `audioop` in CPython 3.11 (documentation and behaviour; `tests/golden/make_levels.py` records
//! what they answer).
//!
//! **How the two compare.** `audioop` answers in integers of the PCM it is given; here full scale
//! is 1. For PCM of b bits, decoded as integer / 2^(b-1), every figure times 2^(b-1), rounded down
//! to a whole number, *is* `audioop`'s answer, exactly, with no tolerance: `audioop` rounds `avg`,
//! `rms` and `avgpp` down as its last step, and the others are whole already. (A 32-bit integer is
//! first rounded to the nearest `f32`; `audioop` is asked about the rounded one.) Two answers for
//! nothing differ: `cross` says -1 for an empty fragment, here it is 0 crossings.
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
mod tests {
    use super::*;
    use crate::cpu::levels;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn measured(blocks: &[&[f32]], full_scale: FullScale) -> Levels {
        let mut meter = LevelMeter::new(full_scale);
        for block in blocks {
            meter.feed(block);
        }
        meter.levels()
    }

    /// A stream cut somewhere.
    fn pieces(cuts: &[usize], frames: usize) -> Vec<(usize, usize)> {
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (frames + 1)).collect();
        ends.push(frames);
        ends.sort_unstable();
        let starts = [0].into_iter().chain(ends.iter().copied());
        starts.zip(ends.iter().copied()).collect()
    }

    /// The same, sample by sample, for PCM of 16 bits.
    fn plainly(samples: &[f32]) -> Levels {
        let pairs = || samples.windows(2).map(|pair| (pair[0], pair[1]));
        let (mut rising, mut turns) = (None, Vec::new());
        for (before, now) in pairs().filter(|(before, now)| before != now) {
            if rising
                .replace(now > before)
                .is_some_and(|rising| rising != (now > before))
            {
                turns.push(f64::from(before));
            }
        }
        let steps: Vec<f64> = turns
            .windows(2)
            .map(|two| (two[1] - two[0]).abs())
            .collect();
        let frames = samples.len() as f64;
        let wide = || samples.iter().copied().map(f64::from);
        let minimum = wide().fold(f64::INFINITY, f64::min);
        let maximum = wide().fold(f64::NEG_INFINITY, f64::max);
        let is_clipped = |x: &f64| *x >= 32_767.0 / 32_768.0 || *x <= -1.0;
        Levels {
            frames: samples.len() as u64,
            peak: maximum.max(-minimum),
            minimum,
            maximum,
            rms: (wide().map(|x| x * x).sum::<f64>() / frames).sqrt(),
            average: wide().sum::<f64>() / frames,
            peak_to_peak_max: steps.iter().copied().fold(0.0, f64::max),
            peak_to_peak_average: steps.iter().sum::<f64>() / steps.len().max(1) as f64,
            zero_crossings: pairs()
                .filter(|pair| (pair.0 < 0.0) != (pair.1 < 0.0))
                .count() as u64,
            clipped_samples: wide().filter(is_clipped).count() as u64,
            non_finite_samples: 0,
        }
    }

    #[test]
    fn nothing_measures_nothing() {
        assert_eq!(measured(&[], FullScale::Float), Levels::default());
        assert_eq!(measured(&[&[], &[]], FullScale::Float), Levels::default());
    }

    #[test]
    fn one_frame_is_a_measurement() {
        let levels = measured(&[&[-0.5]], FullScale::Float);
        assert_eq!(
            (levels.frames, levels.peak, levels.rms, levels.average),
            (1, 0.5, 0.5, -0.5)
        );
        assert_eq!((levels.zero_crossings, levels.peak_to_peak_max), (0, 0.0));
    }

    #[test]
    fn non_finite_samples_count_as_zero_and_are_counted() {
        let bad = [f32::NAN, 0.5, f32::INFINITY, f32::NEG_INFINITY];
        let good = Levels {
            non_finite_samples: 3,
            ..measured(&[&[0.0, 0.5, 0.0, 0.0]], FullScale::Float)
        };
        assert_eq!(measured(&[&bad], FullScale::Float), good);
    }

    #[test]
    fn the_largest_floats_stay_finite() {
        let levels = measured(
            &[&[f32::MAX, f32::MIN, f32::MAX, f32::MIN]],
            FullScale::Float,
        );
        assert_eq!(levels.rms, f64::from(f32::MAX));
        assert_eq!(levels.peak_to_peak_max, 2.0 * f64::from(f32::MAX));
        assert_eq!((levels.average, levels.clipped_samples), (0.0, 4));
    }

    #[test]
    fn clipped_is_the_end_of_the_sources_range() {
        let step = |bits: i32| 0.5_f32.powi(bits - 1);
        for (bits, sample, expected) in [
            (16, 1.0 - step(16), 1),
            (16, 1.0 - 2.0 * step(16), 0),
            (16, -1.0, 1),
            (16, -1.0 + step(16), 0),
            (24, 1.0 - step(24), 1),
            (24, 1.0 - 2.0 * step(24), 0),
            (32, 1.0, 1),
            (32, 1.0 - step(25), 0),
            (0, 0.0, 1),
            (99, 1.0, 1),
        ] {
            let found = measured(&[&[sample]], FullScale::Pcm { bits }).clipped_samples;
            assert_eq!(found, expected, "{sample} of {bits} bits");
        }
        assert_eq!(
            measured(&[&[1.0, -1.0, 0.999_999]], FullScale::Float).clipped_samples,
            2
        );
    }

    #[test]
    fn clear_starts_anew_and_keeps_the_scale() {
        let mut meter = LevelMeter::new(FullScale::Pcm { bits: 8 });
        meter.feed(&[-1.0, 0.9, f32::NAN]);
        meter.clear();
        meter.feed(&[0.25, 127.0 / 128.0]);
        assert_eq!(
            meter.levels(),
            measured(&[&[0.25, 127.0 / 128.0]], FullScale::Pcm { bits: 8 })
        );
    }

    proptest! {
        #[test]
        fn every_figure_is_that_of_a_look_at_each_sample(
            integers in vec(-32_768..=32_767_i32, 1..4_000),
            // Few values make long runs of equal neighbours.
            values in 1..5_000_i32,
            cuts in vec(0..4_000_usize, 0..8),
        ) {
            let value = |integer: &i32| (integer / values * values) as f32 / 32_768.0;
            let samples: Vec<f32> = integers.iter().map(value).collect();
            let expected = plainly(&samples);
            for level in levels() {
                let mut meter = LevelMeter::on(level, FullScale::Pcm { bits: 16 });
                for (from, to) in pieces(&cuts, samples.len()) {
                    meter.feed(&samples[from..to]);
                }
                prop_assert_eq!(meter.levels(), expected, "{:?}", level);
            }
        }

        #[test]
        fn the_division_into_blocks_changes_no_bit(
            samples in vec(-1.5..1.5_f32, 0..4000),
            cuts in vec(0..4000_usize, 0..20),
        ) {
            let whole = measured(&[&samples], FullScale::Float);
            for level in levels() {
                let mut meter = LevelMeter::on(level, FullScale::Float);
                for (from, to) in pieces(&cuts, samples.len()) {
                    meter.feed(&samples[from..to]);
                }
                prop_assert_eq!(meter.levels(), whole, "{:?}", level);
            }
        }

        #[test]
        fn sums_of_24_bit_pcm_are_exact(
            integers in vec(-8_388_608..=8_388_607_i32, 1..5000),
        ) {
            let samples: Vec<f32> = integers.iter().map(|&i| i as f32 / 8_388_608.0).collect();
            let levels = measured(&[&samples], FullScale::Pcm { bits: 24 });
            let count = integers.len() as f64;
            let sum: i128 = integers.iter().map(|&i| i128::from(i)).sum();
            let squares: i128 = integers.iter().map(|&i| i128::from(i).pow(2)).sum();
            prop_assert_eq!(levels.average * 8_388_608.0, sum as f64 / count);
            prop_assert_eq!(levels.rms * 8_388_608.0, (squares as f64 / count).sqrt());
        }
    }
}
