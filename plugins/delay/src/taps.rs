//! Taps: the delay that is heard, and the fade from one to another.
//!
//! In: the input of a channel and its line. Out: input and past mixed; the line goes on.

use crate::memory::NO_PAST;
use segue_dsp::delay::Line;
use segue_plugin::prelude::*;

/// What goes into the line stays within this, so that the sum of all echoes is a number whatever
/// comes in: a hundred times it is one.
const LINE_MAX: f32 = 1e30;
/// How many frames are worked on at a time.
const CHUNK_FRAMES: usize = 256;

/// Which delays are heard.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Taps {
    /// The delay that is left, and the one that comes; the same outside a fade.
    from: usize,
    to: usize,
    /// Frames of the fade gone by.
    faded: usize,
    /// Frames of a whole fade, at least 1 while active.
    fade_frames: usize,
}

impl Taps {
    /// No delay yet, and fades of so many frames.
    pub(crate) fn new(fade_frames: usize) -> Self {
        Self {
            fade_frames: fade_frames.max(1),
            ..Self::default()
        }
    }

    /// Hears this delay from now on.
    pub(crate) fn settle(&mut self, delay: usize) {
        *self = Self {
            from: delay,
            to: delay,
            ..Self::new(self.fade_frames)
        };
    }

    /// The longest delay that is heard.
    pub(crate) fn longest(&self) -> usize {
        self.from.max(self.to)
    }

    /// Writes where it stands: three numbers. Thread: audio.
    pub(crate) fn save(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
        let numbers = [self.from, self.to, self.faded];
        numbers
            .iter()
            .try_for_each(|number| state.u64(*number as u64))
    }

    /// What `save` wrote, if no delay in it is longer than the room. Thread: audio.
    pub(crate) fn load(&self, room: usize, state: &mut StateReader<'_>) -> Result<Self, Fault> {
        let mut within = |max: usize| {
            let number = usize::try_from(state.u64()?).ok();
            number.filter(|number| *number <= max).ok_or(NO_PAST)
        };
        Ok(Self {
            from: within(room)?,
            to: within(room)?,
            faded: within(self.fade_frames - 1)?,
            ..*self
        })
    }

    /// Starts a fade if another delay is wanted and none is under way.
    pub(crate) fn turn_to(&mut self, wanted: usize) {
        if self.from == self.to {
            self.to = wanted;
            self.faded = 0;
        }
    }

    /// How many frames can be worked on at once: the past must be there before it is read.
    pub(crate) fn chunk_frames(&self, frames: usize) -> usize {
        let past = |delay: usize| if delay == 0 { usize::MAX } else { delay };
        let reach = past(self.from).min(past(self.to)).min(CHUNK_FRAMES);
        let fade = if self.from == self.to {
            usize::MAX
        } else {
            self.fade_frames - self.faded
        };
        frames.min(reach).min(fade)
    }

    /// Counts frames, at most to the end of the fade.
    pub(crate) fn pass(&mut self, frames: usize) {
        if self.from == self.to {
            return;
        }
        self.faded += frames;
        if self.faded >= self.fade_frames {
            self.from = self.to;
            self.faded = 0;
        }
    }

    /// One channel, at most a chunk. Thread: audio.
    pub(crate) fn process(
        &self,
        line: &mut Line,
        (feedback, mix): (&[f32], &[f32]),
        input: &[f32],
        output: &mut [f32],
    ) {
        let mut old = [0.0; CHUNK_FRAMES];
        let mut new = [0.0; CHUNK_FRAMES];
        let mut next = [0.0; CHUNK_FRAMES];
        let frames = input.len();
        tap(line, self.from, &mut old[..frames]);
        tap(line, self.to, &mut new[..frames]);
        let step = 1.0 / self.fade_frames as f32;
        let fading = if self.from == self.to { 0.0 } else { 1.0 };
        for (frame, sample) in input.iter().enumerate() {
            let share = (self.faded + frame + 1) as f32 * step * fading;
            let past = fade(old[frame], new[frame], share);
            next[frame] = (sample + past * feedback[frame]).clamp(-LINE_MAX, LINE_MAX);
            // Without a delay the input is its own past.
            let own = |delay: usize, tap: f32| if delay == 0 { *sample } else { tap };
            let heard = fade(own(self.from, old[frame]), own(self.to, new[frame]), share);
            output[frame] = sample * (1.0 - mix[frame]) + heard * mix[frame];
        }
        line.push(&next[..frames]);
    }
}

fn fade(old: f32, new: f32, share: f32) -> f32 {
    if share == 0.0 {
        old
    } else {
        old + (new - old) * share.min(1.0)
    }
}

/// What went into the line `delay` frames before each of the next frames; zeros without a delay.
fn tap(line: &Line, delay: usize, output: &mut [f32]) {
    if delay > 0 {
        line.read(delay - output.len(), output);
    }
}
