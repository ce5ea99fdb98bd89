//! Tail: how long the bands ring.
//!
//! In: bands and a sample rate. Out: frames.

use crate::band::Band;

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
        .map(|section| section.decay_frames(DECAY_DB))
        .fold(0.0, f64::max);
    (longest as u64).min(TAIL_SECONDS_MAX * u64::from(sample_rate_hz))
}
