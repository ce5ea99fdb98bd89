//! Golden: lists of made-up catalogues, whole.

use std::path::PathBuf;

use crate::cli::list::refused::RefusedFiles;
use crate::cli::list::{Each, ListWanted, ListedFiles, json, text};
use crate::cli::tests::specimen::{check, found, look};
use crate::discovery::{
    Class, ContentMatch, Duplicate, Entry, FolderOrigin, FolderOutcome, NotAPlugin, Scan,
    SearchFolder, Searched, Unreadable,
};

const COMPONENTS: ListWanted = ListWanted {
    kind: None,
    each: Each::Component,
    files: ListedFiles::Suspect,
};

fn entry(path: &str, origin: FolderOrigin, class: Class) -> Entry {
    Entry {
        path: PathBuf::from(path),
        origin: Some(origin),
        class,
    }
}

fn folder(path: &str, origin: FolderOrigin, outcome: FolderOutcome) -> Searched {
    let path = PathBuf::from(path);
    let place = SearchFolder { path, origin };
    Searched { place, outcome }
}

fn empty() -> Scan {
    Scan {
        folders: vec![
            folder(
                "/opt/plugins",
                FolderOrigin::Argument,
                FolderOutcome::Read { files: 0 },
            ),
            folder(
                "/usr/lib/segue",
                FolderOrigin::System,
                FolderOutcome::Missing,
            ),
            folder(
                "/root/x",
                FolderOrigin::User,
                FolderOutcome::Unreadable("not allowed".to_owned()),
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
            FolderOrigin::Argument,
            ready("acme.warmth", "1.2.0"),
        ),
        entry(
            "/p/libeq.so",
            FolderOrigin::Argument,
            ready("acme.eq", "0.9.1"),
        ),
        entry(
            "/p/x.so",
            FolderOrigin::Argument,
            Class::NotAPlugin(NotAPlugin::NoLibrary),
        ),
        entry(
            "/p/cut\u{1b}.so",
            FolderOrigin::User,
            Class::Unreadable(Unreadable::Damaged(damaged.to_owned())),
        ),
        entry(
            "/b/libstd.so",
            FolderOrigin::Executable,
            Class::NotAPlugin(NotAPlugin::NoManifest),
        ),
        entry(
            "/b/libeq.so",
            FolderOrigin::Executable,
            ready("acme.eq", "0.9.1"),
        ),
        entry(
            "/b/libeq2.so",
            FolderOrigin::Executable,
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
            duplicate(5, ContentMatch::Same),
            duplicate(6, ContentMatch::Different),
        ],
        folders: vec![
            folder(
                "/p",
                FolderOrigin::Argument,
                FolderOutcome::Read { files: 3 },
            ),
            folder(
                "/b",
                FolderOrigin::Executable,
                FolderOutcome::Cut { files: 3 },
            ),
        ],
        files_left_out: 0,
        files_opened: 7,
    }
}

#[test]
fn components_come_first_and_then_what_is_not_ready() {
    let text = text(&full(), &RefusedFiles::default(), &COMPONENTS, &look(80));
    check("list.txt", &text);
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn why_speaks_of_every_file_and_folder() {
    let wanted = ListWanted {
        files: ListedFiles::All,
        each: Each::Plugin,
        ..COMPONENTS
    };
    check(
        "list-why.txt",
        &text(&full(), &RefusedFiles::default(), &wanted, &look(80)),
    );
}

#[test]
fn an_empty_catalogue_names_every_folder() {
    check(
        "list-empty.txt",
        &text(&empty(), &RefusedFiles::default(), &COMPONENTS, &look(80)),
    );
}

#[test]
fn a_kind_that_nothing_has_is_said() {
    let wanted = ListWanted {
        kind: Some(segue_plugin::declare::Kind::Decision),
        ..COMPONENTS
    };
    let text = text(&full(), &RefusedFiles::default(), &wanted, &look(80));
    assert!(text.starts_with("no decision among 2 plugins\n"), "{text}");
}

#[test]
fn programs_read_a_schema_version_and_everything() {
    check(
        "list.json",
        &json::text(&full(), &RefusedFiles::default(), None),
    );
}
