//! Fade in: what is heard on the way from an old signal to a new one, and how far a new instance is
//! on its way into a place.
//!
//! In: how many frames of the stream have passed, and both signals. Out: the samples that are heard.
//! First comes a shadow that nobody hears, then a fade, and where the input goes over instead of the
//! output, the tail of the old instance. A fade can turn round.
//!
//! Pure arithmetic on integer frame counts, so that the same fade-in is the same samples however the
//! stream is cut into blocks.

use crate::pipeline::swapped::Progress;

/// How long old and new are heard together where an instance comes back, in seconds.
const FADE_SECONDS: f64 = 0.02;

/// A change from an old signal to a new one: `old + (new - old) * t`, t from the frame count.
///
/// Equal signals stay equal to the last bit, no sample lies outside the two, and from the frame
/// after the fade on what is heard is the new signal itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fade {
    frames: u64,
}

impl Fade {
    /// A fade of 20 ms at this sample rate; at least one frame.
    #[must_use]
    pub fn at(sample_rate_hz: u32) -> Self {
        Self::of((f64::from(sample_rate_hz) * FADE_SECONDS).round() as u64)
    }

    /// A fade of so many frames; at least one.
    #[must_use]
    pub const fn of(frames: u64) -> Self {
        Self {
            frames: if frames == 0 { 1 } else { frames },
        }
    }

    /// How many frames it takes.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.frames
    }

    /// Turns the old samples of one channel into what is heard. `before` is how many frames the
    /// fade is still away, `done` how many of it are over; one of them is 0. Real-time safe.
    pub fn mix(&self, before: u64, done: u64, old: &mut [f32], new: &[f32]) {
        let start = usize::try_from(before).map_or(old.len(), |before| before.min(old.len()));
        let samples = old.iter_mut().zip(new).skip(start);
        for (at, (sample, new)) in samples.enumerate() {
            *sample = self.between(done.saturating_add(at as u64), *sample, *new);
        }
    }

    /// As `mix` for a fade that goes back: its next frame is frame `next`, and the old signal is
    /// heard alone from frame 0 on. Real-time safe.
    pub fn mix_back(&self, next: u64, old: &mut [f32], new: &[f32]) {
        for (at, (sample, new)) in old.iter_mut().zip(new).enumerate() {
            *sample = self.between(next.saturating_sub(at as u64), *sample, *new);
        }
    }

    /// What is heard at one frame of the fade.
    #[inline]
    fn between(&self, frame: u64, old: f32, new: f32) -> f32 {
        if frame >= self.frames {
            return new;
        }
        if frame == 0 || old == new {
            return old;
        }
        let t = frame as f32 / self.frames as f32;
        (old + (new - old) * t).clamp(old.min(new), old.max(new))
    }
}

/// Where a candidate is, in frames since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FadeIn {
    shadow_frames: u64,
    fade: Fade,
    /// How long the old instance is heard after the fade.
    tail_frames: u64,
    /// How long the end of that takes, in which what is left of it decays.
    decay_frames: u64,
    done_frames: u64,
    /// The next frame of a fade that goes back.
    back: Option<u64>,
}

impl FadeIn {
    pub(super) const fn new(shadow_frames: u64, fade: Fade) -> Self {
        Self {
            shadow_frames,
            fade,
            tail_frames: 0,
            decay_frames: 0,
            done_frames: 0,
            back: None,
        }
    }

    /// With a tail that is heard whole for so long, and then decays.
    pub(super) const fn with_tail(self, whole_frames: u64, decay_frames: u64) -> Self {
        Self {
            tail_frames: whole_frames.saturating_add(decay_frames),
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
            Progress::Tail
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
        self.is_faded() && self.tail_left() == 0
    }

    /// Begins the shadow anew, for so many frames more.
    pub(super) const fn begin_shadow(&mut self, frames: u64) {
        self.shadow_frames = self.done_frames.saturating_add(frames);
    }

    /// There is no tail.
    pub(super) const fn drop_tail(&mut self) {
        self.tail_frames = 0;
    }

    /// The tail decays from here on.
    pub(super) fn end_tail(&mut self) {
        let sounded = self.tail_frames - self.tail_left().min(self.tail_frames);
        self.tail_frames = self.tail_frames.min(sounded + self.decay_frames);
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
    pub(super) fn add_tail(&self, tail: &[f32], output: &mut [f32]) {
        let left = self.tail_left();
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
    const fn tail_left(&self) -> u64 {
        let sounded = self.faded().saturating_sub(self.fade.frames());
        self.tail_frames.saturating_sub(sounded)
    }
}

#[cfg(test)]
mod tests;
