//! The level meter against a look at each sample, on every level, however a stream is cut.

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
