//! Level: which vector instructions kernels use here, as far as a key has to tell.
//!
//! In: what the processor can do, and `SEGUE_CPU`. Out: a name. Kernels of different levels agree
//! within a tolerance and not bit for bit, so that a level is part of every key; at
//! `SEGUE_CPU=baseline` keys are the same on all machines of one architecture.

use std::env::consts::ARCH;

use pulp::Arch;

use crate::process::start;

/// The environment variable that bounds the level.
const VARIABLE: &str = "SEGUE_CPU";

/// The level of this process, with the architecture: `x86_64 avx2`.
pub(super) fn level() -> String {
    format!("{ARCH} {}", level_name())
}

/// The level of this process: `baseline`, `avx2`, `avx512`, or `native` on other architectures.
pub(in crate::provenance) fn level_name() -> &'static str {
    bounded(&bound().unwrap_or_default(), best())
}

/// What bounds the level, if something does.
pub(in crate::provenance) fn bound() -> Option<String> {
    start::variable(VARIABLE)?.into_string().ok()
}

/// The best level that a bound allows: `baseline` is the plain one, `avx2` goes no further than
/// AVX2, anything else is no bound.
fn bounded(bound: &str, best: &'static str) -> &'static str {
    match (bound, best) {
        ("baseline", _) => "baseline",
        ("avx2", "avx512") => "avx2",
        (_, best) => best,
    }
}

/// The best level that the processor has, as the kernels find it.
fn best() -> &'static str {
    match Arch::new() {
        Arch::Scalar => "baseline",
        #[cfg(target_arch = "x86_64")]
        Arch::V3(_) => "avx2",
        #[cfg(target_arch = "x86_64")]
        Arch::V4(_) => "avx512",
        _ => "native",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_lowers_the_level_and_never_raises_it() {
        for (bound, best, expected) in [
            ("", "avx512", "avx512"),
            ("baseline", "avx512", "baseline"),
            ("avx2", "avx512", "avx2"),
            ("avx2", "baseline", "baseline"),
            ("avx2", "native", "native"),
            ("none", "avx2", "avx2"),
        ] {
            assert_eq!(bounded(bound, best), expected, "{bound} {best}");
        }
    }
}
