//! Channel: weights one channel and sums its energy; follows its peaks.
//!
//! In: the samples of one channel. Out: the energy since it was last taken, and peaks.

use crate::eq::Cascade;
use crate::loudness::speaker::ChannelWeight;
use crate::loudness::weighting::k_weighting;
use crate::true_peak::TruePeak;

/// Frames worked on at a time.
const CHUNK_FRAMES: usize = 256;
/// Sums side by side, each for every fourth frame, so that none waits for the one before.
const LANES: usize = 4;
/// Samples beyond this count as this, +600 dB: their squares must stay finite.
const MAGNITUDE_MAX: f32 = 1e30;

/// The highest points of a stretch of one channel; 1 is full scale.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Peaks {
    pub(super) sample: f32,
    pub(super) true_peak: f32,
}

/// One channel of a loudness meter.
#[derive(Clone, Debug)]
pub(super) struct Channel {
    factor: f64,
    k_weighting: Cascade,
    squares: [f64; LANES],
    lane: usize,
    sample_peak: f32,
    true_peak: TruePeak,
    /// Of all stretches that were taken; the two above are of the one under way.
    taken: Peaks,
    non_finite: u64,
}

impl Channel {
    pub(super) fn new(sample_rate_hz: u32, weight: ChannelWeight) -> Self {
        let sections = k_weighting(f64::from(sample_rate_hz));
        Self {
            factor: weight.factor(),
            k_weighting: Cascade::new(&sections).expect("two sections fit into a cascade"),
            squares: [0.0; LANES],
            lane: 0,
            sample_peak: 0.0,
            true_peak: TruePeak::new(sample_rate_hz),
            taken: Peaks::default(),
            non_finite: 0,
        }
    }

    pub(super) fn feed(&mut self, samples: &[f32]) {
        for chunk in samples.chunks(CHUNK_FRAMES) {
            let mut finite = [0.0; CHUNK_FRAMES];
            let finite = &mut finite[..chunk.len()];
            self.non_finite += copy_finite(chunk, finite);
            for sample in &*finite {
                let magnitude = sample.abs();
                self.sample_peak = if magnitude > self.sample_peak {
                    magnitude
                } else {
                    self.sample_peak
                };
            }
            self.true_peak.feed(finite);
            if self.factor != 0.0 {
                self.add_squares(finite);
            }
        }
    }

    /// The weighted energy of all frames since the last call.
    pub(super) fn take_energy(&mut self) -> f64 {
        let sum: f64 = self.squares.iter().sum();
        self.squares = [0.0; LANES];
        self.lane = 0;
        self.factor * sum
    }

    /// The peaks of the whole programme.
    pub(super) fn peaks(&self) -> Peaks {
        Peaks {
            sample: self.taken.sample.max(self.sample_peak),
            true_peak: self.taken.true_peak.max(self.true_peak.peak()),
        }
    }

    /// The peaks since the last call.
    pub(super) fn take_peaks(&mut self) -> Peaks {
        self.taken = self.peaks();
        Peaks {
            sample: std::mem::take(&mut self.sample_peak),
            true_peak: self.true_peak.take_peak(),
        }
    }

    pub(super) fn non_finite(&self) -> u64 {
        self.non_finite
    }

    pub(super) fn reset(&mut self) {
        self.k_weighting.reset();
        self.squares = [0.0; LANES];
        self.lane = 0;
        self.sample_peak = 0.0;
        self.true_peak.reset();
        self.taken = Peaks::default();
        self.non_finite = 0;
    }

    fn add_squares(&mut self, samples: &[f32]) {
        let mut wide = [0.0; CHUNK_FRAMES];
        let wide = &mut wide[..samples.len()];
        for (wide, sample) in wide.iter_mut().zip(samples) {
            *wide = f64::from(*sample);
        }
        self.k_weighting.process_wide(wide);
        let head = (LANES - self.lane) % LANES;
        let (head, rest) = wide.split_at(head.min(wide.len()));
        for y in head {
            self.squares[self.lane] += y * y;
            self.lane = (self.lane + 1) % LANES;
        }
        let (rows, tail) = rest.as_chunks::<LANES>();
        for row in rows {
            for (square, y) in self.squares.iter_mut().zip(row) {
                *square += y * y;
            }
        }
        for y in tail {
            self.squares[self.lane] += y * y;
            self.lane += 1;
        }
    }
}

/// Copies samples with NaN and infinities as 0 and magnitudes bounded, and counts the former.
fn copy_finite(from: &[f32], to: &mut [f32]) -> u64 {
    let mut non_finite = 0;
    for (to, from) in to.iter_mut().zip(from) {
        let is_finite = from.is_finite();
        *to = if is_finite {
            from.clamp(-MAGNITUDE_MAX, MAGNITUDE_MAX)
        } else {
            0.0
        };
        non_finite += u64::from(!is_finite);
    }
    non_finite
}
