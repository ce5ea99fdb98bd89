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
use segue_media::audio::Layout;
use segue_media::audio::SampleFormat;
use segue_media::io::Notice;

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
        let declared = segue_media::io::open(&path(name), None).unwrap().frames();
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
        let declared = segue_media::io::open(&path(name), None).unwrap().frames();
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
fn a_tag_behind_the_last_frame_of_mp3_is_read() {
    let bytes = fs::read(path("plain.mp3")).unwrap();
    let mut tag = [0; 128];
    tag[..8].copy_from_slice(b"TAGTones");
    let (plain, tagged) = (
        heard(&bytes).unwrap(),
        heard(&[&bytes[..], &tag].concat()).unwrap(),
    );
    assert!(plain.samples == tagged.samples);
    assert_eq!(said(&tagged), [("title", "Tones")]);
}

#[test]
fn caf_has_samples_of_8_bits_and_codes_of_g711() {
    for (name, rate, layout, form, frames, noise) in [
        (
            "eight.caf",
            48_000,
            Layout::STEREO,
            SampleFormat::U8,
            500,
            0.03,
        ),
        (
            "ulaw.caf",
            8_000,
            Layout::MONO,
            SampleFormat::MuLaw,
            400,
            0.02,
        ),
        (
            "alaw.caf",
            8_000,
            Layout::STEREO,
            SampleFormat::ALaw,
            400,
            0.02,
        ),
        (
            "wide.caf",
            48_000,
            Layout::STEREO,
            SampleFormat::S32,
            300,
            0.0,
        ),
    ] {
        let declared = segue_media::io::open(&path(name), None).unwrap().frames();
        assert_eq!(declared, Some(frames as u64), "{name}");
        let heard = hear(&path(name), None).unwrap();
        assert_eq!(heard.format.sample_rate_hz(), rate, "{name}");
        assert_eq!(heard.format.layout(), layout, "{name}");
        assert_eq!(heard.format.source_bits(), form, "{name}");
        assert_eq!(heard.samples.len(), frames * layout.channels(), "{name}");
        for channel in 0..layout.channels() {
            let found = difference(&heard, channel, 0);
            assert!(found <= noise, "{name}: {found}");
        }
        let rounded = Notice::Rounded { from: form };
        let is_rounded = form == SampleFormat::S32;
        assert_eq!(heard.notices, Vec::from_iter(is_rounded.then_some(rounded)));
    }
}

#[test]
fn caf_headers_that_make_no_sense_are_explained() {
    let check = |name: &str, changes: &[(usize, u8)], expected: &str| {
        let mut bytes = fs::read(path(name)).unwrap();
        for (at, byte) in changes {
            bytes[*at] = *byte;
        }
        let error = heard(&bytes).unwrap_err();
        assert_eq!(error, format!("in cannot be read as CAF: {expected}"));
    };
    check(
        "wide.caf",
        &[(51, 40)],
        "its samples are integers of 40 bits, expected integers of 1 to 32 bits or floats of 32 or 64 bits",
    );
    check(
        "wide.caf",
        &[(51, 24)],
        "its frames have 8 bytes, expected 6 for its channels and bits",
    );
    check(
        "ulaw.caf",
        &[(47, 0)],
        "the number of channels is 0, expected 1 to 64",
    );
    check(
        "ulaw.caf",
        &[(20, 0xc0)],
        "its sample rate is -8000, expected a number of Hz from 1 on",
    );
    check(
        "ulaw.caf",
        &[(52, b'x'), (56, 1)],
        "its audio does not begin within 256 chunks and 67108864 bytes",
    );
}

#[test]
fn flac_in_ogg_is_flac() {
    let (inside, plain) = ("opposed-32.oga", "opposed-32.flac");
    let [inside, plain] = [inside, plain].map(|name| hear(&path(name), None).unwrap());
    assert!(inside.samples == plain.samples);
    assert_eq!(inside.notices, plain.notices);
}

/// Two streams of Vorbis one after the other.
fn chain(names: [&str; 2]) -> Vec<u8> {
    names.map(|name| fs::read(path(name)).unwrap()).concat()
}

#[test]
fn a_chain_of_streams_is_read_whole() {
    let bytes = chain(["stereo.ogg", "second.ogg"]);
    let [first, second] = ["stereo.ogg", "second.ogg"].map(|name| hear(&path(name), None).unwrap());
    let whole = heard(&bytes).unwrap();
    assert!(whole.samples == [first.samples, second.samples].concat());
    assert_eq!((whole.samples.len(), whole.notices), (2 * 16_000, vec![]));
    let (_folder, path) = new_file("in");
    fs::write(&path, &bytes).unwrap();
    // What one of them says of its length is not the length of all.
    assert_eq!(segue_media::io::open(&path, None).unwrap().frames(), None);
    // A stream that was stopped within the second one.
    let cut = heard(&bytes[..bytes.len() - 1_000]).unwrap();
    let found = cut.samples.len() as u64 / 2;
    assert!((9_000..16_000).contains(&found), "{found}");
    assert_eq!(cut.notices, [Notice::Cut { found }]);
}

#[test]
fn a_chain_that_changes_its_form_says_where() {
    let error = heard(&chain(["stereo.ogg", "other.ogg"])).unwrap_err();
    let expected = "in goes on after frame 9000 with 44100 Hz and 1 channels, expected 48000 Hz and \
                    2 channels as before; split it there, or convert it to one form first, as with \
                    ffmpeg";
    assert_eq!(error, expected);
}

#[test]
fn ogg_that_is_cut_off_is_said() {
    for name in ["stereo.ogg", "second.ogg", "flac.ogg"] {
        let bytes = fs::read(path(name)).unwrap();
        let pages: Vec<usize> = (0..bytes.len())
            .filter(|at| bytes[*at..].starts_with(b"OggS"))
            .collect();
        // Within a page, and where the last one would begin.
        for length in [bytes.len() - 10, pages[pages.len() - 1]] {
            // What has no whole page of audio is refused.
            let Ok(heard) = heard(&bytes[..length]) else {
                assert!(pages.len() < 4, "{name} {length}");
                continue;
            };
            assert!(
                heard.notices.iter().any(Notice::is_loss),
                "{name} {length}: {:?}",
                heard.notices
            );
        }
    }
}

#[test]
fn aac_of_more_channels_than_are_decoded_says_what_to_do() {
    let error = hear(&path("surround.m4a"), None).unwrap_err();
    let expected = "it is AAC of 6 channels, and Segue decodes AAC of low complexity in mono and \
                    stereo; convert it first, as with ffmpeg -i IN out.wav";
    assert!(error.ends_with(expected), "{error}");
}

#[test]
fn a_codec_without_a_decoder_is_named() {
    let error = hear(&path("opus.ogg"), None).unwrap_err();
    let expected = "opus.ogg cannot be decoded: it has no audio that can be decoded: ";
    assert!(error.contains(expected), "{error}");
}

/// Every file that a decoder of others reads, and two that are read beside them.
const COMPRESSED: [&str; 15] = [
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
    "opposed-32.oga",
    "front.m4a",
    "surround.m4a",
    "eight.caf",
    "alaw.caf",
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
        changes in vec((any::<proptest::sample::Index>(), any::<u8>()), 1..12), at in 0_usize..15,
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
