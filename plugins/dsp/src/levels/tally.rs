//! Tally: sums, squares, variation, extent and clipped samples, in lanes.
//!
//! In: finite samples, each with the one before it, and their place within a run. Out: totals.
//!
//! Sample n always goes to lane n mod `LANES`, wherever its block starts: that keeps the figures
//! independent of blocks, and lets the compiler work on all lanes at once.

use crate::sum::CompensatedSum;

/// Lanes side by side.
const LANES: usize = 8;
/// Squares of 24-bit samples are whole multiples of 2^-46 up to 1: 2^7 of them fit into the 53
/// bits of an `f64`.
const EXACT_SQUARES: usize = 128;
/// After so many frames the lanes are carried into the compensated sums.
pub(super) const RUN_FRAMES: usize = LANES * EXACT_SQUARES;

/// The lanes of the run under way, and the totals of the runs before.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    sums: [f64; LANES],
    squares: [f64; LANES],
    variations: [f64; LANES],
    minimum: [f32; LANES],
    maximum: [f32; LANES],
    clipped: [u32; LANES],
    carried_sum: CompensatedSum,
    carried_squares: CompensatedSum,
    carried_variation: CompensatedSum,
    carried_clipped: u64,
    non_finite: u64,
}

/// What the lanes come to.
pub(super) struct Totals {
    pub(super) sum: f64,
    pub(super) squares: f64,
    /// The sum of the distances from each sample to the next.
    pub(super) variation: CompensatedSum,
    pub(super) minimum: f32,
    pub(super) maximum: f32,
    pub(super) clipped: u64,
    pub(super) non_finite: u64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            sums: [0.0; LANES],
            squares: [0.0; LANES],
            variations: [0.0; LANES],
            minimum: [f32::INFINITY; LANES],
            maximum: [f32::NEG_INFINITY; LANES],
            clipped: [0; LANES],
            carried_sum: CompensatedSum::default(),
            carried_squares: CompensatedSum::default(),
            carried_variation: CompensatedSum::default(),
            carried_clipped: 0,
            non_finite: 0,
        }
    }
}

impl Tally {
    /// Adds all samples but the first, which is the one before them. They start at `place` in the
    /// run and do not pass its end.
    #[inline(always)]
    pub(super) fn add(&mut self, around: &[f32], place: usize, clip_limit: f32) {
        let frames = around.len() - 1;
        let head = ((LANES - place % LANES) % LANES).min(frames);
        let rows = head + (frames - head) / LANES * LANES;
        for frame in 0..head {
            self.add_to_lane((place + frame) % LANES, &around[frame..], clip_limit);
        }
        self.add_rows(&around[head..=rows], clip_limit);
        for frame in rows..frames {
            self.add_to_lane(frame - rows, &around[frame..], clip_limit);
        }
    }

    /// Whole rows, the first of them in lane 0. Everything is taken out of `self` meanwhile, so
    /// that it stays in registers.
    #[inline(always)]
    fn add_rows(&mut self, around: &[f32], clip_limit: f32) {
        let (mut sums, mut squares, mut variations) = (self.sums, self.squares, self.variations);
        let (mut minimum, mut maximum) = (self.minimum, self.maximum);
        let mut clipped = self.clipped;
        let (rows, _) = around[1..].as_chunks::<LANES>();
        for (row, before) in rows.iter().zip(around.as_chunks::<LANES>().0) {
            for lane in 0..LANES {
                let (wide, wide_before) = (f64::from(row[lane]), f64::from(before[lane]));
                sums[lane] += wide;
                squares[lane] += wide * wide;
                variations[lane] += (wide - wide_before).abs();
            }
            for lane in 0..LANES {
                minimum[lane] = smaller(row[lane], minimum[lane]);
                maximum[lane] = larger(row[lane], maximum[lane]);
                clipped[lane] += is_clipped(row[lane], clip_limit);
            }
        }
        (self.sums, self.squares, self.variations) = (sums, squares, variations);
        (self.minimum, self.maximum, self.clipped) = (minimum, maximum, clipped);
    }

    pub(super) fn add_non_finite(&mut self, count: u64) {
        self.non_finite += count;
    }

    /// Moves the lanes' sums to the totals, at the end of a run.
    pub(super) fn carry(&mut self) {
        for lane in 0..LANES {
            self.carried_sum.add(self.sums[lane]);
            self.carried_squares.add(self.squares[lane]);
            self.carried_variation.add(self.variations[lane]);
            self.carried_clipped += u64::from(self.clipped[lane]);
        }
        self.sums = [0.0; LANES];
        self.squares = [0.0; LANES];
        self.variations = [0.0; LANES];
        self.clipped = [0; LANES];
    }

    /// Everything added so far, which must be something for minimum and maximum to mean anything.
    pub(super) fn totals(&self) -> Totals {
        let mut carried = self.clone();
        carried.carry();
        Totals {
            sum: carried.carried_sum.value(),
            squares: carried.carried_squares.value(),
            variation: carried.carried_variation,
            minimum: self.minimum.iter().copied().fold(f32::INFINITY, f32::min),
            maximum: self
                .maximum
                .iter()
                .copied()
                .fold(f32::NEG_INFINITY, f32::max),
            clipped: carried.carried_clipped,
            non_finite: self.non_finite,
        }
    }

    /// Adds the second of two samples.
    #[inline(always)]
    fn add_to_lane(&mut self, lane: usize, around: &[f32], clip_limit: f32) {
        let (before, sample) = (around[0], around[1]);
        let wide = f64::from(sample);
        self.sums[lane] += wide;
        self.squares[lane] += wide * wide;
        self.variations[lane] += (wide - f64::from(before)).abs();
        self.minimum[lane] = smaller(sample, self.minimum[lane]);
        self.maximum[lane] = larger(sample, self.maximum[lane]);
        self.clipped[lane] += is_clipped(sample, clip_limit);
    }
}

// Written as comparisons: the samples are finite, so the care of `min` for NaN is not needed.

#[inline(always)]
fn smaller(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[inline(always)]
fn is_clipped(sample: f32, clip_limit: f32) -> u32 {
    u32::from(sample >= clip_limit) | u32::from(sample <= -1.0)
}
