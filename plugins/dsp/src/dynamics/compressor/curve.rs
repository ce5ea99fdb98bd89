//! Curve: the static curve over a chunk.
//!
//! In: threshold, ratio and knee of each frame, and levels as amplitudes. Out: the reductions that
//! the curve asks for, in dB. `compressor` has the formula and its source.

use crate::dynamics::chunk::Chunk;
use crate::dynamics::compressor::CompressorControls;
use crate::dynamics::math::db_from_amplitude;
use pulp::Simd;

/// A knee counts as this wide at least, in dB: nothing is divided by 0.
const KNEE_DB_MIN: f32 = 1e-6;

/// A stretch of a block.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) start: usize,
    pub(super) frames: usize,
}

/// The static curve of a chunk.
pub(super) struct Curve {
    threshold_db: Chunk,
    /// 1 - 1 / ratio.
    slope: Chunk,
    knee_db: Chunk,
    /// 1 / (2 knee).
    bend: Chunk,
}

impl Curve {
    /// Of no chunk yet.
    pub(super) const FLAT: Self = Self {
        threshold_db: Chunk::ZERO,
        slope: Chunk::ZERO,
        knee_db: Chunk::ZERO,
        bend: Chunk::ZERO,
    };

    /// Takes the parameters of a part of a block.
    #[inline(always)]
    pub(super) fn set(&mut self, controls: &CompressorControls<'_>, part: Part) {
        let Part { start, frames } = part;
        self.threshold_db
            .fill(controls.threshold_db, start, frames, |db| db);
        self.slope.fill(controls.ratio, start, frames, |ratio| {
            1.0 - 1.0 / ratio.max(1.0)
        });
        self.knee_db
            .fill(controls.knee_db, start, frames, |db| db.max(0.0));
        self.bend.fill(controls.knee_db, start, frames, |db| {
            0.5 / db.max(KNEE_DB_MIN)
        });
    }

    /// Replaces levels, as amplitudes, by the reductions that the curve asks for, in dB.
    #[inline(always)]
    pub(super) fn reductions<S: Simd>(&self, simd: S, row: &mut Chunk, frames: usize) {
        let registers = row.registers_mut::<S>(frames).iter_mut();
        let thresholds = self.threshold_db.registers::<S>(frames);
        let slopes = self.slope.registers::<S>(frames);
        let knees = self.knee_db.registers::<S>(frames);
        let bends = self.bend.registers::<S>(frames);
        let (zero, half) = (simd.splat_f32s(0.0), simd.splat_f32s(0.5));
        for ((((number, threshold_db), slope), knee_db), bend) in
            registers.zip(thresholds).zip(slopes).zip(knees).zip(bends)
        {
            let over_db = simd.sub_f32s(db_from_amplitude(simd, *number), *threshold_db);
            let within_db = simd.mul_add_e_f32s(half, *knee_db, over_db);
            let within_db = simd.min_f32s(simd.max_f32s(within_db, zero), *knee_db);
            let beyond_db = simd.sub_f32s(over_db, simd.mul_f32s(half, *knee_db));
            let beyond_db = simd.max_f32s(beyond_db, zero);
            let bent = simd.mul_f32s(within_db, *bend);
            let reached_db = simd.mul_add_e_f32s(bent, within_db, beyond_db);
            *number = simd.mul_f32s(*slope, reached_db);
        }
    }
}
