//! Swaps between processors of different latency: the stream is neither shifted nor gapped, other
//! stages do not notice, parallel branches stay aligned; at real-time pace within the reserve.

use segue_tests::build::test_plugin;
use segue_tests::desk::{Desk, stage};
use segue_tests::script::{Changes, Run, Script, assert_same, frame};
use segue_tests::wav;
use serde_json::Value;

/// How long these runs are: not a multiple of any block.
const FRAMES: usize = 100_003;

/// Where latencies change, one after the other: at odd frames, up and down.
const STEPS: [(usize, &str); 8] = [
    (9_001, "short"),
    (19_003, "long"),
    (29_007, "short"),
    (39_011, "none"),
    (49_013, "long"),
    (59_019, "none"),
    (69_021, "short"),
    (79_027, "long"),
];

/// How long the runs at the pace of the stream are, and where latencies change in them: a
/// candidate is made beside the stream, which goes on meanwhile.
const PACED_FRAMES: usize = 200_003;
const PACED_STEPS: [(usize, &str); 4] = [
    (20_001, "short"),
    (60_003, "none"),
    (100_005, "long"),
    (140_007, "none"),
];

/// The latencies, in frames.
fn latency(component: &str) -> u64 {
    match component {
        "none" => 0,
        "short" => 64,
        _ => 480,
    }
}

/// These tables, on two channels of noise.
fn script(tables: &str) -> Script {
    script_of(tables, FRAMES)
}

fn script_of(tables: &str, frames: usize) -> Script {
    let desk = Desk::new();
    let plugins = ["late", "shapes", "through", "tail", "state-1"];
    desk.install(plugins.map(test_plugin));
    let input = vec![wav::noise(31, frames), wav::noise(32, frames)];
    Script::new(desk, input, tables)
}

/// The stage `one` takes all these latencies.
fn steps(steps: &[(usize, &str)]) -> Changes {
    steps.iter().fold(Changes::new(), |changes, (at, to)| {
        changes.swap(*at, "one", &format!(", component = \"test.late/{to}\""))
    })
}

/// Every receipt tells which latencies met.
#[track_caller]
fn check_latencies(run: &Run, steps: &[(usize, &str)]) {
    let mut before = latency("none");
    for ((_, to), receipt) in steps.iter().zip(run.all_done(steps.len())) {
        let alignment = &receipt["alignment"];
        assert_eq!(alignment["old_latency_frames"], before, "{receipt:#}");
        before = latency(to);
        assert_eq!(alignment["new_latency_frames"], before, "{receipt:#}");
        // A stage never gets less late while it runs: what comes early is held back.
        assert!(alignment["after_frames"].as_u64() >= alignment["before_frames"].as_u64());
        assert!(alignment["after_frames"].as_u64() >= Some(before));
        assert_eq!(alignment["inserted_frames"], 0, "{receipt:#}");
    }
}

#[test]
fn off_line_the_stream_is_neither_shifted_nor_gapped() {
    for block_frames in ["64", "256", "1000"] {
        let script = script(&stage("one", "test.late/none", ""));
        let run = script.changed_with(&steps(&STEPS), &["--block-frames", block_frames]);
        let run = run.expect(0);
        check_latencies(&run, &STEPS);
        assert_same(&run.output, &script.input, block_frames);
        assert_eq!(run.report["stream"]["frames_out"], FRAMES);
    }
}

#[test]
fn the_first_and_the_last_frames_may_be_where_it_happens() {
    for at in [0, 1, FRAMES - 1_000, FRAMES - 2, FRAMES - 1] {
        let script = script(&stage("one", "test.late/none", ""));
        let changes = Changes::new().swap(at, "one", ", component = \"test.late/long\"");
        let run = script.changed(&changes);
        assert!(matches!(run.answer.code, Some(0 | 4)), "{}", run.answer.err);
        assert_same(&run.output, &script.input, &format!("at {at}"));
    }
}

#[test]
fn other_stages_see_every_frame_once_and_in_order() {
    // One that keeps count and has a long memory before the stage, and after it one that fails
    // where a block does not follow the one before, and echoes that any slip would smear.
    let tables = stage("level", "test.state/level", "")
        + &stage("one", "test.late/none", "")
        + &stage("watch", "test.shapes/position", "on_error = \"stop\"")
        + &stage("echoes", "test.tail", "");
    let script = script(&tables);
    let expected = script.undisturbed();
    let run = script.changed(&steps(&STEPS)).expect(0);
    check_latencies(&run, &STEPS);
    assert_same(&run.output, &expected.output, "the whole chain");
    for stage in run.report["stages"].as_array().unwrap() {
        assert_eq!(stage["faults"], Value::Array(Vec::new()), "{stage:#}");
    }
}

/// One branch through the stage and one beside it, then the one less the other.
fn null(beside: &str, more: &str) -> String {
    stage("one", "test.late/none", "after = [\"input\"]")
        + &stage("beside", beside, &format!("after = [\"input\"]\n{more}"))
        + &stage(
            "less",
            "test.shapes/key",
            "after = [\"one\"]\nsidechain = { key = \"beside\" }",
        )
}

#[test]
fn two_branches_null_through_every_change_of_latency() {
    for (beside, more) in [
        ("test.through", ""),
        ("test.late/short", ""),
        ("test.shapes/delay", "params = { late_frames = 777 }"),
    ] {
        let script = script(&null(beside, more));
        let run = script.changed(&steps(&STEPS)).expect(0);
        check_latencies(&run, &STEPS);
        assert_same(&run.output, &vec![vec![0.0; FRAMES]; 2], beside);
    }
}

#[test]
fn two_branches_sum_to_twice_the_signal_through_every_change_of_latency() {
    let tables = stage("one", "test.late/none", "after = [\"input\"]")
        + &stage("beside", "test.through", "after = [\"input\"]")
        + &stage("sum", "test.through", "after = [\"one\", \"beside\"]");
    let script = script(&tables);
    let run = script.changed(&steps(&STEPS)).expect(0);
    let twice = |channel: &Vec<f32>| channel.iter().map(|sample| sample * 2.0).collect();
    let twice: Vec<Vec<f32>> = script.input.iter().map(twice).collect();
    assert_same(&run.output, &twice, "the sum");
}

/// A run at the pace of the stream with such a reserve: the output and how late it is.
fn paced(reserve_frames: u64, tables: &str, changes: &Changes) -> (Script, Run) {
    let head = format!("[stream]\nlatency_reserve_frames = {reserve_frames}\n");
    let script = script_of(&(head + tables), PACED_FRAMES);
    let run = script.changed_with(changes, &["--pace", "realtime"]);
    (script, run)
}

/// What comes out is what went in, late by a constant and whole.
#[track_caller]
fn check_constant_lag(script: &Script, run: &Run) {
    let (input, output) = (&script.input[0], &run.output[0]);
    let lag = output.iter().position(|sample| *sample == input[0]);
    let lag = lag.unwrap_or_else(|| panic!("the first frame never comes out"));
    assert!(lag < 1_000, "late by {lag}");
    for (input, output) in script.input.iter().zip(&run.output) {
        let frames = input.len().min(output.len() - lag);
        assert!(frames >= PACED_FRAMES - 1_000, "{frames} frames came out");
        assert!(output[..lag].iter().all(|sample| *sample == 0.0));
        let slip = (0..frames).find(|at| input[*at] != output[lag + at]);
        assert_eq!(slip, None, "a slip: {:#}", run.report["changes"]);
    }
}

#[test]
fn paced_within_the_reserve_the_stream_is_neither_shifted_nor_gapped() {
    let tables = stage("one", "test.late/none", "");
    let (script, run) = paced(480, &tables, &steps(&PACED_STEPS));
    let run = run.expect(0);
    check_latencies(&run, &PACED_STEPS);
    check_constant_lag(&script, &run);
    let played = |receipt: &Value| receipt["alignment"]["reserve_frames"].as_u64().unwrap();
    assert_eq!(run.receipts().iter().map(played).sum::<u64>(), 480);
}

#[test]
fn paced_branches_null_within_the_reserve() {
    let (_, run) = paced(480, &null("test.through", ""), &steps(&PACED_STEPS));
    let run = run.expect(0);
    check_latencies(&run, &PACED_STEPS);
    for channel in &run.output {
        assert!(channel.iter().all(|sample| *sample == 0.0));
    }
}

#[test]
fn beyond_the_reserve_a_swap_is_refused_with_the_key() {
    let changes = Changes::new()
        .swap(9_001, "one", ", component = \"test.late/long\"")
        .swap(60_001, "one", ", component = \"test.late/short\"");
    let (script, run) = paced(100, &stage("one", "test.late/none", ""), &changes);
    let run = run.expect(4);
    let [refused, done] = run.receipts() else {
        panic!("two receipts: {:#}", run.report["changes"])
    };
    assert_eq!(refused["verdict"], "refused", "{refused:#}");
    let told = refused["reasons"].to_string();
    for word in ["latency_reserve_frames = 480", "--insert", "380 frames"] {
        assert!(told.contains(word), "{word} is not in {told}");
    }
    assert!(run.answer.err.contains("latency_reserve_frames"));
    // What fits is done afterwards, and nothing of it was heard.
    assert_eq!(done["verdict"], "done", "{done:#}");
    check_constant_lag(&script, &run);
}

#[test]
fn with_leave_silence_is_put_in_and_counted() {
    let changes = Changes::new().swap(
        9_001,
        "one",
        ", component = \"test.late/long\", insert = true",
    );
    let (script, run) = paced(100, &stage("one", "test.late/none", ""), &changes);
    let run = run.expect(0);
    run.all_done(1);
    let alignment = &run.receipt()["alignment"];
    assert_eq!(alignment["reserve_frames"], 100, "{alignment}");
    assert_eq!(alignment["inserted_frames"], 380, "{alignment}");
    // Before it the stream is late by the reserve, afterwards by all of it, and whole both times.
    let seam = frame(run.receipt(), "asked_at_frames");
    let settled = seam + 20_000;
    for (input, output) in script.input.iter().zip(&run.output) {
        assert_eq!(output[100..seam], input[..seam - 100]);
        let late = settled - 100 - 380;
        let frames = output.len().min(input.len()) - settled;
        assert_eq!(output[settled..][..frames], input[late..][..frames]);
    }
}

#[test]
fn a_stage_that_is_twelve_seconds_late_takes_that_long_and_is_not_given_up() {
    let desk = Desk::new();
    desk.install([test_plugin("shapes")]);
    let tables = stage("one", "test.shapes/delay", "params.late_frames = 100000");
    let script = Script::new(desk, vec![wav::noise(93, 220_000)], &tables);
    // At this rate that is longer than a change may lie in the ring.
    wav::write(&script.desk.path("in.wav"), 8_000, &script.input);
    let run = script
        .changed(&Changes::new().swap(20_001, "one", ""))
        .expect(0);
    assert_eq!(run.all_done(1)[0]["state"], "retired");
    assert_same(&run.output, &script.input, "a long shadow");
}
