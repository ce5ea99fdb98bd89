//! Key: what a result was made of, as one number.
//!
//! In: the content of the input, and for each stage the content of its library, its component, its
//! parameters and settings, and what it reads. Out: a SHA-256 for each stage, each tap and the
//! output. Two results with one key are the same samples; whatever may change a sample changes the
//! keys of the stage it belongs to and of all that come after it, and no others.
//!
//! What a stage is called, where files lie and how many threads there are is not part of a key.

mod chain;
mod level;
mod likeness;
mod parts;

use std::fmt;

use sha2::{Digest, Sha256};

use crate::discovery::ContentHash;

pub(super) use level::{bound, level_name};
pub use likeness::{Conditions, Likeness};
pub use parts::{Form, KeyError, Parts, Rounding, RunInput};

/// The version of what keys are made of, and of what the host does to samples itself: raised when
/// either changes, so that no older key matches.
const KEY_VERSION: u64 = 1;

/// What a result was made of, as one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(ContentHash);

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The keys of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// SHA-256 of the bytes of the input.
    pub input: ContentHash,
    /// Stages, in the order of the file.
    pub stages: Vec<Key>,
    /// Taps, in the order of the file.
    pub taps: Vec<Key>,
    /// The output; `None` where nothing is written.
    pub output: Option<Key>,
}

/// A key in the making. Each field goes in with its name and its length, so that no two lists of
/// fields are the same bytes.
#[derive(Debug, Clone)]
struct KeyHasher(Sha256);

impl KeyHasher {
    /// The key of a kind of thing, with nothing of it yet.
    fn of(kind: &str) -> Self {
        Self(Sha256::new())
            .number("segue key", KEY_VERSION)
            .bytes("kind", kind)
    }

    /// Adds bytes.
    fn bytes(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        for part in [name.as_bytes(), value.as_ref()] {
            self.0.update((part.len() as u64).to_le_bytes());
            self.0.update(part);
        }
        self
    }

    /// Adds a number.
    fn number(self, name: &str, value: u64) -> Self {
        self.bytes(name, value.to_le_bytes())
    }

    /// Adds a key.
    fn key(self, name: &str, key: Key) -> Self {
        self.bytes(name, key.0.0)
    }

    /// Adds keys, in their order.
    fn keys(self, name: &str, keys: impl IntoIterator<Item = Key>) -> Self {
        let keys = keys.into_iter();
        keys.fold(self, |hasher, key| hasher.key(name, key))
    }

    /// The key.
    fn end(self) -> Key {
        Key(ContentHash(self.0.finalize().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn fields_do_not_run_into_each_other(a in "[fxß]{0,6}", b in "[fx]{0,6}", cut in 0usize..6) {
            let joined = format!("{a}{b}");
            let cut = (0..=cut.min(joined.len())).rev().find(|at| joined.is_char_boundary(*at));
            let (c, d) = joined.split_at(cut.unwrap_or(0));
            let key = |one: &str, two: &str| KeyHasher::of("x").bytes("f", one).bytes("f", two).end();
            prop_assert_eq!(key(&a, &b) == key(c, d), (a.as_str(), b.as_str()) == (c, d));
        }
    }

    #[test]
    fn a_key_is_the_same_on_every_machine() {
        // Worked out by another program.
        let key = KeyHasher::of("x").number("n", 7).end();
        assert_eq!(key.to_string(), EXPECTED);
    }

    /// Of `9 "segue key" 8 1 | 4 "kind" 1 "x" | 1 "n" 8 7`, numbers as eight bytes, lowest first.
    const EXPECTED: &str = "e96cb8cbd833d0e58d18b50d54aed5b5c07997f3b3cd03e90cd3cfba2d7f9b71";
}
