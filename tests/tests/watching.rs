//! Libraries that are replaced while a session at the pace of the stream uses them, and a
//! configuration that is saved: what is told, what is swapped, what is heard.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::fs;
use std::path::PathBuf;

use segue_tests::air::{Air, Over};
use segue_tests::build::{reference, test_plugin};
use segue_tests::desk::{Desk, stage};
use serde_json::Value;

/// What versions 1.1.0 of `test.swap` make of the signal, one build and another.
const LOWERED: f32 = 0.501_187_2;
const LOW: f32 = 0.251_188_64;

fn watched(watch: &str, stages: &str) -> String {
    format!("[plugins]\nwatch = \"{watch}\"\n{stages}")
}

/// One stage of `test.swap`, version 1.0.0, in the file `level.so`.
fn on_air(watch: &str) -> Air {
    let desk = Desk::new();
    desk.install_as(test_plugin("swap-1"), "level.so");
    let air = Air::start(
        desk,
        &watched(watch, &stage("lev", "test.swap/level", "")),
        &[],
    );
    air.wait_for(1.0);
    air
}

fn place(air: &Air, name: &str) -> PathBuf {
    air.desk.path("plugins").join(name)
}

/// Replaces the file in one step, as package managers do.
fn rename_over(air: &Air, plugin: &str, name: &str) {
    let beside = place(air, "beside.tmp");
    fs::copy(test_plugin(plugin), &beside).unwrap();
    fs::rename(beside, place(air, name)).unwrap();
}

/// Writes into the file that is there, as `cp` does.
fn copy_over(air: &Air, plugin: &str, name: &str) {
    fs::copy(test_plugin(plugin), place(air, name)).unwrap();
}

/// The changes of a run that were made.
fn changes(over: &Over) -> Vec<&Value> {
    let all = over.report["changes"].as_array().unwrap().iter();
    all.filter(|one| one["verdict"] == "done").collect()
}

#[test]
fn a_replaced_library_is_swapped_in_where_the_file_says_so() {
    let air = on_air("swap");
    rename_over(&air, "swap-2", "level.so");
    air.wait_for(LOWERED);
    copy_over(&air, "swap-3", "level.so");
    air.wait_for(LOW);
    // Removed, nothing changes; made again, it does.
    fs::remove_file(place(&air, "level.so")).unwrap();
    copy_over(&air, "swap-2", "level.so");
    air.wait_for(LOWERED);
    assert_eq!(air.overrides(), [], "nobody wanted anything: the files did");
    let over = air.finish();
    assert_eq!(over.code, Some(0), "{}", over.err);
    let changes = changes(&over);
    assert_eq!(changes.len(), 3, "{changes:#?}");
    for change in changes {
        assert_eq!(change["cause"]["who"], "watch", "{change:#}");
        let why = change["cause"]["why"].as_str().unwrap();
        assert!(why.contains("level.so"), "{why}");
    }
}

#[test]
fn a_replaced_library_is_only_told_of_where_the_file_says_no_more() {
    let air = on_air("report");
    rename_over(&air, "swap-2", "level.so");
    air.wait_for_words("test.swap 1.1.0 appeared");
    air.wait_for_words("segue ctl swap --plugin test.swap");
    copy_over(&air, "swap-3", "level.so");
    // It is there, and taken when somebody says so.
    air.stays(1.0);
    // Another file that nobody uses is told of too.
    air.desk.install([test_plugin("through")]);
    air.wait_for_words("test.through 1.0.0 appeared");
    air.wait_for_words("no stage uses it");
    air.stays(1.0);
    let _ = air.done(&["swap", "--plugin", "test.swap"]);
    air.wait_for(LOW);
    let over = air.finish();
    assert_eq!(over.code, Some(0), "{}", over.err);
    assert_eq!(changes(&over).len(), 1);
}

#[test]
fn nothing_goes_past_its_major_or_what_is_required_by_itself() {
    let desk = Desk::new();
    desk.install([test_plugin("provider-1"), test_plugin("swap-1")]);
    let stages = "[plugins.require]\n\"test.swap\" = \"~1.0\"\n".to_owned()
        + &stage("one", "test.provider/scale", "")
        + &stage("lev", "test.swap/level", "");
    let air = Air::start(desk, &watched("swap", &stages), &[]);
    air.wait_for(0.5);
    air.desk
        .install([test_plugin("provider-2"), test_plugin("swap-2")]);
    air.wait_for_words("test.provider 2.0.0 appeared");
    air.wait_for_words("another major than 1");
    air.wait_for_words("[plugins.require] asks for ~1.0");
    air.stays(0.5);
    air.desk.install([test_plugin("provider-3")]);
    air.wait_for(0.125);
    let over = air.finish();
    assert_eq!(over.code, Some(0), "{}", over.err);
    assert_eq!(changes(&over).len(), 1);
}

#[test]
fn what_somebody_asked_for_stays() {
    let desk = Desk::new();
    desk.install_as(test_plugin("swap-1"), "level.so");
    let stages = stage("kept", "test.swap/level", "") + &stage("free", "test.swap/level", "");
    let air = Air::start(desk, &watched("swap", &stages), &[]);
    air.wait_for(1.0);
    let _ = air.done(&["swap", "kept", "@1.0.0"]);
    air.desk.install_as(test_plugin("swap-2"), "newer.so");
    air.wait_for(LOWERED);
    air.stays(LOWERED);
    let status = air.status();
    assert_eq!(status["stages"][0]["version"], "1.0.0");
    assert_eq!(status["stages"][1]["version"], "1.1.0");
    assert_eq!(air.finish().code, Some(0));
}

#[test]
fn half_a_library_is_left_alone_until_it_is_whole() {
    let air = on_air("swap");
    // Its first half only: it is no library yet.
    let whole = fs::read(test_plugin("swap-2")).unwrap();
    fs::write(place(&air, "half.so"), &whole[..whole.len() / 2]).unwrap();
    air.stays(1.0);
    fs::write(place(&air, "half.so"), &whole).unwrap();
    air.wait_for(LOWERED);
    assert_eq!(air.finish().code, Some(0));
}

#[test]
fn what_is_watched_follows_the_file() {
    let air = on_air("off");
    rename_over(&air, "swap-2", "level.so");
    air.stays(1.0);
    air.stays(1.0);
    assert!(!air.err().contains("appeared"), "{}", air.err());
    let stages = stage("lev", "test.swap/level", "");
    air.save(&watched("swap", &stages));
    air.wait_for_words("`segue ctl reload`");
    let answer = air.done(&["reload"]);
    assert_eq!(answer["receipts"][0]["action"], "keep", "{answer:#}");
    // From now on: what lay there before is no news.
    air.stays(1.0);
    copy_over(&air, "swap-3", "level.so");
    air.wait_for(LOW);
    let over = air.finish();
    assert_eq!(over.code, Some(0), "{}", over.err);
}

#[test]
fn a_saved_file_is_told_of_unless_the_session_wrote_it_or_read_it() {
    let desk = Desk::new();
    desk.install([reference().file("segue-gain")]);
    let file = |gain_db: f32| {
        let params = format!("params = {{ gain_db = {gain_db:?} }}\n");
        stage("gain", "segue.gain", "") + &params
    };
    let air = Air::start(desk, &file(0.0), &[]);
    air.wait_for(1.0);
    let _ = air.done(&["set", "gain", "gain_db", "20.0"]);
    let _ = air.done(&["save"]);
    assert_eq!(air.saved(), file(20.0));
    air.wait_for(10.0);
    // Half a second and more after it was written, nothing was told.
    air.stays(10.0);
    air.stays(10.0);
    air.stays(10.0);
    assert!(!air.err().contains("was edited"), "{}", air.err());
    air.save(&file(0.0));
    air.wait_for_words("plugins.toml was edited: `segue ctl reload` applies it");
    air.stays(10.0);
    assert_eq!(air.finish().code, Some(0));
}
