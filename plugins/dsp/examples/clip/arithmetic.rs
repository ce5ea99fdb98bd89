//! Arithmetic: sine, powers and noise that are the same on every machine.

/// The sine of so many turns.
pub(crate) fn sine(turns: f64) -> f64 {
    // Folded into a quarter turn on either side of 0, where the series is short.
    let turns = turns - turns.floor();
    let folded = if turns < 0.25 {
        turns
    } else if turns < 0.75 {
        0.5 - turns
    } else {
        turns - 1.0
    };
    let x = folded * std::f64::consts::TAU;
    let square = x * x;
    // Taylor's series to the 15th power: off by less than 1e-11.
    let mut sum = 0.0;
    for factor in [
        14.0 * 15.0,
        12.0 * 13.0,
        10.0 * 11.0,
        8.0 * 9.0,
        6.0 * 7.0,
        4.0 * 5.0,
        6.0,
    ] {
        sum = (1.0 - sum) * square / factor;
    }
    x * (1.0 - sum)
}

/// The cosine of so many turns.
pub(crate) fn cosine(turns: f64) -> f64 {
    sine(turns + 0.25)
}

/// e to the power of x, for x between -50 and 50.
pub(crate) fn exponential(x: f64) -> f64 {
    // The series at a 256th of x, squared eight times.
    let part = x / 256.0;
    let mut sum = 1.0;
    for factor in [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0] {
        sum = 1.0 + sum * part / factor;
    }
    (0..8).fold(sum, |power, _| power * power)
}

/// The amplitude of a level in dB.
pub(crate) fn amplitude(level_db: f64) -> f64 {
    exponential(level_db * std::f64::consts::LN_10 / 20.0)
}

/// The frequency of a note so many semitones above the A below middle C.
pub(crate) fn note_hz(semitones: f64) -> f64 {
    220.0 * exponential(semitones * std::f64::consts::LN_2 / 12.0)
}

/// Even noise from a linear congruential generator (Numerical Recipes' constants).
pub(crate) struct Noise(u32);

impl Noise {
    pub(crate) fn new(seed: u32) -> Self {
        Self(seed)
    }

    /// Between -1 and 1.
    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(self.0 >> 8) / 8_388_608.0 - 1.0
    }

    /// Dither of triangular density, one step of the rounding to either side.
    pub(crate) fn triangle(&mut self) -> f64 {
        (self.next() + self.next()) / 2.0
    }
}
