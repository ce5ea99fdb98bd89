//! What the host promises a component: blocks, positions, latency, sidechains, settings, events,
//! logs. Each component here refuses or fails when a promise is broken.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use segue_tests::build::test_plugin;
use segue_tests::desk::{Answer, Desk, stage};
use segue_tests::wav::{self, Channels};
use serde_json::Value;

/// How long the input is: not a multiple of any block.
const FRAMES: usize = 10_007;

/// A desk with the plugins that watch, and an input of so many channels.
fn desk(channels: usize) -> (Desk, Channels) {
    let desk = Desk::new();
    desk.install(["shapes", "events", "talks", "through"].map(test_plugin));
    let input: Channels = (0..channels)
        .map(|channel| wav::noise(channel as u64, FRAMES))
        .collect();
    wav::write(&desk.path("in.wav"), 44_100, &input);
    (desk, input)
}

/// Runs a configuration of these tables and returns output and report.
fn run(desk: &Desk, tables: &str, arguments: &[&str]) -> (Channels, Value, Answer) {
    let head = "[stream]\ninput = \"in.wav\"\noutput = \"out.wav\"\noverwrite = true\n";
    desk.write("plugins.toml", format!("{head}{tables}"));
    let run = ["run", "--report", "report.json"];
    let answer = desk.segue(run.iter().chain(arguments)).expect(0);
    let report = std::fs::read(desk.path("report.json")).unwrap();
    let report = serde_json::from_slice(&report).unwrap();
    (wav::read(&desk.path("out.wav")), report, answer)
}

#[test]
fn blocks_follow_each_other_and_keep_to_what_activation_said() {
    for block_frames in [1, 64, 250, 4096] {
        let (desk, input) = desk(2);
        let frames = block_frames.to_string();
        let table = stage("watch", "test.shapes/position", "");
        let (output, report, _) = run(&desk, &table, &["--block-frames", &frames]);
        assert_eq!(output, input);
        let stage = &report["stages"][0];
        assert_eq!(
            stage["faults"].as_array().unwrap().len(),
            0,
            "{block_frames}"
        );
        let last = &stage["outputs"][1]["values"]["max"];
        assert_eq!(last.as_f64(), Some(FRAMES as f64), "{block_frames}");
        assert_eq!(
            stage["calls"],
            FRAMES.div_ceil(block_frames),
            "{block_frames}"
        );
    }
}

#[test]
fn latency_is_taken_out_and_nothing_is_lost_at_the_end() {
    for late_frames in [0, 1, 64, 3_000, 20_000] {
        let (desk, input) = desk(2);
        let more = format!("params = {{ late_frames = {late_frames} }}");
        let table = stage("late", "test.shapes/delay", &more);
        let (output, report, _) = run(&desk, &table, &[]);
        assert_eq!(output, input, "{late_frames}");
        assert_eq!(report["stages"][0]["latency_frames"], late_frames);
        assert_eq!(report["stream"]["frames_out"], FRAMES);
    }
}

#[test]
fn paths_of_different_latency_arrive_together() {
    // The signal less itself, each on a way of its own: silence, to the last bit.
    let (desk, input) = desk(1);
    let tables = stage(
        "late",
        "test.shapes/delay",
        "after = [\"input\"]\nparams = { late_frames = 777 }",
    ) + &stage("early", "test.through", "after = [\"input\"]")
        + &stage(
            "less",
            "test.shapes/key",
            "after = [\"early\"]\nsidechain = { key = \"late\" }",
        );
    let (output, report, _) = run(&desk, &tables, &[]);
    assert_eq!(output, [vec![0.0; FRAMES]]);
    assert_eq!(report["stream"]["latency_frames"], 777);
    // And summed: twice the signal.
    let tables = stage(
        "late",
        "test.shapes/delay",
        "after = [\"input\"]\nparams = { late_frames = 777 }",
    ) + &stage("early", "test.through", "after = [\"input\"]")
        + &stage("sum", "test.through", "after = [\"early\", \"late\"]");
    let (output, ..) = run(&desk, &tables, &[]);
    let twice: Vec<_> = input[0].iter().map(|sample| sample * 2.0).collect();
    assert_eq!(output, [twice]);
}

#[test]
fn a_stage_that_lies_about_its_latency_comes_out_early_by_as_much() {
    let (desk, input) = desk(1);
    let table = stage("liar", "test.shapes/liar", "params = { says_frames = 100 }");
    let (output, ..) = run(&desk, &table, &[]);
    assert_eq!(output[0][..FRAMES - 100], input[0][100..]);
    assert_eq!(output[0].len(), FRAMES);
    let endless = "[[stage]]\nid = \"liar\"\ncomponent = \"test.shapes/liar\"\n\
                   params = { says_frames = 1e15 }\n";
    desk.write("plugins.toml", endless);
    let answer = desk.segue(["run", "in.wav", "never.wav"]).expect(3);
    assert!(
        answer.err.contains("1000000000000000 frames of latency"),
        "{}",
        answer.err
    );
    assert!(!desk.path("never.wav").exists());
}

#[test]
fn one_channel_becomes_two_and_two_are_refused() {
    let (mono, input) = desk(1);
    let table = stage("wide", "test.shapes/widen", "");
    let (output, report, _) = run(&mono, &table, &[]);
    let inverted: Vec<_> = input[0].iter().map(|sample| -sample).collect();
    assert_eq!(output, [input[0].clone(), inverted]);
    assert_eq!(report["stream"]["layout_out"], "stereo");
    let (stereo, _) = desk(2);
    let arguments = ["run", "in.wav", "out.wav", "--stage", "test.shapes/widen"];
    let answer = stereo.segue(arguments).expect(3);
    assert!(
        answer
            .err
            .contains("takes mono, and what it reads is stereo"),
        "{}",
        answer.err
    );
}

#[test]
fn settings_of_every_kind_arrive_as_written() {
    let (desk, input) = desk(1);
    let settings = "settings = { word = \"Grüße\", file = \"models/model.bin\", count = -7, \
                    yes = true, names = [\"one\", \"two\", \"\"] }";
    let (output, ..) = run(&desk, &stage("set", "test.shapes/settings", settings), &[]);
    assert_eq!(output, input);
}

#[test]
fn settings_out_of_bounds_are_mistakes_before_the_plugin_sees_them() {
    let (desk, _) = desk(1);
    for (settings, words) in [
        ("word = \"seventeen letters\"", "at most 16 bytes, found 17"),
        ("count = 11", "-10 to 10, found 11"),
        ("count = \"7\"", "an integer, -10 to 10"),
        (
            "names = [\"a\", \"b\", \"c\", \"d\"]",
            "at most 3 entries, found 4",
        ),
        (
            "names = [\"a\", \"ninebytes\"]",
            "at most 8 bytes an entry, found 9",
        ),
        ("yes = 1", "true or false"),
        ("wrod = \"x\"", "did you mean `word`"),
    ] {
        let table = stage(
            "set",
            "test.shapes/settings",
            &format!("settings = {{ {settings} }}"),
        );
        desk.write("plugins.toml", table);
        let answer = desk.segue(["run", "in.wav", "out.wav"]).expect(2);
        assert!(answer.err.contains(words), "{settings}: {}", answer.err);
        assert!(answer.err.contains("plugins.toml"), "{}", answer.err);
    }
}

#[test]
fn events_are_heard_in_order_and_at_their_frames() {
    let (desk, _) = desk(1);
    let tables = stage(
        "beat",
        "test.events/beat",
        "params = { every_frames = 1000 }",
    ) + "[[tap]]\nid = \"ear\"\ncomponent = \"test.events/ear\"\n"
        + "[[decide]]\nid = \"judge\"\ncomponent = \"test.events/judge\"\nreads = [\"ear\"]\n\
           may = [\"alert\"]\n";
    let mut reports = Vec::new();
    for block_frames in ["64", "999", "4096"] {
        let (_, report, _) = run(&desk, &tables, &["--block-frames", block_frames]);
        let readings = &report["taps"][0]["readings"];
        let value = |at: usize| readings[at]["value"].as_f64().unwrap();
        assert_eq!(
            [value(0), value(1), value(2)],
            [11.0, 10_000.0, 0.0],
            "{block_frames}"
        );
        reports.push(report["decides"].to_string());
    }
    let reason = "beat 3 of beat at frame 3000";
    assert!(reports[0].contains(reason), "{}", reports[0]);
    assert!(
        reports.iter().all(|report| *report == reports[0]),
        "{reports:#?}"
    );
}

#[test]
fn a_plugins_own_log_arrives_under_its_name_except_from_process() {
    let (desk, _) = desk(1);
    let (_, report, answer) = run(
        &desk,
        &stage("talk", "test.talks", ""),
        &["-v", "--log", "json"],
    );
    let lines: Vec<Value> = answer
        .err
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let told = |text: &str| {
        let line = lines.iter().find(|line| line.to_string().contains(text));
        line.map(Value::to_string)
            .unwrap_or_else(|| panic!("{text}: {}", answer.err))
    };
    for text in ["created", "activated", "deactivated"] {
        assert!(told(text).contains("test.talks"), "{}", told(text));
    }
    told("the first block");
    assert!(!answer.err.contains("must not arrive"), "{}", answer.err);
    let generation = &report["generations"][0];
    let blocks = &report["stream"]["blocks"];
    assert_eq!(&generation["logs_dropped"], blocks);
    assert_eq!(report["stages"][0]["heap"]["process_calls"], 0);
}
