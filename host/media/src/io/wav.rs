//! Wav: RIFF files of samples, as read and as written.
//!
//! In: bytes that begin like a WAV file, or a format. Out: what the header says, or the header.
//!
//! Sources: Multimedia Programming Interface and Data Specifications 1.0 (IBM, Microsoft, 1991);
//! "Multiple Channel Audio Data and WAVE Files" (Microsoft, 2007); ITU-R BS.2088 (RF64, BW64).

pub(crate) mod extent;
pub(crate) mod info;
pub(crate) mod read;
pub(crate) mod write;

use std::io;

use crate::audio::FormatError;

/// Format tag of integer samples.
const TAG_PCM: u16 = 1;

/// Format tag of floating point samples.
const TAG_FLOAT: u16 = 3;

/// Format tag of G.711 A-law codes.
const TAG_A_LAW: u16 = 6;

/// Format tag of G.711 µ-law codes.
const TAG_MU_LAW: u16 = 7;

/// Format tag of headers that name format, valid bits and speaker positions further on.
const TAG_EXTENSIBLE: u16 = 0xfffe;

/// What follows the format tag in the sub-format of an extensible header.
const SUBFORMAT_TAIL: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];

/// Bytes of an extensible format chunk, and of as much of a longer one as is read.
const FORMAT_BYTES: usize = 40;

/// Stands in a size that was not known when the header was sent, or does not fit 32 bits.
const SIZE_UNKNOWN: u32 = u32::MAX;

/// The 64-bit sizes of a `ds64` chunk: file, samples, frames, and an empty table of other chunks.
const LONG_SIZES_CHUNK_BYTES: usize = 28;

/// What is wrong with a WAV header.
#[derive(Debug, thiserror::Error)]
pub enum WavError {
    /// The system could not read it.
    #[error("the header cannot be read")]
    Io(#[from] io::Error),
    /// The file ends too early.
    #[error("it ends within its {part}")]
    Truncated {
        /// What was being read.
        part: String,
    },
    /// There is no audio.
    #[error("it ends without a data chunk")]
    NoData,
    /// Nothing says what the audio is.
    #[error("its data comes before its format")]
    NoFormat,
    /// The chunk that says what the audio is has another size.
    #[error("its format chunk has {found} bytes, expected at least {expected}")]
    FormatSize {
        /// What was found.
        found: u32,
        /// The least.
        expected: usize,
    },
    /// The samples are something else.
    #[error(
        "its samples have format tag {found:#06x}, expected 1 (PCM), 3 (float), 6 (A-law) or \
         7 (µ-law)"
    )]
    Tag {
        /// The tag.
        found: u16,
    },
    /// Samples have no such number of bits.
    #[error("its samples have {found} bits, expected {expected}")]
    Bits {
        /// What was found.
        found: u16,
        /// What is known.
        expected: &'static str,
    },
    /// Bytes of a frame, channels and bits disagree.
    #[error("its frames have {found} bytes, expected {expected} for its channels and bits")]
    FrameBytes {
        /// What was found.
        found: u16,
        /// What the other numbers ask for.
        expected: usize,
    },
    /// Rate or channels are beyond their bounds.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// Too much stands in front of the audio.
    #[error("its {id} chunk has {found_bytes} bytes, expected the audio within {expected_bytes}")]
    HeaderBytes {
        /// The chunk.
        id: String,
        /// Its size.
        found_bytes: u64,
        /// The most that is skipped.
        expected_bytes: u64,
    },
    /// Too many chunks stand in front of the audio.
    #[error("more than {expected} chunks stand before its audio")]
    Chunks {
        /// The most that are looked at.
        expected: usize,
    },
}
