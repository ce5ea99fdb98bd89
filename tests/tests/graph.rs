//! Graphs from outside: branches that null, sidechains, layouts, and stages that are left out.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use segue_tests::build::{reference, test_plugin};
use segue_tests::desk::{Answer, Desk};
use segue_tests::wav::{self, Channels};
use serde_json::Value;

/// Block sizes: one frame, odd, usual, longer than the file.
const BLOCKS: [u32; 3] = [1, 61, 65_536];

fn desk() -> Desk {
    let desk = Desk::new();
    desk.install(reference().files());
    desk.install([test_plugin("shapes")]);
    desk
}

/// A stage of `test.shapes/delay`: so late, times so much.
fn late(id: &str, after: &str, frames: u32, factor: f64) -> String {
    format!(
        "[[stage]]\nid = \"{id}\"\ncomponent = \"test.shapes/delay\"\nafter = [{after}]\n\
         params = {{ late_frames = {frames}, factor = {factor:?} }}\n"
    )
}

/// A stage that takes its sidechain out of its input.
fn less(id: &str, after: &str, key: &str) -> String {
    format!(
        "[[stage]]\nid = \"{id}\"\ncomponent = \"test.shapes/key\"\nafter = [\"{after}\"]\n\
         sidechain = {{ key = \"{key}\" }}\n"
    )
}

/// Runs a pipeline over a file; returns what came out, and the report.
fn run(desk: &Desk, pipeline: &str, blocks: u32, code: i32) -> (Channels, Value, Answer) {
    desk.write("plugins.toml", pipeline);
    let blocks = blocks.to_string();
    let answer = desk
        .segue([
            "run",
            "in.wav",
            "out.wav",
            "--overwrite",
            "--block-frames",
            &blocks,
            "--report",
            "report.json",
        ])
        .expect(code);
    let report = std::fs::read(desk.path("report.json")).unwrap();
    let report = serde_json::from_slice(&report).unwrap();
    (wav::read(&desk.path("out.wav")), report, answer)
}

fn silent(channels: usize, frames: usize) -> Channels {
    vec![vec![0.0; frames]; channels]
}

fn noise(channels: u64, frames: usize) -> Channels {
    (0..channels).map(|seed| wav::noise(seed, frames)).collect()
}

/// Every pipeline leaves nothing of any signal, whatever the blocks.
fn nulls(pipeline: &str, latency_frames: u64) {
    let desk = desk();
    for channels in [1, 6] {
        wav::write(&desk.path("in.wav"), 48_000, &noise(channels, 5_000));
        for blocks in BLOCKS {
            let (output, report, _) = run(&desk, pipeline, blocks, 0);
            assert!(
                output == silent(channels as usize, 5_000),
                "{channels} channels in blocks of {blocks}:\n{pipeline}"
            );
            assert_eq!(report["stream"]["latency_frames"], latency_frames);
        }
    }
}

#[test]
fn two_branches_null_whatever_their_latencies() {
    let branches = |a: u32, b: u32| {
        late("a", "\"input\"", a, 1.0)
            + &late("b", "\"input\"", b, -1.0)
            + &late("sum", "\"a\", \"b\"", 0, 1.0)
    };
    nulls(&branches(0, 480), 480);
    nulls(&branches(480, 0), 480);
    nulls(&branches(480, 9_000), 9_000);
}

#[test]
fn a_signal_and_its_sidechain_null_whatever_their_latencies() {
    let keyed = |a: u32, b: u32| {
        late("a", "\"input\"", a, 1.0) + &late("b", "\"input\"", b, 1.0) + &less("less", "a", "b")
    };
    nulls(&keyed(0, 480), 480);
    nulls(&keyed(480, 0), 480);
    nulls(
        &(late("a", "\"input\"", 480, 1.0) + &less("less", "a", "input")),
        480,
    );
    nulls(
        &(late("a", "\"input\"", 480, 1.0) + &less("less", "input", "a")),
        480,
    );
}

#[test]
fn without_inversion_branches_add_up_and_nothing_is_shifted() {
    let desk = desk();
    let input = noise(2, 5_000);
    wav::write(&desk.path("in.wav"), 48_000, &input);
    // The file names the sum first: the order is that of the graph.
    let pipeline = late("sum", "\"a\", \"b\", \"c\", \"input\"", 7, 1.0)
        + &late("a", "\"input\"", 0, 0.5)
        + &late("b", "\"a\"", 480, 0.5)
        + &late("c", "\"a\"", 33, 0.25)
        + "[stream]\nfrom = \"sum\"\n";
    let (output, report, _) = run(&desk, &pipeline, 256, 0);
    let expected = |sample: &f32| 0.5 * sample + 0.25 * sample + 0.125 * sample + sample;
    let expected: Channels = input
        .iter()
        .map(|channel| channel.iter().map(expected).collect())
        .collect();
    assert!(output == expected);
    assert_eq!(report["stream"]["latency_frames"], 487);
    let order: Vec<_> = report["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|at| &at["id"])
        .collect();
    assert_eq!(order, ["a", "b", "c", "sum"]);
}

#[test]
fn a_stage_that_changes_the_channels_is_aligned_like_any_other() {
    let desk = desk();
    let input = noise(1, 3_000);
    wav::write(&desk.path("in.wav"), 48_000, &input);
    // Both channels of `wide` are each other's opposite; so are those of the branch beside it.
    let pipeline = "[[stage]]\nid = \"wide\"\ncomponent = \"test.shapes/widen\"\n".to_owned()
        + &late("late", "\"wide\"", 480, -1.0)
        + &late("sum", "\"wide\", \"late\"", 0, 1.0);
    let (output, report, _) = run(&desk, &pipeline, 256, 0);
    assert!(output == silent(2, 3_000));
    assert_eq!(report["stream"]["layout_out"], "stereo");
}

/// A stage that is not there, or not to be had.
fn gone(id: &str, component: &str, more: &str) -> String {
    format!("[[stage]]\nid = \"{id}\"\ncomponent = \"{component}\"\n{more}\n")
}

/// Runs a pipeline whose optional stage cannot be had: the same without it, and it is said.
fn left_out(desk: &Desk, pipeline: &str, id: &str, reason: &str) -> Channels {
    let (output, report, answer) = run(desk, pipeline, 256, 4);
    let left_out = report["left_out"].as_array().unwrap();
    let at = left_out.iter().find(|at| at["id"] == id).unwrap();
    let told = at["reason"].as_str().unwrap();
    assert!(told.contains(reason), "{told}");
    let sentence = format!("stage `{id}` was left out: {told}");
    let degraded = report["degraded"].as_array().unwrap();
    assert!(
        degraded.iter().any(|reason| *reason == *sentence),
        "{degraded:?}"
    );
    assert!(answer.text().contains("was left out"), "{}", answer.text());
    output
}

#[test]
fn an_optional_stage_that_cannot_be_had_is_left_out_and_its_input_passed_on() {
    let desk = desk();
    desk.install([test_plugin("dies-on-open")]);
    let input = noise(2, 3_000);
    wav::write(&desk.path("in.wav"), 48_000, &input);
    let cases = [
        ("acme.nowhere", "", "acme.nowhere"),
        ("segue.gain/nothing", "", "nothing"),
        ("test.dies-on-open", "", "test.dies-on-open"),
        (
            "test.shapes/settings",
            "settings = { word = \"x\" }",
            "did not arrive",
        ),
        ("test.shapes/widen", "", "takes mono"),
        (
            "test.shapes/liar",
            "params.says_frames = 1e12",
            "frames of latency",
        ),
    ];
    for (component, more, reason) in cases {
        let (before, behind) = (
            late("before", "\"input\"", 480, 1.0),
            late("behind", "\"x\"", 0, 1.0),
        );
        let needed = before.clone() + &gone("x", component, more) + &behind;
        desk.write("plugins.toml", &needed);
        let answer = desk.segue(["run", "in.wav", "none.wav"]).expect(3);
        assert!(answer.err.contains(reason), "{}", answer.err);
        let more = format!("optional = true\n{more}");
        let optional = before + &gone("x", component, &more) + &behind;
        let output = left_out(&desk, &optional, "x", reason);
        assert!(output == input, "{component}");
    }
}

#[test]
fn whoever_read_a_stage_that_is_left_out_reads_what_it_read() {
    let desk = desk();
    let input = noise(2, 3_000);
    wav::write(&desk.path("in.wav"), 48_000, &input);
    // `x` would sum two branches, `y` read it; a sidechain, a sum and a tap read them.
    let pipeline = late("a", "\"input\"", 480, 0.5)
        + &late("b", "\"input\"", 0, 0.25)
        + &gone(
            "x",
            "acme.nowhere",
            "optional = true\nafter = [\"a\", \"b\"]",
        )
        + &gone("y", "acme.elsewhere", "optional = true")
        + &late("c", "\"y\", \"x\"", 16, 1.0)
        + &less("less", "c", "y")
        + &gone("z", "acme.nowhere", "optional = true\nafter = [\"less\"]")
        + "[[tap]]\nid = \"levels\"\ncomponent = \"segue.levels\"\nfrom = \"y\"\n\
           [[decide]]\nid = \"guard\"\ncomponent = \"segue.rules\"\nreads = [\"levels\"]\n\
           may = [\"alert\"]\n";
    let output = left_out(&desk, &pipeline, "x", "acme.nowhere");
    // Twice what x passes on, less once of it.
    let expected = |sample: &f32| {
        let x = 0.5 * sample + 0.25 * sample;
        (x + x) - x
    };
    let expected: Channels = input
        .iter()
        .map(|channel| channel.iter().map(expected).collect())
        .collect();
    assert!(output == expected);
}

#[test]
fn a_pipeline_whose_stages_are_all_left_out_is_a_wire() {
    let desk = desk();
    let input = noise(3, 1_000);
    wav::write(&desk.path("in.wav"), 48_000, &input);
    let pipeline = gone("x", "acme.nowhere", "optional = true");
    assert!(left_out(&desk, &pipeline, "x", "acme.nowhere") == input);
    let answer = desk.segue(["check"]).expect(0);
    assert!(
        answer.err.contains("`x` would be left out"),
        "{}",
        answer.err
    );
    let _ = desk.segue(["check", "--strict"]).expect(2);
}

#[test]
fn what_an_optional_stage_needs_of_others_is_no_reason_to_go_without_them() {
    let desk = desk();
    wav::write(&desk.path("in.wav"), 48_000, &noise(1, 100));
    // Not optional, so the whole pipeline is refused, and that is the stage that is named.
    let pipeline = gone("x", "acme.nowhere", "optional = true") + &gone("y", "acme.other", "");
    desk.write("plugins.toml", &pipeline);
    let answer = desk.segue(["run", "in.wav", "none.wav"]).expect(3);
    assert!(answer.err.contains("acme.other"), "{}", answer.err);
    assert!(!desk.path("none.wav").exists());
}
