//! Tail: a register full of sections for each of two channels, and a few more of both in a third.
//!
//! In: nine to twelve sections on a level of eight lanes. Out: steps.
//!
//! With a register more for either channel most of these two would stand idle: a high-pass and
//! eight bands are nine.

use std::array::from_fn;
use std::ops::Range;

use crate::eq::kernel::{Factors, Run, Skewed, State, lowest, mask};
use crate::eq::lanes::Lanes;
use crate::eq::memory::{Memory, Row};

/// Lanes of the registers that hold one channel.
const LANES: usize = 8;
/// Lanes of a channel in the shared register.
const HALF: usize = LANES / 2;

/// Two registers of one channel each, and one of both: the first channel in its upper half.
pub(super) struct Tail<S: Lanes, const CHANNELS: usize> {
    simd: S,
    factors: [Factors<S>; 2],
    states: [State<S>; CHANNELS],
    shared: State<S>,
}

/// The sections of a row that stand in the shared register.
#[inline(always)]
fn behind(row: &Row) -> &[f64; HALF] {
    row.0[HALF..]
        .first_chunk()
        .expect("a row has four times as many")
}

#[inline(always)]
fn register<S: Lanes>(lower: &[f64; HALF], upper: &[f64; HALF]) -> S::f64s {
    let mut lanes = [0.0; LANES];
    lanes[..HALF].copy_from_slice(lower);
    lanes[HALF..].copy_from_slice(upper);
    S::as_simd_f64s(&lanes).0[0]
}

impl<S: Lanes, const CHANNELS: usize> Tail<S, CHANNELS> {
    /// Whether so many sections are to run this way.
    #[inline(always)]
    pub(super) fn fits(sections: usize) -> bool {
        S::F64_LANES == LANES && CHANNELS == 2 && (LANES + 1..=LANES + HALF).contains(&sections)
    }

    /// The first twelve sections of two channels; those that are not there pass on.
    #[inline(always)]
    pub(super) fn load(simd: S, run: &Run<'_, CHANNELS>) -> Self {
        let front = |row: &Row| S::as_simd_f64s(&row.0[LANES..]).0[0];
        let [upper, lower] = [0, CHANNELS - 1].map(|channel| &*run.memories[channel]);
        let both = |row: fn(&Memory) -> &Row| register::<S>(behind(row(lower)), behind(row(upper)));
        Self {
            simd,
            factors: [
                Factors::new(run.rows, front),
                Factors::new(run.rows, |row| register::<S>(behind(row), behind(row))),
            ],
            states: from_fn(|channel| {
                let memory = &run.memories[channel];
                State::new(simd, front(&memory.s1), front(&memory.s2))
            }),
            shared: State::new(simd, both(|memory| &memory.s1), both(|memory| &memory.s2)),
        }
    }
}

impl<S: Lanes, const CHANNELS: usize> Skewed<CHANNELS> for Tail<S, CHANNELS> {
    const SECTIONS: usize = LANES + HALF;

    #[inline(always)]
    fn step_all(&mut self, x: [f64; CHANNELS]) -> [f64; CHANNELS] {
        let simd = self.simd;
        let [upper, lower] = [0, CHANNELS - 1].map(|channel| self.states[channel].y);
        let both = simd.descend_halves(self.shared.y, upper, lower);
        for (state, x) in self.states.iter_mut().zip(x) {
            let x = simd.descend(state.y, simd.splat_f64s(x));
            self.factors[0].advance(simd, state, x);
        }
        self.factors[1].advance(simd, &mut self.shared, both);
        from_fn(|channel| match channel {
            0 => simd.middle(self.shared.y),
            _ => lowest::<S>(self.shared.y),
        })
    }

    #[inline(always)]
    fn step_some(&mut self, x: [f64; CHANNELS], active: Range<usize>) -> [f64; CHANNELS] {
        let simd = self.simd;
        let (states, shared) = (self.states, self.shared);
        let y = self.step_all(x);
        let front = mask(simd, &active, 0, LANES);
        for (state, before) in self.states.iter_mut().zip(&states) {
            state.keep(simd, before, front);
        }
        let lower = mask(simd, &active, LANES, HALF);
        let upper = mask(simd, &active, LANES, LANES); // The twelve end there at its half.
        self.shared.keep(simd, &shared, simd.or_m64s(lower, upper));
        y
    }

    #[inline(always)]
    fn store(&self, run: &mut Run<'_, CHANNELS>, _first: usize) {
        let [mut s1, mut s2] = [[0.0; LANES]; 2];
        S::as_mut_simd_f64s(&mut s1).0[0] = self.shared.s1;
        S::as_mut_simd_f64s(&mut s2).0[0] = self.shared.s2;
        for (channel, (state, memory)) in self.states.iter().zip(&mut run.memories).enumerate() {
            let half = if channel == 0 { HALF..LANES } else { 0..HALF };
            memory.s1.0[HALF..LANES].copy_from_slice(&s1[half.clone()]);
            memory.s2.0[HALF..LANES].copy_from_slice(&s2[half]);
            S::as_mut_simd_f64s(&mut memory.s1.0[LANES..]).0[0] = state.s1;
            S::as_mut_simd_f64s(&mut memory.s2.0[LANES..]).0[0] = state.s2;
        }
    }
}
