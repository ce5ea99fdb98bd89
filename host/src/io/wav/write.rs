//! Write: makes the header of a WAV file.
//!
//! In: format, stored form of the samples, tags. Out: the bytes in front of the first sample, with
//! sizes that can be filled in once the number of frames is known.

use crate::audio::Format;
use crate::audio::Layout;
use crate::audio::SampleFormat;
use crate::io::metadata::Metadata;
use crate::io::wav::SIZE_UNKNOWN;
use crate::io::wav::SUBFORMAT_TAIL;
use crate::io::wav::TAG_EXTENSIBLE;
use crate::io::wav::TAG_FLOAT;
use crate::io::wav::TAG_PCM;
use crate::io::wav::info;

/// Bytes at the start of the file that its own size does not count.
const RIFF_HEAD_BYTES: usize = 8;

/// Bytes behind the header's own fields in an extensible format chunk.
const EXTENSION_BYTES: u16 = 22;

/// A header whose sizes are not filled in.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    bytes: Vec<u8>,
    frame_bytes: u64,
    /// Where the number of frames stands, in files of float samples.
    fact_at: Option<usize>,
}

impl Header {
    /// The header for samples stored as `samples` at the rate and in the layout of `format`.
    pub(crate) fn new(format: &Format, samples: SampleFormat, metadata: &Metadata) -> Self {
        let mut bytes = b"RIFF\xff\xff\xff\xffWAVE".to_vec();
        let format_chunk = format_chunk(format, samples);
        bytes.extend(b"fmt ");
        bytes.extend((format_chunk.len() as u32).to_le_bytes());
        bytes.extend(format_chunk);
        let fact_at = samples.is_float().then(|| {
            bytes.extend(b"fact\x04\0\0\0\xff\xff\xff\xff");
            bytes.len() - 4
        });
        bytes.extend(info::chunk(metadata));
        bytes.extend(b"data\xff\xff\xff\xff");
        Self {
            bytes,
            frame_bytes: (samples.bytes() * format.channels()) as u64,
            fact_at,
        }
    }

    /// The most bytes of samples that fit: every size stays below the one that means 'unknown'.
    pub(crate) fn data_bytes_max(&self) -> u64 {
        let others = self.bytes.len() - RIFF_HEAD_BYTES;
        u64::from(SIZE_UNKNOWN) - 2 - others as u64
    }

    /// The most frames that fit.
    pub(crate) fn frames_max(&self) -> u64 {
        self.data_bytes_max() / self.frame_bytes
    }

    /// Fills in the sizes for a number of frames, [`Header::frames_max`] at most.
    pub(crate) fn set_frames(&mut self, frames: u64) {
        let data = frames * self.frame_bytes;
        let riff = (self.bytes.len() - RIFF_HEAD_BYTES) as u64 + data + data % 2;
        let data_at = self.bytes.len() - 4;
        self.set(4, riff);
        self.set(data_at, data);
        if let Some(fact_at) = self.fact_at {
            self.set(fact_at, frames);
        }
    }

    /// The bytes to write.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn set(&mut self, at: usize, size: u64) {
        let size = u32::try_from(size).unwrap_or(SIZE_UNKNOWN);
        self.bytes[at..at + 4].copy_from_slice(&size.to_le_bytes());
    }
}

/// The content of the format chunk: as short as the format allows.
///
/// More than 16 bits or two channels, or speakers other than the usual, ask for the extensible
/// form; floats for an empty extension at least.
fn format_chunk(format: &Format, samples: SampleFormat) -> Vec<u8> {
    let layout = format.layout();
    let tag = if samples.is_float() {
        TAG_FLOAT
    } else {
        TAG_PCM
    };
    let usual = matches!(layout, Layout::MONO | Layout::STEREO);
    let plain = usual && (samples.is_float() || samples.bits() <= 16);
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
    } else if samples.is_float() {
        chunk.extend(0_u16.to_le_bytes());
    }
    chunk
}
