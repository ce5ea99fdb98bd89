//! Pass: registers full of sections, one behind the other, for every channel.
//!
//! In: the place of the first section. Out: steps.

use std::array::from_fn;
use std::ops::Range;

use crate::eq::kernel::{Factors, Run, Skewed, State, lowest, mask};
use crate::eq::lanes::Lanes;
use crate::eq::memory::Row;

/// `REGISTERS` registers, which all channels have the factors of in common.
pub(super) struct Pass<S: Lanes, const CHANNELS: usize, const REGISTERS: usize> {
    simd: S,
    factors: [Factors<S>; REGISTERS],
    states: [[State<S>; REGISTERS]; CHANNELS],
}

impl<S: Lanes, const CHANNELS: usize, const REGISTERS: usize> Pass<S, CHANNELS, REGISTERS> {
    /// The sections from `first` on, a multiple of the lanes; those that are not there pass on.
    #[inline(always)]
    pub(super) fn load(simd: S, run: &Run<'_, CHANNELS>, first: usize) -> Self {
        let at = |row: &Row, register: usize| {
            let (all, _) = S::as_simd_f64s(&row.0);
            all[place::<S>(all.len(), first, register)]
        };
        Self {
            simd,
            factors: from_fn(|register| Factors::new(run.rows, |row| at(row, register))),
            states: from_fn(|channel| {
                let memory = &run.memories[channel];
                from_fn(|register| {
                    let (s1, s2) = (at(&memory.s1, register), at(&memory.s2, register));
                    State::new(simd, s1, s2)
                })
            }),
        }
    }
}

/// Where a register is among all in a row: the last sections stand first.
#[inline(always)]
fn place<S: Lanes>(all: usize, first: usize, register: usize) -> usize {
    all - 1 - first / S::F64_LANES - register
}

impl<S: Lanes, const CHANNELS: usize, const REGISTERS: usize> Skewed<CHANNELS>
    for Pass<S, CHANNELS, REGISTERS>
{
    const SECTIONS: usize = REGISTERS * S::F64_LANES;

    #[inline(always)]
    fn step_all(&mut self, x: [f64; CHANNELS]) -> [f64; CHANNELS] {
        let simd = self.simd;
        for (states, x) in self.states.iter_mut().zip(x) {
            for register in (0..REGISTERS).rev() {
                let from = match register {
                    0 => simd.splat_f64s(x),
                    _ => states[register - 1].y,
                };
                let x = simd.descend(states[register].y, from);
                self.factors[register].advance(simd, &mut states[register], x);
            }
        }
        self.states
            .each_ref()
            .map(|states| lowest::<S>(states[REGISTERS - 1].y))
    }

    #[inline(always)]
    fn step_some(&mut self, x: [f64; CHANNELS], active: Range<usize>) -> [f64; CHANNELS] {
        let before = self.states;
        let y = self.step_all(x);
        for register in 0..REGISTERS {
            let mask = mask(self.simd, &active, register * S::F64_LANES, S::F64_LANES);
            for (states, before) in self.states.iter_mut().zip(&before) {
                states[register].keep(self.simd, &before[register], mask);
            }
        }
        y
    }

    #[inline(always)]
    fn store(&self, run: &mut Run<'_, CHANNELS>, first: usize) {
        for (states, memory) in self.states.iter().zip(&mut run.memories) {
            for (register, state) in states.iter().enumerate() {
                let (all, _) = S::as_mut_simd_f64s(&mut memory.s1.0);
                all[place::<S>(all.len(), first, register)] = state.s1;
                let (all, _) = S::as_mut_simd_f64s(&mut memory.s2.0);
                all[place::<S>(all.len(), first, register)] = state.s2;
            }
        }
    }
}
