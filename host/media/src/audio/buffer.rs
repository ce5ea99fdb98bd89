//! Buffer: planar samples in one aligned piece of memory.
//!
//! In: a number of channels and of frames. Out: storage in which every channel starts on a cache
//! line, at a constant distance from the one before.
//!
//! Only `new` and `clone` allocate, only drop frees: everything else may run on the audio thread.

use std::ops::Range;

/// Where channels start: on multiples of this, in bytes. A cache line, and an AVX-512 register.
const ALIGN_BYTES: usize = 64;

/// The same in samples.
const ALIGN_SAMPLES: usize = ALIGN_BYTES / size_of::<f32>();

/// Addresses this far apart, in samples, share the low bits that processors compare first: a load
/// from one channel would wait for a store to the next. Channels keep off this distance.
const ALIAS_SAMPLES: usize = 4096 / size_of::<f32>();

/// Planar `f32` samples: every channel 64-byte aligned, one allocation, constant stride.
///
/// What lies between the end of a channel and the next one is padding without a meaning; it starts
/// as 0 and belongs to nobody.
#[derive(Debug)]
pub struct Buffer {
    /// A little more than is used, so that an aligned start can be chosen without `unsafe`.
    storage: Vec<f32>,
    /// The first aligned sample of `storage`, which never reallocates.
    start: usize,
    channels: usize,
    frames_max: usize,
    stride: usize,
}

impl Buffer {
    /// Silence of so many channels and frames. Allocates; off the audio thread.
    ///
    /// # Panics
    /// When the memory would exceed `isize::MAX` bytes; sizes from outside are bounded before.
    #[must_use]
    pub fn new(channels: usize, frames_max: usize) -> Self {
        let lines = frames_max.next_multiple_of(ALIGN_SAMPLES);
        let aliases = lines > 0 && lines.is_multiple_of(ALIAS_SAMPLES);
        let stride = lines + if aliases { ALIGN_SAMPLES } else { 0 };
        let samples = stride
            .checked_mul(channels)
            .and_then(|samples| samples.checked_add(ALIGN_SAMPLES))
            .expect("a buffer's size was bounded before it was made");
        let storage = vec![0.0; samples];
        let start = storage.as_ptr().align_offset(ALIGN_BYTES);
        Self {
            storage,
            start,
            channels,
            frames_max,
            stride,
        }
    }

    /// How many channels.
    #[inline]
    #[must_use]
    pub const fn channels(&self) -> usize {
        self.channels
    }

    /// How many frames each channel holds.
    #[must_use]
    pub const fn frames_max(&self) -> usize {
        self.frames_max
    }

    /// Samples from the start of one channel to the start of the next; at least `frames_max`.
    #[inline]
    #[must_use]
    pub const fn stride(&self) -> usize {
        self.stride
    }

    /// One channel, `frames_max` long.
    ///
    /// # Panics
    /// When there is no such channel.
    #[must_use]
    pub fn channel(&self, channel: usize) -> &[f32] {
        let range = self.range(channel);
        &self.storage[range]
    }

    /// One channel to write, `frames_max` long.
    ///
    /// # Panics
    /// When there is no such channel.
    #[must_use]
    pub fn channel_mut(&mut self, channel: usize) -> &mut [f32] {
        let range = self.range(channel);
        &mut self.storage[range]
    }

    /// Two channels at once: the first to read, the second to write.
    ///
    /// # Panics
    /// When they are the same, or there is no such channel.
    #[must_use]
    pub fn pair(&mut self, read: usize, write: usize) -> (&[f32], &mut [f32]) {
        let ranges = [self.range(read), self.range(write)];
        let [read, write] = self
            .storage
            .get_disjoint_mut(ranges)
            .expect("two different channels do not overlap");
        (read, write)
    }

    /// All channels in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        (0..self.channels).map(|channel| self.channel(channel))
    }

    /// All channels in order, to write.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        let (frames_max, stride) = (self.frames_max, self.stride.max(1));
        self.as_mut_slice()
            .chunks_exact_mut(stride)
            .map(move |channel| &mut channel[..frames_max])
    }

    /// The whole storage: channel c starts at `c * stride()`, padding included.
    #[inline]
    #[must_use]
    pub fn as_slice(&self) -> &[f32] {
        &self.storage[self.start..self.start + self.channels * self.stride]
    }

    /// The whole storage to write: channel c starts at `c * stride()`, padding included.
    #[inline]
    #[must_use]
    pub fn as_mut_slice(&mut self) -> &mut [f32] {
        &mut self.storage[self.start..self.start + self.channels * self.stride]
    }

    /// Makes everything silent.
    pub fn clear(&mut self) {
        self.as_mut_slice().fill(0.0);
    }

    /// Makes a range of frames silent in every channel.
    ///
    /// # Panics
    /// When the range ends past `frames_max`.
    pub fn clear_frames(&mut self, frames: Range<usize>) {
        for channel in self.iter_mut() {
            channel[frames.clone()].fill(0.0);
        }
    }

    /// Copies a range of frames of every channel of `from` to the frames from `at` on.
    ///
    /// # Panics
    /// When the numbers of channels differ, or a range ends past the frames of its buffer.
    pub fn copy_frames(&mut self, at: usize, from: &Self, frames: Range<usize>) {
        assert_eq!(
            self.channels, from.channels,
            "frames are copied between buffers of as many channels"
        );
        for (into, from) in self.iter_mut().zip(from.iter()) {
            into[at..at + frames.len()].copy_from_slice(&from[frames.clone()]);
        }
    }

    /// Where a channel lies in `storage`.
    fn range(&self, channel: usize) -> Range<usize> {
        assert!(
            channel < self.channels,
            "channel {channel} of a buffer that has {}",
            self.channels
        );
        let first = self.start + channel * self.stride;
        first..first + self.frames_max
    }
}

impl Clone for Buffer {
    /// A buffer of its own, aligned anew: a copied `Vec` may start elsewhere within a cache line.
    fn clone(&self) -> Self {
        let mut copy = Self::new(self.channels, self.frames_max);
        copy.as_mut_slice().copy_from_slice(self.as_slice());
        copy
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::any;
    use proptest::prop_assert;
    use proptest::prop_assert_eq;
    use proptest::proptest;

    use super::*;

    /// A buffer in which every sample differs.
    fn numbered(channels: usize, frames: usize) -> Buffer {
        let mut buffer = Buffer::new(channels, frames);
        for channel in 0..channels {
            for (frame, sample) in buffer.channel_mut(channel).iter_mut().enumerate() {
                *sample = (channel * 10_000 + frame + 1) as f32;
            }
        }
        buffer
    }

    proptest! {
        #[test]
        fn every_channel_starts_on_a_cache_line(channels in 0_usize..=64, frames in 0_usize..5000) {
            for buffer in [Buffer::new(channels, frames), numbered(channels, frames).clone()] {
                prop_assert_eq!(buffer.channels(), channels);
                prop_assert_eq!(buffer.frames_max(), frames);
                prop_assert_eq!(buffer.as_slice().len(), channels * buffer.stride());
                prop_assert!(buffer.stride() == 0 || buffer.stride() % 1024 != 0);
                for (at, channel) in buffer.iter().enumerate() {
                    prop_assert_eq!(channel.len(), frames);
                    prop_assert_eq!(channel.as_ptr() as usize % 64, 0);
                    prop_assert_eq!(channel.as_ptr(), buffer.as_slice()[at * buffer.stride()..].as_ptr());
                }
            }
        }

        #[test]
        fn copying_frames_moves_those_and_no_others(
            channels in 1_usize..5, at in 0_usize..40, first in 0_usize..40, count in 0_usize..40,
        ) {
            let from = numbered(channels, 80);
            let mut into = Buffer::new(channels, 80);
            into.copy_frames(at, &from, first..first + count);
            for channel in 0..channels {
                for frame in 0..80 {
                    let copied = (at..at + count).contains(&frame);
                    let expected = if copied { from.channel(channel)[frame - at + first] } else { 0.0 };
                    prop_assert_eq!(into.channel(channel)[frame], expected);
                }
            }
        }

        #[test]
        fn a_pair_is_the_two_channels_asked_for(read in 0_usize..4, write in 0_usize..4, seed in any::<f32>()) {
            let mut buffer = numbered(4, 20);
            if read != write {
                let expected = buffer.channel(read).to_vec();
                let (from, into) = buffer.pair(read, write);
                prop_assert_eq!(from, &expected[..]);
                into[19] = seed;
                prop_assert_eq!(buffer.channel(write)[19].to_bits(), seed.to_bits());
                prop_assert_eq!(buffer.channel(read), &expected[..]);
            }
        }
    }

    #[test]
    fn clearing_frames_leaves_the_others() {
        let mut buffer = numbered(2, 4);
        buffer.clear_frames(1..3);
        assert_eq!(buffer.channel(1), [10_001.0, 0.0, 0.0, 10_004.0]);
        buffer.clear();
        assert!(buffer.as_slice().iter().all(|sample| *sample == 0.0));
    }

    #[test]
    fn a_clone_is_a_copy_of_its_own() {
        let original = numbered(3, 100);
        let mut copy = original.clone();
        assert_eq!(copy.channel(2), original.channel(2));
        copy.clear();
        assert_eq!(original.channel(2)[99], 20_100.0);
    }

    #[test]
    #[should_panic(expected = "channel 2 of a buffer that has 2")]
    fn a_channel_that_is_not_there_panics() {
        let _ = Buffer::new(2, 4).channel(2);
    }

    #[test]
    #[should_panic(expected = "two different channels")]
    fn a_pair_of_one_channel_panics() {
        let _ = Buffer::new(2, 4).pair(1, 1);
    }
}
