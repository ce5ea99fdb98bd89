//! Section: one biquad on its way from old to new coefficients.
//!
//! In: coefficients, and frames that pass. Out: the coefficients of a frame, and all of it as
//! numbers together with a memory.

use crate::biquad::Coefficients;
use crate::eq::GLIDE_FRAMES_MAX;
use crate::eq::memory::Numbers;

/// Two of state, two times five of coefficients, and the glide's place and length.
pub(super) const NUMBERS: usize = 14;

/// One section: settled where `done_frames` equals `glide_frames`, on its way otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Section {
    pub(super) target: Coefficients,
    start: Coefficients,
    done_frames: u32,
    glide_frames: u32,
}

/// One frame through one section that glides, the same on every vector level.
#[inline(always)]
pub(super) fn step(coefficients: &Coefficients, memory: &mut Numbers, x: f64) -> f64 {
    let Coefficients { b0, b1, b2, a1, a2 } = *coefficients;
    let [s1, s2] = *memory;
    let y = b0 * x + s1;
    *memory = [(b1 * x + s2) - a1 * y, b2 * x - a2 * y];
    y
}

impl Section {
    pub(super) fn new(coefficients: Coefficients) -> Self {
        Self {
            target: coefficients,
            start: coefficients,
            done_frames: 0,
            glide_frames: 0,
        }
    }

    pub(super) fn glide_frames_left(&self) -> u32 {
        self.glide_frames - self.done_frames
    }

    /// Counts frames on the way; none where it is at its end.
    pub(super) fn pass_frames(&mut self, frames: u32) {
        self.done_frames += frames.min(self.glide_frames_left());
    }

    pub(super) fn glide(&mut self, target: Coefficients, frames: u32) {
        self.start = self.current();
        self.target = target;
        self.done_frames = 0;
        self.glide_frames = frames;
    }

    /// The coefficients of the frame to come.
    pub(super) fn current(&self) -> Coefficients {
        if self.glide_frames_left() == 0 {
            return self.target;
        }
        let share = f64::from(self.done_frames) / f64::from(self.glide_frames);
        let between = |from: f64, to: f64| from + (to - from) * share;
        Coefficients {
            b0: between(self.start.b0, self.target.b0),
            b1: between(self.start.b1, self.target.b1),
            b2: between(self.start.b2, self.target.b2),
            a1: between(self.start.a1, self.target.a1),
            a2: between(self.start.a2, self.target.a2),
        }
    }

    /// Everything about the section, and its memory.
    pub(super) fn numbers(&self, memory: Numbers) -> [f64; NUMBERS] {
        let [s1, s2] = memory;
        let [from, to] = [self.start, self.target].map(|c| [c.b0, c.b1, c.b2, c.a1, c.a2]);
        let [f0, f1, f2, f3, f4] = from;
        let [t0, t1, t2, t3, t4] = to;
        let (done, all) = (f64::from(self.done_frames), f64::from(self.glide_frames));
        [s1, s2, f0, f1, f2, f3, f4, t0, t1, t2, t3, t4, done, all]
    }

    /// The section that `numbers` described and its memory, or the index of the first number that none has.
    pub(super) fn from_numbers(numbers: &[f64; NUMBERS]) -> Result<(Self, Numbers), usize> {
        if let Some(bad) = numbers.iter().position(|number| !number.is_finite()) {
            return Err(bad);
        }
        let [s1, s2, f0, f1, f2, f3, f4, t0, t1, t2, t3, t4, done, all] = *numbers;
        let start = Coefficients {
            b0: f0,
            b1: f1,
            b2: f2,
            a1: f3,
            a2: f4,
        };
        let target = Coefficients {
            b0: t0,
            b1: t1,
            b2: t2,
            a1: t3,
            a2: t4,
        };
        for (coefficients, index) in [(&start, 5), (&target, 10)] {
            if !is_stable(coefficients) {
                return Err(index);
            }
        }
        let glide_frames = frames(all, GLIDE_FRAMES_MAX).ok_or(13_usize)?;
        let done_frames = frames(done, glide_frames).ok_or(12_usize)?;
        let section = Self {
            target,
            start,
            done_frames,
            glide_frames,
        };
        Ok((section, [s1, s2]))
    }
}

/// No pole outside the unit circle, by Jury's criterion. On it is allowed: that is where rounding
/// puts the poles of the very lowest frequencies.
fn is_stable(coefficients: &Coefficients) -> bool {
    let Coefficients { a1, a2, .. } = *coefficients;
    a2.abs() <= 1.0 && a1.abs() <= 1.0 + a2
}

/// A count of frames that was stored as a number, if it is one and not above `max`.
fn frames(number: f64, max: u32) -> Option<u32> {
    let whole = number.fract() == 0.0 && (0.0..=f64::from(max)).contains(&number);
    whole.then_some(number as u32)
}
