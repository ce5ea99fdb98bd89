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

use extremes::Extremes;
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
    clip_limit: f32,
    frames: u64,
    tally: Tally,
    extremes: Extremes,
    last_is_negative: bool,
    zero_crossings: u64,
}

impl LevelMeter {
    /// A meter that has heard nothing. Any thread.
    #[must_use]
    pub fn new(full_scale: FullScale) -> Self {
        Self {
            clip_limit: clip_limit(full_scale),
            frames: 0,
            tally: Tally::default(),
            extremes: Extremes::default(),
            last_is_negative: false,
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
            let (run, behind) = rest.split_at(rest.len().min(RUN_FRAMES - place));
            self.feed_run(run, place);
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
            peak_to_peak_average: self.extremes.step_average(),
            zero_crossings: self.zero_crossings,
            clipped_samples: totals.clipped,
            non_finite_samples: totals.non_finite,
        }
    }

    /// Starts anew, as if the next sample were the first.
    ///
    /// Thread: any, the audio thread included.
    pub fn clear(&mut self) {
        let clip_limit = self.clip_limit;
        *self = Self {
            clip_limit,
            ..Self::new(FullScale::Float)
        };
    }

    /// Measures up to the end of a run, starting at `place` within it.
    fn feed_run(&mut self, run: &[f32], place: usize) {
        let mut finite = [0.0; RUN_FRAMES];
        let finite = &mut finite[..run.len()];
        let mut non_finite = 0;
        for (to, from) in finite.iter_mut().zip(run) {
            let is_finite = from.is_finite();
            *to = if is_finite { *from } else { 0.0 };
            non_finite += u64::from(!is_finite);
        }
        self.tally.add(finite, place, self.clip_limit);
        self.tally.add_non_finite(non_finite);
        self.extremes.add(finite);
        self.count_crossings(finite);
        self.frames += run.len() as u64;
        if place + run.len() == RUN_FRAMES {
            self.tally.carry();
        }
    }

    fn count_crossings(&mut self, samples: &[f32]) {
        let [first, .., last] = samples else {
            // One sample alone, or none: runs are never empty, but nothing would be right then.
            if let [only] = samples {
                self.cross_to(*only < 0.0);
            }
            return;
        };
        self.cross_to(*first < 0.0);
        let within = samples
            .windows(2)
            .map(|pair| u64::from((pair[0] < 0.0) != (pair[1] < 0.0)));
        self.zero_crossings += within.sum::<u64>();
        self.last_is_negative = *last < 0.0;
    }

    /// The step from the last sample of the run before to the first of this one.
    fn cross_to(&mut self, is_negative: bool) {
        let crossed = self.frames > 0 && is_negative != self.last_is_negative;
        self.zero_crossings += u64::from(crossed);
        self.last_is_negative = is_negative;
    }
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
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn measured(blocks: &[&[f32]], full_scale: FullScale) -> Levels {
        let mut meter = LevelMeter::new(full_scale);
        for block in blocks {
            meter.feed(block);
        }
        meter.levels()
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
        fn the_division_into_blocks_changes_no_bit(
            samples in vec(-1.5..1.5_f32, 0..4000),
            cuts in vec(0..4000_usize, 0..20),
        ) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (samples.len() + 1)).collect();
            cuts.sort_unstable();
            cuts.push(samples.len());
            let mut from = 0;
            let mut blocks = Vec::new();
            for cut in cuts {
                blocks.push(&samples[from..cut]);
                from = cut;
            }
            let whole = measured(&[&samples], FullScale::Float);
            prop_assert_eq!(measured(&blocks, FullScale::Float), whole);
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
