//! Names: a row of names in a constant, bounded and without doubles.
//!
//! In: one name after the other. Out: a compile error at the first that is there twice, or one
//! too many.

use crate::manifest::check::fail;

/// The names so far, each with a hash: comparing every text with every other would be slow.
pub(super) struct Names<const MAX: usize> {
    what: &'static str,
    names: [(u64, &'static str); MAX],
    count: usize,
}

impl<const MAX: usize> Names<MAX> {
    pub(super) const fn new(what: &'static str) -> Self {
        Self {
            what,
            names: [(0, ""); MAX],
            count: 0,
        }
    }

    pub(super) const fn add(&mut self, name: &'static str) {
        if self.count == MAX {
            fail(
                &["there are too many names of the sort `", self.what, "`"],
                "too many names",
            );
        }
        let hash = hash(name);
        let mut at = 0;
        while at < self.count {
            if self.names[at].0 == hash && same(self.names[at].1, name) {
                fail(
                    &["there are two of the name `", name, "` (", self.what, ")"],
                    "a name is there twice",
                );
            }
            at += 1;
        }
        self.names[self.count] = (hash, name);
        self.count += 1;
    }
}

/// A polynomial in 31, kept from overflowing by its mask: a wrapping multiplication is a call, and
/// const evaluation counts calls.
const fn hash(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash = 0;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash & (u64::MAX >> 8)) * 31 + bytes[at] as u64;
        at += 1;
    }
    hash
}

const fn same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let mut at = 0;
    while at < left.len() && at < right.len() && left[at] == right[at] {
        at += 1;
    }
    at == left.len() && at == right.len()
}
