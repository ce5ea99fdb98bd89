//! Edges from outside: files of no frame, of one, of billions; the highest rates, many channels,
//! and inputs of another rate or layout than the session.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::fs::File;
use std::io::Write;

use segue_tests::build::{reference, test_plugin};
use segue_tests::desk::{Answer, Desk, answer};
use segue_tests::wav::{self, Channels};
use serde_json::Value;

/// A stage as late as this is later than every file here is long.
const LATE: &str = "[[stage]]\nid = \"late\"\ncomponent = \"test.shapes/delay\"\n\
    params.late_frames = 5000\n\
    [[stage]]\nid = \"later\"\ncomponent = \"test.shapes/delay\"\nparams.late_frames = 1\n";

/// Nothing is changed, and everything is measured, with the input beside it.
const TAPS: &str = "[[stage]]\nid = \"gain\"\ncomponent = \"segue.gain\"\n\
    [[tap]]\nid = \"levels\"\ncomponent = \"segue.levels\"\n\
    [[tap]]\nid = \"early\"\ncomponent = \"segue.levels\"\nfrom = \"input\"\n\
    [[decide]]\nid = \"guard\"\ncomponent = \"segue.rules\"\nreads = [\"levels\"]\n\
    may = [\"alert\"]\nparams.clipped_max = 900000000\n";

/// A branch that is late, and one that is not.
const BRANCHES: &str = "[[stage]]\nid = \"a\"\ncomponent = \"test.shapes/delay\"\n\
    params = { late_frames = 480, factor = 0.5 }\n\
    [[stage]]\nid = \"b\"\ncomponent = \"test.shapes/delay\"\nafter = [\"input\"]\n\
    params = { late_frames = 0, factor = 0.5 }\n\
    [[stage]]\nid = \"sum\"\ncomponent = \"segue.gain\"\nafter = [\"a\", \"b\"]\n";

fn desk() -> Desk {
    let desk = Desk::new();
    desk.install(reference().files());
    desk.install([test_plugin("shapes")]);
    desk
}

fn run(desk: &Desk, code: i32) -> (Answer, Value) {
    let answer = desk
        .segue([
            "run",
            "in.wav",
            "out.wav",
            "--overwrite",
            "--report",
            "report.json",
        ])
        .expect(code);
    let report = std::fs::read(desk.path("report.json")).unwrap_or_default();
    (answer, serde_json::from_slice(&report).unwrap_or_default())
}

fn noise(channels: u64, frames: usize) -> Channels {
    (0..channels).map(|seed| wav::noise(seed, frames)).collect()
}

/// What goes through unchanged comes out as it was, frame for frame, and taps saw all of it.
#[test]
fn every_length_rate_and_number_of_channels_goes_through_whole() {
    let desk = desk();
    let cases = [
        (0, 1, 48_000),
        (0, 32, 192_000),
        (1, 1, 1),
        (1, 2, 48_000),
        (1, 32, 192_000),
        (2, 2, 768_000),
        (255, 6, 8_000),
        (256, 64, 44_100),
        (257, 32, 192_000),
        (4_999, 2, 192_000),
    ];
    for (frames, channels, rate) in cases {
        let input = noise(channels, frames);
        wav::write(&desk.path("in.wav"), rate, &input);
        for pipeline in [LATE, TAPS, BRANCHES] {
            desk.write("plugins.toml", pipeline);
            let (_, report) = run(&desk, 0);
            let what = format!("{frames} frames, {channels} channels, {rate} Hz:\n{pipeline}");
            assert!(wav::read(&desk.path("out.wav")) == input, "{what}");
            assert_eq!(report["stream"]["frames_out"], frames, "{what}");
            for tap in report["taps"].as_array().unwrap() {
                assert_eq!(tap["frames"], frames, "{what}");
            }
        }
    }
}

#[test]
fn what_measures_or_changes_little_is_right_or_refused_with_a_sentence() {
    let desk = desk();
    let stage = |component: &str| format!("[[stage]]\nid = \"x\"\ncomponent = \"{component}\"\n");
    let tap = |component: &str| {
        format!("[[tap]]\nid = \"x\"\ncomponent = \"{component}\"\nfrom = \"input\"\n")
    };
    let eq = "params.band = [{ type = \"peak\", frequency_hz = 100, gain_db = 3 }]\n";
    let pipelines = [
        stage("segue.filters") + eq,
        tap("segue.loudness"),
        tap("segue.levels"),
    ];
    for (frames, channels, rate) in [
        (0, 2, 192_000),
        (1, 32, 192_000),
        (3, 1, 1),
        (2, 64, 768_000),
    ] {
        wav::write(&desk.path("in.wav"), rate, &noise(channels, frames));
        for pipeline in &pipelines {
            desk.write("plugins.toml", pipeline);
            let _ = std::fs::remove_file(desk.path("out.wav"));
            let answer = desk.segue(["run", "in.wav", "out.wav"]);
            let what = format!("{frames} frames, {channels} channels, {rate} Hz:\n{answer:?}");
            match answer.code {
                Some(0) => {
                    let output = wav::read(&desk.path("out.wav"));
                    assert_eq!(output.len(), channels as usize, "{what}");
                    assert!(
                        output.iter().all(|channel| channel.len() == frames),
                        "{what}"
                    );
                }
                // A frequency that the rate cannot carry is a mistake of the file, 2; a rate that a
                // component does not take is that component's refusal, 3.
                Some(2 | 3) => {
                    assert!(answer.err.starts_with("error: "), "{what}");
                    assert!(answer.err.lines().count() <= 6, "{what}");
                    assert!(!desk.path("out.wav").exists(), "{what}");
                }
                _ => panic!("{what}"),
            }
        }
    }
}

/// The header of a mono file of 8-bit samples, and so many of them that are nowhere on the disk.
fn sparse(desk: &Desk, frames: u32) {
    let mut file = File::create(desk.path("in.wav")).unwrap();
    let mut header = b"RIFF".to_vec();
    header.extend((36 + frames).to_le_bytes());
    header.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    header.extend(48_000u32.to_le_bytes());
    header.extend(48_000u32.to_le_bytes());
    header.extend(b"\x01\0\x08\0data");
    header.extend(frames.to_le_bytes());
    file.write_all(&header).unwrap();
    file.set_len(header.len() as u64 + u64::from(frames))
        .unwrap();
}

const BILLIONS: u32 = 1 << 31;

#[test]
fn a_file_of_billions_of_frames_begins_like_any_other() {
    let desk = desk();
    sparse(&desk, BILLIONS);
    // Zeros are the lowest value of 8 bits: the rule is broken at once, and ends the run.
    let pipeline = "[[stage]]\nid = \"gain\"\ncomponent = \"segue.gain\"\n\
        [[tap]]\nid = \"levels\"\ncomponent = \"segue.levels\"\n\
        [[decide]]\nid = \"guard\"\ncomponent = \"segue.rules\"\nreads = [\"levels\"]\n\
        may = [\"stop\"]\nparams = { clipped_max = 0, action = \"stop\" }\n";
    desk.write("plugins.toml", pipeline);
    let (_, report) = run(&desk, 4);
    let frames = report["stream"]["frames_in"].as_u64().unwrap();
    assert!(frames > 0 && frames < u64::from(BILLIONS), "{frames}");
    let output = wav::read(&desk.path("out.wav"));
    assert_eq!(output[0].len() as u64, frames);
    assert!(output[0].iter().all(|sample| *sample == -1.0));
}

#[test]
#[ignore = "two billion frames take minutes in a debug build"]
fn a_file_of_billions_of_frames_is_processed_to_its_end() {
    let desk = desk();
    sparse(&desk, BILLIONS);
    desk.write("plugins.toml", TAPS);
    let arguments = ["run", "in.wav", "--report", "report.json"];
    let _ = desk.segue(arguments).expect(0);
    let report = std::fs::read(desk.path("report.json")).unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["stream"]["frames_in"], BILLIONS);
    assert_eq!(report["stream"]["frames_out"], BILLIONS);
    assert_eq!(report["taps"][0]["frames"], BILLIONS);
}

/// A sine of a tenth of the rate's half, at half of full scale.
fn sine(rate: u32, frames: usize) -> Vec<f32> {
    let step = std::f64::consts::PI * 440.0 * 2.0 / f64::from(rate);
    (0..frames)
        .map(|frame| (0.5 * (frame as f64 * step).sin()) as f32)
        .collect()
}

#[test]
fn an_input_of_another_rate_is_converted_and_keeps_its_place() {
    let desk = desk();
    for (from, to) in [(44_100, 48_000), (48_000, 16_000), (8_000, 192_000)] {
        for frames in [0, 1, 1_000, 44_100] {
            wav::write(&desk.path("in.wav"), from, &[sine(from, frames)]);
            desk.write(
                "plugins.toml",
                format!("[stream]\nsample_rate_hz = {to}\n{LATE}"),
            );
            let (_, report) = run(&desk, 0);
            let expected = (frames as f64 * f64::from(to) / f64::from(from)).round() as usize;
            assert_eq!(
                report["stream"]["frames_out"], expected,
                "{frames} from {from} to {to}"
            );
            assert_eq!(report["stream"]["sample_rate_hz"], to);
            let said = format!("converted from {from} Hz to {to} Hz");
            assert_eq!(report["notices"][0]["text"], said);
            let output = wav::read(&desk.path("out.wav")).remove(0);
            assert_eq!(output.len(), expected);
            // The ends are steps, which no rate carries; between them it is the same sine.
            let inner = expected / 3..expected - expected / 3;
            let same = sine(to, expected);
            let apart = output[inner.clone()].iter().zip(&same[inner]);
            let apart = apart.fold(0.0f32, |most, (a, b)| most.max((a - b).abs()));
            assert!(
                frames < 2_000 || apart < 1e-6,
                "{apart}: {frames} from {from} to {to}"
            );
        }
    }
}

#[test]
fn a_pipe_of_unknown_length_is_converted_to_its_end() {
    let desk = desk();
    desk.write(
        "plugins.toml",
        format!("[stream]\nsample_rate_hz = 48000\n{LATE}"),
    );
    let bytes: Vec<u8> = (0..44_101u32)
        .flat_map(|at| (at as i16).to_le_bytes())
        .collect();
    let raw = ["run", "-", "-", "--raw", "s16le:44100:1"];
    let answer = answer(&mut desk.command(raw), &bytes).expect(0);
    assert_eq!(answer.out.len(), 2 * 48_001);
}

#[test]
fn what_is_not_to_be_converted_is_refused_at_its_key() {
    let desk = desk();
    wav::write(&desk.path("in.wav"), 44_100, &noise(2, 100));
    let refused = |stream: &str, words: &[&str]| {
        desk.write("plugins.toml", format!("[stream]\n{stream}\n{LATE}"));
        let answer = desk.segue(["run", "in.wav", "none.wav"]).expect(2);
        for word in words {
            assert!(
                answer.err.contains(word),
                "`{word}` is not in {}",
                answer.err
            );
        }
        assert!(!desk.path("none.wav").exists());
    };
    refused(
        "sample_rate_hz = 48000\nconvert = \"refuse\"",
        &[
            "the input has 44100 Hz",
            "plugins.toml:2:",
            "convert = \"auto\"",
        ],
    );
    refused(
        "layout = \"mono\"\nconvert = \"refuse\"",
        &["the input has the channels stereo", "plugins.toml:2:"],
    );
    refused(
        "layout = \"discrete(3)\"",
        &["no rule to make discrete(3) of stereo"],
    );
    refused(
        "sample_rate_hz = 1",
        &["converting 2 channels from 44100 Hz to 1 Hz would take"],
    );
    desk.write(
        "plugins.toml",
        format!(
            "[stream]\nsample_rate_hz = 44100\nlayout = \"stereo\"\nconvert = \"refuse\"\n{LATE}"
        ),
    );
    let _ = run(&desk, 0);
}

#[test]
fn channels_are_converted_to_what_the_first_stage_is_to_read() {
    let desk = desk();
    let input = noise(2, 3_000);
    wav::write(&desk.path("in.wav"), 48_000, &input);
    let widen = "[[stage]]\nid = \"wide\"\ncomponent = \"test.shapes/widen\"\n";
    desk.write("plugins.toml", widen);
    let answer = desk.segue(["run", "in.wav", "none.wav"]).expect(3);
    assert!(
        answer.err.contains("`layout` in [stream]"),
        "{}",
        answer.err
    );
    desk.write(
        "plugins.toml",
        format!("[stream]\nlayout = \"mono\"\n{widen}"),
    );
    let (_, report) = run(&desk, 0);
    assert_eq!(report["notices"][0]["text"], "stereo is mixed to mono");
    let mean: Vec<f32> = input[0]
        .iter()
        .zip(&input[1])
        .map(|(l, r)| l * 0.5 + r * 0.5)
        .collect();
    let minus = mean.iter().map(|sample| -sample).collect();
    assert!(wav::read(&desk.path("out.wav")) == [mean, minus]);
    // A check sees what can never fit.
    desk.write(
        "plugins.toml",
        format!("[stream]\nlayout = \"5.1\"\n{widen}"),
    );
    let answer = desk.segue(["check"]).expect(2);
    assert!(answer.err.contains("takes mono"), "{}", answer.err);
}

#[test]
fn what_is_not_finite_is_counted_before_it_is_converted() {
    let desk = desk();
    let mut input = sine(44_100, 10_000);
    input[7_000] = f32::NAN;
    wav::write(&desk.path("in.wav"), 44_100, &[input]);
    desk.write(
        "plugins.toml",
        format!("[stream]\nsample_rate_hz = 48000\n{LATE}"),
    );
    let (_, report) = run(&desk, 4);
    assert_eq!(report["stream"]["non_finite_samples"], 1);
    assert_eq!(report["stream"]["non_finite_first_frame"], 7_000);
    let output = wav::read(&desk.path("out.wav")).remove(0);
    assert!(output.iter().all(|sample| sample.is_finite()));
    let strict = ["run", "in.wav", "none.wav", "--strict-input"];
    let answer = desk.segue(strict).expect(1);
    assert!(
        answer.err.contains("sample 7000 of channel 1"),
        "{}",
        answer.err
    );
}
