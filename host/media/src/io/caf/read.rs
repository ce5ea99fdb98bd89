//! Caf: reads Apple's Core Audio Format where its samples are uncompressed, or codes of G.711.
//!
//! In: a file or pipe at its first byte. Out: what the samples are, with the input at the first of
//! them; or what is wrong. Goes forward only; of a file it also looks at what is behind the
//! samples, without moving. What is compressed in a CAF file is for `compressed`.
//!
//! Source: Core Audio Format Specification (Apple, 2011).

use std::io;
use std::io::Read;

use crate::audio::Format;
use crate::audio::SampleFormat;
use crate::audio::layout;
use crate::io::aiff::layout::speakers;
use crate::io::caf::CafError;
use crate::io::encoding::Encoding;
use crate::io::metadata::Metadata;
use crate::io::pcm::Pcm;
use crate::io::pcm::rounded;
use crate::io::speakers::Arranged;

/// Bytes up to the end of what says how samples are stored: that chunk is always the first.
pub(crate) const START_BYTES: usize = 52;

/// The most chunks that are looked at on either side of the samples. Files have about five.
const CHUNKS_MAX: usize = 256;

/// The most bytes before the samples. They are read and thrown away.
const HEADER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The longest chunk that is kept.
const KEPT_BYTES_MAX: u64 = 64 * 1024;

/// The most tags that are read of one chunk.
const TAGS_MAX: u32 = 1024;

/// The size of samples that go on until the file ends.
const SIZE_UNKNOWN: u64 = u64::MAX;

/// Bytes in front of the samples in their chunk: how often they were edited.
const EDITS_BYTES: u64 = 4;

/// Flags of uncompressed samples.
const IS_FLOAT: u32 = 1;
const IS_LITTLE_ENDIAN: u32 = 2;

/// Names of tags, and what Vorbis comments call the same where that differs.
const KEYS: [(&str, &str); 5] = [
    ("comments", "comment"),
    ("encoding application", "encoder"),
    ("recorded date", "date"),
    ("track number", "tracknumber"),
    ("year", "date"),
];

/// What the chunk says that is always the first.
struct Description {
    rate_hz: f64,
    kind: [u8; 4],
    flags: u32,
    frame_bytes: u32,
    channels: u32,
    bits: u32,
}

/// What the other chunks say, and where the samples are.
#[derive(Default)]
struct CafChunks {
    layout: Option<Vec<u8>>,
    metadata: Metadata,
    position: u64,
}

/// Whether the first [`START_BYTES`] are of a file that is read here.
pub(crate) fn is_uncompressed(start: &[u8]) -> bool {
    let kind = start.get(28..32);
    start.len() == START_BYTES && [&b"lpcm"[..], b"ulaw", b"alaw"].map(Some).contains(&kind)
}

/// Reads up to the first sample; `file_bytes` is the length of the whole file, `None` for a pipe.
///
/// `read_at` fills bytes from a place of the file; where it cannot, nothing is behind the samples.
pub(crate) fn header(
    mut input: impl Read,
    file_bytes: Option<u64>,
    read_at: impl Fn(u64, &mut [u8]) -> io::Result<()>,
) -> Result<Pcm, CafError> {
    let mut start = [0; START_BYTES];
    fill(&mut input, &mut start)?;
    let description = Description::of(&start);
    let mut found = CafChunks {
        position: START_BYTES as u64,
        ..CafChunks::default()
    };
    for _ in 0..CHUNKS_MAX {
        let mut head = [0; 12];
        match fill(&mut input, &mut head) {
            Err(CafError::Truncated) => return Err(CafError::NoData),
            filled => filled?,
        }
        let (id, size) = parted(head);
        found.position += head.len() as u64;
        if &id == b"data" {
            fill(&mut input, &mut [0; EDITS_BYTES as usize])?;
            found.position += EDITS_BYTES;
            let declared = (size != SIZE_UNKNOWN).then(|| size.saturating_sub(EDITS_BYTES));
            if let (Some(declared), Some(_)) = (declared, file_bytes) {
                found.behind(found.position.saturating_add(declared), read_at);
            }
            return found.pcm(&description, declared, file_bytes);
        }
        if found.position.saturating_add(size) > HEADER_BYTES_MAX {
            break;
        }
        found.chunk(id, size, &mut input)?;
    }
    Err(CafError::TooLong {
        expected_chunks: CHUNKS_MAX,
        expected_bytes: HEADER_BYTES_MAX,
    })
}

impl CafChunks {
    /// Reads a chunk that is kept, and passes over any other.
    fn chunk(&mut self, id: [u8; 4], size: u64, input: &mut impl Read) -> Result<(), CafError> {
        self.position += size;
        if is_kept(id) && size <= KEPT_BYTES_MAX {
            let mut content = vec![0; size as usize];
            fill(input, &mut content)?;
            self.keep(id, content);
            return Ok(());
        }
        let passed = io::copy(&mut input.take(size), &mut io::sink())?;
        match passed == size {
            true => Ok(()),
            false => Err(CafError::Truncated),
        }
    }

    /// Takes the chunks that stand behind the samples of a file.
    fn behind(&mut self, from: u64, read_at: impl Fn(u64, &mut [u8]) -> io::Result<()>) {
        let mut position = from;
        for _ in 0..CHUNKS_MAX {
            let mut head = [0; 12];
            if read_at(position, &mut head).is_err() {
                return;
            }
            let (id, size) = parted(head);
            if is_kept(id) && size <= KEPT_BYTES_MAX {
                let mut content = vec![0; size as usize];
                if read_at(position + 12, &mut content).is_err() {
                    return;
                }
                self.keep(id, content);
            }
            position = position.saturating_add(12).saturating_add(size);
        }
    }

    fn keep(&mut self, id: [u8; 4], content: Vec<u8>) {
        match &id {
            b"chan" => self.layout = Some(content),
            _ => tags(&content, &mut self.metadata),
        }
    }

    /// All that is known about the samples.
    fn pcm(
        self,
        description: &Description,
        declared_bytes: Option<u64>,
        file_bytes: Option<u64>,
    ) -> Result<Pcm, CafError> {
        let channels = description.channels;
        let usual = Arranged::as_they_are(layout(channels)?);
        let count = channels as u16; // At most 64, as `layout` made sure.
        let named = self
            .layout
            .and_then(|content| Arranged::of(&speakers(&content, count)?));
        let Arranged { layout, order } = named.unwrap_or(usual);
        let encoding = description.encoding()?;
        // 8 bits have a sign here; elsewhere they have none, and mean the same.
        let stored = match encoding.samples {
            SampleFormat::S8 => SampleFormat::U8,
            samples => samples,
        };
        let notices = rounded(stored).filter(|_| description.bits > 24);
        Ok(Pcm {
            format: Format::new(description.sample_rate_hz()?, layout, stored)?,
            encoding,
            order,
            declared_bytes,
            present_bytes: file_bytes.map(|bytes| bytes.saturating_sub(self.position)),
            metadata: self.metadata,
            notices: Vec::from_iter(notices),
        })
    }
}

impl Description {
    fn of(start: &[u8; START_BYTES]) -> Self {
        let [rate @ .., a, b, c, d] = *start[20..].first_chunk::<12>().expect("52 bytes have it");
        let number = |at: usize| {
            let bytes = start[at..].first_chunk().expect("52 bytes have it");
            u32::from_be_bytes(*bytes)
        };
        Self {
            rate_hz: f64::from_be_bytes(rate),
            kind: [a, b, c, d],
            flags: number(32),
            frame_bytes: number(36),
            channels: number(44),
            bits: number(48),
        }
    }

    fn sample_rate_hz(&self) -> Result<u32, CafError> {
        let found = self.rate_hz;
        let is_whole = found >= 1.0 && found <= f64::from(u32::MAX);
        is_whole
            .then(|| found.round() as u32)
            .ok_or(CafError::SampleRate { found })
    }

    /// How one sample lies in bytes, if all fields agree on it.
    fn encoding(&self) -> Result<Encoding, CafError> {
        let samples = match (&self.kind, self.flags & IS_FLOAT, self.bits) {
            (b"ulaw", ..) => SampleFormat::MuLaw,
            (b"alaw", ..) => SampleFormat::ALaw,
            (_, IS_FLOAT, 32) => SampleFormat::F32,
            (_, IS_FLOAT, 64) => SampleFormat::F64,
            (_, 0, 1..=8) => SampleFormat::S8,
            (_, 0, 9..=16) => SampleFormat::S16,
            (_, 0, 17..=24) => SampleFormat::S24,
            (_, 0, 25..=32) => SampleFormat::S32,
            (_, is_float, bits) => {
                let kind = if is_float == 0 { "integers" } else { "floats" };
                let found = format!("{kind} of {bits} bits");
                return Err(CafError::Samples { found });
            }
        };
        let expected = samples.bytes() * self.channels as usize;
        if self.frame_bytes as usize != expected {
            return Err(CafError::FrameBytes {
                found: self.frame_bytes,
                expected,
            });
        }
        Ok(match self.flags & IS_LITTLE_ENDIAN {
            0 => Encoding::big(samples),
            _ => Encoding::little(samples),
        })
    }
}

/// Adds the tags of a chunk of them: a count, and as many pairs of texts that end with a 0.
fn tags(content: &[u8], metadata: &mut Metadata) {
    let Some((count, texts)) = content.split_first_chunk::<4>() else {
        return metadata.leave_out(1);
    };
    let count = u32::from_be_bytes(*count);
    let mut texts = texts.split(|byte| *byte == 0).map(str::from_utf8);
    for at in 0..count.min(TAGS_MAX) {
        let (Some(Ok(key)), Some(Ok(value))) = (texts.next(), texts.next()) else {
            return metadata.leave_out(u64::from(count - at));
        };
        let known = KEYS.iter().find(|(known, _)| *known == key);
        metadata.push(known.map_or(key, |(_, key)| key), value);
    }
    metadata.leave_out(u64::from(count.saturating_sub(TAGS_MAX)));
}

fn is_kept(id: [u8; 4]) -> bool {
    matches!(&id, b"chan" | b"info")
}

fn parted([a, b, c, d, size @ ..]: [u8; 12]) -> ([u8; 4], u64) {
    ([a, b, c, d], u64::from_be_bytes(size))
}

fn fill(input: &mut impl Read, bytes: &mut [u8]) -> Result<(), CafError> {
    match input.read_exact(bytes) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(CafError::Truncated),
        result => Ok(result?),
    }
}
