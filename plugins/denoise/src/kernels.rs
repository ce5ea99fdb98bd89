//! Kernels: where most of the time goes.
//!
//! In: weights, samples. Out: sums of products. Each is compiled for every level of the processor,
//! and since sums are side by side and never regrouped, no level rounds otherwise than another.

use pulp::{Arch, Simd, WithSimd};

/// Adds to `sums` the columns of `weights`, each times its input: columns as long as `sums`, one
/// after the other, `stride` apart.
pub(crate) fn add_columns(
    arch: Arch,
    sums: &mut [f32],
    weights: &[f32],
    stride: usize,
    inputs: &[f32],
) {
    arch.dispatch(AddColumns {
        sums,
        weights,
        stride,
        inputs,
    });
}

/// The correlation of `frames` with `past` at every lag from its start: as many as `lags` holds.
pub(crate) fn correlations(arch: Arch, frames: &[f32], past: &[f32], lags: &mut [f32]) {
    lags.fill(0.0);
    // Neighbouring lags are the columns of a matrix whose columns overlap.
    add_columns(arch, lags, past, 1, frames);
}

/// The sum of the first `frames` products, four sums side by side.
pub(crate) fn inner_product(one: &[f32], other: &[f32], frames: usize) -> f32 {
    let (ones, rest) = one[..frames].as_chunks::<4>();
    let (others, rest_of_other) = other[..frames].as_chunks::<4>();
    let mut sums = [0.0; 4];
    for (a, b) in ones.iter().zip(others) {
        for lane in 0..4 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let sum = sums[0] + sums[1] + sums[2] + sums[3];
    let rest = rest.iter().zip(rest_of_other);
    rest.fold(sum, |sum, (a, b)| sum + a * b)
}

struct AddColumns<'a> {
    sums: &'a mut [f32],
    weights: &'a [f32],
    stride: usize,
    inputs: &'a [f32],
}

impl WithSimd for AddColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self {
            sums,
            weights,
            stride,
            inputs,
        } = self;
        let rows = sums.len();
        let column = |at: usize| &weights[at * stride..at * stride + rows];
        let (fours, rest) = inputs.as_chunks::<4>();
        for (four, [a, b, c, d]) in fours.iter().enumerate() {
            let first = four * 4;
            let (one, two) = (column(first), column(first + 1));
            let (three, four) = (column(first + 2), column(first + 3));
            for row in 0..rows {
                let sum = sums[row] + one[row] * a + two[row] * b;
                sums[row] = sum + three[row] * c + four[row] * d;
            }
        }
        for (at, input) in rest.iter().enumerate() {
            for (sum, weight) in sums.iter_mut().zip(column(fours.len() * 4 + at)) {
                *sum += weight * input;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::noise;
    use proptest::prelude::*;
    use segue_dsp::cpu;

    fn bits(values: &[f32]) -> Vec<u32> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    proptest! {
        #[test]
        fn every_level_adds_in_the_order_of_the_inputs(
            rows in 0..70_usize,
            apart in 0..20_usize,
            inputs in 0..70_usize,
            seed in any::<u32>(),
        ) {
            let stride = rows + apart;
            let (weights, inputs) = (noise(stride * inputs, seed), noise(inputs, !seed));
            let mut expected = noise(rows, seed ^ 1);
            let start = expected.clone();
            for (at, input) in inputs.iter().enumerate() {
                for (row, sum) in expected.iter_mut().enumerate() {
                    *sum += weights[at * stride + row] * input;
                }
            }
            for arch in cpu::levels() {
                let mut found = start.clone();
                add_columns(arch, &mut found, &weights, stride, &inputs);
                prop_assert_eq!(bits(&found), bits(&expected), "{}", cpu::name(arch));
            }
        }

        #[test]
        fn correlations_are_inner_products(frames in 1..50_usize, lags in 1..50_usize) {
            let (one, past) = (noise(frames, 1), noise(frames + lags, 2));
            let mut found = vec![f32::NAN; lags];
            correlations(cpu::arch(), &one, &past, &mut found);
            for (lag, found) in found.iter().enumerate() {
                let expected = inner_product(&one, &past[lag..], frames);
                prop_assert!((found - expected).abs() < 1e-4, "{found}, expected {expected}");
            }
        }
    }
}
