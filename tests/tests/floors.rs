//! The house rules that a compiler does not check: floors, printing, unsafe code, sizes.
//!
//! The table of floors is that of `docs/architecture.md`: a new module gets a floor there.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use segue_tests::build::root;
use segue_tests::source::{Source, code_lines, tree};
use segue_tests::structure::text_errors;

/// Where unsafe code may be opened, with everything inside: crate and module.
const UNSAFE: [(&str, &[&str]); 8] = [
    ("host/src/lib.rs", &["loading"]),
    ("host/src/lib.rs", &["cpu"]),
    ("host/src/lib.rs", &["process", "ending"]),
    ("host/src/lib.rs", &["system", "faults"]),
    ("host/src/lib.rs", &["system", "scheduler"]),
    ("host/src/main.rs", &["allocator"]),
    ("plugin-api/src/lib.rs", &["abi"]),
    ("plugin-api/src/lib.rs", &["export"]),
];

/// The crates of the workspace that ship.
const CRATES: [&str; 16] = [
    "host/media/src/lib.rs",
    "host/src/lib.rs",
    "host/src/main.rs",
    "plugin-api/src/lib.rs",
    "plugin-api/layout/src/lib.rs",
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

/// The libraries that call the operating system, and the module that alone names them.
const CALLING: [&str; 2] = ["rustix", "libc"];
const SYSTEM: &str = "system";

/// What writes to a terminal.
const PRINTING: [&str; 5] = ["print!", "println!", "eprint!", "eprintln!", "dbg!"];

#[test]
fn every_module_imports_from_lower_floors_only() {
    assert_eq!(floors(&tree(&root().join("host/src/lib.rs"))), [""; 0]);
}

#[test]
fn the_page_has_a_floor_for_every_module_and_no_other() {
    let text = fs::read_to_string(root().join("host/src/lib.rs")).unwrap();
    let modules = text
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod "));
    let modules: BTreeSet<_> = modules.map(|name| name.trim_end_matches(';')).collect();
    let table = table();
    let listed: BTreeSet<_> = table.iter().flatten().map(String::as_str).collect();
    assert_eq!(listed, modules);
    let count: usize = table.iter().map(Vec::len).sum();
    assert_eq!(count, listed.len(), "a module stands on two floors");
}

/// Modules of `host/src`, highest floor first, as the page of the architecture has them.
fn table() -> Vec<Vec<String>> {
    let page = root().join("docs/architecture.md");
    let text = fs::read_to_string(&page).expect("the page is part of the repository");
    let rows = text.lines().filter_map(|line| {
        let (number, rest) = line.strip_prefix("| ")?.split_once(" | ")?;
        let number: usize = number.parse().ok()?;
        let (modules, _) = rest.split_once(" | ")?;
        let names = modules
            .split(", ")
            .map(|name| name.trim_matches('`').to_owned());
        Some((number, names.collect()))
    });
    let rows: Vec<(usize, Vec<String>)> = rows.collect();
    let numbers: Vec<_> = rows.iter().map(|(number, _)| *number).collect();
    let expected: Vec<_> = (0..rows.len()).rev().collect();
    assert_eq!(numbers, expected, "{} has one floor a line", page.display());
    rows.into_iter().map(|(_, modules)| modules).collect()
}

#[test]
fn only_the_command_line_prints() {
    assert_eq!(printing(&tree(&root().join("host/src/lib.rs"))), [""; 0]);
}

#[test]
fn only_one_room_calls_the_operating_system() {
    let found = CRATES
        .iter()
        .flat_map(|first| calling(&tree(&root().join(first))));
    assert_eq!(found.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn below_the_command_line_an_error_is_a_type_and_no_text() {
    let mut found = text_errors(root());
    // Files of tests alone say what they like.
    let is_test = |path: &str| path.contains("/tests/") || path.ends_with("tests.rs");
    found.retain(|found| {
        let path = found.split(':').next().unwrap_or_default();
        !path.starts_with("host/src/cli") && !is_test(path) && !path.ends_with("stories.rs")
    });
    assert_eq!(found, [""; 0]);
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
    let table = table();
    // A module's place in the table, from the top; `None` for what is not in it.
    let floor = |module: &str| {
        let mut floors = table.iter();
        floors.position(|floor| floor.iter().any(|name| name == module))
    };
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

/// Files outside `system` that name what calls the operating system.
fn calling(sources: &[Source]) -> Vec<String> {
    let is_outside = |source: &&Source| source.module.first().is_none_or(|name| name != SYSTEM);
    let found = sources.iter().filter(is_outside).flat_map(|source| {
        let named = |word: &&&str| source.words.iter().any(|found| found == **word);
        let path = source.path.display();
        let words = CALLING.iter().filter(named);
        words.map(move |word| format!("{path} uses {word}"))
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
                ("lib.rs", "mod escape; mod discovery; mod config; mod odd;"),
                ("escape.rs", "mod deep;"),
                ("escape/deep.rs", "fn f() { crate::discovery::scan() }"),
                (
                    "discovery.rs",
                    "use crate::escape::line; use crate::config::Config;",
                ),
                (
                    "config.rs",
                    "#[cfg(test)] mod tests { use crate::discovery::scan; }",
                ),
                ("odd.rs", ""),
            ],
        );
        assert_eq!(
            found,
            [
                "discovery.rs: discovery imports config, which is not below it",
                "escape/deep.rs: escape imports discovery, which is not below it",
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
    fn calls_of_the_operating_system_elsewhere_are_found() {
        let found = check(
            |first| calling(&tree(first)),
            &[
                ("lib.rs", "mod io; mod system;"),
                ("system.rs", "mod files;"),
                ("system/files.rs", "use rustix::fs::openat;"),
                (
                    "io.rs",
                    "fn f() { libc::getpid() } #[cfg(test)] mod tests { use rustix::fs::CWD; }",
                ),
            ],
        );
        assert_eq!(found, ["io.rs uses libc"]);
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
