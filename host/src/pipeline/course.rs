//! Course: how far a new instance is on its way into a place.
//!
//! Pure arithmetic on frames of the stream: a shadow that nobody hears, a fade, and where the
//! input goes over instead of the output, the tail of the old instance. A fade can turn round. The
//! same course is the same samples however the stream is cut into blocks.

use crate::pipeline::crossfade::Fade;
use crate::pipeline::swapped::Progress;

/// Where a trial is, in frames since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Course {
    shadow_frames: u64,
    fade: Fade,
    /// How long the old instance is heard after the fade.
    ring_frames: u64,
    /// How long the end of that takes, in which what is left of it decays.
    decay_frames: u64,
    done_frames: u64,
    /// The next frame of a fade that goes back.
    back: Option<u64>,
}

impl Course {
    pub(super) const fn new(shadow_frames: u64, fade: Fade) -> Self {
        Self {
            shadow_frames,
            fade,
            ring_frames: 0,
            decay_frames: 0,
            done_frames: 0,
            back: None,
        }
    }

    /// With a tail that is heard whole for so long, and then decays.
    pub(super) const fn with_ring(self, tail_frames: u64, decay_frames: u64) -> Self {
        Self {
            ring_frames: tail_frames.saturating_add(decay_frames),
            decay_frames,
            ..self
        }
    }

    /// How far it is at the start of a block.
    pub(super) const fn progress(&self) -> Progress {
        if self.back.is_some() {
            Progress::Reversing
        } else if self.done_frames < self.shadow_frames {
            Progress::Shadow
        } else if !self.is_faded() {
            Progress::Fading
        } else {
            Progress::Ringing
        }
    }

    pub(super) const fn shadow_frames(&self) -> u64 {
        self.shadow_frames
    }

    pub(super) const fn fade(&self) -> Fade {
        self.fade
    }

    /// Frames until the fade begins.
    pub(super) const fn until_heard(&self) -> u64 {
        self.shadow_frames.saturating_sub(self.done_frames)
    }

    /// Frames until the fade is over.
    pub(super) const fn until_alone(&self) -> u64 {
        let end = self.shadow_frames.saturating_add(self.fade.frames());
        end.saturating_sub(self.done_frames)
    }

    /// Whether the next frame is the new instance alone, but for a tail.
    pub(super) const fn is_faded(&self) -> bool {
        self.back.is_none() && self.until_alone() == 0
    }

    /// Whether the next frame is the old instance alone again.
    pub(super) const fn is_back(&self) -> bool {
        matches!(self.back, Some(0))
    }

    /// Whether the tail is over as well.
    pub(super) const fn is_over(&self) -> bool {
        self.is_faded() && self.ring_left() == 0
    }

    /// Begins the shadow anew, for so many frames more.
    pub(super) const fn begin_shadow(&mut self, frames: u64) {
        self.shadow_frames = self.done_frames.saturating_add(frames);
    }

    /// There is no tail.
    pub(super) const fn drop_ring(&mut self) {
        self.ring_frames = 0;
    }

    /// The tail decays from here on.
    pub(super) fn end_ring(&mut self) {
        let rung = self.ring_frames - self.ring_left().min(self.ring_frames);
        self.ring_frames = self.ring_frames.min(rung + self.decay_frames);
    }

    /// A fade goes back from where it is: what was heard last but one is heard next.
    pub(super) const fn reverse(&mut self) {
        if self.back.is_none() {
            let faded = self.done_frames.saturating_sub(self.shadow_frames);
            self.back = Some(faded.saturating_sub(2));
        }
    }

    /// A fade that goes back goes on again, likewise.
    pub(super) const fn resume(&mut self) {
        if let Some(next) = self.back.take() {
            self.done_frames = self.shadow_frames.saturating_add(next).saturating_add(2);
        }
    }

    /// Goes on by so many frames.
    pub(super) const fn advance(&mut self, frames: usize) {
        let frames = frames as u64;
        match self.back {
            Some(next) => self.back = Some(next.saturating_sub(frames)),
            None => self.done_frames = self.done_frames.saturating_add(frames),
        }
    }

    /// Turns the old output into what is heard. Real-time safe.
    pub(super) fn mix(&self, old: &mut [f32], new: &[f32]) {
        match self.back {
            Some(next) => self.fade.mix_back(next, old, new),
            None => self.fade.mix(self.until_heard(), self.faded(), old, new),
        }
    }

    /// Parts an input between the new instance and the old one; both parts together are it.
    /// Real-time safe.
    pub(super) fn part(&self, input: &[f32], new: &mut [f32], old: &mut [f32]) {
        new.fill(0.0);
        self.mix(new, input);
        for ((old, new), sample) in old.iter_mut().zip(&*new).zip(input) {
            *old = sample - new;
        }
    }

    /// Adds as much of a tail as is heard. Real-time safe.
    pub(super) fn add_ring(&self, tail: &[f32], output: &mut [f32]) {
        let left = self.ring_left();
        for (at, (sample, tail)) in output.iter_mut().zip(tail).enumerate() {
            let left = left.saturating_sub(at as u64);
            if left > self.decay_frames {
                *sample += tail;
            } else if left > 0 {
                *sample += tail * (left as f32 / (self.decay_frames + 1) as f32);
            }
        }
    }

    const fn faded(&self) -> u64 {
        self.done_frames.saturating_sub(self.shadow_frames)
    }

    /// Frames of the tail that are to be heard.
    const fn ring_left(&self) -> u64 {
        let rung = self.faded().saturating_sub(self.fade.frames());
        self.ring_frames.saturating_sub(rung)
    }
}
