//! Lanes: neighbouring samples side by side in a register, whatever its width.
//!
//! In: a vector level and a kernel written once over `Lanes`. Out: the kernel's result, found
//! with the instructions of that level.
//!
//! The plain level has eight lanes too: an array, which a compiler spreads over the registers that
//! every processor of the target has. Fused multiply-adds are used where the level has them, so a
//! kernel rounds once there and twice on the plain level.

use pulp::{Arch, Simd, WithSimd};

/// The most lanes that a level has.
pub(crate) const LANES_MAX: usize = 16;
/// The lanes of the plain level.
const PLAIN_LANES: usize = 8;

/// The operations of one level. A row is one register of neighbouring samples.
pub(crate) trait Lanes: Copy {
    /// A register.
    type Row: Copy;
    /// How many samples a row holds; a divisor of `LANES_MAX`.
    const COUNT: usize;

    /// The same number in every lane.
    fn splat(self, value: f32) -> Self::Row;
    /// The first `COUNT` samples, which must be there.
    fn load(self, from: &[f32]) -> Self::Row;
    /// Into the first `COUNT` samples, which must be there.
    fn store(self, row: Self::Row, to: &mut [f32]);
    /// a + b
    fn add(self, a: Self::Row, b: Self::Row) -> Self::Row;
    /// a - b
    fn sub(self, a: Self::Row, b: Self::Row) -> Self::Row;
    /// a b + c
    fn mul_add(self, a: Self::Row, b: Self::Row, c: Self::Row) -> Self::Row;
    /// |a|
    fn abs(self, a: Self::Row) -> Self::Row;
    /// The larger one; either where one of them is not a number.
    fn max(self, a: Self::Row, b: Self::Row) -> Self::Row;
    /// a b + c of single numbers, rounded as in rows.
    fn mul_add_one(self, a: f64, b: f64, c: f64) -> f64;

    /// The largest lane of a row of numbers.
    #[inline(always)]
    fn largest(self, row: Self::Row) -> f32 {
        let mut numbers = [f32::NEG_INFINITY; LANES_MAX];
        self.store(row, &mut numbers);
        let mut width = Self::COUNT / 2;
        while width > 0 {
            for lane in 0..width {
                let (low, high) = (numbers[lane], numbers[lane + width]);
                numbers[lane] = if low > high { low } else { high };
            }
            width /= 2;
        }
        numbers[0]
    }
}

/// A kernel, written over the lanes of any level.
pub(crate) trait Kernel {
    /// What it finds.
    type Output;

    /// Works with the instructions of a level. To be inlined, with all that it calls: only so are
    /// they compiled for that level.
    fn run<L: Lanes>(self, lanes: L) -> Self::Output;
}

/// Runs a kernel on a level.
pub(crate) fn run<K: Kernel>(level: Arch, kernel: K) -> K::Output {
    level.dispatch(Dispatched(kernel))
}

struct Dispatched<K>(K);

impl<K: Kernel> WithSimd for Dispatched<K> {
    type Output = K::Output;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> K::Output {
        if S::IS_SCALAR {
            self.0.run(Plain)
        } else {
            self.0.run(Vector(simd))
        }
    }
}

#[derive(Clone, Copy)]
struct Vector<S>(S);

impl<S: Simd> Lanes for Vector<S> {
    type Row = S::f32s;
    const COUNT: usize = S::F32_LANES;

    #[inline(always)]
    fn splat(self, value: f32) -> S::f32s {
        self.0.splat_f32s(value)
    }

    #[inline(always)]
    fn load(self, from: &[f32]) -> S::f32s {
        S::as_simd_f32s(&from[..S::F32_LANES]).0[0]
    }

    #[inline(always)]
    fn store(self, row: S::f32s, to: &mut [f32]) {
        S::as_mut_simd_f32s(&mut to[..S::F32_LANES]).0[0] = row;
    }

    #[inline(always)]
    fn add(self, a: S::f32s, b: S::f32s) -> S::f32s {
        self.0.add_f32s(a, b)
    }

    #[inline(always)]
    fn sub(self, a: S::f32s, b: S::f32s) -> S::f32s {
        self.0.sub_f32s(a, b)
    }

    #[inline(always)]
    fn mul_add(self, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
        self.0.mul_add_f32s(a, b, c)
    }

    #[inline(always)]
    fn abs(self, a: S::f32s) -> S::f32s {
        self.0.abs_f32s(a)
    }

    #[inline(always)]
    fn max(self, a: S::f32s, b: S::f32s) -> S::f32s {
        self.0.max_f32s(a, b)
    }

    #[inline(always)]
    fn mul_add_one(self, a: f64, b: f64, c: f64) -> f64 {
        a.mul_add(b, c)
    }
}

#[derive(Clone, Copy)]
struct Plain;

impl Lanes for Plain {
    type Row = [f32; PLAIN_LANES];
    const COUNT: usize = PLAIN_LANES;

    #[inline(always)]
    fn splat(self, value: f32) -> Self::Row {
        [value; PLAIN_LANES]
    }

    #[inline(always)]
    fn load(self, from: &[f32]) -> Self::Row {
        *from
            .first_chunk()
            .expect("kernels load rows that are there")
    }

    #[inline(always)]
    fn store(self, row: Self::Row, to: &mut [f32]) {
        to[..PLAIN_LANES].copy_from_slice(&row);
    }

    #[inline(always)]
    fn add(self, a: Self::Row, b: Self::Row) -> Self::Row {
        std::array::from_fn(|lane| a[lane] + b[lane])
    }

    #[inline(always)]
    fn sub(self, a: Self::Row, b: Self::Row) -> Self::Row {
        std::array::from_fn(|lane| a[lane] - b[lane])
    }

    #[inline(always)]
    fn mul_add(self, a: Self::Row, b: Self::Row, c: Self::Row) -> Self::Row {
        std::array::from_fn(|lane| a[lane] * b[lane] + c[lane])
    }

    #[inline(always)]
    fn abs(self, a: Self::Row) -> Self::Row {
        a.map(f32::abs)
    }

    #[inline(always)]
    fn max(self, a: Self::Row, b: Self::Row) -> Self::Row {
        std::array::from_fn(|lane| if a[lane] > b[lane] { a[lane] } else { b[lane] })
    }

    #[inline(always)]
    fn mul_add_one(self, a: f64, b: f64, c: f64) -> f64 {
        a * b + c
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::levels;

    /// Puts every operation to every row of sixteen numbers.
    struct Everything<'a>(&'a [f32; LANES_MAX]);

    impl Kernel for Everything<'_> {
        type Output = (usize, Vec<f32>, f32);

        #[inline(always)]
        fn run<L: Lanes>(self, lanes: L) -> Self::Output {
            let mut found = vec![0.0; LANES_MAX];
            for first in (0..LANES_MAX).step_by(L::COUNT) {
                let x = lanes.load(&self.0[first..]);
                let two = lanes.splat(2.0);
                let y = lanes.sub(lanes.mul_add(x, two, lanes.abs(x)), lanes.max(x, two));
                lanes.store(lanes.add(y, two), &mut found[first..]);
            }
            let largest = lanes.largest(lanes.load(&found));
            (L::COUNT, found, largest)
        }
    }

    #[test]
    fn every_level_does_what_its_operations_say_lane_by_lane() {
        let numbers = std::array::from_fn(|lane| lane as f32 * 1.25 - 6.5);
        let expected = numbers.map(|x: f32| x * 2.0 + x.abs() - x.max(2.0) + 2.0);
        for level in levels() {
            let (count, found, largest) = run(level, Everything(&numbers));
            assert_eq!(found, expected, "{level:?}");
            let first = expected[..count].iter().copied();
            assert_eq!(largest, first.fold(f32::MIN, f32::max), "{level:?}");
            assert!(count > 1 && LANES_MAX.is_multiple_of(count), "{count}");
        }
    }
}
