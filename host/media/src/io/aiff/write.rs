//! Write: makes the header of an AIFF file, of AIFF-C where the samples ask for it.
//!
//! In: format, stored form of the samples, tags. Out: the bytes in front of the first sample, with
//! sizes that can be filled in once the number of frames is known.

use crate::audio::Format;
use crate::audio::Layout;
use crate::audio::SampleFormat;
use crate::io::aiff::A_LAW;
use crate::io::aiff::FLOAT_32;
use crate::io::aiff::FLOAT_64;
use crate::io::aiff::MU_LAW;
use crate::io::aiff::SOUND_HEAD_BYTES;
use crate::io::aiff::TEXTS;
use crate::io::aiff::layout;
use crate::io::front::Front;
use crate::io::metadata::Metadata;

/// Bytes at the start of the file that its own size does not count.
const FORM_HEAD_BYTES: usize = 8;

/// The version of AIFF-C, the only one: a date.
const VERSION: u32 = 0xa280_5140;

/// The most bytes that a size says; one less, so that padding fits.
const SIZE_MAX: u64 = u32::MAX as u64 - 1;

/// A header whose sizes are not filled in.
#[derive(Debug, Clone)]
pub(crate) struct AiffHeader {
    bytes: Vec<u8>,
    frame_bytes: u64,
    /// Where the number of frames stands.
    frames_at: usize,
}

impl AiffHeader {
    /// The header for samples stored as `samples` at the rate and in the layout of `format`.
    pub(crate) fn new(format: &Format, samples: SampleFormat, metadata: &Metadata) -> Self {
        let compression = compression(samples);
        let mut bytes = b"FORM\0\0\0\0".to_vec();
        if compression.is_some() {
            bytes.extend(b"AIFC");
            put(&mut bytes, b"FVER", &VERSION.to_be_bytes());
        } else {
            bytes.extend(b"AIFF");
        }
        let frames_at = bytes.len() + 10;
        put(&mut bytes, b"COMM", &common(format, samples, compression));
        let layout = format.layout();
        if layout.mask() != 0 && !matches!(layout, Layout::MONO | Layout::STEREO) {
            put(&mut bytes, b"CHAN", &layout::content(layout.mask()));
        }
        for tag in metadata.tags() {
            if let Some((id, _)) = TEXTS.iter().find(|(_, key)| *key == tag.key) {
                put(&mut bytes, id, tag.value.as_bytes());
            }
        }
        bytes.extend(b"SSND");
        bytes.extend([0; 4 + SOUND_HEAD_BYTES]);
        Self {
            bytes,
            frame_bytes: (samples.bytes() * format.channels()) as u64,
            frames_at,
        }
    }

    fn set(&mut self, at: usize, size: u64) {
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        self.bytes[at..at + 4].copy_from_slice(&size.to_be_bytes());
    }
}

impl Front for AiffHeader {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn frames_max(&self) -> u64 {
        (SIZE_MAX - self.bytes.len() as u64) / self.frame_bytes
    }

    fn set_frames(&mut self, frames: u64) {
        let data = frames * self.frame_bytes;
        let form = (self.bytes.len() - FORM_HEAD_BYTES) as u64 + data + data % 2;
        self.set(4, form);
        self.set(self.frames_at, frames);
        let sound_at = self.bytes.len() - SOUND_HEAD_BYTES - 4;
        self.set(sound_at, data + SOUND_HEAD_BYTES as u64);
    }
}

/// What AIFF-C calls samples that plain AIFF does not have.
fn compression(samples: SampleFormat) -> Option<([u8; 4], &'static str)> {
    match samples {
        SampleFormat::U8
        | SampleFormat::S8
        | SampleFormat::S16
        | SampleFormat::S24
        | SampleFormat::S32 => None,
        SampleFormat::F32 => Some((FLOAT_32, "32-bit floating point")),
        SampleFormat::F64 => Some((FLOAT_64, "64-bit floating point")),
        SampleFormat::MuLaw => Some((MU_LAW, "uLaw 2:1")),
        SampleFormat::ALaw => Some((A_LAW, "ALaw 2:1")),
    }
}

/// The content of the common chunk; the number of frames is filled in later.
fn common(format: &Format, samples: SampleFormat, compression: Option<([u8; 4], &str)>) -> Vec<u8> {
    // Codes count by what they stand for.
    let bits = match samples {
        SampleFormat::MuLaw | SampleFormat::ALaw => 16,
        samples => samples.bits() as u16,
    };
    let mut content = (format.channels() as u16).to_be_bytes().to_vec();
    content.extend([0; 4]);
    content.extend(bits.to_be_bytes());
    content.extend(rate(format.sample_rate_hz()));
    if let Some((id, name)) = compression {
        content.extend(id);
        content.push(name.len() as u8);
        content.extend(name.as_bytes());
        if content.len() % 2 == 1 {
            content.push(0);
        }
    }
    content
}

/// A whole number of Hz, 1 at least, as an 80-bit float.
fn rate(hz: u32) -> [u8; 10] {
    let exponent = hz.ilog2();
    let mantissa = u64::from(hz) << (63 - exponent);
    let [a, b] = (16_383 + exponent as u16).to_be_bytes();
    let [c, d, e, f, g, h, i, j] = mantissa.to_be_bytes();
    [a, b, c, d, e, f, g, h, i, j]
}

/// Adds a chunk, padded to an even length.
fn put(bytes: &mut Vec<u8>, id: &[u8; 4], content: &[u8]) {
    bytes.extend(id);
    bytes.extend((content.len() as u32).to_be_bytes());
    bytes.extend(content);
    if content.len() % 2 == 1 {
        bytes.push(0);
    }
}
