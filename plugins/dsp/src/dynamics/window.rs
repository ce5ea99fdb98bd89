//! Window: the largest and the mean of the last so many numbers.
//!
//! In: a stream of numbers. Out: for each of them one about those up to it.
//!
//! The largest is found by doubling (M. van Herk's problem; the halving of windows as in a sparse
//! table, M. Bender and M. Farach-Colton, The LCA problem revisited, 2000): the largest of w
//! numbers is the larger of those of its two halves, which may overlap. Each half is kept for as
//! long as the other takes to come, so the cost of a frame is the logarithm of the window, in
//! whole registers, the same for every signal and every division into blocks.
//!
//! The mean is of integers, whose sum never drifts.

use crate::dynamics::chunk::{CHUNK_FRAMES, LANES_MAX};
use crate::dynamics::state::{StateError, StateSink, StateSource};
use pulp::Simd;

/// Delays below this go through a small row of history, longer ones through rings of their own.
const RING_FRAMES_MIN: usize = 32;
/// What short delays add up to: 1 + 2 + ... for the widest window below 2 * `RING_FRAMES_MIN`.
const SHORT_FRAMES_MAX: usize = 2 * RING_FRAMES_MIN;
const ROW_FRAMES: usize = SHORT_FRAMES_MAX + CHUNK_FRAMES + 2 * LANES_MAX;
/// No peak is larger: the limit of what `Detector` answers, far below infinity.
const PEAK_MAX: f32 = 1e37;
/// A gain of 1 as an integer.
const UNITY: f32 = 1_073_741_824.0;

/// The largest of the last so many numbers.
#[derive(Clone, Debug)]
pub(super) struct Largest {
    /// Delays that the numbers in `history` serve, short ones first.
    short_frames: Vec<usize>,
    /// The last numbers, as many as the short delays add up to.
    history: Vec<f32>,
    rings: Vec<Ring>,
}

/// The mean of the last so many gains between 0 and 1.
#[derive(Clone, Debug)]
pub(super) struct Mean {
    /// The gains in units of 2^-30, the oldest at `at`.
    ring: Vec<i32>,
    at: usize,
    sum: i64,
    /// 1 / (frames * 2^30).
    share: f64,
    /// How many of the last gains were 1, counted up to all of them.
    unity_frames: usize,
}

/// Numbers on their way through a delay, the oldest at `at`.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    pub(super) numbers: Vec<f32>,
    pub(super) at: usize,
}

impl Largest {
    /// A window of so many frames, 1 at least, over zeros. It allocates.
    pub(super) fn new(frames: usize) -> Self {
        let (mut width, mut delays) = (frames.max(1), Vec::new());
        while width > 1 {
            delays.push(width / 2);
            width -= width / 2;
        }
        delays.reverse();
        let (short_frames, long_frames): (Vec<_>, Vec<_>) = delays
            .into_iter()
            .partition(|frames| *frames < RING_FRAMES_MIN);
        Self {
            history: vec![0.0; short_frames.iter().sum()],
            short_frames,
            rings: long_frames.into_iter().map(Ring::new).collect(),
        }
    }

    /// Replaces each of at most `CHUNK_FRAMES` numbers by the largest in the window up to it.
    #[inline(always)]
    pub(super) fn run<S: Simd>(&mut self, simd: S, numbers: &mut [f32]) {
        self.run_short(simd, numbers);
        for ring in &mut self.rings {
            ring.raise(simd, numbers);
        }
    }

    pub(super) fn reset(&mut self) {
        self.history.fill(0.0);
        for ring in &mut self.rings {
            ring.numbers.fill(0.0);
        }
    }

    /// How many numbers `save` writes.
    pub(super) fn state_len(&self) -> usize {
        let rings = self.rings.iter().map(|ring| ring.numbers.len());
        self.history.len() + rings.sum::<usize>()
    }

    pub(super) fn save(&self, sink: &mut impl StateSink) -> Result<(), StateError> {
        sink.samples(&self.history)?;
        self.rings.iter().try_for_each(|ring| ring.save(sink))
    }

    pub(super) fn load(&mut self, source: &mut impl StateSource) -> Result<(), StateError> {
        source.samples(&mut self.history)?;
        check(&self.history, 0.0, PEAK_MAX)?;
        for ring in &mut self.rings {
            ring.load(source, 0.0, PEAK_MAX)?;
        }
        Ok(())
    }

    /// The short delays, one pass each from one row into the other: the largest of what stands
    /// at a place and so many places further.
    #[inline(always)]
    fn run_short<S: Simd>(&mut self, simd: S, numbers: &mut [f32]) {
        let (kept, frames) = (self.history.len(), numbers.len());
        let [mut one, mut other] = [[0.0; ROW_FRAMES]; 2];
        let (mut from, mut to) = (&mut one, &mut other);
        from[..kept].copy_from_slice(&self.history);
        from[kept..kept + frames].copy_from_slice(numbers);
        self.history.copy_from_slice(&from[frames..frames + kept]);
        let mut length = kept + frames;
        for delay in &self.short_frames {
            length -= delay;
            let padded = length.next_multiple_of(S::F32_LANES);
            let earlier = S::as_simd_f32s(&from[..padded]).0;
            let later = S::as_simd_f32s(&from[*delay..*delay + padded]).0;
            let larger = S::as_mut_simd_f32s(&mut to[..padded]).0;
            for ((larger, earlier), later) in larger.iter_mut().zip(earlier).zip(later) {
                *larger = simd.max_f32s(*earlier, *later);
            }
            std::mem::swap(&mut from, &mut to);
        }
        numbers.copy_from_slice(&from[..frames]);
    }
}

impl Mean {
    /// A window of so many frames, 1 at least, over gains of 1. It allocates.
    pub(super) fn new(frames: usize) -> Self {
        let frames = frames.max(1);
        let mut mean = Self {
            ring: vec![0; frames],
            at: 0,
            sum: 0,
            share: 1.0 / (frames as f64 * f64::from(UNITY)),
            unity_frames: 0,
        };
        mean.reset();
        mean
    }

    /// Whether the mean stays 1 for as long as the gains do: nothing needs to be run then.
    pub(super) fn is_unity(&self) -> bool {
        self.unity_frames == self.ring.len()
    }

    /// Replaces each of at most `CHUNK_FRAMES` gains by the mean of the window up to it, rounded
    /// down by 2^-30 at most.
    #[inline(always)]
    pub(super) fn run(&mut self, gains: &mut [f32]) {
        let frames = self.ring.len();
        let behind = gains.iter().rev().take_while(|gain| **gain == 1.0).count();
        let before = if behind == gains.len() {
            self.unity_frames
        } else {
            0
        };
        self.unity_frames = frames.min(behind + before);
        let mut start = 0;
        while start < gains.len() {
            let part = (gains.len() - start).min(frames - self.at);
            let old = &mut self.ring[self.at..self.at + part];
            for (old, gain) in old.iter_mut().zip(&mut gains[start..start + part]) {
                let new = (*gain * UNITY) as i32;
                self.sum += i64::from(new - *old);
                *old = new;
                *gain = (self.sum as f64 * self.share) as f32;
            }
            start += part;
            self.at = (self.at + part) % frames;
        }
    }

    /// As if only gains of 1 had come.
    pub(super) fn reset(&mut self) {
        self.ring.fill(UNITY as i32);
        self.at = 0;
        self.sum = self.ring.len() as i64 * UNITY as i64;
        self.unity_frames = self.ring.len();
    }

    /// How many numbers `save` writes.
    pub(super) fn state_len(&self) -> usize {
        self.ring.len()
    }

    pub(super) fn save(&self, sink: &mut impl StateSink) -> Result<(), StateError> {
        let (new, old) = self.ring.split_at(self.at);
        // An integer here came out of an `f32` and goes back into one without a loss.
        old.iter()
            .chain(new)
            .try_for_each(|units| sink.samples(&[*units as f32]))
    }

    pub(super) fn load(&mut self, source: &mut impl StateSource) -> Result<(), StateError> {
        for units in &mut self.ring {
            let mut number = [0.0];
            source.samples(&mut number)?;
            let [number] = number;
            if !(0.0..=UNITY).contains(&number) || number.fract() != 0.0 {
                return Err(StateError::Value);
            }
            *units = number as i32;
        }
        self.at = 0;
        self.sum = self.ring.iter().map(|units| i64::from(*units)).sum();
        let last = self.ring.iter().rev();
        self.unity_frames = last.take_while(|units| **units == UNITY as i32).count();
        Ok(())
    }
}

impl Ring {
    /// A delay of so many frames, full of zeros. It allocates.
    pub(super) fn new(frames: usize) -> Self {
        Self {
            numbers: vec![0.0; frames],
            at: 0,
        }
    }

    /// The next numbers of the ring, at most so many, and where they stop.
    #[inline(always)]
    pub(super) fn next(&mut self, frames_max: usize) -> &mut [f32] {
        let length = self.numbers.len();
        let part = frames_max.min(length - self.at);
        let start = self.at;
        self.at = (start + part) % length;
        &mut self.numbers[start..start + part]
    }

    /// Puts the numbers into the delay and raises each to the one that comes out.
    #[inline(always)]
    fn raise<S: Simd>(&mut self, simd: S, numbers: &mut [f32]) {
        let mut rest = numbers;
        while !rest.is_empty() {
            let delayed = self.next(rest.len());
            let (now, later) = rest.split_at_mut(delayed.len());
            let (old, old_rest) = S::as_mut_simd_f32s(delayed);
            let (new, new_rest) = S::as_mut_simd_f32s(now);
            for (old, new) in old.iter_mut().zip(new) {
                let number = *new;
                *new = simd.max_f32s(number, *old);
                *old = number;
            }
            for (old, new) in old_rest.iter_mut().zip(new_rest) {
                let number = *new;
                *new = if number > *old { number } else { *old };
                *old = number;
            }
            rest = later;
        }
    }

    pub(super) fn save(&self, sink: &mut impl StateSink) -> Result<(), StateError> {
        sink.samples(&self.numbers[self.at..])?;
        sink.samples(&self.numbers[..self.at])
    }

    /// Takes numbers between the two.
    pub(super) fn load(
        &mut self,
        source: &mut impl StateSource,
        min: f32,
        max: f32,
    ) -> Result<(), StateError> {
        source.samples(&mut self.numbers)?;
        self.at = 0;
        check(&self.numbers, min, max)
    }
}

fn check(numbers: &[f32], min: f32, max: f32) -> Result<(), StateError> {
    if numbers.iter().all(|number| (min..=max).contains(number)) {
        Ok(())
    } else {
        Err(StateError::Value)
    }
}
