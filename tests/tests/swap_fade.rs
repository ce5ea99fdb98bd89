//! Fades from one instance to the next where no state is handed on: equal stays equal, nothing
//! steps, nothing is lost or doubled, and what rings may ring on.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::f64::consts::TAU;

use segue_tests::build::{reference, test_plugin};
use segue_tests::desk::{Desk, stage};
use segue_tests::script::{
    Changes, FADE_FRAMES, Run, SAMPLE_RATE_HZ, Script, assert_same, frame, largest_step, sine,
};
use segue_tests::wav;

/// How long these runs are.
const FRAMES: usize = 96_000;

/// A frame that is odd, and no block ends near it.
const SWAP_FRAME: usize = 40_003;

/// From here on what a run begins with is over.
const BEGUN_FRAME: usize = 20_001;

/// The sine at the seam.
const SINE_HZ: f64 = 997.0;
const AMPLITUDE: f64 = 0.9;

/// -6 dB, as the newer version has it.
const FACTOR: f64 = 0.501_187_2;

/// A run of one stage of a test plugin on two channels of noise.
fn noisy(plugins: &[&str], tables: &str) -> Script {
    let desk = Desk::new();
    desk.install(plugins.iter().map(|plugin| test_plugin(plugin)));
    let input = vec![wav::noise(21, FRAMES), wav::noise(22, FRAMES)];
    Script::new(desk, input, tables)
}

/// Both versions of the plugin that is swapped, on a sine.
fn level(start: &str, more: &str) -> Script {
    let desk = Desk::new();
    desk.install(["swap-1", "swap-2"].map(test_plugin));
    let input = vec![sine(SINE_HZ, AMPLITUDE, FRAMES)];
    let script = Script::new(desk, input, &stage("one", "test.swap", more));
    // The newest one is what a run starts with.
    match start {
        "1.1.0" => script,
        _ => script.beginning_with(to(1, start)),
    }
}

/// A swap to a version.
fn to(frame: usize, version: &str) -> Changes {
    Changes::new().swap(frame, "one", &format!(", version = \"={version}\""))
}

/// The largest step of a sine of this amplitude.
fn own_step(amplitude: f64) -> f64 {
    2.0 * amplitude * (TAU * SINE_HZ / f64::from(SAMPLE_RATE_HZ) / 2.0).sin()
}

#[test]
fn identical_settings_without_a_state_are_not_heard() {
    let script = noisy(&["finite"], &stage("one", "test.finite", ""));
    let expected = script.undisturbed();
    let frames = [1, 2, 33, 255, 256, 257, 4_801, 40_003, 41_111, 95_001];
    let changes = frames
        .iter()
        .fold(Changes::new(), |changes, at| changes.swap(*at, "one", ""));
    let run = script.changed(&changes).expect(0);
    for receipt in run.all_done(frames.len()) {
        let takeover = &receipt["takeover"];
        assert_eq!(takeover["by"], "fade", "{receipt:#}");
        assert!(!takeover["why"].as_str().unwrap().is_empty());
    }
    assert_same(&run.output, &expected.output, "self-swaps");
    assert_ne!(run.output, script.input, "the filter does nothing");
}

/// Old before the seam, new after it, and the straight line of both between.
fn check_level(before: f64, after: f64, fade_frames: usize, run: &Run, script: &Script) {
    run.all_done(1);
    let receipt = run.receipt();
    let heard = frame(receipt, "heard_at_frames");
    let done = frame(receipt, "done_at_frames");
    assert!(heard >= SWAP_FRAME, "{receipt:#}");
    assert_eq!(receipt["takeover"]["frames"], fade_frames, "{receipt:#}");
    // The first frame of the fade may be the old one alone, the frame after it is the new one.
    assert!(done - heard <= fade_frames + 1, "{receipt:#}");
    let (output, input) = (&run.output[0], &script.input[0]);
    assert_eq!(output.len(), input.len());
    for (at, (found, given)) in output.iter().zip(input).enumerate().skip(BEGUN_FRAME) {
        let share = (at as f64 - heard as f64) / fade_frames as f64;
        // Where exactly the line begins is the fade's own business, to one frame.
        let one = 1.0 / fade_frames as f64;
        let gain = |share: f64| before + (after - before) * share.clamp(0.0, 1.0);
        let bounds = [gain(share - one), gain(share + one)].map(|gain| gain * f64::from(*given));
        let (low, high) = (bounds[0].min(bounds[1]), bounds[0].max(bounds[1]));
        let found = f64::from(*found);
        assert!(
            (low - 1e-6..=high + 1e-6).contains(&found),
            "frame {at} is {found}, expected {low} to {high}\n{receipt:#}"
        );
    }
    // No step larger than the larger signal's own and the slope of the fade.
    let largest = before.max(after) * AMPLITUDE;
    let slope = (before - after).abs() * AMPLITUDE / fade_frames as f64;
    let (step, bound) = (largest_step(output), own_step(largest) + slope);
    assert!(step <= bound + 1e-6, "a step of {step}, at most {bound}");
    let seam = receipt["seam"]["largest_step"].as_f64().unwrap();
    assert!(seam > 0.0 && seam <= bound + 1e-6, "{receipt:#}");
}

#[test]
fn a_fall_by_six_decibels_is_a_straight_line() {
    let script = level("1.0.0", "");
    let changes = to(SWAP_FRAME, "1.1.0");
    let run = script.changed(&changes).expect(0);
    check_level(1.0, FACTOR, FADE_FRAMES, &run, &script);
}

#[test]
fn a_rise_by_six_decibels_is_a_straight_line() {
    let script = level("1.1.0", "");
    let changes = to(SWAP_FRAME, "1.0.0");
    let run = script.changed(&changes).expect(0);
    check_level(FACTOR, 1.0, FADE_FRAMES, &run, &script);
}

#[test]
fn a_fade_is_as_long_as_the_file_says() {
    for (text, fade_frames) in [("1ms", 48), ("100ms", 4_800)] {
        let script = level("1.0.0", &format!("swap = {{ fade = \"{text}\" }}"));
        let changes = to(SWAP_FRAME, "1.1.0");
        let run = script.changed(&changes).expect(0);
        check_level(1.0, FACTOR, fade_frames, &run, &script);
    }
}

#[test]
fn the_seam_does_not_depend_on_the_size_of_blocks() {
    let script = level("1.0.0", "");
    let changes = to(SWAP_FRAME, "1.1.0");
    let outputs = ["64", "256", "999", "4096"].map(|block_frames| {
        let run = script.changed_with(&changes, &["--block-frames", block_frames]);
        run.expect(0).output
    });
    for output in &outputs {
        assert_same(output, &outputs[0], "another block size");
    }
    // And not on luck.
    let again = script.changed_with(&changes, &["--block-frames", "64"]);
    assert_same(&again.output, &outputs[0], "again");
}

#[test]
fn a_rollback_fades_back_to_what_was_heard_before() {
    let script = level("1.0.0", "");
    let changes = to(20_001, "1.1.0").at(60_001, "rollback = { stage = \"one\" }");
    let run = script.changed(&changes).expect(0);
    let receipts = run.all_done(2);
    assert_eq!(receipts[1]["action"], "rollback");
    assert_eq!(receipts[1]["old"], receipts[0]["new"]);
    assert_eq!(receipts[1]["new"], receipts[0]["old"]);
    let done = receipts.iter().map(|one| frame(one, "done_at_frames"));
    let [there, back] = done.collect::<Vec<_>>()[..] else {
        panic!("two receipts")
    };
    let (output, input) = (&run.output[0], &script.input[0]);
    let lower: Vec<_> = input.iter().map(|sample| sample * FACTOR as f32).collect();
    assert_eq!(output[15_001..20_001], input[15_001..20_001]);
    assert_eq!(output[there..60_001], lower[there..60_001]);
    assert_eq!(output[back..], input[back..]);
    let bound = own_step(AMPLITUDE) + (1.0 - FACTOR) * AMPLITUDE / FADE_FRAMES as f64;
    assert!(largest_step(output) <= bound + 1e-6);
}

#[test]
fn a_bypass_is_the_input_until_it_is_taken_back() {
    let script = level("1.1.0", "");
    let changes = Changes::new()
        .at(20_001, "bypass = { stage = \"one\" }")
        .at(60_001, "restore = { stage = \"one\" }");
    let run = script.changed(&changes).expect(0);
    let receipts = run.all_done(2);
    let actions: Vec<_> = receipts.iter().map(|one| &one["action"]).collect();
    assert_eq!(actions, ["bypass", "restore"]);
    let there = frame(&receipts[0], "done_at_frames");
    let back = frame(&receipts[1], "done_at_frames");
    let (output, input) = (&run.output[0], &script.input[0]);
    let lower: Vec<_> = input.iter().map(|sample| sample * FACTOR as f32).collect();
    assert_eq!(output[..20_001], lower[..20_001]);
    assert_eq!(output[there..60_001], input[there..60_001]);
    assert_eq!(output[back..], lower[back..]);
    let bound = own_step(AMPLITUDE) + (1.0 - FACTOR) * AMPLITUDE / FADE_FRAMES as f64;
    assert!(largest_step(output) <= bound + 1e-6);
}

#[test]
fn a_parameter_changes_at_its_frame_and_returns_by_a_reset() {
    // Two runs of a gain, one with another value in the file, are the oracle.
    let run = |gain_db: f64, changes: &Changes| {
        let desk = Desk::new();
        desk.install([reference().file("segue-gain")]);
        let input = vec![sine(SINE_HZ, AMPLITUDE, FRAMES)];
        let params = format!("params = {{ gain_db = {gain_db} }}");
        let script = Script::new(desk, input, &stage("one", "segue.gain", &params));
        script.changed(changes).expect(0)
    };
    let none = Changes::new();
    let (loud, quiet) = (run(0.0, &none), run(-6.0, &none));
    let changes = none
        .at(
            20_001,
            "set = { stage = \"one\", param = \"gain_db\", value = -6.0 }",
        )
        .at(60_001, "reset = { key = \"one.params.gain_db\" }");
    let both = run(0.0, &changes);
    both.all_done(2);
    let (output, loud, quiet) = (&both.output[0], &loud.output[0], &quiet.output[0]);
    // The plugin smooths for a while; it is at rest long before 200 ms are over.
    let rest = 9_600;
    assert_eq!(output[..20_001], loud[..20_001]);
    assert_ne!(output[20_001..20_101], loud[20_001..20_101]);
    assert_eq!(output[20_001 + rest..60_001], quiet[20_001 + rest..60_001]);
    assert_eq!(output[60_001 + rest..], loud[60_001 + rest..]);
    let slope = AMPLITUDE * (1.0 - FACTOR) / 48.0;
    assert!(largest_step(output) <= own_step(AMPLITUDE) + slope);
}

/// The largest difference between two signals.
fn distance(found: &[Vec<f32>], expected: &[Vec<f32>]) -> f32 {
    let pairs = found.iter().flatten().zip(expected.iter().flatten());
    pairs.fold(0.0, |most, (found, expected)| {
        most.max((found - expected).abs())
    })
}

#[test]
fn a_tail_rings_on_where_the_file_says_so() {
    // Echoes are linear: what the old one still rings and what the new one makes of the rest are
    // together what one of them would have made.
    let ring = "swap = { tail = \"ring\" }";
    let script = noisy(&["tail"], &stage("one", "test.tail", ring));
    let expected = script.undisturbed();
    let changes = Changes::new()
        .swap(20_001, "one", "")
        .swap(60_001, "one", "");
    let run = script.changed(&changes).expect(0);
    run.all_done(2);
    let far = distance(&run.output, &expected.output);
    assert!(far < 1e-5, "{far} away\n{:#}", run.report["changes"]);
    // Without it the new one has heard as much of the past as it rings, and goes on alike.
    let script = noisy(
        &["tail"],
        &stage("one", "test.tail", "swap = { tail = \"cut\" }"),
    );
    let run = script.changed(&changes).expect(0);
    run.all_done(2);
    let far = distance(&run.output, &expected.output);
    assert!(far < 1e-5, "{far} away\n{:#}", run.report["changes"]);
    // Echoes that are missing would be found.
    let dry = vec![wav::noise(21, FRAMES), wav::noise(22, FRAMES)];
    assert!(distance(&dry, &expected.output) > 1e-3);
}
