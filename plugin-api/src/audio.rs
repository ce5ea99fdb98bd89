//! Audio: the samples of one block, planar, as authors see them.
//!
//! In: what the host lent for this call. Out: slices, one per channel, in [-1, 1) by convention.

use crate::abi::audio::{RawAudio, RawAudioMut};

/// Samples to read. One slice per channel, all of [`frames`](Self::frames) samples.
#[derive(Debug, Clone, Copy)]
pub struct Audio<'a> {
    raw: RawAudio<'a>,
    position_frames: u64,
}

impl<'a> Audio<'a> {
    pub(crate) const fn new(raw: RawAudio<'a>, position_frames: u64) -> Self {
        Self {
            raw,
            position_frames,
        }
    }

    pub(crate) const fn raw(&self) -> RawAudio<'a> {
        self.raw
    }

    /// Stream time of the first frame: frames since the session began.
    #[must_use]
    pub const fn position_frames(&self) -> u64 {
        self.position_frames
    }

    /// How many frames each channel has.
    #[must_use]
    pub const fn frames(&self) -> usize {
        self.raw.frames()
    }

    /// How many channels there are, 1 to 64.
    #[must_use]
    pub const fn channels(&self) -> usize {
        self.raw.channels()
    }

    /// The samples of one channel.
    ///
    /// # Panics
    /// When there is no such channel.
    #[must_use]
    pub fn channel(&self, channel: usize) -> &'a [f32] {
        self.raw.channel(channel)
    }

    /// The samples of each channel in turn.
    pub fn iter(&self) -> impl Iterator<Item = &'a [f32]> + '_ {
        (0..self.channels()).map(|channel| self.raw.channel(channel))
    }
}

/// The input and the output of one block: read the one, fill the other, every sample of it.
#[derive(Debug)]
pub struct Io<'a> {
    input: Audio<'a>,
    output: RawAudioMut<'a>,
}

impl<'a> Io<'a> {
    pub(crate) const fn new(input: Audio<'a>, output: RawAudioMut<'a>) -> Self {
        Self { input, output }
    }

    /// The whole input, to hand to a component of another plugin.
    #[must_use]
    pub const fn signal(&self) -> Audio<'a> {
        self.input
    }

    /// How many frames, in and out.
    #[must_use]
    pub const fn frames(&self) -> usize {
        self.output.frames()
    }

    /// How many channels come in.
    #[must_use]
    pub const fn channels_in(&self) -> usize {
        self.input.channels()
    }

    /// How many channels go out.
    #[must_use]
    pub const fn channels_out(&self) -> usize {
        self.output.channels()
    }

    /// One channel of the input.
    ///
    /// # Panics
    /// When there is no such channel.
    #[must_use]
    pub fn input(&self, channel: usize) -> &'a [f32] {
        self.input.channel(channel)
    }

    /// One channel of the output; what it holds before it is written is not specified.
    ///
    /// # Panics
    /// When there is no such channel.
    #[must_use]
    pub fn output(&mut self, channel: usize) -> &mut [f32] {
        self.output.channel(channel)
    }

    /// One channel, in and out.
    ///
    /// # Panics
    /// When there is no such channel on either side.
    #[must_use]
    pub fn channel(&mut self, channel: usize) -> (&'a [f32], &mut [f32]) {
        (self.input.channel(channel), self.output.channel(channel))
    }

    /// Fills every sample of the output from the sample at its place in the input.
    ///
    /// The closure gets the frame's number within the block, and the sample. Output channels
    /// without an input are filled with zeros.
    pub fn map(&mut self, mut change: impl FnMut(usize, f32) -> f32) {
        for channel in 0..self.channels_out() {
            if channel >= self.channels_in() {
                self.output.channel(channel).fill(0.0);
                continue;
            }
            let (input, output) = self.channel(channel);
            for (frame, (out, sample)) in output.iter_mut().zip(input).enumerate() {
                *out = change(frame, *sample);
            }
        }
    }

    /// Copies the input to the output; output channels without an input become zeros.
    pub fn copy(&mut self) {
        for channel in 0..self.channels_out() {
            if channel < self.channels_in() {
                let (input, output) = self.channel(channel);
                output.copy_from_slice(input);
            } else {
                self.output.channel(channel).fill(0.0);
            }
        }
    }
}
