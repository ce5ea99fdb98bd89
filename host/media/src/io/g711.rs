//! G711: the two laws by which telephones squeeze 16-bit samples into 8 bits.
//!
//! In: 16-bit integers, or codes. Out: codes, or the integers that they stand for. Source: ITU-T
//! G.711, in the arithmetic of Sun's reference code, which cuts what is below 14 bits (µ-law) and
//! 13 bits (A-law) and does not round: what most programs do, to the last bit.
//!
//! Pure.

/// The µ-law code for zero with a sign: as a float it is -0, so that every code comes back.
pub(crate) const MU_LAW_NEGATIVE_ZERO: u8 = 0x7f;

/// What is added to µ-law magnitudes of 14 bits, so that segments begin at powers of two.
const MU_LAW_BIAS: u16 = 33;

/// The greatest µ-law magnitude of 14 bits; the bias takes it just past the last segment.
const MU_LAW_MAX: u16 = 8159;

/// µ-law codes go out with every bit inverted.
const MU_LAW_MASK: u8 = 0xff;

/// A-law codes go out with every second bit inverted; the sign is 1 for positive numbers.
const A_LAW_MASK: u8 = 0xd5;

/// The sign of a code.
const SIGN: u8 = 0x80;

/// The four bits within a segment.
const STEPS: u8 = 0x0f;

/// Every µ-law code as a sample.
pub(crate) static MU_LAW_SAMPLES: [f32; 256] = samples(Law::Mu);

/// Every A-law code as a sample.
pub(crate) static A_LAW_SAMPLES: [f32; 256] = samples(Law::A);

/// One of the two laws.
#[derive(Clone, Copy)]
enum Law {
    Mu,
    A,
}

/// The µ-law code of an integer.
#[must_use]
pub(crate) const fn mu_law(integer: i16) -> u8 {
    let cut = integer >> 2;
    let magnitude = cut.unsigned_abs();
    let kept = if magnitude > MU_LAW_MAX {
        MU_LAW_MAX
    } else {
        magnitude
    };
    let biased = kept + MU_LAW_BIAS;
    let segment = biased.ilog2() - 5;
    let code = if segment >= 8 {
        !SIGN
    } else {
        (segment as u8) << 4 | ((biased >> (segment + 1)) as u8 & STEPS)
    };
    let sign = if cut < 0 { SIGN } else { 0 };
    code ^ MU_LAW_MASK ^ sign
}

/// The integer that a µ-law code stands for.
#[must_use]
pub(crate) const fn of_mu_law(code: u8) -> i16 {
    let plain = !code;
    let segment = (plain & !SIGN) >> 4;
    let biased = (((plain & STEPS) as i16) << 3) + (MU_LAW_BIAS as i16) * 4;
    let magnitude = (biased << segment) - (MU_LAW_BIAS as i16) * 4;
    if plain & SIGN == 0 {
        magnitude
    } else {
        -magnitude
    }
}

/// The A-law code of an integer.
#[must_use]
pub(crate) const fn a_law(integer: i16) -> u8 {
    let cut = integer >> 3;
    // Negative numbers are counted from -1: there is no zero of either sign.
    let magnitude = (if cut < 0 { -cut - 1 } else { cut }) as u16;
    let segment = (magnitude | 0x1f).ilog2() - 4;
    let shift = if segment < 2 { 1 } else { segment };
    let code = (segment as u8) << 4 | ((magnitude >> shift) as u8 & STEPS);
    let sign = if cut < 0 { SIGN } else { 0 };
    code ^ A_LAW_MASK ^ sign
}

/// The integer that an A-law code stands for.
#[must_use]
pub(crate) const fn of_a_law(code: u8) -> i16 {
    let plain = code ^ A_LAW_MASK;
    let segment = (plain & !SIGN) >> 4;
    let steps = ((plain & STEPS) as i16) << 4;
    let magnitude = match segment {
        0 => steps + 8,
        _ => (steps + 0x108) << (segment - 1),
    };
    if plain & SIGN == 0 {
        magnitude
    } else {
        -magnitude
    }
}

/// Every code as a sample in [-1, 1).
const fn samples(law: Law) -> [f32; 256] {
    let mut samples = [0.0; 256];
    let mut code = 0;
    while code < samples.len() {
        let integer = match law {
            Law::Mu => of_mu_law(code as u8),
            Law::A => of_a_law(code as u8),
        };
        samples[code] = integer as f32 / 32_768.0;
        code += 1;
    }
    if let Law::Mu = law {
        samples[MU_LAW_NEGATIVE_ZERO as usize] = -0.0;
    }
    samples
}
