//! Tests of private folders: what lets others in, on which step of the way.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use tempfile::TempDir;

use super::*;

/// A folder `a/b/c` of which one folder gets these permissions.
fn exposed(at: &str, mode: u32) -> (TempDir, Option<Exposure>) {
    let base = tempfile::tempdir().unwrap();
    let path = base.path().join("a/b/c");
    Private::open(&path).unwrap();
    let changed = base.path().join(at);
    fs::set_permissions(&changed, Permissions::from_mode(mode)).unwrap();
    let closed = Private::find(&path).and_then(|found| found.unwrap().closed());
    let exposure = match closed {
        Ok(_) => None,
        Err(PrivateError::Exposed { at, exposure, path }) => {
            assert_eq!(at, changed);
            let text = PrivateError::Exposed { path, at, exposure }.to_string();
            assert!(text.contains(&format!("{} c", changed.display())), "{text}");
            Some(exposure)
        }
        Err(error) => panic!("{error}"),
    };
    (base, exposure)
}

fn check(at: &str, mode: u32, expected: Option<Exposure>) {
    assert_eq!(exposed(at, mode).1, expected, "{at} {mode:o}");
}

#[test]
fn only_folders_that_others_cannot_change_are_passed() {
    for at in ["a", "a/b"] {
        check(at, 0o700, None);
        check(at, 0o755, None);
        check(at, 0o1777, None);
        for mode in [0o757, 0o777, 0o2777] {
            check(at, mode, Some(Exposure::Writable { mode }));
        }
    }
}

#[test]
fn the_folder_itself_is_its_owners_alone() {
    check("a/b/c", 0o700, None);
    for mode in [0o750, 0o701, 0o755] {
        check("a/b/c", mode, Some(Exposure::Entered { mode }));
    }
    for mode in [0o777, 0o1777, 0o720] {
        check("a/b/c", mode, Some(Exposure::Writable { mode }));
    }
}

#[test]
fn a_folder_is_made_for_its_owner_only_and_none_is_made_by_looking() {
    let base = tempfile::tempdir().unwrap();
    let path = base.path().join("x/y");
    assert!(Private::find(&path).unwrap().is_none());
    assert!(!base.path().join("x").exists());
    replace(&path, "name", b"bytes").unwrap();
    for made in ["x", "x/y"] {
        let mode = fs::metadata(base.path().join(made)).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o700);
    }
    assert_eq!(read(&path, "name", 5).unwrap(), b"bytes");
    assert!(read(&path, "name", 4).is_err());
    assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
}

#[test]
fn a_link_leads_where_its_target_is_checked() {
    let base = tempfile::tempdir().unwrap();
    let path = |name: &str| base.path().join(name);
    Private::open(&path("real/store")).unwrap();
    symlink("real", path("relative")).unwrap();
    symlink(path("real"), path("direct")).unwrap();
    symlink("direct/../real", path("winding")).unwrap();
    symlink("round", path("round")).unwrap();
    for link in ["relative", "direct", "winding"] {
        assert!(Private::find(&path(link).join("store")).unwrap().is_some());
    }
    assert!(matches!(
        Private::find(&path("round/store")),
        Err(PrivateError::Io { .. })
    ));
    fs::set_permissions(path("real"), Permissions::from_mode(0o777)).unwrap();
    for link in ["relative", "direct", "winding"] {
        let error = Private::find(&path(link).join("store")).unwrap_err();
        let PrivateError::Exposed { at, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(at, path("real"));
    }
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let base = tempfile::tempdir().unwrap();
    let fifo = base.path().join("fifo");
    mknodat(CWD, &fifo, FileType::Fifo, Mode::RWXU, 0).unwrap();
    symlink("/dev/zero", base.path().join("link")).unwrap();
    for name in ["fifo", "link", "missing"] {
        assert!(read(base.path(), name, 5).is_err(), "{name}");
    }
}
