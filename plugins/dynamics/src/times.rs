//! Times: how a processor goes over to others.
//!
//! In: times in ms, and frames that pass. Out: which of two kernels is heard, and how much.
//!
//! A time that became short at once would let go in one frame of all that a long one holds, which
//! is a click. So a second kernel, which remembers the same, takes the place of the first one in a
//! linear cross-fade over 20 ms, counted in frames, never in blocks. A change during a fade waits
//! for its end.

use crate::common::OTHER_STATE;
use segue_plugin::prelude::*;
use std::ops::Range;

/// How long both kernels are heard, in seconds.
const FADE_SECONDS: f64 = 0.02;
/// No time is longer, in ms.
const LONGEST_MS: f64 = 10_000.0;

/// The kernel that is heard, and the one that takes its place while times change.
#[derive(Clone, Debug)]
pub(crate) struct Pair<K> {
    pub(crate) heard: K,
    pub(crate) coming: K,
    /// What the one that comes gives of a channel.
    pub(crate) given: Vec<f32>,
}

impl<K: Clone> Pair<K> {
    /// Two of a kind, for blocks of at most so many frames. It allocates.
    pub(crate) fn new(kernel: K, frames_max: usize) -> Self {
        Self {
            coming: kernel.clone(),
            heard: kernel,
            given: vec![0.0; frames_max],
        }
    }

    /// Fills a span of every channel by the kernel that is heard, and by both while times change;
    /// `apply` has one kernel fill a channel.
    pub(crate) fn fill<const COUNT: usize>(
        &mut self,
        times: &Times<COUNT>,
        audio: &mut Io<'_>,
        span: &Range<usize>,
        apply: impl Fn(&mut K, usize, &[f32], &mut [f32]),
    ) {
        for channel in 0..audio.channels_out() {
            let (input, output) = audio.channel(channel);
            let (input, output) = (&input[span.clone()], &mut output[span.clone()]);
            apply(&mut self.heard, channel, input, output);
            if times.is_fading() {
                let given = &mut self.given[..span.len()];
                apply(&mut self.coming, channel, input, given);
                times.mix(output, given);
            }
        }
    }

    /// The one that came is the one that is heard.
    pub(crate) fn arrive(&mut self) {
        std::mem::swap(&mut self.heard, &mut self.coming);
    }
}

/// So many times, on their way to others that change together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Times<const COUNT: usize> {
    /// Those of the kernel that is heard.
    pub(crate) heard_ms: [f64; COUNT],
    /// Those of the one that comes.
    pub(crate) coming_ms: [f64; COUNT],
    left_frames: u32,
    fade_frames: u32,
}

impl<const COUNT: usize> Default for Times<COUNT> {
    fn default() -> Self {
        Self::new([0.0; COUNT], 0)
    }
}

impl<const COUNT: usize> Times<COUNT> {
    /// How many bytes `write` takes.
    pub(crate) const BYTES: usize = (2 * COUNT + 1) * size_of::<f64>();

    /// Times that stay as they are.
    pub(crate) fn new(times_ms: [f64; COUNT], sample_rate_hz: u32) -> Self {
        let fade_frames = (FADE_SECONDS * f64::from(sample_rate_hz)).round() as u32;
        Self {
            heard_ms: times_ms,
            coming_ms: times_ms,
            left_frames: 0,
            fade_frames: fade_frames.max(1),
        }
    }

    /// Whether two kernels are heard.
    pub(crate) fn is_fading(&self) -> bool {
        self.left_frames > 0
    }

    /// Begins a fade where these are others and none is under way; returns whether it did.
    pub(crate) fn begin(&mut self, times_ms: [f64; COUNT]) -> bool {
        let begins = !self.is_fading() && times_ms != self.coming_ms;
        if begins {
            self.coming_ms = times_ms;
            self.left_frames = self.fade_frames;
        }
        begins
    }

    /// The first of these frames, up to the end of a fade.
    pub(crate) fn span(&self, frames: Range<usize>) -> Range<usize> {
        match self.left_frames {
            0 => frames,
            left => frames.start..frames.end.min(frames.start + left as usize),
        }
    }

    /// Counts frames of a `span`; returns whether a fade ended with them.
    pub(crate) fn pass(&mut self, frames: usize) -> bool {
        if !self.is_fading() {
            return false;
        }
        self.left_frames -= frames as u32;
        if !self.is_fading() {
            self.heard_ms = self.coming_ms;
        }
        !self.is_fading()
    }

    /// Ends a fade with these times.
    pub(crate) fn settle(&mut self, times_ms: [f64; COUNT]) {
        (self.heard_ms, self.coming_ms) = (times_ms, times_ms);
        self.left_frames = 0;
    }

    /// Mixes what the kernel that comes gives into a span of the output of the other one.
    pub(crate) fn mix(&self, output: &mut [f32], given: &[f32]) {
        let all = f64::from(self.fade_frames);
        let done = self.fade_frames - self.left_frames;
        for (frame, (to, new)) in (done..).zip(output.iter_mut().zip(given)) {
            let share = f64::from(frame) / all;
            *to = (f64::from(*to) * (1.0 - share) + f64::from(*new) * share) as f32;
        }
    }

    pub(crate) fn write(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
        state.f64s(&self.heard_ms)?;
        state.f64s(&self.coming_ms)?;
        state.f64s(&[f64::from(self.left_frames)])
    }

    /// What `write` wrote, for a processor of the same rate.
    pub(crate) fn read(&self, state: &mut StateReader<'_>) -> Result<Self, Fault> {
        let mut read = self.clone();
        let mut left = [0.0];
        state.f64s(&mut read.heard_ms)?;
        state.f64s(&mut read.coming_ms)?;
        state.f64s(&mut left)?;
        let [left] = left;
        let mut times = read.heard_ms.iter().chain(&read.coming_ms);
        let are_times = times.all(|ms| (0.0..=LONGEST_MS).contains(ms));
        let most = f64::from(self.fade_frames);
        if !are_times || !(0.0..=most).contains(&left) || left.fract() != 0.0 {
            return Err(OTHER_STATE);
        }
        read.left_frames = left as u32;
        Ok(read)
    }
}
