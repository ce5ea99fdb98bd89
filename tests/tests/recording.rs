//! Recordings: what is recorded at the pace of the stream is kept, whatever ends it.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::fs;
use std::io::{Read, Write};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use segue_tests::build::test_plugin;
use segue_tests::desk::answer;
use segue_tests::record::{INTERVAL_FRAMES, RATE_HZ, SLACK_FRAMES, Studio, until};
use segue_tests::wav;

/// A second.
const SECOND: usize = RATE_HZ as usize;

fn kill(process: u32, signal: Signal) {
    kill_process(Pid::from_raw(process as i32).unwrap(), signal).unwrap();
}

/// The samples of a file, which are those of the signal from its first on; and how many.
#[track_caller]
fn holds(studio: &Studio, name: &str) -> usize {
    let found = wav::read(&studio.desk.path(name));
    let expected = studio.signal.iter().map(|one| f32::from(*one) / 32_768.0);
    let expected: Vec<_> = expected.take(found[0].len()).collect();
    assert!(found == [expected], "{name} is another signal");
    found[0].len()
}

#[test]
fn a_signal_ends_a_recording_that_plays_to_the_last_frame() {
    for (signal, code, word) in [
        (Signal::TERM, 143, "SIGTERM"),
        (Signal::INT, 130, "SIGINT (Ctrl-C)"),
    ] {
        let studio = Studio::new(60);
        let mut take = studio.record("rec.wav", SECOND);
        take.wait_for_goal();
        let before = take.frames();
        kill(take.id(), signal);
        let over = take.wait();
        assert_eq!(over.code, Some(code), "{}", over.err);
        let frames = holds(&studio, "rec.wav");
        assert!(frames >= before, "{frames} of {before} frames are kept");
        let seconds = frames as f64 / SECOND as f64;
        let expected = format!("stopped by {word}; rec.wav holds {seconds:.1} s\n");
        assert!(over.err.ends_with(&expected), "{}", over.err);
        assert_eq!(studio.names(".segue"), [""; 0]);
    }
}

#[test]
fn what_a_killed_recording_left_plays_and_the_next_one_sets_it_aside() {
    let studio = Studio::new(60);
    let mut take = studio.record("rec.wav", INTERVAL_FRAMES + SECOND);
    take.wait_for_goal();
    let before = take.frames();
    kill(take.id(), Signal::KILL);
    assert_eq!(take.wait().code, None);
    let frames = holds(&studio, "rec.wav");
    let expected = before - INTERVAL_FRAMES - SLACK_FRAMES;
    assert!(frames >= expected, "{frames} of {before} frames are kept");
    let left = fs::read(studio.desk.path("rec.wav")).unwrap();
    let mut next = studio.command("rec.wav");
    let mut take = studio.begin(next.arg("--overwrite"), "rec.wav", 1);
    until("the first one is set aside", || {
        studio.names("rec.").len() == 2
    });
    take.wait_for_goal();
    kill(take.id(), Signal::TERM);
    let over = take.wait();
    assert_eq!(over.code, Some(143), "{}", over.err);
    let names = studio.names("rec.");
    let [aside, last] = &names[..] else {
        panic!("{names:?}\n{}", over.err);
    };
    assert_eq!(last, "rec.wav");
    assert!(fs::read(studio.desk.path(aside)).unwrap() == left);
    assert!(
        over.err.contains("the recording rec.wav of "),
        "{}",
        over.err
    );
    let said = "was not finished; what there is of it is kept as ";
    assert!(
        over.err.contains(said) && over.err.contains(aside.as_str()),
        "{}",
        over.err
    );
    assert!(holds(&studio, "rec.wav") > 0);
    assert_eq!(studio.names(".segue"), [""; 0]);
}

#[test]
fn a_finished_recording_is_replaced_only_with_leave() {
    let studio = Studio::new(1);
    let record = |more: &[&str]| {
        let mut command = studio.command("rec.wav");
        answer(command.args(more), &[])
    };
    let _ = record(&[]).expect(0);
    assert_eq!(holds(&studio, "rec.wav"), SECOND);
    assert_eq!(studio.names(".segue"), [""; 0]);
    let refused = record(&[]).expect(2);
    assert!(
        refused.err.contains("only replaced with --overwrite"),
        "{}",
        refused.err
    );
    let _ = record(&["--overwrite"]).expect(0);
    assert_eq!(studio.names("rec."), ["rec.wav"]);
}

#[test]
fn two_do_not_record_into_one_file() {
    let studio = Studio::new(60);
    let mut first = studio.record("rec.wav", 1);
    first.wait_for_goal();
    for pace in ["realtime", "fast"] {
        let mut command = studio
            .desk
            .command(["run", "in.wav", "rec.wav", "--pace", pace]);
        command.args(["--stage", "segue.gain gain_db=0", "--overwrite"]);
        let second = answer(&mut command, &[]).expect(2);
        let expected = format!("rec.wav is being recorded by process {} since ", first.id());
        assert!(second.err.contains(&expected), "{}", second.err);
    }
    kill(first.id(), Signal::TERM);
    assert_eq!(first.wait().code, Some(143));
    assert!(holds(&studio, "rec.wav") > 0);
}

#[test]
fn a_stage_that_ends_the_run_does_not_end_the_recording() {
    let studio = Studio::new(60);
    studio.desk.install([test_plugin("faulty")]);
    let config = format!(
        "[[stage]]\nid = \"bad\"\ncomponent = \"test.faulty/panics\"\non_error = \"stop\"\n\
         params = {{ from_frame = {SECOND} }}\nsettings = {{ panic_in = \"process\" }}\n"
    );
    studio.desk.write("plugins.toml", config);
    let arguments = [
        "run",
        "in.wav",
        "rec.wav",
        "--pace",
        "realtime",
        "--no-control",
    ];
    let answer = studio.desk.segue(arguments).expect(1);
    assert!(
        answer.err.contains("stage `bad` failed at frame"),
        "{}",
        answer.err
    );
    // The stage doubles what it lets through; only its length is looked at.
    let frames = wav::read(&studio.desk.path("rec.wav"))[0].len();
    assert!((SECOND - 1_024..=SECOND).contains(&frames), "{frames}");
    assert!(
        answer.err.contains("rec.wav holds 1.0 s\n"),
        "{}",
        answer.err
    );
}

#[test]
fn a_fast_run_is_whole_or_nothing_and_says_so() {
    let studio = Studio::new(1);
    let mut command = studio
        .desk
        .command(["run", "-", "out.wav", "--raw", "s16le:16000:1"]);
    command
        .args(["--stage", "segue.gain gain_db=0"])
        .stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(&[0; 65_536]).unwrap();
    until("the output is begun", || !studio.names(".segue").is_empty());
    kill(child.id(), Signal::TERM);
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(143), "{err}");
    assert!(
        err.contains("stopped by SIGTERM; out.wav was not written\n"),
        "{err}"
    );
    assert_eq!(studio.names(".segue"), [""; 0]);
    drop(pipe);
}

#[test]
fn what_killed_runs_left_unfinished_is_removed_by_the_next() {
    let studio = Studio::new(1);
    let mut command = studio
        .desk
        .command(["run", "-", "out.wav", "--raw", "s16le:16000:1"]);
    command
        .args(["--stage", "segue.gain gain_db=0"])
        .stdin(Stdio::piped());
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("the output is begun", || !studio.names(".segue").is_empty());
    kill(child.id(), Signal::KILL);
    let _ = child.wait().unwrap();
    assert_eq!(studio.names(".segue").len(), 1);
    fs::create_dir(studio.desk.path("takes")).unwrap();
    fs::copy(studio.desk.path("in.wav"), studio.desk.path("takes/a.wav")).unwrap();
    let stage = ["--stage", "segue.gain gain_db=0"];
    let left = studio.names(".segue").remove(0);
    let said = "1 unfinished output of runs that were killed removed from ";
    // A batch looks into the folder of its outputs, a single run into that of its own.
    fs::create_dir(studio.desk.path("done")).unwrap();
    fs::rename(
        studio.desk.path(&left),
        studio.desk.path("done").join(&left),
    )
    .unwrap();
    let batch = studio
        .desk
        .segue([&["run", "takes", "done/", "--resume"], &stage[..]].concat());
    let batch = batch.expect(0);
    assert!(batch.err.contains(said), "{}", batch.err);
    assert!(!studio.desk.path("done").join(&left).exists());
    studio.desk.write(&left, "left");
    let one = studio
        .desk
        .segue([&["run", "in.wav", "one.wav"], &stage[..]].concat())
        .expect(0);
    assert!(one.err.contains(said), "{}", one.err);
    assert_eq!(studio.names(".segue"), [""; 0]);
}

#[test]
fn what_went_into_a_pipe_before_a_signal_is_not_called_unwritten() {
    let studio = Studio::new(60);
    let mut command = studio.command("-");
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut bytes = vec![0; 2 * SECOND];
    out.read_exact(&mut bytes).unwrap();
    kill(child.id(), Signal::INT);
    out.read_to_end(&mut bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{err}");
    let frames = (bytes.len() - 44) / 2;
    let seconds = frames as f64 / SECOND as f64;
    let expected = format!("stopped by SIGINT (Ctrl-C); {seconds:.1} s went to standard output\n");
    assert!(err.ends_with(&expected), "{frames} frames came\n{err}");
}

/// Runs a stage over the signal, fast into a file and live through pipes and into a file.
#[track_caller]
fn check_latency(stage: &str, latency_frames: usize) {
    let studio = Studio::new(1);
    studio.desk.install([test_plugin("late")]);
    let run = |arguments: &[&str], input: &[u8]| {
        let more = ["--stage", stage, "--no-control"];
        let mut command = studio.desk.command([&["run"], arguments, &more].concat());
        answer(&mut command, input).expect(0).out
    };
    let _ = run(&["in.wav", "fast.wav", "--bits", "f32"], &[]);
    let _ = run(
        &["in.wav", "live.wav", "--bits", "f32", "--pace", "realtime"],
        &[],
    );
    let [fast, live] =
        ["fast.wav", "live.wav"].map(|name| wav::read(&studio.desk.path(name)).remove(0));
    assert_eq!(live.len(), fast.len() + latency_frames, "{stage}");
    assert!(
        live[latency_frames..] == fast,
        "{stage}: live is another signal, only later"
    );
    let input: Vec<u8> = studio
        .signal
        .iter()
        .flat_map(|one| one.to_le_bytes())
        .collect();
    let raw = ["-", "-", "--raw", "s16le:16000:1", "--pace", "realtime"];
    let out = run(&raw, &input);
    assert_eq!(
        out.len(),
        2 * (studio.signal.len() + latency_frames),
        "{stage}"
    );
    // A pipe whose length is announced gets as many frames as were announced.
    let out = run(&["in.wav", "-", "--bits", "f32", "--pace", "realtime"], &[]);
    fs::write(studio.desk.path("piped.wav"), out).unwrap();
    assert!(
        wav::read(&studio.desk.path("piped.wav")) == [live],
        "{stage}"
    );
}

#[test]
fn a_live_run_ends_with_the_frames_that_were_late() {
    check_latency("test.late/long", 480);
}

#[test]
fn a_live_limiter_ends_with_what_it_looked_ahead() {
    let studio = Studio::new(1);
    let stage = "segue.dynamics/limiter";
    let arguments = [
        "run", "in.wav", "out.wav", "--stage", stage, "--report", "r.json",
    ];
    let _ = studio.desk.segue(arguments).expect(0);
    let report = fs::read(studio.desk.path("r.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    let latency_frames = report["stream"]["latency_frames"].as_u64().unwrap() as usize;
    assert!(latency_frames > 0, "{report:#}");
    check_latency(stage, latency_frames);
}

/// A tap or decision that never comes back from `method`.
fn stuck(kind: &str, method: &str) -> String {
    let component = match kind {
        "tap" => "component = \"test.faulty/panicking-analyzer\"",
        _ => {
            "component = \"test.faulty/panicking-decision\"\nreads = [\"good\"]\nmay = [\"alert\"]"
        }
    };
    let good = "[[tap]]\nid = \"good\"\ncomponent = \"test.faulty/panicking-analyzer\"\n";
    format!(
        "{good}[[{kind}]]\nid = \"stuck\"\n{component}\nsettings = {{ hang_in = \"{method}\" }}\n"
    )
}

#[test]
fn a_tap_or_decision_that_hangs_costs_no_recording() {
    for (kind, method) in [("tap", "process"), ("tap", "finish"), ("decide", "process")] {
        let studio = Studio::new(60);
        studio.desk.install([test_plugin("faulty")]);
        studio.desk.write("plugins.toml", stuck(kind, method));
        let arguments = [
            "run",
            "in.wav",
            "rec.wav",
            "--pace",
            "realtime",
            "--no-control",
        ];
        let mut command = studio.desk.command(arguments);
        command.args(["--report", "report.json"]);
        let mut take = studio.begin(&mut command, "rec.wav", SECOND);
        take.wait_for_goal();
        let before = take.frames();
        kill(take.id(), Signal::TERM);
        let over = take.wait();
        assert_eq!(over.code, Some(143), "{kind} {method}: {}", over.err);
        assert!(holds(&studio, "rec.wav") >= before, "{kind} {method}");
        let who = if kind == "tap" { "tap" } else { "decision" };
        let expected = format!(
            "taps and decisions do not go on: {who} `stuck` did not answer within 2 s; its thread \
             was abandoned"
        );
        let report = fs::read(studio.desk.path("report.json")).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
        let degraded = report["degraded"].as_array().unwrap();
        assert!(degraded.contains(&expected.into()), "{degraded:#?}");
        assert_eq!(studio.names(".segue"), [""; 0]);
    }
}

#[test]
fn a_run_that_waits_for_a_hung_tap_hears_a_signal() {
    let studio = Studio::new(60);
    studio.desk.install([test_plugin("faulty")]);
    studio.desk.write("plugins.toml", stuck("tap", "process"));
    let mut command = studio
        .desk
        .command(["run", "in.wav", "out.wav", "--no-control"]);
    command.args(["--report", "report.json"]);
    command.env("SEGUE_TEST_MARK", studio.desk.path("mark"));
    let take = studio.begin(&mut command, "out.wav", 0);
    until("the tap hangs", || studio.desk.path("mark").exists());
    kill(take.id(), Signal::TERM);
    let over = take.wait();
    assert_eq!(over.code, Some(143), "{}", over.err);
    let report = fs::read_to_string(studio.desk.path("report.json")).unwrap();
    let expected = "tap `stuck` did not answer within 2 s; its thread was abandoned";
    assert!(report.contains(expected), "{report}");
    assert_eq!(studio.names(".segue"), [""; 0]);
    assert!(!studio.desk.path("out.wav").exists());
}
