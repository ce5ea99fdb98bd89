//! Foreign: decoders that are not ours, kept from doing harm.
//!
//! In: a call, or an input that they read. Out: errors instead of panics, and what the system said.

use std::io;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::OnceLock;

use symphonia::core::errors::Error;
use symphonia::core::io::MediaSource;

use crate::io::input::Input;

/// What the system said when it could not read on; a decoder takes it for the end.
pub(crate) type Failure = Arc<OnceLock<io::Error>>;

/// Why a decoder has no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Harm {
    /// It says why.
    #[error(transparent)]
    Said(#[from] Error),
    /// It panicked.
    #[error("the decoder gave up")]
    Panicked,
}

/// Calls foreign code on bytes that nobody vouches for; a panic there is an error here.
///
/// What panicked is not called again: the caller ends the source.
pub(crate) fn contained<T>(call: impl FnOnce() -> Result<T, Error>) -> Result<T, Harm> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => Ok(result?),
        Err(_) => Err(Harm::Panicked),
    }
}

/// Keeps the error that the decoder would take for the end of the stream.
pub(crate) struct Watched<R> {
    input: R,
    failure: Failure,
}

impl<R> Watched<R> {
    /// Watches over an input.
    pub(crate) fn new(input: R, failure: Failure) -> Self {
        Self { input, failure }
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.input.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let copy = copied(&error);
                    let _ = self.failure.set(error); // The first one is the one that counts.
                    return Err(copy);
                }
                read => return read,
            }
        }
    }
}

/// The same error once more.
pub(crate) fn copied(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(
        || io::Error::new(error.kind(), error.to_string()),
        io::Error::from_raw_os_error,
    )
}

/// An input as a decoder reads it: a file from any place, a pipe forward only.
pub(crate) struct Medium {
    input: Input,
    /// Where the next byte is read.
    position: u64,
    /// How long a file is or says that it is; `None` for a pipe.
    bytes: Option<u64>,
    moves: Moves,
}

/// Whether a decoder may look around in its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moves {
    /// As far as it is a file.
    Anywhere,
    /// It goes forward, even in a file.
    Forward,
}

impl Medium {
    /// From the first byte on, which nobody has read.
    pub(crate) fn new(input: Input, moves: Moves) -> Self {
        Self {
            position: 0,
            bytes: input.bytes,
            input,
            moves,
        }
    }

    /// The same for a file that says it is longer than it is, and was cut off: what is there can be
    /// read before what is missing is missed.
    pub(crate) fn announced(self, bytes: Option<u64>) -> Self {
        Self {
            bytes: bytes.or(self.bytes),
            ..self
        }
    }
}

impl Read for Medium {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = if self.is_seekable() {
            self.input.read_some_at(self.position, buffer)?
        } else {
            self.input.read(buffer)?
        };
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Medium {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let bytes = self.byte_len().ok_or(io::ErrorKind::Unsupported)?;
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => bytes.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

impl MediaSource for Medium {
    fn is_seekable(&self) -> bool {
        self.byte_len().is_some()
    }

    fn byte_len(&self) -> Option<u64> {
        match self.moves {
            Moves::Anywhere => self.bytes,
            Moves::Forward => None,
        }
    }
}

impl<R: MediaSource> Seek for Watched<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.input.seek(to)
    }
}

impl<R: MediaSource> MediaSource for Watched<R> {
    fn is_seekable(&self) -> bool {
        self.input.is_seekable()
    }

    fn byte_len(&self) -> Option<u64> {
        self.input.byte_len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_a_decoder_is_an_error() {
        let result = contained(|| -> Result<(), Error> { panic!("as if") });
        assert_eq!(result.unwrap_err().to_string(), "the decoder gave up");
    }
}
