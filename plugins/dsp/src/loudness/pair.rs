//! Pair: weights two channels at once and sums their energies.
//!
//! In: finite samples of two channels. Out: the weighted energy since it was last taken.
//!
//! Shelf and high-pass of both channels are the four lanes of one register, the high-pass a frame
//! behind the shelf, so that neither waits for the other within a step. A run's first frame enters
//! the shelf alone and its last leaves the high-pass alone, so nothing waits between runs, and how
//! a stream is divided changes no bit.
//!
//! Source: a section in transposed direct form II (see `eq`), y = b0 x + s1, with y put into the
//! memories: s1' = c1 x + c2 x' - a1 s1 - a2 s1', where x' and s1' are of the frame before and
//! c = b - a b0. What a step needs of the step before is one multiplication away.

use crate::biquad::Coefficients;
use crate::lanes::{Kernel, Lanes, run};
use crate::loudness::speaker::ChannelWeight;
use crate::loudness::weighting::k_weighting;
use pulp::Arch;

/// The shelf of both channels, then the high-pass of both.
const LANES: usize = 4;

type Row = [f64; LANES];

/// Two channels of a loudness meter.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    level: Arch,
    factors: [f64; 2],
    sections: Sections,
    memory: PairMemory,
}

/// What each lane multiplies with.
#[derive(Clone, Copy, Debug)]
struct Sections {
    b0: Row,
    c1: Row,
    c2: Row,
    minus_a1: Row,
    minus_a2: Row,
}

/// What each lane keeps.
#[derive(Clone, Copy, Debug, Default)]
struct PairMemory {
    /// s1 of this frame and of the one before.
    now: Row,
    before: Row,
    /// The input of the frame before.
    input: Row,
    /// The sum of squares of what came out.
    squares: Row,
}

impl Pair {
    /// Two channels that have heard silence only. Of one channel alone, the other is excluded.
    pub(super) fn new(level: Arch, sample_rate_hz: u32, weights: [ChannelWeight; 2]) -> Self {
        let [shelf, high_pass] = k_weighting(f64::from(sample_rate_hz));
        Self {
            level,
            factors: weights.map(ChannelWeight::factor),
            sections: Sections::new([shelf, shelf, high_pass, high_pass]),
            memory: PairMemory::default(),
        }
    }

    /// Adds frames; both channels have as many.
    pub(super) fn add(&mut self, left: &[f32], right: &[f32]) {
        if self.factors != [0.0; 2] {
            let sections = &self.sections;
            let memory = &mut self.memory;
            run(
                self.level,
                Weigh {
                    sections,
                    memory,
                    left,
                    right,
                },
            );
        }
    }

    /// The weighted energy of all frames since the last call.
    pub(super) fn take_energy(&mut self) -> f64 {
        let [_, _, left, right] = std::mem::take(&mut self.memory.squares);
        self.factors[0] * left + self.factors[1] * right
    }

    pub(super) fn reset(&mut self) {
        self.memory = PairMemory::default();
    }
}

impl Sections {
    fn new(lanes: [Coefficients; LANES]) -> Self {
        Self {
            b0: lanes.map(|c| c.b0),
            c1: lanes.map(|c| c.b1 - c.a1 * c.b0),
            c2: lanes.map(|c| c.b2 - c.a2 * c.b0),
            minus_a1: lanes.map(|c| -c.a1),
            minus_a2: lanes.map(|c| -c.a2),
        }
    }
}

impl PairMemory {
    /// One step of every lane. Returns what comes out.
    #[inline(always)]
    fn step<L: Lanes>(&mut self, lanes: L, sections: &Sections, x: Row) -> Row {
        let c = sections;
        let mut y = [0.0; LANES];
        let mut next = [0.0; LANES];
        for lane in 0..LANES {
            y[lane] = lanes.mul_add_one(c.b0[lane], x[lane], self.now[lane]);
            let new = c.c2[lane] * self.input[lane];
            let new = lanes.mul_add_one(c.c1[lane], x[lane], new);
            let new = lanes.mul_add_one(c.minus_a2[lane], self.before[lane], new);
            next[lane] = lanes.mul_add_one(c.minus_a1[lane], self.now[lane], new);
            self.squares[lane] = lanes.mul_add_one(y[lane], y[lane], self.squares[lane]);
        }
        self.before = self.now;
        self.now = next;
        self.input = x;
        y
    }

    /// Takes back what was stepped too far: the lanes from `first` up to, not including, `end`.
    fn restore(&mut self, from: &Self, first: usize, end: usize) {
        self.now[first..end].copy_from_slice(&from.now[first..end]);
        self.before[first..end].copy_from_slice(&from.before[first..end]);
        self.input[first..end].copy_from_slice(&from.input[first..end]);
        self.squares[first..end].copy_from_slice(&from.squares[first..end]);
    }
}

/// Takes frames through the sections.
struct Weigh<'a> {
    sections: &'a Sections,
    memory: &'a mut PairMemory,
    left: &'a [f32],
    right: &'a [f32],
}

impl Kernel for Weigh<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let ([left, lefts @ ..], [right, rights @ ..]) = (self.left, self.right) else {
            return;
        };
        let mut memory = *self.memory;
        let entering = [f64::from(*left), f64::from(*right), 0.0, 0.0];
        let mut y = memory.step(lanes, self.sections, entering);
        memory.restore(self.memory, 2, LANES);
        for (left, right) in lefts.iter().zip(rights) {
            let x = [f64::from(*left), f64::from(*right), y[0], y[1]];
            y = memory.step(lanes, self.sections, x);
        }
        let shelf = memory;
        memory.step(lanes, self.sections, [0.0, 0.0, y[0], y[1]]);
        memory.restore(&shelf, 0, 2);
        *self.memory = memory;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::levels;
    use proptest::collection::vec;
    use proptest::prelude::*;

    const WEIGHTS: [ChannelWeight; 2] = [ChannelWeight::Full, ChannelWeight::Surround];

    /// One section after the other, each over all samples, as the book has it.
    fn plainly(samples: &[f32], sample_rate_hz: u32) -> f64 {
        let mut wide: Vec<f64> = samples.iter().copied().map(f64::from).collect();
        for c in k_weighting(f64::from(sample_rate_hz)) {
            let (mut s1, mut s2) = (0.0, 0.0);
            for sample in &mut wide {
                let x = *sample;
                *sample = c.b0 * x + s1;
                s1 = c.b1 * x - c.a1 * *sample + s2;
                s2 = c.b2 * x - c.a2 * *sample;
            }
        }
        wide.iter().map(|y| y * y).sum()
    }

    proptest! {
        #[test]
        fn the_energy_is_that_of_the_sections_one_after_the_other(
            samples in vec((-1.0..1.0_f32, -1.0..1.0_f32), 0..3_000),
            offset in -1.0..1.0_f32,
            cuts in vec(0..3_000_usize, 0..6),
            rate in prop::sample::select(vec![8_000_u32, 44_100, 48_000, 96_000, 192_000, 768_000]),
        ) {
            let left: Vec<f32> = samples.iter().map(|sample| sample.0).collect();
            let right: Vec<f32> = samples.iter().map(|sample| sample.1 / 8.0 + offset).collect();
            let [full, surround] = WEIGHTS.map(ChannelWeight::factor);
            let expected = full * plainly(&left, rate) + surround * plainly(&right, rate);
            let mut cuts = cuts;
            cuts.sort_unstable();
            for level in levels() {
                let mut whole = Pair::new(level, rate, WEIGHTS);
                let mut parted = whole.clone();
                whole.add(&left, &right);
                let mut from = 0;
                for to in cuts.iter().map(|cut| *cut.min(&left.len())).chain([left.len()]) {
                    parted.add(&left[from..to], &right[from..to]);
                    from = to;
                }
                let (whole, parted) = (whole.take_energy(), parted.take_energy());
                prop_assert_eq!(parted.to_bits(), whole.to_bits(), "{:?}", level);
                prop_assert!((whole - expected).abs() <= 1e-9 * expected, "{whole} {expected}");
            }
        }
    }

    #[test]
    fn what_is_excluded_has_no_energy_and_energy_is_taken_once() {
        let mut pair = Pair::new(
            Arch::Scalar,
            48_000,
            [ChannelWeight::Full, ChannelWeight::Excluded],
        );
        pair.add(&[0.0; 90], &[1.0; 90]);
        assert_eq!(pair.take_energy(), 0.0);
        pair.add(&[0.5; 90], &[1.0; 90]);
        assert!(pair.take_energy() > 0.0);
        assert_eq!(pair.take_energy(), 0.0);
    }
}
