//! Golden: what a person reads, or what must never change, compared whole with a file.
//!
//! In: the path of a golden file, and what was found. Out: nothing, or both texts where they differ.
//! `SEGUE_GOLDEN=write cargo test …` writes the files anew; a person reads the difference then.
//!
//! The unit tests of other packages include this file by its path, so that there is one switch.

use std::path::Path;

/// Texts of at most so many lines are shown whole where they differ.
const LINES_SHOWN: usize = 100;

/// Whether the golden files are to be written anew.
#[must_use]
pub fn is_to_be_written() -> bool {
    std::env::var_os("SEGUE_GOLDEN").is_some_and(|wish| wish == "write")
}

/// Compares with a golden file, or writes it anew where that was asked for.
///
/// # Panics
/// Where they differ, or the file cannot be written.
#[track_caller]
pub fn check(path: &Path, found: &str) {
    if is_to_be_written() {
        let folder = path.parent().expect("a golden file lies in a folder");
        std::fs::create_dir_all(folder).expect("the folder of a test can be made");
        std::fs::write(path, found).expect("a golden file can be written");
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == expected, "{}", difference(path, found, &expected));
}

/// Where two texts part, and how to take the new one.
fn difference(path: &Path, found: &str, expected: &str) -> String {
    let pairs = found.lines().zip(expected.lines());
    let at = pairs
        .take_while(|(found, expected)| found == expected)
        .count();
    let line = |text: &str| text.lines().nth(at).unwrap_or("(its end)").to_owned();
    format!(
        "{} line {}\nfound:    {}\nexpected: {}\nall that was found:\n{}\n\
         SEGUE_GOLDEN=write cargo test writes the file anew",
        path.display(),
        at + 1,
        line(found),
        line(expected),
        whole(found),
    )
}

/// A text, where a person would read it whole.
fn whole(text: &str) -> &str {
    match text.lines().count() {
        0..=LINES_SHOWN => text,
        _ => "(too long to show)",
    }
}
