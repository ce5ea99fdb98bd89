//! Golden: wrong files beside this module, and the whole text that each is answered with.
//!
//! `SEGUE_GOLDEN=write cargo test -p segue config` writes the files anew.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::parse;
use crate::config::render::Color;
use crate::golden;

/// The width that the answers were drawn for, in columns.
const COLUMNS: usize = 100;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config/golden")
}

/// What a file is answered with: its mistakes, or that it has none.
fn answer(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    match parse(&text, Path::new(path.file_name().unwrap()), &[]) {
        Ok(_) => "no mistakes\n".to_owned(),
        Err(mistakes) => mistakes.render(Color::Plain, COLUMNS),
    }
}

#[test]
fn every_wrong_file_is_answered_with_its_text() {
    let files = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    assert!(files.len() > 10, "the folder holds the wrong files");
    for path in files {
        golden::check(&path.with_extension("txt"), &answer(&path));
    }
}
