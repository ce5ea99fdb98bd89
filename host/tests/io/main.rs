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

use segue::audio::Buffer;
use segue::audio::Format;
use segue::audio::Layout;
use segue::audio::SampleFormat;
use segue::io::Container;
use segue::io::Metadata;
use segue::io::Notice;
use segue::io::OutputOptions;
use segue::io::Overwrite;
use segue::io::RawSpec;
use segue::io::Source;
use segue::io::Written;
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
    let mut source = segue::io::open(path, raw).map_err(|error| sentence(&error))?;
    hear_all(source.as_mut()).map_err(|error| sentence(&error))
}

/// Reads to the end, in blocks of a size that divides nothing.
fn hear_all(source: &mut dyn Source) -> Result<Heard, segue::io::ReadError> {
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
) -> Result<Written, segue::io::WriteError> {
    let buffer = planar(samples, options.format.channels());
    let mut sink = segue::io::create(path, options).unwrap();
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
