//! FLAC files, made by `data/make-flac.sh` from samples that `sample` gives again.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use proptest::collection::vec;
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
fn sample(bits: u32, frame: i32, channel: i32) -> f32 {
    let full_scale = 1_i32 << (bits - 1);
    let integer = if frame < 2 {
        [-full_scale, full_scale - 1][((frame + channel) % 2) as usize]
    } else {
        ((frame * (37 + 11 * channel)) ^ (frame >> 3)) % (full_scale / 4) - full_scale / 8
    };
    integer as f32 / full_scale as f32
}

fn samples(bits: u32, channels: i32, frames: i32) -> Vec<f32> {
    (0..frames)
        .flat_map(|frame| (0..channels).map(move |channel| sample(bits, frame, channel)))
        .collect()
}

/// The sample of `opposed-32.flac`: two channels of 32 bits that differ by up to 33.
fn opposed(frame: i64, channel: usize) -> f32 {
    let noise = |frame: i64| frame * 2_654_435_761 % (1 << 32);
    let full = 1 << 31;
    let signed = noise(frame) - full;
    let small = ((noise(frame) % (1 << 22)) << 8) + (1 << 24);
    let side = full + 1000 * frame + frame * 7 % 13;
    let pairs = [
        [signed, -signed - 1],
        [small, small - side],
        [side - small, -small],
        [signed, noise(frame + 77) - full],
        [-full, full - 1],
    ];
    (pairs[frame as usize / 192][channel] as f64 / full as f64) as f32
}

fn opposed_samples() -> Vec<f32> {
    let frames = (0..960).flat_map(|frame| [0, 1].map(|channel| opposed(frame, channel)));
    frames.collect()
}

/// What a file of these bytes is heard as.
fn heard(bytes: &[u8]) -> Result<Heard, String> {
    let (folder, path) = new_file("in");
    fs::write(&path, bytes).unwrap();
    let heard = hear(&path, None);
    heard.map_err(|error| error.replace(&format!("{}/", folder.path().display()), ""))
}

#[test]
fn every_sample_is_exact_and_the_layout_is_flacs() {
    for (name, rate, layout, bits, frames) in [
        ("stereo-16.flac", 48_000, Layout::STEREO, 16, 2500),
        ("surround-24.flac", 96_000, Layout::SURROUND_5_1, 24, 700),
        ("mono-8.flac", 8_000, Layout::MONO, 8, 150),
    ] {
        let frames_declared = segue_media::io::open(&path(name), None).unwrap().frames();
        assert_eq!(frames_declared, Some(frames as u64));
        let heard = hear(&path(name), None).unwrap();
        assert_eq!(heard.format.sample_rate_hz(), rate);
        assert_eq!(heard.format.layout(), layout);
        assert_eq!(heard.format.source_bits().bits(), bits);
        assert_eq!(
            heard.samples,
            samples(bits, layout.channels() as i32, frames)
        );
        assert_eq!(heard.notices, []);
    }
}

#[test]
fn two_channels_of_32_bits_are_exact_however_far_they_differ() {
    let heard = hear(&path("opposed-32.flac"), None).unwrap();
    let expected = opposed_samples();
    let wrong = heard
        .samples
        .iter()
        .zip(&expected)
        .position(|(a, b)| a != b);
    assert_eq!((wrong, heard.samples.len()), (None, 1920));
    let rounded = Notice::Rounded {
        from: SampleFormat::S32,
    };
    assert_eq!(heard.notices, [rounded]);
}

#[test]
fn tags_behind_the_last_block_take_nothing_away() {
    let ape = [&b"APETAGEX\xd0\x07\0\0"[..], &[0; 20]].concat();
    let id3v1 = [&b"TAG"[..], &[b'x'; 125]].concat();
    let id3v2 = b"ID3\x04\0\0\0\0\0\x0aTIT2\0\0\0\0\0\0".to_vec();
    let both = [&ape[..], &id3v1].concat();
    let noise: Vec<u8> = (0..200_u32).map(|at| (at * 91) as u8).collect();
    for (name, bits, channels, frames) in
        [("stereo-16.flac", 16, 2, 2500), ("mono-8.flac", 8, 1, 150)]
    {
        let whole = samples(bits, channels, frames);
        let bytes = fs::read(path(name)).unwrap();
        for behind in [&ape, &id3v1, &id3v2, &both, &noise] {
            let heard = heard(&[&bytes[..], behind].concat()).unwrap();
            assert!(heard.samples == whole, "{name}: {}", heard.samples.len());
            assert_eq!(heard.notices, []);
        }
        // Where nobody says how many frames there are, tags are known by how they begin.
        let mut endless = bytes.clone();
        endless[21] &= 0xf0;
        endless[22..26].fill(0);
        for behind in [&ape, &id3v1, &id3v2, &both] {
            let heard = heard(&[&endless[..], behind].concat()).unwrap();
            assert!(heard.samples == whole, "{name}: {}", heard.samples.len());
            assert_eq!(heard.notices, []);
        }
        let error = heard(&[&endless[..], &noise].concat()).unwrap_err();
        let expected = format!("in is damaged after frame {frames}: there is no block");
        assert!(error.starts_with(&expected), "{error}");
    }
}

#[test]
fn a_tag_in_front_is_passed_over() {
    let bytes = fs::read(path("mono-8.flac")).unwrap();
    let tag = [&b"ID3\x04\0\0\0\0\x01\x00"[..], &[0; 128]].concat();
    let heard = heard(&[tag, bytes].concat()).unwrap();
    assert_eq!((heard.samples, heard.notices), (samples(8, 1, 150), vec![]));
}

#[test]
fn samples_that_are_not_those_that_were_encoded_are_said() {
    let mut bytes = fs::read(path("stereo-16.flac")).unwrap();
    bytes[30] ^= 1; // A byte of the checksum.
    let heard = heard(&bytes).unwrap();
    assert!(heard.samples == samples(16, 2, 2500));
    assert_eq!(heard.notices, [Notice::Checksum]);
    assert!(Notice::Checksum.is_loss());
}

#[test]
fn a_stream_of_unknown_length_that_ends_within_a_block_is_cut() {
    let mut bytes = fs::read(path("mono-8.flac")).unwrap();
    bytes[25] = 0;
    bytes.truncate(bytes.len() - 3);
    let heard = heard(&bytes).unwrap();
    assert_eq!(heard.samples, samples(8, 1, 128));
    assert_eq!(heard.notices, [Notice::Cut { found: 128 }]);
}

#[test]
fn a_stream_that_was_cut_out_of_another_begins_where_it_says() {
    // The second and third of three blocks, as a copy from the middle of a file has them.
    let bytes = fs::read(path("mono-8.flac")).unwrap();
    let starts: Vec<usize> = (42..bytes.len() - 4)
        .filter(|at| bytes[*at..].starts_with(&[0xff, 0xf8]))
        .collect();
    let mut later = [&bytes[..starts[0]], &bytes[starts[1]..]].concat();
    later[25] = 150 - 64;
    later[26..42].fill(0);
    let heard = heard(&later).unwrap();
    assert_eq!(
        (heard.samples, heard.notices),
        (samples(8, 1, 150)[64..].to_vec(), vec![])
    );
}

#[test]
fn tags_are_read() {
    let heard = hear(&path("stereo-16.flac"), None).unwrap();
    let tags: Vec<_> = heard
        .metadata
        .tags()
        .iter()
        .map(|tag| (&*tag.key, &*tag.value))
        .collect();
    assert_eq!(tags, [("title", "A ramp"), ("artist", "Nobody")]);
}

#[test]
fn every_truncation_is_an_error_or_the_whole_blocks_that_are_left() {
    let bytes = fs::read(path("mono-8.flac")).unwrap();
    let whole = samples(8, 1, 150);
    let mut lengths = Vec::new();
    for length in 0..bytes.len() {
        match heard(&bytes[..length]) {
            Err(error) => assert!(error.starts_with("in "), "{length}: {error}"),
            Ok(heard) => {
                let found = heard.samples.len();
                assert_eq!(heard.samples, whole[..found], "{length}");
                let short = Notice::Short {
                    expected: 150,
                    found: found as u64,
                };
                assert_eq!(
                    heard.notices,
                    if found < 150 { vec![short] } else { vec![] }
                );
                lengths.push(found);
            }
        }
    }
    lengths.sort_unstable();
    lengths.dedup();
    assert_eq!(lengths, [0, 64, 128]);
}

#[test]
fn a_declared_length_that_is_wrong_is_said() {
    let bytes = fs::read(path("mono-8.flac")).unwrap();
    let with_frames = |frames: u8| {
        let mut bytes = bytes.clone();
        bytes[25] = frames; // The lowest byte of the number of frames.
        heard(&bytes).unwrap()
    };
    let longer = with_frames(200);
    assert_eq!(longer.samples, samples(8, 1, 150));
    assert_eq!(
        longer.notices,
        [Notice::Short {
            expected: 200,
            found: 150
        }]
    );
    for frames in [64, 100] {
        let shorter = with_frames(frames);
        assert_eq!(shorter.samples, samples(8, 1, i32::from(frames)));
        assert_eq!(
            shorter.notices,
            [Notice::Long {
                expected: u64::from(frames)
            }]
        );
    }
    let unknown = with_frames(0);
    assert_eq!(
        (unknown.samples, unknown.notices),
        (samples(8, 1, 150), vec![])
    );
}

#[test]
fn a_damaged_block_is_an_error_and_what_follows_does_not_move_into_its_place() {
    let mut bytes = fs::read(path("stereo-16.flac")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    let error = heard(&bytes).unwrap_err();
    assert!(
        error.starts_with("in is damaged after frame 1152: "),
        "{error}"
    );
}

#[test]
fn bits_and_blocks_that_cannot_be_are_explained() {
    let bytes = fs::read(path("mono-8.flac")).unwrap();
    let check = |changes: &[(usize, u8)], expected: &str| {
        let mut bytes = bytes.clone();
        for (at, byte) in changes {
            bytes[*at] = *byte;
        }
        let error = heard(&bytes).unwrap_err();
        assert_eq!(error, format!("in cannot be read as FLAC: {expected}"));
    };
    check(
        &[(4, 4)],
        "its first block is of type 4 and 34 bytes, expected type 0 and 34 bytes",
    );
    check(
        &[(8, 0), (9, 3)],
        "its blocks have 3 to 64 frames, expected 16 to 65535",
    );
    check(
        &[(20, 0), (21, 0x10)],
        "its samples have 2 bits, expected 4 to 32",
    );
    check(
        &[(18, 0), (19, 0), (20, 0)],
        "the sample rate is 0 Hz, expected 1 to 768000 Hz",
    );
}

#[test]
fn frames_of_another_width_than_the_header_says_are_not_taken() {
    let mut bytes = fs::read(path("mono-8.flac")).unwrap();
    // 25 bits in the stream information only: the frames say 8.
    bytes[20] |= 1;
    bytes[21] = bytes[21] & 0x0f | 0x80;
    let error = heard(&bytes).unwrap_err();
    assert!(
        error.starts_with("in cannot be read as FLAC: it has no frame"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn any_bytes_changed_give_an_error_or_samples_that_were_there(
        changes in vec((42_usize..6000, any::<u8>()), 1..5), from in 0_usize..4,
    ) {
        let (name, whole) = [
            ("opposed-32.flac", opposed_samples()),
            ("stereo-16.flac", samples(16, 2, 2500)),
            ("surround-24.flac", samples(24, 6, 700)),
            ("mono-8.flac", samples(8, 1, 150)),
        ][from].clone();
        let mut bytes = fs::read(path(name)).unwrap();
        for (at, byte) in changes {
            let at = 42 + at % (bytes.len() - 42);
            bytes[at] = byte;
        }
        match heard(&bytes) {
            Ok(heard) => prop_assert!(heard.samples[..] == whole[..heard.samples.len()]),
            Err(error) => prop_assert!(error.starts_with("in ") && error.len() < 300, "{}", error),
        }
    }

    #[test]
    fn any_header_gives_an_error_or_an_end(changes in vec((4_usize..42, any::<u8>()), 1..6)) {
        let mut bytes = fs::read(path("mono-8.flac")).unwrap();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        if let Err(error) = heard(&bytes) {
            prop_assert!(error.starts_with("in ") && error.len() < 300, "{}", error);
        }
    }
}
