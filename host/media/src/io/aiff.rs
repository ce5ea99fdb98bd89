//! Aiff: AIFF and AIFF-C files of samples, as read and as written.
//!
//! In: bytes that begin like an AIFF file, or a format. Out: what the header says, or the header.
//!
//! Sources: Audio Interchange File Format, version 1.3 (Apple, 1989); AIFF-C, draft of 1991;
//! Core Audio Format Specification (Apple, 2011) for the channel layout chunk.

pub(crate) mod layout;
pub(crate) mod read;
pub(crate) mod write;

use std::io;

use crate::audio::FormatError;

/// Bytes of the common chunk that every version has.
const COMMON_BYTES: usize = 18;

/// Bytes in front of the samples in their chunk: how far they are moved, and a block size.
const SOUND_HEAD_BYTES: usize = 8;

/// How samples are stored: the name in AIFF-C, and what it means.
const FLOAT_32: [u8; 4] = *b"fl32";
const FLOAT_64: [u8; 4] = *b"fl64";
const MU_LAW: [u8; 4] = *b"ulaw";
const A_LAW: [u8; 4] = *b"alaw";

/// Text chunks, and the keys that Vorbis comments have for the same.
pub(crate) const TEXTS: [(&[u8; 4], &str); 4] = [
    (b"NAME", "title"),
    (b"AUTH", "artist"),
    (b"(c) ", "copyright"),
    (b"ANNO", "comment"),
];

/// What is wrong with an AIFF header.
#[derive(Debug, thiserror::Error)]
pub enum AiffError {
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
    #[error("it ends without a sound chunk")]
    NoSound,
    /// Nothing says what the audio is.
    #[error("nothing says what its samples are, expected a common chunk before its sound")]
    NoFormat,
    /// The chunk that says what the audio is has another size.
    #[error("its common chunk has {found} bytes, expected at least {expected}")]
    CommonSize {
        /// What was found.
        found: u32,
        /// The least.
        expected: usize,
    },
    /// The samples are compressed in a way that is not known.
    #[error(
        "its samples are compressed as {found:?}, expected NONE, twos, sowt, raw, in24, in32, \
         fl32, fl64, ulaw or alaw"
    )]
    Compression {
        /// The name.
        found: String,
    },
    /// Samples have no such number of bits.
    #[error("its samples have {found} bits, expected 1 to 32")]
    Bits {
        /// What was found.
        found: u16,
    },
    /// The rate is not one that can be told as a whole number.
    #[error("its sample rate is no number of Hz from 1 on")]
    SampleRate,
    /// Rate or channels are beyond their bounds.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// Too much stands in front of the audio.
    #[error("its audio does not begin within {expected_chunks} chunks and {expected_bytes} bytes")]
    TooLong {
        /// The most chunks that are looked at.
        expected_chunks: usize,
        /// The most bytes that are passed over.
        expected_bytes: u64,
    },
}
