//! Structure: what a tree of Rust says about itself, measured.
//!
//! In: a checkout. Out: per room its files, lines and functions; the functions and parameter lists
//! that are too long, types with too many methods, import circles, names that mean several things,
//! errors that are texts. A room is a top folder of `host/src`, or a whole crate.
//!
//! Only what ships is measured: the crates of `host`, `plugin-api` and `plugins`, without what is
//! compiled for tests. Any checkout can be measured, so that two can be compared.

mod circles;
mod crates;
mod file;
mod names;
mod numbers;
mod syntax;
mod table;
#[cfg(test)]
mod tests;

use std::path::Path;

pub use circles::{Circle, circles};
pub use numbers::{Function, Methods, Room, Structure};

/// Measures a checkout.
#[must_use]
pub fn measure(root: &Path) -> Structure {
    let crates = crates::read(root);
    numbers::of(&crates)
}

/// The files in which a `Result` has a text as its error, with how often: `host/src/a.rs: 2`.
#[must_use]
pub fn text_errors(root: &Path) -> Vec<String> {
    let crates = crates::read(root);
    let files = crates.iter().flat_map(|one| &one.files);
    let files = files.filter(|file| file.parsed.text_errors > 0);
    let line = |file: &crates::File| format!("{}: {}", file.path, file.parsed.text_errors);
    files.map(line).collect()
}
