//! Signals: what sequences of changes are heard on.
//!
//! Everything here repeats itself after `PERIOD_FRAMES`, so that a chain at rest does, too: then
//! what it gives at any frame is known from the last period in which nothing changed.

use std::f64::consts::TAU;

use crate::script::SAMPLE_RATE_HZ;

/// After how many frames a signal begins again: 150 ms, in which a tone of 1 kHz ends as it began.
pub const PERIOD_FRAMES: usize = 7_200;

/// The notes of a period: when each begins, and how high it is.
const NOTES: [(usize, f64); 4] = [(0, 220.0), (1_800, 275.0), (3_600, 330.0), (5_400, 440.0)];

/// How long a note takes to be there: 10 ms.
const ATTACK_FRAMES: f64 = 480.0;

/// How long it takes to fall to 37 %: 100 ms.
const DECAY_FRAMES: f64 = 4_800.0;

/// Plucked notes with five partials each, that ring into each other.
#[must_use]
pub fn music(frames: usize) -> Vec<f32> {
    let note = |frame: usize, (begin, height_hz): (usize, f64)| {
        let age = (frame + PERIOD_FRAMES - begin) % PERIOD_FRAMES;
        let age = age as f64;
        // A note that begins again fades out before, so that nothing ends in a step.
        let left = (PERIOD_FRAMES as f64 - age) / ATTACK_FRAMES;
        let level = (age / ATTACK_FRAMES).min(1.0) * left.min(1.0) * (-age / DECAY_FRAMES).exp();
        let turn = TAU * height_hz * age / f64::from(SAMPLE_RATE_HZ);
        let partials =
            (1..=5).map(|partial| (turn * f64::from(partial)).sin() / f64::from(partial));
        level * partials.sum::<f64>()
    };
    let period = (0..PERIOD_FRAMES).map(|frame| {
        let notes = NOTES.map(|begin| note(frame, begin));
        (0.12 * notes.iter().sum::<f64>()) as f32
    });
    repeated(&period.collect::<Vec<_>>(), frames)
}

/// One period again and again.
#[must_use]
pub fn repeated(period: &[f32], frames: usize) -> Vec<f32> {
    period.iter().copied().cycle().take(frames).collect()
}
