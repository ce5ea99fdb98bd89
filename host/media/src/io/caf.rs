//! Caf: reads Apple's Core Audio Format where its samples are uncompressed, or codes of G.711.
//!
//! In: a file or pipe at its first byte. Out: what the samples are, with the input at the first of
//! them; or what is wrong. Goes forward only; of a file it also looks at what is behind the
//! samples, without moving. What is compressed in a CAF file is for `compressed`.
//!
//! Source: Core Audio Format Specification (Apple, 2011).

pub(crate) mod read;

use std::io;

use crate::audio::FormatError;

/// What is wrong with a CAF header.
#[derive(Debug, thiserror::Error)]
pub enum CafError {
    /// The system could not read it.
    #[error("the header cannot be read")]
    Io(#[from] io::Error),
    /// The file ends too early.
    #[error("it ends within its header")]
    Truncated,
    /// There is no audio.
    #[error("it ends without a data chunk")]
    NoData,
    /// Samples of no such form are known.
    #[error(
        "its samples are {found}, expected integers of 1 to 32 bits or floats of 32 or 64 bits"
    )]
    Samples {
        /// What they are.
        found: String,
    },
    /// Bytes of a frame, channels and bits disagree.
    #[error("its frames have {found} bytes, expected {expected} for its channels and bits")]
    FrameBytes {
        /// What was found.
        found: u32,
        /// What the other numbers ask for.
        expected: usize,
    },
    /// The rate is not one that can be told as a whole number.
    #[error("its sample rate is {found}, expected a number of Hz from 1 on")]
    SampleRate {
        /// What was found.
        found: f64,
    },
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
