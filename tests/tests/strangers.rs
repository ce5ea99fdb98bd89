//! Strangers: folders that others can change are not used, and no plugin of theirs is opened.
//!
//! What needs a second user is in `oracle_strangers.rs`; here one user's own folders are opened to
//! others.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use segue_tests::build::test_plugin;
use segue_tests::desk::{Answer, Desk, answer};

/// The variable in which a library whose constructor runs finds the file to write.
const MARK: &str = "SEGUE_TEST_MARK";

/// A desk with a plugin whose constructor leaves a mark.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.install([test_plugin("mark")]);
    segue_tests::wav::write(&desk.path("in.wav"), 48_000, &[vec![0.0; 100]]);
    desk
}

/// The command that opens the plugin.
fn opening(desk: &Desk) -> Command {
    let mut command = desk.command(["run", "in.wav", "--stage", "test.mark", "--no-control"]);
    command.env(MARK, desk.path("mark"));
    command
}

fn opened(command: &mut Command, desk: &Desk) -> Answer {
    let _ = fs::remove_file(desk.path("mark"));
    answer(command, &[])
}

/// Nothing may be opened, and the folder, the reason and the remedy are said.
fn check_refused(desk: &Desk, command: &mut Command, at: &Path) {
    let answer = opened(command, desk).expect(1);
    for word in [
        &format!("{} can be written by others", at.display()),
        "others could change what Segue keeps there",
        &format!("chmod go-w {}", at.display()),
    ] {
        let words: Vec<_> = answer.err.split_whitespace().collect();
        assert!(words.join(" ").contains(word), "{word}: {}", answer.err);
    }
    assert!(!desk.path("mark").exists(), "a constructor ran");
}

#[test]
fn a_folder_that_others_can_write_to_is_not_used_on_any_step_of_the_way() {
    for (folder, mode) in [
        ("cache", 0o777),
        ("cache", 0o757),
        ("cache/segue", 0o777),
        ("cache/segue/store", 0o777),
        ("state", 0o777),
        ("state/segue", 0o777),
    ] {
        let desk = desk();
        let _ = opened(&mut opening(&desk), &desk).expect(0);
        assert!(desk.path("mark").exists());
        let at = desk.path(folder);
        fs::set_permissions(&at, Permissions::from_mode(mode)).unwrap();
        check_refused(&desk, &mut opening(&desk), &at);
        fs::set_permissions(&at, Permissions::from_mode(0o700)).unwrap();
        let _ = opened(&mut opening(&desk), &desk).expect(0);
        assert!(desk.path("mark").exists());
    }
}

#[test]
fn a_folder_among_the_temporary_files_is_used_while_it_is_ones_own() {
    let desk = desk();
    let temporary = desk.path("tmp");
    fs::create_dir(&temporary).unwrap();
    let mut command = opening(&desk);
    for name in ["HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"] {
        command.env_remove(name);
    }
    command.env("TMPDIR", &temporary);
    // As /tmp is: all may write, and only owners rename.
    fs::set_permissions(&temporary, Permissions::from_mode(0o1777)).unwrap();
    let _ = opened(&mut command, &desk).expect(0);
    fs::set_permissions(&temporary, Permissions::from_mode(0o777)).unwrap();
    check_refused(&desk, &mut command, &temporary);
}

#[test]
fn a_registry_that_others_could_have_written_is_not_read() {
    let desk = desk();
    let _ = desk.segue(["list"]).expect(0);
    let folder = desk.path("cache/segue");
    fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
    let list = desk.segue(["list"]).expect(0);
    assert!(list.text().contains("test.mark"), "{}", list.text());
    assert!(
        list.err.contains("can be written by others"),
        "{}",
        list.err
    );
}
