//! Read: walks the chunks of an AIFF file up to its samples.
//!
//! In: a file or pipe at its first byte. Out: what the samples are, with the input at the first of
//! them; or what is wrong. Goes forward only; of a file it also looks at what is behind the
//! samples, without moving.

use std::io;
use std::io::Read;

use crate::audio::Format;
use crate::audio::SampleFormat;
use crate::audio::layout;
use crate::io::aiff::A_LAW;
use crate::io::aiff::AiffError;
use crate::io::aiff::COMMON_BYTES;
use crate::io::aiff::FLOAT_32;
use crate::io::aiff::FLOAT_64;
use crate::io::aiff::MU_LAW;
use crate::io::aiff::SOUND_HEAD_BYTES;
use crate::io::aiff::TEXTS;
use crate::io::aiff::layout::speakers;
use crate::io::encoding::Encoding;
use crate::io::id3;
use crate::io::metadata::Metadata;
use crate::io::notice::Notice;
use crate::io::pcm::Pcm;
use crate::io::pcm::rounded;
use crate::io::speakers::Arranged;

/// The most chunks that are looked at on either side of the samples. Files have about ten.
const CHUNKS_MAX: usize = 256;

/// The most bytes before the samples. They are read and thrown away.
const HEADER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The longest chunk that is kept.
const KEPT_BYTES_MAX: u32 = 64 * 1024;

/// Stands in a size that was not known when the header was sent.
const SIZE_UNKNOWN: u32 = u32::MAX;

/// What the chunks say, and where the samples are.
#[derive(Debug, Default)]
pub(crate) struct AiffChunks {
    common: Option<Vec<u8>>,
    layout: Option<Vec<u8>>,
    metadata: Metadata,
    /// Where the first sample stands.
    position: u64,
    /// Bytes of samples that their chunk has; `None` where nobody knew.
    sound_bytes: Option<u64>,
}

/// Reads up to the first sample.
pub(crate) fn header(mut input: impl Read) -> Result<AiffChunks, AiffError> {
    let mut found = AiffChunks::default();
    let mut form = [0; 12];
    fill(&mut input, &mut form, "header")?;
    found.position = form.len() as u64;
    for _ in 0..CHUNKS_MAX {
        let Some((id, size)) = next(&mut input)? else {
            return Err(AiffError::NoSound);
        };
        found.position += 8;
        if &id == b"SSND" {
            found.sound(&mut input, size)?;
            return Ok(found);
        }
        let bytes = u64::from(size) + u64::from(size % 2);
        if found.position + bytes > HEADER_BYTES_MAX {
            break;
        }
        found.chunk(id, size, &mut input)?;
        found.position += bytes;
    }
    Err(AiffError::TooLong {
        expected_chunks: CHUNKS_MAX,
        expected_bytes: HEADER_BYTES_MAX,
    })
}

impl AiffChunks {
    /// Takes what stands behind the samples of a file.
    ///
    /// `read_at` fills bytes from a place of the file; where it cannot, there is no more.
    pub(crate) fn behind(&mut self, read_at: impl Fn(u64, &mut [u8]) -> io::Result<()>) {
        let Some(sound_bytes) = self.sound_bytes else {
            return;
        };
        let mut position = (self.position + sound_bytes).next_multiple_of(2);
        for _ in 0..CHUNKS_MAX {
            let mut head = [0; 8];
            if read_at(position, &mut head).is_err() {
                return;
            }
            let (id, size) = parted(head);
            if size <= kept_bytes_max(id) {
                let mut content = vec![0; size as usize];
                if read_at(position + 8, &mut content).is_err() {
                    return;
                }
                self.keep(id, content);
            }
            position += 8 + u64::from(size) + u64::from(size % 2);
        }
    }

    /// The chunk of the samples: from here on they follow.
    fn sound(&mut self, input: &mut impl Read, size: u32) -> Result<(), AiffError> {
        let mut head = [0; SOUND_HEAD_BYTES];
        fill(input, &mut head, "sound chunk")?;
        let [a, b, c, d, ..] = head;
        let offset = u64::from(u32::from_be_bytes([a, b, c, d]));
        if offset > HEADER_BYTES_MAX {
            return Err(AiffError::TooLong {
                expected_chunks: CHUNKS_MAX,
                expected_bytes: HEADER_BYTES_MAX,
            });
        }
        skip(input, offset, "sound chunk")?;
        let in_front = SOUND_HEAD_BYTES as u64 + offset;
        self.position += in_front;
        self.sound_bytes =
            (size != SIZE_UNKNOWN && size != 0).then(|| u64::from(size).saturating_sub(in_front));
        Ok(())
    }

    /// Reads a chunk that is kept, and passes over any other.
    fn chunk(&mut self, id: [u8; 4], size: u32, input: &mut impl Read) -> Result<(), AiffError> {
        let part = format!("{} chunk", String::from_utf8_lossy(&id).trim());
        let padding = u64::from(size % 2);
        if size > kept_bytes_max(id) {
            return skip(input, u64::from(size) + padding, &part);
        }
        let mut content = vec![0; size as usize];
        fill(input, &mut content, &part)?;
        skip(input, padding, &part)?;
        self.keep(id, content);
        Ok(())
    }

    fn keep(&mut self, id: [u8; 4], content: Vec<u8>) {
        match &id {
            b"COMM" => self.common = Some(content),
            b"CHAN" => self.layout = Some(content),
            id if id3::CHUNKS.contains(&id) => id3::read(content, &mut self.metadata),
            _ => {
                let Some((_, key)) = TEXTS.iter().find(|(text, _)| **text == id) else {
                    return;
                };
                let end = content.iter().position(|byte| *byte == 0);
                let text = &content[..end.unwrap_or(content.len())];
                self.metadata.push(key, &String::from_utf8_lossy(text));
            }
        }
    }

    /// All that is known about the samples; `file_bytes` is the length of the whole file.
    pub(crate) fn pcm(self, file_bytes: Option<u64>) -> Result<Pcm, AiffError> {
        let common = Common::new(&self.common.ok_or(AiffError::NoFormat)?)?;
        let encoding = common.encoding()?;
        let channels = common.channels;
        let usual = Arranged::as_they_are(layout(u32::from(channels))?);
        let named = self
            .layout
            .and_then(|content| Arranged::of(&speakers(&content, channels)?));
        let Arranged { layout, order } = named.unwrap_or(usual);
        // AIFF's own 8 bits have a sign; elsewhere they have none, and mean the same.
        let stored = match encoding.samples {
            SampleFormat::S8 => SampleFormat::U8,
            samples => samples,
        };
        let frame_bytes = encoding.samples.bytes() as u64 * u64::from(channels);
        let declared = common.frames.map(|frames| u64::from(frames) * frame_bytes);
        let mut notices = Vec::from_iter(rounded(stored).filter(|_| common.bits > 24));
        if let (Some(declared), Some(sound)) = (declared, self.sound_bytes)
            && sound < declared
        {
            let (expected, found) = (declared / frame_bytes, sound / frame_bytes);
            notices.push(match file_bytes {
                Some(_) => Notice::Short { expected, found },
                None => Notice::Announced { expected, found },
            });
        }
        Ok(Pcm {
            format: Format::new(common.sample_rate_hz, layout, stored)?,
            encoding,
            order,
            declared_bytes: match (declared, self.sound_bytes) {
                (Some(declared), Some(sound)) => Some(declared.min(sound)),
                (declared, sound) => declared.or(sound),
            },
            present_bytes: file_bytes.map(|bytes| bytes.saturating_sub(self.position)),
            metadata: self.metadata,
            notices,
        })
    }
}

/// The common chunk, field by field.
struct Common {
    channels: u16,
    /// `None` where nobody came back to fill it in.
    frames: Option<u32>,
    bits: u16,
    sample_rate_hz: u32,
    compression: [u8; 4],
}

impl Common {
    fn new(bytes: &[u8]) -> Result<Self, AiffError> {
        let Some((fixed, rest)) = bytes.split_first_chunk::<COMMON_BYTES>() else {
            return Err(AiffError::CommonSize {
                found: bytes.len() as u32,
                expected: COMMON_BYTES,
            });
        };
        let [a, b, c, d, e, f, g, h, rate @ ..] = *fixed;
        let frames = u32::from_be_bytes([c, d, e, f]);
        Ok(Self {
            channels: u16::from_be_bytes([a, b]),
            frames: (frames != SIZE_UNKNOWN).then_some(frames),
            bits: u16::from_be_bytes([g, h]),
            sample_rate_hz: whole_rate(rate).ok_or(AiffError::SampleRate)?,
            compression: rest.first_chunk().copied().unwrap_or(*b"NONE"),
        })
    }

    /// How one sample lies in bytes.
    fn encoding(&self) -> Result<Encoding, AiffError> {
        let by_bits = match self.bits {
            1..=8 => Ok(SampleFormat::S8),
            9..=16 => Ok(SampleFormat::S16),
            17..=24 => Ok(SampleFormat::S24),
            25..=32 => Ok(SampleFormat::S32),
            found => Err(AiffError::Bits { found }),
        };
        Ok(match &self.compression {
            b"NONE" | b"twos" => Encoding::big(by_bits?),
            b"sowt" => Encoding::little(by_bits?),
            b"raw " => Encoding::little(SampleFormat::U8),
            b"in24" => Encoding::big(SampleFormat::S24),
            b"in32" => Encoding::big(SampleFormat::S32),
            b"42ni" => Encoding::little(SampleFormat::S24),
            b"23ni" => Encoding::little(SampleFormat::S32),
            b"FL32" | &FLOAT_32 => Encoding::big(SampleFormat::F32),
            b"FL64" | &FLOAT_64 => Encoding::big(SampleFormat::F64),
            b"ULAW" | &MU_LAW => Encoding::big(SampleFormat::MuLaw),
            b"ALAW" | &A_LAW => Encoding::big(SampleFormat::ALaw),
            found => {
                return Err(AiffError::Compression {
                    found: String::from_utf8_lossy(found).trim().to_owned(),
                });
            }
        })
    }
}

/// An 80-bit float as a whole number of 32 bits, rounded; `None` where there is none.
fn whole_rate(bytes: [u8; 10]) -> Option<u32> {
    let [a, b, mantissa @ ..] = bytes;
    let exponent = i32::from(u16::from_be_bytes([a, b])) - 16_383;
    let mantissa = u64::from_be_bytes(mantissa);
    // The mantissa's highest bit is worth 2^exponent; a sign shows as an exponent beyond all.
    if !(0..32).contains(&exponent) {
        return None;
    }
    let rounded = ((u128::from(mantissa) >> (62 - exponent)) + 1) >> 1;
    u32::try_from(rounded).ok().filter(|rate| *rate > 0)
}

/// The longest chunk of this name that is kept, in bytes; 0 where it is passed over.
fn kept_bytes_max(id: [u8; 4]) -> u32 {
    let is_text = TEXTS.iter().any(|(text, _)| **text == id);
    match &id {
        b"COMM" | b"CHAN" => KEPT_BYTES_MAX,
        _ if is_text => KEPT_BYTES_MAX,
        id if id3::CHUNKS.contains(&id) => id3::BYTES_MAX,
        _ => 0,
    }
}

/// The next chunk's id and size; `None` at the end of the file.
fn next(input: &mut impl Read) -> io::Result<Option<([u8; 4], u32)>> {
    let mut head = Vec::with_capacity(8);
    input.by_ref().take(8).read_to_end(&mut head)?;
    let head: Option<[u8; 8]> = head.try_into().ok();
    Ok(head.map(parted))
}

fn parted([a, b, c, d, size @ ..]: [u8; 8]) -> ([u8; 4], u32) {
    ([a, b, c, d], u32::from_be_bytes(size))
}

fn fill(input: &mut impl Read, bytes: &mut [u8], part: &str) -> Result<(), AiffError> {
    match input.read_exact(bytes) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(truncated(part)),
        result => Ok(result?),
    }
}

fn skip(input: &mut impl Read, bytes: u64, part: &str) -> Result<(), AiffError> {
    let skipped = io::copy(&mut input.by_ref().take(bytes), &mut io::sink())?;
    if skipped < bytes {
        return Err(truncated(part));
    }
    Ok(())
}

fn truncated(part: &str) -> AiffError {
    AiffError::Truncated {
        part: part.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_of_80_bits_are_whole_numbers_or_none() {
        let rate = |exponent: u16, mantissa: u64| {
            let bytes = [&exponent.to_be_bytes()[..], &mantissa.to_be_bytes()].concat();
            whole_rate(bytes.try_into().unwrap())
        };
        assert_eq!(rate(0x400e, 0xac44 << 48), Some(44_100));
        assert_eq!(rate(0x400e, 0xbb80 << 48), Some(48_000));
        assert_eq!(rate(0x3fff, 1 << 63), Some(1));
        assert_eq!(rate(0x400e, (0xac44 << 48) + (1 << 47)), Some(44_101));
        for (exponent, mantissa) in [
            (0, 0),
            (0x400e, 0),
            (0xc00e, 1 << 63),
            (0x7fff, u64::MAX),
            (0x401e, u64::MAX),
        ] {
            assert_eq!(rate(exponent, mantissa), None, "{exponent:x}");
        }
    }
}
