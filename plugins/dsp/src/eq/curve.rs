//! Curve: what the sections of a cascade do to a signal, whichever signal it is.
//!
//! In: coefficients, section by section, and others that take their place. Out: rows of lanes for
//! the kernel, and which sections are changing.

use std::ops::Range;

use crate::biquad::Coefficients;
use crate::eq::memory::{Row, slot};
use crate::eq::section::{Change, Section};
use crate::eq::{Fade, SECTIONS_MAX};

/// What the kernel multiplies with, of settled sections; those that are not there pass on.
///
/// With y = b0 x + s1 put into the other two equations, the memories depend on each other and on
/// the input alone: s1 = c1 x + s2 - a1 s1 and s2 = c2 x - a2 s1, which is two operations sooner.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    pub(super) b0: Row,
    /// b1 - a1 b0
    pub(super) c1: Row,
    /// b2 - a2 b0
    pub(super) c2: Row,
    pub(super) a1: Row,
    pub(super) a2: Row,
}

impl Rows {
    /// Those of no section at all.
    const IDLE: Self = Self {
        b0: Row([1.0; SECTIONS_MAX]),
        c1: Row([0.0; SECTIONS_MAX]),
        c2: Row([0.0; SECTIONS_MAX]),
        a1: Row([0.0; SECTIONS_MAX]),
        a2: Row([0.0; SECTIONS_MAX]),
    };

    /// Those of one section alone.
    pub(super) fn of(coefficients: &Coefficients) -> Self {
        let mut rows = Self::IDLE;
        rows.set(0, coefficients);
        rows
    }

    fn set(&mut self, section: usize, coefficients: &Coefficients) {
        let Coefficients { b0, b1, b2, a1, a2 } = *coefficients;
        let at = slot(section);
        self.b0.0[at] = b0;
        self.c1.0[at] = b1 - a1 * b0;
        self.c2.0[at] = b2 - a2 * b0;
        self.a1.0[at] = a1;
        self.a2.0[at] = a2;
    }
}

/// Up to sixteen sections, settled or changing.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    sections: [Section; SECTIONS_MAX],
    /// Those of what is heard.
    rows: Rows,
    count: usize,
    is_changing: bool,
}

impl PartialEq for Curve {
    fn eq(&self, other: &Self) -> bool {
        self.sections() == other.sections() // The rest follows from them.
    }
}

impl Curve {
    /// At most `SECTIONS_MAX` settled sections.
    pub(super) fn new(coefficients: &[Coefficients]) -> Self {
        let mut curve = Self {
            sections: [Section::new(Coefficients::IDENTITY); SECTIONS_MAX],
            rows: Rows::IDLE,
            count: coefficients.len(),
            is_changing: false,
        };
        for (index, coefficients) in coefficients.iter().enumerate() {
            curve.set(index, Section::new(*coefficients));
        }
        curve
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn sections(&self) -> &[Section] {
        &self.sections[..self.count]
    }

    pub(super) fn rows(&self) -> &Rows {
        &self.rows
    }

    /// The rows of some sections alone, as if these were the first.
    pub(super) fn part(&self, sections: &Range<usize>) -> Rows {
        let mut rows = Rows::IDLE;
        for (to, section) in self.sections[sections.clone()].iter().enumerate() {
            rows.set(to, &section.heard);
        }
        rows
    }

    /// Whether any section changes.
    pub(super) fn is_changing(&self) -> bool {
        self.is_changing
    }

    /// The sections that change, and what they change to.
    pub(super) fn changes(&self) -> impl Iterator<Item = (usize, &Change)> {
        let sections = self.sections().iter().enumerate();
        sections.filter_map(|(index, section)| Some((index, section.change()?)))
    }

    /// Puts a section in place of another.
    pub(super) fn set(&mut self, index: usize, section: Section) {
        self.rows.set(index, &section.heard);
        self.sections[index] = section;
        let mut all = self.sections().iter();
        self.is_changing = all.any(|section| section.change().is_some());
    }

    /// Returns whether nothing takes the section's place now.
    pub(super) fn fade(&mut self, index: usize, target: Coefficients, fade: Fade) -> bool {
        let mut section = self.sections[index];
        section.fade(target, fade);
        self.set(index, section);
        section.change().is_none()
    }

    /// Makes room for a section that lets everything through; there must be room.
    pub(super) fn insert(&mut self, index: usize) {
        self.count += 1;
        for later in (index + 1..self.count).rev() {
            self.set(later, self.sections[later - 1]);
        }
        self.set(index, Section::new(Coefficients::IDENTITY));
    }

    pub(super) fn remove(&mut self, index: usize) {
        for earlier in index + 1..self.count {
            self.set(earlier - 1, self.sections[earlier]);
        }
        self.set(self.count - 1, Section::new(Coefficients::IDENTITY));
        self.count -= 1;
    }

    /// Ends every change at its target.
    pub(super) fn settle(&mut self) {
        for index in 0..self.count {
            self.set(index, Section::new(self.sections[index].target()));
        }
    }

    /// How many frames may pass until a section does something else.
    pub(super) fn frames_to_turn(&self) -> usize {
        if !self.is_changing {
            return usize::MAX;
        }
        let turns = self.changes().map(|(_, change)| change.frames_to_turn());
        turns.min().map_or(usize::MAX, |frames| frames as usize)
    }

    /// Counts frames that every channel has been through, at most `frames_to_turn`; names every
    /// section whose place another one has taken with the last of them.
    pub(super) fn pass_frames(&mut self, frames: usize, mut arrived: impl FnMut(usize)) {
        if !self.is_changing {
            return;
        }
        for index in 0..self.count {
            let mut section = self.sections[index];
            if section.pass_frames(u32::try_from(frames).unwrap_or(u32::MAX)) {
                arrived(index);
            }
            self.set(index, section);
        }
    }
}
