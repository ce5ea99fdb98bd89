//! Memory: what a channel's sections remember of it, side by side as the kernel wants them.
//!
//! In and out: two numbers of each section, by its index.

use crate::eq::SECTIONS_MAX;

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
