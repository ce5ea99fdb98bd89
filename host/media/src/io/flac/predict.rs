//! Predict: what is left of samples once each is guessed from those before it.
//!
//! In: samples. Out: residuals, and how the guess was made: as one of five fixed polynomials, or
//! by linear prediction fitted to the block. Source: RFC 9639, sections 9.2.5 and 9.2.6.
//!
//! Pure.

/// The most samples that a fixed polynomial looks back.
pub(crate) const FIXED_ORDER_MAX: usize = 4;

/// The most samples that a fitted prediction looks back.
pub(crate) const FITTED_ORDER_MAX: usize = 8;

/// The widest samples whose products are summed in 32 bits: with their coefficients and the carry
/// of eight sums they have 31.
const NARROW_BITS: u32 = 17;

/// Bits of a coefficient beside narrow samples.
const NARROW_PRECISION: u32 = 12;

/// Bits of a coefficient beside wide samples.
const WIDE_PRECISION: u32 = 14;

/// The largest shift that is written.
const SHIFT_MAX: i32 = 15;

/// Residuals stay clear of the ends of 32 bits.
const RESIDUAL_MAX: i64 = 1 << 30;

/// A fitted prediction: coefficients of the samples before, nearest first, over 2 to the shift.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Fitted {
    pub(crate) coefficients: [i32; FITTED_ORDER_MAX],
    pub(crate) order: usize,
    pub(crate) precision: u32,
    pub(crate) shift: u32,
}

/// What a polynomial of this order leaves of samples, behind the first `order` of them.
pub(crate) fn fixed_residuals(samples: &[i32], order: usize, residuals: &mut Vec<i32>) {
    residuals.clear();
    residuals.extend_from_slice(samples);
    for _ in 0..order {
        // Each pass takes the differences once more, from the end so that they fit in place.
        for at in (1..residuals.len()).rev() {
            residuals[at] -= residuals[at - 1];
        }
    }
    residuals.drain(..order.min(samples.len()));
}

/// The order whose residuals are smallest, by the sum of their magnitudes.
pub(crate) fn fixed_order(samples: &[i32]) -> (usize, u64) {
    let mut sums = [0_u64; FIXED_ORDER_MAX + 1];
    for window in samples.windows(FIXED_ORDER_MAX + 1) {
        let [a, b, c, d, e] = [window[0], window[1], window[2], window[3], window[4]];
        let orders = [
            e,
            e - d,
            e - 2 * d + c,
            e - 3 * d + 3 * c - b,
            e - 4 * d + 6 * c - 4 * b + a,
        ];
        for (sum, residual) in sums.iter_mut().zip(orders) {
            *sum += u64::from(residual.unsigned_abs());
        }
    }
    let best = sums.iter().enumerate().min_by_key(|(_, sum)| **sum);
    let (order, sum) = best.map_or((0, 0), |(order, sum)| (order, *sum));
    // Blocks of a few frames have no windows to look at, and nothing to win.
    if samples.len() <= FIXED_ORDER_MAX {
        return (0, 0);
    }
    (order, sum)
}

/// A prediction fitted to samples of so many bits; `None` where nothing can be fitted.
pub(crate) fn fitted(
    samples: &[i32],
    bits: u32,
    window: &[f32],
    scratch: &mut Vec<f32>,
) -> Option<Fitted> {
    scratch.clear();
    scratch.extend(
        samples
            .iter()
            .zip(window)
            .map(|(sample, window)| *sample as f32 * window),
    );
    let correlation = correlation(scratch);
    let precision = if bits <= NARROW_BITS {
        NARROW_PRECISION
    } else {
        WIDE_PRECISION
    };
    let (coefficients, order) = best_order(&correlation, samples.len(), precision)?;
    quantized(&coefficients[..order], precision)
}

/// What a fitted prediction leaves of samples of so many bits, behind the first ones that it looks
/// back at; nothing where that would be too large.
pub(crate) fn fitted_residuals(
    samples: &[i32],
    bits: u32,
    fitted: &Fitted,
    residuals: &mut Vec<i32>,
) -> Option<()> {
    residuals.clear();
    if bits <= NARROW_BITS {
        narrow_residuals(samples, fitted, residuals);
        return Some(());
    }
    for at in fitted.order..samples.len() {
        let before = samples[at - fitted.order..at].iter().rev();
        let products = before.zip(&fitted.coefficients);
        let sum: i64 = products
            .map(|(sample, by)| i64::from(*sample) * i64::from(*by))
            .sum();
        let residual = i64::from(samples[at]) - (sum >> fitted.shift);
        if residual.abs() > RESIDUAL_MAX {
            return None;
        }
        residuals.push(residual as i32);
    }
    Some(())
}

/// The same in 32 bits, one coefficient at a time, which the compiler turns into vectors.
fn narrow_residuals(samples: &[i32], fitted: &Fitted, residuals: &mut Vec<i32>) {
    let order = fitted.order;
    residuals.resize(samples.len() - order, 0);
    for (back, by) in fitted.coefficients[..order].iter().enumerate() {
        let before = &samples[order - 1 - back..samples.len() - 1 - back];
        for (residual, sample) in residuals.iter_mut().zip(before) {
            *residual += sample * by;
        }
    }
    for (residual, sample) in residuals.iter_mut().zip(&samples[order..]) {
        *residual = sample - (*residual >> fitted.shift);
    }
}

/// How alike samples are to themselves some frames later.
fn correlation(samples: &[f32]) -> [f64; FITTED_ORDER_MAX + 1] {
    let mut sums = [0.0; FITTED_ORDER_MAX + 1];
    for (lag, sum) in sums.iter_mut().enumerate() {
        let (early, late) = (samples.iter(), samples.get(lag..).unwrap_or_default());
        // Sums of eight at a time, each of them exact enough, keep the compiler's vectors full.
        let mut parts = [0.0_f64; 8];
        let early = &early.as_slice()[..late.len()];
        let (early, early_rest) = early.as_chunks::<8>();
        let (late, late_rest) = late.as_chunks::<8>();
        for (early, late) in early.iter().zip(late) {
            for ((part, early), late) in parts.iter_mut().zip(early).zip(late) {
                *part += f64::from(*early) * f64::from(*late);
            }
        }
        let rest = early_rest.iter().zip(late_rest);
        let rest: f64 = rest
            .map(|(early, late)| f64::from(*early) * f64::from(*late))
            .sum();
        *sum = parts.iter().sum::<f64>() + rest;
    }
    sums
}

/// Levinson and Durbin's recursion: coefficients of the order that needs the fewest bits.
fn best_order(
    correlation: &[f64; FITTED_ORDER_MAX + 1],
    frames: usize,
    precision: u32,
) -> Option<([f64; FITTED_ORDER_MAX], usize)> {
    let mut coefficients = [0.0; FITTED_ORDER_MAX];
    let mut error = correlation[0];
    let mut best: Option<(f64, [f64; FITTED_ORDER_MAX], usize)> = None;
    for order in 1..=FITTED_ORDER_MAX.min(frames.saturating_sub(1)) {
        if error <= 0.0 {
            break;
        }
        let at = order - 1;
        let known: f64 = (0..at)
            .map(|back| coefficients[back] * correlation[at - back])
            .sum();
        let reflection = (correlation[order] - known) / error;
        let before = coefficients;
        for back in 0..at {
            coefficients[back] -= reflection * before[at - 1 - back];
        }
        coefficients[at] = reflection;
        error *= 1.0 - reflection * reflection;
        let per_sample = 0.5 * (error / frames as f64).max(1.0e-3).log2();
        let bits = per_sample * frames as f64 + (order as u32 * precision) as f64;
        if best.is_none_or(|(fewest, ..)| bits < fewest) {
            best = Some((bits, coefficients, order));
        }
    }
    best.map(|(_, coefficients, order)| (coefficients, order))
}

/// Coefficients as integers, what rounding leaves carried over to the next.
fn quantized(coefficients: &[f64], precision: u32) -> Option<Fitted> {
    let largest = coefficients
        .iter()
        .fold(0.0_f64, |most, by| most.max(by.abs()));
    if !largest.is_finite() || largest == 0.0 {
        return None;
    }
    let shift = (precision as i32 - 2 - largest.log2().floor() as i32).min(SHIFT_MAX);
    let shift = u32::try_from(shift).ok()?;
    let limit = f64::from(1_i32 << (precision - 1));
    let mut fitted = Fitted {
        order: coefficients.len(),
        precision,
        shift,
        ..Fitted::default()
    };
    let mut carried = 0.0;
    for (integer, by) in fitted.coefficients.iter_mut().zip(coefficients) {
        carried += by * f64::from(1_u32 << shift);
        let rounded = carried.round_ties_even().clamp(-limit, limit - 1.0);
        carried -= rounded;
        *integer = rounded as i32;
    }
    Some(fitted)
}
