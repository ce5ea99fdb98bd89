//! Files that other programs wrote, most of them compressed. `data/make-compressed.sh` made them
//! from tones that `tone` gives again.

use std::f64::consts::TAU;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::ProptestConfig;
use proptest::prelude::any;
use proptest::prop_assert;
use proptest::proptest;
use segue::audio::Layout;
use segue::audio::SampleFormat;
use segue::io::Notice;

use crate::Heard;
use crate::hear;
use crate::new_file;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// The sample that the script encodes.
fn tone(rate: u32, frame: usize, channel: usize) -> f32 {
    let phase = TAU * (channel + 1) as f64 * 250.0 * frame as f64 / f64::from(rate);
    ((9000.0 * phase.sin()).round_ties_even() / 32_768.0) as f32
}

fn tones(rate: u32, channels: usize, frames: usize) -> Vec<f32> {
    (0..frames)
        .flat_map(|frame| (0..channels).map(move |channel| tone(rate, frame, channel)))
        .collect()
}

/// How loud the difference between a channel and its tone is, beside the tone, at a lag in frames.
fn difference(heard: &Heard, channel: usize, lag: usize) -> f64 {
    let (rate, channels) = (heard.format.sample_rate_hz(), heard.format.channels());
    let plane = heard.samples.iter().skip(channel).step_by(channels);
    let (mut difference, mut power) = (0.0, 0.0);
    for (frame, sample) in plane.enumerate() {
        let tone = f64::from(tone(rate, frame + lag, channel));
        difference += (f64::from(*sample) - tone).powi(2);
        power += tone.powi(2);
    }
    (difference / power).sqrt()
}

fn said(heard: &Heard) -> Vec<(&str, &str)> {
    let tags = heard.metadata.tags().iter();
    let tags = tags.map(|tag| (&*tag.key, &*tag.value));
    tags.filter(|(key, _)| *key != "encoder").collect()
}

#[test]
fn what_is_compressed_without_loss_is_exact() {
    let (stereo, surround) = (Layout::STEREO, Layout::SURROUND_5_1);
    let (s16, s24) = (SampleFormat::S16, SampleFormat::S24);
    for (name, rate, layout, bits, frames) in [
        ("alac.m4a", 48_000, stereo, s16, 5000),
        ("alac.caf", 48_000, stereo, s16, 5000),
        ("surround-alac.m4a", 48_000, surround, s16, 2000),
        ("pcm.caf", 48_000, Layout::MONO, s16, 500),
        ("flac.ogg", 48_000, stereo, s16, 1500),
        ("stereo.aiff", 44_100, stereo, s16, 500),
        ("surround.aiff", 44_100, surround, s24, 200),
        ("float.aifc", 44_100, Layout::MONO, SampleFormat::F32, 200),
        ("sowt.aifc", 44_100, stereo, s16, 200),
        ("rf64.wav", 8_000, Layout::MONO, s16, 400),
        ("double.wav", 8_000, stereo, SampleFormat::F64, 200),
    ] {
        let declared = segue::io::open(&path(name), None).unwrap().frames();
        let heard = hear(&path(name), None).unwrap();
        assert_eq!(heard.format.sample_rate_hz(), rate, "{name}");
        assert_eq!(heard.format.layout(), layout, "{name}");
        assert_eq!(heard.format.source_bits(), bits, "{name}");
        assert!(
            heard.samples == tones(rate, layout.channels(), frames),
            "{name}: {} samples",
            heard.samples.len()
        );
        // Its writer counts whole packets.
        let known = (name != "alac.caf").then_some(frames as u64);
        assert_eq!(declared, known, "{name}");
        let rounded = Notice::Rounded {
            from: SampleFormat::F64,
        };
        let expected = Vec::from_iter((bits == SampleFormat::F64).then_some(rounded));
        assert_eq!(heard.notices, expected, "{name}");
    }
}

#[test]
fn codes_of_other_programs_are_the_codes_of_g711() {
    for (name, form) in [
        ("ulaw.aifc", SampleFormat::MuLaw),
        ("alaw.wav", SampleFormat::ALaw),
    ] {
        let heard = hear(&path(name), None).unwrap();
        assert_eq!(heard.format.source_bits(), form);
        assert_eq!(heard.samples.len(), 400);
        assert!(difference(&heard, 0, 0) < 0.02, "{name}");
    }
}

#[test]
fn what_is_compressed_with_loss_has_its_length_and_place() {
    let (mono, stereo) = (Layout::MONO, Layout::STEREO);
    for (name, rate, layout, frames) in [
        ("lame.mp3", 44_100, stereo, 10_000),
        ("stereo.ogg", 48_000, stereo, 9_000),
        ("surround.ogg", 48_000, Layout::SURROUND_5_1, 6_000),
        ("stereo.m4a", 44_100, stereo, 10_000),
        ("plain.mp3", 32_000, mono, 0),
        ("mono.aac", 44_100, mono, 0),
    ] {
        let declared = segue::io::open(&path(name), None).unwrap().frames();
        let heard = hear(&path(name), None).unwrap();
        assert_eq!(heard.format.sample_rate_hz(), rate, "{name}");
        assert_eq!(heard.format.layout(), layout, "{name}");
        assert_eq!(heard.format.source_bits(), SampleFormat::F32, "{name}");
        assert_eq!(heard.notices, [], "{name}");
        if frames == 0 {
            // Nothing in the file says how much of it was put in by the encoder.
            assert_eq!(declared, None, "{name}");
            assert!(!heard.samples.is_empty(), "{name}");
            continue;
        }
        assert_eq!(declared, Some(frames as u64), "{name}");
        assert_eq!(heard.samples.len(), frames * layout.channels(), "{name}");
        for channel in 0..layout.channels() {
            // What is low-passed away has no place to be compared.
            if layout == Layout::SURROUND_5_1 && channel == 3 {
                continue;
            }
            let here = difference(&heard, channel, 0);
            let late = difference(&heard, channel, 3);
            assert!(here < 0.2 && here < late, "{name} {channel}: {here} {late}");
        }
    }
}

#[test]
fn tags_have_the_names_of_vorbis_comments() {
    for name in [
        "lame.mp3",
        "stereo.ogg",
        "stereo.m4a",
        "alac.m4a",
        "stereo.aiff",
    ] {
        let heard = hear(&path(name), None).unwrap();
        let mut said = said(&heard);
        said.retain(|(key, _)| ["title", "artist"].contains(key));
        said.sort_unstable();
        let expected = [("artist", "Nobody"), ("title", "Tones")];
        // Its writer knows the title only.
        let known = usize::from(name == "stereo.aiff");
        assert_eq!(said, expected[known..], "{name}");
    }
}

#[test]
fn a_codec_without_a_decoder_is_named() {
    let error = hear(&path("opus.ogg"), None).unwrap_err();
    let expected = "opus.ogg cannot be decoded: it has no audio that can be decoded: ";
    assert!(error.contains(expected), "{error}");
}

/// Every file of the script that a decoder of others reads.
const COMPRESSED: [&str; 10] = [
    "lame.mp3",
    "plain.mp3",
    "stereo.ogg",
    "surround.ogg",
    "stereo.m4a",
    "mono.aac",
    "alac.m4a",
    "alac.caf",
    "flac.ogg",
    "opus.ogg",
];

/// What a file of these bytes is heard as.
fn heard(bytes: &[u8]) -> Result<Heard, String> {
    let (folder, path) = new_file("in");
    fs::write(&path, bytes).unwrap();
    let heard = hear(&path, None);
    heard.map_err(|error| error.replace(&format!("{}/", folder.path().display()), ""))
}

#[test]
fn truncations_are_an_error_or_what_is_left() {
    for name in COMPRESSED {
        let bytes = fs::read(path(name)).unwrap();
        let whole = heard(&bytes).map_or(0, |heard| heard.samples.len());
        for length in (0..bytes.len()).step_by(bytes.len() / 40) {
            match heard(&bytes[..length]) {
                Ok(heard) => assert!(heard.samples.len() <= whole, "{name} {length}"),
                Err(error) => assert!(
                    error.starts_with("in ") && error.len() < 300,
                    "{name} {length}: {error}"
                ),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn any_bytes_changed_give_an_error_or_an_end(
        changes in vec((any::<proptest::sample::Index>(), any::<u8>()), 1..12), at in 0_usize..10,
    ) {
        let mut bytes = fs::read(path(COMPRESSED[at])).unwrap();
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        match heard(&bytes) {
            Ok(heard) => prop_assert!(heard.samples.len() < 4_000_000),
            Err(error) => prop_assert!(error.starts_with("in ") && error.len() < 300, "{}", error),
        }
    }
}
