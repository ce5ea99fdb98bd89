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
    factors: Factors<S, REGISTERS>,
    states: [State<S, REGISTERS>; CHANNELS],
}

impl<S: Lanes, const CHANNELS: usize, const REGISTERS: usize> Pass<S, CHANNELS, REGISTERS> {
    /// The sections from `first` on, a multiple of the lanes; those that are not there pass on.
    #[inline(always)]
    pub(super) fn load(simd: S, run: &Run<'_, CHANNELS>, first: usize) -> Self {
        let registers = |row: &Row| {
            let (all, _) = S::as_simd_f64s(&row.0);
            from_fn(|register| all[place::<S>(all.len(), first, register)])
        };
        Self {
            simd,
            factors: Factors::new(run.rows, registers),
            states: from_fn(|channel| State::new(simd, run.memories[channel], registers)),
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
        for (state, x) in self.states.iter_mut().zip(x) {
            let x = from_fn(|register| {
                let from = match register {
                    0 => simd.splat_f64s(x),
                    _ => state.y[register - 1],
                };
                simd.descend(state.y[register], from)
            });
            self.factors.advance(simd, state, x);
        }
        let last = |state: &State<S, REGISTERS>| lowest::<S>(state.y[REGISTERS - 1]);
        self.states.each_ref().map(last)
    }

    #[inline(always)]
    fn step_some(&mut self, x: [f64; CHANNELS], active: Range<usize>) -> [f64; CHANNELS] {
        let before = self.states;
        let y = self.step_all(x);
        for register in 0..REGISTERS {
            let mask = mask(self.simd, &active, register * S::F64_LANES, S::F64_LANES);
            for (state, before) in self.states.iter_mut().zip(&before) {
                state.keep(self.simd, before, register, mask);
            }
        }
        y
    }

    #[inline(always)]
    fn store(&self, run: &mut Run<'_, CHANNELS>, first: usize) {
        for (state, memory) in self.states.iter().zip(&mut run.memories) {
            let (s1, _) = S::as_mut_simd_f64s(&mut memory.s1.0);
            let (s2, _) = S::as_mut_simd_f64s(&mut memory.s2.0);
            for register in 0..REGISTERS {
                let at = place::<S>(s1.len(), first, register);
                (s1[at], s2[at]) = (state.s1[register], state.s2[register]);
            }
        }
    }
}
