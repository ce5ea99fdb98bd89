//! Run: samples of any kind through a curve, on its way or settled.
//!
//! In: a curve, as many memories as channels, and their samples. Out: the samples filtered.

use pulp::Arch;

use crate::eq::curve::Curve;
use crate::eq::kernel::Run;
use crate::eq::lanes::{Job, Lanes, dispatch};
use crate::eq::memory::Memory;

/// Runs channels of equal length through a curve, in place. The caller counts the frames of the
/// glide, once every channel has been through it.
pub(super) fn filter<const CHANNELS: usize>(
    arch: Arch,
    curve: &Curve,
    mut memories: [&mut Memory; CHANNELS],
    samples: [&mut [f64]; CHANNELS],
) {
    let gliding = curve.glide_frames_left();
    let mut channel = 0;
    let settled = samples.map(|samples| {
        let (moving, settled) = samples.split_at_mut(samples.len().min(gliding));
        if !moving.is_empty() {
            curve.glide_run(memories[channel], moving);
        }
        channel += 1;
        settled
    });
    let run = Run {
        rows: curve.rows(),
        sections: curve.count(),
        memories,
        samples: settled,
    };
    dispatch(arch, run);
}

/// Writes `from` into `to`, exactly.
pub(super) fn widen(arch: Arch, from: &[f32], to: &mut [f64]) {
    dispatch(arch, Widen { from, to });
}

/// Writes `from` into `to`, rounded.
pub(super) fn narrow(arch: Arch, from: &[f64], to: &mut [f32]) {
    dispatch(arch, Narrow { from, to });
}

struct Widen<'a> {
    from: &'a [f32],
    to: &'a mut [f64],
}

impl Job for Widen<'_> {
    #[inline(always)]
    fn run<S: Lanes>(self, _simd: S) {
        for (to, from) in self.to.iter_mut().zip(self.from) {
            *to = f64::from(*from);
        }
    }
}

struct Narrow<'a> {
    from: &'a [f64],
    to: &'a mut [f32],
}

impl Job for Narrow<'_> {
    #[inline(always)]
    fn run<S: Lanes>(self, _simd: S) {
        for (to, from) in self.to.iter_mut().zip(self.from) {
            *to = *from as f32;
        }
    }
}
