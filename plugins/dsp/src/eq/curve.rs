//! Curve: what the sections of a cascade do to a signal, whichever signal it is.
//!
//! In: coefficients, section by section, and targets to glide to. Out: the coefficients of every
//! frame, as a sequence for one section on its way, as rows of lanes for those that are settled.

use crate::biquad::Coefficients;
use crate::eq::SECTIONS_MAX;
use crate::eq::memory::{Memory, Row, slot};
use crate::eq::section::{Section, step};

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

/// Up to sixteen sections, settled or gliding.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    sections: [Section; SECTIONS_MAX],
    rows: Rows,
    count: usize,
}

impl PartialEq for Curve {
    fn eq(&self, other: &Self) -> bool {
        self.sections() == other.sections() // The rows follow from them.
    }
}

impl Curve {
    /// At most `SECTIONS_MAX` settled sections.
    pub(super) fn new(coefficients: &[Coefficients]) -> Self {
        let idle = Section::new(Coefficients::IDENTITY);
        let rows = Rows {
            b0: Row([1.0; SECTIONS_MAX]),
            c1: Row::default(),
            c2: Row::default(),
            a1: Row::default(),
            a2: Row::default(),
        };
        let mut curve = Self {
            sections: [idle; SECTIONS_MAX],
            rows,
            count: coefficients.len(),
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

    /// Puts a section in place of another.
    pub(super) fn set(&mut self, index: usize, section: Section) {
        self.rows.set(index, &section.target);
        self.sections[index] = section;
    }

    pub(super) fn glide(&mut self, index: usize, target: Coefficients, frames: u32) {
        let mut section = self.sections[index];
        section.glide(target, frames);
        self.set(index, section);
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
        self.count -= 1;
        self.set(self.count, Section::new(Coefficients::IDENTITY));
    }

    /// Ends every glide at its target.
    pub(super) fn settle(&mut self) {
        for section in &mut self.sections {
            *section = Section::new(section.target);
        }
    }

    /// How many frames it takes until no section glides.
    pub(super) fn glide_frames_left(&self) -> usize {
        let left = self.sections().iter().map(Section::glide_frames_left);
        left.max().unwrap_or(0) as usize
    }

    /// Runs samples, at most `glide_frames_left`, through all sections; `pass_frames` ends it.
    pub(super) fn glide_run(&self, memory: &mut Memory, samples: &mut [f64]) {
        for (index, section) in self.sections().iter().enumerate() {
            let mut section = *section;
            let mut numbers = memory.get(index);
            for sample in &mut *samples {
                let coefficients = section.current();
                section.pass_frames(1);
                *sample = step(&coefficients, &mut numbers, *sample);
            }
            memory.set(index, numbers);
        }
    }

    /// Counts frames that every channel has glided.
    pub(super) fn pass_frames(&mut self, frames: usize) {
        for section in &mut self.sections[..self.count] {
            section.pass_frames(u32::try_from(frames).unwrap_or(u32::MAX));
        }
    }
}
