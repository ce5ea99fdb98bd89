//! Chunk: the frames that are worked on at a time, in whole registers.
//!
//! In: slices of any length. Out: aligned rows of `CHUNK_FRAMES`, whose frames behind the end hold
//! something finite that nobody reads.

use pulp::Simd;

/// Frames worked on at a time: a dozen such rows stay in the first-level cache.
pub(super) const CHUNK_FRAMES: usize = 256;
/// Frames between two registers and a recurrence: the recurrence of a group waits for itself while
/// the registers of the one before are worked on.
pub(super) const GROUP_FRAMES: usize = 16;
/// The most lanes of a register: rows are padded to a multiple of it.
pub(super) const LANES_MAX: usize = 16;

/// A parameter of a kernel over the frames of a block.
#[derive(Clone, Copy, Debug)]
pub enum Control<'a> {
    /// The same for all frames.
    Steady(f32),
    /// A value for each frame; the last one counts for those behind it, and none at all is 0.
    Moving(&'a [f32]),
}

/// A row of numbers, one for each frame.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(super) struct Chunk([f32; CHUNK_FRAMES]);

impl Chunk {
    pub(super) const ZERO: Self = Self([0.0; CHUNK_FRAMES]);

    /// The first so many frames.
    pub(super) fn frames(&self, frames: usize) -> &[f32] {
        &self.0[..frames]
    }

    /// The first so many frames.
    #[inline(always)]
    pub(super) fn frames_mut(&mut self, frames: usize) -> &mut [f32] {
        &mut self.0[..frames]
    }

    /// The registers that hold the first so many frames.
    #[inline(always)]
    pub(super) fn registers<S: Simd>(&self, frames: usize) -> &[S::f32s] {
        S::as_simd_f32s(&self.0[..padded::<S>(frames)]).0
    }

    /// The registers that hold the first so many frames.
    #[inline(always)]
    pub(super) fn registers_mut<S: Simd>(&mut self, frames: usize) -> &mut [S::f32s] {
        S::as_mut_simd_f32s(&mut self.0[..padded::<S>(frames)]).0
    }

    /// The chunk of a control that starts at a frame of the block, each value changed first.
    #[inline(always)]
    pub(super) fn fill(
        &mut self,
        control: Control<'_>,
        start: usize,
        frames: usize,
        change: impl Fn(f32) -> f32,
    ) {
        let row = &mut self.0[..frames.next_multiple_of(LANES_MAX)];
        match control {
            Control::Steady(value) => row.fill(change(value)),
            Control::Moving(values) => {
                let values = values.get(start..).unwrap_or_default();
                let known = values.len().min(frames);
                for (to, from) in row.iter_mut().zip(&values[..known]) {
                    *to = change(*from);
                }
                let last = values[..known].last().copied().unwrap_or_default();
                row[known..].fill(change(last));
            }
        }
    }

    /// Raises each frame to the magnitude of its sample, at most `CHUNK_FRAMES` of them.
    #[inline(always)]
    pub(super) fn raise_to_peaks<S: Simd>(&mut self, simd: S, samples: &[f32]) {
        let (whole, rest) = S::as_simd_f32s(samples);
        let registers = self.registers_mut::<S>(samples.len());
        for (to, from) in registers.iter_mut().zip(whole) {
            *to = simd.max_f32s(*to, simd.abs_f32s(*from));
        }
        if !rest.is_empty() {
            let to = &mut registers[whole.len()];
            *to = simd.max_f32s(*to, simd.abs_f32s(simd.partial_load_f32s(rest)));
        }
    }

    /// Raises each frame to that of another row.
    #[inline(always)]
    pub(super) fn raise_to<S: Simd>(&mut self, simd: S, other: &Self, frames: usize) {
        let others = other.registers::<S>(frames);
        for (to, from) in self.registers_mut::<S>(frames).iter_mut().zip(others) {
            *to = simd.max_f32s(*to, *from);
        }
    }
}

/// As many frames in whole registers.
#[inline(always)]
pub(super) fn padded<S: Simd>(frames: usize) -> usize {
    frames.next_multiple_of(S::F32_LANES)
}

/// `a * b + c`, rounded once where the processor does that as fast.
#[inline(always)]
pub(super) fn fused<S: Simd>(a: f64, b: f64, c: f64) -> f64 {
    if S::IS_SCALAR {
        a * b + c
    } else {
        a.mul_add(b, c)
    }
}

/// The larger, in one instruction: neither is NaN.
#[inline(always)]
pub(super) fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// The smaller, in one instruction: neither is NaN.
#[inline(always)]
pub(super) fn smaller(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// Writes `input` times the gains into `output`; what is too large for a number becomes the
/// largest one. As many frames as the shortest has.
pub(super) struct Apply<'a> {
    pub(super) gains: &'a [f32],
    pub(super) input: &'a [f32],
    pub(super) output: &'a mut [f32],
}

impl pulp::WithSimd for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (output, output_rest) = S::as_mut_simd_f32s(self.output);
        let (input, input_rest) = S::as_simd_f32s(self.input);
        let (gains, gains_rest) = S::as_simd_f32s(self.gains);
        for ((to, from), gain) in output.iter_mut().zip(input).zip(gains) {
            *to = scaled(simd, *from, *gain);
        }
        // The slices are equally long, so their rests stand side by side.
        for ((to, from), gain) in output_rest.iter_mut().zip(input_rest).zip(gains_rest) {
            *to = (from * gain).clamp(f32::MIN, f32::MAX);
        }
    }
}

/// A product that stays finite.
#[inline(always)]
pub(super) fn scaled<S: Simd>(simd: S, sample: S::f32s, gain: S::f32s) -> S::f32s {
    let product = simd.mul_f32s(sample, gain);
    let product = simd.min_f32s(product, simd.splat_f32s(f32::MAX));
    simd.max_f32s(product, simd.splat_f32s(f32::MIN))
}
