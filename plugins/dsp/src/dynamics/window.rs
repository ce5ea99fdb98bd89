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
//! The mean is of rounded numbers, whose sum is exact and never drifts.

use crate::dynamics::chunk::{CHUNK_FRAMES, LANES_MAX};
use crate::dynamics::state::{StateError, StateSink, StateSource};
use pulp::Simd;

/// Delays below this go through a small row of history, longer ones through rings of their own.
const RING_FRAMES_MIN: usize = 32;
/// What short delays add up to: 1 + 2 + ... for the widest window below 2 * `RING_FRAMES_MIN`.
const SHORT_FRAMES_MAX: usize = 2 * RING_FRAMES_MIN;
const ROW_FRAMES: usize = SHORT_FRAMES_MAX + CHUNK_FRAMES + 2 * LANES_MAX;
/// No peak is larger: the limit of what `Detector` returns, far below infinity.
const PEAK_MAX: f32 = 1e37;
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
    /// The gains, as multiples of 2^-22.
    ring: Ring,
    /// Their sum. Multiples of 2^-22 below 2^30 are added without rounding.
    sum: f64,
    /// One by how many there are.
    share: f64,
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
            ring: Ring::new(frames),
            sum: 0.0,
            share: 1.0 / frames as f64,
        };
        mean.reset();
        mean
    }

    /// Whether all gains in the window are 1: as long as those that come are too, nothing needs
    /// to be run.
    pub(super) fn is_unity(&self) -> bool {
        self.sum == self.ring.numbers.len() as f64
    }

    /// Replaces each of a few gains by the mean of the window up to it.
    #[inline(always)]
    pub(super) fn run<const FRAMES: usize>(&mut self, gains: &mut [f32; FRAMES]) {
        let new = gains.map(rounded);
        let mut old = new;
        self.ring.exchange(&mut old);
        let mut sums = [0.0; FRAMES];
        for ((sum, new), old) in sums.iter_mut().zip(new).zip(old) {
            *sum = f64::from(new - old);
        }
        let mut whole = self.sum;
        for sum in &mut sums {
            whole += *sum;
            *sum = whole;
        }
        self.sum = whole;
        let share = self.share;
        *gains = sums.map(|sum| (sum * share) as f32);
    }

    /// As if only gains of 1 had come.
    pub(super) fn reset(&mut self) {
        self.ring.numbers.fill(1.0);
        self.sum = self.ring.numbers.len() as f64;
    }

    /// How many numbers `save` writes.
    pub(super) fn state_len(&self) -> usize {
        self.ring.numbers.len()
    }

    pub(super) fn save(&self, sink: &mut impl StateSink) -> Result<(), StateError> {
        self.ring.save(sink)
    }

    pub(super) fn load(&mut self, source: &mut impl StateSource) -> Result<(), StateError> {
        self.ring.load(source, 0.0, 1.0)?;
        let gains = &self.ring.numbers;
        if gains.iter().any(|gain| rounded(*gain) != *gain) {
            return Err(StateError::Value);
        }
        self.sum = gains.iter().map(|gain| f64::from(*gain)).sum();
        Ok(())
    }
}

/// The nearest multiple of 2^-22: what is left of a number between 0 and 1 once 2 was added.
#[inline(always)]
fn rounded(gain: f32) -> f32 {
    (gain + 2.0) - 2.0
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

    /// Puts each number into the delay and takes the one that comes out.
    #[inline(always)]
    fn exchange(&mut self, numbers: &mut [f32]) {
        let end = self.at + numbers.len();
        if end < self.numbers.len() {
            // Mostly in one piece, whose length the compiler knows.
            self.numbers[self.at..end].swap_with_slice(numbers);
            self.at = end;
            return;
        }
        for number in numbers {
            std::mem::swap(number, &mut self.numbers[self.at]);
            self.at = (self.at + 1) % self.numbers.len();
        }
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
