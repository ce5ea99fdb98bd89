//! Strangers: another user of this machine prepares the folders that a host uses, and waits.
//!
//! Run as root, who makes the other user by number, with `setpriv`. The other one's library is a
//! plugin whose constructor leaves a mark.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use segue::discovery::content_hash;
use segue_tests::build::test_plugin;
use segue_tests::desk::{Answer, Desk, answer};

/// The variable in which a library whose constructor runs finds the file to write.
const MARK: &str = "SEGUE_TEST_MARK";

/// A user that no machine has.
const STRANGER: u32 = 54_321;

/// What the stranger does: as soon as a host has made its `cache`, puts another in its place, with
/// a library of its own under the name of the one that the host opens. `$1` is the folder that
/// holds the cache, `$2` the cache, `$3` the name, `$4` the library.
const ATTACK: &str = r#"
    cd "$1" && echo ready
    until [ -d "$2" ]; do :; done
    until mv "$2" away 2>/dev/null; do :; done
    mkdir -p "$2/store" && cp "$4" "$2/store/$3" && chmod -R 755 "$2"
    echo planted
"#;

/// The desk of the host, and a folder in which the stranger may do what it likes.
struct Scene {
    desk: Desk,
    /// The stranger's library.
    library: PathBuf,
}

impl Scene {
    fn new() -> Self {
        assert!(
            rustix::process::geteuid().is_root(),
            "another user is made by root: run these tests as root, in a container say"
        );
        let desk = Desk::new();
        desk.install([test_plugin("through")]);
        segue_tests::wav::write(&desk.path("in.wav"), 48_000, &[vec![0.0; 100]]);
        let library = desk.path("theirs.so");
        fs::copy(test_plugin("mark"), &library).unwrap();
        for path in [desk.path("."), desk.path("theirs.so")] {
            fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        }
        fs::create_dir(desk.path("tmp")).unwrap();
        fs::set_permissions(desk.path("tmp"), Permissions::from_mode(0o1777)).unwrap();
        Self { desk, library }
    }

    /// The host, whose plugin is not the stranger's.
    fn host(&self) -> Command {
        let arguments = ["run", "in.wav", "--stage", "test.through"];
        let mut command = self.desk.command(arguments);
        command.env(MARK, self.desk.path("mark"));
        command
    }

    /// The host as a service manager starts it: without a home.
    fn homeless(&self) -> Command {
        let mut command = self.host();
        for name in [
            "HOME",
            "XDG_CACHE_HOME",
            "XDG_STATE_HOME",
            "XDG_RUNTIME_DIR",
        ] {
            command.env_remove(name);
        }
        command.env("TMPDIR", self.desk.path("tmp"));
        command
    }

    /// The stranger, who waits in `folder` for `cache` to appear.
    fn stranger(&self, folder: &Path, cache: &str) -> Child {
        let mut own = File::open(test_plugin("through")).unwrap();
        let name = format!("{}.so", content_hash(&mut own).unwrap());
        let mut command = as_stranger(["sh", "-c", ATTACK, "sh"]);
        command.args([folder.as_os_str(), cache.as_ref(), name.as_ref()]);
        command.arg(&self.library).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // It waits for the cache from here on.
        let mut ready = [0; 6];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut ready).unwrap();
        child
    }

    /// Runs the host while the stranger lurks, and lets nothing of the stranger's run.
    fn check(&self, host: &mut Command, folder: &Path, cache: &str) -> Answer {
        let mut stranger = self.stranger(folder, cache);
        let answer = answer(host, &[]);
        let _ = stranger.kill();
        let _ = stranger.wait();
        let err = &answer.err;
        assert!(!self.desk.path("mark").exists(), "a constructor ran: {err}");
        answer
    }
}

fn as_stranger<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = Command::new("setpriv");
    let (user, group) = (format!("--reuid={STRANGER}"), format!("--regid={STRANGER}"));
    command
        .args([&user, &group, "--clear-groups"])
        .args(arguments);
    command
}

/// What is said, on one line.
fn words(answer: &Answer) -> String {
    answer.err.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn check_says(answer: Answer, expected: &str) {
    let answer = answer.expect(1);
    let words = words(&answer);
    assert!(words.contains(expected), "{expected}: {words}");
    assert!(words.contains("XDG_CACHE_HOME"), "{words}");
}

#[test]
fn who_made_the_folder_among_the_temporary_files_first_gets_nothing_opened() {
    let scene = Scene::new();
    let squatted = scene.desk.path("tmp/segue-0");
    let made = as_stranger(["mkdir", "-m", "777"]).arg(&squatted).status();
    assert!(made.unwrap().success());
    let answer = scene.check(&mut scene.homeless(), &squatted, "cache");
    let expected = format!("{} belongs to user {STRANGER}", squatted.display());
    check_says(answer, &expected);
}

#[test]
fn a_link_of_a_stranger_is_not_followed() {
    let scene = Scene::new();
    let (theirs, squatted) = (scene.desk.path("theirs"), scene.desk.path("tmp/segue-0"));
    fs::create_dir(&theirs).unwrap();
    let mut link = as_stranger(["ln", "-s"]);
    assert!(link.args([&theirs, &squatted]).status().unwrap().success());
    let answer = answer(&mut scene.homeless(), &[]);
    let expected = format!("{} belongs to user {STRANGER}", squatted.display());
    check_says(answer, &expected);
    assert_eq!(fs::read_dir(theirs).unwrap().count(), 0);
}

#[test]
fn a_cache_that_others_can_rename_is_not_used() {
    for (mode, group) in [(0o777, 0), (0o775, STRANGER)] {
        let scene = Scene::new();
        let shared = scene.desk.path("cache");
        chown(&shared, Some(0), Some(group)).unwrap();
        fs::set_permissions(&shared, Permissions::from_mode(mode)).unwrap();
        let answer = scene.check(&mut scene.host(), &shared, "segue");
        let expected = format!("{} can be written by others", shared.display());
        check_says(answer, &expected);
    }
}

#[test]
fn a_cache_of_another_user_is_not_used() {
    let scene = Scene::new();
    let theirs = scene.desk.path("cache");
    chown(&theirs, Some(STRANGER), Some(STRANGER)).unwrap();
    let answer = scene.check(&mut scene.host(), &theirs, "segue");
    let expected = format!("{} belongs to user {STRANGER}", theirs.display());
    check_says(answer, &expected);
}

#[test]
fn notes_and_sockets_are_not_left_to_a_stranger_either() {
    let scene = Scene::new();
    for folder in ["state", "runtime"] {
        let theirs = scene.desk.path(folder);
        chown(&theirs, Some(STRANGER), Some(STRANGER)).unwrap();
        let said = words(&answer(&mut scene.host(), &[]));
        let expected = format!("{} belongs to user {STRANGER}", theirs.display());
        assert!(said.contains(&expected), "{folder}: {said}");
        assert_eq!(fs::read_dir(&theirs).unwrap().count(), 0);
        chown(&theirs, Some(0), Some(0)).unwrap();
    }
}

#[test]
fn in_a_folder_of_temporary_files_that_is_kept_the_stranger_waits_in_vain() {
    let scene = Scene::new();
    let temporary = scene.desk.path("tmp");
    let answer = scene.check(&mut scene.homeless(), &temporary, "segue-0");
    let _ = answer.expect(0);
    assert!(!temporary.join("away").exists());
}
