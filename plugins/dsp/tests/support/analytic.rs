//! Analytic: the response a band has on paper, and how far another is from it.
//!
//! In: bands, a sample rate, and what a filter answered to an impulse. Out: nothing, or a panic.
//!
//! The expected response is computed without the digital coefficients: the cookbook's analogue
//! prototype H(s), evaluated where the bilinear transform maps each frequency,
//! s = j tan(pi f / rate) / tan(pi f0 / rate). The measured one is the Fourier transform of what
//! the filter gives for one impulse in `f32`.

use segue_dsp::biquad::{Band, Shape};
use segue_dsp::decibel::amplitude_from_db;
use std::f64::consts::{PI, TAU};

/// What the responses may differ by.
const MAGNITUDE_DB_MAX: f64 = 0.05;
const PHASE_DEGREES_MAX: f64 = 0.5;
/// Below -90 dB the impulse's own rounding to `f32`, 6e-8 of its largest sample, would be a matter
/// of 0.05 dB: nothing is asserted there.
const SILENCE: f64 = 3e-5;
/// The rates that are looked at.
pub(crate) const SAMPLE_RATES_HZ: [f64; 4] = [44_100.0, 48_000.0, 96_000.0, 192_000.0];

/// A complex number: real and imaginary part.
type Complex = (f64, f64);

fn multiply(a: Complex, b: Complex) -> Complex {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

fn divide(a: Complex, b: Complex) -> Complex {
    let (re, im) = multiply(a, (b.0, -b.1));
    let power = b.0 * b.0 + b.1 * b.1;
    (re / power, im / power)
}

/// c0 + c1 s + c2 s^2 at s = j w.
fn at(coefficients: [f64; 3], w: f64) -> Complex {
    let [c0, c1, c2] = coefficients;
    (c0 - c2 * w * w, c1 * w)
}

/// The cookbook's prototype of a band, at a frequency.
fn expected(band: &Band, sample_rate_hz: f64, frequency_hz: f64) -> Complex {
    let warp = |hz: f64| (PI * hz / sample_rate_hz).tan();
    let w = warp(frequency_hz) / warp(band.frequency_hz);
    let q = band.q;
    let root = |gain_db: f64| amplitude_from_db(gain_db / 2.0);
    let resonance = [1.0, 1.0 / q, 1.0];
    let (above, below) = match band.shape {
        Shape::LowPass => ([1.0, 0.0, 0.0], resonance),
        Shape::HighPass => ([0.0, 0.0, 1.0], resonance),
        Shape::Notch => ([1.0, 0.0, 1.0], resonance),
        Shape::Peak { gain_db } => {
            let a = root(gain_db);
            ([1.0, a / q, 1.0], [1.0, 1.0 / (a * q), 1.0])
        }
        Shape::LowShelf { gain_db } => {
            let a = root(gain_db);
            let slope = a.sqrt() / q;
            ([a * a, a * slope, a], [1.0, slope, a])
        }
        Shape::HighShelf { gain_db } => {
            let a = root(gain_db);
            let slope = a.sqrt() / q;
            ([a, a * slope, a * a], [a, slope, 1.0])
        }
    };
    divide(at(above, w), at(below, w))
}

fn transform(samples: &[f32], turn: f64) -> Complex {
    let step = (turn.cos(), -turn.sin());
    let mut sum = (0.0, 0.0);
    let mut phasor = (1.0, 0.0);
    for &sample in samples {
        let sample = f64::from(sample);
        sum = (sum.0 + sample * phasor.0, sum.1 + sample * phasor.1);
        phasor = multiply(phasor, step);
    }
    sum
}

/// Third octaves from 20 Hz to 20 kHz.
fn frequencies_hz() -> impl Iterator<Item = f64> {
    (0..=30).map(|third| 20.0 * 1000.0_f64.powf(f64::from(third) / 30.0))
}

/// How many frames of an answer to an impulse tell the whole response.
pub(crate) fn frames(bands: &[Band], sample_rate_hz: f64) -> usize {
    // The slowest pole decays as exp(-pi f0 / Q t): fourteen time constants leave 1e-6. Near half
    // the sample rate the bilinear transform makes it slower, which 512 frames more allow for.
    let decay = |band: &Band| 14.0 * band.q.max(1.0) / (PI * band.frequency_hz);
    let decay_seconds = bands.iter().map(decay).fold(0.0, f64::max);
    (decay_seconds * sample_rate_hz) as usize + 512
}

/// Compares an answer to an impulse with the product of the bands' prototypes, everywhere.
pub(crate) fn check(who: &str, bands: &[Band], sample_rate_hz: f64, response: &[f32]) {
    for frequency_hz in frequencies_hz() {
        let analytic = |band| expected(band, sample_rate_hz, frequency_hz);
        let wanted = bands.iter().map(analytic).fold((1.0, 0.0), multiply);
        if wanted.0.hypot(wanted.1) < SILENCE {
            continue;
        }
        let found = transform(response, TAU * frequency_hz / sample_rate_hz);
        let ratio = divide(found, wanted);
        let magnitude_db = 20.0 * ratio.0.hypot(ratio.1).log10();
        let phase_degrees = ratio.1.atan2(ratio.0).to_degrees();
        assert!(
            magnitude_db.abs() <= MAGNITUDE_DB_MAX && phase_degrees.abs() <= PHASE_DEGREES_MAX,
            "{who}: {bands:?} at {frequency_hz} Hz and {sample_rate_hz} Hz: \
             off by {magnitude_db} dB, {phase_degrees} degrees",
        );
    }
}
