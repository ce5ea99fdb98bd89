//! Lanes: the registers that sections stand in, and the way from one section to the next.
//!
//! In: a vector level. Out: one operation beside those of `pulp`: every lane takes over from the
//! lane above it, so that what one section answered is what the next one hears.

use pulp::{Arch, Scalar, Simd};

/// A vector level on which a cascade runs.
pub(super) trait Lanes: Simd {
    /// Every lane gets what the one above it held; the highest gets the lowest lane of `from`.
    #[inline(always)]
    fn descend(self, row: Self::f64s, from: Self::f64s) -> Self::f64s {
        let highest = Self::F64_LANES - 1;
        let below = self.mask_between_m64s(0, highest as u64).mask();
        let turned = self.rotate_left_f64s(row, 1);
        self.select_f64s(below, turned, self.rotate_left_f64s(from, 1))
    }

    /// The same within either half of the register: the highest lanes of the halves get the lowest
    /// lanes of these two.
    #[inline(always)]
    fn descend_halves(self, row: Self::f64s, upper: Self::f64s, lower: Self::f64s) -> Self::f64s {
        let half = Self::F64_LANES / 2;
        let lane = self.mask_between_m64s(half as u64 - 1, half as u64).mask();
        let lower = self.rotate_left_f64s(lower, half + 1);
        self.select_f64s(lane, lower, self.descend(row, upper))
    }

    /// The lowest lane of the upper half.
    #[inline(always)]
    fn middle(self, row: Self::f64s) -> f64 {
        pulp::cast_lossy(self.rotate_left_f64s(row, Self::F64_LANES / 2))
    }
}

/// Two lanes of plain code, to test on every machine what only some have.
#[cfg(test)]
impl Lanes for pulp::Scalar128b {}

/// Eight of them.
#[cfg(test)]
impl Lanes for pulp::Scalar512b {}

impl Lanes for Scalar {
    #[inline(always)]
    fn descend(self, _row: f64, from: f64) -> f64 {
        from
    }

    #[inline(always)]
    fn descend_halves(self, _row: f64, _upper: f64, lower: f64) -> f64 {
        lower
    }
}

#[cfg(target_arch = "aarch64")]
impl Lanes for pulp::aarch64::Neon {}

#[cfg(target_arch = "x86_64")]
impl Lanes for pulp::x86::V3 {
    #[inline(always)]
    fn descend(self, row: Self::f64s, from: Self::f64s) -> Self::f64s {
        let mixed = self
            .avx
            ._mm256_blend_pd::<0b0001>(pulp::cast(row), pulp::cast(from));
        pulp::cast(self.avx2._mm256_permute4x64_pd::<0b00_11_10_01>(mixed))
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for pulp::x86::V4 {
    #[inline(always)]
    fn descend(self, row: Self::f64s, from: Self::f64s) -> Self::f64s {
        let (from, row) = (pulp::cast(from), pulp::cast(row));
        pulp::cast(self.avx512f._mm512_alignr_epi64::<1>(from, row))
    }

    #[inline(always)]
    fn descend_halves(self, row: Self::f64s, upper: Self::f64s, lower: Self::f64s) -> Self::f64s {
        let moved = pulp::cast(self.descend(row, upper));
        let lower = self.avx512f._mm512_castpd512_pd128(pulp::cast(lower));
        let lane = 1 << (Self::F64_LANES / 2 - 1);
        pulp::cast(self.avx512f._mm512_mask_broadcastsd_pd(moved, lane, lower))
    }

    #[inline(always)]
    fn middle(self, row: Self::f64s) -> f64 {
        let half: pulp::f64x4 =
            pulp::cast(self.avx512f._mm512_extractf64x4_pd::<1>(pulp::cast(row)));
        half.0
    }
}

/// Something to do on one level or another.
pub(super) trait Job {
    /// Does it with the operations of this level.
    fn run<S: Lanes>(self, simd: S);
}

/// Does a job with the instructions of a level.
pub(super) fn dispatch(arch: Arch, job: impl Job) {
    match arch {
        #[cfg(target_arch = "x86_64")]
        Arch::V3(simd) => simd.vectorize(
            #[inline(always)]
            || job.run(simd),
        ),
        #[cfg(target_arch = "x86_64")]
        Arch::V4(simd) => simd.vectorize(
            #[inline(always)]
            || job.run(simd),
        ),
        #[cfg(target_arch = "aarch64")]
        Arch::Neon(simd) => simd.vectorize(
            #[inline(always)]
            || job.run(simd),
        ),
        _ => job.run(Scalar::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A register that counts up, and one that counts on.
    fn descended<S: Lanes>(simd: S) -> Vec<f64> {
        let mut numbers: Vec<f64> = (0..2 * S::F64_LANES).map(|lane| lane as f64).collect();
        let (registers, _) = S::as_mut_simd_f64s(&mut numbers);
        registers[0] = simd.descend(registers[0], registers[1]);
        numbers.truncate(S::F64_LANES);
        numbers
    }

    /// The same for halves, with what is in the middle then.
    fn descended_halves<S: Lanes>(simd: S) -> (Vec<f64>, f64) {
        let mut numbers: Vec<f64> = (0..3 * S::F64_LANES).map(|lane| lane as f64).collect();
        let (registers, _) = S::as_mut_simd_f64s(&mut numbers);
        registers[0] = simd.descend_halves(registers[0], registers[1], registers[2]);
        let middle = simd.middle(registers[0]);
        numbers.truncate(S::F64_LANES);
        (numbers, middle)
    }

    struct Check;

    impl Job for Check {
        fn run<S: Lanes>(self, simd: S) {
            let lanes = S::F64_LANES;
            let expected: Vec<f64> = (1..=lanes).map(|lane| lane as f64).collect();
            assert_eq!(descended(simd), expected);
            if lanes > 1 {
                let mut halves = expected;
                halves[lanes / 2 - 1] = 2.0 * lanes as f64;
                let middle = halves[lanes / 2];
                assert_eq!(descended_halves(simd), (halves, middle));
            }
        }
    }

    #[test]
    fn every_lane_takes_over_from_the_one_above_it() {
        Check.run(pulp::Scalar128b);
        Check.run(pulp::Scalar512b);
        for level in crate::cpu::levels() {
            dispatch(level, Check);
        }
    }
}
