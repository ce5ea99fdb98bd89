//! Tail: how long the bands ring.
//!
//! In: bands and a sample rate. Out: frames.
//!
//! Source: a pole of radius r decays as r^n (Oppenheim and Schafer, Discrete-Time Signal
//! Processing, section 5.2), so it has fallen by d decibels after d / (-20 lg r) frames.

use crate::band::Band;
use segue_dsp::biquad::Coefficients;
use segue_dsp::decibel::db_from_amplitude;

/// How far a tail falls until it counts as over, in dB: below what 16 bits hold.
const DECAY_DB: f64 = 100.0;
/// The longest tail, in seconds: nobody waits longer for a narrow notch.
const TAIL_SECONDS_MAX: u64 = 30;

/// How many frames the slowest band takes to fall by 100 dB, at most 30 s.
pub(crate) fn tail_frames(bands: &[Band], sample_rate_hz: u32) -> u64 {
    let sections = bands
        .iter()
        .filter_map(|band| band.design(f64::from(sample_rate_hz)).ok()?);
    let longest = sections
        .map(|section| decay_frames(&section))
        .fold(0.0, f64::max);
    (longest as u64).min(TAIL_SECONDS_MAX * u64::from(sample_rate_hz))
}

/// Infinite where rounding has put a pole onto the unit circle.
fn decay_frames(section: &Coefficients) -> f64 {
    let per_frame_db = -db_from_amplitude(pole_radius(section));
    if per_frame_db > 0.0 {
        (DECAY_DB / per_frame_db).ceil()
    } else {
        f64::INFINITY
    }
}

/// The magnitude of the larger of the two roots of z^2 + a1 z + a2.
fn pole_radius(section: &Coefficients) -> f64 {
    let Coefficients { a1, a2, .. } = *section;
    let discriminant = a1 * a1 / 4.0 - a2;
    if discriminant > 0.0 {
        a1.abs() / 2.0 + discriminant.sqrt()
    } else {
        a2.sqrt()
    }
}
