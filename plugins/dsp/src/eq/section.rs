//! Section: one biquad, and the one that takes its place when it changes.
//!
//! In: coefficients, and frames that pass. Out: which of both is heard, and how much; all of it as
//! numbers, together with both memories.

use crate::biquad::Coefficients;
use crate::eq::memory::Both;
use crate::eq::{FADE_FRAMES_MAX, Fade};

/// Four of memory, three times five of coefficients, two fades, and how much of one is done.
pub(super) const NUMBERS: usize = 24;
/// Frames for which a new section's memory is made from what the old one hears and returns: two,
/// since a section remembers two frames.
pub(super) const LED_FRAMES: u32 = 2;

/// One section: settled, or on its way to other coefficients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Section {
    pub(super) heard: Coefficients,
    change: Option<Change>,
}

/// A change under way, which takes at least a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Change {
    pub(super) coming: Coefficients,
    fade: Fade,
    done_frames: u32,
    /// What follows it. Only the newest wish counts.
    next: Option<(Coefficients, Fade)>,
}

/// What a section does in its next frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Phase {
    /// The new section's memory is made from the old section's input and output.
    Led,
    /// The new section runs unheard.
    Warm,
    /// Both are heard, since so many frames; the new one's share grows by this step in each.
    Fading { done_frames: u32, step: f64 },
}

impl Section {
    pub(super) fn new(coefficients: Coefficients) -> Self {
        Self {
            heard: coefficients,
            change: None,
        }
    }

    pub(super) fn change(&self) -> Option<&Change> {
        self.change.as_ref()
    }

    /// What it comes to in the end.
    pub(super) fn target(&self) -> Coefficients {
        let next = |change: &Change| change.next.map_or(change.coming, |(next, _)| next);
        self.change.as_ref().map_or(self.heard, next)
    }

    /// How many frames it takes until it is settled.
    pub(super) fn frames_left(&self) -> u64 {
        self.change.as_ref().map_or(0, |change| {
            let next = change.next.map_or(0, |(_, fade)| fade.frames());
            change.fade.frames() - u64::from(change.done_frames) + next
        })
    }

    /// Goes over to other coefficients: now, or once what is heard already has come to its end.
    pub(super) fn fade(&mut self, target: Coefficients, fade: Fade) {
        if fade.frames() == 0 {
            *self = Self::new(target);
            return;
        }
        match &mut self.change {
            None if target == self.heard => {}
            None => self.change = Some(Change::new(target, fade)),
            Some(change) if target == change.coming => change.next = None,
            Some(change) if target == self.heard && change.is_unheard() => self.change = None,
            Some(change) => change.next = Some((target, fade)),
        }
    }

    /// Counts frames, at most those of the phase; returns whether the new section is now the only
    /// one that is heard, so that its memory is the section's.
    pub(super) fn pass_frames(&mut self, frames: u32) -> bool {
        let Some(change) = &mut self.change else {
            return false;
        };
        change.done_frames += frames;
        if u64::from(change.done_frames) < change.fade.frames() {
            return false;
        }
        let Change { coming, next, .. } = *change;
        self.heard = coming;
        self.change = next.map(|(target, fade)| Change::new(target, fade));
        true
    }

    /// Everything about the section, and its memories.
    pub(super) fn numbers(&self, memory: Both) -> [f64; NUMBERS] {
        let settled = Change::new(self.heard, Fade::AT_ONCE);
        let change = self.change.unwrap_or(settled);
        let (next, next_fade) = change.next.unwrap_or((change.coming, Fade::AT_ONCE));
        let mut numbers = [0.0; NUMBERS];
        numbers[..4].copy_from_slice(&memory);
        for (row, c) in [self.heard, change.coming, next].iter().enumerate() {
            numbers[4 + 5 * row..][..5].copy_from_slice(&[c.b0, c.b1, c.b2, c.a1, c.a2]);
        }
        let counts = [
            change.fade.warm_frames,
            change.fade.fade_frames,
            change.done_frames,
            next_fade.warm_frames,
            next_fade.fade_frames,
        ];
        numbers[19..].copy_from_slice(&counts.map(f64::from));
        numbers
    }

    /// The section that `numbers` described and its memories, or the index of the first number
    /// that none has.
    pub(super) fn from_numbers(numbers: &[f64; NUMBERS]) -> Result<(Self, Both), usize> {
        if let Some(bad) = numbers.iter().position(|number| !number.is_finite()) {
            return Err(bad);
        }
        let [heard, coming, next] = [4, 9, 14].map(|first| coefficients(numbers, first));
        let (heard, coming, next) = (heard?, coming?, next?);
        let [s1, s2, c1, c2, ..] = *numbers;
        let fade = fade(numbers, 19)?;
        let next_fade = self::fade(numbers, 22)?;
        if fade.frames() == 0 {
            let is_settled = numbers[21..] == [0.0; 3];
            let settled = (Self::new(heard), [s1, s2, 0.0, 0.0]);
            return if is_settled { Ok(settled) } else { Err(21) };
        }
        let done_frames = frames(numbers, 21)?;
        if u64::from(done_frames) >= fade.frames() {
            return Err(21);
        }
        let change = Change {
            coming,
            fade,
            done_frames,
            next: (next_fade.frames() > 0).then_some((next, next_fade)),
        };
        let section = Self {
            heard,
            change: Some(change),
        };
        Ok((section, [s1, s2, c1, c2]))
    }
}

impl Change {
    fn new(coming: Coefficients, fade: Fade) -> Self {
        Self {
            coming,
            fade,
            done_frames: 0,
            next: None,
        }
    }

    fn is_unheard(&self) -> bool {
        self.done_frames <= self.fade.warm_frames
    }

    fn led_frames(&self) -> u32 {
        self.fade.warm_frames.min(LED_FRAMES)
    }

    /// What it does now.
    pub(super) fn phase(&self) -> Phase {
        let done = self.done_frames;
        if done < self.led_frames() {
            return Phase::Led;
        }
        let Some(done_frames) = done.checked_sub(self.fade.warm_frames) else {
            return Phase::Warm;
        };
        Phase::Fading {
            done_frames,
            step: f64::from(self.fade.fade_frames).recip(),
        }
    }

    /// How many frames the phase lasts.
    pub(super) fn frames_to_turn(&self) -> u64 {
        let ends = [self.led_frames(), self.fade.warm_frames].map(u64::from);
        let done = u64::from(self.done_frames);
        let ends = ends.into_iter().chain([self.fade.frames()]);
        ends.filter(|end| *end > done)
            .min()
            .map_or(0, |end| end - done)
    }
}

/// The coefficients from this number on, or the index of one that makes them unstable.
fn coefficients(numbers: &[f64; NUMBERS], first: usize) -> Result<Coefficients, usize> {
    let coefficients = Coefficients {
        b0: numbers[first],
        b1: numbers[first + 1],
        b2: numbers[first + 2],
        a1: numbers[first + 3],
        a2: numbers[first + 4],
    };
    // Jury's criterion. A pole on the unit circle is allowed: that is where rounding puts the
    // poles of the very lowest frequencies.
    let Coefficients { a1, a2, .. } = coefficients;
    let is_stable = a2.abs() <= 1.0 && a1.abs() <= 1.0 + a2;
    is_stable.then_some(coefficients).ok_or(first + 3)
}

/// The fade whose two counts stand here.
fn fade(numbers: &[f64; NUMBERS], first: usize) -> Result<Fade, usize> {
    let fade = Fade {
        warm_frames: frames(numbers, first)?,
        fade_frames: frames(numbers, first + 1)?,
    };
    fade.is_in_range().then_some(fade).ok_or(first)
}

/// A count of frames that was stored as a number.
fn frames(numbers: &[f64; NUMBERS], index: usize) -> Result<u32, usize> {
    let number = numbers[index];
    let max = 2.0 * f64::from(FADE_FRAMES_MAX);
    let is_count = number.fract() == 0.0 && (0.0..=max).contains(&number);
    is_count.then_some(number as u32).ok_or(index)
}
