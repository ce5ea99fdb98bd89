//! Tally: sums, squares, extent and clipped samples, in lanes.
//!
//! In: finite samples and their place within a run. Out: totals.
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
    minimum: [f32; LANES],
    maximum: [f32; LANES],
    clipped: [u32; LANES],
    carried_sum: CompensatedSum,
    carried_squares: CompensatedSum,
    carried_clipped: u64,
    non_finite: u64,
}

/// What the lanes come to.
pub(super) struct Totals {
    pub(super) sum: f64,
    pub(super) squares: f64,
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
            minimum: [f32::INFINITY; LANES],
            maximum: [f32::NEG_INFINITY; LANES],
            clipped: [0; LANES],
            carried_sum: CompensatedSum::default(),
            carried_squares: CompensatedSum::default(),
            carried_clipped: 0,
            non_finite: 0,
        }
    }
}

impl Tally {
    /// Adds samples that start at `place` in the run and do not pass its end.
    pub(super) fn add(&mut self, samples: &[f32], place: usize, clip_limit: f32) {
        let head = (LANES - place % LANES) % LANES;
        let (head, rest) = samples.split_at(head.min(samples.len()));
        for (index, sample) in head.iter().enumerate() {
            self.add_to_lane((place + index) % LANES, *sample, clip_limit);
        }
        let (rows, tail) = rest.as_chunks();
        for row in rows {
            self.add_row(row, clip_limit);
        }
        for (lane, sample) in tail.iter().enumerate() {
            self.add_to_lane(lane, *sample, clip_limit);
        }
    }

    pub(super) fn add_non_finite(&mut self, count: u64) {
        self.non_finite += count;
    }

    /// Moves the lanes' sums to the totals, at the end of a run.
    pub(super) fn carry(&mut self) {
        for lane in 0..LANES {
            self.carried_sum.add(self.sums[lane]);
            self.carried_squares.add(self.squares[lane]);
            self.carried_clipped += u64::from(self.clipped[lane]);
        }
        self.sums = [0.0; LANES];
        self.squares = [0.0; LANES];
        self.clipped = [0; LANES];
    }

    /// Everything added so far, which must be something for minimum and maximum to mean anything.
    pub(super) fn totals(&self) -> Totals {
        let mut carried = self.clone();
        carried.carry();
        Totals {
            sum: carried.carried_sum.value(),
            squares: carried.carried_squares.value(),
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

    #[inline(always)]
    fn add_row(&mut self, row: &[f32; LANES], clip_limit: f32) {
        for (lane, sample) in row.iter().enumerate() {
            self.add_to_lane(lane, *sample, clip_limit);
        }
    }

    #[inline(always)]
    fn add_to_lane(&mut self, lane: usize, sample: f32, clip_limit: f32) {
        let wide = f64::from(sample);
        self.sums[lane] += wide;
        self.squares[lane] += wide * wide;
        // Written as comparisons: the samples are finite, so `min`'s care for NaN is not needed.
        let (low, high) = (self.minimum[lane], self.maximum[lane]);
        self.minimum[lane] = if sample < low { sample } else { low };
        self.maximum[lane] = if sample > high { sample } else { high };
        self.clipped[lane] += u32::from(sample >= clip_limit || sample <= -1.0);
    }
}
