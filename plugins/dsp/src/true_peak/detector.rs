//! Detector: how high the signal goes around each frame, between the samples included.
//!
//! In: all channels of a signal. Out: one envelope, a number for each input frame, some frames
//! late: what a true-peak limiter needs to know before it lets a frame pass.
//!
//! The filters are those of `TruePeak`, so the largest number of an envelope is the true peak; or,
//! for a strict detector, longer ones that hear up to half the sample rate (`strict`).

use crate::cpu;
use crate::lanes::{Kernel, LANES_MAX, Lanes, run};
use crate::stretch::{LENGTH, LONG_LENGTH, LONG_PAST_FRAMES, MAGNITUDE_MAX, PAST_FRAMES};
use crate::stretch::{STRETCH_FRAMES, Stretch};
use crate::true_peak::phases::{Grid, Points};
use crate::true_peak::strict::EightTimes;
use pulp::Arch;
use thiserror::Error;

/// What sums over samples stay below: twice as much as all taps of a phase can make of them.
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
    level: Arch,
    ears: Ears,
    /// Of each channel; of which the newest `history_frames` count.
    pasts: Vec<[f32; LONG_PAST_FRAMES]>,
    /// The highest point between the last frame answered and the one after it.
    gap: f32,
}

/// How closely it listens between the samples.
#[derive(Clone, Debug)]
enum Ears {
    /// As BS.1770 asks for.
    Standard(Grid),
    /// Up to half the sample rate. In a box: its taps are many.
    Strict(Box<EightTimes>),
}

impl Detector {
    /// A detector that has heard silence only, for so many channels at a sample rate in Hz.
    /// Allocates; thread: control.
    #[must_use]
    pub fn new(channels: usize, sample_rate_hz: u32) -> Self {
        Self::on(cpu::arch(), channels, sample_rate_hz)
    }

    /// The same with the instructions of a level. Levels agree to a millionth of the largest
    /// sample. Allocates; any thread but the audio thread.
    #[must_use]
    pub fn on(level: Arch, channels: usize, sample_rate_hz: u32) -> Self {
        Self::with(
            level,
            channels,
            Ears::Standard(Grid::at_rate(sample_rate_hz)),
        )
    }

    /// A detector, at any sample rate, that reads no peak of any signal more than 0.1 dB lower than
    /// a sinc over 64 samples to both sides does, and at most 0.08 dB higher. Allocates; any thread
    /// but the audio thread.
    #[must_use]
    pub fn strict(level: Arch, channels: usize) -> Self {
        Self::with(level, channels, Ears::Strict(Box::new(EightTimes::new())))
    }

    fn with(level: Arch, channels: usize, ears: Ears) -> Self {
        Self {
            level,
            ears,
            pasts: vec![[0.0; LONG_PAST_FRAMES]; channels],
            gap: 0.0,
        }
    }

    /// How many frames the envelope is late: of a strict detector 40; of others the sample rate
    /// decides: 6 below 96 kHz, 12 below 192 kHz, 0 from there on. Any thread.
    #[must_use]
    pub const fn latency_frames(&self) -> usize {
        self.taps() / 2
    }

    /// How many channels it listens to. Any thread.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.pasts.len()
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
            let end = frames.min(start + STRETCH_FRAMES);
            self.process_stretch(inputs, start, &mut peaks[start..end]);
            start = end;
        }
    }

    /// Forgets everything heard.
    ///
    /// Thread: any, the audio thread included.
    pub fn reset(&mut self) {
        self.pasts.fill([0.0; LONG_PAST_FRAMES]);
        self.gap = 0.0;
    }

    /// How many numbers `save` writes and `load` reads. Any thread.
    #[must_use]
    pub fn state_len(&self) -> usize {
        self.pasts.len() * self.history_frames() + 1
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
        for (channel, past) in self.pasts.iter().enumerate() {
            samples[channel * kept..][..kept].copy_from_slice(&past[LONG_PAST_FRAMES - kept..]);
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
        for (channel, past) in self.pasts.iter_mut().enumerate() {
            *past = [0.0; LONG_PAST_FRAMES];
            past[LONG_PAST_FRAMES - kept..].copy_from_slice(&samples[channel * kept..][..kept]);
        }
        Ok(())
    }

    /// The samples of each channel that later ones are answered with.
    const fn history_frames(&self) -> usize {
        self.taps().saturating_sub(1)
    }

    /// How many samples a point follows from.
    const fn taps(&self) -> usize {
        match &self.ears {
            Ears::Standard(grid) => grid.taps(),
            Ears::Strict(_) => EightTimes::TAPS,
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

    fn process_stretch(&mut self, inputs: &[&[f32]], start: usize, peaks: &mut [f32]) {
        let frames = peaks.len();
        let latency = self.latency_frames();
        // Of each frame the highest point behind it, from the one before the first frame on.
        let mut gaps = [0.0; 1 + STRETCH_FRAMES + LANES_MAX];
        gaps[0] = self.gap;
        peaks.fill(0.0);
        for (channel, past) in self.pasts.iter_mut().enumerate() {
            let silence = [0.0; STRETCH_FRAMES];
            let input = inputs.get(channel).map(|input| &input[start..]);
            let input = &input.unwrap_or(&silence)[..frames];
            let gaps = &mut gaps[1..];
            match &self.ears {
                Ears::Standard(grid) => {
                    let past = &mut past[LONG_PAST_FRAMES - PAST_FRAMES..];
                    let stretch = &Stretch::<LENGTH>::new(self.level, past, input);
                    match grid {
                        Grid::Once => {}
                        Grid::Twice(points) => raise(self.level, points, stretch, gaps),
                        Grid::FourTimes(points) => raise(self.level, points, stretch, gaps),
                    }
                    raise_to_samples(stretch, latency, peaks);
                    past.copy_from_slice(stretch.past());
                }
                Ears::Strict(points) => {
                    let stretch = &Stretch::<LONG_LENGTH>::new(self.level, past, input);
                    raise(self.level, &**points, stretch, gaps);
                    raise_to_samples(stretch, latency, peaks);
                    past.copy_from_slice(stretch.past());
                }
            }
        }
        for (peak, around) in peaks.iter_mut().zip(gaps.windows(2)) {
            *peak = larger(*peak, larger(around[0], around[1]));
        }
        self.gap = gaps[frames];
    }
}

/// Raises gaps to the highest of the points in them.
fn raise<const LEN: usize>(
    level: Arch,
    points: &impl Points,
    stretch: &Stretch<LEN>,
    gaps: &mut [f32],
) {
    run(
        level,
        Raise {
            points,
            stretch,
            gaps,
        },
    );
}

/// Raises each peak to the magnitude of its own sample.
fn raise_to_samples<const LEN: usize>(stretch: &Stretch<LEN>, latency: usize, peaks: &mut [f32]) {
    for (peak, sample) in peaks.iter_mut().zip(stretch.around(0, latency)) {
        *peak = larger(sample.abs(), *peak);
    }
}

/// Raises the gap behind each frame of a stretch to the highest of its points.
struct Raise<'a, P, const LEN: usize> {
    points: &'a P,
    stretch: &'a Stretch<LEN>,
    /// As long as the frames in whole rows; what is behind the last frame is of no use.
    gaps: &'a mut [f32],
}

impl<P: Points, const LEN: usize> Kernel for Raise<'_, P, LEN> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        for first in (0..self.stretch.now().len()).step_by(L::COUNT) {
            let row = self
                .points
                .highest(lanes, self.stretch.around(first, P::TAPS - 1));
            let gaps = &mut self.gaps[first..first + L::COUNT];
            lanes.store(lanes.max(row, lanes.load(gaps)), gaps);
        }
    }
}

fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests;
