//! Read: walks the chunks of a WAV file up to its samples.
//!
//! In: a file or pipe at its first byte. Out: what the samples are, with the input at the first of
//! them; or what is wrong. Goes forward only, so that a pipe is as good as a file.

use std::io;
use std::io::Read;

use crate::audio::Format;
use crate::audio::FormatError;
use crate::audio::Layout;
use crate::audio::SampleFormat;
use crate::audio::layout;
use crate::io::encoding::Encoding;
use crate::io::id3;
use crate::io::metadata::Metadata;
use crate::io::notice::Notice;
use crate::io::pcm::Pcm;
use crate::io::pcm::rounded;
use crate::io::wav::FORMAT_BYTES;
use crate::io::wav::SUBFORMAT_TAIL;
use crate::io::wav::TAG_A_LAW;
use crate::io::wav::TAG_EXTENSIBLE;
use crate::io::wav::TAG_FLOAT;
use crate::io::wav::TAG_MU_LAW;
use crate::io::wav::TAG_PCM;
use crate::io::wav::WavError;
use crate::io::wav::extent::Extent;
use crate::io::wav::info;

/// The most chunks before the samples. Broadcast files have about ten.
const CHUNKS_MAX: usize = 256;

/// The most bytes before the samples. They are read and thrown away; pictures and padding for
/// several covers fit.
const HEADER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The longest list of tags that is read.
const LIST_BYTES_MAX: u32 = 256 * 1024;

/// The least format chunk: one without an extension.
const FORMAT_BYTES_MIN: usize = 16;

/// Bytes of the 64-bit sizes at the start of a `ds64` chunk: file, samples.
const LONG_SIZES_BYTES: usize = 16;

/// The speaker that some writers name for a signal of one channel, because they count speakers
/// from the first bit on. They mean mono, which is the front centre.
const FRONT_LEFT: u32 = 1;

/// What stood in front of the samples.
#[derive(Debug, Default)]
struct WavChunks {
    format: Option<FormatChunk>,
    data_bytes: Option<u64>,
    metadata: Metadata,
}

/// A format chunk, field by field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FormatChunk {
    tag: u16,
    channels: u16,
    sample_rate_hz: u32,
    frame_bytes: u16,
    bits: u16,
    /// Valid bits and speaker positions, where the header is extensible.
    extension: Option<(u16, u32)>,
}

/// Reads the header; `input` stands at the first sample afterwards.
///
/// `file_bytes` is the length of the whole file, or `None` for a pipe.
pub(crate) fn header(input: impl Read, file_bytes: Option<u64>) -> Result<Pcm, WavError> {
    let mut chunks = Chunks { input, position: 0 };
    let riff: [u8; 12] = chunks.array("RIFF header")?;
    let riff_size = u32::from_le_bytes([riff[4], riff[5], riff[6], riff[7]]);
    let mut found = WavChunks::default();
    for _ in 0..CHUNKS_MAX {
        let Some((id, size)) = chunks.next()? else {
            return Err(WavError::NoData);
        };
        match &id {
            b"fmt " => found.format = Some(chunks.format(size)?),
            b"LIST" => chunks.list(size, &mut found.metadata)?,
            id if id3::CHUNKS.contains(&id) => chunks.id3(size, &mut found.metadata)?,
            b"ds64" => found.data_bytes = chunks.long_data_size(size)?,
            b"data" => {
                return found.pcm(Extent {
                    riff_size,
                    data_size: size,
                    position: chunks.position,
                    file_bytes,
                });
            }
            _ => chunks.skip(id, u64::from(size) + u64::from(size % 2))?,
        }
    }
    Err(WavError::Chunks {
        expected: CHUNKS_MAX,
    })
}

/// Adds the tags of lists behind the samples, where many programs put them.
///
/// `read_at` fills bytes from a place of the file; where it cannot, there are no more tags.
pub(crate) fn tags_behind(
    pcm: &mut Pcm,
    file_bytes: u64,
    read_at: impl Fn(u64, &mut [u8]) -> io::Result<()>,
) {
    let Some((declared, present)) = pcm.declared_bytes.zip(pcm.present_bytes) else {
        return;
    };
    let mut position = file_bytes - present + declared.min(present).next_multiple_of(2);
    for _ in 0..CHUNKS_MAX {
        let mut head = [0; 8];
        if read_at(position, &mut head).is_err() {
            return;
        }
        let [a, b, c, d, size @ ..] = head;
        let size = u32::from_le_bytes(size);
        let id = [a, b, c, d];
        let is_id3 = id3::CHUNKS.contains(&&id) && size <= id3::BYTES_MAX;
        if is_id3 || id == *b"LIST" && size <= LIST_BYTES_MAX {
            let mut content = vec![0; size as usize];
            if read_at(position + 8, &mut content).is_err() {
                return;
            }
            match is_id3 {
                true => id3::read(content, &mut pcm.metadata),
                false => info::read(&content, &mut pcm.metadata),
            }
        }
        position += 8 + u64::from(size) + u64::from(size % 2);
    }
}

/// Chunks one after the other.
struct Chunks<R> {
    input: R,
    position: u64,
}

impl<R: Read> Chunks<R> {
    /// The next chunk's id and size; `None` at the end of the file.
    fn next(&mut self) -> Result<Option<([u8; 4], u32)>, WavError> {
        let mut head = Vec::with_capacity(8);
        self.input.by_ref().take(8).read_to_end(&mut head)?;
        self.position += head.len() as u64;
        let head: Option<[u8; 8]> = head.try_into().ok();
        Ok(head.map(|[a, b, c, d, size @ ..]| ([a, b, c, d], u32::from_le_bytes(size))))
    }

    /// So many bytes, which `part` needs.
    fn array<const BYTES: usize>(&mut self, part: &str) -> Result<[u8; BYTES], WavError> {
        let mut array = [0; BYTES];
        self.fill(&mut array, part)?;
        Ok(array)
    }

    fn fill(&mut self, bytes: &mut [u8], part: &str) -> Result<(), WavError> {
        match self.input.read_exact(bytes) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(truncated(part)),
            result => {
                self.position += bytes.len() as u64;
                Ok(result?)
            }
        }
    }

    /// Passes over bytes of a chunk, padding included.
    fn skip(&mut self, id: [u8; 4], bytes: u64) -> Result<(), WavError> {
        let id = String::from_utf8_lossy(&id).trim().to_owned();
        if self.position + bytes > HEADER_BYTES_MAX {
            return Err(WavError::HeaderBytes {
                id,
                found_bytes: bytes,
                expected_bytes: HEADER_BYTES_MAX,
            });
        }
        let skipped = io::copy(&mut self.input.by_ref().take(bytes), &mut io::sink())?;
        self.position += skipped;
        if skipped < bytes {
            return Err(truncated(&format!("{id} chunk")));
        }
        Ok(())
    }

    /// A format chunk of so many bytes.
    fn format(&mut self, size: u32) -> Result<FormatChunk, WavError> {
        let mut bytes = [0; FORMAT_BYTES];
        let kept = bytes.len().min(size as usize);
        self.fill(&mut bytes[..kept], "format chunk")?;
        self.skip(
            *b"fmt ",
            u64::from(size) + u64::from(size % 2) - kept as u64,
        )?;
        FormatChunk::new(&bytes, size)
    }

    /// The samples' size in bytes of a 64-bit file; `None` where nobody came back to fill it in.
    fn long_data_size(&mut self, size: u32) -> Result<Option<u64>, WavError> {
        if (size as usize) < LONG_SIZES_BYTES {
            return Err(truncated("ds64 chunk"));
        }
        let sizes = self.array::<LONG_SIZES_BYTES>("ds64 chunk")?;
        let [_, _, _, _, _, _, _, _, data @ ..] = sizes;
        let rest = u64::from(size) + u64::from(size % 2) - LONG_SIZES_BYTES as u64;
        self.skip(*b"ds64", rest)?;
        let is_unknown = sizes == [0; LONG_SIZES_BYTES] || sizes == [0xff; LONG_SIZES_BYTES];
        Ok((!is_unknown).then_some(u64::from_le_bytes(data)))
    }

    /// Tags of ID3.
    fn id3(&mut self, size: u32, metadata: &mut Metadata) -> Result<(), WavError> {
        let padding = u64::from(size % 2);
        if size > id3::BYTES_MAX {
            metadata.leave_out(1);
            return self.skip(*b"id3 ", u64::from(size) + padding);
        }
        let mut content = vec![0; size as usize];
        self.fill(&mut content, "id3 chunk")?;
        id3::read(content, metadata);
        self.skip(*b"id3 ", padding)
    }

    /// A list, which may be one of tags.
    fn list(&mut self, size: u32, metadata: &mut Metadata) -> Result<(), WavError> {
        let padding = u64::from(size % 2);
        if size > LIST_BYTES_MAX {
            metadata.leave_out(1);
            return self.skip(*b"LIST", u64::from(size) + padding);
        }
        let mut list = vec![0; size as usize];
        self.fill(&mut list, "LIST chunk")?;
        info::read(&list, metadata);
        self.skip(*b"LIST", padding)
    }
}

fn truncated(part: &str) -> WavError {
    WavError::Truncated {
        part: part.to_owned(),
    }
}

impl FormatChunk {
    /// Takes the fields apart; `size` is the chunk's own.
    fn new(bytes: &[u8; FORMAT_BYTES], size: u32) -> Result<Self, WavError> {
        let short = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let long = |at: usize| u32::from(short(at)) | u32::from(short(at + 2)) << 16;
        let extensible = short(0) == TAG_EXTENSIBLE;
        let expected = if extensible {
            FORMAT_BYTES
        } else {
            FORMAT_BYTES_MIN
        };
        if (size as usize) < expected {
            return Err(WavError::FormatSize {
                found: size,
                expected,
            });
        }
        let known = extensible && bytes[26..] == SUBFORMAT_TAIL;
        Ok(Self {
            tag: if known { short(24) } else { short(0) },
            channels: short(2),
            sample_rate_hz: long(4),
            frame_bytes: short(12),
            bits: short(14),
            extension: extensible.then(|| (short(18), long(20))),
        })
    }

    /// How samples are stored, if all fields agree on it.
    fn samples(&self) -> Result<SampleFormat, WavError> {
        let samples = match (self.tag, self.bits) {
            (TAG_PCM, 1..=8) => SampleFormat::U8,
            (TAG_PCM, 9..=16) => SampleFormat::S16,
            (TAG_PCM, 17..=24) => SampleFormat::S24,
            (TAG_PCM, 25..=32) => SampleFormat::S32,
            (TAG_FLOAT, 32) => SampleFormat::F32,
            (TAG_FLOAT, 64) => SampleFormat::F64,
            (TAG_A_LAW, 8) => SampleFormat::ALaw,
            (TAG_MU_LAW, 8) => SampleFormat::MuLaw,
            (TAG_PCM, found) => return Err(bits(found, "1 to 32 for PCM")),
            (TAG_FLOAT, found) => return Err(bits(found, "32 or 64 for float")),
            (TAG_A_LAW | TAG_MU_LAW, found) => return Err(bits(found, "8 for G.711")),
            (found, _) => return Err(WavError::Tag { found }),
        };
        let expected = samples.bytes() * usize::from(self.channels);
        if usize::from(self.frame_bytes) != expected {
            return Err(WavError::FrameBytes {
                found: self.frame_bytes,
                expected,
            });
        }
        Ok(samples)
    }

    /// The layout, and what is to be said when the speaker positions do not fit.
    fn layout(&self) -> Result<(Layout, Option<Notice>), FormatError> {
        let channels = self.channels;
        let usual = layout(u32::from(channels))?;
        let Some((_, mask)) = self.extension else {
            return Ok((usual, None));
        };
        if (channels, mask) == (1, FRONT_LEFT) {
            return Ok((Layout::MONO, None));
        }
        Ok(match Layout::from_parts(mask, channels) {
            Some(layout) => (layout, None),
            None => (usual, Some(Notice::MaskIgnored { mask, channels })),
        })
    }

    /// Bits that may differ from 0; the rest of each sample is padding.
    fn valid_bits(&self) -> u16 {
        match self.extension {
            Some((valid, _)) if (1..self.bits).contains(&valid) => valid,
            _ => self.bits,
        }
    }
}

fn bits(found: u16, expected: &'static str) -> WavError {
    WavError::Bits { found, expected }
}

impl WavChunks {
    /// All that is known about the samples.
    fn pcm(self, extent: Extent) -> Result<Pcm, WavError> {
        let chunk = self.format.ok_or(WavError::NoFormat)?;
        let (layout, mask_ignored) = chunk.layout()?;
        let mut notices = Vec::from_iter(mask_ignored);
        // The rate before the rest: 0 Hz is more of an explanation than 0 bytes a frame.
        Format::new(chunk.sample_rate_hz, layout, SampleFormat::U8)?;
        let samples = chunk.samples()?;
        notices.extend(rounded(samples).filter(|_| chunk.valid_bits() > 24));
        Ok(Pcm {
            format: Format::new(chunk.sample_rate_hz, layout, samples)?,
            encoding: Encoding::little(samples),
            order: Vec::new(),
            declared_bytes: extent.declared_bytes(self.data_bytes),
            present_bytes: extent.present_bytes(),
            metadata: self.metadata,
            notices,
        })
    }
}
