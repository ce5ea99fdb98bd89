//! Files: real ones, replaced in every way that people and programs replace them. Each way is shown
//! with the system's hints alone and with looks alone. Nothing here waits for a time: every test
//! waits for what is told, up to a deadline that only a broken watch reaches.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel, sync_channel};
use std::time::Duration;

use tempfile::TempDir;

use crate::discovery::tests::specimen::{library, named, windows_manifest};
use crate::watch::hints::{HINTS_MAX, SystemWatches};
use crate::watch::turns::Timing;
use crate::watch::{Changed, Watch, WatchSetup, start, with};

/// Longer than anything here takes.
const DEADLINE: Duration = Duration::from_secs(120);

/// How a watch learns of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Hints,
    Looks,
}

const QUICK: Timing = Timing {
    settle: Duration::from_millis(60),
    hold_max: Duration::from_secs(2),
    look_gap: Duration::from_millis(10),
    look_every: Duration::from_secs(3600),
};

/// A watched folder, and what is told of it.
struct Rig {
    folder: TempDir,
    told: Receiver<Changed>,
    watch: Option<Watch>,
}

impl Rig {
    /// Prepares the folder, and watches `plugins` and `plugins.toml` in it from then on.
    fn new(by: By, prepare: impl Fn(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path());
        let (teller, told) = channel();
        let setup = WatchSetup {
            folders: vec![folder.path().join("plugins")],
            files: vec![folder.path().join("single/named.so")],
            config: Some(folder.path().join("plugins.toml")),
            tell: Box::new(move |changed| {
                let _ = teller.send(changed);
            }),
        };
        let (sender, incoming) = sync_channel(HINTS_MAX);
        let (hints, timing) = match by {
            By::Hints => (SystemWatches::new(sender.clone()), QUICK),
            By::Looks => {
                let look_every = Duration::from_millis(20);
                (
                    SystemWatches::none("planted".to_owned()),
                    Timing {
                        look_every,
                        ..QUICK
                    },
                )
            }
        };
        let watch = Some(with(setup, timing, hints, (sender, incoming)).unwrap());
        let rig = Self {
            folder,
            told,
            watch,
        };
        if by == By::Looks {
            let first = rig.next();
            assert!(first.notices[0].contains("(planted)"), "{first:?}");
        }
        rig
    }

    fn plugins(&self) -> PathBuf {
        self.folder.path().join("plugins")
    }

    fn next(&self) -> Changed {
        self.told.recv_timeout(DEADLINE).expect("a change is told")
    }

    /// Waits until the watch knows the content of what was there from the beginning.
    fn settle_in(&self) {
        fs::write(self.plugins().join("first.so"), version("0.0.1")).unwrap();
        self.expect("first.so", "0.0.1");
    }

    /// The next thing told is one library, of that version.
    fn expect(&self, name: &str, version: &str) {
        let changed = self.next();
        let found: Vec<_> = changed.libraries.iter().collect();
        assert_eq!(found.len(), 1, "{changed:?}");
        assert_eq!(found[0].path.file_name().unwrap(), name, "{changed:?}");
        assert_eq!(found[0].version.to_string(), version, "{changed:?}");
        assert!(!changed.config && changed.notices.is_empty(), "{changed:?}");
    }
}

fn version(version: &str) -> Vec<u8> {
    library(&named("acme.p00001", version))
}

/// One plugin, 1.0.0.
fn one(folder: &Path) {
    fs::create_dir(folder.join("plugins")).unwrap();
    fs::write(folder.join("plugins/a.so"), version("1.0.0")).unwrap();
    fs::write(folder.join("plugins.toml"), "[pipeline]\n").unwrap();
}

fn check(prepare: impl Fn(&Path), act: impl Fn(&Rig)) {
    for by in [By::Hints, By::Looks] {
        act(&Rig::new(by, &prepare));
    }
}

#[test]
fn a_library_that_is_written_over_is_told() {
    check(one, |rig| {
        fs::write(rig.plugins().join("a.so"), version("1.1.0")).unwrap();
        rig.expect("a.so", "1.1.0");
    });
}

#[test]
fn a_library_that_is_renamed_over_is_told() {
    check(one, |rig| {
        let new = rig.plugins().join(".a.so.tmp");
        fs::write(&new, version("1.1.0")).unwrap();
        fs::rename(new, rig.plugins().join("a.so")).unwrap();
        rig.expect("a.so", "1.1.0");
    });
}

#[test]
fn a_library_that_is_removed_and_made_again_is_told() {
    check(one, |rig| {
        fs::remove_file(rig.plugins().join("a.so")).unwrap();
        fs::write(rig.plugins().join("a.so"), version("1.1.0")).unwrap();
        rig.expect("a.so", "1.1.0");
    });
}

#[test]
fn a_link_that_is_turned_to_another_library_is_told() {
    let prepare = |folder: &Path| {
        fs::create_dir_all(folder.join("plugins")).unwrap();
        for at in ["1.0.0", "1.1.0"] {
            fs::write(folder.join(at), version(at)).unwrap();
        }
        symlink(folder.join("1.0.0"), folder.join("plugins/a.so")).unwrap();
    };
    check(prepare, |rig| {
        let new = rig.plugins().join("new");
        for to in ["1.1.0", "1.0.0"] {
            symlink(rig.folder.path().join(to), &new).unwrap();
            fs::rename(&new, rig.plugins().join("a.so")).unwrap();
            rig.expect("a.so", to);
        }
    });
}

#[test]
fn a_folder_that_is_a_link_is_followed_when_it_is_turned() {
    let prepare = |folder: &Path| {
        for at in ["1.0.0", "1.1.0"] {
            fs::create_dir(folder.join(at)).unwrap();
            fs::write(folder.join(at).join("a.so"), version(at)).unwrap();
        }
        symlink(folder.join("1.0.0"), folder.join("plugins")).unwrap();
    };
    check(prepare, |rig| {
        let new = rig.folder.path().join("new");
        symlink(rig.folder.path().join("1.1.0"), &new).unwrap();
        fs::rename(&new, rig.plugins()).unwrap();
        rig.expect("a.so", "1.1.0");
        fs::write(rig.folder.path().join("1.1.0/a.so"), version("1.2.0")).unwrap();
        rig.expect("a.so", "1.2.0");
    });
}

#[test]
fn a_folder_that_is_removed_and_made_again_is_watched_again() {
    check(one, |rig| {
        for at in ["1.1.0", "1.2.0"] {
            fs::remove_dir_all(rig.plugins()).unwrap();
            fs::create_dir(rig.plugins()).unwrap();
            fs::write(rig.plugins().join("a.so"), version(at)).unwrap();
            rig.expect("a.so", at);
        }
        fs::write(rig.plugins().join("a.so"), version("1.3.0")).unwrap();
        rig.expect("a.so", "1.3.0");
    });
}

#[test]
fn a_folder_that_comes_later_is_watched_from_then_on() {
    check(
        |_| {},
        |rig| {
            fs::create_dir(rig.plugins()).unwrap();
            fs::write(rig.plugins().join("a.so"), version("1.0.0")).unwrap();
            rig.expect("a.so", "1.0.0");
            fs::create_dir(rig.folder.path().join("single")).unwrap();
            fs::write(rig.folder.path().join("single/named.so"), version("1.1.0")).unwrap();
            rig.expect("named.so", "1.1.0");
        },
    );
}

#[test]
fn half_a_library_and_the_same_library_again_are_no_news() {
    check(one, |rig| {
        rig.settle_in();
        let whole = version("2.0.0");
        fs::write(rig.plugins().join("half.so"), &whole[..whole.len() / 2]).unwrap();
        fs::write(rig.plugins().join("a.so"), version("1.0.0")).unwrap();
        fs::write(rig.plugins().join("empty.so"), "").unwrap();
        fs::write(rig.plugins().join("text.so"), "no library\n").unwrap();
        fs::write(rig.plugins().join("b.so"), version("1.5.0")).unwrap();
        rig.expect("b.so", "1.5.0");
        fs::write(rig.plugins().join("half.so"), &whole).unwrap();
        rig.expect("half.so", "2.0.0");
    });
}

#[test]
fn a_library_that_this_host_cannot_load_is_explained() {
    check(one, |rig| {
        let content = library(&windows_manifest());
        fs::write(rig.plugins().join("w.so"), content).unwrap();
        let changed = rig.next();
        assert!(changed.libraries.is_empty(), "{changed:?}");
        assert!(
            changed.notices[0].contains("w.so cannot be used: "),
            "{changed:?}"
        );
    });
}

#[test]
fn an_edited_configuration_is_told_and_the_same_text_again_is_not() {
    check(one, |rig| {
        rig.settle_in();
        let config = rig.folder.path().join("plugins.toml");
        fs::write(&config, "[pipeline]\n").unwrap();
        fs::write(rig.plugins().join("a.so"), version("1.1.0")).unwrap();
        rig.expect("a.so", "1.1.0");
        let new = rig.folder.path().join("plugins.toml~");
        fs::write(&new, "[pipeline]\nname = \"other\"\n").unwrap();
        fs::rename(new, &config).unwrap();
        let changed = rig.next();
        assert!(
            changed.config && changed.libraries.is_empty(),
            "{changed:?}"
        );
    });
}

#[test]
fn libraries_installed_together_are_told_together() {
    check(one, |rig| {
        for name in ["b.so", "c.so", "d.so"] {
            fs::write(rig.plugins().join(name), version("1.1.0")).unwrap();
        }
        assert_eq!(rig.next().libraries.len(), 3);
    });
}

#[test]
fn among_ten_thousand_libraries_the_new_one_is_told() {
    let prepare = |folder: &Path| {
        one(folder);
        let content = version("1.0.0");
        for at in 0..10_000 {
            fs::write(folder.join(format!("plugins/{at:05}.so")), &content).unwrap();
        }
    };
    let rig = Rig::new(By::Hints, prepare);
    fs::write(rig.plugins().join("05000.so"), version("1.1.0")).unwrap();
    rig.expect("05000.so", "1.1.0");
}

#[test]
fn a_library_that_is_rewritten_all_the_time_is_told_as_it_is_in_the_end() {
    check(one, |rig| {
        let path = rig.plugins().join("a.so");
        for at in 0..200 {
            let whole = version(&format!("1.{}.{}", at / 10 % 10, at % 10));
            let written = if at % 2 == 0 {
                whole.len() / 2
            } else {
                whole.len()
            };
            fs::write(&path, &whole[..written]).unwrap();
        }
        fs::write(&path, version("9.9.9")).unwrap();
        loop {
            let changed = rig.next();
            let last = changed.libraries.last().unwrap();
            if last.version.to_string() == "9.9.9" {
                break;
            }
        }
    });
}

#[test]
fn a_watch_that_is_dropped_leaves_nothing_behind() {
    let held = Arc::new(());
    let mine = Arc::clone(&held);
    let folder = tempfile::tempdir().unwrap();
    let watch = start(WatchSetup {
        folders: vec![folder.path().to_owned()],
        files: Vec::new(),
        config: None,
        tell: Box::new(move |_| {
            let _ = &mine;
        }),
    });
    assert_eq!(Arc::strong_count(&held), 2);
    drop(watch.unwrap());
    assert_eq!(Arc::strong_count(&held), 1);
    let mut rig = Rig::new(By::Looks, one);
    drop(rig.watch.take());
    assert!(rig.told.recv().is_err(), "nobody is left to tell");
}

#[test]
fn a_notice_names_the_command_that_takes_it() {
    let rig = Rig::new(By::Hints, one);
    fs::write(rig.plugins().join("a.so"), version("1.1.0")).unwrap();
    let changed = rig.next();
    let path = rig.plugins().join("a.so");
    assert_eq!(
        changed.libraries[0].notice(),
        format!(
            "acme.p00001 1.1.0 appeared at {}: `segue ctl swap --plugin acme.p00001` takes it",
            path.display()
        )
    );
}
