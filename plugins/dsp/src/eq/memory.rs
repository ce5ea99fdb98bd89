//! Memory: what a channel's sections remember of it, side by side as the kernel wants them.
//!
//! In and out: two numbers of each section, by its index; and as many of the one that takes its
//! place.

use std::ops::Range;

/// The most sections in one cascade.
pub const SECTIONS_MAX: usize = 16;

/// One number of every section, in the order of the lanes: see `slot`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C, align(64))]
pub(super) struct Row(pub(super) [f64; SECTIONS_MAX]);

/// Where a section's number stands in a row: the last section first. So the last one of every
/// register is in its lowest lane, which is stored without a shuffle.
pub(super) const fn slot(section: usize) -> usize {
    SECTIONS_MAX - 1 - section
}

/// The memory of one transposed direct form II: s1, then s2.
pub(super) type Numbers = [f64; 2];

/// The memory of a section that is heard, then that of the one that takes its place.
pub(super) type Both = [f64; 4];

/// The memories of a cascade over one channel. Where there is no section they are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Memory {
    pub(super) s1: Row,
    pub(super) s2: Row,
}

impl Memory {
    pub(super) fn get(&self, section: usize) -> Numbers {
        let at = slot(section);
        [self.s1.0[at], self.s2.0[at]]
    }

    pub(super) fn set(&mut self, section: usize, numbers: Numbers) {
        let at = slot(section);
        [self.s1.0[at], self.s2.0[at]] = numbers;
    }

    /// The memories of some sections alone, as if these were the first.
    pub(super) fn part(&self, sections: &Range<usize>) -> Self {
        let mut part = Self::default();
        for (to, from) in sections.clone().enumerate() {
            part.set(to, self.get(from));
        }
        part
    }

    /// Takes over what became of a part.
    pub(super) fn set_part(&mut self, sections: &Range<usize>, part: &Self) {
        for (from, to) in sections.clone().enumerate() {
            self.set(to, part.get(from));
        }
    }

    /// Makes room for an empty memory, of `count` with the new one.
    pub(super) fn insert(&mut self, index: usize, count: usize) {
        for later in (index + 1..count).rev() {
            self.set(later, self.get(later - 1));
        }
        self.set(index, [0.0; 2]);
        self.forget_what_is_no_number();
    }

    /// Takes one away, of `count` with it.
    pub(super) fn remove(&mut self, index: usize, count: usize) {
        for earlier in index + 1..count {
            self.set(earlier - 1, self.get(earlier));
        }
        self.set(count - 1, [0.0; 2]);
        self.forget_what_is_no_number();
    }

    /// Starts at rest if anything in it is infinite or no number, which nothing would heal.
    fn forget_what_is_no_number(&mut self) {
        let mut all = self.s1.0.iter().chain(&self.s2.0);
        if !all.all(|number| number.is_finite()) {
            *self = Self::default();
        }
    }
}

/// What a channel's sections remember of it: those that are heard, and those that take their
/// place. Where nothing changes the latter are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Voice {
    pub(super) heard: Memory,
    pub(super) coming: Memory,
}

impl Voice {
    pub(super) fn get(&self, section: usize) -> Both {
        let ([s1, s2], [c1, c2]) = (self.heard.get(section), self.coming.get(section));
        [s1, s2, c1, c2]
    }

    pub(super) fn set(&mut self, section: usize, [s1, s2, c1, c2]: Both) {
        self.heard.set(section, [s1, s2]);
        self.coming.set(section, [c1, c2]);
    }

    /// The one that takes a section's place is the section from now on.
    pub(super) fn arrive(&mut self, section: usize) {
        self.heard.set(section, self.coming.get(section));
        self.forget_coming(section);
    }

    /// Nothing takes a section's place any more.
    pub(super) fn forget_coming(&mut self, section: usize) {
        self.coming.set(section, [0.0; 2]);
    }

    /// Makes room for empty memories, of `count` with the new ones.
    pub(super) fn insert(&mut self, index: usize, count: usize) {
        self.heard.insert(index, count);
        self.coming.insert(index, count);
    }

    /// Takes those of a section away, of `count` with them.
    pub(super) fn remove(&mut self, index: usize, count: usize) {
        self.heard.remove(index, count);
        self.coming.remove(index, count);
    }
}
