//! Compressed: reads MP3, Ogg Vorbis, AAC and ALAC, decoded by symphonia.
//!
//! In: a file or pipe at its first byte. Out: blocks of planar `f32`, without the frames that
//! encoders put in front and behind: as many as went into the encoder, where the file says so.
//!
//! What the decoder makes of hostile bytes is contained here: a panic, or a change of shape, is a
//! damaged stream. Memory is bounded by the decoder's own limits and one block.

mod aac;
mod movie;
mod mp4;
mod native;
mod ogg;
mod open;
pub(crate) mod source;
pub(crate) mod tags;
mod vorbis;

use std::fmt::Display;

use crate::audio::FormatError;

/// What is wrong with a compressed file.
#[derive(Debug, thiserror::Error)]
pub enum CompressedError {
    /// Container or codec is beyond what the decoder knows, or damaged.
    #[error("it has no audio that can be decoded: {found}")]
    Unreadable {
        /// What the decoder said.
        found: String,
    },
    /// There is a container and no audio in it.
    #[error("it has no audio")]
    NoAudio,
    /// It is AAC of a form that the decoder does not know.
    #[error(
        "it is AAC of {found}, and Segue decodes AAC of low complexity in mono and stereo; convert \
         it first, as with ffmpeg -i IN out.wav"
    )]
    Aac {
        /// How many channels, or what the decoder said.
        found: String,
    },
    /// Nothing says at which rate, or how many channels.
    #[error("nothing says its sample rate and channels")]
    NoFormat,
    /// Rate or channels are beyond their bounds.
    #[error(transparent)]
    Format(#[from] FormatError),
}

impl CompressedError {
    /// For what the decoder said.
    pub(crate) fn unreadable(found: &dyn Display) -> Self {
        Self::Unreadable {
            found: found.to_string(),
        }
    }
}
