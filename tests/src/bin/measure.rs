//! Measure: what a checkout looks like in numbers.
//!
//! In: `--root DIR`, this workspace without it; `--json` for programs. Out: on standard output, the
//! rooms with their sizes, and by name everything that is larger than the house allows.
//!
//! ```text
//! cargo run --quiet --package segue-tests --bin measure -- --root ../before
//! ```

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use segue_tests::build::root;
use segue_tests::structure::measure;

/// What is told to those who ask for something else.
const USAGE: &str = "usage: measure [--root DIR] [--json]";

/// How the numbers are shown.
enum Form {
    Table,
    Json,
}

fn main() -> ExitCode {
    let Some((root, form)) = arguments(std::env::args().skip(1)) else {
        let _ = writeln!(io::stderr(), "{USAGE}");
        return ExitCode::from(2);
    };
    let found = measure(&root);
    let text = match form {
        Form::Table => found.to_string(),
        Form::Json => format!("{:#}\n", found.json()),
    };
    // A reader that has seen enough is no failure.
    let _ = io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// The checkout and the form, unless the words are others.
fn arguments(mut words: impl Iterator<Item = String>) -> Option<(PathBuf, Form)> {
    let (mut root, mut form) = (root().to_owned(), Form::Table);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--root" => root = words.next()?.into(),
            "--json" => form = Form::Json,
            _ => return None,
        }
    }
    Some((root, form))
}
