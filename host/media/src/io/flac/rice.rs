//! Rice: what a prediction left over, in as few bits as a Rice code needs.
//!
//! In: residuals. Out: how they are best parted, and their bits. Source: RFC 9639, section 9.2.7.
//!
//! Pure.

use crate::io::flac::bits::Bits;

/// A block is parted into up to 2 to the power of this many parts, each with a parameter.
const ORDER_MAX: u32 = 6;

/// The most parts.
const PARTS_MAX: usize = 1 << ORDER_MAX;

/// The largest parameter that the short form of a parameter says.
const SHORT_PARAMETER_MAX: u32 = 14;

/// The largest parameter of all: residuals have 32 bits.
const PARAMETER_MAX: u32 = 30;

/// How residuals are parted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parting {
    order: u32,
    parameters: [u8; PARTS_MAX],
    /// How many bits the residuals take so.
    pub(crate) bits: u64,
}

/// The best parting of the residuals of a block: those behind the first `predictor_order` frames.
pub(crate) fn parting(residuals: &[i32], predictor_order: usize) -> Parting {
    let frames = residuals.len() + predictor_order;
    let order_max = order_max(frames, predictor_order);
    let mut sums = sums(residuals, predictor_order, order_max);
    let mut best: Option<Parting> = None;
    for order in (0..=order_max).rev() {
        let found = parted(&sums[..1 << order], frames >> order, predictor_order, order);
        if best.is_none_or(|best| found.bits < best.bits) {
            best = Some(found);
        }
        for at in 0..(1 << order) / 2 {
            sums[at] = sums[2 * at] + sums[2 * at + 1];
        }
    }
    best.expect("there is one part at least")
}

/// Writes the residuals as they are parted.
pub(crate) fn put(parting: &Parting, residuals: &[i32], predictor_order: usize, bits: &mut Bits) {
    let parts = &parting.parameters[..1 << parting.order];
    let is_short = parts.iter().all(|k| u32::from(*k) <= SHORT_PARAMETER_MAX);
    let parameter_bits = if is_short { 4 } else { 5 };
    bits.put(u32::from(!is_short), 2);
    bits.put(parting.order, 4);
    let part_frames = (residuals.len() + predictor_order) >> parting.order;
    let mut rest = residuals;
    for (at, parameter) in parts.iter().enumerate() {
        let first = if at == 0 { predictor_order } else { 0 };
        let (part, after) = rest.split_at(part_frames - first);
        let parameter = u32::from(*parameter);
        bits.put(parameter, parameter_bits);
        for residual in part {
            let folded = folded(*residual);
            let high = folded >> parameter;
            // Most codes fit one call: zeros, a one, and the low bits.
            if high + 1 + parameter <= 32 {
                bits.put(
                    1 << parameter | folded & ((1 << parameter) - 1),
                    high + 1 + parameter,
                );
            } else {
                bits.put_unary(high);
                bits.put(folded, parameter);
            }
        }
        rest = after;
    }
}

/// How far a block can be parted: evenly, and the first part longer than what it leaves out.
fn order_max(frames: usize, predictor_order: usize) -> u32 {
    let mut order = frames.trailing_zeros().min(ORDER_MAX);
    while order > 0 && frames >> order <= predictor_order {
        order -= 1;
    }
    order
}

/// The sum of the folded residuals of each part.
fn sums(residuals: &[i32], predictor_order: usize, order: u32) -> [u64; PARTS_MAX] {
    let part_frames = (residuals.len() + predictor_order) >> order;
    let mut sums = [0; PARTS_MAX];
    let mut rest = residuals;
    for (at, sum) in sums[..1 << order].iter_mut().enumerate() {
        let first = if at == 0 { predictor_order } else { 0 };
        let (part, after) = rest.split_at(part_frames - first);
        *sum = part
            .iter()
            .map(|residual| u64::from(folded(*residual)))
            .sum();
        rest = after;
    }
    sums
}

/// Parameters for parts of so many frames with these sums, and what they cost.
fn parted(sums: &[u64], part_frames: usize, predictor_order: usize, order: u32) -> Parting {
    let mut parameters = [0; PARTS_MAX];
    let mut bits = 6;
    let mut largest = 0;
    for (at, sum) in sums.iter().enumerate() {
        let first = if at == 0 { predictor_order } else { 0 };
        let count = (part_frames - first) as u64;
        let (parameter, cost) = parameter(*sum, count);
        parameters[at] = parameter as u8;
        largest = largest.max(parameter);
        bits += cost;
    }
    let parameter_bits = if largest <= SHORT_PARAMETER_MAX { 4 } else { 5 };
    Parting {
        order,
        parameters,
        bits: bits + parameter_bits * sums.len() as u64,
    }
}

/// The parameter for so many residuals of this sum, and what they cost at most.
fn parameter(sum: u64, count: u64) -> (u32, u64) {
    let mean = sum / count.max(1);
    let near = mean.checked_ilog2().unwrap_or_default().min(PARAMETER_MAX);
    let cost = |parameter: u32| count * u64::from(parameter + 1) + (sum >> parameter);
    let lower = near.saturating_sub(1);
    let higher = (near + 1).min(PARAMETER_MAX);
    let parameters = [near, lower, higher].map(|parameter| (cost(parameter), parameter));
    let (cost, parameter) = parameters.into_iter().min().unwrap_or_default();
    (parameter, cost)
}

/// A residual without a sign: 0, -1, 1, -2, …
fn folded(residual: i32) -> u32 {
    (residual << 1 ^ residual >> 31).cast_unsigned()
}
