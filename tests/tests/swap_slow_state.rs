//! A version on the air that takes longer than a block to write its state: at the pace of the
//! stream it fades out without having been asked for it, off line it is handed over as any other.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use segue_tests::air::Air;
use segue_tests::build::test_plugin;
use segue_tests::desk::Desk;
use segue_tests::script::{Changes, Run, Script, assert_same};
use segue_tests::wav;
use serde_json::Value;

/// Where the versions meet off line.
const SWAP_FRAME: usize = 24_001;

/// How long the runs off line are.
const FRAMES: usize = 48_000;

/// A stage of one component, in blocks of 10 ms.
fn tables(component: &str) -> String {
    format!(
        "[stream]\nblock_frames = 480\n[[stage]]\nid = \"one\"\n\
         component = \"test.slow-state/{component}\"\n"
    )
}

/// Swaps 1.0.0, which is heard, for the version that is named, at the pace of the stream; returns
/// the receipt, and which instance of its library was heard at the end.
#[track_caller]
fn on_air(component: &str, version: &str) -> (Value, f64) {
    let desk = Desk::new();
    desk.install([test_plugin("slow-state-1")]);
    let air = Air::start(desk, &tables(component), &[]);
    air.wait_for(1.0);
    air.desk.install([test_plugin("slow-state-2")]);
    let mut answer = air.done(&["swap", "one", version]);
    air.stays(1.0);
    let over = air.finish();
    assert_eq!(over.code, Some(0), "{}", over.err);
    let heard = &over.report["stages"][0]["outputs"][0]["values"]["max"];
    (answer["receipts"][0].take(), heard.as_f64().unwrap())
}

/// The same off line.
#[track_caller]
fn off_line(component: &str) -> (Script, Run) {
    let desk = Desk::new();
    desk.install(["slow-state-1", "slow-state-2"].map(test_plugin));
    let older = Changes::new().swap(1, "one", ", version = \"=1.0.0\"");
    let input = vec![wav::noise(51, FRAMES)];
    let script = Script::new(desk, input, &tables(component)).beginning_with(older);
    let newer = Changes::new().swap(SWAP_FRAME, "one", ", version = \"=1.1.0\"");
    let run = script.changed(&newer).expect(0);
    run.all_done(1);
    (script, run)
}

#[track_caller]
fn check_not_asked(receipt: &Value) {
    let takeover = &receipt["takeover"];
    assert_eq!(receipt["old"]["version"], "1.0.0", "{receipt:#}");
    assert_eq!(receipt["new"]["version"], "1.1.0", "{receipt:#}");
    assert_eq!(takeover["by"], "fade", "{receipt:#}");
    let why = takeover["why"].as_str().unwrap();
    assert!(why.starts_with("test.slow-state/"), "{why}");
    assert!(
        why.contains(" 1.0.0, which is heard: its state took "),
        "{why}"
    );
    let limit = "expected at most 2500000: a quarter of a block";
    assert!(why.ends_with(limit), "{why}");
}

/// The steps of a receipt.
fn steps(receipt: &Value) -> Vec<&str> {
    let steps = receipt["steps"].as_array().unwrap().iter();
    steps.map(|step| step["step"].as_str().unwrap()).collect()
}

#[test]
fn on_air_what_is_slow_to_write_its_state_fades_out() {
    let (receipt, _) = on_air("keeps", "@1.1.0");
    check_not_asked(&receipt);
}

#[test]
fn on_air_what_is_slow_to_write_an_older_state_is_not_migrated() {
    let (receipt, _) = on_air("turns", "@1.1.0");
    check_not_asked(&receipt);
    assert!(!steps(&receipt).contains(&"migrate"), "{receipt:#}");
}

#[test]
fn on_air_what_writes_its_state_at_once_is_handed_over_to_another_version() {
    let (receipt, _) = on_air("quick", "@1.1.0");
    assert_eq!(receipt["new"]["version"], "1.1.0", "{receipt:#}");
    assert_eq!(receipt["takeover"]["by"], "handoff", "{receipt:#}");
}

#[test]
fn on_air_a_swap_for_itself_makes_no_more_instances_than_the_two_of_its_candidate() {
    let (receipt, heard) = on_air("quick", "@1.0.0");
    assert_eq!(receipt["new"], receipt["old"], "{receipt:#}");
    assert_eq!(receipt["takeover"]["by"], "handoff", "{receipt:#}");
    // The first ran from the start, the second was tried, the third is heard.
    assert_eq!(heard, 3.0, "{receipt:#}");
}

#[test]
fn off_line_what_is_slow_to_write_its_state_is_handed_over() {
    let (script, run) = off_line("keeps");
    let receipt = run.receipt();
    assert_eq!(receipt["takeover"]["by"], "handoff", "{receipt:#}");
    assert_same(&run.output, &script.input, "handed over");
}

#[test]
fn off_line_what_is_slow_to_write_an_older_state_is_migrated() {
    let (_, run) = off_line("turns");
    let receipt = run.receipt();
    assert!(steps(receipt).contains(&"migrate"), "{receipt:#}");
}
