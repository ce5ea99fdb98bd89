//! Filters against their analytic response, from 20 Hz to 20 kHz, at four sample rates.
//!
//! The measured response is the Fourier transform of what the cascade answers to one impulse in
//! `f32`. The expected one is computed without the digital coefficients: the cookbook's analogue
//! prototype H(s), evaluated where the bilinear transform maps each frequency,
//! s = j tan(pi f / rate) / tan(pi f0 / rate).

use segue_dsp::biquad::{Band, Coefficients, Shape};
use segue_dsp::decibel::amplitude_from_db;
use segue_dsp::eq::Cascade;
use std::f64::consts::{PI, TAU};

/// What the responses may differ by.
const MAGNITUDE_DB_MAX: f64 = 0.05;
const PHASE_DEGREES_MAX: f64 = 0.5;
/// Below -90 dB the impulse's own rounding to `f32`, 6e-8 of its largest sample, would be a matter
/// of 0.05 dB: nothing is asserted there.
const SILENCE: f64 = 3e-5;
const SAMPLE_RATES_HZ: [f64; 4] = [44_100.0, 48_000.0, 96_000.0, 192_000.0];

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

/// What the cascade answers to an impulse, until it has died away.
fn impulse_response(coefficients: &[Coefficients], frames: usize) -> Vec<f32> {
    let mut samples = vec![0.0; frames];
    samples[0] = 1.0;
    Cascade::new(coefficients)
        .expect("few sections")
        .process_in_place(&mut samples);
    samples
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

/// Compares one cascade with the product of its bands' prototypes at every frequency.
fn check(bands: &[Band], sample_rate_hz: f64) {
    let design = |band| Coefficients::design(band, sample_rate_hz).expect("in range");
    let coefficients: Vec<Coefficients> = bands.iter().map(design).collect();
    // The slowest pole decays as exp(-pi f0 / Q t): fourteen time constants leave 1e-6. Near half
    // the sample rate the bilinear transform makes it slower, which 512 frames more allow for.
    let decay = |band: &Band| 14.0 * band.q.max(1.0) / (PI * band.frequency_hz);
    let decay_seconds = bands.iter().map(decay).fold(0.0, f64::max);
    let response = impulse_response(
        &coefficients,
        (decay_seconds * sample_rate_hz) as usize + 512,
    );
    for frequency_hz in frequencies_hz() {
        let analytic = |band| expected(band, sample_rate_hz, frequency_hz);
        let wanted = bands.iter().map(analytic).fold((1.0, 0.0), multiply);
        if wanted.0.hypot(wanted.1) < SILENCE {
            continue;
        }
        let found = transform(&response, TAU * frequency_hz / sample_rate_hz);
        let ratio = divide(found, wanted);
        let magnitude_db = 20.0 * ratio.0.hypot(ratio.1).log10();
        let phase_degrees = ratio.1.atan2(ratio.0).to_degrees();
        assert!(
            magnitude_db.abs() <= MAGNITUDE_DB_MAX && phase_degrees.abs() <= PHASE_DEGREES_MAX,
            "{bands:?} at {frequency_hz} Hz and {sample_rate_hz} Hz: \
             off by {magnitude_db} dB, {phase_degrees} degrees",
        );
    }
}

/// One shape at the ends and in the middle of the audible range, wide and narrow.
fn check_shape(shape: Shape) {
    for sample_rate_hz in SAMPLE_RATES_HZ {
        for (frequency_hz, q) in [(20.0, 0.707), (80.0, 2.0), (1_000.0, 0.5), (20_000.0, 1.0)] {
            check(
                &[Band {
                    shape,
                    frequency_hz,
                    q,
                }],
                sample_rate_hz,
            );
        }
    }
}

#[test]
fn low_pass_is_the_analytic_one() {
    check_shape(Shape::LowPass);
}

#[test]
fn high_pass_is_the_analytic_one() {
    check_shape(Shape::HighPass);
}

#[test]
fn notch_is_the_analytic_one() {
    check_shape(Shape::Notch);
}

#[test]
fn peak_is_the_analytic_one() {
    check_shape(Shape::Peak { gain_db: 12.0 });
    check_shape(Shape::Peak { gain_db: -18.0 });
}

#[test]
fn low_shelf_is_the_analytic_one() {
    check_shape(Shape::LowShelf { gain_db: 9.0 });
    check_shape(Shape::LowShelf { gain_db: -15.0 });
}

#[test]
fn high_shelf_is_the_analytic_one() {
    check_shape(Shape::HighShelf { gain_db: 9.0 });
    check_shape(Shape::HighShelf { gain_db: -15.0 });
}

#[test]
fn sixteen_sections_are_the_product_of_their_bands() {
    let shapes = [
        Shape::HighPass,
        Shape::LowShelf { gain_db: 4.0 },
        Shape::Peak { gain_db: -5.0 },
        Shape::Peak { gain_db: 3.0 },
        Shape::HighShelf { gain_db: -3.0 },
    ];
    let band = |index: usize| Band {
        shape: shapes[index % shapes.len()],
        frequency_hz: 20.0 * 1.5_f64.powi(index as i32),
        q: 0.9,
    };
    let bands: Vec<Band> = (0..16).map(band).collect();
    for sample_rate_hz in SAMPLE_RATES_HZ {
        for count in [2, 3, 5, 9, 16] {
            check(&bands[..count], sample_rate_hz);
        }
    }
}
