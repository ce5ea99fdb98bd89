//! Weighting: the K curve of BS.1770 at any sample rate.
//!
//! In: a sample rate in Hz. Out: the coefficients of its two sections.
//!
//! Source: ITU-R BS.1770-5, Annex 1, tables 1 and 2: a shelf for the head and a high-pass (RLB),
//! each with coefficients for 48 kHz, and the demand for the same response at other rates. The
//! tables are taken back to the analogue plane by the inverse bilinear transform, where the corner
//! f0 of each follows from its poles, and brought to the new rate with the transform prewarped at
//! f0. At 48 kHz this returns the tables.
//!
//! The high-pass keeps the numerator (1, -2, 1) of table 2 at every rate, without a factor, as
//! libebur128, its Rust port and ffmpeg do: a meter that others cannot confirm is of little use.
//! So it reads 0.02 LU less at 96 kHz, 0.03 LU less at 192 kHz and 0.2 LU more at 8 kHz than a
//! meter held strictly to the response at 48 kHz.

use crate::biquad::Coefficients;
use std::f64::consts::PI;

/// The rate of the standard's tables.
const TABLE_RATE_HZ: f64 = 48_000.0;
/// Table 1: the shelf, about +4 dB above 2 kHz.
const SHELF: Coefficients = Coefficients {
    b0: 1.535_124_859_586_97,
    b1: -2.691_696_189_406_38,
    b2: 1.198_392_810_852_85,
    a1: -1.690_659_293_182_41,
    a2: 0.732_480_774_215_85,
};
/// Table 2: the high-pass, about 38 Hz.
const HIGH_PASS: Coefficients = Coefficients {
    b0: 1.0,
    b1: -2.0,
    b2: 1.0,
    a1: -1.990_047_454_833_98,
    a2: 0.990_072_250_366_21,
};

/// Shelf and high-pass at a sample rate in Hz, which must be above 3,400 for the shelf to exist.
pub(super) fn k_weighting(sample_rate_hz: f64) -> [Coefficients; 2] {
    let Coefficients { b0, b1, b2, .. } = HIGH_PASS;
    let high_pass = Coefficients {
        b0,
        b1,
        b2,
        ..at_rate(&HIGH_PASS, sample_rate_hz)
    };
    [at_rate(&SHELF, sample_rate_hz), high_pass]
}

/// The same analogue section at another rate.
fn at_rate(table: &Coefficients, sample_rate_hz: f64) -> Coefficients {
    let zeros = analogue([table.b0, table.b1, table.b2]);
    let poles = analogue([1.0, table.a1, table.a2]);
    let table_warp = (poles[0] / poles[2]).sqrt();
    let corner_hz = table_warp.atan() * TABLE_RATE_HZ / PI;
    let stretch = table_warp / (PI * corner_hz / sample_rate_hz).tan();
    let [b0, b1, b2] = digital(zeros, stretch);
    let [a0, a1, a2] = digital(poles, stretch);
    Coefficients {
        b0: b0 / a0,
        b1: b1 / a0,
        b2: b2 / a0,
        a1: a1 / a0,
        a2: a2 / a0,
    }
}

/// c0 + c1/z + c2/z^2 as a polynomial in s = (1 - 1/z) / (1 + 1/z), constant first.
fn analogue([c0, c1, c2]: [f64; 3]) -> [f64; 3] {
    [c0 + c1 + c2, 2.0 * (c0 - c2), c0 - c1 + c2]
}

/// The way back, with s stretched.
fn digital([p0, p1, p2]: [f64; 3], stretch: f64) -> [f64; 3] {
    let (p1, p2) = (p1 * stretch, p2 * stretch * stretch);
    [p0 + p1 + p2, 2.0 * (p0 - p2), p0 - p1 + p2]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: Coefficients, expected: Coefficients, tolerance: f64) -> bool {
        let numbers = |c: Coefficients| [c.b0, c.b1, c.b2, c.a1, c.a2];
        let pairs = numbers(found).into_iter().zip(numbers(expected));
        pairs.into_iter().all(|(a, b)| (a - b).abs() < tolerance)
    }

    #[test]
    fn the_tables_rate_returns_the_tables() {
        let [shelf, high_pass] = k_weighting(TABLE_RATE_HZ);
        assert!(close(shelf, SHELF, 1e-14), "{shelf:?}");
        assert!(close(high_pass, HIGH_PASS, 1e-14), "{high_pass:?}");
    }

    /// The level of both sections together at one frequency, in dB.
    fn level_db(sample_rate_hz: f64, frequency_hz: f64) -> f64 {
        let turn = 2.0 * PI * frequency_hz / sample_rate_hz;
        let magnitude = |[c0, c1, c2]: [f64; 3]| {
            let re = c0 + c1 * turn.cos() + c2 * (2.0 * turn).cos();
            re.hypot(c1 * turn.sin() + c2 * (2.0 * turn).sin())
        };
        let level = |c: &Coefficients| magnitude([c.b0, c.b1, c.b2]) / magnitude([1.0, c.a1, c.a2]);
        20.0 * k_weighting(sample_rate_hz)
            .iter()
            .map(level)
            .product::<f64>()
            .log10()
    }

    #[test]
    fn other_rates_have_the_response_of_48_khz() {
        for sample_rate_hz in [44_100.0, 88_200.0, 96_000.0, 192_000.0, 768_000.0] {
            for frequency_hz in [20.0, 38.0, 100.0, 1_000.0, 1_682.0, 3_000.0, 5_000.0] {
                let off = level_db(sample_rate_hz, frequency_hz) - level_db(48_000.0, frequency_hz);
                assert!(
                    off.abs() < 0.1,
                    "{off} dB at {frequency_hz} of {sample_rate_hz} Hz"
                );
            }
        }
    }
}
