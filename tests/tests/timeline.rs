//! A script of timed changes: read whole before the run, applied at its frames, the same again.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use segue_tests::build::test_plugin;
use segue_tests::desk::Desk;
use segue_tests::script::{Changes, Script, assert_same, frame};
use segue_tests::wav;
use serde_json::Value;

/// How long these runs are: a second.
const FRAMES: usize = 48_000;

/// What the newest version of the first stage does.
const FACTOR: f32 = 0.501_187_2;

fn script() -> Script {
    let desk = Desk::new();
    desk.install(["swap-1", "swap-2", "provider-1"].map(test_plugin));
    let tables = "[[stage]]\nid = \"one\"\ncomponent = \"test.swap\"\n\
                  [[stage]]\nid = \"two\"\ncomponent = \"test.provider\"\n";
    Script::new(desk, vec![wav::noise(71, FRAMES)], tables)
}

/// A file that is wrong: nothing runs, and every mistake is told with its place.
#[track_caller]
fn check_mistakes(text: &str, words: &[&str]) {
    let script = script();
    script.desk.write("changes.toml", text);
    let arguments = "run in.wav out.wav --config plugins.toml --timeline changes.toml";
    let answer = script.desk.segue(arguments.split(' ')).expect(2);
    for word in words {
        assert!(answer.err.contains(word), "{word}: {}", answer.err);
    }
    assert!(!script.desk.path("out.wav").exists());
}

#[test]
fn mistakes_are_told_all_at_once_before_anything_runs() {
    let swap = "swap = { stage = \"one\" }\n";
    check_mistakes("[[change]\n", &["changes.toml:1:"]);
    check_mistakes(
        &format!("[[change]]\n{swap}"),
        &["changes.toml:1:", "at_frames"],
    );
    check_mistakes("[[change]]\nat_frames = 1\n", &["changes.toml:1:", "swap"]);
    check_mistakes(
        "[[change]]\nat_frames = -1\nswap = { stage = \"one\" }\n\n\
         [[change]]\nat = 1.5\nswpa = { stage = \"one\" }\n",
        &["changes.toml:2:", "changes.toml:6:", "did you mean `swap`"],
    );
    check_mistakes(
        &format!("[[change]]\nat_frames = 1\n{swap}bypass = {{ stage = \"one\" }}\n"),
        &["changes.toml:", "bypass"],
    );
    check_mistakes(
        "[[change]]\nat_frames = 1\nswap = { stage = \"one\", version = \"new\" }\n",
        &["changes.toml:3:", "version"],
    );
}

#[test]
fn a_file_of_any_size_is_answered() {
    let huge = "[[change]]\nat_frames = 1\nswap = { stage = \"one\" }\n".repeat(50_000);
    check_mistakes(&huge, &["at most"]);
}

#[test]
fn a_stage_that_is_not_there_is_named() {
    let changes = Changes::new().swap(10_001, "onne", "");
    let script = script();
    script.desk.write("changes.toml", changes.text());
    let arguments = "run in.wav out.wav --config plugins.toml --timeline changes.toml";
    let answer = script.desk.segue(arguments.split(' '));
    // A mistake before the run, or a refusal in it: either way it is told.
    assert!(matches!(answer.code, Some(2 | 4)), "{:?}", answer.code);
    assert!(answer.err.contains("onne"), "{}", answer.err);
}

#[test]
fn a_time_is_the_nearest_frame() {
    let script = script();
    let swap = "swap = { stage = \"one\", version = \"=1.0.0\" }";
    let at_frame = script.changed(&Changes::new().at(24_001, swap)).expect(0);
    let text = format!("[[change]]\nat = \"500.02ms\"\n{swap}\n");
    script.desk.write("times.toml", text);
    let at_time = script.run(&["--timeline", "times.toml"]).expect(0);
    assert_same(&at_time.output, &at_frame.output, "500.02 ms");
    let asked = frame(at_time.receipt(), "asked_at_frames");
    assert_eq!(asked, 24_001);
}

#[test]
fn changes_apply_in_the_order_of_their_places_whatever_that_of_the_file() {
    let set =
        |value: f64| format!("set = {{ stage = \"two\", param = \"more\", value = {value} }}");
    let script = script();
    let run = script
        .changed(
            &Changes::new()
                .at(30_001, &set(4.0))
                .at(10_001, &set(3.0))
                .at(20_001, &set(2.0))
                .at(20_001, &set(1.5)),
        )
        .expect(0);
    let input = &script.input[0];
    let expected = input.iter().enumerate().map(|(at, sample)| {
        let more = match at {
            0..10_001 => 1.0,
            10_001..20_001 => 3.0,
            20_001..30_001 => 1.5,
            _ => 4.0,
        };
        sample * FACTOR * (0.5 * more)
    });
    assert_same(&run.output, &[expected.collect()], "values");
}

/// A report's receipts without what depends on the machine's mood.
fn lasting(report: &Value) -> String {
    let mut receipts = report["changes"].clone();
    for receipt in receipts.as_array_mut().unwrap() {
        receipt["steps"] = Value::Null;
        if let Some(took) = receipt["takeover"].get_mut("took_ns") {
            *took = Value::Null;
        }
    }
    receipts.to_string()
}

#[test]
fn a_script_gives_the_same_again() {
    let script = script();
    let changes = Changes::new()
        .swap(5_001, "one", ", version = \"=1.0.0\"")
        .at(15_001, "bypass = { stage = \"two\" }")
        .at(25_001, "restore = { stage = \"two\" }")
        .at(35_001, "rollback = { stage = \"one\" }");
    let first = script.changed(&changes).expect(0);
    first.all_done(4);
    for _ in 0..3 {
        let again = script.changed(&changes).expect(0);
        assert_same(&again.output, &first.output, "again");
        assert_eq!(lasting(&again.report), lasting(&first.report));
    }
}

#[test]
fn what_is_to_happen_after_the_end_is_told_and_changes_nothing() {
    let script = script();
    let expected = script.undisturbed();
    let changes = Changes::new().swap(FRAMES + 10_001, "one", ", version = \"=1.0.0\"");
    let run = script.changed(&changes);
    assert_same(&run.output, &expected.output, "after the end");
    let told = run.answer.err.clone() + &run.report.to_string();
    assert!(told.contains("changes.toml"), "{}", run.answer.err);
}

#[test]
fn changes_that_overlap_fall_on_the_same_frames_for_every_block_size() {
    let run = |block_frames: usize| {
        let desk = Desk::new();
        desk.install(["swap-1", "swap-2", "provider-1"].map(test_plugin));
        let tables = format!(
            "[stream]\nblock_frames = {block_frames}\n[[stage]]\nid = \"one\"\n\
             component = \"test.swap\"\n"
        );
        let script = Script::new(desk, vec![wav::noise(72, FRAMES)], &tables);
        let changes = Changes::new()
            .at(5_001, "swap = { stage = \"one\", version = \"=1.0.0\" }")
            .at(5_001, "rollback = { stage = \"one\" }")
            .at(5_001, "bypass = { stage = \"one\" }")
            .at(5_101, "restore = { stage = \"one\" }");
        script.changed(&changes).expect(0).output
    };
    let output = run(256);
    for block_frames in [17, 1_000, 65_536] {
        assert_same(
            &run(block_frames),
            &output,
            &format!("blocks of {block_frames}"),
        );
    }
}

#[test]
fn an_edit_that_the_end_overtakes_is_reported() {
    let script = script();
    let tables = "[[stage]]\nid = \"one\"\ncomponent = \"test.swap\"\n\
                  [[stage]]\nid = \"two\"\ncomponent = \"test.provider\"\n\
                  [[stage]]\nid = \"three\"\ncomponent = \"test.provider\"\n";
    script.desk.write("edited.toml", tables);
    let edit = "edit = { config = \"edited.toml\" }";
    for before_the_end in [1, 2, 300] {
        let run = script.changed(&Changes::new().at(FRAMES - before_the_end, edit));
        assert!(matches!(run.answer.code, Some(0 | 4)), "{}", run.answer.err);
        assert_eq!(run.report["complete"], true);
        assert_eq!(run.output[0].len(), FRAMES);
    }
}

/// What a run or a command says on standard error at `--log json`: the event, the level and the
/// sentence of every record. Every line is one.
#[track_caller]
fn records(err: &str) -> Vec<(String, String, String)> {
    let record = |line: &str| {
        let record: Value = serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {err}"));
        let (level, fields) = (record["level"].clone(), record["fields"].clone());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&fields["event"]), text(&level), fields.to_string())
    };
    err.lines().map(record).collect()
}

#[test]
fn a_log_of_json_has_records_only_and_all_that_people_are_told() {
    let script = script();
    let changes = Changes::new()
        .swap(10_001, "one", ", version = \"=1.0.0\"")
        .swap(20_001, "onne", "");
    for (more, expected) in [
        (
            &["--log", "json"][..],
            &[
                ("swap", "INFO", "one test.swap/level 1.1.0 -> 1.0.0"),
                ("swap", "WARN", "onne"),
                ("degraded", "ERROR", "swap of `onne` was refused"),
                ("done", "INFO", "frames to out.wav"),
            ][..],
        ),
        (
            &["--log", "json", "-q"],
            &[("degraded", "ERROR", "swap of `onne` was refused")],
        ),
    ] {
        let run = script.changed_with(&changes, more).expect(4);
        let found = records(&run.answer.err);
        for (event, level, words) in expected {
            let is_it = |one: &&(String, String, String)| {
                one.0 == *event && one.1 == *level && one.2.contains(words)
            };
            assert_eq!(found.iter().filter(is_it).count(), 1, "{event}: {found:#?}");
        }
    }
    script
        .desk
        .write("wrong.toml", "[stream]\nblock_frames = 0\nblok = 1\n");
    for arguments in [
        "run in.wav new.wav --config wrong.toml --log json",
        "check wrong.toml --log json",
    ] {
        let answer = script.desk.segue(arguments.split(' ')).expect(2);
        let found = records(&answer.err);
        for place in ["wrong.toml:2:", "wrong.toml:3:"] {
            let is_it = |one: &&(String, String, String)| {
                one.0 == "mistake" && one.1 == "ERROR" && one.2.contains(place)
            };
            assert_eq!(found.iter().filter(is_it).count(), 1, "{place}: {found:#?}");
        }
    }
}
