//! Math: logarithm and power of two over the lanes of a register.
//!
//! In: positive numbers, or exponents. Out: their logarithms to base 2, or powers of two.
//!
//! Source: range reduction by the bits of the number and a polynomial on what is left, as in
//! J.-M. Muller, Elementary Functions, 3rd edition, chapters 3 and 11. The coefficients
//! interpolate the function at the Chebyshev nodes of the reduced range, which comes within twice
//! of the best possible.
//!
//! A level is off by less than 1e-5 dB within 90 dB of full scale and by less than 1e-4 dB
//! everywhere else; so is an amplitude, and that of 0 dB is exact. Neither makes a NaN, whatever
//! bits it is given.

use pulp::Simd;
use std::f32::consts::{LN_2, LOG2_E};

/// The square root of one half: mantissas are taken from there up to the square root of 2.
const ROOT_HALF_BITS: u32 = 0x3f35_04f3;
const ONE_BITS: u32 = 0x3f80_0000;
const MANTISSA_BITS: u32 = 0x007f_ffff;
const MANTISSA_WIDTH: u32 = 23;
/// The bits of 2^23: an integer below 2^23 put into its mantissa reads as 2^23 and that integer.
const INTEGER_BITS: u32 = 0x4b00_0000;
/// What is read too much there, with the exponent's own offset.
const INTEGER_OFFSET: f32 = 8_388_608.0 + 127.0;
/// 1.5 times 2^23: a number near 0 added to it is rounded to an integer.
const ROUNDER: f32 = 12_582_912.0;
/// log2(1 + f) / f, constant first.
const LOGARITHM: [f32; 8] = [
    LOG2_E,
    -0.721_352_93,
    0.480_916_7,
    -0.360_225_18,
    0.287_288_88,
    -0.249_271_82,
    0.232_652_58,
    -0.142_759_73,
];
/// (2^f - 1) / f, constant first.
const POWER: [f32; 5] = [
    LN_2,
    0.240_223_5,
    0.055_503_81,
    0.009_666_368,
    0.001_338_130_2,
];
/// Decibels per octave of amplitude.
const DB_PER_OCTAVE: f32 = 6.020_6;
const OCTAVES_PER_DB: f32 = 1.0 / DB_PER_OCTAVE;
/// The smallest normal exponent: what is below counts as it, 758 dB down.
const EXPONENT_MIN: f32 = -126.0;
/// The largest exponent.
const EXPONENT_MAX: f32 = 127.0;

/// The level in dB of positive amplitudes. 0 and what is denormal read between -759 and -765 dB.
#[inline(always)]
pub(super) fn db_from_amplitude<S: Simd>(simd: S, amplitude: S::f32s) -> S::f32s {
    simd.mul_f32s(simd.splat_f32s(DB_PER_OCTAVE), log2(simd, amplitude))
}

/// The amplitude of levels in dB, between 2^-126 and 2^127.
#[inline(always)]
pub(super) fn amplitude_from_db<S: Simd>(simd: S, level_db: S::f32s) -> S::f32s {
    exp2(
        simd,
        simd.mul_f32s(simd.splat_f32s(OCTAVES_PER_DB), level_db),
    )
}

#[inline(always)]
fn log2<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let offset = simd.splat_u32s(ONE_BITS - ROOT_HALF_BITS);
    let shifted = simd.add_u32s(simd.transmute_u32s_f32s(x), offset);
    let exponent = simd.wrapping_dyn_shr_u32s(shifted, simd.splat_u32s(MANTISSA_WIDTH));
    let exponent = simd.or_u32s(exponent, simd.splat_u32s(INTEGER_BITS));
    let exponent = simd.sub_f32s(
        simd.transmute_f32s_u32s(exponent),
        simd.splat_f32s(INTEGER_OFFSET),
    );
    let mantissa = simd.and_u32s(shifted, simd.splat_u32s(MANTISSA_BITS));
    let mantissa = simd.add_u32s(mantissa, simd.splat_u32s(ROOT_HALF_BITS));
    let above = simd.sub_f32s(simd.transmute_f32s_u32s(mantissa), simd.splat_f32s(1.0));
    simd.mul_add_e_f32s(above, polynomial(simd, &LOGARITHM, above), exponent)
}

#[inline(always)]
fn exp2<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let x = simd.max_f32s(x, simd.splat_f32s(EXPONENT_MIN));
    let x = simd.min_f32s(x, simd.splat_f32s(EXPONENT_MAX));
    let rounder = simd.splat_f32s(ROUNDER);
    let rounded = simd.add_f32s(x, rounder);
    let rest = simd.sub_f32s(x, simd.sub_f32s(rounded, rounder));
    let one = simd.splat_f32s(1.0);
    let power = simd.mul_add_e_f32s(rest, polynomial(simd, &POWER, rest), one);
    let exponent = simd.transmute_u32s_f32s(rounded);
    let exponent = simd.wrapping_dyn_shl_u32s(exponent, simd.splat_u32s(MANTISSA_WIDTH));
    simd.transmute_f32s_u32s(simd.add_u32s(simd.transmute_u32s_f32s(power), exponent))
}

#[inline(always)]
fn polynomial<S: Simd>(simd: S, coefficients: &[f32], x: S::f32s) -> S::f32s {
    let zero = simd.splat_f32s(0.0);
    coefficients.iter().rev().fold(zero, |sum, coefficient| {
        simd.mul_add_e_f32s(sum, x, simd.splat_f32s(*coefficient))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu;
    use pulp::WithSimd;

    /// Replaces levels by amplitudes or the other way round, in whole registers.
    struct Each<'a> {
        numbers: &'a mut [f32],
        way: Way,
    }

    #[derive(Clone, Copy)]
    enum Way {
        ToDb,
        FromDb,
    }

    impl WithSimd for Each<'_> {
        type Output = ();

        fn with_simd<S: Simd>(self, simd: S) {
            let (registers, rest) = S::as_mut_simd_f32s(self.numbers);
            assert!(rest.is_empty());
            for register in registers {
                *register = match self.way {
                    Way::ToDb => db_from_amplitude(simd, *register),
                    Way::FromDb => amplitude_from_db(simd, *register),
                };
            }
        }
    }

    fn each(arch: pulp::Arch, way: Way, mut numbers: Vec<f32>) -> Vec<f32> {
        numbers.resize(numbers.len().next_multiple_of(16), 1.0);
        arch.dispatch(Each {
            numbers: &mut numbers,
            way,
        });
        numbers
    }

    /// Every 997th of all positive normal numbers: some two million, in every octave.
    fn amplitudes() -> Vec<f32> {
        let bits = f32::MIN_POSITIVE.to_bits()..=f32::MAX.to_bits();
        bits.step_by(997).map(f32::from_bits).collect()
    }

    #[test]
    fn levels_are_those_of_full_precision() {
        let amplitudes = amplitudes();
        for arch in cpu::levels() {
            let found = each(arch, Way::ToDb, amplitudes.clone());
            for (amplitude, found) in amplitudes.iter().zip(found) {
                let exact = 20.0 * f64::from(*amplitude).log10();
                let tolerance = if exact.abs() < 90.0 { 1e-5 } else { 1e-4 };
                let off = (f64::from(found) - exact).abs();
                let name = cpu::name(arch);
                assert!(
                    off < tolerance,
                    "{name}: {amplitude} is {exact} dB, not {found}"
                );
            }
        }
    }

    #[test]
    fn amplitudes_are_those_of_full_precision() {
        let levels: Vec<f32> = (-7_500_000..=7_500_000)
            .step_by(7)
            .map(|level| level as f32 * 1e-4)
            .collect();
        for arch in cpu::levels() {
            let found = each(arch, Way::FromDb, levels.clone());
            for (level_db, found) in levels.iter().zip(found) {
                // The exponent in octaves is rounded to 24 bits before it is worked on.
                let octaves = f64::from(*level_db * OCTAVES_PER_DB);
                let off = f64::from(found) / octaves.exp2() - 1.0;
                let name = cpu::name(arch);
                assert!(off.abs() < 4e-7, "{name}: {level_db} dB is off by {off}");
                let exact = 10.0_f64.powf(f64::from(*level_db) / 20.0);
                let off_db = 20.0 * (f64::from(found) / exact).log10();
                assert!(
                    off_db.abs() < 1e-4,
                    "{name}: {level_db} dB is off by {off_db} dB"
                );
            }
        }
    }

    #[test]
    fn no_decibel_is_unity_to_the_last_bit() {
        for arch in cpu::levels() {
            let found = each(arch, Way::FromDb, vec![0.0, -0.0]);
            assert_eq!(found[..2], [1.0, 1.0]);
            assert_eq!(each(arch, Way::ToDb, vec![1.0])[0], 0.0);
        }
    }

    #[test]
    fn no_bits_make_a_nan() {
        let odd = vec![0.0, 1e-45, f32::INFINITY, f32::MAX, 1e-38];
        let levels = vec![f32::NEG_INFINITY, f32::INFINITY, f32::MAX, f32::MIN];
        for arch in cpu::levels() {
            for level in each(arch, Way::ToDb, odd.clone()) {
                assert!((-766.0..=772.0).contains(&level), "{level}");
            }
            for amplitude in each(arch, Way::FromDb, levels.clone()) {
                assert!(amplitude > 0.0 && amplitude.is_finite(), "{amplitude}");
            }
        }
    }
}
