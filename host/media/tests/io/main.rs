//! Samples in and out through files and pipes, as the rest of the host uses them.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests stop where they cannot go on"
)]

mod compress;
mod compressed;
mod flac;
mod fragment;
mod pipes;
mod refusals;
mod round;
mod wav;

use std::path::Path;
use std::path::PathBuf;
use std::sync::LazyLock;

use segue_media::audio::Buffer;
use segue_media::audio::Format;
use segue_media::audio::Layout;
use segue_media::audio::SampleFormat;
use segue_media::io::Container;
use segue_media::io::Metadata;
use segue_media::io::Notice;
use segue_media::io::OutputOptions;
use segue_media::io::Overwrite;
use segue_media::io::RawSpec;
use segue_media::io::Source;
use segue_media::io::Written;
use tempfile::TempDir;

/// All that a source has to give.
#[derive(Debug, PartialEq)]
struct Heard {
    format: Format,
    /// Interleaved.
    samples: Vec<f32>,
    notices: Vec<Notice>,
    metadata: Metadata,
}

impl Heard {
    /// The samples' bits: equal where NaN are equal too.
    fn bits(&self) -> Vec<u32> {
        self.samples.iter().map(|sample| sample.to_bits()).collect()
    }
}

/// Opens and reads to the end; an error as the text that a user reads.
fn hear(path: &Path, raw: Option<RawSpec>) -> Result<Heard, String> {
    let mut source = segue_media::io::open(path, raw).map_err(|error| sentence(&error))?;
    hear_all(source.as_mut()).map_err(|error| sentence(&error))
}

/// Reads to the end, in blocks of a size that divides nothing.
fn hear_all(source: &mut dyn Source) -> Result<Heard, segue_media::io::ReadError> {
    let format = *source.format();
    let mut buffer = Buffer::new(format.channels(), 777);
    let mut samples = Vec::new();
    loop {
        let frames = source.read(&mut buffer)?;
        for frame in 0..frames {
            samples.extend(buffer.iter().map(|channel| channel[frame]));
        }
        if frames < buffer.frames_max() {
            assert_eq!(
                source.read(&mut buffer).unwrap(),
                0,
                "the end stays the end"
            );
            return Ok(Heard {
                format,
                samples,
                notices: source.notices().to_vec(),
                metadata: source.metadata().clone(),
            });
        }
    }
}

/// An error with all its causes.
fn sentence(error: &dyn std::error::Error) -> String {
    let source = error.source().map(sentence);
    source.map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

/// A buffer of interleaved samples.
fn planar(samples: &[f32], channels: usize) -> Buffer {
    let mut buffer = Buffer::new(channels, samples.len() / channels);
    for (at, sample) in samples.iter().enumerate() {
        buffer.channel_mut(at % channels)[at / channels] = *sample;
    }
    buffer
}

/// What a file without tags says.
static NO_TAGS: LazyLock<Metadata> = LazyLock::new(Metadata::default);

/// Options for a new WAV file.
fn wav_options(layout: Layout, samples: SampleFormat) -> OutputOptions<'static> {
    OutputOptions {
        format: Format::new(48_000, layout, samples).unwrap(),
        samples,
        container: Container::Wav,
        frames: None,
        length: segue_media::io::Length::Certain,
        metadata: &NO_TAGS,
        overwrite: Overwrite::Refused,
        input: None,
    }
}

/// Writes interleaved samples in pieces of a size that divides nothing.
fn write(
    path: &Path,
    options: &OutputOptions<'_>,
    samples: &[f32],
) -> Result<Written, segue_media::io::WriteError> {
    let buffer = planar(samples, options.format.channels());
    let mut sink = segue_media::io::create(path, options).unwrap();
    for start in (0..buffer.frames_max()).step_by(777) {
        sink.write(&buffer, start..buffer.frames_max().min(start + 777))?;
    }
    sink.finish()
}

/// A folder and the path of a file that is not there.
fn new_file(name: &str) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(name);
    (folder, path)
}
