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

use std::array::from_fn;
use std::ops::Range;

use crate::eq::SECTIONS_MAX;
use crate::eq::curve::Rows;
use crate::eq::lanes::{Job, Lanes};
use crate::eq::memory::{Memory, Row};

/// The most registers one behind the other on levels of one and two lanes: where registers are
/// small and so is what an operation does, it takes more of them to be busy while one waits.
const REGISTERS_MAX: [usize; 2] = [8, 4];

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
        let mut first = 0;
        while first < self.sections {
            let left = self.sections - first;
            let registers = left.div_ceil(lanes);
            let done = if left == 1 {
                single(simd, &mut self, first);
                1
            } else if lanes == 1 && registers > 4 {
                pass::<S, CHANNELS, { REGISTERS_MAX[0] }>(simd, &mut self, first)
            } else if lanes <= 2 && registers > 2 {
                pass::<S, CHANNELS, { REGISTERS_MAX[1] }>(simd, &mut self, first)
            } else if registers > 1 {
                pass::<S, CHANNELS, 2>(simd, &mut self, first)
            } else {
                pass::<S, CHANNELS, 1>(simd, &mut self, first)
            };
            first += done;
        }
    }
}

/// A number of each section from `first` on, in registers.
#[inline(always)]
fn load<S: Lanes, const REGISTERS: usize>(row: &Row, first: usize) -> [S::f64s; REGISTERS] {
    let (all, _) = S::as_simd_f64s(&row.0);
    let end = all.len() - first / S::F64_LANES;
    from_fn(|register| all[end - 1 - register])
}

#[inline(always)]
fn store<S: Lanes, const REGISTERS: usize>(
    row: &mut Row,
    first: usize,
    numbers: &[S::f64s; REGISTERS],
) {
    let (all, _) = S::as_mut_simd_f64s(&mut row.0);
    let end = all.len() - first / S::F64_LANES;
    for (register, numbers) in numbers.iter().enumerate() {
        all[end - 1 - register] = *numbers;
    }
}

/// One section for a pass, over what is a register in its lowest lane only.
#[inline(always)]
fn single<S: Lanes, const CHANNELS: usize>(simd: S, run: &mut Run<'_, CHANNELS>, section: usize) {
    let at = crate::eq::memory::slot(section);
    let number = |row: &Row| simd.splat_f64s(row.0[at]);
    let rows = run.rows;
    let [b0, c1, c2, a1, a2] = [&rows.b0, &rows.c1, &rows.c2, &rows.a1, &rows.a2].map(number);
    let mut s1: [_; CHANNELS] = from_fn(|channel| number(&run.memories[channel].s1));
    let mut s2: [_; CHANNELS] = from_fn(|channel| number(&run.memories[channel].s2));
    let frames = run.samples.each_ref().map(|samples| samples.len());
    let frames = frames.into_iter().min().unwrap_or(0);
    for frame in 0..frames {
        for channel in 0..CHANNELS {
            let x = simd.splat_f64s(run.samples[channel][frame]);
            let y = simd.mul_add_e_f64s(b0, x, s1[channel]);
            let fed = simd.mul_add_e_f64s(c1, x, s2[channel]);
            let kept = simd.mul_f64s(c2, x);
            s2[channel] = simd.negate_mul_add_e_f64s(a2, s1[channel], kept);
            s1[channel] = simd.negate_mul_add_e_f64s(a1, s1[channel], fed);
            run.samples[channel][frame] = lowest::<S>(y);
        }
    }
    for channel in 0..CHANNELS {
        let memory = &mut run.memories[channel];
        memory.s1.0[at] = lowest::<S>(s1[channel]);
        memory.s2.0[at] = lowest::<S>(s2[channel]);
    }
}

#[inline(always)]
fn lowest<S: Lanes>(row: S::f64s) -> f64 {
    pulp::cast_lossy(row)
}

/// Up to `REGISTERS` registers full of sections, over all channels. Answers how many fit.
#[inline(always)]
fn pass<S: Lanes, const CHANNELS: usize, const REGISTERS: usize>(
    simd: S,
    run: &mut Run<'_, CHANNELS>,
    first: usize,
) -> usize {
    let sections = REGISTERS * S::F64_LANES;
    let behind = sections - 1;
    let mut pass = Pass::<S, CHANNELS, REGISTERS>::load(simd, run, first);
    let frames = run.samples.each_ref().map(|samples| samples.len());
    let frames = frames.into_iter().min().unwrap_or(0);
    let samples = run.samples.each_mut().map(|samples| &mut samples[..frames]);
    for step in 0..behind {
        let x = from_fn(|channel| samples[channel].get(step).copied().unwrap_or(0.0));
        pass.step_some(x, (step + 1).saturating_sub(frames)..step + 1);
    }
    for step in behind..frames {
        let y = pass.step_all(from_fn(|channel| samples[channel][step]));
        for channel in 0..CHANNELS {
            samples[channel][step - behind] = y[channel];
        }
    }
    for step in frames.max(behind)..frames + behind {
        let y = pass.step_some([0.0; CHANNELS], step + 1 - frames..sections);
        for channel in 0..CHANNELS {
            samples[channel][step - behind] = y[channel];
        }
    }
    pass.store(run, first);
    sections.min(SECTIONS_MAX - first)
}

/// What a pass has in registers.
struct Pass<S: Lanes, const CHANNELS: usize, const REGISTERS: usize> {
    simd: S,
    b0: [S::f64s; REGISTERS],
    c1: [S::f64s; REGISTERS],
    c2: [S::f64s; REGISTERS],
    a1: [S::f64s; REGISTERS],
    a2: [S::f64s; REGISTERS],
    s1: [[S::f64s; REGISTERS]; CHANNELS],
    s2: [[S::f64s; REGISTERS]; CHANNELS],
    /// What the sections answered in the step before.
    y: [[S::f64s; REGISTERS]; CHANNELS],
}

impl<S: Lanes, const CHANNELS: usize, const REGISTERS: usize> Pass<S, CHANNELS, REGISTERS> {
    #[inline(always)]
    fn load(simd: S, run: &Run<'_, CHANNELS>, first: usize) -> Self {
        Self {
            simd,
            b0: load::<S, REGISTERS>(&run.rows.b0, first),
            c1: load::<S, REGISTERS>(&run.rows.c1, first),
            c2: load::<S, REGISTERS>(&run.rows.c2, first),
            a1: load::<S, REGISTERS>(&run.rows.a1, first),
            a2: load::<S, REGISTERS>(&run.rows.a2, first),
            s1: from_fn(|channel| load::<S, REGISTERS>(&run.memories[channel].s1, first)),
            s2: from_fn(|channel| load::<S, REGISTERS>(&run.memories[channel].s2, first)),
            y: [[simd.splat_f64s(0.0); REGISTERS]; CHANNELS],
        }
    }

    #[inline(always)]
    fn store(&self, run: &mut Run<'_, CHANNELS>, first: usize) {
        for channel in 0..CHANNELS {
            let memory = &mut run.memories[channel];
            store::<S, REGISTERS>(&mut memory.s1, first, &self.s1[channel]);
            store::<S, REGISTERS>(&mut memory.s2, first, &self.s2[channel]);
        }
    }

    /// One step of every lane; `x` comes in, what the last section answers goes out.
    #[inline(always)]
    fn step_all(&mut self, x: [f64; CHANNELS]) -> [f64; CHANNELS] {
        let simd = self.simd;
        for channel in 0..CHANNELS {
            for register in (0..REGISTERS).rev() {
                let from = match register {
                    0 => simd.splat_f64s(x[channel]),
                    _ => self.y[channel][register - 1],
                };
                let x = simd.descend(self.y[channel][register], from);
                let (s1, s2) = (self.s1[channel][register], self.s2[channel][register]);
                let fed = simd.mul_add_e_f64s(self.c1[register], x, s2);
                let kept = simd.mul_f64s(self.c2[register], x);
                self.y[channel][register] = simd.mul_add_e_f64s(self.b0[register], x, s1);
                self.s1[channel][register] = simd.negate_mul_add_e_f64s(self.a1[register], s1, fed);
                self.s2[channel][register] =
                    simd.negate_mul_add_e_f64s(self.a2[register], s1, kept);
            }
        }
        from_fn(|channel| lowest::<S>(self.y[channel][REGISTERS - 1]))
    }

    /// The same, but only these sections remember it.
    #[inline(always)]
    fn step_some(&mut self, x: [f64; CHANNELS], active: Range<usize>) -> [f64; CHANNELS] {
        let before = (self.s1, self.s2);
        let y = self.step_all(x);
        for register in 0..REGISTERS {
            let first = register * S::F64_LANES;
            // The last section of a register is its lowest lane.
            let end = first + S::F64_LANES;
            let lane = |section: usize| (end - section.clamp(first, end)) as u64;
            let lanes = match lane(active.end)..lane(active.start) {
                none if none.is_empty() => 0..0, // Any other empty range may be out of range.
                some => some,
            };
            let mask = self.simd.mask_between_m64s(lanes.start, lanes.end).mask();
            let pick = |after, before| self.simd.select_f64s(mask, after, before);
            for channel in 0..CHANNELS {
                self.s1[channel][register] =
                    pick(self.s1[channel][register], before.0[channel][register]);
                self.s2[channel][register] =
                    pick(self.s2[channel][register], before.1[channel][register]);
            }
        }
        y
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::biquad::{Band, Coefficients, Shape};
    use crate::eq::curve::Curve;
    use pulp::{Scalar, Scalar128b};

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
    fn registers_of_two_lanes_do_what_single_lanes_do() {
        for count in 0..=SECTIONS_MAX {
            for frames in [0, 1, 2, 5, 9, 17, 100] {
                let expected = filtered(Scalar::new(), count, frames);
                let found = filtered(Scalar128b, count, frames);
                for (found, expected) in found.iter().zip(&expected) {
                    let apart = (found - expected).abs();
                    assert!(apart < 1e-11, "{count} sections, {frames} frames: {apart}");
                }
            }
        }
    }
}
