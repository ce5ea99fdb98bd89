//! Products: three sums from which all ratios follow.
//!
//! In: Σ s², Σ ŝ² and Σ sŝ. Out: ratios in dB, infinite where a formula says so.

use super::twofold::Twofold;
use crate::decibel::db_from_power;

/// The sums over some frames, of the reference s and the signal ŝ.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Products {
    /// Σ s².
    pub(super) reference: Twofold,
    /// Σ ŝ².
    pub(super) signal: Twofold,
    /// Σ sŝ.
    pub(super) both: Twofold,
}

impl Products {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            reference: self.reference.plus(other.reference),
            signal: self.signal.plus(other.signal),
            both: self.both.plus(other.both),
        }
    }

    /// Whether there was nothing but zeros.
    pub(super) fn is_silent(&self) -> bool {
        self.reference.value() == 0.0 && self.signal.value() == 0.0
    }

    /// Σ (s - ŝ)² is Σ s² - 2 Σ sŝ + Σ ŝ².
    pub(super) fn snr_db(&self) -> f64 {
        let noise = self.reference.plus(self.signal);
        let noise = noise.minus(self.both.plus(self.both));
        ratio_db(self.reference.value(), noise.value())
    }

    /// With α = Σ sŝ / Σ s² the target is (Σ sŝ)² / Σ s², and what is left of Σ ŝ² distortion;
    /// both are taken Σ s² times.
    pub(super) fn si_sdr_db(&self) -> f64 {
        if self.reference.value() == 0.0 || self.signal.value() == 0.0 {
            return if self.is_silent() {
                f64::INFINITY
            } else {
                f64::NEG_INFINITY
            };
        }
        let target = self.both.times(self.both);
        let distortion = self.reference.times(self.signal).minus(target);
        ratio_db(target.value(), distortion.value())
    }
}

/// Infinite without a second power, also where there is no first one either.
fn ratio_db(power: f64, rest: f64) -> f64 {
    if rest > 0.0 {
        db_from_power(power / rest)
    } else {
        f64::INFINITY
    }
}
