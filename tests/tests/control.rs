//! What `segue ctl` asks of a session at the pace of the stream, and what is heard of it.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use segue_tests::air::{Air, LEVEL, Over};
use segue_tests::build::{reference, test_plugin};
use segue_tests::desk::Desk;
use serde_json::Value;

/// What version 1.1.0 of `test.swap` makes of the signal; 1.0.0 lets it through.
const LOWERED: f32 = 0.501_187_2;

/// -6 dB, and so on.
fn factor(gain_db: f32) -> f32 {
    10.0f32.powf(gain_db / 20.0)
}

fn stage(id: &str, component: &str, more: &str) -> String {
    format!("[[stage]] # {id}\nid = \"{id}\"\ncomponent = \"{component}\"\n{more}\n")
}

fn level(id: &str) -> String {
    stage(id, "test.swap/level", "")
}

fn gain(id: &str, gain_db: f32) -> String {
    stage(
        id,
        "segue.gain",
        &format!("params = {{ gain_db = {gain_db} }} # loud"),
    )
}

fn desk(plugins: &[&str]) -> Desk {
    let desk = Desk::new();
    desk.install([reference().file("segue-gain")]);
    desk.install(plugins.iter().map(|name| test_plugin(name)));
    desk
}

/// A session that is heard, times `factor`.
#[track_caller]
fn on_air(plugins: &[&str], content: &str, factor: f32) -> Air {
    let air = Air::start(desk(plugins), content, &[]);
    air.wait_for(factor);
    air
}

/// The receipts of an answer.
fn receipts(answer: &Value) -> &[Value] {
    answer["receipts"].as_array().unwrap()
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    all.iter().map(pair).collect()
}

#[test]
fn status_tells_what_is_true() {
    let tables = "[pipeline]\nname = \"studio\"\n[stream]\nlatency_reserve_frames = 100\n"
        .to_owned()
        + &level("lev")
        + &gain("gain", -6.0);
    let air = on_air(&["swap-1"], &tables, factor(-6.0));
    let status = air.status();
    let expected = [
        ("session", "studio"),
        ("state", "running"),
        ("pace", "realtime"),
    ];
    for (key, value) in expected {
        assert_eq!(status[key], value, "{status:#}");
    }
    assert!(status["config"].as_str().unwrap().ends_with("plugins.toml"));
    for (key, value) in [
        ("sample_rate_hz", 48_000),
        ("latency_frames", 100),
        ("reserve_frames", 100),
    ] {
        assert_eq!(status[key], value, "{status:#}");
    }
    assert_eq!(status["frames"], Value::Null);
    let stage = &status["stages"][1];
    assert_eq!(stage["component"], "segue.gain/gain");
    assert_eq!(stage["state"], "heard");
    assert_eq!(stage["params"][0][1], -6.0, "{stage:#}");
    assert_eq!(stage["rollback"], Value::Null);
    assert_eq!(status["stages"][0]["version"], "1.0.0");
    let used = status["generations"].as_array().unwrap();
    let level = used
        .iter()
        .find(|one| one["plugin"] == "test.swap")
        .unwrap();
    assert_eq!(level["stages"], serde_json::json!(["lev"]));
    let later = air.status();
    assert!(later["position_frames"].as_u64() > status["position_frames"].as_u64());
    let text = air.ctl(&["status"]).expect(0).text();
    assert!(text.contains("test.swap/level"), "{text}");
    let over = air.finish();
    assert_eq!(over.code, Some(0), "{}", over.err);
}

#[test]
fn pause_stops_the_input_and_stop_ends_the_session() {
    let air = on_air(&[], &gain("gain", -6.0), factor(-6.0));
    let _ = air.done(&["pause"]);
    let paused = air.status();
    assert_eq!(paused["state"], "paused");
    // What is asked meanwhile is answered, and done once the stream goes on.
    let _ = air.done(&["set", "gain", "gain_db", "-12"]);
    assert_eq!(air.status()["position_frames"], paused["position_frames"]);
    let _ = air.done(&["resume"]);
    air.wait_for(factor(-12.0));
    let _ = air.done(&["stop"]);
    let over = air.wait();
    assert_eq!(over.code, Some(0), "{}", over.err);
}

/// The receipts of the report.
fn changes(over: &Over) -> &[Value] {
    over.report["changes"].as_array().unwrap()
}

#[test]
fn a_value_that_is_set_while_paused_is_applied_at_the_frame_where_it_is_heard_from() {
    // This one steps from one block to the next, and the input is constant.
    let scale = stage("one", "test.provider/scale", "");
    let air = on_air(&["provider-1"], &scale, 0.5);
    let _ = air.done(&["pause"]);
    let told = air.done(&["set", "one", "more", "2"]);
    let told = &receipts(&told)[0];
    assert_eq!(told["state"], "sent", "{told:#}");
    for at in ["applied_at_frames", "heard_at_frames", "done_at_frames"] {
        assert_eq!(told[at], Value::Null, "{told:#}");
    }
    let paused = air.status();
    assert_eq!(paused["receipts"], serde_json::json!([]), "{paused:#}");
    let _ = air.done(&["resume"]);
    air.wait_for(1.0);
    let _ = air.done(&["stop"]);
    let over = air.wait();
    assert_eq!(over.code, Some(0), "{}", over.err);
    let [receipt] = changes(&over) else {
        panic!("{:#}", over.report["changes"]);
    };
    assert_eq!(receipt["verdict"], "done", "{receipt:#}");
    let steps = over.heard.iter().position(|one| *one > LEVEL * 0.75);
    let latency_frames = over.report["stream"]["latency_frames"].as_u64().unwrap();
    let steps_at = steps.unwrap() as u64 - latency_frames;
    for at in ["applied_at_frames", "heard_at_frames", "done_at_frames"] {
        assert_eq!(receipt[at], steps_at, "{receipt:#}");
    }
}

#[test]
fn what_is_set_and_never_applied_is_not_done() {
    let air = on_air(&[], &gain("gain", -6.0), factor(-6.0));
    let _ = air.done(&["pause"]);
    let _ = air.done(&["set", "gain", "gain_db", "-12"]);
    let _ = air.done(&["stop"]);
    let over = air.wait();
    let [receipt] = changes(&over) else {
        panic!("{:#}", over.report["changes"]);
    };
    assert_eq!(receipt["verdict"], "aborted", "{receipt:#}");
    assert_eq!(receipt["state"], "aborted", "{receipt:#}");
    assert_eq!(receipt["heard_at_frames"], Value::Null, "{receipt:#}");
    assert_eq!(
        receipt["reasons"],
        serde_json::json!(["gain_db = -12", "the session ended first"])
    );
}

#[test]
fn what_waits_for_a_stream_that_stands_says_so_once() {
    let air = on_air(&[], &gain("gain", -6.0), factor(-6.0));
    let _ = air.done(&["pause"]);
    let mut command = air.desk.command(["ctl", "bypass", "gain", "--json"]);
    let mut waiting = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut err = BufReader::new(waiting.stderr.take().unwrap());
    let _ = err.read_line(&mut line).unwrap();
    let expected = "the session is paused: what is asked for comes about once `segue ctl resume` \
                    lets it go on\n";
    assert_eq!(line, expected);
    let _ = air.done(&["resume"]);
    let mut more = String::new();
    let _ = err.read_to_string(&mut more).unwrap();
    assert_eq!(more, "");
    assert_eq!(waiting.wait().unwrap().code(), Some(0));
    air.wait_for(1.0);
    assert_eq!(air.finish().code, Some(0));
}

#[test]
fn who_is_meant_is_found_or_asked_for() {
    let none = Desk::new();
    let nobody = none.segue(["ctl", "status"]).expect(3);
    assert!(nobody.err.contains("no session runs"), "{}", nobody.err);
    let named = |name: &str| format!("[pipeline]\nname = \"{name}\"\n{}", gain("gain", -6.0));
    let first = on_air(&[], &named("left"), factor(-6.0));
    // A second one on the same desk: its sockets lie beside those of the first.
    let mut second = first
        .desk
        .command(["run", "-", "-", "--raw", "f32le:48000:1"]);
    second.args([
        "--pace",
        "realtime",
        "--name",
        "right",
        "--stage",
        "segue.gain",
    ]);
    let mut second = segue_tests::live::Live::start(&mut second, |_| 0.5);
    second.hear(4_800);
    let several = first.refused(&["status"], 2);
    assert!(
        several.contains("left") && several.contains("right"),
        "{several}"
    );
    let answer = first.done(&["status", "--session", "right"]);
    assert_eq!(
        answer["status"]["stages"][0]["component"],
        "segue.gain/gain"
    );
    let wrong = first.refused(&["status", "--session", "rigth"], 3);
    assert!(wrong.contains("did you mean `right`"), "{wrong}");
    let _ = second.finish();
    assert_eq!(first.status()["session"], "left");
    assert_eq!(first.finish().code, Some(0));
}

#[test]
fn a_stage_goes_to_another_version_and_back() {
    let tables = level("lev") + &gain("gain", 0.0);
    let air = on_air(&["swap-1"], &tables, 1.0);
    let early = air.refused(&["swap", "lev", "@1.1.0"], 3);
    assert!(
        early.contains("test.swap was found only as 1.0.0"),
        "{early}"
    );
    let nothing = air.refused(&["rollback", "lev"], 3);
    assert!(nothing.contains("was not swapped"), "{nothing}");
    air.desk.install([test_plugin("swap-2")]);
    let answer = air.done(&["swap", "lev", "--why", "louder"]);
    let receipt = &receipts(&answer)[0];
    assert_eq!(receipt["verdict"], "done", "{receipt:#}");
    assert_eq!(receipt["old"]["version"], "1.0.0");
    assert_eq!(receipt["new"]["version"], "1.1.0");
    assert_eq!(receipt["cause"]["why"], "louder");
    assert_eq!(receipt["frames_in"], receipt["frames_out"]);
    air.wait_for(LOWERED);
    assert_eq!(air.overrides(), [], "the newest is wanted, no certain one");
    let status = air.status();
    assert_eq!(status["stages"][0]["rollback"], "test.swap/level 1.0.0");
    // Back again; and it stays there, whatever a swap of something else finds.
    let _ = air.done(&["rollback", "lev"]);
    air.wait_for(1.0);
    assert_eq!(air.overrides(), pairs(&[("lev.version", "\"=1.0.0\"")]));
    let _ = air.done(&["swap", "lev", "@1.1"]);
    air.wait_for(LOWERED);
    assert_eq!(air.overrides(), pairs(&[("lev.version", "\"^1.1\"")]));
    let _ = air.done(&["swap", "lev", "@1.0.0"]);
    air.wait_for(1.0);
    // To itself: nothing is heard of it, and the version that was asked for is asked for no more.
    let _ = air.done(&["swap", "lev"]);
    air.wait_for(LOWERED);
    assert_eq!(air.overrides(), []);
    let over = air.finish();
    assert_eq!(over.code, Some(0), "{}", over.err);
    let verdicts: Vec<_> = over.report["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["verdict"].clone())
        .collect();
    assert_eq!(
        verdicts,
        ["refused", "refused", "done", "done", "done", "done", "done"]
    );
}

#[test]
fn all_stages_of_a_plugin_and_who_uses_it_change_as_one() {
    let tables = stage("own", "test.provider/scale", "") + &stage("user", "test.user/user", "");
    let air = on_air(&["provider-1", "user"], &tables, 0.5 * -0.25);
    let wrong = air.refused(&["swap", "--plugin", "test.provder"], 3);
    assert!(wrong.contains("test.provider"), "{wrong}");
    air.desk
        .install(["provider-2", "provider-3"].map(test_plugin));
    // Never past the major that runs, unless it is named.
    let answer = air.done(&["swap", "--plugin", "test.provider"]);
    let all = receipts(&answer);
    assert_eq!(all.len(), 2, "{all:#?}");
    assert_eq!(all[0]["change"], all[1]["change"]);
    air.wait_for(0.125 * -0.0625);
    let answer = air.done(&["swap", "own", "@2"]);
    assert_eq!(receipts(&answer)[0]["new"]["version"], "2.0.0");
    air.wait_for(0.25 * -0.0625);
    let refused = air.refused(&["swap", "--plugin", "test.provider@2.0.0"], 3);
    assert!(refused.contains("test.user"), "{refused}");
    air.stays(0.25 * -0.0625);
    assert_eq!(air.finish().code, Some(0));
}

#[test]
fn a_provider_that_fills_no_stage_is_swapped_for_who_uses_it() {
    let air = on_air(
        &["provider-1", "user"],
        &stage("user", "test.user/user", ""),
        -0.25,
    );
    air.desk.install([test_plugin("provider-3")]);
    let answer = air.done(&["swap", "--plugin", "test.provider"]);
    assert_eq!(receipts(&answer)[0]["stage"], "user");
    air.wait_for(-0.0625);
    assert_eq!(air.finish().code, Some(0));
}

#[test]
fn another_component_is_an_override_until_it_is_given_back() {
    let tables = stage("one", "test.provider/scale", "params = { more = 2.0 }");
    let air = on_air(&["provider-1", "swap-2"], &tables, 1.0);
    let _ = air.done(&["swap", "one", "test.swap/level", "--why", "try it"]);
    air.wait_for(LOWERED);
    let status = air.status();
    let held = &status["overrides"][0];
    assert_eq!(held["key"], "one.component");
    assert_eq!(held["value"], "\"test.swap/level\"");
    assert!(
        held["file"]
            .as_str()
            .unwrap()
            .contains("test.provider/scale")
    );
    assert!(held["who"].as_str().unwrap().starts_with("ctl: "), "{held}");
    assert_eq!(held["why"], "try it");
    assert!(held["when"].as_str().unwrap().ends_with('Z'));
    let _ = air.done(&["rollback", "one"]);
    air.wait_for(1.0);
    assert_eq!(air.overrides(), pairs(&[("one.version", "\"=1.4.0\"")]));
    let _ = air.done(&["swap", "one", "test.swap/level"]);
    air.wait_for(LOWERED);
    // It outlives a reload of a file that says nothing new about it.
    let _ = air.done(&["reload"]);
    air.stays(LOWERED);
    let _ = air.done(&["reset", "one"]);
    air.wait_for(1.0);
    assert_eq!(air.overrides(), []);
    let _ = air.done(&["swap", "one", "test.swap/level"]);
    air.wait_for(LOWERED);
    let _ = air.done(&["swap", "one", "test.provider/scale"]);
    air.wait_for(1.0);
    assert_eq!(air.overrides(), [], "it is what the file says");
    assert_eq!(air.finish().code, Some(0));
}

#[test]
fn values_reach_the_instance_and_wrong_ones_are_explained() {
    let air = on_air(
        &["swap-1"],
        &(gain("gain", -6.0) + &level("lev")),
        factor(-6.0),
    );
    let _ = air.done(&["set", "gain", "gain_db", "-12.5"]);
    air.wait_for(factor(-12.5));
    assert_eq!(air.status()["stages"][0]["params"][0][1], -12.5);
    let wrong = air.refused(&["set", "gain", "gian_db", "1"], 3);
    assert!(wrong.contains("did you mean `gain_db`?"), "{wrong}");
    let wrong = air.refused(&["set", "gain", "gain_db", "loud"], 3);
    assert!(wrong.contains("expected a number"), "{wrong}");
    assert!(!wrong.contains("error: error:"), "{wrong}");
    let wrong = air.refused(&["set", "lev", "gain_db", "1"], 3);
    assert!(wrong.contains("no parameter"), "{wrong}");
    let wrong = air.refused(&["set", "gian", "gain_db", "1"], 3);
    assert!(wrong.contains("did you mean `gain`?"), "{wrong}");
    air.stays(factor(-12.5));
    // From people what is out of range is a mistake, as it is in a file.
    let wrong = air.refused(&["set", "gain", "gain_db", "-900"], 3);
    assert!(wrong.contains("expected -120 to 60 dB"), "{wrong}");
    assert_eq!(air.overrides(), pairs(&[("gain.params.gain_db", "-12.5")]));
    air.stays(factor(-12.5));
    let _ = air.done(&["reset", "gain.params.gain_db"]);
    air.wait_for(factor(-6.0));
    assert_eq!(air.finish().code, Some(0));
}

#[test]
fn a_value_that_is_set_has_the_seam_that_is_heard_in_its_receipt() {
    let scale = stage("one", "test.provider/scale", "");
    let before = factor(-6.0) * 0.5;
    let air = on_air(&["provider-1"], &(gain("gain", -6.0) + &scale), before);
    let seam = |arguments: &[&str]| receipts(&air.done(arguments))[0]["seam"].clone();
    // This one steps from one block to the next, and the input is constant.
    let step = seam(&["set", "one", "more", "2"]);
    let largest = step["largest_step"].as_f64().unwrap() as f32;
    assert!((largest - LEVEL * before).abs() < 1e-6, "{step}");
    assert_eq!(step["own_step_max"], 0.0, "{step}");
    // This one glides.
    let glide = seam(&["set", "gain", "gain_db", "-12"]);
    let largest = glide["largest_step"].as_f64().unwrap();
    assert!(largest > 0.0 && largest < 2e-4, "{glide}");
    // What changes nothing, and what is not heard yet, has none.
    assert_eq!(seam(&["set", "one", "more", "2"]), Value::Null);
    let _ = air.done(&["pause"]);
    assert_eq!(seam(&["set", "one", "more", "1"]), Value::Null);
    let _ = air.done(&["resume"]);
    air.wait_for(factor(-12.0) * 0.5);
    let over = air.finish();
    assert_eq!(over.code, Some(0));
    let changes = over.report["changes"].as_array().unwrap();
    let seams: Vec<_> = changes.iter().map(|one| &one["seam"]).collect();
    assert_eq!(seams, [&step, &glide, &Value::Null, &Value::Null]);
}

#[test]
fn a_bypassed_stage_is_not_heard_until_it_is() {
    let air = on_air(
        &["swap-1", "provider-1"],
        &(gain("gain", -6.0) + &level("lev")),
        factor(-6.0),
    );
    let _ = air.done(&["bypass", "gain"]);
    air.wait_for(1.0);
    assert_eq!(air.status()["stages"][0]["state"], "bypassed");
    assert_eq!(air.overrides(), pairs(&[("gain.bypass", "true")]));
    let again = air.refused(&["bypass", "gain"], 3);
    assert!(again.contains("bypassed already"), "{again}");
    let swap = air.refused(&["swap", "gain"], 3);
    assert!(swap.contains("segue ctl bypass gain --off"), "{swap}");
    // What is set meanwhile is heard later; a reload leaves it as it is.
    let _ = air.done(&["set", "gain", "gain_db", "-12"]);
    let _ = air.done(&["reload"]);
    air.stays(1.0);
    let _ = air.done(&["bypass", "gain", "--off"]);
    air.wait_for(factor(-12.0));
    let _ = air.done(&["bypass", "gain"]);
    air.wait_for(1.0);
    let _ = air.done(&["rollback", "gain"]);
    air.wait_for(factor(-12.0));
    // Another component is wanted of it while it is not heard.
    let _ = air.done(&["bypass", "gain"]);
    air.wait_for(1.0);
    air.save(&(stage("gain", "test.provider/scale", "") + &level("lev")));
    let _ = air.done(&["reload"]);
    air.stays(1.0);
    let _ = air.done(&["bypass", "gain", "--off"]);
    air.wait_for(0.5);
    assert_eq!(air.finish().code, Some(0));
}

#[test]
fn what_was_before_is_kept_at_hand_for_as_long_as_the_file_says() {
    let tables = stage(
        "lev",
        "test.swap/level",
        "swap = { rollback = \"100ms\", fade = \"5ms\" }",
    );
    let air = on_air(&["swap-1"], &tables, 1.0);
    air.desk.install([test_plugin("swap-2")]);
    let _ = air.done(&["swap", "lev"]);
    air.wait_for(LOWERED);
    air.stays(LOWERED);
    assert_eq!(air.status()["stages"][0]["rollback"], Value::Null);
    let late = air.refused(&["rollback", "lev"], 3);
    assert!(late.contains("`swap.rollback`"), "{late}");
    air.stays(LOWERED);
    assert_eq!(air.finish().code, Some(0));
}

#[test]
fn saved_overrides_are_in_the_file_and_nothing_else_changes_there() {
    let tables = format!(
        "# On the air.\n\n{}# In the middle.\n{}",
        gain("a", -6.0),
        level("lev")
    );
    let air = on_air(&["swap-1"], &tables, factor(-6.0));
    let _ = air.done(&["set", "a", "gain_db", "-3"]);
    let _ = air.done(&["bypass", "lev"]);
    let answer = air.done(&["save"]);
    assert!(
        answer["text"]
            .as_str()
            .unwrap()
            .contains("a.params.gain_db"),
        "{answer}"
    );
    assert_eq!(air.saved(), tables.replace("gain_db = -6", "gain_db = -3"));
    assert_eq!(air.overrides(), pairs(&[("lev.bypass", "true")]));
    air.wait_for(factor(-3.0));
    let answer = air.done(&["reload", "--dry-run"]);
    assert_eq!(answer["plan"], serde_json::json!([]), "{answer:#}");
    // Whoever edits the file meanwhile is not overwritten.
    let _ = air.done(&["set", "a", "gain_db", "-9"]);
    air.save(&(air.saved() + "# Somebody else.\n"));
    let refused = air.refused(&["save"], 3);
    assert!(refused.contains("reload first"), "{refused}");
    assert!(air.saved().ends_with("# Somebody else.\n"));
    let _ = air.done(&["reload"]);
    let _ = air.done(&["save"]);
    assert!(air.saved().contains("gain_db = -9"));
    assert!(air.saved().ends_with("# Somebody else.\n"));
    assert_eq!(air.finish().code, Some(0));
}

#[test]
fn an_edited_file_is_planned_and_applied_as_one_change() {
    let (a, b, lev) = (gain("a", -3.0), gain("b", -2.0), level("lev"));
    let air = on_air(&["swap-1"], &(a.clone() + &b + &lev), factor(-5.0));
    let nothing = air.done(&["reload"]);
    assert!(
        nothing["text"]
            .as_str()
            .unwrap()
            .contains("nothing differs")
    );
    // Another order, one more, other values, and other policies.
    let policy = stage(
        "lev",
        "test.swap/level",
        "swap = { fade = \"50ms\" }\nrestart = { attempts = 2 }",
    );
    let edited = policy + &gain("c", -4.0) + &gain("a", -1.0) + &b;
    air.save(&edited);
    let planned = air.done(&["reload", "--dry-run"]);
    let plan = planned["plan"].as_array().unwrap();
    let find = |stage: &str, action: &str| {
        let mut all = plan.iter();
        all.any(|one| one["stage"] == stage && one["action"] == action)
    };
    for (stage, action) in [("c", "add"), ("a", "set"), ("lev", "keep")] {
        assert!(find(stage, action), "{stage} {action}: {plan:#?}");
    }
    air.stays(factor(-5.0));
    let applied = air.done(&["reload"]);
    let all = receipts(&applied);
    assert!(
        all.iter()
            .all(|one| one["verdict"] == "done" && one["change"] == all[0]["change"]),
        "{all:#?}"
    );
    air.wait_for(factor(-7.0));
    let ids: Vec<_> = air.status()["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].clone())
        .collect();
    assert_eq!(ids, ["lev", "c", "a", "b"]);
    let _ = air.done(&["set", "c", "gain_db", "-1"]);
    air.wait_for(factor(-4.0));
    // What goes takes its overrides along.
    air.save(&(lev + &b));
    let _ = air.done(&["reload"]);
    air.wait_for(factor(-2.0));
    assert_eq!(air.overrides(), []);
    let over = air.finish();
    assert_eq!(over.code, Some(0), "{}", over.err);
    let causes = over.report["changes"].as_array().unwrap().iter();
    assert!(
        causes
            .clone()
            .all(|one| one["cause"]["who"].as_str().unwrap().starts_with("ctl: "))
    );
}

#[test]
fn mistakes_are_told_with_line_and_column_and_the_audio_goes_on() {
    let good = gain("a", -6.0);
    let air = on_air(&["swap-1"], &good, factor(-6.0));
    let mistakes = [
        (good.clone() + "typo = 1\n", "plugins.toml:5:1"),
        (
            good.clone() + &stage("b", "segue.gain", "params.gian_db = 1"),
            "plugins.toml:8:8",
        ),
        (good.replace("-6", "-600"), "plugins.toml:4:22"),
        (good.clone() + &level("a"), "plugins.toml:6:"),
        (good.replace(" }", ""), "plugins.toml:4:"),
    ];
    for (content, place) in &mistakes {
        air.save(content);
        let explained = air.refused(&["reload"], 3);
        assert!(explained.contains(place), "{place} in\n{explained}");
        assert!(!explained.contains("error: error:"), "{explained}");
        air.wait_for_words(place);
    }
    air.save(&(good.clone() + &stage("b", "no.such/thing", "")));
    let missing = air.refused(&["reload"], 3);
    assert!(missing.contains("no.such"), "{missing}");
    // SIGHUP says the same.
    air.save(&(good.clone() + "another = 1\n"));
    let pid = Pid::from_raw(air.id().cast_signed()).unwrap();
    kill_process(pid, Signal::HUP).unwrap();
    air.wait_for_words("another");
    air.stays(factor(-6.0));
    air.save(&good.replace("-6", "-3"));
    kill_process(pid, Signal::HUP).unwrap();
    air.wait_for(factor(-3.0));
    let over = air.finish();
    assert_eq!(over.code, Some(0), "{}", over.err);
}

#[test]
fn an_override_holds_until_the_file_changes_its_key() {
    let file = |a: f32, b: f32| gain("a", a) + &gain("b", b);
    let air = on_air(&[], &file(-3.0, -2.0), factor(-5.0));
    let _ = air.done(&["set", "a", "gain_db", "-9"]);
    let _ = air.done(&["set", "b", "gain_db", "-1"]);
    air.wait_for(factor(-10.0));
    air.save(&file(-3.0, -4.0));
    let _ = air.done(&["reload"]);
    air.wait_for(factor(-13.0));
    assert_eq!(air.overrides(), pairs(&[("a.params.gain_db", "-9")]));
    let _ = air.done(&["reset", "--all"]);
    air.wait_for(factor(-7.0));
    let nothing = air.done(&["reset", "a"]);
    assert!(
        nothing["text"]
            .as_str()
            .unwrap()
            .contains("nothing was overridden")
    );
    let wrong = air.refused(&["reset", "a.loudness"], 3);
    assert!(wrong.contains("a.loudness"), "{wrong}");
    assert_eq!(air.finish().code, Some(0));
}

#[test]
fn more_latency_than_the_reserve_is_refused_unless_silence_is_allowed() {
    let tables = "[stream]\nlatency_reserve_frames = 100\n".to_owned()
        + &stage("late", "test.late/none", "");
    let air = on_air(&["late"], &tables, 1.0);
    let answer = air.done(&["swap", "late", "test.late/short"]);
    let alignment = &receipts(&answer)[0]["alignment"];
    assert_eq!(alignment["after_frames"], 64);
    assert_eq!(alignment["inserted_frames"], 0);
    assert_eq!(air.status()["reserve_frames"], 36);
    let refused = air.refused(&["swap", "late", "test.late/long"], 3);
    assert!(
        refused.contains("latency_reserve_frames = 480"),
        "{refused}"
    );
    assert!(refused.contains("--insert"), "{refused}");
    assert_eq!(refused.matches("silence").count(), 1, "{refused}");
    air.stays(1.0);
    let answer = air.done(&["swap", "late", "test.late/long", "--insert"]);
    assert_eq!(receipts(&answer)[0]["alignment"]["inserted_frames"], 380);
    air.wait_for(1.0);
    let status = air.status();
    assert_eq!(status["latency_frames"], 480);
    assert_eq!(status["reserve_frames"], 0);
    let over = air.finish();
    assert_eq!(over.code, Some(0), "{}", over.err);
    // The latency at the start, and what was put in; nothing else was silent.
    let silent = over.heard.iter().filter(|sample| **sample == 0.0).count();
    assert_eq!(silent, 100 + 380);
}

#[test]
fn a_session_that_waits_for_its_input_says_how_it_is_and_ends_when_it_is_told_to() {
    let desk = desk(&[]);
    let mut command = desk.command(["run", "-", "out.wav", "--stage", "segue.gain"]);
    command.args(["--raw", "f32le:48000:1", "--pace", "realtime"]);
    command.stdin(Stdio::piped());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let silent = child.stdin.take();
    let folder = desk.path("runtime").join("segue");
    let is_there = || fs::read_dir(&folder).is_ok_and(|names| names.count() > 0);
    while !is_there() {
        assert_eq!(child.try_wait().unwrap(), None);
    }
    // It says so at once, and first that it has begun.
    let asked = || {
        let answer = desk.segue(["ctl", "status", "--json"]).expect(0).json();
        answer["status"]["waiting"].clone()
    };
    let waiting = std::iter::repeat_with(asked).find(|waiting| !waiting.is_null());
    let waiting = waiting.unwrap();
    assert_eq!(waiting["side"], "input");
    assert!(waiting["waited_ns"].as_u64().unwrap() > 100_000_000);
    let _ = desk.segue(["ctl", "stop"]).expect(0);
    assert_eq!(child.wait().unwrap().code(), Some(128 + 15));
    drop(silent);
}

#[test]
fn what_was_set_on_another_component_waits_for_it_and_is_not_written_into_the_file() {
    let air = on_air(&[], &gain("gain", -6.0), factor(-6.0));
    air.desk.install([reference().file("segue-filters")]);
    let _ = air.done(&["swap", "gain", "segue.filters"]);
    let _ = air.done(&["set", "gain", "band.1.gain_db", "0"]);
    air.wait_for(factor(0.0));
    let before = air.saved();
    let answer = air.done(&["save"]);
    let text = answer["text"].as_str().unwrap();
    assert!(text.contains("gain.component stays an override"), "{text}");
    assert!(text.contains("gain_db"), "{text}");
    assert_eq!(air.saved(), before);
    // The band is no parameter of the gain: it does not stand in its way.
    let _ = air.done(&["rollback", "gain"]);
    air.wait_for(factor(-6.0));
    let bare = air.refused(&["reset"], 2);
    assert!(bare.contains("<KEY|STAGE|--all>"), "{bare}");
    let bare = air.refused(&["swap"], 2);
    assert!(bare.contains("<STAGE|--plugin <ID[@VERSION]>>"), "{bare}");
    let slip = air.refused(&["reset", "gain.params.gian_db"], 3);
    assert!(slip.contains("no parameter `gian_db`"), "{slip}");
    let over = air.finish();
    assert_eq!(over.code, Some(0), "{}", over.err);
}
