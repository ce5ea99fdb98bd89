//! History: what a stage read and gave lately, for instances that are primed with it and for
//! receipts that measure seams.
//!
//! In: blocks, written by the audio thread. Out: copies, read by control code meanwhile. One
//! thread writes, any number read, nobody waits: what is overwritten while it is read is left out.

mod ring;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use segue_media::audio::Buffer;
use segue_plugin::link::AudioView;

use crate::pipeline::history::ring::{Copied, Ring};
use crate::process::scarce::{self, Resource};

/// Whose audio is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryShape {
    /// Channels of the stage's input.
    pub inputs: usize,
    /// Channels of each further input.
    pub sidechains: Vec<usize>,
    /// Channels of its output.
    pub outputs: usize,
}

/// How much of each signal is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryFrames {
    /// How many frames.
    pub kept: usize,
    /// How many an instance may have missed that is still to hear them. Less than what is kept, and
    /// the same where a run is replayed and more is kept: there too an instance loses what it lost.
    pub reach: u64,
}

impl From<usize> for HistoryFrames {
    fn from(kept: usize) -> Self {
        let reach = kept as u64;
        Self { kept, reach }
    }
}

/// The last frames of a stage's inputs and output.
#[derive(Debug)]
pub struct History {
    shape: HistoryShape,
    frames: HistoryFrames,
    /// The input's channels, then those of each further input.
    inputs: Ring,
    outputs: Ring,
    /// Where the first frame of all lies in the stream of the stage's instance.
    first_frames: AtomicU64,
}

impl History {
    /// Room for the last so many frames, of which nothing is known yet; `None` where there is no
    /// memory for it. Allocates; not for the audio thread.
    #[must_use]
    pub fn new(shape: HistoryShape, frames: impl Into<HistoryFrames>) -> Option<Arc<Self>> {
        scarce::ask(Resource::Memory).ok()?;
        let frames = frames.into();
        let inputs = shape.inputs + shape.sidechains.iter().sum::<usize>();
        Some(Arc::new(Self {
            inputs: Ring::new(inputs, frames.kept)?,
            outputs: Ring::new(shape.outputs, frames.kept)?,
            first_frames: AtomicU64::new(0),
            shape,
            frames,
        }))
    }

    /// How much memory it takes for so many frames.
    #[must_use]
    pub fn bytes_for(shape: &HistoryShape, frames: usize) -> usize {
        let channels = shape.inputs + shape.sidechains.iter().sum::<usize>() + shape.outputs;
        channels
            .saturating_mul(frames)
            .saturating_mul(size_of::<f32>())
    }

    /// How much memory it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        Self::bytes_for(&self.shape, self.frames.kept)
    }

    /// How many frames of each signal are kept.
    #[must_use]
    pub const fn frames(&self) -> usize {
        self.frames.kept
    }

    /// How many frames an instance may have missed that is still to hear them.
    #[must_use]
    pub const fn reach_frames(&self) -> u64 {
        self.frames.reach
    }

    /// How many frames of input were written so far. Thread: any.
    #[must_use]
    pub fn input_frames(&self) -> u64 {
        self.inputs.written()
    }

    /// Where the first frame that was ever written lies in the stream of the stage's instance: 0
    /// but for a stage that came later. Thread: any.
    #[must_use]
    pub fn first_frames(&self) -> u64 {
        self.first_frames.load(Ordering::Relaxed)
    }

    /// How many frames of output were written so far. Thread: any.
    #[must_use]
    pub fn output_frames(&self) -> u64 {
        self.outputs.written()
    }

    /// A copy of the inputs from a frame on, at most so many frames; shorter at either end where
    /// they are overwritten or not written yet, `None` where nothing of it is left. Allocates; any
    /// thread but audio.
    #[must_use]
    pub fn read_input(&self, from_frames: u64, frames: usize) -> Option<PastInput> {
        let copied = self.inputs.copy(from_frames, frames)?;
        let mut first = self.shape.inputs;
        let sidechains = self.shape.sidechains.iter().map(|channels| {
            first += channels;
            buffer(&copied, first - channels, *channels)
        });
        Some(PastInput {
            from_frames: copied.from_frames,
            frames: copied.frames(),
            sidechains: sidechains.collect(),
            input: buffer(&copied, 0, self.shape.inputs),
        })
    }

    /// As `read_input`, of the output.
    #[must_use]
    pub fn read_output(&self, from_frames: u64, frames: usize) -> Option<PastOutput> {
        let copied = self.outputs.copy(from_frames, frames)?;
        Some(PastOutput {
            from_frames: copied.from_frames,
            frames: copied.frames(),
            output: buffer(&copied, 0, self.shape.outputs),
        })
    }

    /// Says where the first frame of all lies. Thread: audio.
    pub(super) fn begin_at(&self, first_frames: u64) {
        // Whoever sees a frame sees this: frames are written with release afterwards.
        self.first_frames.store(first_frames, Ordering::Relaxed);
    }

    /// Keeps what a stage reads. Thread: audio.
    pub(super) fn keep_input(&self, input: AudioView<'_>, sidechains: &[AudioView<'_>]) {
        self.inputs.write(input.frames(), |channel| {
            let mut channel = channel;
            for view in std::iter::once(&input).chain(sidechains) {
                if channel < view.channels() {
                    return view.channel(channel);
                }
                channel -= view.channels();
            }
            &[]
        });
    }

    /// Keeps what a stage gives. Thread: audio.
    pub(super) fn keep_output(&self, output: AudioView<'_>) {
        self.outputs
            .write(output.frames(), |channel| output.channel(channel));
    }

    /// Copies so many frames of the inputs that were kept; whether all of them are still there.
    /// Thread: audio.
    pub(super) fn recall(
        &self,
        from_frames: u64,
        frames: usize,
        input: &mut Buffer,
        sidechains: &mut [Buffer],
    ) -> bool {
        let mut channel = 0;
        for buffer in std::iter::once(input).chain(sidechains) {
            for samples in buffer.iter_mut() {
                let Some(samples) = samples.get_mut(..frames) else {
                    return false;
                };
                if !self.inputs.copy_own(channel, from_frames, samples) {
                    return false;
                }
                channel += 1;
            }
        }
        true
    }
}

/// Some of the channels that were copied.
fn buffer(copied: &Copied, first: usize, channels: usize) -> Buffer {
    let mut buffer = Buffer::new(channels, copied.frames());
    for (into, from) in buffer.iter_mut().zip(&copied.channels[first..]) {
        for (sample, bits) in into.iter_mut().zip(from) {
            *sample = f32::from_bits(*bits);
        }
    }
    buffer
}

/// A stretch of what a stage read.
#[derive(Debug, Clone)]
pub struct PastInput {
    /// The first frame, counted as `StageGauges::frames_in`.
    pub from_frames: u64,
    /// How many.
    pub frames: usize,
    /// Its input; as many frames as said.
    pub input: Buffer,
    /// Its further inputs, alike.
    pub sidechains: Vec<Buffer>,
}

/// A stretch of what a stage gave.
#[derive(Debug, Clone)]
pub struct PastOutput {
    /// The first frame, counted as `StageGauges::frames_out`.
    pub from_frames: u64,
    /// How many.
    pub frames: usize,
    /// Its output; as many frames as said.
    pub output: Buffer,
}

#[cfg(test)]
mod tests {
    use segue_plugin::abi::audio::Span;

    use super::*;

    /// Two channels of input, sidechains of one and two, one channel of output: all different.
    fn written(frames: usize, blocks: &[usize]) -> Arc<History> {
        let shape = HistoryShape {
            inputs: 2,
            sidechains: vec![1, 2],
            outputs: 1,
        };
        let history = History::new(shape, frames).unwrap();
        assert_eq!(history.bytes(), 6 * frames * 4);
        let mut position = 0;
        for block in blocks {
            let of = |channels: usize, first: usize| {
                let channels = first..first + channels;
                let samples = channels.flat_map(|channel| {
                    (position..position + block).map(move |frame| number(channel, frame))
                });
                samples.collect::<Vec<f32>>()
            };
            let (input, key, other, output) = (of(2, 0), of(1, 2), of(2, 3), of(1, 5));
            let span = |channels| Span {
                channels,
                stride: *block,
                start: 0,
                frames: *block,
            };
            let keys = [
                AudioView::new(&key, span(1)),
                AudioView::new(&other, span(2)),
            ];
            history.keep_input(AudioView::new(&input, span(2)), &keys);
            history.keep_output(AudioView::new(&output, span(1)));
            position += block;
        }
        history
    }

    fn number(channel: usize, frame: usize) -> f32 {
        (channel * 1_000 + frame) as f32
    }

    fn check(buffer: &Buffer, first: usize, from: usize, frames: usize) {
        for (channel, samples) in buffer.iter().enumerate() {
            let expected = (from..from + frames).map(|frame| number(first + channel, frame));
            assert_eq!(samples[..frames], expected.collect::<Vec<_>>(), "{channel}");
        }
    }

    #[test]
    fn every_signal_is_kept_in_its_own_place() {
        let history = written(20, &[7, 13, 9]);
        assert_eq!((history.input_frames(), history.output_frames()), (29, 29));
        let past = history.read_input(5, 10).unwrap();
        assert_eq!((past.from_frames, past.frames), (9, 6));
        check(&past.input, 0, 9, 6);
        check(&past.sidechains[0], 2, 9, 6);
        check(&past.sidechains[1], 3, 9, 6);
        let past = history.read_output(25, 100).unwrap();
        assert_eq!((past.from_frames, past.frames), (25, 4));
        check(&past.output, 5, 25, 4);
        assert!(history.read_output(29, 1).is_none());
        assert!(history.read_input(0, 9).is_none());
    }

    #[test]
    fn the_audio_thread_recalls_all_or_says_that_it_cannot() {
        let history = written(20, &[7, 13, 9]);
        let mut input = Buffer::new(2, 16);
        let mut keys = [Buffer::new(1, 16), Buffer::new(2, 16)];
        assert!(history.recall(9, 16, &mut input, &mut keys));
        check(&input, 0, 9, 16);
        check(&keys[0], 2, 9, 16);
        check(&keys[1], 3, 9, 16);
        for (from, frames) in [(8, 16), (14, 16), (9, 17)] {
            assert!(
                !history.recall(from, frames, &mut input, &mut keys),
                "{from}"
            );
        }
    }
}
