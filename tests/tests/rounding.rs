//! Dither and threads: what may change the samples of an output, and what may not.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::fs;

use segue_tests::build::{reference, root};
use segue_tests::desk::{Answer, Desk};
use segue_tests::wav;

fn desk() -> Desk {
    let desk = Desk::new();
    desk.install(reference().files());
    desk
}

fn run(desk: &Desk, gain_db: &str, arguments: &[&str]) -> Answer {
    let gain = format!("segue.gain gain_db={gain_db}");
    desk.segue([&["run", "--overwrite", "--stage", &gain], arguments].concat())
}

/// The bytes of what a run writes.
fn output(desk: &Desk, gain_db: &str, arguments: &[&str]) -> Vec<u8> {
    let _ = run(desk, gain_db, &[arguments, &["in.wav", "out.wav"]].concat()).expect(0);
    fs::read(desk.path("out.wav")).unwrap()
}

/// Integers of 16 bits, as the floats that they are.
fn on_the_grid(frames: usize) -> [Vec<f32>; 2] {
    [1, 2].map(|seed| {
        let noise = wav::noise(seed, frames).into_iter();
        noise
            .map(|sample| (sample * 20_000.0).round() / 32_768.0)
            .collect()
    })
}

#[test]
fn dither_comes_where_depth_falls_and_only_there() {
    let desk = desk();
    let noise =
        |seed: u64| -> Vec<f32> { wav::noise(seed, 20_000).iter().map(|s| s * 0.5).collect() };
    wav::write(&desk.path("float.wav"), 48_000, &[noise(1), noise(2)]);
    for (bits, to, is_dithered) in [
        ("f32", "16", true),
        ("f32", "8", true),
        ("f32", "24", false),
        ("f32", "ulaw", false),
        ("24", "16", true),
        ("16", "16", false),
        ("16", "8", true),
        ("16", "24", false),
    ] {
        let deep = ["float.wav", "in.wav", "--bits", bits];
        let _ = run(&desk, "0", &deep).expect(0);
        let of = |dither| output(&desk, "-3", &["--bits", to, "--dither", dither]);
        let (plain, auto, always) = (of("none"), of("auto"), of("tpdf"));
        assert_eq!(auto != plain, is_dithered, "{bits} to {to}");
        assert_eq!(always != plain, ["8", "16"].contains(&to), "{bits} to {to}");
        assert!(
            auto == output(&desk, "-3", &["--bits", to]),
            "{bits} to {to}"
        );
        if is_dithered {
            assert!(auto == always, "{bits} to {to}");
        }
    }
}

#[test]
fn what_needs_no_rounding_is_exact_whatever_the_depth() {
    let desk = desk();
    wav::write(&desk.path("in.wav"), 48_000, &on_the_grid(20_000));
    for dither in ["auto", "tpdf", "none"] {
        let _ = output(&desk, "0", &["--bits", "16", "--dither", dither]);
        let found = wav::read(&desk.path("out.wav"));
        assert!(found == on_the_grid(20_000), "{dither}");
    }
}

#[test]
fn dither_is_the_same_in_every_run() {
    let desk = desk();
    wav::write(&desk.path("in.wav"), 48_000, &on_the_grid(70_000));
    let first = output(&desk, "-1.5", &["--bits", "16"]);
    assert!(first != output(&desk, "-1.5", &["--bits", "16", "--dither", "none"]));
    for block in ["1", "77", "4096"] {
        let again = output(&desk, "-1.5", &["--bits", "16", "--block-frames", block]);
        assert!(again == first, "{block}");
    }
}

#[test]
fn another_dither_is_another_result() {
    let desk = desk();
    wav::write(&desk.path("in.wav"), 48_000, &on_the_grid(100));
    let key = |dither| {
        let arguments = ["--bits", "16", "--dither", dither, "--report", "r.json"];
        let _ = output(&desk, "-3", &arguments);
        let report = fs::read_to_string(desk.path("r.json")).unwrap();
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        report["stream"]["output_key"].as_str().unwrap().to_owned()
    };
    assert_ne!(key("none"), key("auto"));
    assert_eq!(key("tpdf"), key("auto"));
}

#[test]
fn an_unknown_dither_is_refused_with_those_that_there_are() {
    let desk = desk();
    wav::write(&desk.path("in.wav"), 48_000, &on_the_grid(100));
    let answer = run(&desk, "0", &["in.wav", "out.wav", "--dither", "loud"]).expect(2);
    assert!(
        answer.err.contains("loud") && answer.err.contains("tpdf"),
        "{}",
        answer.err
    );
}

/// What a report says beside how long it took.
fn told(desk: &Desk) -> (String, String) {
    let report = fs::read_to_string(desk.path("r.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    (
        format!("{}{}", report["notices"], report["degraded"]),
        report["stream"]["frames_out"].to_string(),
    )
}

#[test]
fn the_number_of_threads_changes_no_sample_in_any_format() {
    let desk = desk();
    wav::write(&desk.path("plain.wav"), 48_000, &on_the_grid(50_000));
    let _ = run(&desk, "0", &["plain.wav", "plain.flac", "--bits", "24"]).expect(0);
    for name in [
        "lame.mp3",
        "stereo.ogg",
        "stereo.m4a",
        "alac.caf",
        "surround.aiff",
    ] {
        fs::copy(
            root().join("host/media/tests/data").join(name),
            desk.path(name),
        )
        .unwrap();
    }
    for (name, out) in [
        ("plain.wav", "out.flac"),
        ("plain.flac", "out.wav"),
        ("plain.flac", "out.flac"),
        ("lame.mp3", "out.flac"),
        ("stereo.ogg", "out.wav"),
        ("stereo.m4a", "out.aiff"),
        ("alac.caf", "out.flac"),
        ("surround.aiff", "out.flac"),
    ] {
        let with = |threads| {
            let _ = run(
                &desk,
                "-2",
                &[
                    name,
                    out,
                    "--bits",
                    "16",
                    "--threads",
                    threads,
                    "--report",
                    "r.json",
                ],
            )
            .expect(0);
            (fs::read(desk.path(out)).unwrap(), told(&desk))
        };
        let alone = with("1");
        for threads in ["2", "3", "0"] {
            assert!(with(threads) == alone, "{name} to {out}: {threads}");
        }
    }
}

#[test]
fn an_input_that_breaks_off_ends_the_same_on_every_number_of_threads() {
    let desk = desk();
    wav::write(&desk.path("plain.wav"), 48_000, &on_the_grid(200_000));
    let _ = run(&desk, "0", &["plain.wav", "whole.flac"]).expect(0);
    let whole = fs::read(desk.path("whole.flac")).unwrap();
    let half = whole.len() / 2;
    let mut damaged = whole.clone();
    damaged[half..half + 400].fill(0);
    for (input, code, words) in [
        (&whole[..half], 4, "the header declares 200000 frames"),
        (&damaged, 1, "is damaged after frame"),
    ] {
        desk.write("in.flac", input);
        let with = |threads| {
            let _ = fs::remove_file(desk.path("out.flac"));
            let report = ["--threads", threads, "--report", "r.json"];
            let arguments = [&["in.flac", "out.flac"], &report[..]].concat();
            let answer = run(&desk, "0", &arguments).expect(code);
            let left = fs::read_dir(desk.path(".")).unwrap().count();
            let written = fs::read(desk.path("out.flac")).ok();
            (told(&desk), answer.err, written, left)
        };
        let alone = with("1");
        assert!(format!("{:?} {}", alone.0, alone.1).contains(words));
        assert_eq!(alone.2.is_some(), code == 4);
        assert!(with("2") == alone && with("3") == alone, "{words}");
    }
}
