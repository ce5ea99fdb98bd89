//! FLAC as it is written: read back bit for bit, whatever the signal, and small where it can be.

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
use segue_media::io::Container;
use segue_media::io::Metadata;
use segue_media::io::OutputOptions;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioDecoder;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::formats::FormatOptions;
use symphonia::core::formats::FormatReader;
use symphonia::core::io::MediaSourceStream;
use symphonia::core::io::MediaSourceStreamOptions;
use symphonia::default::codecs::FlacDecoder;
use symphonia::default::formats::FlacReader;

use crate::hear;
use crate::new_file;
use crate::wav_options;
use crate::write;

const FORMS: [SampleFormat; 3] = [SampleFormat::S8, SampleFormat::S16, SampleFormat::S24];

fn options(layout: Layout, form: SampleFormat) -> OutputOptions<'static> {
    OutputOptions {
        container: Container::Flac,
        ..wav_options(layout, form)
    }
}

/// A signal that exercises one way of coding, as integers of so many bits.
fn signal(kind: usize, bits: u32, frames: usize, seed: u32) -> Vec<i32> {
    let full = f64::from(1_u32 << (bits - 1));
    let mut state = seed | 1;
    let mut noise = move || {
        // Marsaglia's xorshift with 32 bits.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        f64::from(state) / f64::from(u32::MAX) * 2.0 - 1.0
    };
    let one = |frame: usize, noise: f64| {
        let time = frame as f64;
        match kind {
            0 => 0.0,
            1 => noise,
            2 => 0.6 * (time * 0.02).sin() + 0.3 * (time * 0.17).sin(),
            3 => 0.5 * (time * 0.05).sin() + 0.01 * noise,
            4 => [-1.0, 1.0][(frame / 37 + seed as usize) % 2],
            5 => (time * 0.001 % 2.0) - 1.0,
            6 => ((0.4 * (time * 0.03).sin() * full / 16.0).round() * 16.0) / full,
            // Silence but for single clicks: the hardest case of a Rice code.
            7 => f64::from(u8::from(frame % 1999 == 77)) * noise.signum(),
            _ => 1.0e-4 * noise,
        }
    };
    (0..frames)
        .map(|frame| {
            (one(frame, noise()) * full)
                .round()
                .clamp(-full, full - 1.0) as i32
        })
        .collect()
}

fn samples_of(integers: &[Vec<i32>], bits: u32) -> Vec<f32> {
    let frames = integers[0].len();
    let sample = |integer: i32| integer as f32 / (1_u32 << (bits - 1)) as f32;
    (0..frames)
        .flat_map(|frame| integers.iter().map(move |channel| sample(channel[frame])))
        .collect()
}

/// The integers of a file as `symphonia` decodes them, interleaved, in the upper of 32 bits.
fn by_symphonia(path: &Path) -> Vec<i32> {
    let file = Box::new(fs::File::open(path).unwrap());
    let stream = MediaSourceStream::new(file, MediaSourceStreamOptions::default());
    let mut reader = FlacReader::try_new(stream, FormatOptions::default()).unwrap();
    let track = reader.tracks().first().unwrap();
    let Some(CodecParameters::Audio(parameters)) = &track.codec_params else {
        panic!("{} has no audio", path.display());
    };
    let mut decoder = FlacDecoder::try_new(parameters, &AudioDecoderOptions::default()).unwrap();
    let (mut all, mut block) = (Vec::new(), Vec::new());
    while let Some(packet) = reader.next_packet().unwrap() {
        let decoded = decoder.decode(&packet).unwrap();
        decoded.copy_to_vec_interleaved::<i32>(&mut block);
        all.extend_from_slice(&block);
    }
    all
}

/// Every bit of a file is what was written: as it is decoded here, and by `symphonia`.
fn check(path: &Path, layout: Layout, form: SampleFormat, samples: &[f32]) {
    let written = write(path, &options(layout, form), samples).unwrap();
    assert_eq!(written.bytes, fs::metadata(path).unwrap().len());
    let frames = samples.len() / layout.channels();
    assert_eq!((written.frames, written.clipped), (frames as u64, 0));
    let heard = hear(path, None).unwrap();
    let stored = match form {
        SampleFormat::S8 => SampleFormat::U8,
        form => form,
    };
    assert_eq!(heard.format, Format::new(48_000, layout, stored).unwrap());
    assert!(heard.samples == samples, "{layout} {form} {frames}");
    assert_eq!(heard.notices, []);
    if frames > 0 {
        let full = 2_147_483_648.0;
        let expected = samples
            .iter()
            .map(|sample| (f64::from(*sample) * full) as i32);
        assert!(by_symphonia(path).into_iter().eq(expected));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_signal_comes_back_bit_for_bit(
        kinds in vec(0_usize..9, 8), seed in any::<u32>(), frames in 0_usize..9000,
        channels in 1_u16..9, at in 0_usize..3,
    ) {
        let (_folder, path) = new_file("out.flac");
        let form = FORMS[at];
        let integers: Vec<_> = (0..channels)
            .map(|channel| signal(kinds[usize::from(channel)], form.bits(), frames, seed ^ u32::from(channel)))
            .collect();
        check(&path, Layout::usual(channels).unwrap(), form, &samples_of(&integers, form.bits()));
    }

    #[test]
    fn blocks_of_any_length_come_back(kind in 0_usize..9, frames in 1_usize..40, at in 0_usize..3, more in 0_usize..2) {
        let (_folder, path) = new_file("out.flac");
        let form = FORMS[at];
        let integers = vec![signal(kind, form.bits(), frames + 4096 * more, 7); 2];
        check(&path, Layout::STEREO, form, &samples_of(&integers, form.bits()));
    }

    #[test]
    fn channels_that_are_nearly_alike_come_back(kind in 2_usize..4, seed in any::<u32>(), at in 0_usize..3) {
        let (_folder, path) = new_file("out.flac");
        let form = FORMS[at];
        let both = signal(kind, form.bits(), 5000, seed);
        // Noise on both sides of what they share: their mean says most, and is often odd.
        let beside = |seed: u32| {
            let noise = signal(1, 6, 5000, seed);
            both.iter().zip(noise).map(|(sample, noise)| sample / 2 + noise / 4).collect::<Vec<_>>()
        };
        let integers = [beside(seed ^ 77), beside(seed ^ 99)];
        check(&path, Layout::STEREO, form, &samples_of(&integers, form.bits()));
    }

    #[test]
    fn the_layout_survives(mask in 1_u32..1 << 18) {
        proptest::prop_assume!(mask.count_ones() <= 8 && mask.count_ones() > 0);
        let (_folder, path) = new_file("out.flac");
        let layout = Layout::positions(mask);
        let silence = vec![0.0; 3 * layout.channels()];
        write(&path, &options(layout, SampleFormat::S16), &silence).unwrap();
        prop_assert_eq!(hear(&path, None).unwrap().format.layout(), layout);
    }

    #[test]
    fn any_rate_is_said(rate in 1_u32..655_351, usual in 0_usize..6) {
        for rate in [rate, [44_100, 48_000, 96_000, 192_000, 255_000, 655_350][usual]] {
            let (_folder, path) = new_file("out.flac");
            let format = Format::new(rate, Layout::MONO, SampleFormat::S16).unwrap();
            let options = OutputOptions { format, ..options(Layout::MONO, SampleFormat::S16) };
            write(&path, &options, &[0.25, -0.25]).unwrap();
            let heard = hear(&path, None).unwrap();
            prop_assert_eq!(heard.format.sample_rate_hz(), rate);
            prop_assert!(heard.samples == [0.25, -0.25]);
        }
    }
}

#[test]
fn what_can_be_predicted_takes_little_room() {
    let bytes = |kind: usize, left: i32, right: i32| {
        let (_folder, path) = new_file("out.flac");
        let one = signal(kind, 16, 40_960, 5);
        let channel = |by: i32| one.iter().map(|sample| sample * by / 2).collect::<Vec<_>>();
        let integers = [channel(left), channel(right)];
        check(
            &path,
            Layout::STEREO,
            SampleFormat::S16,
            &samples_of(&integers, 16),
        );
        fs::metadata(&path).unwrap().len() as f64 / (40_960.0 * 4.0)
    };
    let noise = bytes(1, 2, 1);
    assert!(noise > 0.9 && noise < 1.01, "noise: {noise}");
    for (kind, least) in [(0, 0.002), (2, 0.3), (3, 0.65), (8, 0.5)] {
        let share = bytes(kind, 2, 1);
        assert!(share < least, "{kind}: {share}");
        // Two channels that are alike take the room of one, and a little.
        let alike = bytes(kind, 2, 2);
        assert!(alike < 0.55 * least + 0.002, "{kind}: {alike}");
    }
}

#[test]
fn the_header_says_length_checksum_and_tags() {
    let mut metadata = Metadata::default();
    metadata.push("title", "A ramp");
    metadata.push("no=key", "left out");
    let (_folder, path) = new_file("out.flac");
    let options = OutputOptions {
        metadata: &metadata,
        ..options(Layout::MONO, SampleFormat::S16)
    };
    let samples: Vec<f32> = (0..5000).map(|at| at as f32 / 32_768.0).collect();
    write(&path, &options, &samples).unwrap();
    let bytes = fs::read(&path).unwrap();
    assert_eq!(bytes[8..12], [16, 0, 16, 0]); // Blocks of 4,096 frames.
    assert_eq!(bytes[21..26], [0xf0, 0, 0, 0x13, 0x88]); // 16 bits, 5,000 frames.
    // MD5 of the samples, as `md5sum` has it.
    let checksum = 0xc14f7f70784df1c86f3e17788f3af378_u128;
    assert_eq!(
        u128::from_be_bytes(*bytes[26..].first_chunk().unwrap()),
        checksum
    );
    let heard = hear(&path, None).unwrap();
    let tags = heard.metadata.tags().iter();
    let tags: Vec<_> = tags.map(|tag| (&*tag.key, &*tag.value)).collect();
    assert_eq!(tags, [("title", "A ramp")]);
}

#[test]
fn more_channels_or_a_higher_rate_than_flac_has_are_refused() {
    let (folder, path) = new_file("out.flac");
    let wide = options(Layout::discrete(9), SampleFormat::S16);
    let fast = OutputOptions {
        format: Format::new(655_351, Layout::MONO, SampleFormat::S16).unwrap(),
        ..options(Layout::MONO, SampleFormat::S16)
    };
    for (options, expected) in [
        (wide, "would have 9 channels, expected at most 8 for FLAC"),
        (
            fast,
            "would have 655351 Hz, expected at most 655350 Hz for FLAC",
        ),
    ] {
        let error = segue_media::io::create(&path, &options).err().unwrap();
        assert!(error.to_string().ends_with(expected), "{error}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_stream_to_a_pipe_is_whole_without_its_sums() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let name = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&writer));
    let samples: Vec<f32> = (0..3000).map(|at| at as f32 / 32_768.0).collect();
    write(
        name.as_ref(),
        &options(Layout::MONO, SampleFormat::S16),
        &samples,
    )
    .unwrap();
    drop(writer);
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut reader, &mut bytes).unwrap();
    let (_folder, path) = new_file("out.flac");
    fs::write(&path, bytes).unwrap();
    let heard = hear(&path, None).unwrap();
    assert_eq!(heard.samples, samples);
}
