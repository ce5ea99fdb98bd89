//! Formats from outside: what comes in as one and goes out as another.

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

/// Runs a stage that changes nothing.
fn run(desk: &Desk, arguments: &[&str]) -> Answer {
    let stage = ["--stage", "segue.gain gain_db=0"];
    desk.segue([&["run"], arguments, &stage].concat())
}

/// A file that another program wrote.
fn foreign(desk: &Desk, name: &str) {
    let from = root().join("host/tests/data").join(name);
    fs::copy(from, desk.path(name)).unwrap();
}

fn frames(desk: &Desk, name: &str) -> (usize, usize) {
    let channels = wav::read(&desk.path(name));
    (channels.len(), channels[0].len())
}

/// Integers of 16 bits that no rounding reaches.
fn signal() -> [Vec<i16>; 2] {
    let one = |seed: u64| {
        let noise = wav::noise(seed, 10_000).into_iter();
        noise.map(|sample| (sample * 60_000.0) as i16).collect()
    };
    [one(1), one(2)]
}

#[test]
fn files_of_other_programs_come_out_as_wav_with_their_length() {
    let desk = desk();
    for (name, channels, expected) in [
        ("lame.mp3", 2, 10_000),
        ("stereo.ogg", 2, 9_000),
        ("stereo.m4a", 2, 10_000),
        ("alac.m4a", 2, 5_000),
        ("alac.caf", 2, 5_000),
        ("surround.aiff", 6, 200),
        ("alaw.wav", 1, 400),
        ("rf64.wav", 1, 400),
    ] {
        foreign(&desk, name);
        // WAV of G.711 codes is beyond the reader of this test.
        let arguments = [name, "out.wav", "--bits", "24", "--overwrite"];
        let _ = run(&desk, &arguments).expect(0);
        assert_eq!(frames(&desk, "out.wav"), (channels, expected), "{name}");
    }
}

#[test]
fn samples_survive_every_lossless_container() {
    let desk = desk();
    wav::write_16(&desk.path("in.wav"), 44_100, &signal());
    let _ = run(&desk, &["in.wav", "plain.wav"]).expect(0);
    let _ = run(&desk, &["in.wav", "a.flac"]).expect(0);
    let _ = run(&desk, &["a.flac", "b.aiff"]).expect(0);
    let _ = run(&desk, &["b.aiff", "c.raw", "--raw", "s16be:44100:2"]).expect(0);
    let _ = run(&desk, &["c.raw", "d.wav", "--raw", "s16be:44100:2"]).expect(0);
    let last = fs::read(desk.path("d.wav")).unwrap();
    assert!(last == fs::read(desk.path("plain.wav")).unwrap());
}

#[test]
fn the_width_of_the_output_is_chosen() {
    let desk = desk();
    wav::write_16(&desk.path("in.wav"), 44_100, &signal());
    for (bits, bytes) in [
        ("input", 2),
        ("8", 1),
        ("16", 2),
        ("24", 3),
        ("32", 4),
        ("f32", 4),
        ("f64", 8),
        ("ulaw", 1),
        ("alaw", 1),
    ] {
        let arguments = ["in.wav", "out.wav", "--overwrite", "--bits", bits];
        let _ = run(&desk, &arguments).expect(0);
        let file = fs::read(desk.path("out.wav")).unwrap();
        let data = file.windows(4).position(|id| id == b"data").unwrap();
        assert_eq!(file.len() - data - 8, bytes * 20_000, "{bits}");
        if ["16", "24", "32", "f32"].contains(&bits) {
            let expected = signal().map(|channel| {
                let samples = channel.into_iter();
                samples.map(|s| f32::from(s) / 32_768.0).collect::<Vec<_>>()
            });
            assert!(wav::read(&desk.path("out.wav")) == expected, "{bits}");
        }
    }
    let answer = run(&desk, &["in.wav", "no.wav", "--bits", "12"]).expect(2);
    assert!(answer.err.contains("12") && answer.err.contains("f32"));
}

#[test]
fn tags_go_from_one_format_to_another() {
    let desk = desk();
    foreign(&desk, "lame.mp3");
    let _ = run(&desk, &["lame.mp3", "a.flac"]).expect(0);
    let _ = run(&desk, &["a.flac", "b.wav"]).expect(0);
    let bytes = fs::read(desk.path("b.wav")).unwrap();
    for text in [&b"INAM\x06\0\0\0Tones\0"[..], b"IART\x07\0\0\0Nobody\0"] {
        assert!(bytes.windows(text.len()).any(|window| window == text));
    }
}

#[test]
fn a_name_that_nothing_is_written_for_is_refused_with_those_that_are() {
    let desk = desk();
    wav::write_16(&desk.path("in.wav"), 44_100, &signal());
    for (name, words) in [
        ("out.mp3", &["MP3", ".wav, .flac or .aiff"][..]),
        ("out.xyz", &["XYZ", ".wav, .flac or .aiff"]),
        ("out.raw", &["out.raw", "--raw s16le:48000:2"]),
    ] {
        let answer = run(&desk, &["in.wav", name]).expect(2);
        for word in words {
            assert!(answer.err.contains(word), "{}", answer.err);
        }
        assert!(!desk.path(name).exists());
    }
    let other = ["in.wav", "out.raw", "--raw", "s16le:48000:2"];
    let answer = run(&desk, &other).expect(2);
    assert!(answer.err.contains("44100 Hz"), "{}", answer.err);
}

#[test]
fn codes_without_a_header_go_in_and_out_unchanged() {
    let desk = desk();
    let every: Vec<u8> = (0..=255).cycle().take(4000).collect();
    for name in ["ulaw", "alaw"] {
        desk.write("in.raw", &every);
        let raw = format!("{name}:8000:1");
        let arguments = ["in.raw", "out.raw", "--overwrite", "--raw", &raw];
        let _ = run(&desk, &arguments).expect(0);
        assert!(fs::read(desk.path("out.raw")).unwrap() == every, "{name}");
    }
}

#[test]
fn what_cannot_be_decoded_is_refused_with_a_sentence_and_no_file() {
    let desk = desk();
    foreign(&desk, "opus.ogg");
    let truth = fs::read(root().join("host/tests/data/stereo.m4a")).unwrap();
    desk.write("cut.m4a", &truth[..400]);
    desk.write("noise.mp3", [0xff, 0xfb, 0x90, 1].repeat(50));
    for name in ["opus.ogg", "cut.m4a", "noise.mp3"] {
        let answer = run(&desk, &[name, "out.wav"]).expect(1);
        assert!(answer.err.contains(name), "{}", answer.err);
        assert!(!answer.err.contains("panicked"), "{}", answer.err);
        assert!(!desk.path("out.wav").exists());
    }
}
