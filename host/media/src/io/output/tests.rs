//! Tests of the module above: see there what comes in and goes out.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::*;
use crate::io::output::aside::set_aside;
use crate::io::output::unfinished::sweep;

/// The names in a folder.
fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn create(path: &Path, overwrite: Overwrite) -> Result<Output, CreateError> {
    Output::create(path, Named::AtTheEnd, overwrite, None)
}

#[test]
fn a_file_has_its_name_only_when_it_is_complete() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("out.wav");
    let mut output = create(&path, Overwrite::Refused).unwrap();
    output.write_all(b"1234").unwrap();
    output.rewrite_start(b"ab").unwrap();
    assert!(names(&folder)[0].ends_with(".part") && !path.exists());
    output.commit().unwrap();
    assert_eq!(names(&folder), ["out.wav"]);
    assert_eq!(fs::read(&path).unwrap(), b"ab34");
}

#[test]
fn a_file_that_is_given_up_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    let mut output = create(&folder.path().join("out.wav"), Overwrite::Refused).unwrap();
    output.write_all(b"1234").unwrap();
    drop(output);
    assert!(names(&folder).is_empty());
}

#[test]
fn what_exists_is_replaced_only_with_leave_and_only_at_the_end() {
    let folder = TempDir::new().unwrap();
    let [path, link] = ["out.wav", "link.wav"].map(|name| folder.path().join(name));
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    symlink("out.wav", &link).unwrap();
    for name in [&path, &link] {
        let error = create(name, Overwrite::Refused).unwrap_err();
        assert!(matches!(error, CreateError::Exists { .. }), "{error}");
    }
    let mut output = create(&link, Overwrite::Allowed).unwrap();
    output.write_all(b"new").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"old");
    output.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o640
    );
    assert!(link.is_symlink());
    assert_eq!(names(&folder), ["link.wav", "out.wav"]);
}

#[test]
fn a_name_that_is_taken_meanwhile_is_not_replaced() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("out.wav");
    let output = create(&path, Overwrite::Refused).unwrap();
    fs::write(&path, "mine").unwrap();
    let error = output.commit().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(names(&folder), ["out.wav"]);
    assert_eq!(fs::read(&path).unwrap(), b"mine");
}

#[test]
fn the_input_is_never_the_output_under_any_name() {
    let folder = TempDir::new().unwrap();
    let [path, hard, soft] = ["a", "b", "c"].map(|name| folder.path().join(name));
    fs::write(&path, "input").unwrap();
    fs::hard_link(&path, &hard).unwrap();
    symlink(&path, &soft).unwrap();
    let input = FileId::of(&fs::metadata(&path).unwrap());
    for name in [&path, &hard, &soft] {
        let error = Output::create(name, Named::AtTheEnd, Overwrite::Allowed, input).unwrap_err();
        assert!(matches!(error, CreateError::SameAsInput { .. }), "{error}");
    }
}

#[test]
fn folders_dangling_links_and_missing_folders_are_explained() {
    let folder = TempDir::new().unwrap();
    let link = folder.path().join("link.wav");
    symlink("nowhere", &link).unwrap();
    for (path, expected) in [
        (
            folder.path().to_owned(),
            " is a folder, expected a file or a pipe",
        ),
        (link, " is a link to nothing, expected a file or a pipe"),
        (
            folder.path().join("no/out.wav"),
            " cannot be opened for writing",
        ),
    ] {
        let error = create(&path, Overwrite::Allowed).unwrap_err().to_string();
        assert_eq!(error, format!("{}{expected}", path.display()));
    }
}

#[test]
fn a_device_is_written_and_stays() {
    let mut output = create(Path::new("/dev/null"), Overwrite::Refused).unwrap();
    output.write_all(b"1234").unwrap();
    assert!(!output.is_rewritable());
    output.commit().unwrap();
    assert!(
        fs::metadata("/dev/null")
            .unwrap()
            .file_type()
            .is_char_device()
    );
}

/// A recording that has begun.
#[track_caller]
fn record(path: &Path, overwrite: Overwrite) -> Output {
    Output::create(path, Named::FromTheStart, overwrite, None).unwrap()
}

/// A recording whose process is gone before it was finished: its lock is free, its marker there.
fn unfinished_recording(path: &Path, content: &str) {
    let mut output = record(path, Overwrite::Refused);
    output.write_all(content.as_bytes()).unwrap();
    drop(output);
}

#[test]
fn a_recording_has_its_name_from_its_first_bytes_on_and_a_marker_until_it_is_finished() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rec.wav");
    let mut output = record(&path, Overwrite::Refused);
    assert!(!path.exists());
    output.write_all(b"1234").unwrap();
    output.write_all(b"56").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"123456");
    let found = names(&folder);
    assert!(
        found.len() == 2 && found[0].ends_with(".recording"),
        "{found:?}"
    );
    output.cut(5).unwrap();
    output.rewrite_start(b"ab").unwrap();
    output.commit().unwrap();
    assert_eq!(names(&folder), ["rec.wav"]);
    assert_eq!(fs::read(&path).unwrap(), b"ab345");
    assert_eq!(set_aside(&path, None).unwrap(), None);
}

#[test]
fn a_recording_replaces_what_was_there_with_its_first_bytes_and_not_before() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rec.wav");
    fs::write(&path, "old").unwrap();
    let output = record(&path, Overwrite::Allowed);
    assert_eq!(fs::read(&path).unwrap(), b"old");
    drop(output);
    assert_eq!(
        names(&folder),
        ["rec.wav"],
        "what never began leaves nothing"
    );
    let mut output = record(&path, Overwrite::Allowed);
    output.write_all(b"n").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"n");
}

#[test]
fn an_unfinished_recording_is_set_aside_under_its_time() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rec.wav");
    for (content, count) in [("first", 1), ("second", 2)] {
        unfinished_recording(&path, content);
        let aside = set_aside(&path, None).unwrap().unwrap();
        let time = aside.started.trim_end_matches('Z').replace(':', "-");
        let name = aside.kept.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with(&format!("rec.{time}")), "{aside:?}");
        assert_eq!(fs::read(&aside.kept).unwrap(), content.as_bytes());
        assert_eq!(
            names(&folder).len(),
            count,
            "no marker and no other file is left"
        );
    }
}

#[test]
fn a_marker_without_its_recording_means_nothing() {
    let folder = TempDir::new().unwrap();
    let [path, moved] = ["rec.wav", "moved.wav"].map(|name| folder.path().join(name));
    unfinished_recording(&path, "mine");
    fs::rename(&path, &moved).unwrap();
    fs::write(&path, "another").unwrap();
    assert_eq!(set_aside(&path, None).unwrap(), None);
    assert_eq!(names(&folder), ["moved.wav", "rec.wav"]);
    // One that was torn, or never written.
    fs::remove_file(&path).unwrap();
    unfinished_recording(&path, "mine");
    let found = names(&folder);
    let marker = found
        .iter()
        .find(|name| name.ends_with(".recording"))
        .unwrap();
    fs::write(folder.path().join(marker), "segue recording 1\n12 3").unwrap();
    assert_eq!(set_aside(&path, None).unwrap(), None);
    assert_eq!(names(&folder), ["moved.wav", "rec.wav"]);
}

#[test]
fn a_recording_under_way_is_neither_replaced_nor_set_aside() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rec.wav");
    let mut first = record(&path, Overwrite::Refused);
    first.write_all(b"1").unwrap();
    let expected = format!("{} is being recorded by process ", path.display());
    let second = Output::create(&path, Named::FromTheStart, Overwrite::Allowed, None);
    for error in [second.unwrap_err(), set_aside(&path, None).unwrap_err()] {
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
    first.commit().unwrap();
    assert_eq!(names(&folder), ["rec.wav"]);
}

#[test]
fn an_unfinished_recording_that_is_read_is_not_renamed() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rec.wav");
    unfinished_recording(&path, "mine");
    let input = FileId::of(&fs::metadata(&path).unwrap());
    let error = set_aside(&path, input).unwrap_err();
    assert!(matches!(error, CreateError::SameAsInput { .. }), "{error}");
    assert!(path.exists());
}

/// The number of a process that is gone.
fn gone() -> u32 {
    let mut child = std::process::Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    child.id()
}

#[test]
fn what_a_process_that_is_gone_left_unfinished_is_removed_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let output = create(&folder.path().join("out.wav"), Overwrite::Refused).unwrap();
    let own = names(&folder);
    let (gone, here) = (gone(), std::process::id());
    let held = format!(".segue-{gone}-2.part");
    let stay = [
        &held,
        &format!(".segue-{here}-9999.part"),
        ".segue-x-1.part",
        ".segue-7.part",
    ];
    for name in stay.into_iter().chain([&*format!(".segue-{gone}-1.part")]) {
        fs::write(folder.path().join(name), "1234").unwrap();
    }
    let lock = File::open(folder.path().join(&held)).unwrap();
    assert_eq!(lock::lock(&lock), lock::Lock::Ours);
    let swept = sweep(&folder.path().join("out.wav")).unwrap();
    assert_eq!((swept.files, swept.bytes), (1, 4));
    let mut expected = [&own[..], &stay.map(str::to_owned)].concat();
    expected.sort();
    assert_eq!(names(&folder), expected);
    assert_eq!(sweep(&folder.path().join("out.wav")), None);
    output.commit().unwrap();
}
