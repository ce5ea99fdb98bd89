//! Flac: reads FLAC files and streams, and writes them.
//!
//! In: a file or pipe at its first byte. Out: blocks of planar `f32`.
//!
//! Blocks are decoded one after the other from where the one before ended, so that what stands
//! behind the last, as tags do, is never taken for a part of it, and nothing moves into the place
//! of what is damaged. Where the stream says what its samples add up to (MD5), it is held to it.
//! Source: RFC 9639.

mod bits;
mod channel;
pub(crate) mod decode;
mod frame;
pub(crate) mod header;
pub(crate) mod input;
mod predict;
mod rice;
pub(crate) mod source;
pub(crate) mod sum;
pub(crate) mod write;

use std::io;

use crate::audio::FormatError;

/// What is wrong with a FLAC header.
#[derive(Debug, thiserror::Error)]
pub enum FlacError {
    /// The system could not read it.
    #[error("the header cannot be read")]
    Io(#[source] io::Error),
    /// The file ends too early.
    #[error("it ends within its header")]
    Truncated,
    /// The first block says something else than what the stream is.
    #[error("its first block is of type {found} and {bytes} bytes, expected type 0 and 34 bytes")]
    StreamInfo {
        /// The type.
        found: u8,
        /// The length.
        bytes: usize,
    },
    /// Blocks of samples have no possible length.
    #[error("its blocks have {minimum} to {maximum} frames, expected 16 to 65535")]
    BlockFrames {
        /// The least.
        minimum: u16,
        /// The most.
        maximum: u16,
    },
    /// Samples have no possible number of bits.
    #[error("its samples have {found} bits, expected 4 to 32")]
    Bits {
        /// What was found.
        found: u32,
    },
    /// The rate is beyond its bounds.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// Too much stands in front of the audio.
    #[error("its audio does not begin within {expected_blocks} blocks and {expected_bytes} bytes")]
    TooLong {
        /// The most blocks that are looked at.
        expected_blocks: usize,
        /// The most bytes that are passed over.
        expected_bytes: u64,
    },
    /// No frame can be decoded.
    #[error("it has no frame that can be decoded: {found}")]
    NoFrames {
        /// What the decoder said.
        found: String,
    },
}
