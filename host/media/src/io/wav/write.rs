//! Write: makes the header of a WAV file.
//!
//! In: format, stored form of the samples, tags. Out: the bytes in front of the first sample, with
//! sizes that can be filled in once the number of frames is known.
//!
//! A file whose length nobody knows keeps room for 64-bit sizes: it becomes RF64 only where it
//! grows past 4 GiB, and is a plain WAV file with a chunk of padding otherwise.

use crate::audio::Format;
use crate::audio::Layout;
use crate::audio::SampleFormat;
use crate::io::front::Front;
use crate::io::metadata::Metadata;
use crate::io::wav::LONG_SIZES_CHUNK_BYTES;
use crate::io::wav::SIZE_UNKNOWN;
use crate::io::wav::SUBFORMAT_TAIL;
use crate::io::wav::TAG_A_LAW;
use crate::io::wav::TAG_EXTENSIBLE;
use crate::io::wav::TAG_FLOAT;
use crate::io::wav::TAG_MU_LAW;
use crate::io::wav::TAG_PCM;
use crate::io::wav::info;

/// Bytes at the start of the file that its own size does not count.
const RIFF_HEAD_BYTES: usize = 8;

/// Bytes behind the header's own fields in an extensible format chunk.
const EXTENSION_BYTES: u16 = 22;

/// Where room for 64-bit sizes begins: the first chunk, as RF64 asks for.
const LONG_SIZES_AT: usize = 12;

/// The most bytes a file system can hold in one file, less what stands beside the samples.
const LONG_BYTES_MAX: u64 = i64::MAX as u64 - (1 << 32);

/// How long a file may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sizes {
    /// As far as sizes of 32 bits go.
    Short,
    /// As far as the disk goes.
    Long,
}

/// A header whose sizes are not filled in.
#[derive(Debug, Clone)]
pub(crate) struct WavHeader {
    bytes: Vec<u8>,
    frame_bytes: u64,
    sizes: Sizes,
    /// The most bytes of samples that sizes of 32 bits say.
    short_bytes_max: u64,
    /// Where the number of frames stands, in files of other samples than integers.
    fact_at: Option<usize>,
}

impl WavHeader {
    /// The header for samples stored as `samples` at the rate and in the layout of `format`.
    pub(crate) fn new(
        format: &Format,
        samples: SampleFormat,
        metadata: &Metadata,
        sizes: Sizes,
    ) -> Self {
        let mut bytes = b"RIFF\xff\xff\xff\xffWAVE".to_vec();
        if sizes == Sizes::Long {
            bytes.extend(b"JUNK");
            bytes.extend((LONG_SIZES_CHUNK_BYTES as u32).to_le_bytes());
            bytes.extend([0; LONG_SIZES_CHUNK_BYTES]);
        }
        let format_chunk = format_chunk(format, samples);
        bytes.extend(b"fmt ");
        bytes.extend((format_chunk.len() as u32).to_le_bytes());
        bytes.extend(format_chunk);
        let fact_at = (tag(samples) != TAG_PCM).then(|| {
            bytes.extend(b"fact\x04\0\0\0\xff\xff\xff\xff");
            bytes.len() - 4
        });
        bytes.extend(info::chunk(metadata));
        bytes.extend(b"data\xff\xff\xff\xff");
        let others = (bytes.len() - RIFF_HEAD_BYTES) as u64;
        Self {
            bytes,
            frame_bytes: (samples.bytes() * format.channels()) as u64,
            sizes,
            // Every size stays below the one that means 'unknown'.
            short_bytes_max: u64::from(SIZE_UNKNOWN) - 2 - others,
            fact_at,
        }
    }

    /// Lets the file become RF64 sooner, so that a test need not write 4 GiB.
    #[cfg(test)]
    pub(crate) fn with_short_bytes_max(self, short_bytes_max: u64) -> Self {
        Self {
            short_bytes_max,
            ..self
        }
    }

    /// Turns the file into one with 64-bit sizes.
    fn set_long(&mut self, frames: u64, data: u64, riff: u64) {
        self.bytes[..4].copy_from_slice(b"RF64");
        let sizes = [riff, data, frames].map(u64::to_le_bytes);
        let chunk = [b"ds64", &self.bytes[LONG_SIZES_AT + 4..LONG_SIZES_AT + 8]].concat();
        let content = [&chunk[..], &sizes.concat(), &[0; 4]].concat();
        self.bytes[LONG_SIZES_AT..LONG_SIZES_AT + content.len()].copy_from_slice(&content);
    }

    fn set(&mut self, at: usize, size: u64) {
        let size = u32::try_from(size).unwrap_or(SIZE_UNKNOWN);
        self.bytes[at..at + 4].copy_from_slice(&size.to_le_bytes());
    }
}

impl Front for WavHeader {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn frames_max(&self) -> u64 {
        let bytes_max = match self.sizes {
            Sizes::Short => self.short_bytes_max,
            Sizes::Long => LONG_BYTES_MAX,
        };
        bytes_max / self.frame_bytes
    }

    fn set_frames(&mut self, frames: u64) {
        let data = frames * self.frame_bytes;
        let riff = (self.bytes.len() - RIFF_HEAD_BYTES) as u64 + data + data % 2;
        let data_at = self.bytes.len() - 4;
        let is_long = data > self.short_bytes_max;
        if is_long {
            self.set_long(frames, data, riff);
        }
        self.set(4, if is_long { u64::MAX } else { riff });
        self.set(data_at, if is_long { u64::MAX } else { data });
        if let Some(fact_at) = self.fact_at {
            self.set(fact_at, frames);
        }
    }
}

/// The format tag of samples.
fn tag(samples: SampleFormat) -> u16 {
    match samples {
        SampleFormat::F32 | SampleFormat::F64 => TAG_FLOAT,
        SampleFormat::MuLaw => TAG_MU_LAW,
        SampleFormat::ALaw => TAG_A_LAW,
        SampleFormat::U8
        | SampleFormat::S8
        | SampleFormat::S16
        | SampleFormat::S24
        | SampleFormat::S32 => TAG_PCM,
    }
}

/// The content of the format chunk: as short as the format allows.
///
/// More than 16 bits or two channels, or speakers other than the usual, ask for the extensible
/// form; floats and codes for an empty extension at least.
fn format_chunk(format: &Format, samples: SampleFormat) -> Vec<u8> {
    let layout = format.layout();
    let tag = tag(samples);
    let usual = matches!(layout, Layout::MONO | Layout::STEREO);
    let plain = usual && (tag != TAG_PCM || samples.bits() <= 16);
    let frame_bytes = samples.bytes() * format.channels();
    let byte_rate = format.sample_rate_hz().saturating_mul(frame_bytes as u32);
    let mut chunk = Vec::new();
    chunk.extend(if plain { tag } else { TAG_EXTENSIBLE }.to_le_bytes());
    chunk.extend((format.channels() as u16).to_le_bytes());
    chunk.extend(format.sample_rate_hz().to_le_bytes());
    chunk.extend(byte_rate.to_le_bytes());
    chunk.extend((frame_bytes as u16).to_le_bytes());
    chunk.extend((samples.bits() as u16).to_le_bytes());
    if !plain {
        chunk.extend(EXTENSION_BYTES.to_le_bytes());
        chunk.extend((samples.bits() as u16).to_le_bytes());
        chunk.extend(layout.mask().to_le_bytes());
        chunk.extend(tag.to_le_bytes());
        chunk.extend(SUBFORMAT_TAIL);
    } else if tag != TAG_PCM {
        chunk.extend(0_u16.to_le_bytes());
    }
    chunk
}
