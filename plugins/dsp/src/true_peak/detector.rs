//! Detector: how high the signal goes around each frame, between the samples included.
//!
//! In: all channels of a signal. Out: one envelope, a number for each input frame, some frames
//! late: what a true-peak limiter needs to know before it lets a frame pass.
//!
//! The filters are those of `TruePeak`, so the largest number of an envelope is the true peak.

use crate::true_peak::phases::{PHASES_MAX, Phases, TAPS_MAX};
use crate::true_peak::{ONCE_FROM_HZ, TWICE_FROM_HZ};
use thiserror::Error;

/// Frames worked on at a time.
const CHUNK_FRAMES: usize = 256;
/// Samples beyond this count as this, +600 dB: sums over them must stay finite.
const MAGNITUDE_MAX: f32 = 1e30;
/// What sums over such samples stay below: twice as much as all taps of a phase can make of them.
const GAP_MAX: f32 = 8.0 * MAGNITUDE_MAX;

/// Why a detector's state cannot be saved or loaded.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum DetectorError {
    /// The buffer does not hold the state of exactly this detector.
    #[error("peak detector state has {found} numbers, expected {expected}")]
    StateLength {
        /// The length that was given.
        found: usize,
        /// The length that fits.
        expected: usize,
    },
    /// The state has a number that no running detector has.
    #[error(
        "peak detector state number {index} is out of range, expected a finite number of this \
         detector"
    )]
    StateValue {
        /// Where it stands.
        index: usize,
    },
}

/// The envelope of a signal on the oversampled grid. It owns its history; only `new` allocates.
#[derive(Clone, Debug)]
pub struct Detector {
    grid: Grid,
    /// Of each channel the last `TAPS_MAX - 1` samples, oldest first.
    histories: Vec<[f32; TAPS_MAX - 1]>,
    /// The highest point between the last frame answered and the one after it.
    gap: f32,
}

/// The points between two samples.
#[derive(Clone, Debug)]
enum Grid {
    Once,
    Twice(Phases<1, TAPS_MAX>),
    FourTimes(Phases<PHASES_MAX, { TAPS_MAX / 2 }>),
}

impl Detector {
    /// A detector that has heard silence only, for so many channels at a sample rate in Hz.
    /// Allocates; any thread.
    #[must_use]
    pub fn new(channels: usize, sample_rate_hz: u32) -> Self {
        Self {
            grid: match sample_rate_hz {
                ONCE_FROM_HZ.. => Grid::Once,
                TWICE_FROM_HZ.. => Grid::Twice(Phases::new()),
                _ => Grid::FourTimes(Phases::new()),
            },
            histories: vec![[0.0; TAPS_MAX - 1]; channels],
            gap: 0.0,
        }
    }

    /// How many frames the envelope is late, which the sample rate alone decides: 6 below 96 kHz,
    /// 12 below 192 kHz, 0 from there on. Any thread.
    #[must_use]
    pub const fn latency_frames(&self) -> usize {
        match self.grid {
            Grid::Once => 0,
            Grid::Twice(_) => TAPS_MAX / 2,
            Grid::FourTimes(_) => TAPS_MAX / 4,
        }
    }

    /// How many channels it listens to. Any thread.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.histories.len()
    }

    /// Writes `peaks[n]`: the largest magnitude, over all channels, of the frame that came
    /// `latency_frames` before input frame n and of all points on the oversampled grid between
    /// its two neighbours; 1 is full scale. So a point between two frames counts to both.
    ///
    /// As many frames as the shortest of the slices has; channels beyond those of `new` are not
    /// looked at, missing ones are silent. How a stream is divided into calls changes no bit.
    /// Non-finite samples count as 0, magnitudes above 1e30 as 1e30.
    ///
    /// Thread: any, the audio thread included.
    pub fn process(&mut self, inputs: &[&[f32]], peaks: &mut [f32]) {
        let frames = inputs.iter().map(|input| input.len()).min();
        let frames = frames.unwrap_or(peaks.len()).min(peaks.len());
        let mut start = 0;
        while start < frames {
            let end = frames.min(start + CHUNK_FRAMES);
            self.process_chunk(inputs, start, &mut peaks[start..end]);
            start = end;
        }
    }

    /// Forgets everything heard.
    ///
    /// Thread: any, the audio thread included.
    pub fn reset(&mut self) {
        self.histories.fill([0.0; TAPS_MAX - 1]);
        self.gap = 0.0;
    }

    /// How many numbers `save` writes and `load` reads. Any thread.
    #[must_use]
    pub fn state_len(&self) -> usize {
        self.histories.len() * self.history_frames() + 1
    }

    /// Writes the running state as plain finite numbers; a detector of the same rate and channels
    /// that loads them goes on bit for bit as this one would.
    ///
    /// Thread: any, the audio thread included.
    ///
    /// # Errors
    /// `StateLength` unless `numbers` has room for exactly `state_len`.
    pub fn save(&self, numbers: &mut [f32]) -> Result<(), DetectorError> {
        self.check_length(numbers.len())?;
        let kept = self.history_frames();
        let (gap, samples) = numbers.split_at_mut(1);
        gap[0] = self.gap;
        for (channel, history) in self.histories.iter().enumerate() {
            samples[channel * kept..][..kept].copy_from_slice(&history[TAPS_MAX - 1 - kept..]);
        }
        Ok(())
    }

    /// Takes over a state that `save` wrote, all of it or nothing.
    ///
    /// Thread: any, the audio thread included.
    ///
    /// # Errors
    /// `StateLength` for another rate or number of channels, `StateValue` for a number that no
    /// running detector has; the detector is then as before.
    pub fn load(&mut self, numbers: &[f32]) -> Result<(), DetectorError> {
        self.check_length(numbers.len())?;
        let (gap, samples) = numbers.split_at(1);
        if !(0.0..=GAP_MAX).contains(&gap[0]) {
            return Err(DetectorError::StateValue { index: 0 });
        }
        let is_possible = |sample: &f32| sample.abs() <= MAGNITUDE_MAX;
        if let Some(index) = samples.iter().position(|sample| !is_possible(sample)) {
            return Err(DetectorError::StateValue { index: index + 1 });
        }
        let kept = self.history_frames();
        self.gap = gap[0];
        for (channel, history) in self.histories.iter_mut().enumerate() {
            *history = [0.0; TAPS_MAX - 1];
            history[TAPS_MAX - 1 - kept..].copy_from_slice(&samples[channel * kept..][..kept]);
        }
        Ok(())
    }

    /// The samples of each channel that later ones are answered with.
    const fn history_frames(&self) -> usize {
        match self.grid {
            Grid::Once => 0,
            Grid::Twice(_) => TAPS_MAX - 1,
            Grid::FourTimes(_) => TAPS_MAX / 2 - 1,
        }
    }

    fn check_length(&self, found: usize) -> Result<(), DetectorError> {
        let expected = self.state_len();
        if found == expected {
            Ok(())
        } else {
            Err(DetectorError::StateLength { found, expected })
        }
    }

    fn process_chunk(&mut self, inputs: &[&[f32]], start: usize, peaks: &mut [f32]) {
        let frames = peaks.len();
        let latency = self.latency_frames();
        // Of each frame the points behind it, those behind the last frame of before in front.
        let mut gaps = [0.0_f32; CHUNK_FRAMES + 1];
        gaps[0] = self.gap;
        peaks.fill(0.0);
        for (channel, history) in self.histories.iter_mut().enumerate() {
            let input = inputs
                .get(channel)
                .map(|input| &input[start..start + frames]);
            let mut signal = [0.0; TAPS_MAX - 1 + CHUNK_FRAMES];
            signal[..TAPS_MAX - 1].copy_from_slice(history);
            copy_finite(input.unwrap_or_default(), &mut signal[TAPS_MAX - 1..]);
            let signal = &signal[..TAPS_MAX - 1 + frames];
            for (peak, sample) in peaks.iter_mut().zip(&signal[TAPS_MAX - 1 - latency..]) {
                *peak = larger(sample.abs(), *peak);
            }
            match &self.grid {
                Grid::Once => {}
                Grid::Twice(phases) => raise(phases, signal, &mut gaps[1..=frames]),
                Grid::FourTimes(phases) => raise(phases, signal, &mut gaps[1..=frames]),
            }
            history.copy_from_slice(&signal[frames..]);
        }
        for (peak, around) in peaks.iter_mut().zip(gaps.windows(2)) {
            *peak = larger(*peak, larger(around[0], around[1]));
        }
        self.gap = gaps[frames];
    }
}

/// Raises each gap to the highest of its points.
fn raise<const PHASES: usize, const TAPS: usize>(
    phases: &Phases<PHASES, TAPS>,
    signal: &[f32],
    gaps: &mut [f32],
) {
    for (gap, around) in gaps.iter_mut().zip(signal[TAPS_MAX - TAPS..].windows(TAPS)) {
        for taps in &phases.taps {
            let sum: f32 = taps.iter().zip(around).map(|(tap, x)| tap * x).sum();
            *gap = larger(sum.abs(), *gap);
        }
    }
}

fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

fn copy_finite(from: &[f32], to: &mut [f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = if from.is_finite() {
            from.clamp(-MAGNITUDE_MAX, MAGNITUDE_MAX)
        } else {
            0.0
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::true_peak::phases::{HALF_WIDTH, windowed_sinc};
    use proptest::collection::vec;
    use proptest::prelude::*;

    const RATES_HZ: [u32; 5] = [44_100, 48_000, 96_000, 176_400, 192_000];

    fn envelope(detector: &mut Detector, channels: &[Vec<f32>], cuts: &[usize]) -> Vec<f32> {
        let frames = channels[0].len();
        let mut peaks = vec![f32::NAN; frames];
        let mut from = 0;
        for to in cuts.iter().map(|cut| cut % (frames + 1)).chain([frames]) {
            let to = to.max(from);
            let inputs: Vec<&[f32]> = channels.iter().map(|samples| &samples[from..to]).collect();
            detector.process(&inputs, &mut peaks[from..to]);
            from = to;
        }
        peaks
    }

    /// All points less than a frame away, one by one in full precision.
    fn plainly(channels: &[Vec<f32>], frame: i64, sample_rate_hz: u32) -> f64 {
        let per_sample = match sample_rate_hz {
            ONCE_FROM_HZ.. => 1,
            TWICE_FROM_HZ.. => 2,
            _ => 4,
        };
        let half_width = HALF_WIDTH as i64;
        let reach = half_width / per_sample;
        let value = |samples: &[f32], point: i64| -> f64 {
            let near = (frame - reach - 1)..=(frame + reach + 1);
            near.filter_map(|n| {
                let sample = samples.get(usize::try_from(n).ok()?)?;
                let distance = point - n * per_sample;
                let tap = windowed_sinc(distance as f64, per_sample as usize);
                (distance.abs() <= half_width).then_some(f64::from(*sample) * tap)
            })
            .sum()
        };
        let points = frame * per_sample + 1 - per_sample..frame * per_sample + per_sample;
        channels
            .iter()
            .flat_map(|samples| points.clone().map(|point| value(samples, point).abs()))
            .fold(0.0, f64::max)
    }

    fn bits(numbers: &[f32]) -> Vec<u32> {
        numbers.iter().map(|number| number.to_bits()).collect()
    }

    fn signal() -> impl Strategy<Value = Vec<Vec<f32>>> {
        (1..5_usize, 0..700_usize)
            .prop_flat_map(|(channels, frames)| vec(vec(-1.0..1.0_f32, frames), channels))
    }

    fn rate() -> impl Strategy<Value = u32> {
        prop::sample::select(RATES_HZ.to_vec())
    }

    proptest! {
        #[test]
        fn each_number_is_the_highest_around_its_frame(channels in signal(), rate in rate()) {
            let mut detector = Detector::new(channels.len(), rate);
            let latency = detector.latency_frames();
            let found = envelope(&mut detector, &channels, &[]);
            for (frame, found) in found.iter().enumerate() {
                let expected = plainly(&channels, frame as i64 - latency as i64, rate);
                prop_assert!((f64::from(*found) - expected).abs() <= 1e-6, "{found} {expected}");
            }
        }

        #[test]
        fn the_division_into_blocks_changes_no_bit(
            channels in signal(),
            cuts in vec(0..700_usize, 0..8),
            rate in rate(),
        ) {
            let mut cuts = cuts;
            cuts.sort_unstable();
            let whole = envelope(&mut Detector::new(channels.len(), rate), &channels, &[]);
            let parts = envelope(&mut Detector::new(channels.len(), rate), &channels, &cuts);
            prop_assert_eq!(bits(&parts), bits(&whole));
        }

        #[test]
        fn a_loaded_state_goes_on_bit_for_bit(channels in signal(), rate in rate()) {
            let mut first = Detector::new(channels.len(), rate);
            envelope(&mut first, &channels, &[]);
            let mut numbers = vec![f32::NAN; first.state_len()];
            first.save(&mut numbers).unwrap();
            let mut second = Detector::new(channels.len(), rate);
            second.load(&numbers).unwrap();
            let goes_on = [&mut first, &mut second].map(|it| bits(&envelope(it, &channels, &[])));
            prop_assert_eq!(&goes_on[0], &goes_on[1]);
        }
    }

    #[test]
    fn a_click_is_answered_at_its_frame_and_reaches_as_far_as_its_neighbours_gaps() {
        for (rate, latency) in [(48_000, 6), (96_000, 12), (192_000, 0)] {
            let mut click = vec![0.0; 40];
            click[10] = -0.5;
            let mut detector = Detector::new(1, rate);
            assert_eq!(detector.latency_frames(), latency);
            let peaks = envelope(&mut detector, &[click], &[]);
            assert_eq!(peaks[10 + latency], 0.5, "{rate} Hz");
            let beside = peaks[9 + latency];
            assert_eq!(beside.to_bits(), peaks[11 + latency].to_bits(), "{rate} Hz");
            assert_eq!(beside > 0.25, rate < 192_000, "{rate} Hz");
        }
    }

    #[test]
    fn any_input_at_all_gives_finite_peaks() {
        let wild = [
            f32::NAN,
            f32::INFINITY,
            f32::MAX,
            f32::MIN,
            f32::NEG_INFINITY,
            1.0,
        ];
        for rate in [0, 48_000, 96_000, u32::MAX] {
            let mut detector = Detector::new(1, rate);
            let peaks = envelope(&mut detector, &[wild.repeat(20)], &[]);
            assert!(peaks.iter().all(|peak| peak.is_finite()), "{rate} Hz");
            let mut numbers = vec![0.0; detector.state_len()];
            detector.save(&mut numbers).unwrap();
            assert_eq!(detector.load(&numbers), Ok(()));
        }
    }

    #[test]
    fn a_state_that_does_not_fit_is_refused_and_changes_nothing() {
        let mut detector = Detector::new(2, 48_000);
        let found = detector.load(&[0.0; 22]);
        let expected = Err(DetectorError::StateLength {
            found: 22,
            expected: 23,
        });
        assert_eq!(found, expected);
        for (index, number) in [(0, -1.0), (0, f32::NAN), (1, f32::INFINITY), (22, f32::NAN)] {
            let mut numbers = [0.5; 23];
            numbers[index] = number;
            assert_eq!(
                detector.load(&numbers),
                Err(DetectorError::StateValue { index })
            );
        }
        let mut numbers = [1.0; 23];
        detector.save(&mut numbers).unwrap();
        assert_eq!(numbers, [0.0; 23]);
    }

    #[test]
    fn missing_channels_are_silent_and_surplus_ones_unheard() {
        let mut detector = Detector::new(2, 48_000);
        let mut peaks = [1.0; 8];
        detector.process(&[&[0.25; 8]], &mut peaks);
        detector.process(&[&[0.0; 8], &[0.0; 8], &[9.0; 8]], &mut peaks);
        assert!(peaks.iter().all(|peak| *peak < 0.5), "{peaks:?}");
    }
}
