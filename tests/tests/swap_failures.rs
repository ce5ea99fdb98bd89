//! Candidates that fail at each step: what is heard is what would have been heard without the
//! attempt, except where a live block itself failed; there the stage's policy covers.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use segue_tests::build::test_plugin;
use segue_tests::desk::Desk;
use segue_tests::script::{Changes, Run, Script, assert_same, frame};
use segue_tests::wav;

/// How long these runs are.
const FRAMES: usize = 60_000;

/// Where it is tried: an odd frame.
const SWAP_FRAME: usize = 30_011;

/// Every version.
const PLUGINS: [&str; 10] = [
    "candidate-good",
    "candidate-live",
    "candidate-create",
    "candidate-activate",
    "candidate-silence",
    "candidate-latency",
    "candidate-allocates",
    "candidate-probe",
    "candidate-symbol",
    "tail",
];

/// The newest version runs, which is well, between two stages with a memory.
fn script(component: &str, more: &str) -> Script {
    let desk = Desk::new();
    desk.install(PLUGINS.map(test_plugin));
    let stage = |id: &str, component: &str, more: &str| {
        format!("[[stage]]\nid = \"{id}\"\ncomponent = \"{component}\"\n{more}\n")
    };
    let tables = stage("before", "test.tail", "")
        + &stage("one", component, more)
        + &stage("after", "test.tail", "");
    let input = vec![wav::noise(41, FRAMES), wav::noise(42, FRAMES)];
    Script::new(desk, input, &tables)
}

fn to(version: &str) -> Changes {
    Changes::new().swap(SWAP_FRAME, "one", &format!(", version = \"={version}\""))
}

/// Nothing was heard of it, and the receipt says what happened.
#[track_caller]
fn check_unheard(run: Run, expected: &Run, words: &[&str], what: &str) {
    let run = run.expect(4);
    assert_same(&run.output, &expected.output, what);
    assert_eq!(run.report["complete"], true, "{what}");
    let receipt = run.receipt();
    let verdict = receipt["verdict"].as_str().unwrap();
    assert!(matches!(verdict, "refused" | "aborted"), "{receipt:#}");
    assert_eq!(receipt["state"], "aborted", "{receipt:#}");
    let heard = receipt["old"]["version"].as_str();
    assert!(matches!(heard, None | Some("1.9.0")), "{receipt:#}");
    let told = receipt["reasons"].to_string();
    for word in words {
        assert!(told.contains(word), "{what}: {word} is not in {told}");
        assert!(run.answer.err.contains(word), "{what}: {}", run.answer.err);
    }
    let stage = &run.report["stages"][1];
    assert_eq!(stage["version"], "1.9.0", "{what}");
    assert_eq!(stage["blocks_substituted"], 0, "{what}: {stage:#}");
    let degraded = run.report["degraded"].to_string();
    assert!(degraded.contains("one"), "{what}: {degraded}");
}

#[test]
fn a_candidate_that_fails_before_it_is_heard_leaves_the_output_as_it_was() {
    let script = script("test.candidate/plain", "");
    let expected = script.undisturbed();
    for (version, words) in [
        ("1.2.0", &["stillborn, as told"][..]),
        ("1.3.0", &["does not wake up, as told"]),
        ("1.4.0", &["silence, as told"]),
        ("1.5.0", &["33", "32"]),
        ("1.7.0", &["probe", "SIGABRT"]),
        ("1.8.0", &["segue_test_symbol_that_nobody_has"]),
        ("1.99.0", &["test.candidate", "1.99.0"]),
    ] {
        check_unheard(script.changed(&to(version)), &expected, words, version);
    }
}

#[test]
fn a_candidate_that_fails_on_the_recent_input_is_not_heard() {
    for (how, word) in [
        ("panics", "a live block, as told"),
        ("faults", "a live block, as told"),
        ("not-a-number", "finite"),
    ] {
        let script = script(
            "test.candidate/plain",
            &format!("params = {{ how = \"{how}\" }}"),
        );
        let expected = script.undisturbed();
        check_unheard(script.changed(&to("1.1.0")), &expected, &[word], how);
    }
}

/// The fade of a candidate that is well: first frame, and first frame after it.
fn fade() -> (usize, usize) {
    let script = script("test.candidate/plain", "");
    let run = script.changed(&to("1.9.0")).expect(0);
    let receipt = run.receipt();
    assert_eq!(receipt["takeover"]["by"], "fade", "{receipt:#}");
    (
        frame(receipt, "heard_at_frames"),
        frame(receipt, "done_at_frames"),
    )
}

#[test]
fn a_candidate_that_fails_while_it_fades_in_is_taken_back() {
    // Both let everything through: going back is not to be heard, to the last bit.
    let (heard, done) = fade();
    for from_frame in [heard, heard + 1, heard + 300, done - 1] {
        for how in ["panics", "faults", "not-a-number"] {
            let params = format!("params = {{ how = \"{how}\", from_frame = {from_frame} }}");
            let script = script("test.candidate/plain", &params);
            let expected = script.undisturbed();
            let what = format!("{how} at {from_frame}");
            check_unheard(script.changed(&to("1.1.0")), &expected, &[], &what);
        }
    }
}

#[test]
fn what_fails_once_it_is_heard_alone_is_covered_by_the_policy() {
    for (how, kind) in [
        ("panics", "panicked"),
        ("faults", "failed"),
        ("not-a-number", "non-finite output"),
    ] {
        let from_frame = SWAP_FRAME + 1_000;
        let params = format!("params = {{ how = \"{how}\", from_frame = {from_frame} }}\n");
        let script = script("test.candidate/kept", &(params + "on_error = \"mute\""));
        let expected = script.undisturbed();
        let run = script.changed(&to("1.1.0")).expect(4);
        run.all_done(1);
        let receipt = run.receipt();
        assert_eq!(receipt["takeover"]["by"], "handoff", "{receipt:#}");
        let stage = &run.report["stages"][1];
        let fault = &stage["faults"][0];
        assert_eq!(fault["kind"], kind, "{how}: {stage:#}");
        let out = fault["position_frames"].as_u64().unwrap() as usize;
        assert!((from_frame - 512..=from_frame).contains(&out), "{stage:#}");
        assert_eq!(stage["substituted_from_frame"], out);
        // Up to there as without, then only echoes of what was before, and then nothing.
        for (output, expected) in run.output.iter().zip(&expected.output) {
            assert_eq!(output[..out], expected[..out], "{how}");
            let over = out + 240 + 8 * 1_201;
            assert!(output[over..].iter().all(|sample| *sample == 0.0), "{how}");
            assert!(expected[over..].iter().any(|sample| *sample != 0.0));
        }
    }
}

#[test]
fn a_first_live_block_that_fails_after_a_handoff_is_covered_by_the_policy() {
    // The substitute is the input, which is what the stage made: nothing is heard.
    for how in ["panics", "faults", "not-a-number"] {
        let params = format!("params = {{ how = \"{how}\", from_frame = {SWAP_FRAME} }}\n");
        let script = script("test.candidate/kept", &(params + "on_error = \"bypass\""));
        let expected = script.undisturbed();
        let run = script.changed(&to("1.1.0")).expect(4);
        assert_same(&run.output, &expected.output, how);
        let told = run.report.to_string();
        let fault = &run.report["stages"][1]["faults"][0];
        assert_eq!(fault["position_frames"], SWAP_FRAME, "{told}");
    }
}

#[test]
fn one_that_allocates_on_its_first_call_enters_no_live_session() {
    // At the pace of the stream it is refused with a sentence; off line it may.
    let script = script("test.candidate/plain", "");
    let run = script.changed_with(&to("1.6.0"), &["--pace", "realtime"]);
    let run = run.expect(4);
    let receipt = run.receipt();
    assert_eq!(receipt["verdict"], "refused", "{receipt:#}");
    let told = receipt["reasons"].to_string();
    assert!(told.contains("heap calls in its first calls"), "{told}");
    let run = script.changed(&to("1.6.0")).expect(0);
    let receipt = run.receipt();
    assert_eq!(receipt["verdict"], "done", "{receipt:#}");
    // There it is counted.
    assert!(receipt["heap_calls"].as_u64() > Some(0), "{receipt:#}");
}

#[test]
fn failures_do_not_keep_later_changes_from_working() {
    let script = script("test.candidate/plain", "");
    let expected = script.undisturbed();
    let versions = [
        "1.2.0", "1.7.0", "1.9.0", "1.8.0", "1.1.0", "1.4.0", "1.9.0", "1.3.0", "1.5.0",
    ];
    let at = |place: usize| 5_001 + place * 6_002;
    let changes = versions.iter().enumerate();
    let changes = changes.fold(Changes::new(), |changes, (place, version)| {
        changes.swap(at(place), "one", &format!(", version = \"={version}\""))
    });
    let run = script.changed(&changes).expect(4);
    assert_same(&run.output, &expected.output, "nine attempts");
    let verdicts: Vec<_> = run.receipts().iter().map(|one| &one["verdict"]).collect();
    let done = verdicts.iter().map(|verdict| *verdict == "done");
    let expected = versions.map(|version| version == "1.9.0");
    assert_eq!(
        done.collect::<Vec<_>>(),
        expected,
        "{:#}",
        run.report["changes"]
    );
    let numbers = run.receipts().iter().map(|one| one["change"].as_u64());
    assert_eq!(
        numbers.collect::<Vec<_>>(),
        (1..=9).map(Some).collect::<Vec<_>>()
    );
}
