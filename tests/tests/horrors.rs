//! A folder of horrors: `segue list` gives every file its class and its reason, and opens none.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::fs;
use std::path::Path;

use object::{Object, ObjectSection, ObjectSymbol};
use segue_tests::build::{reference, test_plugin, test_plugins};
use segue_tests::desk::Desk;
use serde_json::Value;

/// The variable in which a library whose constructor runs finds the file to write.
const MARK: &str = "SEGUE_TEST_MARK";

/// Where the built ABI's major stands in a manifest.
const MANIFEST_MAJOR: usize = 10;

/// Where it stands in the header that the symbol names.
const HEADER_MAJOR: usize = 8;

/// A copy of a plugin that says it speaks `major`, in its section and in its code.
fn of_another_major(library: &Path, major: u16) -> Vec<u8> {
    let mut bytes = fs::read(library).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let section = file.section_by_name(".segue").unwrap();
    let manifest = section.file_range().unwrap().0 as usize;
    let symbol = file
        .dynamic_symbols()
        .find(|symbol| symbol.name() == Ok("segue_plugin"))
        .unwrap();
    let holder = file
        .section_by_index(symbol.section_index().unwrap())
        .unwrap();
    let inside = symbol.address() - holder.address();
    let header = (holder.file_range().unwrap().0 + inside) as usize;
    drop(file);
    assert_eq!(bytes[manifest..manifest + 8], *b"SEGUEPLG");
    assert_eq!(bytes[header..header + 8], *b"SegueABI");
    for at in [
        manifest + MANIFEST_MAJOR,
        manifest + MANIFEST_MAJOR + 4,
        header + HEADER_MAJOR,
        header + HEADER_MAJOR + 4,
    ] {
        bytes[at..at + 2].copy_from_slice(&major.to_le_bytes());
    }
    bytes
}

/// The folder of item 2 of what this has to show, and some more.
fn horrors() -> Desk {
    let desk = Desk::new();
    // The reference plugins lie beside the executable: in another folder nobody may have their ids.
    let _ = reference();
    desk.install([test_plugin("mark")]);
    let through = test_plugin("through");
    let put = |name: &str, bytes: &[u8]| {
        desk.write(&format!("plugins/{name}"), bytes);
    };
    put("libsystem.so", &fs::read("/proc/self/exe").unwrap());
    put("x.so", b"This is a text.\n");
    put("empty.so", b"");
    put("major.so", &of_another_major(through, 9));
    let whole = fs::read(through).unwrap();
    put("truncated.so", &whole[..whole.len() / 2]);
    put("notes.txt", b"not a library by its name");
    fs::create_dir(desk.path("plugins/d.so")).unwrap();
    let fifo = std::process::Command::new("mkfifo")
        .arg(desk.path("plugins/pipe.so"))
        .status()
        .unwrap();
    assert!(fifo.success());
    std::os::unix::fs::symlink("nowhere.so", desk.path("plugins/dangling.so")).unwrap();
    std::os::unix::fs::symlink("loop.so", desk.path("plugins/loop.so")).unwrap();
    desk
}

/// Every file of `list --json` in the desk's own folder that is not ready: name, class, reason.
/// Beside the executable cargo may leave what is no plugin.
fn refused(answer: &Value, desk: &Desk) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let files = answer["files"].as_array().unwrap();
    let name = |file: &Value| text(&file["path"]).rsplit('/').next().unwrap().to_owned();
    files
        .iter()
        .filter(|file| file["class"] != "ready")
        .filter(|file| Path::new(&text(&file["path"])).starts_with(desk.path("plugins")))
        .map(|file| (name(file), text(&file["class"]), text(&file["reason"])))
        .collect()
}

#[test]
fn every_file_is_told_with_its_class_and_none_is_opened() {
    let desk = horrors();
    let mark = desk.path("mark");
    let list = |arguments: &[&str]| {
        let mut command = desk.command(["list"].iter().chain(arguments));
        segue_tests::desk::answer(command.env(MARK, &mark), &[]).expect(0)
    };
    let answer = list(&["--json"]).json();
    let addresses: Vec<_> = answer["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|component| component["address"].as_str().unwrap().to_owned())
        .collect();
    for address in [
        "segue.filters",
        "segue.gain",
        "segue.levels",
        "segue.loudness",
        "segue.rules",
        "test.mark",
    ] {
        let found = addresses.iter().any(|found| found.starts_with(address));
        assert!(found, "{address} is not among {addresses:?}");
    }
    let refused = refused(&answer, &desk);
    let expected = [
        ("d.so", "not a plugin", "a folder, expected a library"),
        (
            "dangling.so",
            "unreadable",
            "a link to something that is not there",
        ),
        (
            "empty.so",
            "not a plugin",
            "an empty file, expected a library",
        ),
        (
            "libsystem.so",
            "not a plugin",
            "a library without a manifest: it was not built with segue-plugin",
        ),
        ("loop.so", "unreadable", "a link that leads in a circle"),
        (
            "major.so",
            "incompatible",
            "the plugin was built for plugin ABI 9.0, this version speaks 1.0: update Segue, or \
             ask for a build of the plugin for ABI 1.0",
        ),
        ("pipe.so", "not a plugin", "a FIFO, expected a library"),
        (
            "truncated.so",
            "unreadable",
            "a library that is cut off or damaged",
        ),
        (
            "x.so",
            "not a plugin",
            "no library: it is neither ELF, PE nor Mach-O",
        ),
    ];
    assert_eq!(refused.len(), expected.len(), "{refused:#?}");
    for ((name, class, reason), expected) in refused.iter().zip(expected) {
        assert_eq!((&**name, &**class), (expected.0, expected.1), "{reason}");
        assert!(reason.starts_with(expected.2), "{name}: {reason}");
    }
    let _ = list(&["--why"]);
    let _ = list(&["--plugins"]);
    assert!(!mark.exists(), "a library was opened");
}

#[test]
fn the_mark_would_have_been_left_by_opening() {
    let desk = Desk::new();
    desk.install([test_plugin("mark")]);
    segue_tests::wav::write(&desk.path("in.wav"), 48_000, &[vec![0.0; 100]]);
    let mark = desk.path("mark");
    let mut command = desk.command(["run", "in.wav", "--stage", "test.mark"]);
    let _ = segue_tests::desk::answer(command.env(MARK, &mark), &[]).expect(0);
    assert!(mark.exists());
}

#[test]
fn a_file_of_another_major_is_refused_by_the_loader_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("major.so");
    fs::write(&path, of_another_major(test_plugin("through"), 9)).unwrap();
    let class = segue_tests::library::class(&path);
    assert_eq!(class.name(), "incompatible");
    assert!(
        class.found().is_none(),
        "a body of another major is not read"
    );
}

#[test]
fn one_bad_file_hides_no_good_one_and_an_empty_folder_says_where_it_looked() {
    let desk = Desk::new();
    // The folder of the executable is searched too: a build leaves plugins beside it.
    let alone = desk.path("segue");
    fs::copy(segue_tests::build::executable(), &alone).unwrap();
    let mut command = desk.command_of(&alone, ["list"]);
    let empty = segue_tests::desk::answer(&mut command, &[]).expect(0);
    let text = empty.text() + &empty.err;
    for folder in ["plugins", "/usr/lib/segue", "/usr/local/lib/segue"] {
        assert!(text.contains(folder), "{text}");
    }
    desk.write("plugins/bad.so", "bad");
    desk.install(test_plugins().files().take(1));
    let list = desk.segue(["list", "--json"]).expect(0).json();
    assert!(!list["components"].as_array().unwrap().is_empty());
}

#[test]
fn a_library_that_aborts_on_panic_is_incompatible() {
    let built = segue_tests::build::own_workspace(
        "plugins",
        ["--profile", "aborting", "--package", "test-through"],
    );
    let class = segue_tests::library::class(built.file("test-through"));
    assert_eq!(class.name(), "incompatible");
    let reason = class.reason().unwrap();
    assert!(reason.contains("panic = \"abort\""), "{reason}");
}
