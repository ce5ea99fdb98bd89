//! Strict: the points between the samples, as far up as half the sample rate.
//!
//! In: samples around a row of frames. Out: for each frame the highest of the points behind it.
//!
//! The filter of BS.1770 falls off towards half the sample rate: white noise, and music that was
//! clipped, have peaks there that it does not see. This one is a sinc of 40 samples to each side
//! under the Kaiser window (beta 12) of one of 64: what is cut off weighs less than 0.01.
//!
//! **Eight points a sample** leave up to 0.17 dB between two of them, at half the sample rate. The
//! points are therefore raised by half of that: no signal has a peak more than 0.1 dB above what is
//! read, and what is read is at most 0.08 dB too high.

use crate::lanes::Lanes;
use crate::true_peak::phases::Points;
use std::f64::consts::PI;

/// The samples on each side that a point follows from.
const SIDE_FRAMES: usize = 40;
/// Those that the window would reach.
const WINDOW_FRAMES: f64 = 64.0;
/// How steep the window is.
const BETA: f64 = 12.0;
/// The points from one sample to the next.
const POINTS: usize = 8;
/// Those in the first half of the way; each has a mirror image in the second.
const BESIDE: usize = POINTS / 2 - 1;
/// What the points are raised by: 0.08 dB.
const RAISED: f64 = 1.009_25;
/// Above one by more than the rounding of a sum of 80 `f32` products can amount to.
const ROUNDING_MARGIN: f32 = 1.000_03;

/// Seven points.
#[derive(Clone, Debug)]
pub(super) struct EightTimes {
    /// For the outermost pair of samples first.
    pairs: [StrictPair; SIDE_FRAMES],
    bound: f32,
}

/// What two samples, equally far from the middle, count for the points.
#[derive(Clone, Copy, Debug)]
struct StrictPair {
    /// For the points of the first half, by the sum of the two, and by their difference.
    even: [f32; BESIDE],
    odd: [f32; BESIDE],
    middle: f32,
}

impl EightTimes {
    pub(super) fn new() -> Self {
        let sums = (1..POINTS).map(|phase| -> f64 {
            let taps = (0..Self::TAPS).map(|sample| tap(sample, phase));
            taps.map(f64::abs).sum()
        });
        Self {
            pairs: std::array::from_fn(pair),
            bound: sums.fold(0.0, f64::max) as f32 * ROUNDING_MARGIN,
        }
    }
}

impl Points for EightTimes {
    const TAPS: usize = 2 * SIDE_FRAMES;

    fn bound(&self) -> f32 {
        self.bound
    }

    #[inline(always)]
    fn highest<L: Lanes>(&self, lanes: L, around: &[f32]) -> L::Row {
        let around = &around[..L::COUNT + Self::TAPS - 1];
        let zero = lanes.splat(0.0);
        let (mut even, mut odd, mut middle) = ([zero; BESIDE], [zero; BESIDE], zero);
        for (at, pair) in self.pairs.iter().enumerate() {
            let older = lanes.load(&around[at..]);
            let newer = lanes.load(&around[Self::TAPS - 1 - at..]);
            let (both, apart) = (lanes.add(older, newer), lanes.sub(older, newer));
            for point in 0..BESIDE {
                even[point] = lanes.mul_add(lanes.splat(pair.even[point]), both, even[point]);
                odd[point] = lanes.mul_add(lanes.splat(pair.odd[point]), apart, odd[point]);
            }
            middle = lanes.mul_add(lanes.splat(pair.middle), both, middle);
        }
        let mut highest = lanes.abs(middle);
        for point in 0..BESIDE {
            // Of E + O and E - O the larger magnitude.
            let beside = lanes.add(lanes.abs(even[point]), lanes.abs(odd[point]));
            highest = lanes.max(highest, beside);
        }
        highest
    }
}

fn pair(older: usize) -> StrictPair {
    let half = |point: usize, sign: f64| {
        let mirrored = sign * tap(older, POINTS - 1 - point);
        ((tap(older, point + 1) + mirrored) / 2.0) as f32
    };
    StrictPair {
        even: std::array::from_fn(|point| half(point, 1.0)),
        odd: std::array::from_fn(|point| half(point, -1.0)),
        middle: tap(older, POINTS / 2) as f32,
    }
}

/// What a sample counts for the `phase`th point behind a frame; sample 0 is the oldest.
fn tap(sample: usize, phase: usize) -> f64 {
    let age = (SIDE_FRAMES - 1) as f64 - sample as f64;
    RAISED * windowed_sinc(age + phase as f64 / POINTS as f64)
}

/// sin(pi t) / (pi t) under the window, `t` in samples.
fn windowed_sinc(t: f64) -> f64 {
    let sinc = match PI * t {
        0.0 => 1.0,
        angle => angle.sin() / angle,
    };
    let share = t / WINDOW_FRAMES;
    sinc * bessel(BETA * (1.0 - share * share).sqrt()) / bessel(BETA)
}

/// The modified Bessel function of the first kind and order 0, by its series.
fn bessel(x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 1..60 {
        term *= (x / 2.0 / f64::from(n)).powi(2);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_taps_are_those_of_a_sinc_and_what_is_cut_off_is_little() {
        for point in 1..POINTS {
            let sum: f64 = (0..EightTimes::TAPS).map(|sample| tap(sample, point)).sum();
            assert!((sum / RAISED - 1.0).abs() < 1e-3, "{point}: {sum}");
        }
        let cut: f64 = (SIDE_FRAMES..64)
            .map(|frame| 2.0 * windowed_sinc(frame as f64 + 0.5).abs())
            .sum();
        assert!(cut < 0.01, "{cut}");
        assert!((EightTimes::new().bound - 3.0).abs() < 0.2);
    }
}
