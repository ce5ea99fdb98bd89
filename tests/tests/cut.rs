//! Inputs that are cut off, and pipes whose length nobody knew: what there is is processed, and
//! what is missing is said where something is missing, and only there.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::fs;

use segue_tests::build::{reference, root};
use segue_tests::desk::{Answer, Desk, answer};
use segue_tests::wav;

const STAGE: [&str; 2] = ["--stage", "segue.gain gain_db=0"];

fn desk() -> Desk {
    let desk = Desk::new();
    desk.install(reference().files());
    desk
}

fn run(desk: &Desk, arguments: &[&str]) -> Answer {
    desk.segue([&["run"], arguments, &STAGE].concat())
}

/// Runs standard input to standard output.
fn piped(desk: &Desk, input: &[u8]) -> Answer {
    answer(
        &mut desk.command([&["run", "-", "-"][..], &STAGE].concat()),
        input,
    )
}

fn said(answer: &Answer) -> String {
    let said = format!("{}{}", answer.text(), answer.err);
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A second of two channels, in each container that is written here.
fn written(desk: &Desk) -> [&'static str; 3] {
    let signal = [1, 2].map(|seed| wav::noise(seed, 44_100));
    wav::write(&desk.path("float.wav"), 44_100, &signal);
    let names = ["in.wav", "in.aiff", "in.flac"];
    for name in names {
        let _ = run(desk, &["float.wav", name, "--bits", "16"]).expect(0);
    }
    names
}

/// A file that another program wrote.
fn foreign(name: &str) -> Vec<u8> {
    fs::read(root().join("host/media/tests/data").join(name)).unwrap()
}

/// Files of every format whose header says how long they are, each cut after a share of its bytes.
fn cut(desk: &Desk, share: usize) -> Vec<String> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for name in written(desk) {
        files.push((format!("cut-{name}"), fs::read(desk.path(name)).unwrap()));
    }
    for name in ["lame.mp3", "front.m4a", "stereo-16.flac", "pcm.caf"] {
        files.push((format!("cut-{name}"), foreign(name)));
    }
    for (name, bytes) in &files {
        desk.write(name, &bytes[..bytes.len() * share / 100]);
    }
    files.into_iter().map(|(name, _)| name).collect()
}

#[test]
fn a_file_that_ends_before_what_it_announces_is_degraded_and_strictly_it_is_refused() {
    let desk = desk();
    for name in cut(&desk, 60) {
        let answer = run(&desk, &[&name, "out.wav", "--bits", "16", "--overwrite"]).expect(4);
        let words = "frames, the input ends after";
        let said = said(&answer);
        assert!(said.matches(words).count() == 1, "{name}: {said}");
        assert!(!wav::read(&desk.path("out.wav"))[0].is_empty(), "{name}");
        let strict = [&name, "none.wav", "--bits", "16", "--strict-input"];
        let answer = run(&desk, &strict).expect(1);
        assert!(answer.err.contains(words), "{name}: {}", answer.err);
        assert!(answer.err.contains("--strict-input"), "{}", answer.err);
        assert!(!desk.path("none.wav").exists(), "{name}");
    }
}

#[test]
fn what_is_left_of_a_cut_file_goes_out_through_a_pipe_as_well() {
    let desk = desk();
    for name in cut(&desk, 60) {
        let answer = run(&desk, &[&name, "-", "--bits", "16"]).expect(4);
        let words = "frames, the input ends after";
        assert!(answer.err.contains(words), "{name}: {}", answer.err);
        assert!(!answer.err.contains("error:"), "{name}: {}", answer.err);
        assert!(answer.out.len() > 200, "{name}");
    }
}

#[test]
fn the_report_says_what_is_missing_once() {
    let desk = desk();
    let _ = written(&desk);
    let whole = fs::read(desk.path("in.wav")).unwrap();
    desk.write("in.wav", &whole[..44 + 365 * 4]);
    let arguments = ["in.wav", "out.wav", "--report", "report.json"];
    let _ = run(&desk, &arguments).expect(4);
    let report = fs::read(desk.path("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    let sentence = "the header declares 44100 frames, the input ends after 365";
    assert_eq!(report["degraded"], serde_json::json!([sentence]));
    assert_eq!(report["notices"], serde_json::json!([]));
    assert_eq!(report["stream"]["frames_out"], 365);
}

#[test]
fn in_a_batch_a_cut_file_is_no_success() {
    let desk = desk();
    let _ = written(&desk);
    let whole = fs::read(desk.path("in.wav")).unwrap();
    fs::create_dir(desk.path("in")).unwrap();
    desk.write("in/a.wav", &whole);
    desk.write("in/b.wav", &whole[..60_000]);
    let answer = run(&desk, &["in", "out"]).expect(4);
    assert!(said(&answer).contains("1 degraded"), "{}", said(&answer));
    // What is kept from before is as little a success as it was.
    let answer = run(&desk, &["in", "out", "--resume"]).expect(4);
    assert!(said(&answer).contains("1 degraded"), "{}", said(&answer));
    let answer = run(&desk, &["in", "strict", "--strict-input"]).expect(4);
    assert!(said(&answer).contains("1 failed"), "{}", said(&answer));
    assert!(!desk.path("strict/b.wav").exists());
}

/// A WAV stream of 16-bit mono with these sizes in its header.
fn announced(riff: u32, data: u32, samples: &[u8]) -> Vec<u8> {
    let mut bytes = b"RIFF".to_vec();
    bytes.extend(riff.to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data");
    bytes.extend(data.to_le_bytes());
    bytes.extend(samples);
    bytes
}

fn data_size(wav: &[u8]) -> u32 {
    let at = wav.windows(4).position(|id| id == b"data").unwrap();
    u32::from_le_bytes(*wav[at + 4..].first_chunk().unwrap())
}

#[test]
fn on_a_pipe_a_length_is_a_hint_and_what_goes_out_does_not_repeat_it() {
    let desk = desk();
    let samples: Vec<u8> = (0..20_000_u32).map(|at| (at * 7) as u8).collect();
    for (riff, data) in [
        (0xefff_ffff, 4_026_531_803), // Liquidsoap.
        (0x7fff_ffff, 0x7fff_ffdb),
        (u32::MAX, u32::MAX),
        (0x7fff_f024, 0x7fff_f000), // SoX.
        (u32::MAX, 0),
        (0, 0),
        (30_036, 30_000), // Somebody who meant to send more.
    ] {
        let answer = piped(&desk, &announced(riff, data, &samples)).expect(0);
        assert!(answer.out.ends_with(&samples), "{data:#x}: {}", answer.err);
        assert_eq!(data_size(&answer.out), u32::MAX, "{data:#x}");
        let is_short = data == 30_000;
        let words = "announces 15000 frames, the pipe ended after 10000";
        assert_eq!(answer.err.contains(words), is_short, "{}", answer.err);
    }
    // A FLAC stream to another pipe does not repeat it either.
    let flac = fs::read(root().join("host/media/tests/data/stereo-16.flac")).unwrap();
    let answer = piped(&desk, &flac).expect(0);
    assert_eq!(data_size(&answer.out), u32::MAX);
}

#[test]
fn a_file_knows_its_length_and_a_pipe_behind_it_is_told() {
    let desk = desk();
    let samples = vec![7; 20_000];
    desk.write("in.wav", announced(20_036, 20_000, &samples));
    let answer = run(&desk, &["in.wav", "-"]).expect(0);
    assert_eq!(data_size(&answer.out), 20_000);
    // A redirected file is one too.
    let arguments = [&["run", "-", "-"][..], &STAGE].concat();
    let mut command = desk.command(arguments);
    let file = fs::File::open(desk.path("in.wav")).unwrap();
    let output = command.stdin(file).output().unwrap();
    assert_eq!(data_size(&output.stdout), 20_000);
}

#[test]
fn a_file_that_was_written_through_a_pipe_has_no_length_to_be_held_to() {
    let desk = desk();
    let samples = vec![7; 20_000];
    for data in [4_026_531_803, 0x7fff_ffdb, 0x7fff_f000, u32::MAX, 0] {
        desk.write("in.wav", announced(0, data, &samples));
        let arguments = ["in.wav", "out.wav", "--overwrite", "--strict-input"];
        let _ = run(&desk, &arguments).expect(0);
        assert_eq!(wav::read(&desk.path("out.wav"))[0].len(), 10_000);
    }
}
