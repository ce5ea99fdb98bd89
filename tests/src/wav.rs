//! WAV: audio files written and read by a crate that is not ours, and signals to put in them.

use std::path::Path;

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};

/// One channel after the other.
pub type Channels = Vec<Vec<f32>>;

/// Writes floating-point samples.
pub fn write(path: &Path, sample_rate_hz: u32, channels: &[Vec<f32>]) {
    let mut writer = writer(path, sample_rate_hz, channels.len(), SampleFormat::Float);
    for frame in 0..channels[0].len() {
        for channel in channels {
            writer.write_sample(channel[frame]).expect("there is room");
        }
    }
    writer.finalize().expect("there is room");
}

/// Writes 16-bit samples.
pub fn write_16(path: &Path, sample_rate_hz: u32, channels: &[Vec<i16>]) {
    let mut writer = writer(path, sample_rate_hz, channels.len(), SampleFormat::Int);
    for frame in 0..channels[0].len() {
        for channel in channels {
            writer.write_sample(channel[frame]).expect("there is room");
        }
    }
    writer.finalize().expect("there is room");
}

fn writer(
    path: &Path,
    sample_rate: u32,
    channels: usize,
    sample_format: SampleFormat,
) -> WavWriter<std::io::BufWriter<std::fs::File>> {
    let spec = WavSpec {
        channels: u16::try_from(channels).expect("a test has few channels"),
        sample_rate,
        bits_per_sample: match sample_format {
            SampleFormat::Float => 32,
            SampleFormat::Int => 16,
        },
        sample_format,
    };
    WavWriter::create(path, spec).expect("the file can be made")
}

/// Reads floating-point samples, or integers scaled to [-1, 1).
#[must_use]
#[track_caller]
pub fn read(path: &Path) -> Channels {
    let mut reader = WavReader::open(path)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()));
    let spec = reader.spec();
    let samples: Vec<f32> = match spec.sample_format {
        SampleFormat::Float => reader
            .samples()
            .map(|sample| sample.expect("the file is whole"))
            .collect(),
        SampleFormat::Int => {
            let full = f64::from(1u32 << (spec.bits_per_sample - 1));
            let scaled = |sample: hound::Result<i32>| {
                (f64::from(sample.expect("the file is whole")) / full) as f32
            };
            reader.samples().map(scaled).collect()
        }
    };
    let channels = usize::from(spec.channels);
    (0..channels)
        .map(|channel| {
            samples
                .iter()
                .skip(channel)
                .step_by(channels)
                .copied()
                .collect()
        })
        .collect()
}

/// Noise in (-0.5, 0.5), another for every seed, the same on every machine.
#[must_use]
pub fn noise(seed: u64, frames: usize) -> Vec<f32> {
    // A linear congruential generator with Knuth's MMIX constants; its upper bits are the sample.
    let mut state = seed;
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32) / (1u32 << 24) as f32 - 0.5
    };
    std::iter::repeat_with(next).take(frames).collect()
}
