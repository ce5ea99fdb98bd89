//! Channel: follows the peaks of one channel, and makes its samples fit to be measured.
//!
//! In: the samples of one channel. Out: the same as a stretch; peaks.

use crate::stretch::Stretch;
use crate::true_peak::TruePeak;
use pulp::Arch;

/// The highest points of a stretch of one channel; 1 is full scale.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Peaks {
    pub(super) sample: f32,
    pub(super) true_peak: f32,
}

/// One channel of a loudness meter.
#[derive(Clone, Debug)]
pub(super) struct Channel {
    level: Arch,
    sample_peak: f32,
    true_peak: TruePeak,
    /// Of all stretches that were taken; the two above are of the one under way.
    taken: Peaks,
    non_finite: u64,
}

impl Channel {
    pub(super) fn new(level: Arch, sample_rate_hz: u32) -> Self {
        Self {
            level,
            sample_peak: 0.0,
            true_peak: TruePeak::on(level, sample_rate_hz),
            taken: Peaks::default(),
            non_finite: 0,
        }
    }

    /// At most `STRETCH_FRAMES` samples.
    pub(super) fn feed(&mut self, samples: &[f32]) -> Stretch {
        let stretch = Stretch::new(self.level, self.true_peak.past(), samples);
        self.sample_peak = self.sample_peak.max(stretch.largest());
        self.non_finite += stretch.non_finite();
        self.true_peak.hear(&stretch);
        stretch
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
        self.sample_peak = 0.0;
        self.true_peak.reset();
        self.taken = Peaks::default();
        self.non_finite = 0;
    }
}
