//! Kernel: settled sections over a run of samples, many sections and several channels at once.
//!
//! In: the rows of a curve, the memories of some channels, and their samples as `f64`.
//! Out: the samples filtered in place, the memories as they are behind the last of them.
//!
//! Sections stand side by side as the lanes of a register, each a sample behind the one before
//! it, so that no lane waits for another within a step. A second register goes on where the first
//! one ends, and further channels run beside it: what one waits for gives the others time.
//! The first steps of a run have lanes whose first sample is still to come, its last steps lanes
//! whose last one has gone; these keep their memories. So nothing is left in the registers between
//! runs, and a lane does the same operations in the same order wherever a run begins, whichever
//! section stands beside it and however many channels there are: none of this changes a bit.

mod pass;
mod tail;

use std::array::from_fn;
use std::ops::Range;

use crate::eq::curve::Rows;
use crate::eq::lanes::{Job, Lanes};
use crate::eq::memory::{Memory, Row, slot};
use pass::Pass;
use tail::Tail;

/// Sections that run over samples of as many channels, all equally long.
pub(super) struct Run<'a, const CHANNELS: usize> {
    pub(super) rows: &'a Rows,
    pub(super) sections: usize,
    pub(super) memories: [&'a mut Memory; CHANNELS],
    pub(super) samples: [&'a mut [f64]; CHANNELS],
}

impl<const CHANNELS: usize> Job for Run<'_, CHANNELS> {
    #[inline(always)]
    fn run<S: Lanes>(mut self, simd: S) {
        let lanes = S::F64_LANES;
        let frames = self.samples.each_ref().map(|samples| samples.len());
        let frames = frames.into_iter().min().unwrap_or(0);
        self.samples.iter_mut().for_each(|samples| {
            *samples = &mut std::mem::take(samples)[..frames];
        });
        let mut first = 0;
        while first < self.sections {
            let left = self.sections - first;
            let registers = left.div_ceil(lanes);
            first += if left == 1 {
                single(simd, &mut self, first)
            } else if Tail::<S, CHANNELS>::fits(left) {
                drive(Tail::load(simd, &self), &mut self, first)
            } else if lanes == 1 && registers > 4 {
                filled::<S, CHANNELS, 8>(simd, &mut self, first)
            } else if lanes <= 2 && registers > 2 {
                filled::<S, CHANNELS, 4>(simd, &mut self, first)
            } else if registers > 1 {
                filled::<S, CHANNELS, 2>(simd, &mut self, first)
            } else {
                filled::<S, CHANNELS, 1>(simd, &mut self, first)
            };
        }
    }
}

/// What registers full of sections multiply with.
struct Factors<S: Lanes, const REGISTERS: usize> {
    b0: [S::f64s; REGISTERS],
    c1: [S::f64s; REGISTERS],
    c2: [S::f64s; REGISTERS],
    a1: [S::f64s; REGISTERS],
    a2: [S::f64s; REGISTERS],
}

impl<S: Lanes, const REGISTERS: usize> Factors<S, REGISTERS> {
    /// Those that `pick` finds in each row.
    #[inline(always)]
    fn new(rows: &Rows, pick: impl Fn(&Row) -> [S::f64s; REGISTERS]) -> Self {
        Self {
            b0: pick(&rows.b0),
            c1: pick(&rows.c1),
            c2: pick(&rows.c2),
            a1: pick(&rows.a1),
            a2: pick(&rows.a2),
        }
    }

    /// One sample for every lane: every way through the kernel comes down to these operations.
    #[inline(always)]
    fn advance(&self, simd: S, state: &mut State<S, REGISTERS>, x: [S::f64s; REGISTERS]) {
        let State { s1, s2, y } = state;
        for at in 0..REGISTERS {
            y[at] = simd.mul_add_e_f64s(self.b0[at], x[at], s1[at]);
        }
        for at in 0..REGISTERS {
            let fed = simd.mul_add_e_f64s(self.c1[at], x[at], s2[at]);
            let kept = simd.mul_f64s(self.c2[at], x[at]);
            s2[at] = simd.negate_mul_add_e_f64s(self.a2[at], s1[at], kept);
            s1[at] = simd.negate_mul_add_e_f64s(self.a1[at], s1[at], fed);
        }
    }
}

/// What registers full of sections remember of a channel, and what they gave last.
#[derive(Clone, Copy)]
struct State<S: Lanes, const REGISTERS: usize> {
    s1: [S::f64s; REGISTERS],
    s2: [S::f64s; REGISTERS],
    y: [S::f64s; REGISTERS],
}

impl<S: Lanes, const REGISTERS: usize> State<S, REGISTERS> {
    /// Those that `pick` finds in each row.
    #[inline(always)]
    fn new(simd: S, memory: &Memory, pick: impl Fn(&Row) -> [S::f64s; REGISTERS]) -> Self {
        Self {
            s1: pick(&memory.s1),
            s2: pick(&memory.s2),
            y: [simd.splat_f64s(0.0); REGISTERS],
        }
    }

    /// Takes the memories of another back where the mask of a register is not set.
    #[inline(always)]
    fn keep(&mut self, simd: S, before: &Self, register: usize, mask: S::m64s) {
        self.s1[register] = simd.select_f64s(mask, self.s1[register], before.s1[register]);
        self.s2[register] = simd.select_f64s(mask, self.s2[register], before.s2[register]);
    }
}

/// Sections in registers, each one sample behind the one before.
trait Skewed<const CHANNELS: usize> {
    /// How many sections there are.
    const SECTIONS: usize;

    /// One step of every lane; `x` comes in, what the last section gives goes out.
    fn step_all(&mut self, x: [f64; CHANNELS]) -> [f64; CHANNELS];

    /// The same, but only these sections remember it.
    fn step_some(&mut self, x: [f64; CHANNELS], active: Range<usize>) -> [f64; CHANNELS];

    /// Writes the memories back.
    fn store(&self, run: &mut Run<'_, CHANNELS>, first: usize);
}

/// Runs all samples through so many registers full of sections. Returns how many sections these are.
#[inline(always)]
fn filled<S: Lanes, const CHANNELS: usize, const REGISTERS: usize>(
    simd: S,
    run: &mut Run<'_, CHANNELS>,
    first: usize,
) -> usize {
    let pass = Pass::<S, CHANNELS, REGISTERS>::load(simd, run, first);
    drive(pass, run, first)
}

/// Runs all samples through sections in registers. Returns how many sections these are.
#[inline(always)]
fn drive<const CHANNELS: usize, K: Skewed<CHANNELS>>(
    mut skewed: K,
    run: &mut Run<'_, CHANNELS>,
    first: usize,
) -> usize {
    let behind = K::SECTIONS - 1;
    let samples = &mut run.samples;
    let frames = samples.first().map_or(0, |samples| samples.len());
    for step in 0..behind {
        let x = from_fn(|channel| samples[channel].get(step).copied().unwrap_or(0.0));
        skewed.step_some(x, (step + 1).saturating_sub(frames)..step + 1);
    }
    for step in behind..frames {
        let y = skewed.step_all(from_fn(|channel| samples[channel][step]));
        for channel in 0..CHANNELS {
            samples[channel][step - behind] = y[channel];
        }
    }
    for step in frames.max(behind)..frames + behind {
        let y = skewed.step_some([0.0; CHANNELS], step + 1 - frames..K::SECTIONS);
        for channel in 0..CHANNELS {
            samples[channel][step - behind] = y[channel];
        }
    }
    skewed.store(run, first);
    K::SECTIONS
}

/// The lanes of a register in which these sections stand, when `first` is the first that does.
#[inline(always)]
fn mask<S: Lanes>(simd: S, sections: &Range<usize>, first: usize, lanes: usize) -> S::m64s {
    let end = first + lanes;
    // The last section of a register is its lowest lane.
    let lane = |section: usize| (end - section.clamp(first, end)) as u64;
    let lanes = match lane(sections.end)..lane(sections.start) {
        none if none.is_empty() => 0..0, // Any other empty range may be out of range.
        some => some,
    };
    simd.mask_between_m64s(lanes.start, lanes.end).mask()
}

/// One section by itself, over what is a register in its lowest lane only.
#[inline(always)]
fn single<S: Lanes, const CHANNELS: usize>(
    simd: S,
    run: &mut Run<'_, CHANNELS>,
    section: usize,
) -> usize {
    let at = slot(section);
    let number = |row: &Row| [simd.splat_f64s(row.0[at])];
    let factors = Factors::<S, 1>::new(run.rows, number);
    let mut states: [State<S, 1>; CHANNELS] =
        from_fn(|channel| State::new(simd, run.memories[channel], number));
    let frames = run.samples.first().map_or(0, |samples| samples.len());
    for frame in 0..frames {
        for (state, samples) in states.iter_mut().zip(&mut run.samples) {
            factors.advance(simd, state, [simd.splat_f64s(samples[frame])]);
            samples[frame] = lowest::<S>(state.y[0]);
        }
    }
    for (state, memory) in states.iter().zip(&mut run.memories) {
        memory.set(
            section,
            [lowest::<S>(state.s1[0]), lowest::<S>(state.s2[0])],
        );
    }
    1
}

#[inline(always)]
fn lowest<S: Lanes>(row: S::f64s) -> f64 {
    pulp::cast_lossy(row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::biquad::{Band, Coefficients, Shape};
    use crate::eq::SECTIONS_MAX;
    use crate::eq::curve::Curve;
    use pulp::{Scalar, Scalar128b, Scalar512b};

    /// Two channels and their memories behind so many sections on a level, all in one row.
    fn filtered<S: Lanes>(simd: S, count: usize, frames: usize) -> Vec<f64> {
        let section = |index: usize| {
            let band = Band {
                shape: Shape::Peak { gain_db: 6.0 },
                frequency_hz: 100.0 * (index + 1) as f64,
                q: 1.0,
            };
            Coefficients::design(&band, 48_000.0).expect("in range")
        };
        let curve = Curve::new(&(0..count).map(section).collect::<Vec<_>>());
        let noise = |side: usize| {
            let sample = |frame: usize| ((frame * 7919 + side * 31) % 1000) as f64 / 500.0 - 1.0;
            (0..frames).map(sample).collect::<Vec<_>>()
        };
        let mut samples = [noise(0), noise(1)];
        let mut memories = [Memory::default(); 2];
        for (half, end) in [(0, frames / 3), (frames / 3, frames)] {
            let run = Run {
                rows: curve.rows(),
                sections: count,
                memories: memories.each_mut(),
                samples: samples.each_mut().map(|all| &mut all[half..end]),
            };
            run.run(simd);
        }
        let rows = memories
            .iter()
            .flat_map(|memory| [memory.s1.0, memory.s2.0]);
        let samples = samples.into_iter().flatten();
        samples.chain(rows.flatten()).collect()
    }

    #[test]
    fn registers_of_every_width_do_what_single_lanes_do() {
        for count in 0..=SECTIONS_MAX {
            for frames in [0, 1, 2, 5, 9, 17, 40, 100] {
                let expected = filtered(Scalar::new(), count, frames);
                let two = filtered(Scalar128b, count, frames);
                let eight = filtered(Scalar512b, count, frames);
                for (found, expected) in two.iter().zip(&expected) {
                    let apart = (found - expected).abs();
                    assert!(apart < 1e-11, "{count} sections, {frames} frames: {apart}");
                }
                // Both fuse what single lanes of plain code do not: these are the same bits.
                assert_eq!(two, eight, "{count} sections, {frames} frames");
            }
        }
    }
}
