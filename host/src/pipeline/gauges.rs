//! Gauges: what control code reads of an engine while it runs.
//!
//! In: numbers that the audio thread stores, each by itself. Out: the same numbers on any other
//! thread, a moment old. Nobody waits; what belongs together comes through the rings instead.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};

use segue_plugin::manifest::limits::OUTPUTS_MAX;

use crate::pipeline::cells::Published;

/// What is heard of a stage, as far as it can be told without its instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageSound {
    /// Its instance.
    Own,
    /// Its instance, while a new one runs unheard.
    Shadow,
    /// Its instance and a new one.
    Fading,
    /// Its substitute.
    Out,
}

impl StageSound {
    const fn of(number: u8) -> Self {
        match number {
            1 => Self::Shadow,
            2 => Self::Fading,
            3 => Self::Out,
            _ => Self::Own,
        }
    }

    const fn number(self) -> u8 {
        match self {
            Self::Own => 0,
            Self::Shadow => 1,
            Self::Fading => 2,
            Self::Out => 3,
        }
    }
}

/// What one stage counts. One thread stores, any number read; what every block touches fills a
/// cache line of its own.
#[derive(Debug)]
#[repr(align(64))]
pub struct StageGauges {
    frames_in: AtomicU64,
    withheld_frames: AtomicU64,
    heap_calls: AtomicU64,
    outputs: AtomicUsize,
    sound: AtomicU8,
    /// The last values of the declared outputs, as bits.
    values: [AtomicU64; OUTPUTS_MAX],
}

impl StageGauges {
    /// Nothing has happened yet.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            frames_in: AtomicU64::new(0),
            withheld_frames: AtomicU64::new(0),
            heap_calls: AtomicU64::new(0),
            outputs: AtomicUsize::new(0),
            sound: AtomicU8::new(StageSound::Own.number()),
            values: [const { AtomicU64::new(0) }; OUTPUTS_MAX],
        })
    }

    /// Frames that went in since it was made. Thread: any.
    #[must_use]
    pub fn frames_in(&self) -> u64 {
        self.frames_in.load(Ordering::Relaxed)
    }

    /// Frames that came out since it was made: fewer by what was held back to make it later.
    /// Thread: any.
    #[must_use]
    pub fn frames_out(&self) -> u64 {
        let withheld_frames = self.withheld_frames.load(Ordering::Relaxed);
        self.frames_in().saturating_sub(withheld_frames)
    }

    /// Heap calls inside `process`. Thread: any.
    #[must_use]
    pub fn heap_calls(&self) -> u64 {
        self.heap_calls.load(Ordering::Relaxed)
    }

    /// What is heard of it. Thread: any.
    #[must_use]
    pub fn sound(&self) -> StageSound {
        StageSound::of(self.sound.load(Ordering::Relaxed))
    }

    /// The last values of the declared outputs; NaN before the first. Thread: any but audio.
    #[must_use]
    pub fn output_values(&self) -> Vec<f64> {
        let count = self.outputs.load(Ordering::Relaxed).min(OUTPUTS_MAX);
        let values = self.values[..count].iter();
        values
            .map(|bits| f64::from_bits(bits.load(Ordering::Relaxed)))
            .collect()
    }

    /// So many frames more went in. Thread: audio, as all that follow.
    #[inline]
    pub(super) fn count_in(&self, frames: u64) {
        add(&self.frames_in, frames);
    }

    /// So many frames did not come out.
    pub(super) fn count_withheld(&self, frames: u64) {
        add(&self.withheld_frames, frames);
    }

    pub(super) fn count_heap_calls(&self, calls: u64) {
        add(&self.heap_calls, calls);
    }

    pub(super) fn set_sound(&self, sound: StageSound) {
        self.sound.store(sound.number(), Ordering::Relaxed);
    }

    /// The declared outputs as they are after a block.
    #[inline]
    pub(super) fn set_outputs(&self, values: &[f64]) {
        for (bits, value) in self.values.iter().zip(values) {
            bits.store(value.to_bits(), Ordering::Relaxed);
        }
    }

    /// How many outputs there are from now on, and their values.
    pub(super) fn renew_outputs(&self, values: &[f64]) {
        self.set_outputs(values);
        self.outputs.store(values.len(), Ordering::Relaxed);
    }
}

/// Adds where nobody else does: no more than a load and a store.
#[inline]
fn add(counter: &AtomicU64, more: u64) {
    let sum = counter.load(Ordering::Relaxed).wrapping_add(more);
    counter.store(sum, Ordering::Relaxed);
}

/// How many values of outputs are kept of all stages together, for decisions.
const VALUES_MAX: usize = 4_096;

/// The outputs of all stages at one frame, by number. Made by control code, filled by the audio thread.
#[derive(Debug)]
pub struct OutputValues {
    /// Where the values of each stage end.
    ends: Vec<usize>,
    values: Vec<f64>,
}

impl OutputValues {
    /// Room for so many stages.
    #[must_use]
    pub fn new(numbers_max: usize) -> Self {
        Self {
            ends: Vec::with_capacity(numbers_max),
            values: Vec::with_capacity(VALUES_MAX),
        }
    }

    /// The outputs of a stage; none where it has gone.
    #[must_use]
    pub fn of(&self, number: usize) -> &[f64] {
        let Some(end) = self.ends.get(number) else {
            return &[];
        };
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.values[start..*end]
    }

    pub(super) fn clear(&mut self) {
        self.ends.clear();
        self.values.clear();
    }

    /// Adds those of the next stage, as far as there is room. Real-time safe.
    pub(super) fn push(&mut self, values: &[f64]) {
        if self.values.capacity() - self.values.len() >= values.len() {
            self.values.extend_from_slice(values);
        }
        if self.ends.len() < self.ends.capacity() {
            self.ends.push(self.values.len());
        }
    }
}

/// What an engine as a whole counts.
#[derive(Debug, Default)]
pub struct EngineGauges {
    latency_frames: AtomicU64,
    chunks_sent: Published,
    is_switching: AtomicBool,
}

impl EngineGauges {
    /// How far the output lags behind the input. Thread: any.
    #[must_use]
    pub fn latency_frames(&self) -> u64 {
        self.latency_frames.load(Ordering::Relaxed)
    }

    /// Whether a change of the schedule is under way. Thread: any.
    #[must_use]
    pub fn is_switching(&self) -> bool {
        self.is_switching.load(Ordering::Relaxed)
    }

    /// How many chunks were sent to taps. Thread: any.
    #[must_use]
    pub fn chunks_sent(&self) -> u64 {
        self.chunks_sent.get()
    }

    /// Another schedule runs. Thread: audio, as below.
    pub(super) fn set_schedule(&self, latency_frames: u64, is_switching: bool) {
        self.latency_frames.store(latency_frames, Ordering::Relaxed);
        self.is_switching.store(is_switching, Ordering::Relaxed);
    }

    pub(super) fn set_chunks_sent(&self, chunks: u64) {
        self.chunks_sent.set(chunks);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_known_by_stage_as_far_as_there_is_room() {
        let mut values = OutputValues::new(3);
        values.clear();
        values.push(&[1.0, 2.0]);
        values.push(&[]);
        values.push(&[3.0; VALUES_MAX]);
        values.push(&[4.0]);
        assert_eq!(values.of(0), [1.0, 2.0]);
        assert_eq!((values.of(1), values.of(2)), (&[][..], &[][..]));
        assert!(values.of(3).is_empty());
    }

    #[test]
    fn what_is_stored_is_read() {
        let gauges = StageGauges::new();
        gauges.count_in(64);
        gauges.count_in(64);
        gauges.count_withheld(16);
        gauges.renew_outputs(&[1.0, f64::NAN]);
        gauges.set_outputs(&[2.0, f64::NAN]);
        assert_eq!((gauges.frames_in(), gauges.frames_out()), (128, 112));
        assert_eq!(gauges.output_values().len(), 2);
        assert_eq!(gauges.output_values()[0].to_bits(), 2f64.to_bits());
        for sound in [
            StageSound::Own,
            StageSound::Shadow,
            StageSound::Fading,
            StageSound::Out,
        ] {
            gauges.set_sound(sound);
            assert_eq!(gauges.sound(), sound);
        }
    }
}
