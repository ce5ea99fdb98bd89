//! Detector: how high the signal goes around each frame, between the samples included.
//!
//! In: all channels of a signal. Out: one envelope, a number for each input frame, some frames
//! late: what a true-peak limiter needs to know before it lets a frame pass.
//!
//! The filters are those of `TruePeak`, so the largest number of an envelope is the true peak.

use crate::cpu;
use crate::lanes::{Kernel, LANES_MAX, Lanes, run};
use crate::stretch::{MAGNITUDE_MAX, PAST_FRAMES, Past, STRETCH_FRAMES, Stretch};
use crate::true_peak::phases::{Grid, Points};
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
    grid: Grid,
    /// Of each channel.
    pasts: Vec<Past>,
    /// The highest point between the last frame answered and the one after it.
    gap: f32,
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
        Self {
            level,
            grid: Grid::at_rate(sample_rate_hz),
            pasts: vec![[0.0; PAST_FRAMES]; channels],
            gap: 0.0,
        }
    }

    /// How many frames the envelope is late, which the sample rate alone decides: 6 below 96 kHz,
    /// 12 below 192 kHz, 0 from there on. Any thread.
    #[must_use]
    pub const fn latency_frames(&self) -> usize {
        self.grid.taps() / 2
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
        self.pasts.fill([0.0; PAST_FRAMES]);
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
            samples[channel * kept..][..kept].copy_from_slice(&past[PAST_FRAMES - kept..]);
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
            *past = [0.0; PAST_FRAMES];
            past[PAST_FRAMES - kept..].copy_from_slice(&samples[channel * kept..][..kept]);
        }
        Ok(())
    }

    /// The samples of each channel that later ones are answered with.
    const fn history_frames(&self) -> usize {
        self.grid.taps().saturating_sub(1)
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
            let stretch = &Stretch::new(self.level, past, input);
            for (peak, sample) in peaks.iter_mut().zip(stretch.around(0, latency)) {
                *peak = larger(sample.abs(), *peak);
            }
            let gaps = &mut gaps[1..];
            match &self.grid {
                Grid::Once => {}
                Grid::Twice(points) => run(
                    self.level,
                    Raise {
                        points,
                        stretch,
                        gaps,
                    },
                ),
                Grid::FourTimes(points) => run(
                    self.level,
                    Raise {
                        points,
                        stretch,
                        gaps,
                    },
                ),
            }
            *past = stretch.past();
        }
        for (peak, around) in peaks.iter_mut().zip(gaps.windows(2)) {
            *peak = larger(*peak, larger(around[0], around[1]));
        }
        self.gap = gaps[frames];
    }
}

/// Raises the gap behind each frame of a stretch to the highest of its points.
struct Raise<'a, P> {
    points: &'a P,
    stretch: &'a Stretch,
    /// As long as the frames in whole rows; what is behind the last frame is of no use.
    gaps: &'a mut [f32],
}

impl<P: Points> Kernel for Raise<'_, P> {
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
