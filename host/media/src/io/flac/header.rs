//! Header: what stands before the first frame of a FLAC stream.
//!
//! In: a file or pipe at its first byte. Out: format, length and tags, with the input at the first
//! frame; or what is wrong. Goes forward only. Source: RFC 9639, sections 8 and 9.1.3.

use std::io;
use std::io::Read;

use crate::audio::Format;
use crate::audio::Layout;
use crate::audio::SampleFormat;
use crate::io::flac::FlacError;
use crate::io::flac::decode::Facts;
use crate::io::flac::sum::SUM_BYTES;
use crate::io::metadata::Metadata;
use crate::io::notice::Notice;
use crate::io::pcm::rounded;

/// The most blocks of metadata. Files have about five.
const BLOCKS_MAX: usize = 128;

/// The longest block of tags that is read; a longer one is passed over.
const TAGS_BYTES_MAX: usize = 256 * 1024;

/// The most bytes of metadata. They are read and thrown away; covers in several sizes fit.
const HEADER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The number of the stream information block.
pub(crate) const STREAM_INFO: u8 = 0;

/// The number of a block of tags.
pub(crate) const VORBIS_COMMENT: u8 = 4;

/// The number of a block with a picture.
const PICTURE: u8 = 6;

/// Marks the last block.
pub(crate) const LAST: u8 = 0x80;

/// Bytes of stream information.
pub(crate) const STREAM_INFO_BYTES: usize = 34;

/// The least block of samples.
const BLOCK_FRAMES_MIN: u16 = 16;

/// Speaker positions by number of channels, 1 to 8, as the format assigns them.
pub(crate) const MASKS: [u32; 8] = [0x4, 0x3, 0x7, 0x33, 0x37, 0x3f, 0x70f, 0x63f];

/// The tag that names other speaker positions, as a number that starts with `0x`.
pub(crate) const MASK_KEY: &str = "waveformatextensible_channel_mask";

impl From<io::Error> for FlacError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated,
            _ => Self::Io(error),
        }
    }
}

/// What stands before the first frame.
#[derive(Debug)]
pub(crate) struct FlacHeader {
    pub(crate) format: Format,
    /// Frames as declared; `None` when the encoder did not know.
    pub(crate) frames: Option<u64>,
    pub(crate) metadata: Metadata,
    pub(crate) notices: Vec<Notice>,
    /// What every block has.
    pub(crate) facts: Facts,
    /// What all samples add up to, zeros where nobody says.
    pub(crate) sum: [u8; SUM_BYTES],
}

/// Reads the header; `input` stands at the first frame afterwards.
pub(crate) fn read(input: &mut impl Read) -> Result<FlacHeader, FlacError> {
    input.read_exact(&mut [0; 4])?; // The signature, by which it was recognized.
    let (mut kind, bytes) = block_head(input)?;
    if kind & !LAST != STREAM_INFO || bytes != STREAM_INFO_BYTES {
        let found = kind & !LAST;
        return Err(FlacError::StreamInfo { found, bytes });
    }
    let mut stream_info = [0; STREAM_INFO_BYTES];
    input.read_exact(&mut stream_info)?;
    let mut metadata = Metadata::default();
    let mut passed_bytes = 0;
    for _ in 0..BLOCKS_MAX {
        if kind & LAST != 0 {
            return header(stream_info, metadata);
        }
        let bytes;
        (kind, bytes) = block_head(input)?;
        passed_bytes += bytes as u64;
        if passed_bytes > HEADER_BYTES_MAX {
            break;
        }
        block(input, kind & !LAST, bytes, &mut metadata)?;
    }
    Err(FlacError::TooLong {
        expected_blocks: BLOCKS_MAX,
        expected_bytes: HEADER_BYTES_MAX,
    })
}

/// Type, with the mark of the last, and length of the next block.
fn block_head(input: &mut impl Read) -> Result<(u8, usize), FlacError> {
    let mut head = [0; 4];
    input.read_exact(&mut head)?;
    let [kind, high, middle, low] = head;
    Ok((kind, u32::from_be_bytes([0, high, middle, low]) as usize))
}

/// Reads the tags of a block that has some, and passes over any other.
fn block(
    input: &mut impl Read,
    kind: u8,
    bytes: usize,
    metadata: &mut Metadata,
) -> Result<(), FlacError> {
    if kind == VORBIS_COMMENT && bytes <= TAGS_BYTES_MAX {
        let mut content = vec![0; bytes];
        input.read_exact(&mut content)?;
        tags(&content, metadata);
        return Ok(());
    }
    match kind {
        VORBIS_COMMENT => metadata.leave_out(1),
        PICTURE => metadata.leave_out_pictures(1),
        _ => {}
    }
    let passed = io::copy(&mut input.take(bytes as u64), &mut io::sink())?;
    if passed < bytes as u64 {
        return Err(FlacError::Truncated);
    }
    Ok(())
}

/// Adds the tags of a Vorbis comment: a vendor, a count, and as many `KEY=value`.
fn tags(content: &[u8], metadata: &mut Metadata) {
    let mut rest = content;
    let counted = text(&mut rest).and_then(|_vendor| rest.split_first_chunk::<4>());
    let Some((count, entries)) = counted else {
        metadata.leave_out(1);
        return;
    };
    rest = entries;
    let count = u32::from_le_bytes(*count);
    for at in 0..count {
        let Some(entry) = text(&mut rest) else {
            metadata.leave_out(u64::from(count - at));
            return;
        };
        match str::from_utf8(entry)
            .ok()
            .and_then(|entry| entry.split_once('='))
        {
            Some((key, value)) => metadata.push(key, value),
            None => metadata.leave_out(1),
        }
    }
}

/// Takes one text with its length from the front.
fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (bytes, after) = rest.split_first_chunk::<4>()?;
    let (text, after) = after.split_at_checked(u32::from_le_bytes(*bytes) as usize)?;
    *rest = after;
    Some(text)
}

/// Takes the stream information apart.
fn header(
    stream_info: [u8; STREAM_INFO_BYTES],
    metadata: Metadata,
) -> Result<FlacHeader, FlacError> {
    let minimum = u16::from_be_bytes(bytes_at(&stream_info, 0));
    let maximum = u16::from_be_bytes(bytes_at(&stream_info, 2));
    if minimum < BLOCK_FRAMES_MIN || maximum < minimum {
        return Err(FlacError::BlockFrames { minimum, maximum });
    }
    // 20 bits of rate, 3 of channels less 1, 5 of bits less 1, 36 of frames.
    let packed = u64::from_be_bytes(bytes_at(&stream_info, 10));
    let bits = (packed >> 36) as u32 % 32 + 1;
    let channels = (packed >> 41) as u16 % 8 + 1;
    let samples = match bits {
        4..=8 => SampleFormat::U8,
        9..=16 => SampleFormat::S16,
        17..=24 => SampleFormat::S24,
        25..=32 => SampleFormat::S32,
        found => return Err(FlacError::Bits { found }),
    };
    let frames = packed & 0xf_ffff_ffff;
    let (layout, mask_ignored) = layout(channels, &metadata);
    let notices = [mask_ignored, rounded(samples)].into_iter().flatten();
    let sample_rate_hz = (packed >> 44) as u32;
    Ok(FlacHeader {
        format: Format::new(sample_rate_hz, layout, samples)?,
        frames: (frames > 0).then_some(frames),
        notices: notices.chain(metadata.notices()).collect(),
        metadata,
        facts: Facts {
            sample_rate_hz,
            channels: usize::from(channels),
            bits,
        },
        sum: bytes_at(&stream_info, 18),
    })
}

/// So many bytes from a place on.
fn bytes_at<const N: usize>(stream_info: &[u8; STREAM_INFO_BYTES], at: usize) -> [u8; N] {
    std::array::from_fn(|byte| stream_info[at + byte])
}

/// The layout by number of channels, unless a tag names another that fits.
fn layout(channels: u16, metadata: &Metadata) -> (Layout, Option<Notice>) {
    let usual = Layout::positions(MASKS[usize::from(channels - 1)]);
    let tag = metadata.tags().iter().find(|tag| tag.key == MASK_KEY);
    let digits = tag.and_then(|tag| {
        tag.value
            .to_ascii_lowercase()
            .strip_prefix("0x")
            .map(str::to_owned)
    });
    let mask = digits.and_then(|digits| u32::from_str_radix(&digits, 16).ok());
    match mask.map(|mask| (mask, Layout::from_parts(mask, channels))) {
        Some((_, Some(layout))) => (layout, None),
        Some((mask, None)) => (usual, Some(Notice::MaskIgnored { mask, channels })),
        None => (usual, None),
    }
}

#[cfg(test)]
mod tests;
