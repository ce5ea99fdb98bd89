//! Write: a sink that compresses samples without loss.
//!
//! In: blocks of planar `f32`. Out: a FLAC file or stream, and in the end what was written.
//!
//! The samples become integers as in a WAV file of as many bits; those are what comes back, bit for
//! bit. Memory is the same for any length: one block of samples and the bytes not yet written.

use std::io::Write;
use std::ops::Range;

use symphonia::core::checksum::Md5;
use symphonia::core::io::Monitor;

use crate::audio::Buffer;
use crate::audio::Format;
use crate::audio::SampleFormat;
use crate::io::encode::Encoder;
use crate::io::encoding::Encoding;
use crate::io::error::WriteError;
use crate::io::flac::frame::BLOCK_FRAMES;
use crate::io::flac::frame::FrameEncoder;
use crate::io::flac::header::LAST;
use crate::io::flac::header::MASK_KEY;
use crate::io::flac::header::MASKS;
use crate::io::flac::header::STREAM_INFO;
use crate::io::flac::header::STREAM_INFO_BYTES;
use crate::io::flac::header::VORBIS_COMMENT;
use crate::io::metadata::Metadata;
use crate::io::output::Output;
use crate::io::stream::Sink;
use crate::io::upkeep::Upkeep;
use crate::io::written::End;
use crate::io::written::Kept;
use crate::io::written::Written;

/// Bytes written at a time.
const WRITE_BYTES: usize = 64 * 1024;

/// The most channels of a FLAC stream.
pub(crate) const CHANNELS_MAX: usize = 8;

/// The highest sample rate that a frame can say, in Hz, and that decoders take.
pub(crate) const RATE_MAX_HZ: u32 = 655_350;

/// The most frames that a header counts; of more it says nothing.
const FRAMES_MAX: u64 = (1 << 36) - 1;

/// Who wrote the file.
const VENDOR: &str = concat!("Segue ", env!("CARGO_PKG_VERSION"));

/// What a stream's header says, as far as it is known.
#[derive(Debug, Clone, Copy, Default)]
struct StreamInfo {
    frame_bytes_min: usize,
    frame_bytes_max: usize,
    frames: u64,
    checksum: [u8; 16],
}

/// A sink for FLAC.
pub(crate) struct FlacSink {
    output: Output,
    format: Format,
    samples: SampleFormat,
    to_integers: Encoder,
    frame_encoder: FrameEncoder,
    /// Samples as bytes, as they are summed up.
    integers: Vec<u8>,
    block: Vec<Vec<i32>>,
    checksum: Md5,
    info: StreamInfo,
    /// Bytes not yet written, the header first.
    bytes: Vec<u8>,
    /// Frames that a pipe's header promised.
    promised_frames: Option<u64>,
    written: Written,
    /// What of it the system took: frames that are encoded and written.
    out: Out,
    /// Whether a write failed: what came behind it is lost.
    is_torn: bool,
    upkeep: Upkeep,
}

/// How far the output is, in whole blocks.
#[derive(Debug, Clone, Copy, Default)]
struct Out {
    frames: u64,
    bytes: u64,
}

impl FlacSink {
    /// Writes integers, of 8, 16 or 24 bits and with a sign, in up to [`CHANNELS_MAX`] channels.
    pub(crate) fn new(
        output: Output,
        format: &Format,
        samples: SampleFormat,
        metadata: &Metadata,
    ) -> Self {
        let mut bytes = start(format, samples, &StreamInfo::default());
        bytes.extend(comment(format, metadata));
        Self {
            output,
            format: *format,
            samples,
            to_integers: Encoder::new(Encoding::little(samples), format.channels()),
            frame_encoder: FrameEncoder::new(format.sample_rate_hz(), samples.bits()),
            integers: Vec::new(),
            block: vec![Vec::with_capacity(BLOCK_FRAMES); format.channels()],
            checksum: Md5::default(),
            info: StreamInfo::default(),
            bytes,
            promised_frames: None,
            written: Written::default(),
            out: Out::default(),
            is_torn: false,
            upkeep: Upkeep::new(format),
        }
    }

    /// Where the header cannot be written again, it says how many `frames` will follow.
    pub(crate) fn announcing(mut self, frames: Option<u64>) -> Self {
        if let Some(frames) = frames.filter(|_| !self.output.is_rewritable()) {
            let info = StreamInfo {
                frames,
                ..StreamInfo::default()
            };
            let start = start(&self.format, self.samples, &info);
            self.bytes[..start.len()].copy_from_slice(&start);
            self.promised_frames = Some(frames);
        }
        self
    }

    /// Adds frames to the block, which has room for them.
    fn collect(&mut self, from: &Buffer, frames: Range<usize>) {
        let count = frames.len();
        self.integers
            .resize(count * self.to_integers.frame_bytes(), 0);
        let clipped = self.to_integers.encode(from, frames, &mut self.integers);
        self.written.clipped += clipped;
        self.written.frames += count as u64;
        self.checksum.process_buf_bytes(&self.integers);
        let channels = self.block.len();
        let width = self.samples.bytes();
        for (at, channel) in self.block.iter_mut().enumerate() {
            let samples = self.integers.chunks_exact(width).skip(at).step_by(channels);
            channel.extend(samples.map(integer));
        }
    }

    /// Makes a frame of the block.
    fn encode(&mut self) -> Result<(), WriteError> {
        let frame = self.frame_encoder.encode(&self.block);
        let bytes = frame.len();
        self.info.frame_bytes_max = self.info.frame_bytes_max.max(bytes);
        self.info.frame_bytes_min = match self.info.frame_bytes_min {
            0 => bytes,
            least => least.min(bytes),
        };
        self.bytes.extend(frame);
        self.block.iter_mut().for_each(Vec::clear);
        if self.bytes.len() >= WRITE_BYTES {
            self.put()?;
        }
        Ok(())
    }

    /// Writes what is compressed.
    fn put(&mut self) -> Result<(), WriteError> {
        let result = self.output.write_all(&self.bytes);
        self.written.bytes += self.bytes.len() as u64;
        self.bytes.clear();
        self.is_torn |= result.is_err();
        result.map_err(|source| self.error(source))?;
        self.out = Out {
            frames: self.written.frames - self.block[0].len() as u64,
            bytes: self.output.written_bytes(),
        };
        Ok(())
    }

    /// Lets the header of a recording say how many frames are there. The checksum stays open, as
    /// do the sizes of blocks: both are of a stream that is over.
    fn make_good(&mut self, info: &StreamInfo) -> Result<(), WriteError> {
        let start = start(&self.format, self.samples, info);
        let result = self.output.rewrite_start(&start);
        result.map_err(|source| self.error(source))
    }

    /// Encodes what is left, as the last block.
    fn put_rest(&mut self) -> Result<(), WriteError> {
        if !self.block[0].is_empty() {
            self.encode()?;
        }
        self.put()
    }

    /// Leaves whole blocks and a header that says how many frames they have.
    fn round_off(&mut self) -> Result<(), WriteError> {
        let cut = self.output.cut(self.out.bytes);
        cut.map_err(|source| self.error(source))?;
        let mut info = StreamInfo {
            frames: self.out.frames,
            ..StreamInfo::default()
        };
        if !self.is_torn {
            info.frame_bytes_min = self.info.frame_bytes_min;
            info.frame_bytes_max = self.info.frame_bytes_max;
            info.checksum = self.checksum.md5();
        }
        self.make_good(&info)
    }

    /// The error of a pipe whose header promised another length.
    fn broken_promise(&self) -> Option<WriteError> {
        let found = self.written.frames;
        let expected = self.promised_frames.filter(|promised| *promised != found)?;
        Some(WriteError::Length {
            name: self.output.name().to_owned(),
            found,
            expected,
        })
    }

    fn error(&self, source: std::io::Error) -> WriteError {
        WriteError::new(self.output.name(), self.written.frames, source)
    }
}

impl Sink for FlacSink {
    fn write(&mut self, from: &Buffer, frames: Range<usize>) -> Result<(), WriteError> {
        let mut at = frames.start;
        while at < frames.end {
            let room = BLOCK_FRAMES - self.block[0].len();
            let count = room.min(frames.end - at);
            self.collect(from, at..at + count);
            at += count;
            if self.block[0].len() == BLOCK_FRAMES {
                self.encode()?;
            }
        }
        Ok(())
    }

    /// Hands on whole blocks; a shorter one would end the stream.
    fn flush(&mut self) -> Result<(), WriteError> {
        self.put()?;
        if self.output.is_recording() && self.upkeep.is_due(self.out.frames) {
            self.make_good(&StreamInfo {
                frames: self.out.frames,
                ..StreamInfo::default()
            })?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Written, WriteError> {
        self.put_rest()?;
        if let Some(error) = self.broken_promise() {
            return Err(error);
        }
        if self.output.is_rewritable() {
            self.info.frames = self.written.frames;
            self.info.checksum = self.checksum.md5();
            let start = start(&self.format, self.samples, &self.info);
            let result = self.output.rewrite_start(&start);
            result.map_err(|source| self.error(source))?;
        }
        let Self {
            output, written, ..
        } = *self;
        let name = output.name().to_owned();
        let result = output.commit();
        result.map_err(|source| WriteError::new(&name, written.frames, source))?;
        Ok(written)
    }

    fn keep(mut self: Box<Self>, end: End) -> Option<Kept> {
        // Before anything is written: a header alone would take the name of what is there.
        if self.output.is_whole_or_nothing() || (self.written.frames == 0 && end == End::Cut) {
            return None;
        }
        let mut trouble = match self.is_torn {
            true => None, // Whoever writes was told.
            false => self.put_rest().err(),
        };
        if self.out.frames == 0 && end == End::Cut && !self.output.has_taken_name() {
            return None;
        }
        if self.output.is_recording() {
            trouble = trouble.or(self.round_off().err());
        } else {
            trouble = trouble.or(self.broken_promise());
        }
        let written = Written {
            frames: self.out.frames,
            bytes: self.output.written_bytes(),
            ..self.written
        };
        let name = self.output.name().to_owned();
        let committed = self.output.commit();
        let committed = committed.map_err(|source| WriteError::new(&name, written.frames, source));
        Some(Kept {
            written,
            trouble: trouble.or(committed.err()),
        })
    }
}

/// A little-endian integer of 1 to 4 bytes.
fn integer(bytes: &[u8]) -> i32 {
    let mut word = [0; 4];
    word[4 - bytes.len()..].copy_from_slice(bytes);
    i32::from_le_bytes(word) >> (8 * (4 - bytes.len()))
}

/// The signature and the stream information.
fn start(format: &Format, samples: SampleFormat, info: &StreamInfo) -> Vec<u8> {
    let mut bytes = b"fLaC".to_vec();
    bytes.extend([STREAM_INFO, 0, 0, STREAM_INFO_BYTES as u8]);
    bytes.extend([BLOCK_FRAMES as u16; 2].map(u16::to_be_bytes).concat());
    for size in [info.frame_bytes_min, info.frame_bytes_max] {
        bytes.extend(&(size as u32).to_be_bytes()[1..]);
    }
    let counted = Some(info.frames).filter(|frames| *frames <= FRAMES_MAX);
    let packed = u64::from(format.sample_rate_hz()) << 44
        | (format.channels() as u64 - 1) << 41
        | u64::from(samples.bits() - 1) << 36
        | counted.unwrap_or_default();
    bytes.extend(packed.to_be_bytes());
    bytes.extend(info.checksum);
    bytes
}

/// The block of tags, the last in front of the audio.
fn comment(format: &Format, metadata: &Metadata) -> Vec<u8> {
    let layout = format.layout();
    let usual = MASKS.get(format.channels() - 1) == Some(&layout.mask());
    let mask = (!usual).then(|| (MASK_KEY.to_owned(), format!("{:#x}", layout.mask())));
    let tags = metadata.tags().iter();
    let tags = tags
        .filter(|tag| tag.key != MASK_KEY && is_key(&tag.key))
        .map(|tag| (tag.key.clone(), tag.value.clone()));
    let entries: Vec<String> = tags
        .chain(mask)
        .map(|(key, value)| format!("{}={value}", key.to_ascii_uppercase()))
        .collect();
    let mut content = text(VENDOR);
    content.extend((entries.len() as u32).to_le_bytes());
    for entry in &entries {
        content.extend(text(entry));
    }
    let size = (content.len() as u32).to_be_bytes();
    [&[LAST | VORBIS_COMMENT], &size[1..], &content].concat()
}

/// A text with its length in front.
fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()
}

/// Whether a Vorbis comment may have the key.
pub(crate) fn is_key(key: &str) -> bool {
    key.bytes()
        .all(|byte| (0x20..=0x7d).contains(&byte) && byte != b'=')
}
