//! Ring: the last frames of some channels, written by one thread while others read.
//!
//! In: samples, in the order of the stream. Out: copies of what is not overwritten yet. The writer
//! says which frames it is about to overwrite, then overwrites them, then says that they are
//! there; a reader copies, and looks afterwards which of its frames were being overwritten.

use std::sync::atomic::Ordering;

use crate::pipeline::cells::{Atomics, Cells};

/// The last frames of some channels.
#[derive(Debug)]
pub(super) struct Ring<C: Cells = Atomics> {
    /// Channel after channel, `frames` samples each, used in a circle.
    samples: Box<[C::Sample]>,
    channels: usize,
    frames: usize,
    /// Frames that are written, or are being written.
    begun: C::Count,
    /// Frames that are written.
    written: C::Count,
}

/// Frames that were copied whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Copied {
    /// The first frame.
    pub(super) from_frames: u64,
    /// One vector a channel.
    pub(super) channels: Vec<Vec<u32>>,
}

impl Copied {
    /// How many frames.
    pub(super) fn frames(&self) -> usize {
        self.channels.first().map_or(0, Vec::len)
    }
}

impl<C: Cells> Ring<C> {
    /// Allocates; not for the audio thread. `None` where there is no memory for it.
    pub(super) fn new(channels: usize, frames: usize) -> Option<Self> {
        let mut samples = Vec::new();
        samples.try_reserve_exact(channels * frames).ok()?;
        samples.extend((0..channels * frames).map(|_| C::sample()));
        Some(Self {
            samples: samples.into_boxed_slice(),
            channels,
            frames,
            begun: C::count(),
            written: C::count(),
        })
    }

    /// How many frames were written so far.
    pub(super) fn written(&self) -> u64 {
        C::load_count(&self.written, Ordering::Acquire)
    }

    /// Writes the next frames; `signal` gives each channel, all equally long. Thread: the one
    /// that writes. Real-time safe.
    pub(super) fn write<'a>(&self, frames: usize, signal: impl Fn(usize) -> &'a [f32]) {
        let from = C::load_count(&self.written, Ordering::Relaxed);
        let end = from + frames as u64;
        C::store_count(&self.begun, end, Ordering::Relaxed);
        // Who sees a sample of what follows sees `begun` as well.
        C::fence(Ordering::Release);
        let skipped = frames.saturating_sub(self.frames);
        for channel in 0..self.channels {
            let cells = self.cells(channel);
            let first = self.place(from + skipped as u64);
            let (before, after) = cells.split_at(first);
            let samples = signal(channel).get(skipped..).unwrap_or_default();
            for (cell, sample) in after.iter().chain(before).zip(samples) {
                C::store(cell, sample.to_bits());
            }
        }
        C::store_count(&self.written, end, Ordering::Release);
    }

    /// Copies frames that the writing thread itself asks for; whether they are all there.
    /// Real-time safe.
    pub(super) fn copy_own(&self, channel: usize, from_frames: u64, into: &mut [f32]) -> bool {
        let end = C::load_count(&self.written, Ordering::Relaxed);
        let kept_from = end.saturating_sub(self.frames as u64);
        if from_frames < kept_from || from_frames + into.len() as u64 > end {
            return false;
        }
        let (before, after) = self.cells(channel).split_at(self.place(from_frames));
        for (cell, sample) in after.iter().chain(before).zip(into) {
            *sample = f32::from_bits(C::load(cell));
        }
        true
    }

    /// Copies at most so many frames from `from_frames` on: those that are written and were not
    /// overwritten meanwhile. Allocates; any thread.
    pub(super) fn copy(&self, from_frames: u64, frames: usize) -> Option<Copied> {
        let end = self.written();
        let last = from_frames.saturating_add(frames as u64).min(end);
        let first = from_frames.max(end.saturating_sub(self.frames as u64));
        let count = last.checked_sub(first).filter(|count| *count > 0)? as usize;
        let mut channels: Vec<Vec<u32>> = (0..self.channels)
            .map(|channel| {
                let (before, after) = self.cells(channel).split_at(self.place(first));
                let cells = after.iter().chain(before).take(count);
                cells.map(C::load).collect()
            })
            .collect();
        // Whose sample was seen, its `begun` is seen from here on.
        C::fence(Ordering::Acquire);
        let begun = C::load_count(&self.begun, Ordering::Relaxed);
        let kept_from = begun.saturating_sub(self.frames as u64).max(first);
        if kept_from >= last {
            return None;
        }
        for channel in &mut channels {
            channel.drain(..(kept_from - first) as usize);
        }
        Some(Copied {
            from_frames: kept_from,
            channels,
        })
    }

    fn cells(&self, channel: usize) -> &[C::Sample] {
        &self.samples[channel * self.frames..][..self.frames]
    }

    fn place(&self, frame: u64) -> usize {
        (frame % self.frames.max(1) as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::pipeline::cells::Modelled;

    /// What frame `frame` of channel `channel` is: no two are alike.
    fn sample(channel: usize, frame: u64) -> f32 {
        (frame * 8 + channel as u64 + 1) as f32
    }

    fn write<C: Cells>(ring: &Ring<C>, frames: usize) {
        let from = C::load_count(&ring.written, Ordering::Relaxed);
        let signal: Vec<Vec<f32>> = (0..ring.channels)
            .map(|channel| {
                let frames = from..from + frames as u64;
                frames.map(|frame| sample(channel, frame)).collect()
            })
            .collect();
        ring.write(frames, |channel| &signal[channel]);
    }

    /// Every frame that was copied is the one it is said to be, in every channel.
    fn check(copied: &Copied, from: u64, frames: usize) {
        for (channel, bits) in copied.channels.iter().enumerate() {
            assert!(!bits.is_empty() && bits.len() <= frames);
            assert!(copied.from_frames >= from);
            for (at, bits) in bits.iter().enumerate() {
                let expected = sample(channel, copied.from_frames + at as u64);
                assert_eq!(f32::from_bits(*bits), expected, "channel {channel}, {at}");
            }
        }
    }

    #[test]
    fn whatever_the_order_of_two_threads_no_frame_is_torn_or_another() {
        loom::model(|| {
            let ring = Arc::new(Ring::<Modelled>::new(2, 2).unwrap());
            write(&ring, 1);
            let writing = Arc::clone(&ring);
            let writer = loom::thread::spawn(move || {
                write(&writing, 1);
                write(&writing, 1);
            });
            if let Some(copied) = ring.copy(0, 3) {
                check(&copied, 0, 3);
            }
            writer.join().unwrap();
            let copied = ring.copy(0, 3).unwrap();
            assert_eq!(copied.from_frames, 1);
            check(&copied, 1, 2);
        });
    }

    proptest! {
        #[test]
        fn what_is_read_is_the_end_of_what_was_written(
            channels in 1usize..4, frames in 1usize..20,
            blocks in prop::collection::vec(0usize..50, 0..8),
            from in 0u64..150, count in 0usize..60,
        ) {
            let ring = Ring::<Atomics>::new(channels, frames).unwrap();
            let mut model = 0u64;
            for block in blocks {
                write(&ring, block);
                model += block as u64;
                prop_assert_eq!(ring.written(), model);
            }
            let first = from.max(model.saturating_sub(frames as u64));
            let last = (from + count as u64).min(model);
            let copied = ring.copy(from, count);
            prop_assert_eq!(copied.is_some(), first < last);
            if let Some(copied) = copied {
                check(&copied, from, count);
                prop_assert_eq!(copied.from_frames, first);
                prop_assert_eq!(copied.channels.len(), channels);
                prop_assert_eq!(copied.channels[0].len() as u64, last - first);
            }
            let mut own = vec![0.0; count];
            let there = ring.copy_own(channels - 1, from, &mut own);
            prop_assert_eq!(there, from >= model.saturating_sub(frames as u64) && from + count as u64 <= model);
            if there {
                for (at, own) in own.iter().enumerate() {
                    prop_assert_eq!(*own, sample(channels - 1, from + at as u64));
                }
            }
        }
    }

    #[test]
    fn a_question_beyond_all_numbers_is_answered() {
        let ring = Ring::<Atomics>::new(1, 4).unwrap();
        write(&ring, 6);
        assert_eq!(ring.copy(u64::MAX, usize::MAX), None);
        assert_eq!(ring.copy(0, usize::MAX).unwrap().channels[0].len(), 4);
        assert_eq!(Ring::<Atomics>::new(1, 0).unwrap().copy(0, 1), None);
    }
}
