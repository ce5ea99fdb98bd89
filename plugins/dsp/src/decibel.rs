//! Decibels: between logarithmic levels and plain factors.
//!
//! In: a level in dB, or a factor of amplitude or power. Out: the other.
//!
//! Source: IEC 60027-3, level of a field quantity (20 lg) and of a power quantity (10 lg).

/// The amplitude factor of a level: 0 dB is 1, 20 dB is 10, minus infinity is 0.
///
/// NaN stays NaN, and a level above about 6,165 dB becomes infinite. Any thread.
#[must_use]
pub fn amplitude_from_db(level_db: f64) -> f64 {
    10.0_f64.powf(level_db / 20.0)
}

/// The level in dB of an amplitude factor, whose sign does not count: 1 is 0 dB, 0 is minus
/// infinity, NaN stays NaN. Any thread.
#[must_use]
pub fn db_from_amplitude(amplitude: f64) -> f64 {
    20.0 * amplitude.abs().log10()
}

/// What silence reads where a level must be a finite number: far below all that 24 bits can hold.
pub const SILENCE_DB: f64 = -200.0;

/// A level as a finite number for files and rules: silence, and all below, is `SILENCE_DB`. NaN
/// is too. Any thread.
#[must_use]
pub fn at_least_silence(level_db: f64) -> f64 {
    level_db.max(SILENCE_DB)
}

/// The level in dB of a power factor: 1 is 0 dB, 0 is minus infinity, a negative power is NaN.
/// Any thread.
#[must_use]
pub fn db_from_power(power: f64) -> f64 {
    10.0 * power.log10()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_levels_are_met() {
        assert_eq!(amplitude_from_db(0.0), 1.0);
        assert_eq!(amplitude_from_db(20.0), 10.0);
        assert_eq!(amplitude_from_db(f64::NEG_INFINITY), 0.0);
        assert!((amplitude_from_db(-6.0) - 0.501_187_233_627_272_2).abs() < 1e-15);
        assert_eq!(db_from_amplitude(0.0), f64::NEG_INFINITY);
        assert_eq!(db_from_amplitude(-10.0), 20.0);
        assert_eq!(db_from_power(100.0), 20.0);
        assert_eq!(at_least_silence(f64::NEG_INFINITY), SILENCE_DB);
        assert_eq!(at_least_silence(-144.5), -144.5);
        assert!(amplitude_from_db(f64::NAN).is_nan());
        assert!(db_from_power(-1.0).is_nan());
    }

    proptest! {
        #[test]
        fn a_level_survives_the_way_there_and_back(level_db in -300.0..300.0_f64) {
            let back_db = db_from_amplitude(amplitude_from_db(level_db));
            prop_assert!((back_db - level_db).abs() < 1e-10);
        }
    }
}
