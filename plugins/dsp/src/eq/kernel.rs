//! Kernel: settled sections over a run of samples, several sections at once.
//!
//! In: sections and `f64` samples. Out: the samples filtered in place, the sections' memories.
//!
//! The sections of a group stand side by side as the lanes of an array, each lane one sample
//! behind its left neighbour, so that no lane waits for another within a step and the compiler
//! can work on all of them with one instruction. A run's first frames enter the lanes one after
//! the other and its last frames leave them likewise, so nothing is left inside between calls.
//! Each lane does exactly what `section::step` does: grouping changes no bit.

use crate::biquad::Coefficients;
use crate::eq::section::{Memory, Section, step};

/// The most sections side by side: eight `f64` are one AVX-512 or two AVX2 registers.
const LANES_MAX: usize = 8;

/// Runs `samples` through all `sections`, none of which may glide.
pub(super) fn run(sections: &mut [Section], samples: &mut [f64]) {
    for group in sections.chunks_mut(LANES_MAX) {
        match group.len() {
            1 => run_group::<1>(group, samples),
            2 => run_group::<2>(group, samples),
            3 | 4 => run_group::<4>(group, samples),
            _ => run_group::<LANES_MAX>(group, samples),
        }
    }
}

/// One group; lanes without a section pass their input on.
fn run_group<const LANES: usize>(group: &mut [Section], samples: &mut [f64]) {
    let mut lanes = Lanes::<LANES>::load(group);
    if samples.len() < LANES {
        for sample in samples {
            *sample = lanes.step_range(0, LANES, *sample);
        }
    } else {
        lanes.run(samples);
    }
    lanes.store(group);
}

/// Sections as a structure of arrays.
struct Lanes<const LANES: usize> {
    b0: [f64; LANES],
    b1: [f64; LANES],
    b2: [f64; LANES],
    a1: [f64; LANES],
    a2: [f64; LANES],
    s1: [f64; LANES],
    s2: [f64; LANES],
}

impl<const LANES: usize> Lanes<LANES> {
    fn load(group: &[Section]) -> Self {
        let idle = Section::new(Coefficients::IDENTITY);
        let all: [Section; LANES] = std::array::from_fn(|lane| *group.get(lane).unwrap_or(&idle));
        Self {
            b0: all.map(|section| section.target.b0),
            b1: all.map(|section| section.target.b1),
            b2: all.map(|section| section.target.b2),
            a1: all.map(|section| section.target.a1),
            a2: all.map(|section| section.target.a2),
            s1: all.map(|section| section.memory.s1),
            s2: all.map(|section| section.memory.s2),
        }
    }

    fn store(&self, group: &mut [Section]) {
        for (lane, section) in group.iter_mut().enumerate() {
            section.memory = Memory {
                s1: self.s1[lane],
                s2: self.s2[lane],
            };
        }
    }

    /// At least `LANES` samples, in place.
    fn run(&mut self, samples: &mut [f64]) {
        let frames = samples.len();
        let behind = LANES - 1;
        // Sample j has to wait in front of lane LANES - 1 - j when the steps in unison begin.
        let mut waiting = [0.0; LANES];
        for entry in 0..behind {
            waiting[behind - entry] = self.step_range(0, behind - entry, samples[entry]);
        }
        for frame in behind..frames {
            waiting[0] = samples[frame];
            let out = self.step_all(&waiting);
            samples[frame - behind] = out[behind];
            waiting[1..].copy_from_slice(&out[..behind]);
        }
        for lane in (1..LANES).rev() {
            samples[frames - lane] = self.step_range(lane, LANES, waiting[lane]);
        }
    }

    /// One step of every lane, each on the sample that waits in front of it.
    #[inline(always)]
    fn step_all(&mut self, x: &[f64; LANES]) -> [f64; LANES] {
        let mut y = [0.0; LANES];
        for lane in 0..LANES {
            y[lane] = self.b0[lane] * x[lane] + self.s1[lane];
        }
        for lane in 0..LANES {
            self.s1[lane] = (self.b1[lane] * x[lane] + self.s2[lane]) - self.a1[lane] * y[lane];
        }
        for lane in 0..LANES {
            self.s2[lane] = self.b2[lane] * x[lane] - self.a2[lane] * y[lane];
        }
        y
    }

    /// One sample through the lanes from `first` up to, not including, `end`.
    fn step_range(&mut self, first: usize, end: usize, x: f64) -> f64 {
        (first..end).fold(x, |x, lane| {
            let coefficients = Coefficients {
                b0: self.b0[lane],
                b1: self.b1[lane],
                b2: self.b2[lane],
                a1: self.a1[lane],
                a2: self.a2[lane],
            };
            let mut memory = Memory {
                s1: self.s1[lane],
                s2: self.s2[lane],
            };
            let y = step(&coefficients, &mut memory, x);
            (self.s1[lane], self.s2[lane]) = (memory.s1, memory.s2);
            y
        })
    }
}
