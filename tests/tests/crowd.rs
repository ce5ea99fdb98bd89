//! Crowd: many hosts start at once over one cache, and each of them opens its plugin.
//!
//! A host that starts reads the notes of others while these open plugins and remove their notes.
//! In half of the groups a host pauses between the opening of a note and its lock, where another
//! host may remove the note: see `admission::note`.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::fs;
use std::process::{Child, Stdio};

use segue_tests::build::test_plugin;
use segue_tests::desk::Desk;

/// How many hosts start at once.
const AT_ONCE: usize = 60;

/// How many start in all, with and without the pause.
const STARTS: usize = 500;

/// The variable of the pause, in builds with debug assertions.
const PAUSE_MS: &str = "SEGUE_TEST_NOTE_DELAY_MS";

fn start(desk: &Desk, pause_ms: Option<&str>) -> Child {
    let arguments = ["run", "in.wav", "--stage", "test.through", "--no-control"];
    let mut command = desk.command(arguments);
    if let Some(pause_ms) = pause_ms {
        command.env(PAUSE_MS, pause_ms);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(Stdio::piped()).spawn().unwrap()
}

/// Starts so many hosts, never more than a group at once; what the unhappy ones said.
fn starts(desk: &Desk, count: usize, pause_ms: Option<&str>) -> Vec<String> {
    let mut failed = Vec::new();
    let mut left = count;
    while left > 0 {
        let group = left.min(AT_ONCE);
        left -= group;
        let children: Vec<_> = (0..group).map(|_| start(desk, pause_ms)).collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            if !output.status.success() {
                failed.push(String::from_utf8_lossy(&output.stderr).into_owned());
            }
        }
    }
    failed
}

#[test]
fn everybody_of_a_crowd_opens_its_plugin_over_one_cache() {
    let desk = Desk::new();
    desk.install([test_plugin("through")]);
    segue_tests::wav::write(&desk.path("in.wav"), 48_000, &[vec![0.0; 100]]);
    for pause_ms in [None, Some("20")] {
        // Each half begins with an empty cache: the first hosts copy and probe at once, too.
        let _ = fs::remove_dir_all(desk.path("cache/segue"));
        let failed = starts(&desk, STARTS / 2, pause_ms);
        let (count, first) = (failed.len(), failed.first());
        assert!(
            failed.is_empty(),
            "{count} of {} with a pause of {pause_ms:?}: {first:?}",
            STARTS / 2
        );
        assert_eq!(fs::read_dir(desk.path("state/segue")).unwrap().count(), 0);
    }
}
