//! History: what a stage read and gave lately, for instances that are primed with it and for
//! receipts that measure seams.
//!
//! In: blocks, written by the audio thread. Out: copies, read by control code meanwhile. One
//! thread writes, any number read, nobody waits: what is overwritten while it is read is left out.

use std::sync::Arc;

use crate::audio::Buffer;

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

/// The last frames of a stage's inputs and output.
#[derive(Debug)]
pub struct History {
    shape: HistoryShape,
    frames: usize,
}

impl History {
    /// Room for the last so many frames, of which nothing is known yet. Allocates; not for the
    /// audio thread.
    #[must_use]
    pub fn new(shape: HistoryShape, frames: usize) -> Arc<Self> {
        Arc::new(Self { shape, frames })
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
        Self::bytes_for(&self.shape, self.frames)
    }

    /// How many frames of each signal are kept.
    #[must_use]
    pub const fn frames(&self) -> usize {
        self.frames
    }

    /// How many frames of input were written so far. Thread: any.
    #[must_use]
    pub fn input_frames(&self) -> u64 {
        0
    }

    /// How many frames of output were written so far. Thread: any.
    #[must_use]
    pub fn output_frames(&self) -> u64 {
        0
    }

    /// A copy of the inputs from a frame on, at most so many frames; shorter at either end where
    /// they are overwritten or not written yet, `None` where nothing of it is left. Allocates; any
    /// thread but audio.
    #[must_use]
    pub fn read_input(&self, from_frames: u64, frames: usize) -> Option<PastInput> {
        let _ = (from_frames, frames);
        None
    }

    /// As `read_input`, of the output.
    #[must_use]
    pub fn read_output(&self, from_frames: u64, frames: usize) -> Option<PastOutput> {
        let _ = (from_frames, frames);
        None
    }
}

/// A stretch of what a stage read.
#[derive(Debug, Clone)]
pub struct PastInput {
    /// The first frame, counted as `Stage::frames_in`.
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
    /// The first frame, counted as `Stage::frames_out`.
    pub from_frames: u64,
    /// How many.
    pub frames: usize,
    /// Its output; as many frames as said.
    pub output: Buffer,
}
