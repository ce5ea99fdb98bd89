//! Channel: one channel of a frame, from its bits to its samples.
//!
//! In: bits of a subframe. Out: integers. Source: RFC 9639, section 9.2.
//!
//! Samples of up to 32 bits are kept in 32; the difference of two channels of 32 bits has 33 and is
//! kept in 64. Sums are made in 64, which the widest prediction of the widest samples does not fill.

use std::io::Read;

use crate::io::flac::input::BitInput;
use crate::io::flac::input::Flaw;

/// The most samples that a prediction looks back.
const ORDER_MAX: usize = 32;

/// The most zeros in front of a one that say how many low bits are always 0.
const WASTED_MAX: u32 = 32;

/// The largest parameter of a Rice code: with it, a residual has 32 bits.
const PARAMETER_MAX: u32 = 30;

/// Fixed polynomials as coefficients of the samples before, nearest first.
const FIXED: [&[i64]; 5] = [&[], &[1], &[2, -1], &[3, -3, 1], &[4, -6, 4, -1]];

/// How samples are kept.
pub(crate) trait Sample: Copy + Default + Into<i64> {
    /// The low bits of a sum; a stream that is whole has no others.
    fn of(sum: i64) -> Self;
}

impl Sample for i32 {
    #[inline]
    fn of(sum: i64) -> Self {
        sum as Self
    }
}

impl Sample for i64 {
    #[inline]
    fn of(sum: i64) -> Self {
        sum
    }
}

/// Reads a channel of samples of so many bits.
pub(crate) fn read<S: Sample>(
    input: &mut BitInput<impl Read>,
    bits: u32,
    residuals: &mut Vec<i32>,
    samples: &mut [S],
) -> Result<(), Flaw> {
    let kind = input.take(7)? as usize;
    let wasted = match input.take(1)? {
        0 => 0,
        _ => input.take_unary(WASTED_MAX)? + 1,
    };
    let Some(bits) = bits.checked_sub(wasted).filter(|bits| *bits > 0) else {
        return Err(Flaw::Damaged("all bits of a channel are left out"));
    };
    match kind {
        0 => {
            let sample = S::of(input.take_signed(bits)?);
            samples.fill(sample);
        }
        1 => verbatim(input, bits, samples)?,
        8..=12 => {
            let order = kind - 8;
            first(input, bits, order, samples)?;
            residual(input, order, samples.len(), residuals)?;
            predict(FIXED[order], 0, residuals, samples);
        }
        32..=63 => {
            let order = kind - 31;
            first(input, bits, order, samples)?;
            fitted(input, order, residuals, samples)?;
        }
        _ => return Err(Flaw::Damaged("a channel is coded in an unknown way")),
    }
    if wasted > 0 {
        for sample in samples {
            *sample = S::of((*sample).into() << wasted);
        }
    }
    Ok(())
}

fn verbatim<S: Sample>(
    input: &mut BitInput<impl Read>,
    bits: u32,
    samples: &mut [S],
) -> Result<(), Flaw> {
    for sample in samples {
        *sample = S::of(input.take_signed(bits)?);
    }
    Ok(())
}

/// The samples in front of the first that is predicted.
fn first<S: Sample>(
    input: &mut BitInput<impl Read>,
    bits: u32,
    order: usize,
    samples: &mut [S],
) -> Result<(), Flaw> {
    match samples.get_mut(..order) {
        Some(first) => verbatim(input, bits, first),
        None => Err(Flaw::Damaged("a block is shorter than its prediction")),
    }
}

/// A channel whose prediction has coefficients of its own, behind its first samples.
fn fitted<S: Sample>(
    input: &mut BitInput<impl Read>,
    order: usize,
    residuals: &mut Vec<i32>,
    samples: &mut [S],
) -> Result<(), Flaw> {
    let precision = input.take(4)? as u32 + 1;
    let shift = input.take_signed(5)?;
    if precision == 16 || shift < 0 {
        return Err(Flaw::Damaged("a prediction has impossible coefficients"));
    }
    let mut coefficients = [0; ORDER_MAX];
    for coefficient in &mut coefficients[..order] {
        *coefficient = input.take_signed(precision)?;
    }
    residual(input, order, samples.len(), residuals)?;
    predict(&coefficients[..order], shift as u32, residuals, samples);
    Ok(())
}

/// What the prediction left over, for the samples behind the first `order` of a block.
fn residual(
    input: &mut BitInput<impl Read>,
    order: usize,
    frames: usize,
    residuals: &mut Vec<i32>,
) -> Result<(), Flaw> {
    let parameter_bits = match input.take(2)? {
        0 => 4,
        1 => 5,
        _ => return Err(Flaw::Damaged("residuals are coded in an unknown way")),
    };
    let parts = 1_usize << input.take(4)?;
    let part_frames = frames / parts;
    if part_frames * parts != frames || part_frames < order {
        return Err(Flaw::Damaged("residuals are parted unevenly"));
    }
    residuals.clear();
    residuals.resize(frames - order, 0);
    let mut rest = &mut residuals[..];
    for at in 0..parts {
        let count = part_frames - if at == 0 { order } else { 0 };
        let (part, after) = rest.split_at_mut(count);
        residual_part(input, parameter_bits, part)?;
        rest = after;
    }
    Ok(())
}

fn residual_part(
    input: &mut BitInput<impl Read>,
    parameter_bits: u32,
    part: &mut [i32],
) -> Result<(), Flaw> {
    let parameter = input.take(parameter_bits)? as u32;
    if parameter < (1 << parameter_bits) - 1 && parameter <= PARAMETER_MAX {
        return input.take_rice(parameter, part);
    }
    // The largest parameter says that residuals follow as they are, in so many bits.
    let bits = input.take(5)? as u32;
    if bits == 0 {
        return Ok(()); // All of them are 0, as they were made.
    }
    for residual in part {
        *residual = input.take_signed(bits)? as i32;
    }
    Ok(())
}

/// Adds residuals to what is predicted from the samples before.
fn predict<S: Sample>(coefficients: &[i64], shift: u32, residuals: &[i32], samples: &mut [S]) {
    match coefficients.len() {
        0..=4 => predict_wide::<4, S>(coefficients, shift, residuals, samples),
        5..=8 => predict_wide::<8, S>(coefficients, shift, residuals, samples),
        9..=12 => predict_wide::<12, S>(coefficients, shift, residuals, samples),
        13..=16 => predict_wide::<16, S>(coefficients, shift, residuals, samples),
        _ => predict_wide::<ORDER_MAX, S>(coefficients, shift, residuals, samples),
    }
}

/// The same, looking back as many samples as the compiler knows; further coefficients are 0.
fn predict_wide<const ORDER: usize, S: Sample>(
    coefficients: &[i64],
    shift: u32,
    residuals: &[i32],
    samples: &mut [S],
) {
    let order = coefficients.len();
    let mut window = [0_i64; ORDER];
    let mut reversed = [0_i64; ORDER];
    for (at, coefficient) in coefficients.iter().enumerate() {
        reversed[ORDER - 1 - at] = *coefficient;
        window[ORDER - 1 - at] = samples[order - 1 - at].into();
    }
    for (sample, residual) in samples[order..].iter_mut().zip(residuals) {
        let products = window.iter().zip(&reversed);
        let sum = products.fold(0_i64, |sum, (sample, coefficient)| {
            sum.wrapping_add(sample.wrapping_mul(*coefficient))
        });
        *sample = S::of((sum >> shift).wrapping_add(i64::from(*residual)));
        window.copy_within(1.., 0);
        window[ORDER - 1] = (*sample).into();
    }
}
