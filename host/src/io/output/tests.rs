//! Tests of the module above: see there what comes in and goes out.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::*;

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
    Output::create(path, overwrite, None)
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
        let error = Output::create(name, Overwrite::Allowed, input).unwrap_err();
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
