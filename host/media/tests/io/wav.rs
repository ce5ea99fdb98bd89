//! WAV files: written and read back, against `hound`, and with headers that lie.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::ProptestConfig;
use proptest::prelude::any;
use proptest::prop_assert;
use proptest::prop_assert_eq;
use proptest::proptest;
use segue_media::audio::Format;
use segue_media::audio::Layout;
use segue_media::audio::SampleFormat;
use segue_media::io::Metadata;
use segue_media::io::Notice;
use segue_media::io::OutputOptions;

use crate::hear;
use crate::new_file;
use crate::wav_options;
use crate::write;

const INTEGERS: [SampleFormat; 4] = [
    SampleFormat::U8,
    SampleFormat::S16,
    SampleFormat::S24,
    SampleFormat::S32,
];

/// The sample of an integer of so many bits.
fn sample(integer: i32, bits: u32) -> f32 {
    (f64::from(integer) / f64::from(bits - 1).exp2()) as f32
}

/// A header and samples, put together by hand.
fn wav(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut file = b"RIFF\0\0\0\0WAVE".to_vec();
    for (id, content) in chunks {
        file.extend(*id);
        file.extend((content.len() as u32).to_le_bytes());
        file.extend(*content);
        if content.len() % 2 == 1 {
            file.push(0);
        }
    }
    let size = (file.len() as u32 - 8).to_le_bytes();
    file[4..8].copy_from_slice(&size);
    file
}

/// A plain format chunk.
fn format(tag: u16, channels: u16, rate: u32, frame_bytes: u16, bits: u16) -> Vec<u8> {
    let mut chunk = Vec::new();
    chunk.extend(tag.to_le_bytes());
    chunk.extend(channels.to_le_bytes());
    chunk.extend(rate.to_le_bytes());
    chunk.extend(rate.wrapping_mul(u32::from(frame_bytes)).to_le_bytes());
    chunk.extend(frame_bytes.to_le_bytes());
    chunk.extend(bits.to_le_bytes());
    chunk
}

/// An extensible format chunk.
fn extensible(channels: u16, frame_bytes: u16, bits: u16, valid: u16, mask: u32) -> Vec<u8> {
    let mut chunk = format(0xfffe, channels, 48_000, frame_bytes, bits);
    chunk.extend(22_u16.to_le_bytes());
    chunk.extend(valid.to_le_bytes());
    chunk.extend(mask.to_le_bytes());
    chunk.extend([
        1, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71,
    ]);
    chunk
}

/// What a file of these bytes is heard as.
fn heard(bytes: &[u8]) -> Result<crate::Heard, String> {
    let (folder, path) = new_file("in");
    fs::write(&path, bytes).unwrap();
    let heard = hear(&path, None);
    heard.map_err(|error| error.replace(&format!("{}/", folder.path().display()), ""))
}

/// The reason why a file of these bytes is not read.
fn reason(bytes: &[u8]) -> String {
    let error = heard(bytes).expect_err("the header is wrong");
    let reason = error.strip_prefix("in cannot be read as WAV: ");
    reason.expect(&error).to_owned()
}

/// What `hound` reads from a file: integers, or the bits of floats.
fn by_hound(path: &Path) -> (hound::WavSpec, Vec<i32>) {
    let mut reader = hound::WavReader::open(path).unwrap();
    let spec = reader.spec();
    let samples = match spec.sample_format {
        hound::SampleFormat::Int => reader.samples::<i32>().map(Result::unwrap).collect(),
        hound::SampleFormat::Float => reader
            .samples::<f32>()
            .map(|sample| sample.unwrap().to_bits().cast_signed())
            .collect(),
    };
    (spec, samples)
}

// Every case brings a file to the disk, which takes its time.
proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn integers_written_here_are_read_by_hound_and_by_us(
        integers in vec(any::<i32>(), 0..3000), channels in 1_u16..9, samples in 0_usize..4,
    ) {
        let (_folder, path) = new_file("out.wav");
        let (samples, bits) = (INTEGERS[samples], INTEGERS[samples].bits());
        let integers: Vec<i32> = integers[..integers.len() / usize::from(channels) * usize::from(channels)]
            .iter()
            .map(|integer| integer >> (32 - bits))
            .map(|integer| if bits == 32 { integer & !0xff } else { integer })
            .collect();
        let floats: Vec<f32> = integers.iter().map(|integer| sample(*integer, bits)).collect();
        let layout = Layout::usual(channels).unwrap();
        let written = write(&path, &wav_options(layout, samples), &floats).unwrap();
        prop_assert_eq!(written.frames, integers.len() as u64 / u64::from(channels));
        prop_assert_eq!((written.bytes + written.bytes % 2, written.clipped), (fs::metadata(&path).unwrap().len(), 0));

        let (spec, found) = by_hound(&path);
        prop_assert_eq!((spec.channels, spec.sample_rate, u32::from(spec.bits_per_sample)), (channels, 48_000, bits));
        prop_assert_eq!(&found, &integers);
        let heard = hear(&path, None).unwrap();
        prop_assert_eq!(heard.format, Format::new(48_000, layout, samples).unwrap());
        prop_assert_eq!(heard.samples, floats);
    }

    #[test]
    fn floats_keep_every_bit_both_ways(bits in vec(any::<u32>(), 0..2000), channels in 1_u16..5) {
        let bits = &bits[..bits.len() / usize::from(channels) * usize::from(channels)];
        let samples: Vec<f32> = bits.iter().copied().map(f32::from_bits).collect();
        let (_folder, path) = new_file("out.wav");
        let layout = Layout::usual(channels).unwrap();
        write(&path, &wav_options(layout, SampleFormat::F32), &samples).unwrap();
        let heard = hear(&path, None).unwrap();
        prop_assert_eq!(heard.bits(), bits);
        prop_assert_eq!(heard.notices, []);
        let (spec, found) = by_hound(&path);
        prop_assert_eq!(spec.sample_format, hound::SampleFormat::Float);
        prop_assert_eq!(found, bits.iter().map(|bits| bits.cast_signed()).collect::<Vec<_>>());
    }

    #[test]
    fn what_hound_writes_is_read_exactly(
        integers in vec(any::<i32>(), 0..2000), channels in 1_u16..9, bits in 0_usize..4,
    ) {
        let (_folder, path) = new_file("in.wav");
        let bits = INTEGERS[bits].bits();
        let integers = &integers[..integers.len() / usize::from(channels) * usize::from(channels)];
        let spec = hound::WavSpec {
            channels,
            sample_rate: 44_100,
            bits_per_sample: bits as u16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        for integer in integers {
            writer.write_sample(integer >> (32 - bits)).unwrap();
        }
        writer.finalize().unwrap();
        let expected: Vec<f32> = integers.iter().map(|integer| sample(integer >> (32 - bits), bits)).collect();
        let heard = hear(&path, None).unwrap();
        prop_assert_eq!(heard.samples, expected);
        prop_assert_eq!(heard.format.sample_rate_hz(), 44_100);
        let rounded = Notice::Rounded { from: SampleFormat::S32 };
        prop_assert_eq!(heard.notices, if bits == 32 { vec![rounded] } else { vec![] });
    }

    #[test]
    fn the_layout_survives(mask in 0_u32..1 << 18, channels in 1_u16..20) {
        proptest::prop_assume!(mask != 1); // Some writers' word for mono: see below.
        let (_folder, path) = new_file("out.wav");
        let count = if mask == 0 { channels } else { mask.count_ones() as u16 };
        let layout = Layout::from_parts(mask, count).unwrap();
        for samples in [SampleFormat::S16, SampleFormat::F32] {
            let _ = fs::remove_file(&path);
            let silence = vec![0.0; 3 * layout.channels()];
            write(&path, &wav_options(layout, samples), &silence).unwrap();
            prop_assert_eq!(hear(&path, None).unwrap().format.layout(), layout);
        }
    }
}

proptest! {
    #[test]
    fn a_header_with_any_bytes_changed_gives_an_error_or_no_more_than_the_file_has(
        changes in vec((0_usize..140, any::<u8>()), 1..6), from in 0_usize..2,
    ) {
        let mut bytes = examples()[from].clone();
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        match heard(&bytes) {
            Ok(heard) => prop_assert!(heard.samples.len() <= bytes.len()),
            Err(error) => prop_assert!(error.starts_with("in ") && error.len() < 300, "{}", error),
        }
    }
}

/// A file with a plain and one with an extensible header, tags, and samples in front of a tail.
fn examples() -> [Vec<u8>; 2] {
    let plain = format(1, 2, 8_000, 4, 16);
    let long = extensible(3, 9, 24, 24, 0b111);
    let tags = b"INFOINAM\x03\0\0\0abc\0";
    [
        wav(&[
            (b"fmt ", &plain),
            (b"LIST", tags),
            (b"data", &[7; 40]),
            (b"tail", b"odd"),
        ]),
        wav(&[
            (b"JUNK", &[0; 5]),
            (b"fmt ", &long),
            (b"data", &[7; 45]),
            (b"LIST", tags),
        ]),
    ]
}

#[test]
fn every_truncation_is_an_error_or_what_is_left() {
    for (bytes, samples_at, frame_bytes, channels) in
        [(&examples()[0], 68, 4, 2), (&examples()[1], 82, 9, 3)]
    {
        let whole = heard(bytes).unwrap();
        assert_eq!(whole.notices, []);
        for length in 0..bytes.len() {
            match heard(&bytes[..length]) {
                Err(error) => {
                    assert!(length < samples_at, "{length}: {error}");
                    let expected = if length < 12 {
                        "in "
                    } else {
                        "in cannot be read as WAV: "
                    };
                    assert!(error.starts_with(expected), "{length}: {error}");
                }
                Ok(heard) => {
                    let frames =
                        ((length - samples_at) / frame_bytes).min(whole.samples.len() / channels);
                    assert_eq!(
                        heard.samples,
                        whole.samples[..frames * channels],
                        "{length}"
                    );
                    let short = frames * channels < whole.samples.len();
                    assert_eq!(
                        !heard.notices.is_empty(),
                        short,
                        "{length}: {:?}",
                        heard.notices
                    );
                }
            }
        }
    }
}

#[test]
fn a_data_size_beyond_the_file_is_said_and_what_is_there_is_read() {
    let mut bytes = wav(&[(b"fmt ", &format(1, 1, 8_000, 2, 16)), (b"data", &[0; 11])]);
    bytes.pop(); // The padding.
    bytes[40..44].copy_from_slice(&1_000_001_u32.to_le_bytes());
    let heard = heard(&bytes).unwrap();
    assert_eq!(heard.samples.len(), 5);
    let notices: Vec<_> = heard.notices.iter().map(Notice::to_string).collect();
    let expected = [
        "the last frame has 1 of 2 bytes and is left out",
        "the header declares 500000 frames, the input ends after 5",
    ];
    assert_eq!(notices, expected);
}

#[test]
fn sizes_that_nobody_filled_in_mean_until_the_end() {
    let unknown = u32::MAX;
    for (riff, data, expected) in [
        (unknown, unknown, 20),
        (0, 0, 20),
        (36, 0, 20),
        (36 + 12, 0, 0), // Empty, and other chunks follow.
        (unknown, 0, 20),
    ] {
        let mut bytes = wav(&[(b"fmt ", &format(1, 1, 8_000, 1, 8)), (b"data", &[200; 20])]);
        bytes[4..8].copy_from_slice(&riff.to_le_bytes());
        bytes[40..44].copy_from_slice(&data.to_le_bytes());
        let heard = heard(&bytes).unwrap();
        assert_eq!(
            (heard.samples.len(), heard.notices),
            (expected, vec![]),
            "{riff} {data}"
        );
    }
}

#[test]
fn sizes_of_64_bits_are_read() {
    for signature in [b"RF64", b"BW64"] {
        let mut sizes = [0; 28];
        sizes[8] = 6;
        let chunk = format(1, 1, 8_000, 2, 16);
        let tail: &[u8] = &[1; 8];
        let mut bytes = wav(&[
            (b"ds64", &sizes),
            (b"fmt ", &chunk),
            (b"data", &[0; 6]),
            (b"tail", tail),
        ]);
        bytes[..4].copy_from_slice(signature);
        bytes[76..80].copy_from_slice(&u32::MAX.to_le_bytes());
        let whole = heard(&bytes).unwrap();
        assert_eq!((whole.samples.len(), whole.notices), (3, vec![]));
        // Nobody came back to fill them in, as on a pipe.
        for unknown in [0, 0xff] {
            bytes[20..36].fill(unknown);
            let heard = heard(&bytes).unwrap();
            assert_eq!((heard.samples.len(), heard.notices), (3 + 8, vec![]));
        }
    }
}

#[test]
fn headers_that_make_no_sense_are_explained() {
    let data: (&[u8; 4], &[u8]) = (b"data", &[0; 64]);
    for (chunk, expected) in [
        (
            format(1, 0, 8_000, 2, 16),
            "the number of channels is 0, expected 1 to 64",
        ),
        (
            format(1, 1_000, 8_000, 2_000, 16),
            "the number of channels is 1000, expected 1 to 64",
        ),
        (
            format(1, 2, 0, 4, 16),
            "the sample rate is 0 Hz, expected 1 to 768000 Hz",
        ),
        (
            format(1, 2, u32::MAX, 4, 16),
            "the sample rate is 4294967295 Hz, expected 1 to 768000 Hz",
        ),
        (
            format(1, 2, 8_000, 4, 0),
            "its samples have 0 bits, expected 1 to 32 for PCM",
        ),
        (
            format(1, 2, 8_000, 4, 64),
            "its samples have 64 bits, expected 1 to 32 for PCM",
        ),
        (
            format(3, 2, 8_000, 4, 16),
            "its samples have 16 bits, expected 32 or 64 for float",
        ),
        (
            format(1, 2, 8_000, 3, 16),
            "its frames have 3 bytes, expected 4 for its channels and bits",
        ),
        (
            format(2, 2, 8_000, 4, 4),
            "its samples have format tag 0x0002, expected 1 (PCM), 3 (float), 6 (A-law) or 7 (µ-law)",
        ),
        (
            format(7, 1, 8_000, 2, 16),
            "its samples have 16 bits, expected 8 for G.711",
        ),
        (
            format(1, 1, 8_000, 2, 16)[..14].to_vec(),
            "its format chunk has 14 bytes, expected at least 16",
        ),
        (
            extensible(2, 4, 16, 16, 3)[..24].to_vec(),
            "its format chunk has 24 bytes, expected at least 40",
        ),
    ] {
        assert_eq!(reason(&wav(&[(b"fmt ", &chunk), data])), expected);
    }
    let plain = format(1, 1, 8_000, 2, 16);
    assert_eq!(
        reason(&wav(&[data, (b"fmt ", &plain)])),
        "its data comes before its format"
    );
    assert_eq!(
        reason(&wav(&[(b"fmt ", &plain)])),
        "it ends without a data chunk"
    );
    let many = vec![(b"more", &[][..]); 300];
    assert_eq!(
        reason(&wav(&many)),
        "more than 256 chunks stand before its audio"
    );
    let mut huge = wav(&[(b"fmt ", &plain), (b"JUNK", &[0; 4]), data]);
    huge[40..44].copy_from_slice(&[0xf0, 0xff, 0xff, 0xff]);
    let expected = "its JUNK chunk has 4294967280 bytes, expected the audio within 67108864";
    assert_eq!(reason(&huge), expected);
}

#[test]
fn an_extensible_header_says_valid_bits_and_positions() {
    let tail: &[u8] = &[0, 1, 2, 0x40, 0, 1, 2, 0xc0];
    for (valid, mask, layout, notices) in [
        (24, 0b11, Layout::STEREO, vec![]),
        (
            32,
            0b11,
            Layout::STEREO,
            vec![Notice::Rounded {
                from: SampleFormat::S32,
            }],
        ),
        (24, 0, Layout::discrete(2), vec![]),
        (24, 0b101, Layout::positions(0b101), vec![]),
        (
            24,
            0b111,
            Layout::STEREO,
            vec![Notice::MaskIgnored {
                mask: 0b111,
                channels: 2,
            }],
        ),
        (
            24,
            1 << 31,
            Layout::STEREO,
            vec![Notice::MaskIgnored {
                mask: 1 << 31,
                channels: 2,
            }],
        ),
    ] {
        let chunk = extensible(2, 8, 32, valid, mask);
        let heard = heard(&wav(&[(b"fmt ", &chunk), (b"data", tail)])).unwrap();
        assert_eq!((heard.format.layout(), heard.notices), (layout, notices));
        assert_eq!(
            heard.samples,
            [sample(0x4002_0100, 32), sample(0xc002_0100_u32 as i32, 32)]
        );
    }
}

#[test]
fn one_channel_at_the_front_left_is_mono() {
    for mask in [0b1, 0b100] {
        let chunk = extensible(1, 4, 32, 24, mask);
        let heard = heard(&wav(&[(b"fmt ", &chunk), (b"data", &[0; 4])])).unwrap();
        assert_eq!(heard.format.layout(), Layout::MONO);
        assert_eq!(heard.notices, vec![]);
    }
}

#[test]
fn headers_are_plain_where_the_format_allows_it() {
    let check = |layout, samples, expected: (u16, u32, bool)| {
        let (_folder, path) = new_file("out.wav");
        let options = OutputOptions {
            frames: Some(0),
            ..wav_options(layout, samples)
        };
        write(&path, &options, &[]).unwrap();
        let bytes = fs::read(&path).unwrap();
        let tag = u16::from_le_bytes([bytes[20], bytes[21]]);
        let size = u32::from_le_bytes([bytes[16], bytes[17], bytes[18], bytes[19]]);
        let fact = bytes.windows(4).any(|id| id == b"fact");
        assert_eq!((tag, size, fact), expected, "{layout} {samples}");
        assert_eq!(
            bytes.len() as u32,
            u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]) + 8
        );
    };
    check(Layout::MONO, SampleFormat::U8, (1, 16, false));
    check(Layout::STEREO, SampleFormat::S16, (1, 16, false));
    check(Layout::STEREO, SampleFormat::S24, (0xfffe, 40, false));
    check(Layout::MONO, SampleFormat::S32, (0xfffe, 40, false));
    check(Layout::STEREO, SampleFormat::F32, (3, 18, true));
    check(Layout::discrete(2), SampleFormat::S16, (0xfffe, 40, false));
    check(Layout::SURROUND_5_1, SampleFormat::S16, (0xfffe, 40, false));
    check(Layout::SURROUND_5_1, SampleFormat::F32, (0xfffe, 40, true));
    check(Layout::MONO, SampleFormat::MuLaw, (7, 18, true));
    check(Layout::STEREO, SampleFormat::ALaw, (6, 18, true));
    check(Layout::SURROUND_5_1, SampleFormat::ALaw, (0xfffe, 40, true));
}

#[test]
fn tags_and_odd_lengths_survive() {
    let (_folder, path) = new_file("out.wav");
    let mut metadata = Metadata::default();
    metadata.push("TITLE", "Grüße");
    metadata.push("artist", "");
    metadata.push("mood", "nowhere to put it");
    let options = OutputOptions {
        metadata: &metadata,
        ..wav_options(Layout::MONO, SampleFormat::U8)
    };
    write(&path, &options, &[0.5, -0.5, 0.25]).unwrap();
    let heard = hear(&path, None).unwrap();
    assert_eq!(heard.samples, [0.5, -0.5, 0.25]);
    let tags: Vec<_> = heard
        .metadata
        .tags()
        .iter()
        .map(|tag| (&*tag.key, &*tag.value))
        .collect();
    assert_eq!(tags, [("title", "Grüße"), ("artist", "")]);
    assert_eq!(fs::metadata(&path).unwrap().len() % 2, 0);
}

#[test]
fn clipped_samples_are_counted() {
    let (_folder, path) = new_file("out.wav");
    let samples = [1.0, -1.0, 0.999, -1.001, f32::INFINITY, 2.0];
    let options = wav_options(Layout::STEREO, SampleFormat::S16);
    assert_eq!(write(&path, &options, &samples).unwrap().clipped, 4);
}

#[test]
fn tags_behind_the_samples_are_read_from_a_file() {
    let chunk = format(1, 1, 8_000, 1, 8);
    let tags = |name: &str| format!("INFOINAM\x04\0\0\0{name}").into_bytes();
    let (before, behind) = (tags("one\0"), tags("two\0"));
    let bytes = wav(&[
        (b"fmt ", &chunk),
        (b"LIST", &before),
        (b"data", &[128; 3]),
        (b"odd ", &[0; 5]),
        (b"LIST", &behind),
    ]);
    for length in 0..bytes.len() {
        let found = heard(&bytes[..length]).map_or(0, |heard| heard.metadata.tags().len());
        let before = usize::from(length >= 68);
        assert_eq!(found, before, "{length}");
    }
    let heard = heard(&bytes).unwrap();
    let values: Vec<_> = heard
        .metadata
        .tags()
        .iter()
        .map(|tag| &*tag.value)
        .collect();
    assert_eq!((values, heard.samples.len()), (vec!["one", "two"], 3));
}
