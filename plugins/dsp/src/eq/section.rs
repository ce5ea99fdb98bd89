//! Section: one biquad with its state, and its way from old to new coefficients.
//!
//! In: coefficients, and samples one at a time. Out: filtered samples, and the state as numbers.

use crate::biquad::Coefficients;
use crate::eq::GLIDE_FRAMES_MAX;

/// Two of state, two times five of coefficients, and the glide's place and length.
pub(super) const NUMBERS: usize = 14;

/// The memory of a transposed direct form II.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Memory {
    pub(super) s1: f64,
    pub(super) s2: f64,
}

/// One section: settled where `done_frames` equals `glide_frames`, on its way otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Section {
    pub(super) memory: Memory,
    pub(super) target: Coefficients,
    start: Coefficients,
    done_frames: u32,
    glide_frames: u32,
}

/// One frame through one section. Every path through the cascade comes down to this order of
/// operations, which is why they agree to the last bit.
#[inline(always)]
pub(super) fn step(coefficients: &Coefficients, memory: &mut Memory, x: f64) -> f64 {
    let Coefficients { b0, b1, b2, a1, a2 } = *coefficients;
    let y = b0 * x + memory.s1;
    memory.s1 = (b1 * x + memory.s2) - a1 * y;
    memory.s2 = b2 * x - a2 * y;
    y
}

impl Section {
    pub(super) fn new(coefficients: Coefficients) -> Self {
        Self {
            memory: Memory::default(),
            target: coefficients,
            start: coefficients,
            done_frames: 0,
            glide_frames: 0,
        }
    }

    pub(super) fn glide_frames_left(&self) -> u32 {
        self.glide_frames - self.done_frames
    }

    /// One frame while any section of the cascade glides: this one may be settled already.
    pub(super) fn glide_step(&mut self, x: f64) -> f64 {
        let coefficients = self.current();
        self.done_frames += u32::from(self.done_frames < self.glide_frames);
        step(&coefficients, &mut self.memory, x)
    }

    pub(super) fn glide(&mut self, target: Coefficients, frames: u32) {
        self.start = self.current();
        self.target = target;
        self.done_frames = 0;
        self.glide_frames = frames;
    }

    pub(super) fn reset(&mut self) {
        *self = Self::new(self.target);
    }

    /// The coefficients of the frame to come.
    fn current(&self) -> Coefficients {
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

    pub(super) fn numbers(&self) -> [f64; NUMBERS] {
        let Memory { s1, s2 } = self.memory;
        let [from, to] = [self.start, self.target].map(|c| [c.b0, c.b1, c.b2, c.a1, c.a2]);
        let [f0, f1, f2, f3, f4] = from;
        let [t0, t1, t2, t3, t4] = to;
        let (done, all) = (f64::from(self.done_frames), f64::from(self.glide_frames));
        [s1, s2, f0, f1, f2, f3, f4, t0, t1, t2, t3, t4, done, all]
    }

    /// The section that `numbers` described, or the index of the first number that none has.
    pub(super) fn from_numbers(numbers: &[f64; NUMBERS]) -> Result<Self, usize> {
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
        Ok(Self {
            memory: Memory { s1, s2 },
            target,
            start,
            done_frames,
            glide_frames,
        })
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
