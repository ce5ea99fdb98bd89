//! True peak: the largest magnitude between the samples, as far as four points each tell.
//!
//! In: the samples of one channel. Out: the largest magnitude of the oversampled signal.
//!
//! Source: ITU-R BS.1770-5, Annex 2: a polyphase interpolating filter of 4 phases of 12 taps; at
//! 96 kHz and more 2 phases of 24, at 192 kHz and more the samples themselves. The annex gives
//! one set of taps as an example and leaves others open. These are a sinc under a Hann window of
//! 49 points, whose phase 0 is the signal itself: a true peak is never below the sample peak.
//!
//! The sum of the taps' magnitudes bounds what a phase can make of its input. A chunk that cannot
//! reach the peak found before is not interpolated, which changes no result and spares most of
//! the work in music.

mod detector;
mod phases;

pub use detector::{Detector, DetectorError};

use phases::{PHASES_MAX, Phases, TAPS_MAX};

/// From this rate on, two points for each sample are enough.
const TWICE_FROM_HZ: u32 = 96_000;
/// From this rate on, the samples themselves are enough.
const ONCE_FROM_HZ: u32 = 192_000;
/// Frames that are interpolated at a time.
const CHUNK_FRAMES: usize = 256;
/// Frames side by side in one step.
const LANES: usize = 8;

/// Follows the true peak of one channel. It owns its history and allocates nothing.
#[derive(Clone, Debug)]
pub struct TruePeak {
    interpolator: Interpolator,
    /// The last `TAPS_MAX - 1` samples, oldest first.
    history: [f32; TAPS_MAX - 1],
    peak: f32,
}

/// The phases that a sample rate asks for.
#[derive(Clone, Debug)]
enum Interpolator {
    Once,
    Twice(Phases<1, TAPS_MAX>),
    FourTimes(Phases<PHASES_MAX, { TAPS_MAX / 2 }>),
}

impl TruePeak {
    /// A meter that has heard silence only, for a sample rate in Hz. Any thread.
    #[must_use]
    pub fn new(sample_rate_hz: u32) -> Self {
        let interpolator = match sample_rate_hz {
            ONCE_FROM_HZ.. => Interpolator::Once,
            TWICE_FROM_HZ.. => Interpolator::Twice(Phases::new()),
            _ => Interpolator::FourTimes(Phases::new()),
        };
        Self {
            interpolator,
            history: [0.0; TAPS_MAX - 1],
            peak: 0.0,
        }
    }

    /// Measures the samples that follow those measured before. How a stream is divided into
    /// calls changes no bit. A NaN counts as 0; infinities make the peak infinite.
    ///
    /// The filter looks 6 samples ahead (12 at two points a sample), so what lies between the
    /// stream's last samples counts when as many zeros are fed.
    ///
    /// Thread: any, the audio thread included.
    pub fn feed(&mut self, samples: &[f32]) {
        for chunk in samples.chunks(CHUNK_FRAMES) {
            self.feed_chunk(chunk);
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
        self.history = [0.0; TAPS_MAX - 1];
        self.peak = 0.0;
    }

    fn feed_chunk(&mut self, chunk: &[f32]) {
        let mut signal = [0.0; TAPS_MAX - 1 + CHUNK_FRAMES];
        let (before, now) = signal.split_at_mut(TAPS_MAX - 1);
        before.copy_from_slice(&self.history);
        for (to, from) in now.iter_mut().zip(chunk) {
            *to = if from.is_nan() { 0.0 } else { *from };
        }
        let signal = &signal[..TAPS_MAX - 1 + chunk.len()];
        self.peak = match &self.interpolator {
            Interpolator::Once => largest(signal, self.peak),
            Interpolator::Twice(phases) => phases.largest(signal, self.peak),
            Interpolator::FourTimes(phases) => phases.largest(signal, self.peak),
        };
        self.history.copy_from_slice(&signal[chunk.len()..]);
    }
}

impl<const PHASES: usize, const TAPS: usize> Phases<PHASES, TAPS> {
    /// The larger of `peak` and what the signal reaches, behind its first `TAPS_MAX - 1` samples.
    fn largest(&self, signal: &[f32], peak: f32) -> f32 {
        let reach = largest(signal, 0.0);
        let peak = peak.max(largest(&signal[TAPS_MAX - 1..], 0.0));
        if reach * self.bound <= peak {
            return peak;
        }
        let signal = &signal[TAPS_MAX - TAPS..];
        let frames = signal.len() - (TAPS - 1);
        let in_lanes = frames - frames % LANES;
        let peak = self.largest_in_steps::<LANES>(&signal[..in_lanes + TAPS - 1], peak);
        self.largest_in_steps::<1>(&signal[in_lanes..], peak)
    }

    /// Steps of `WIDTH` frames, each frame's sum in the order of the taps, whatever the width.
    fn largest_in_steps<const WIDTH: usize>(&self, signal: &[f32], peak: f32) -> f32 {
        let frames = signal.len() - (TAPS - 1);
        let mut peaks = [peak; WIDTH];
        for first in (0..frames).step_by(WIDTH) {
            let around = &signal[first..first + WIDTH + TAPS - 1];
            for taps in &self.taps {
                let mut sums = [0.0_f32; WIDTH];
                for (place, tap) in taps.iter().enumerate() {
                    let shifted = &around[place..place + WIDTH];
                    for (sum, sample) in sums.iter_mut().zip(shifted) {
                        *sum += tap * sample;
                    }
                }
                for (peak, sum) in peaks.iter_mut().zip(sums) {
                    *peak = if sum.abs() > *peak { sum.abs() } else { *peak };
                }
            }
        }
        peaks.into_iter().fold(peak, f32::max)
    }
}

/// The largest magnitude of the samples, at least `peak`.
fn largest(samples: &[f32], peak: f32) -> f32 {
    let mut lanes = [peak; LANES];
    let (rows, rest) = samples.as_chunks::<LANES>();
    for row in rows {
        for (lane, sample) in lanes.iter_mut().zip(row) {
            *lane = if sample.abs() > *lane {
                sample.abs()
            } else {
                *lane
            };
        }
    }
    let rest = rest.iter().map(|sample| sample.abs());
    lanes.into_iter().chain(rest).fold(peak, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use phases::{HALF_WIDTH, windowed_sinc};
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn peak_of(blocks: &[&[f32]], sample_rate_hz: u32) -> f32 {
        let mut meter = TruePeak::new(sample_rate_hz);
        for block in blocks {
            meter.feed(block);
        }
        meter.peak()
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
            samples in vec(-1.0..1.0_f32, 0..900),
            cut in 0..900_usize,
            sample_rate_hz in prop::sample::select(vec![8_000_u32, 48_000, 96_000, 192_000]),
        ) {
            let whole = peak_of(&[&samples], sample_rate_hz);
            let (head, tail) = samples.split_at(cut.min(samples.len()));
            prop_assert_eq!(peak_of(&[head, tail], sample_rate_hz).to_bits(), whole.to_bits());
            let frame_by_frame: Vec<&[f32]> = samples.chunks(1).collect();
            prop_assert_eq!(peak_of(&frame_by_frame, sample_rate_hz).to_bits(), whole.to_bits());
        }

        #[test]
        fn the_peak_is_that_of_all_points(
            samples in vec(-1.0..1.0_f32, 0..300),
            loud in 0..300_usize,
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
            let mut meter = TruePeak::new(sample_rate_hz);
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
