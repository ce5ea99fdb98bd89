//! Every container with every stored form, from 1 to 8 channels: written, read back, bit for bit.

use proptest::collection::vec;
use proptest::prelude::ProptestConfig;
use proptest::prelude::any;
use proptest::prop_assert_eq;
use proptest::proptest;
use segue_media::audio::Format;
use segue_media::audio::Layout;
use segue_media::audio::SampleFormat;
use segue_media::io::Container;
use segue_media::io::Metadata;
use segue_media::io::OutputOptions;

use crate::hear;
use crate::new_file;
use crate::wav_options;
use crate::write;

const FORMS: [SampleFormat; 9] = [
    SampleFormat::U8,
    SampleFormat::S8,
    SampleFormat::MuLaw,
    SampleFormat::ALaw,
    SampleFormat::S16,
    SampleFormat::S24,
    SampleFormat::S32,
    SampleFormat::F32,
    SampleFormat::F64,
];

/// A sample that the form keeps exactly, from any bits.
fn kept(form: SampleFormat, bits: u32) -> f32 {
    let integer = |width: u32| (bits.cast_signed() >> (32 - width)) as f32;
    match form {
        SampleFormat::U8 | SampleFormat::S8 => integer(8) / 128.0,
        // Codes with few steps: multiples of the coarsest step.
        SampleFormat::MuLaw | SampleFormat::ALaw => [0.0, 8.0, -8.0][bits as usize % 3] / 32_768.0,
        SampleFormat::S16 => integer(16) / 32_768.0,
        SampleFormat::S24 | SampleFormat::S32 => integer(24) / 8_388_608.0,
        SampleFormat::F32 | SampleFormat::F64 => f32::from_bits(bits & !(1 << 30)),
    }
}

/// The layouts of so many channels that every container can say.
fn layouts(channels: u16) -> Vec<Layout> {
    let masks = [0x4_u32, 0x3, 0x7, 0x33, 0x37, 0x3f, 0x70f, 0x63f, 0x103];
    let mut layouts = vec![Layout::usual(channels).unwrap()];
    let fitting = masks
        .iter()
        .filter(|mask| mask.count_ones() == u32::from(channels));
    layouts.extend(fitting.map(|mask| Layout::positions(*mask)));
    layouts
}

// Every case brings some files to the disk, which takes its time.
proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_written_is_read_back(
        bits in vec(any::<u32>(), 8..2500), channels in 1_u16..9, container in 0_usize..3, at in 0_usize..9,
    ) {
        let container = [Container::Wav, Container::Aiff, Container::Flac][container];
        let form = container.samples(FORMS[at]);
        let law = matches!(form, SampleFormat::MuLaw | SampleFormat::ALaw);
        let count = bits.len() / usize::from(channels) * usize::from(channels);
        let samples: Vec<f32> = bits[..count].iter().map(|bits| kept(form, *bits)).collect();
        for layout in layouts(channels) {
            for samples in [&samples[..], &[]] {
                let (_folder, path) = new_file("out");
                let options = OutputOptions {
                    container,
                    ..wav_options(layout, form)
                };
                let written = write(&path, &options, samples).unwrap();
                prop_assert_eq!(written.clipped, 0);
                let heard = hear(&path, None).unwrap();
                let stored = match form {
                    SampleFormat::S8 => SampleFormat::U8,
                    form => form,
                };
                prop_assert_eq!(heard.format, Format::new(48_000, layout, stored).unwrap());
                if !law {
                    let expected: Vec<_> = samples.iter().map(|sample| sample.to_bits()).collect();
                    prop_assert_eq!(heard.bits(), expected);
                }
                prop_assert_eq!(heard.samples.len(), samples.len());
            }
        }
    }

    #[test]
    fn every_code_of_g711_survives_any_container(codes in vec(any::<u8>(), 256), order in 0_usize..2) {
        let (folder, path) = new_file("in.raw");
        for (name, form) in [("ulaw", SampleFormat::MuLaw), ("alaw", SampleFormat::ALaw)] {
            let every: Vec<u8> = (0..=255).chain(codes.iter().copied()).collect();
            std::fs::write(&path, &every).unwrap();
            let raw = format!("{name}:8000:1").parse().ok();
            let heard = hear(&path, raw).unwrap();
            let (out, again) = (folder.path().join("out"), folder.path().join("again"));
            let options = OutputOptions {
                container: [Container::Wav, Container::Aiff][order],
                ..wav_options(Layout::MONO, form)
            };
            let _ = std::fs::remove_file(&out);
            write(&out, &options, &heard.samples).unwrap();
            let heard = hear(&out, None).unwrap();
            prop_assert_eq!(heard.format.source_bits(), form);
            let container = Container::Raw("u8".parse::<segue_media::io::Encoding>().unwrap().order);
            let _ = std::fs::remove_file(&again);
            write(&again, &OutputOptions { container, ..options }, &heard.samples).unwrap();
            prop_assert_eq!(std::fs::read(&again).unwrap(), every);
        }
    }
}

#[test]
fn tags_survive_where_a_container_has_a_place() {
    let mut metadata = Metadata::default();
    for (key, value) in [
        ("title", "Grüße"),
        ("artist", "Somebody"),
        ("copyright", "1999"),
        ("comment", "odd"),
    ] {
        metadata.push(key, value);
    }
    for container in [Container::Wav, Container::Aiff, Container::Flac] {
        let (_folder, path) = new_file("out");
        let options = OutputOptions {
            container,
            metadata: &metadata,
            ..wav_options(Layout::MONO, SampleFormat::S16)
        };
        write(&path, &options, &[0.5; 3]).unwrap();
        let heard = hear(&path, None).unwrap();
        assert_eq!(heard.metadata, metadata, "{container:?}");
        assert_eq!(heard.notices, []);
    }
}
