//! Seam: what is heard goes on without a step where one of two instances is lost.
//!
//! In: the last frame of the old instance, of the new one, and of what was heard of both. Out:
//! the step from there to the one that is left, decaying over 5 ms. On the audio thread but for
//! `new`.

use segue_plugin::link::{AudioView, AudioViewMut};

use crate::pipeline::decay::Decay;

/// Whose last frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Heard,
    Old,
    New,
}

/// The last frames of a pair of instances, and the step that is left of it.
#[derive(Debug)]
pub(super) struct Seam {
    /// For each channel its last sample of each side, by the order of `Side`, and its step.
    channels: Box<[[f32; 4]]>,
    decay: Option<Decay>,
    sample_rate_hz: u32,
}

/// Where in a channel's samples the step is.
const STEP: usize = 3;

impl Seam {
    /// Allocates; not for the audio thread.
    pub(super) fn new(channels: usize, sample_rate_hz: u32) -> Self {
        Self {
            channels: vec![[0.0; 4]; channels].into(),
            decay: None,
            sample_rate_hz,
        }
    }

    /// Whether there is no step.
    pub(super) const fn is_over(&self) -> bool {
        self.decay.is_none()
    }

    /// There is no step any more.
    pub(super) const fn end(&mut self) {
        self.decay = None;
    }

    /// Keeps the last frame of one side.
    pub(super) fn keep(&mut self, side: Side, block: AudioView<'_>) {
        for (channel, kept) in self.channels.iter_mut().enumerate() {
            kept[side as usize] = block.last_sample(channel);
        }
    }

    /// Keeps the last frame of what is heard.
    pub(super) fn keep_heard(&mut self, block: AudioView<'_>) {
        self.keep(Side::Heard, block);
    }

    /// One side alone is heard from here on.
    pub(super) fn begin(&mut self, left: Side) {
        for kept in &mut self.channels {
            kept[STEP] = kept[Side::Heard as usize] - kept[left as usize];
        }
        self.decay = Some(Decay::at(self.sample_rate_hz));
    }

    /// Adds what is left of the step, and goes on.
    pub(super) fn add(&mut self, output: &mut AudioViewMut<'_>) {
        let Some(decay) = &mut self.decay else {
            return;
        };
        for (channel, kept) in self.channels.iter().enumerate() {
            decay.add(kept[STEP], output.channel(channel));
        }
        decay.advance(output.frames());
        if decay.is_over() {
            self.decay = None;
        }
    }
}
