//! True peak: the largest magnitude between the samples, as far as four points each tell.
//!
//! In: the samples of one channel. Out: the largest magnitude of the oversampled signal.
//!
//! Source: ITU-R BS.1770-5, Annex 2: a polyphase interpolating filter of 4 phases of 12 taps; at
//! 96 kHz and more 2 phases of 24, at 192 kHz and more the samples themselves. The annex gives
//! one set of taps as an example and leaves others open. These are a sinc under a Hann window of
//! 49 points, whose phase 0 is the signal itself: a true peak is never below the sample peak.
//!
//! The sum of the taps' magnitudes bounds what a phase can make of its input. A group of frames
//! that cannot reach the peak found before is not interpolated, which changes no result and spares
//! most of the work in music.

mod detector;
mod phases;
mod strict;

pub use detector::{Detector, DetectorError};

use crate::cpu;
use crate::lanes::{Kernel, LANES_MAX, Lanes, run};
use crate::stretch::{GROUP_FRAMES, PAST_FRAMES, Past, STRETCH_FRAMES, Stretch};
use phases::{Grid, Points};
use pulp::Arch;

/// Follows the true peak of one channel. It owns its history and allocates nothing.
#[derive(Clone, Debug)]
pub struct TruePeak {
    level: Arch,
    grid: Grid,
    past: Past,
    peak: f32,
}

impl TruePeak {
    /// A meter that has heard silence only, for a sample rate in Hz. Thread: control.
    #[must_use]
    pub fn new(sample_rate_hz: u32) -> Self {
        Self::on(cpu::arch(), sample_rate_hz)
    }

    /// The same with the instructions of a level. Levels agree to a millionth of the largest
    /// sample. Any thread.
    #[must_use]
    pub fn on(level: Arch, sample_rate_hz: u32) -> Self {
        Self {
            level,
            grid: Grid::at_rate(sample_rate_hz),
            past: [0.0; PAST_FRAMES],
            peak: 0.0,
        }
    }

    /// Measures the samples that follow those measured before. How a stream is divided into
    /// calls changes no bit. A NaN counts as 0; infinities make the peak infinite; between the
    /// samples magnitudes above 1e30 count as 1e30.
    ///
    /// The filter looks 6 samples ahead (12 at two points a sample), so what lies between the
    /// stream's last samples counts when as many zeros are fed.
    ///
    /// Thread: any, the audio thread included.
    pub fn feed(&mut self, samples: &[f32]) {
        for samples in samples.chunks(STRETCH_FRAMES) {
            let stretch = Stretch::new(self.level, &self.past, samples);
            if stretch.infinite() > 0 {
                self.peak = f32::INFINITY;
            }
            self.hear(&stretch);
        }
    }

    /// The largest magnitude so far; 1 is full scale. Any thread.
    #[must_use]
    pub fn peak(&self) -> f32 {
        self.peak
    }

    /// The largest magnitude since the start or the last call, from where it counts anew: for
    /// peaks of one stretch after the other. What lies between the last 6 samples (12 at two
    /// points a sample) counts to the next stretch.
    ///
    /// Thread: any, the audio thread included.
    pub fn take_peak(&mut self) -> f32 {
        std::mem::take(&mut self.peak)
    }

    /// Forgets everything heard.
    ///
    /// Thread: any, the audio thread included.
    pub fn reset(&mut self) {
        self.past = [0.0; PAST_FRAMES];
        self.peak = 0.0;
    }

    /// The samples that the next stretch begins with.
    pub(crate) fn past(&self) -> &Past {
        &self.past
    }

    /// Measures a stretch that was made behind `past`.
    pub(crate) fn hear(&mut self, stretch: &Stretch) {
        let peak = self.peak.max(stretch.largest());
        self.peak = match &self.grid {
            Grid::Once => peak,
            Grid::Twice(points) => run(
                self.level,
                Highest {
                    points,
                    stretch,
                    peak,
                },
            ),
            Grid::FourTimes(points) => run(
                self.level,
                Highest {
                    points,
                    stretch,
                    peak,
                },
            ),
        };
        self.past.copy_from_slice(stretch.past());
    }
}

/// Finds the larger of a peak and all points of a stretch.
struct Highest<'a, P> {
    points: &'a P,
    stretch: &'a Stretch,
    peak: f32,
}

impl<P: Points> Kernel for Highest<'_, P> {
    type Output = f32;

    #[inline(always)]
    fn run<L: Lanes>(mut self, lanes: L) -> f32 {
        let groups = self.stretch.groups();
        // The loudest first: most of the others can then be passed over.
        let mut loudest = 0;
        for group in 1..groups {
            if self.stretch.reach(group) > self.stretch.reach(loudest) {
                loudest = group;
            }
        }
        for group in [loudest].into_iter().chain(0..groups) {
            if self.stretch.reach(group) * self.points.bound() > self.peak {
                self.peak = self.highest_of_group(lanes, group * GROUP_FRAMES);
            }
        }
        self.peak
    }
}

impl<P: Points> Highest<'_, P> {
    #[inline(always)]
    fn highest_of_group<L: Lanes>(&self, lanes: L, start: usize) -> f32 {
        let end = self.stretch.now().len().min(start + GROUP_FRAMES);
        let mut highest = lanes.splat(self.peak);
        for first in (start..end).step_by(L::COUNT) {
            let around = self.stretch.around(first, P::TAPS - 1);
            let row = self.points.highest(lanes, around);
            if first + L::COUNT <= end {
                highest = lanes.max(row, highest);
            } else {
                // What follows the last frame is not known yet.
                let mut numbers = [0.0; LANES_MAX];
                lanes.store(row, &mut numbers);
                numbers[end - first..].fill(0.0);
                highest = lanes.max(lanes.load(&numbers), highest);
            }
        }
        lanes.largest(highest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::levels;
    use phases::{HALF_WIDTH, windowed_sinc};
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// The peak, which no level may take for more than a millionth higher or lower than another.
    fn peak_of(blocks: &[&[f32]], sample_rate_hz: u32) -> f32 {
        let peaks = levels().into_iter().map(|level| {
            let mut meter = TruePeak::on(level, sample_rate_hz);
            for block in blocks {
                meter.feed(block);
            }
            meter.peak()
        });
        let peaks: Vec<f32> = peaks.collect();
        let agree = |peak: &f32| *peak == peaks[0] || (peak - peaks[0]).abs() <= 1e-6 * peaks[0];
        assert!(peaks.iter().all(agree), "{peaks:?}");
        peaks[peaks.len() - 1]
    }

    /// All points of all phases, one after the other, without any short cut.
    fn plainly(samples: &[f32], points_per_sample: i64) -> f32 {
        let mut peak = samples.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        for point in 0..samples.len() as i64 * points_per_sample {
            let sum: f64 = (0..samples.len() as i64)
                .map(|n| (n, point - HALF_WIDTH as i64 - n * points_per_sample))
                .filter(|(_, distance)| distance.abs() <= HALF_WIDTH as i64)
                .map(|(n, distance)| {
                    let weight = windowed_sinc(distance as f64, points_per_sample as usize);
                    f64::from(samples[n as usize]) * weight
                })
                .sum();
            peak = peak.max(sum.abs() as f32);
        }
        peak
    }

    proptest! {
        #[test]
        fn the_division_into_blocks_changes_no_bit(
            samples in vec(-1.0..1.0_f32, 0..1_500),
            cuts in vec(0..1_500_usize, 0..6),
            sample_rate_hz in prop::sample::select(vec![8_000_u32, 48_000, 96_000, 192_000]),
        ) {
            let mut cuts = cuts;
            cuts.sort_unstable();
            for level in levels() {
                let mut meters = [0; 3].map(|_| TruePeak::on(level, sample_rate_hz));
                let [whole, parted, frame_by_frame] = &mut meters;
                whole.feed(&samples);
                let mut from = 0;
                for to in cuts.iter().map(|cut| *cut.min(&samples.len())).chain([samples.len()]) {
                    parted.feed(&samples[from..to]);
                    from = to;
                }
                samples.chunks(1).for_each(|sample| frame_by_frame.feed(sample));
                let bits = meters.map(|meter| meter.peak().to_bits());
                prop_assert_eq!(bits, [bits[0]; 3], "{:?}", level);
            }
        }

        #[test]
        fn the_peak_is_that_of_all_points(
            samples in vec(-1.0..1.0_f32, 0..700),
            loud in 0..700_usize,
        ) {
            // One sample ten times as loud makes most chunks skippable.
            let mut samples = samples;
            if let Some(sample) = samples.get_mut(loud) {
                *sample *= 10.0;
            }
            for (sample_rate_hz, points) in [(48_000, 4), (96_000, 2), (192_000, 1)] {
                let expected = plainly(&samples, points);
                let found = peak_of(&[&samples], sample_rate_hz);
                prop_assert!((found - expected).abs() <= 1e-5 * expected, "{found} {expected}");
            }
        }

        #[test]
        fn the_peaks_of_all_stretches_make_the_peak(
            samples in vec(-1.0..1.0_f32, 0..2000),
            stretch in 1..500_usize,
            sample_rate_hz in prop::sample::select(vec![48_000_u32, 96_000, 192_000]),
        ) {
            let best = *levels().last().expect("plain is a level");
            let mut meter = TruePeak::on(best, sample_rate_hz);
            let peaks: Vec<f32> = samples
                .chunks(stretch)
                .map(|chunk| {
                    meter.feed(chunk);
                    meter.take_peak()
                })
                .collect();
            prop_assert_eq!(meter.take_peak(), 0.0);
            let largest = peaks.into_iter().fold(0.0, f32::max);
            prop_assert_eq!(largest.to_bits(), peak_of(&[&samples], sample_rate_hz).to_bits());
        }

        #[test]
        fn any_input_at_all_is_survived(samples in vec(prop::num::f32::ANY, 0..300)) {
            for sample_rate_hz in [0, 1, 48_000, 96_000, 768_000, u32::MAX] {
                prop_assert!(!peak_of(&[&samples], sample_rate_hz).is_nan());
            }
        }
    }

    #[test]
    fn a_nan_counts_as_zero_and_an_infinity_is_infinite() {
        let with = |hole: f32| [0.9, -0.9, 0.9, hole, -0.9, -0.9, 0.9].repeat(4);
        for sample_rate_hz in [48_000, 96_000, 192_000] {
            let peaks = [f32::NAN, 0.0].map(|hole| peak_of(&[&with(hole)], sample_rate_hz));
            assert_eq!(peaks[0].to_bits(), peaks[1].to_bits());
        }
        assert_eq!(peak_of(&[&[f32::NEG_INFINITY, 0.0]], 48_000), f32::INFINITY);
    }

    #[test]
    fn reset_forgets_the_peak_and_the_history() {
        let mut meter = TruePeak::new(48_000);
        meter.feed(&[1.0; 20]);
        meter.reset();
        meter.feed(&[0.0; 20]);
        assert_eq!(meter.peak(), 0.0);
    }
}
