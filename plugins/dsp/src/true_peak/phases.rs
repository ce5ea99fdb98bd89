//! Phases: the taps that make the points between the samples.
//!
//! In: how many phases beside the samples themselves, and how many taps each. Out: the taps.

use std::f64::consts::PI;

/// Half the filter's length in oversampled points, without the middle one.
pub(super) const HALF_WIDTH: usize = 24;
/// Taps of the longest phase.
pub(super) const TAPS_MAX: usize = 2 * HALF_WIDTH / 2;
/// Phases beside phase 0, at most.
pub(super) const PHASES_MAX: usize = 3;
/// Above one by more than the rounding of a sum of 24 `f32` products can amount to.
const ROUNDING_MARGIN: f32 = 1.000_01;

/// The taps of each phase but phase 0, for the oldest sample first.
#[derive(Clone, Debug)]
pub(super) struct Phases<const PHASES: usize, const TAPS: usize> {
    pub(super) taps: [[f32; TAPS]; PHASES],
    /// What a phase can make of samples of magnitude 1 at most.
    pub(super) bound: f32,
}

impl<const PHASES: usize, const TAPS: usize> Phases<PHASES, TAPS> {
    pub(super) fn new() -> Self {
        let mut taps = [[0.0; TAPS]; PHASES];
        let mut bound = 0.0_f32;
        for (index, phase) in taps.iter_mut().enumerate() {
            for (place, tap) in phase.iter_mut().enumerate() {
                let age = TAPS - 1 - place;
                let point = (age * (PHASES + 1) + index + 1) as f64 - HALF_WIDTH as f64;
                *tap = windowed_sinc(point, PHASES + 1) as f32;
            }
            bound = bound.max(phase.iter().map(|tap| tap.abs()).sum());
        }
        Self {
            taps,
            bound: bound * ROUNDING_MARGIN,
        }
    }
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
