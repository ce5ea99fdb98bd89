//! Kernels: where most of the time goes.
//!
//! In: weights, samples. Out: sums of products. Each is compiled for every level of the processor,
//! and since sums are side by side and never regrouped, no level rounds otherwise than another.

use pulp::{Arch, Simd, WithSimd};

/// A matrix, column after column.
#[derive(Clone, Copy)]
pub(crate) struct Columns<'a> {
    pub(crate) weights: &'a [f32],
    /// From the start of one column to that of the next.
    pub(crate) stride: usize,
}

/// Adds to `sums` the columns, each times its input; they are as long as `sums`.
pub(crate) fn add_columns(arch: Arch, sums: &mut [f32], columns: Columns<'_>, inputs: &[f32]) {
    arch.dispatch(AddColumns {
        sums,
        columns,
        inputs,
    });
}

/// The correlation of `frames` with `past` at every lag from its start: as many as `lags` holds.
pub(crate) fn correlations(arch: Arch, frames: &[f32], past: &[f32], lags: &mut [f32]) {
    lags.fill(0.0);
    // Neighbouring lags are the columns of a matrix whose columns overlap.
    let columns = Columns {
        weights: past,
        stride: 1,
    };
    add_columns(arch, lags, columns, frames);
}

/// The correlation of `frames` with each of some pasts: sums side by side, so that none waits for
/// another.
pub(crate) fn correlations_at<const FRAMES: usize, const PASTS: usize>(
    frames: &[f32; FRAMES],
    pasts: [&[f32; FRAMES]; PASTS],
) -> [f32; PASTS] {
    let mut sums = [0.0; PASTS];
    for (at, frame) in frames.iter().enumerate() {
        for (sum, past) in sums.iter_mut().zip(pasts) {
            *sum += frame * past[at];
        }
    }
    sums
}

struct AddColumns<'a> {
    sums: &'a mut [f32],
    columns: Columns<'a>,
    inputs: &'a [f32],
}

impl WithSimd for AddColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self {
            sums,
            columns: Columns { weights, stride },
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
                let columns = Columns {
                    weights: &weights,
                    stride,
                };
                add_columns(arch, &mut found, columns, &inputs);
                prop_assert_eq!(bits(&found), bits(&expected), "{}", cpu::name(arch));
            }
        }

        #[test]
        fn correlations_are_sums_of_products_in_their_order(
            frames in 1..50_usize,
            lags in 1..50_usize,
        ) {
            let (one, past) = (noise(frames, 1), noise(frames + lags, 2));
            let mut found = vec![f32::NAN; lags];
            correlations(cpu::arch(), &one, &past, &mut found);
            for (lag, found) in found.iter().enumerate() {
                let products = one.iter().zip(&past[lag..]).map(|(a, b)| a * b);
                prop_assert_eq!(*found, products.fold(0.0, |sum, product| sum + product));
            }
        }

        #[test]
        fn correlations_at_some_lags_are_those_of_all(
            lags in proptest::array::uniform3(0..20_usize),
        ) {
            let (one, past) = (noise(30, 1), noise(50, 2));
            let mut all = [f32::NAN; 20];
            correlations(cpu::arch(), &one, &past, &mut all);
            let pasts = lags.map(|lag| past[lag..].first_chunk::<30>().unwrap());
            let found = correlations_at(one.as_array().unwrap(), pasts);
            prop_assert_eq!(found, lags.map(|lag| all[lag]));
        }
    }
}
