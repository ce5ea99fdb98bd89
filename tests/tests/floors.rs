//! The house rules that a compiler does not check: floors, printing, unsafe code, sizes.
//!
//! The tables here are those of the design: a new module gets a floor in both places.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use segue_tests::build::root;
use segue_tests::source::{Source, code_lines, tree};

/// Modules of `host/src`, highest floor first. A module imports only from floors below its own.
const FLOORS: [&[&str]; 8] = [
    &["cli", "report"],
    &["session", "control", "watch"],
    &["supervise", "swap"],
    &["pipeline", "admission"],
    &["resolve", "loading"],
    &["config", "discovery", "io"],
    &["observe"],
    &["audio", "id"],
];

/// Where unsafe code may be opened, with everything inside: crate and module.
const UNSAFE: [(&str, &[&str]); 6] = [
    ("host/src/lib.rs", &["loading"]),
    ("host/src/lib.rs", &["audio"]),
    ("host/src/lib.rs", &["pipeline", "cpu"]),
    ("host/src/main.rs", &["allocator"]),
    ("plugin-api/src/lib.rs", &["abi"]),
    ("plugin-api/src/lib.rs", &["export"]),
];

/// The crates of the workspace that ship.
const CRATES: [&str; 14] = [
    "host/src/lib.rs",
    "host/src/main.rs",
    "plugin-api/src/lib.rs",
    "plugin-api/macros/src/lib.rs",
    "plugins/delay/src/lib.rs",
    "plugins/denoise/src/lib.rs",
    "plugins/dsp/src/lib.rs",
    "plugins/dynamics/src/lib.rs",
    "plugins/fidelity/src/lib.rs",
    "plugins/filters/src/lib.rs",
    "plugins/gain/src/lib.rs",
    "plugins/levels/src/lib.rs",
    "plugins/loudness/src/lib.rs",
    "plugins/rules/src/lib.rs",
];

/// The most lines of code of a file; files of tests alone are free.
const LINES_MAX: usize = 300;

/// What writes to a terminal.
const PRINTING: [&str; 5] = ["print!", "println!", "eprint!", "eprintln!", "dbg!"];

#[test]
fn every_module_imports_from_lower_floors_only() {
    assert_eq!(floors(&tree(&root().join("host/src/lib.rs"))), [""; 0]);
}

#[test]
fn only_the_command_line_prints() {
    assert_eq!(printing(&tree(&root().join("host/src/lib.rs"))), [""; 0]);
}

#[test]
fn unsafe_code_is_where_the_design_opens_it() {
    let found = CRATES
        .iter()
        .flat_map(|first| unsafe_code(first, &tree(&root().join(first))));
    assert_eq!(found.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    let found = CRATES
        .iter()
        .flat_map(|first| long_files(&tree(&root().join(first))));
    assert_eq!(found.collect::<Vec<_>>(), [""; 0]);
}

/// Imports that go up or sideways, and modules without a floor.
fn floors(sources: &[Source]) -> Vec<String> {
    let mut found = BTreeSet::new();
    for source in sources {
        let Some(own) = source.module.first() else {
            continue; // The first file names every module.
        };
        let Some(own_floor) = floor(own) else {
            found.insert(format!("{own} has no floor"));
            continue;
        };
        for import in source.imports.iter().filter(|import| *import != own) {
            let verdict = match floor(import) {
                None => "which has no floor",
                Some(other) if other <= own_floor => "which is not below it",
                Some(_) => continue,
            };
            let path = source.path.display();
            found.insert(format!("{path}: {own} imports {import}, {verdict}"));
        }
    }
    found.into_iter().collect()
}

/// A module's place in the table, from the top; `None` for what is not in it.
fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// Files outside `cli` that print.
fn printing(sources: &[Source]) -> Vec<String> {
    let quiet = sources
        .iter()
        .filter(|source| source.module.first().is_none_or(|module| module != "cli"));
    let found = quiet.flat_map(|source| {
        let words = source.words.iter();
        let prints = words.filter(|word| PRINTING.contains(&word.as_str()));
        prints.map(|word| format!("{} uses {word}", source.path.display()))
    });
    found.collect()
}

/// Files with unsafe code outside the table.
fn unsafe_code(first: &str, sources: &[Source]) -> Vec<String> {
    let is_open = |source: &&Source| {
        UNSAFE.iter().any(|(of, module)| {
            let names: Vec<_> = source.module.iter().map(String::as_str).collect();
            *of == first && names.starts_with(module)
        })
    };
    let closed = sources.iter().filter(|source| !is_open(source));
    let found = closed.filter_map(|source| {
        let uses = source.words.iter().any(|word| word == "unsafe");
        uses.then(|| format!("{} has unsafe code", source.path.display()))
    });
    found.collect()
}

/// Files with more lines of code than allowed; files of tests alone are free.
fn long_files(sources: &[Source]) -> Vec<String> {
    let found = sources.iter().filter_map(|source| {
        let text = fs::read_to_string(&source.path).expect("the file was read before");
        let lines = code_lines(&text);
        let long = lines > LINES_MAX;
        long.then(|| format!("{} has {lines} lines of code", source.path.display()))
    });
    found.collect()
}

mod planted {
    use super::*;

    /// A crate with these files; violations are told without the folder they lie in.
    fn check(rule: impl Fn(&Path) -> Vec<String>, files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let prefix = format!("{}/", folder.path().display());
        let found = rule(&folder.path().join("lib.rs")).into_iter();
        found.map(|line| line.replace(&prefix, "")).collect()
    }

    #[test]
    fn an_import_that_goes_up_or_sideways_is_found() {
        let found = check(
            |first| floors(&tree(first)),
            &[
                ("lib.rs", "mod audio; mod io; mod config; mod odd;"),
                ("audio.rs", "mod deep;"),
                ("audio/deep.rs", "fn f() { crate::io::open() }"),
                (
                    "io.rs",
                    "use crate::audio::Buffer; use crate::config::Config;",
                ),
                (
                    "config.rs",
                    "#[cfg(test)] mod tests { use crate::io::open; }",
                ),
                ("odd.rs", ""),
            ],
        );
        assert_eq!(
            found,
            [
                "audio/deep.rs: audio imports io, which is not below it",
                "io.rs: io imports config, which is not below it",
                "odd has no floor",
            ]
        );
    }

    #[test]
    fn printing_outside_the_command_line_is_found() {
        let found = check(
            |first| printing(&tree(first)),
            &[
                ("lib.rs", "mod cli; mod io;"),
                ("cli.rs", "fn f() { println!() }"),
                ("io.rs", "fn f() { if true { eprintln!(\"x\") } }"),
            ],
        );
        assert_eq!(found, ["io.rs uses eprintln!"]);
    }

    #[test]
    fn unsafe_code_elsewhere_is_found() {
        let found = check(
            |first| unsafe_code("host/src/lib.rs", &tree(first)),
            &[
                (
                    "lib.rs",
                    "#[expect(unsafe_code, reason = \"r\")] mod loading; mod io;",
                ),
                ("loading.rs", "fn f() { unsafe { g() } }"),
                ("io.rs", "#![expect(unsafe_code, reason = \"r\")] mod wav;"),
                ("io/wav.rs", "unsafe fn f() {}"),
            ],
        );
        assert_eq!(found, ["io/wav.rs has unsafe code"]);
    }

    #[test]
    fn a_file_that_is_too_long_is_found() {
        let long = "fn f() {}\n\n// A comment.\n".repeat(LINES_MAX + 1);
        let just = "fn f() {}\n\n// A comment.\n".repeat(LINES_MAX);
        let found = check(
            |first| long_files(&tree(first)),
            &[
                ("lib.rs", "mod long; mod just; #[cfg(test)] mod tests;"),
                ("long.rs", &long),
                ("just.rs", &just),
                ("tests.rs", &long),
            ],
        );
        assert_eq!(found, ["long.rs has 301 lines of code"]);
    }
}
