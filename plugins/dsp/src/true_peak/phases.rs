//! Phases: the points between the samples, a row of neighbouring frames at a time.
//!
//! In: samples around a row of frames. Out: for each frame the highest of the points behind it.
//!
//! The taps are symmetric. So are the sums: with the samples paired from outside inwards, the
//! points a quarter and three quarters behind a frame are the sum and the difference of an even
//! part E and an odd part O, and the larger of |E + O| and |E - O| is |E| + |O|.

use crate::lanes::Lanes;
use std::f64::consts::PI;

/// From this rate on, two points for each sample are enough.
const TWICE_FROM_HZ: u32 = 96_000;
/// From this rate on, the samples themselves are enough.
const ONCE_FROM_HZ: u32 = 192_000;
/// Half the filter's length in oversampled points, without the middle one.
pub(super) const HALF_WIDTH: usize = 24;
/// Above one by more than the rounding of a sum of 24 `f32` products can amount to.
const ROUNDING_MARGIN: f32 = 1.000_01;

/// The points that a sample rate asks for.
#[derive(Clone, Debug)]
pub(super) enum Grid {
    Once,
    Twice(Twice),
    FourTimes(FourTimes),
}

impl Grid {
    pub(super) fn at_rate(sample_rate_hz: u32) -> Self {
        match sample_rate_hz {
            ONCE_FROM_HZ.. => Self::Once,
            TWICE_FROM_HZ.. => Self::Twice(Twice::new()),
            _ => Self::FourTimes(FourTimes::new()),
        }
    }

    /// How many samples a point follows from; half of them come after it.
    pub(super) const fn taps(&self) -> usize {
        match self {
            Self::Once => 0,
            Self::Twice(_) => Twice::TAPS,
            Self::FourTimes(_) => FourTimes::TAPS,
        }
    }
}

/// The points between a frame and the next.
pub(super) trait Points {
    /// How many samples a point follows from.
    const TAPS: usize;

    /// What a point can make of samples of magnitude 1 at most.
    fn bound(&self) -> f32;

    /// For each frame of a row the largest magnitude of its points. The samples of the row end
    /// `around`, and the `TAPS - 1` before them begin it.
    fn highest<L: Lanes>(&self, lanes: L, around: &[f32]) -> L::Row;
}

/// One point, in the middle.
#[derive(Clone, Debug)]
pub(super) struct Twice {
    /// For the outermost pair of samples first.
    middle: [f32; 12],
    bound: f32,
}

/// Three points.
#[derive(Clone, Debug)]
pub(super) struct FourTimes {
    /// For the outermost pair of samples first, in these three.
    even: [f32; 6],
    odd: [f32; 6],
    middle: [f32; 6],
    bound: f32,
}

impl Twice {
    pub(super) fn new() -> Self {
        Self {
            middle: std::array::from_fn(|pair| tap(pair, 1, 2) as f32),
            bound: bound(2),
        }
    }
}

impl FourTimes {
    pub(super) fn new() -> Self {
        let half = |pair, sign: f64| (tap(pair, 1, 4) + sign * tap(pair, 3, 4)) / 2.0;
        Self {
            even: std::array::from_fn(|pair| half(pair, 1.0) as f32),
            odd: std::array::from_fn(|pair| half(pair, -1.0) as f32),
            middle: std::array::from_fn(|pair| tap(pair, 2, 4) as f32),
            bound: bound(4),
        }
    }
}

impl Points for Twice {
    const TAPS: usize = 24;

    fn bound(&self) -> f32 {
        self.bound
    }

    #[inline(always)]
    fn highest<L: Lanes>(&self, lanes: L, around: &[f32]) -> L::Row {
        let around = &around[..L::COUNT + Self::TAPS - 1];
        // Two sums, each of every other pair, so that neither waits for the other.
        let mut sums = [lanes.splat(0.0); 2];
        for (pair, tap) in self.middle.iter().enumerate() {
            let older = lanes.load(&around[pair..]);
            let newer = lanes.load(&around[Self::TAPS - 1 - pair..]);
            let both = lanes.add(older, newer);
            sums[pair % 2] = lanes.mul_add(lanes.splat(*tap), both, sums[pair % 2]);
        }
        lanes.abs(lanes.add(sums[0], sums[1]))
    }
}

impl Points for FourTimes {
    const TAPS: usize = 12;

    fn bound(&self) -> f32 {
        self.bound
    }

    #[inline(always)]
    fn highest<L: Lanes>(&self, lanes: L, around: &[f32]) -> L::Row {
        let around = &around[..L::COUNT + Self::TAPS - 1];
        let zero = lanes.splat(0.0);
        let (mut even, mut odd, mut middle) = (zero, zero, zero);
        for pair in 0..self.even.len() {
            let older = lanes.load(&around[pair..]);
            let newer = lanes.load(&around[Self::TAPS - 1 - pair..]);
            let (both, apart) = (lanes.add(older, newer), lanes.sub(older, newer));
            even = lanes.mul_add(lanes.splat(self.even[pair]), both, even);
            odd = lanes.mul_add(lanes.splat(self.odd[pair]), apart, odd);
            middle = lanes.mul_add(lanes.splat(self.middle[pair]), both, middle);
        }
        let beside = lanes.add(lanes.abs(even), lanes.abs(odd));
        lanes.max(beside, lanes.abs(middle))
    }
}

/// What a sample counts for the `phase`th point behind a frame; sample 0 is the oldest.
fn tap(sample: usize, phase: usize, points_per_sample: usize) -> f64 {
    let age = 2 * HALF_WIDTH / points_per_sample - 1 - sample;
    let point = (age * points_per_sample + phase) as f64 - HALF_WIDTH as f64;
    windowed_sinc(point, points_per_sample)
}

/// The largest sum of magnitudes of the taps of a point.
fn bound(points_per_sample: usize) -> f32 {
    let samples = 0..2 * HALF_WIDTH / points_per_sample;
    let sum = |phase| -> f64 {
        let taps = samples
            .clone()
            .map(|sample| tap(sample, phase, points_per_sample));
        taps.map(f64::abs).sum()
    };
    let largest = (1..points_per_sample).map(sum).fold(0.0, f64::max);
    largest as f32 * ROUNDING_MARGIN
}

/// sin(pi t) / (pi t) at `point` oversampled points from the middle, under a Hann window.
pub(super) fn windowed_sinc(point: f64, points_per_sample: usize) -> f64 {
    let angle = PI * point / points_per_sample as f64;
    let sinc = if point == 0.0 {
        1.0
    } else {
        angle.sin() / angle
    };
    sinc * 0.5 * (1.0 + (PI * point / HALF_WIDTH as f64).cos())
}
