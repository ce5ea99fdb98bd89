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
}

/// Two lanes of plain code, to test on every machine what only some have.
#[cfg(test)]
impl Lanes for pulp::Scalar128b {}

impl Lanes for Scalar {
    #[inline(always)]
    fn descend(self, _row: f64, from: f64) -> f64 {
        from
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

    struct Check;

    impl Job for Check {
        fn run<S: Lanes>(self, simd: S) {
            let expected: Vec<f64> = (1..=S::F64_LANES).map(|lane| lane as f64).collect();
            assert_eq!(descended(simd), expected);
        }
    }

    #[test]
    fn every_lane_takes_over_from_the_one_above_it() {
        Check.run(pulp::Scalar128b);
        for level in crate::cpu::levels() {
            dispatch(level, Check);
        }
    }
}
