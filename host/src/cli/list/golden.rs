//! Golden: lists of made-up catalogues, whole.

use std::path::PathBuf;

use crate::cli::list::{Each, Files, Wanted, json, text};
use crate::cli::specimen::{check, found, look};
use crate::discovery::{
    Class, Content, Duplicate, Entry, NotAPlugin, Origin, Outcome, Place, Scan, Searched,
    Unreadable,
};

const COMPONENTS: Wanted = Wanted {
    kind: None,
    each: Each::Component,
    files: Files::Suspect,
};

fn entry(path: &str, origin: Origin, class: Class) -> Entry {
    Entry {
        path: PathBuf::from(path),
        origin: Some(origin),
        class,
    }
}

fn folder(path: &str, origin: Origin, outcome: Outcome) -> Searched {
    let path = PathBuf::from(path);
    let place = Place { path, origin };
    Searched { place, outcome }
}

fn empty() -> Scan {
    Scan {
        folders: vec![
            folder("/opt/plugins", Origin::Argument, Outcome::Read { files: 0 }),
            folder("/usr/lib/segue", Origin::System, Outcome::Missing),
            folder(
                "/root/x",
                Origin::User,
                Outcome::Unreadable("not allowed".to_owned()),
            ),
        ],
        ..Scan::default()
    }
}

fn full() -> Scan {
    let ready = |id, version| Class::Ready(Box::new(found(id, version)));
    let damaged = "its manifest's section has 99999 bytes, expected at most 65536";
    let entries = vec![
        entry(
            "/p/libwarmth.so",
            Origin::Argument,
            ready("acme.warmth", "1.2.0"),
        ),
        entry("/p/libeq.so", Origin::Argument, ready("acme.eq", "0.9.1")),
        entry(
            "/p/x.so",
            Origin::Argument,
            Class::NotAPlugin(NotAPlugin::NoLibrary),
        ),
        entry(
            "/p/cut\u{1b}.so",
            Origin::User,
            Class::Unreadable(Unreadable::Damaged(damaged.to_owned())),
        ),
        entry(
            "/b/libstd.so",
            Origin::Executable,
            Class::NotAPlugin(NotAPlugin::NoManifest),
        ),
        entry("/b/libeq.so", Origin::Executable, ready("acme.eq", "0.9.1")),
        entry(
            "/b/libeq2.so",
            Origin::Executable,
            ready("acme.eq", "0.9.1"),
        ),
    ];
    let duplicate = |later, content| Duplicate {
        first: 1,
        later,
        content,
    };
    Scan {
        entries,
        duplicates: vec![
            duplicate(5, Content::Same),
            duplicate(6, Content::Different),
        ],
        folders: vec![
            folder("/p", Origin::Argument, Outcome::Read { files: 3 }),
            folder("/b", Origin::Executable, Outcome::Cut { files: 3 }),
        ],
        files_left_out: 0,
        files_opened: 7,
    }
}

#[test]
fn components_come_first_and_then_what_is_not_ready() {
    let text = text(&full(), &COMPONENTS, &look(80));
    check("list.txt", &text);
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn why_speaks_of_every_file_and_folder() {
    let wanted = Wanted {
        files: Files::All,
        each: Each::Plugin,
        ..COMPONENTS
    };
    check("list-why.txt", &text(&full(), &wanted, &look(80)));
}

#[test]
fn an_empty_catalogue_names_every_folder() {
    check("list-empty.txt", &text(&empty(), &COMPONENTS, &look(80)));
}

#[test]
fn a_kind_that_nothing_has_is_said() {
    let wanted = Wanted {
        kind: Some(segue_plugin::declare::Kind::Decision),
        ..COMPONENTS
    };
    let text = text(&full(), &wanted, &look(80));
    assert!(text.starts_with("no decision among 2 plugins\n"), "{text}");
}

#[test]
fn programs_read_a_schema_version_and_everything() {
    check("list.json", &json::text(&full(), None));
}
