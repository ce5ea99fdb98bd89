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
    let from = root().join("host/media/tests/data").join(name);
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
        ("eight.caf", 2, 500),
        ("ulaw.caf", 1, 400),
        ("alaw.caf", 2, 400),
        ("opposed-32.flac", 2, 960),
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

/// A WAV file with tags in a chunk of its own format and in one of ID3.
fn tagged_wav() -> Vec<u8> {
    let frame = |id: &[u8], text: &[u8]| {
        let size = (text.len() as u32 + 1).to_be_bytes();
        [id, &size, &[0, 0, 3], text].concat()
    };
    let frames = [
        frame(b"TPE2", b"Everybody"),
        frame(b"TCOM", b"Anna"),
        frame(b"TIT2", b"No"),
    ];
    let frames = frames.concat();
    let id3 = [&b"ID3\x04\0\0\0\0\0"[..], &[frames.len() as u8], &frames].concat();
    let list = b"INFOINAM\x06\0\0\0Tones\0IART\x07\0\0\0Nobody\0\0ICRD\x05\0\0\x002024\0\0";
    let chunk = |id: &[u8], content: &[u8]| {
        let padding = &[0][..content.len() % 2];
        let size = (content.len() as u32).to_le_bytes();
        [id, &size, content, padding].concat()
    };
    let format = b"\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0";
    let chunks = [
        chunk(b"fmt ", format),
        chunk(b"data", &[7; 2_000]),
        chunk(b"LIST", list),
        chunk(b"id3 ", &id3),
    ]
    .concat();
    let size = (chunks.len() as u32 + 4).to_le_bytes();
    [b"RIFF", &size[..], b"WAVE", &chunks].concat()
}

/// The tags of a file, as a FLAC file has them that is made of it.
fn tags(desk: &Desk, name: &str) -> Vec<String> {
    let _ = run(desk, &[name, "tags.flac", "--overwrite"]).expect(0);
    let bytes = fs::read(desk.path("tags.flac")).unwrap();
    let wanted = ["TITLE=", "ARTIST=", "DATE=", "ALBUMARTIST=", "COMPOSER="];
    let found = wanted.iter().filter_map(|key| {
        let at = bytes.windows(key.len() + 1).position(|window| {
            window[0] == 0 && &window[1..] == key.as_bytes() // Behind the length.
        })?;
        let size = u32::from_le_bytes(*bytes[at - 3..].first_chunk().unwrap());
        let entry = &bytes[at + 1..at + 1 + size as usize];
        Some(String::from_utf8_lossy(entry).into_owned())
    });
    found.collect()
}

#[test]
fn tags_go_as_far_as_a_format_has_room_and_the_rest_is_named() {
    let desk = desk();
    desk.write("in.wav", tagged_wav());
    let [title, artist, date] = ["TITLE=Tones", "ARTIST=Nobody", "DATE=2024"];
    let [everybody, composer] = ["ALBUMARTIST=Everybody", "COMPOSER=Anna"];
    for (output, kept, left_out) in [
        (
            "a.flac",
            vec![title, artist, date, everybody, composer],
            None,
        ),
        (
            "a.wav",
            vec![title, artist, date, composer],
            Some("WAV has no place for the tag albumartist, which is left out"),
        ),
        (
            "a.aiff",
            vec![title, artist],
            Some("AIFF has no place for the tags date, albumartist, composer, which are left out"),
        ),
    ] {
        for input in ["in.wav", "a.flac"] {
            if input == output {
                continue;
            }
            let answer = run(&desk, &[input, output, "--overwrite"]).expect(0);
            let said = said(&answer);
            match left_out {
                Some(sentence) => assert!(said.contains(sentence), "{said}"),
                None => assert!(!said.contains("no place"), "{said}"),
            }
            assert_eq!(tags(&desk, output), kept, "{input} {output}");
        }
    }
    let answer = run(&desk, &["in.wav", "a.raw", "--raw", "s16le:8000:1"]).expect(0);
    let sentence = "samples without a header have no place for the tags title, artist, date,";
    assert!(said(&answer).contains(sentence), "{}", said(&answer));
}

#[test]
fn tags_of_every_format_reach_every_format() {
    let desk = desk();
    for name in ["lame.mp3", "stereo.ogg", "stereo.m4a", "alac.m4a"] {
        foreign(&desk, name);
        for output in ["a.wav", "a.aiff", "b.flac"] {
            let _ = run(&desk, &[name, output, "--overwrite"]).expect(0);
            let found = tags(&desk, output);
            let expected = ["TITLE=Tones", "ARTIST=Nobody"];
            assert!(
                expected
                    .iter()
                    .all(|one| found.iter().any(|tag| tag == one)),
                "{name} {output}: {found:?}"
            );
        }
    }
}

fn said(answer: &Answer) -> String {
    let said = format!("{}{}", answer.text(), answer.err);
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn flac_is_held_to_its_checksum_and_keeps_its_end_whatever_stands_behind_it() {
    let desk = desk();
    foreign(&desk, "stereo-16.flac");
    let whole = fs::read(desk.path("stereo-16.flac")).unwrap();
    desk.write("tagged.flac", [&whole[..], b"TAG", &[0; 125]].concat());
    let arguments = [
        "tagged.flac",
        "out.wav",
        "--report",
        "report.json",
        "--strict-input",
    ];
    let _ = run(&desk, &arguments).expect(0);
    assert_eq!(frames(&desk, "out.wav"), (2, 2_500));
    let report = fs::read(desk.path("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(
        (&report["complete"], &report["degraded"]),
        (&true.into(), &serde_json::json!([]))
    );
    let mut other = whole;
    other[30] ^= 1;
    desk.write("other.flac", other);
    let answer = run(&desk, &["other.flac", "out.wav", "--overwrite"]).expect(4);
    let sentence = "the samples are not those that were encoded";
    assert!(said(&answer).contains(sentence), "{}", said(&answer));
    let answer = run(&desk, &["other.flac", "none.wav", "--strict-input"]).expect(1);
    assert!(answer.err.contains(sentence), "{}", answer.err);
    assert!(!desk.path("none.wav").exists());
}

#[test]
fn a_chain_of_ogg_streams_is_whole_or_refused_where_it_changes() {
    let desk = desk();
    for name in ["stereo.ogg", "second.ogg", "other.ogg"] {
        foreign(&desk, name);
    }
    let read = |name: &str| fs::read(desk.path(name)).unwrap();
    desk.write(
        "chain.ogg",
        [read("stereo.ogg"), read("second.ogg")].concat(),
    );
    let _ = run(&desk, &["chain.ogg", "out.wav", "--bits", "16"]).expect(0);
    assert_eq!(frames(&desk, "out.wav"), (2, 16_000));
    desk.write(
        "mixed.ogg",
        [read("stereo.ogg"), read("other.ogg")].concat(),
    );
    let answer = run(&desk, &["mixed.ogg", "none.wav"]).expect(1);
    assert!(
        said(&answer).contains("after frame 9000 with 44100 Hz and 1 channels"),
        "{}",
        answer.err
    );
    assert!(!desk.path("none.wav").exists());
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
    let truth = fs::read(root().join("host/media/tests/data/stereo.m4a")).unwrap();
    desk.write("cut.m4a", &truth[..400]);
    desk.write("noise.mp3", [0xff, 0xfb, 0x90, 1].repeat(50));
    foreign(&desk, "surround.m4a");
    for name in ["opus.ogg", "cut.m4a", "noise.mp3", "surround.m4a"] {
        let answer = run(&desk, &[name, "out.wav"]).expect(1);
        assert!(answer.err.contains(name), "{}", answer.err);
        assert!(!answer.err.contains("panicked"), "{}", answer.err);
        assert!(!desk.path("out.wav").exists());
    }
}
