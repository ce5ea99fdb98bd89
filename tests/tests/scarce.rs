//! Scarce: a session on the air asks the system for another process, room on the disk, or memory, and
//! there is none at that moment. The receipt says why; the audio goes on as it was, and what was
//! refused is done as soon as there is enough again.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::fs;
use std::path::PathBuf;

use segue_tests::air::{Air, Ears};
use segue_tests::build::test_plugin;
use segue_tests::desk::{Desk, stage};
use serde_json::Value;

/// What versions 1.1.0 of `test.swap` make of the signal.
const LOWERED: f32 = 0.501_187_2;

/// One stage of `test.swap` 1.0.0, and the folder in which a file makes something scarce.
fn on_air() -> (Air, PathBuf) {
    let desk = Desk::new();
    desk.install([test_plugin("swap-1")]);
    let folder = desk.path("scarce");
    fs::create_dir(&folder).unwrap();
    let scarce = folder.clone();
    let air = Air::start_as(desk, &lev(""), Ears::Open, |command| {
        command.env("SEGUE_TEST_SCARCE", scarce);
    });
    air.wait_for(1.0);
    (air, folder)
}

fn lev(more: &str) -> String {
    format!("{}{more}", stage("lev", "test.swap/level", ""))
}

/// The last receipt of a session.
fn last(air: &Air) -> Value {
    air.status()["receipts"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone()
}

/// A swap to a library that was never opened, while something is scarce, and once it is not.
fn check(what: &str, words: &str) {
    let (air, folder) = on_air();
    air.desk.install([test_plugin("swap-2")]);
    let scarce = folder.join(what);
    fs::write(&scarce, "").unwrap();
    let swap = ["swap", "lev", "@1.1.0"];
    let why = air.refused(&swap, 3);
    assert!(why.contains(words), "{why}");
    let receipt = last(&air);
    assert_eq!(receipt["verdict"], "refused", "{receipt:#}");
    assert!(
        receipt["reasons"].to_string().contains(words),
        "{receipt:#}"
    );
    air.stays(1.0);
    // Nothing is remembered against the library: it was never tried.
    fs::remove_file(scarce).unwrap();
    let _ = air.done(&swap);
    air.wait_for(LOWERED);
    let over = air.finish();
    assert_eq!(over.code, Some(0), "{}", over.err);
}

#[test]
fn a_library_that_no_process_can_be_had_to_probe_is_refused_with_the_systems_words() {
    check("process", "Resource temporarily unavailable");
}

#[test]
fn a_library_that_there_is_no_room_to_copy_is_refused_with_the_systems_words() {
    check("disk", "No space left on device");
}

#[test]
fn a_stage_whose_past_there_is_no_memory_for_comes_all_the_same_and_says_so() {
    let (air, folder) = on_air();
    fs::write(folder.join("memory"), "").unwrap();
    air.save(&lev(&stage("more", "test.swap/level", "")));
    let receipts = air.done(&["reload"])["receipts"].take();
    let mut receipts = receipts.as_array().unwrap().iter();
    let receipt = receipts.find(|one| one["action"] == "add").unwrap();
    assert_eq!(receipt["verdict"], "done", "{receipt:#}");
    let why = "there is no memory to keep what it reads";
    assert!(receipt["reasons"].to_string().contains(why), "{receipt:#}");
    air.stays(1.0);
    // What takes its place has heard nothing, and is faded in all the same.
    let _ = air.done(&["bypass", "more"]);
    let receipt = last(&air);
    assert_eq!(receipt["takeover"]["by"], "fade", "{receipt:#}");
    assert!(receipt["takeover"]["primed_from_frames"].is_null());
    air.stays(1.0);
    let over = air.finish();
    assert_eq!(over.code, Some(0), "{}", over.err);
}
