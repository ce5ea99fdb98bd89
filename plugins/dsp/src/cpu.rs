//! Cpu: which vector instructions the kernels use.
//!
//! In: what this processor can do, and the environment variable `SEGUE_CPU`. Out: an `Arch` that a
//! kernel keeps from its construction on and dispatches through.
//!
//! Every kernel is written once, over the lanes of an abstract register, and compiled for each
//! level: plain, AVX2 with FMA, AVX-512, NEON. Levels agree within the tolerance that each kernel
//! states (fused multiply-adds round once instead of twice), never bit for bit.

use pulp::Arch;

/// The environment variable that bounds the level.
pub const VARIABLE: &str = "SEGUE_CPU";

/// The best level that this processor has and `SEGUE_CPU` allows: `baseline` picks the plain
/// kernels, `avx2` goes no further than AVX2; absent or anything else is no bound.
///
/// Thread: control; it reads the environment and may allocate. Kernels call it when they are made.
#[must_use]
pub fn arch() -> Arch {
    match std::env::var(VARIABLE).as_deref() {
        Ok("baseline") => Arch::Scalar,
        Ok("avx2") => avx2().unwrap_or(Arch::Scalar),
        _ => Arch::new(),
    }
}

/// Every level that this processor has, plain first: tests hold each against the plain one.
#[must_use]
pub fn levels() -> Vec<Arch> {
    let mut levels = vec![Arch::Scalar];
    levels.extend(avx2());
    let best = Arch::new();
    if levels.iter().all(|level| name(*level) != name(best)) {
        levels.push(best);
    }
    levels
}

/// What a level is called in reports and benches.
#[must_use]
pub fn name(level: Arch) -> &'static str {
    match level {
        Arch::Scalar => "baseline",
        #[cfg(target_arch = "x86_64")]
        Arch::V3(_) => "avx2",
        #[cfg(target_arch = "x86_64")]
        Arch::V4(_) => "avx512",
        #[cfg(target_arch = "aarch64")]
        Arch::Neon(_) => "neon",
        _ => "vector",
    }
}

#[cfg(target_arch = "x86_64")]
fn avx2() -> Option<Arch> {
    pulp::x86::V3::try_new().map(Arch::V3)
}

#[cfg(not(target_arch = "x86_64"))]
fn avx2() -> Option<Arch> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_has_a_name_of_its_own_and_plain_is_first() {
        let names: Vec<_> = levels().into_iter().map(name).collect();
        assert_eq!(names[0], "baseline");
        let mut unique = names.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), names.len(), "{names:?}");
    }
}
