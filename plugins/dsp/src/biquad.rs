//! Biquad: the coefficients of one second-order section of an equalizer.
//!
//! In: a band (shape, frequency, quality, gain) and a sample rate.
//! Out: five normalized coefficients, or a `BandError` that names what is out of range.
//!
//! Source: R. Bristow-Johnson, Cookbook formulae for audio equalizer biquad filter coefficients
//! (W3C Note, 2021), sections on LPF, HPF, notch, peakingEQ, lowShelf and highShelf, with Q as
//! the given width. Everything is computed in `f64`, and `1 - cos w` as `2 sin(w/2)^2`, which
//! keeps its digits where w is small: a 20 Hz low-pass at 192 kHz has w = 0.00065.

use crate::decibel::db_from_amplitude;
use thiserror::Error;

/// The sample rates a section is designed for, in Hz: those of a session.
pub const SAMPLE_RATE_HZ_MAX: f64 = 768_000.0;
/// The smallest quality: a peak this wide covers the whole audible range.
pub const Q_MIN: f64 = 0.01;
/// The largest quality: a notch at 1 kHz is then 1 Hz wide and rings for a second.
pub const Q_MAX: f64 = 1_000.0;
/// The largest boost or cut, in dB: far beyond use, far from the limits of `f32`.
pub const GAIN_DB_MAX: f64 = 120.0;

/// What a band does to the spectrum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// Passes what is below the frequency; 12 dB per octave above it.
    LowPass,
    /// Passes what is above the frequency; 12 dB per octave below it.
    HighPass,
    /// Raises or lowers what is below the frequency, by half the dB at the frequency itself.
    LowShelf {
        /// The gain far below the frequency, in dB.
        gain_db: f64,
    },
    /// Raises or lowers what is above the frequency, by half the dB at the frequency itself.
    HighShelf {
        /// The gain far above the frequency, in dB.
        gain_db: f64,
    },
    /// Raises or lowers a region around the frequency.
    Peak {
        /// The gain at the frequency, in dB.
        gain_db: f64,
    },
    /// Removes the frequency itself.
    Notch,
}

/// One band of an equalizer, in the units a person sets it in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// What it does.
    pub shape: Shape,
    /// Corner or centre, in Hz; above 0 and below half the sample rate.
    pub frequency_hz: f64,
    /// Quality, without unit, from `Q_MIN` to `Q_MAX`. 0.7071 gives a pass its flattest and a
    /// shelf its steepest curve without overshoot.
    pub q: f64,
}

/// A section's transfer function, (b0 + b1/z + b2/z^2) / (1 + a1/z + a2/z^2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficients {
    /// Weight of the input.
    pub b0: f64,
    /// Weight of the input one frame before.
    pub b1: f64,
    /// Weight of the input two frames before.
    pub b2: f64,
    /// Weight of the output one frame before, subtracted.
    pub a1: f64,
    /// Weight of the output two frames before, subtracted.
    pub a2: f64,
}

/// Why a band has no filter.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
pub enum BandError {
    /// The sample rate is not one a session can have.
    #[error("sample rate is {found} Hz, expected more than 0 and at most {SAMPLE_RATE_HZ_MAX} Hz")]
    SampleRate {
        /// What was given, in Hz.
        found: f64,
    },
    /// The frequency does not exist at this sample rate.
    #[error(
        "frequency is {found} Hz, expected more than 0 and less than {nyquist_hz} Hz, half the sample rate"
    )]
    Frequency {
        /// What was given, in Hz.
        found: f64,
        /// Half the sample rate, in Hz.
        nyquist_hz: f64,
    },
    /// The quality is out of range.
    #[error("q is {found}, expected {Q_MIN} to {Q_MAX}")]
    Quality {
        /// What was given.
        found: f64,
    },
    /// The gain is out of range.
    #[error("gain is {found} dB, expected -{GAIN_DB_MAX} to {GAIN_DB_MAX} dB")]
    Gain {
        /// What was given, in dB.
        found: f64,
    },
}

impl Coefficients {
    /// The section that changes nothing.
    pub const IDENTITY: Self = Self {
        b0: 1.0,
        b1: 0.0,
        b2: 0.0,
        a1: 0.0,
        a2: 0.0,
    };

    /// The coefficients of `band` at a sample rate in Hz. Any thread; costs a few hundred ns.
    ///
    /// # Errors
    /// A `BandError` for the first of sample rate, frequency, quality and gain out of range;
    /// NaN is out of every range.
    pub fn design(band: &Band, sample_rate_hz: f64) -> Result<Self, BandError> {
        check(band, sample_rate_hz)?;
        let angle = Angle::new(band, sample_rate_hz);
        Ok(match band.shape {
            Shape::LowPass => low_pass(&angle),
            Shape::HighPass => high_pass(&angle),
            Shape::Notch => notch(&angle),
            Shape::Peak { gain_db } => peak(&angle, gain_db),
            Shape::LowShelf { gain_db } => low_shelf(&angle, gain_db),
            Shape::HighShelf { gain_db } => high_shelf(&angle, gain_db),
        })
    }

    /// How many frames it takes until what the section remembers has fallen by so many dB;
    /// infinite where rounding has put a pole onto the unit circle. Any thread.
    ///
    /// Source: a pole of radius r decays as r^n (Oppenheim and Schafer, Discrete-Time Signal
    /// Processing, section 5.2), so it has fallen by d dB after d / (-20 lg r) frames.
    #[must_use]
    pub fn decay_frames(&self, decay_db: f64) -> f64 {
        let per_frame_db = -db_from_amplitude(self.pole_radius());
        match per_frame_db > 0.0 {
            true => (decay_db / per_frame_db).ceil(),
            false => f64::INFINITY,
        }
    }

    /// The magnitude of the larger of the two roots of z^2 + a1 z + a2.
    fn pole_radius(&self) -> f64 {
        let Self { a1, a2, .. } = *self;
        let discriminant = a1 * a1 / 4.0 - a2;
        match discriminant > 0.0 {
            true => a1.abs() / 2.0 + discriminant.sqrt(),
            false => a2.sqrt(),
        }
    }

    /// Divides everything by a0, as the cookbook's equation 2 does.
    fn normalized(b: [f64; 3], a: [f64; 3]) -> Self {
        let [a0, a1, a2] = a;
        Self {
            b0: b[0] / a0,
            b1: b[1] / a0,
            b2: b[2] / a0,
            a1: a1 / a0,
            a2: a2 / a0,
        }
    }
}

/// What the cookbook derives from frequency, rate and quality before any shape.
struct Angle {
    cosine: f64,
    /// 1 - cosine.
    below: f64,
    /// 1 + cosine.
    above: f64,
    alpha: f64,
}

impl Angle {
    fn new(band: &Band, sample_rate_hz: f64) -> Self {
        let half = std::f64::consts::PI * band.frequency_hz / sample_rate_hz;
        let (half_sine, half_cosine) = half.sin_cos();
        let below = 2.0 * half_sine * half_sine;
        let above = 2.0 * half_cosine * half_cosine;
        let alpha = half_sine * half_cosine / band.q;
        Self {
            cosine: (2.0 * half).cos(),
            below,
            above,
            alpha,
        }
    }
}

fn check(band: &Band, sample_rate_hz: f64) -> Result<(), BandError> {
    if !(sample_rate_hz > 0.0 && sample_rate_hz <= SAMPLE_RATE_HZ_MAX) {
        return Err(BandError::SampleRate {
            found: sample_rate_hz,
        });
    }
    let nyquist_hz = sample_rate_hz / 2.0;
    if !(band.frequency_hz > 0.0 && band.frequency_hz < nyquist_hz) {
        return Err(BandError::Frequency {
            found: band.frequency_hz,
            nyquist_hz,
        });
    }
    if !(Q_MIN..=Q_MAX).contains(&band.q) {
        return Err(BandError::Quality { found: band.q });
    }
    match band.shape {
        Shape::LowShelf { gain_db } | Shape::HighShelf { gain_db } | Shape::Peak { gain_db }
            if !(-GAIN_DB_MAX..=GAIN_DB_MAX).contains(&gain_db) =>
        {
            Err(BandError::Gain { found: gain_db })
        }
        _ => Ok(()),
    }
}

fn low_pass(angle: &Angle) -> Coefficients {
    let b1 = angle.below;
    Coefficients::normalized([b1 / 2.0, b1, b1 / 2.0], resonance(angle))
}

fn high_pass(angle: &Angle) -> Coefficients {
    let b1 = angle.above;
    Coefficients::normalized([b1 / 2.0, -b1, b1 / 2.0], resonance(angle))
}

fn notch(angle: &Angle) -> Coefficients {
    Coefficients::normalized([1.0, -2.0 * angle.cosine, 1.0], resonance(angle))
}

/// The denominator that low-pass, high-pass and notch share.
fn resonance(angle: &Angle) -> [f64; 3] {
    [1.0 + angle.alpha, -2.0 * angle.cosine, 1.0 - angle.alpha]
}

fn peak(angle: &Angle, gain_db: f64) -> Coefficients {
    let root = root_gain(gain_db);
    let (wide, narrow) = (angle.alpha * root, angle.alpha / root);
    let middle = -2.0 * angle.cosine;
    Coefficients::normalized(
        [1.0 + wide, middle, 1.0 - wide],
        [1.0 + narrow, middle, 1.0 - narrow],
    )
}

/// Low shelf. `(A+1) - (A-1) cos w` is written as `A (1 - cos w) + (1 + cos w)`, and its mirror
/// images likewise, so that nothing cancels at small angles.
fn low_shelf(angle: &Angle, gain_db: f64) -> Coefficients {
    let root = root_gain(gain_db);
    let Angle {
        below,
        above,
        alpha,
        ..
    } = *angle;
    let slope = 2.0 * root.sqrt() * alpha;
    let (zeros, poles) = (root * below + above, root * above + below);
    Coefficients::normalized(
        [
            root * (zeros + slope),
            2.0 * root * (root * below - above),
            root * (zeros - slope),
        ],
        [poles + slope, 2.0 * (below - root * above), poles - slope],
    )
}

/// High shelf: the low shelf's formula with the sign of the cosine turned.
fn high_shelf(angle: &Angle, gain_db: f64) -> Coefficients {
    let root = root_gain(gain_db);
    let Angle {
        below,
        above,
        alpha,
        ..
    } = *angle;
    let slope = 2.0 * root.sqrt() * alpha;
    let (zeros, poles) = (root * above + below, root * below + above);
    Coefficients::normalized(
        [
            root * (zeros + slope),
            2.0 * root * (below - root * above),
            root * (zeros - slope),
        ],
        [poles + slope, 2.0 * (root * below - above), poles - slope],
    )
}

/// The cookbook's A: the square root of the linear gain.
fn root_gain(gain_db: f64) -> f64 {
    10.0_f64.powf(gain_db / 40.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NYQUIST_HZ: f64 = 24_000.0;

    fn refusal(shape: Shape, frequency_hz: f64, q: f64, sample_rate_hz: f64) -> String {
        let band = Band {
            shape,
            frequency_hz,
            q,
        };
        Coefficients::design(&band, sample_rate_hz)
            .expect_err("a refusal")
            .to_string()
    }

    #[test]
    fn what_is_out_of_range_is_named_with_its_range() {
        let peak = Shape::Peak { gain_db: 121.0 };
        let check = |found: String, expected: &str| assert_eq!(found, expected);
        check(
            refusal(Shape::LowPass, 20.0, 1.0, 1.0),
            "frequency is 20 Hz, expected more than 0 and less than 0.5 Hz, half the sample rate",
        );
        check(
            refusal(Shape::Notch, f64::NAN, 1.0, 48_000.0),
            "frequency is NaN Hz, expected more than 0 and less than 24000 Hz, half the sample rate",
        );
        check(
            refusal(Shape::Notch, 20.0, 1.0, f64::INFINITY),
            "sample rate is inf Hz, expected more than 0 and at most 768000 Hz",
        );
        check(
            refusal(Shape::HighPass, 20.0, 0.0, 48_000.0),
            "q is 0, expected 0.01 to 1000",
        );
        check(
            refusal(peak, 20.0, 1.0, 48_000.0),
            "gain is 121 dB, expected -120 to 120 dB",
        );
    }

    #[test]
    fn the_limits_themselves_are_allowed() {
        for (frequency_hz, q, gain_db) in
            [(1e-3, Q_MIN, GAIN_DB_MAX), (23_999.0, Q_MAX, -GAIN_DB_MAX)]
        {
            let band = Band {
                shape: Shape::LowShelf { gain_db },
                frequency_hz,
                q,
            };
            assert!(Coefficients::design(&band, 2.0 * NYQUIST_HZ).is_ok());
        }
    }

    fn any_shape() -> impl Strategy<Value = Shape> {
        (0..6, -60.0..60.0_f64).prop_map(|(kind, gain_db)| match kind {
            0 => Shape::LowPass,
            1 => Shape::HighPass,
            2 => Shape::Notch,
            3 => Shape::Peak { gain_db },
            4 => Shape::LowShelf { gain_db },
            _ => Shape::HighShelf { gain_db },
        })
    }

    proptest! {
        /// Both poles lie inside the unit circle: |a2| < 1 and |a1| < 1 + a2 (Jury's criterion).
        #[test]
        fn every_design_is_stable(
            shape in any_shape(),
            frequency_share in 1e-4..0.9999_f64,
            q in 0.05..100.0_f64,
            sample_rate_hz in 1.0..=768_000.0_f64,
        ) {
            let frequency_hz = frequency_share * sample_rate_hz / 2.0;
            let made = Coefficients::design(&Band { shape, frequency_hz, q }, sample_rate_hz);
            let Coefficients { a1, a2, .. } = made.expect("everything is in range");
            prop_assert!(a2.abs() < 1.0 && a1.abs() < 1.0 + a2, "a1 {a1} a2 {a2}");
        }
    }
}
