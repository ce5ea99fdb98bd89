//! Movie: where the boxes of an MP4 file are looked for, in a file or in a pipe.
//!
//! In: a file or pipe at its first byte. Out: what its boxes say. A pipe keeps all its bytes.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::io::compressed::mp4;
use crate::io::compressed::mp4::Bytes;
use crate::io::compressed::mp4::Edit;
use crate::io::input::Input;

/// The most bytes of a pipe that are held to find an edit list in front of the audio.
const MOVIE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A file, or the first bytes of a pipe, in which to look for an edit list.
pub(crate) enum Movie {
    File(File, u64),
    Ahead(Vec<u8>),
}

impl Movie {
    /// Of an input at its first byte.
    pub(crate) fn of(input: &mut Input) -> Self {
        match input.another() {
            Some((file, bytes)) => Self::File(file, bytes),
            None => Self::Ahead(ahead(input)),
        }
    }

    /// How long a file says that it is.
    pub(crate) fn announced_bytes(&self) -> Option<u64> {
        match self {
            Self::File(_, bytes) => Some(mp4::announced_bytes(self, *bytes)),
            Self::Ahead(_) => None,
        }
    }

    /// Which part of it is meant to be heard, where it says so.
    pub(crate) fn edit(&self, sample_rate_hz: u32) -> Option<Edit> {
        let bytes = match self {
            Self::File(_, bytes) => *bytes,
            Self::Ahead(ahead) => ahead.len() as u64,
        };
        mp4::edit(self, bytes, sample_rate_hz)
    }
}

impl Bytes for Movie {
    fn fill(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        match self {
            Self::File(file, _) => FileExt::read_exact_at(file, into, at),
            Self::Ahead(ahead) => {
                let start = usize::try_from(at).unwrap_or(usize::MAX);
                let from = ahead.get(start..).and_then(|from| from.get(..into.len()));
                into.copy_from_slice(from.ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
        }
    }
}

/// The beginning of a pipe up to the end of its movie box, or as far as can be held; all of it
/// stays to be read.
fn ahead(input: &mut Input) -> Vec<u8> {
    let mut end = 8;
    loop {
        let Ok(first) = input.peek(end) else {
            return Vec::new();
        };
        let Some(head) = first.get(end - 8..end) else {
            return first.to_vec();
        };
        let size = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let is_movie = &head[4..] == b"moov";
        let whole = end - 8 + size;
        if size < 8 || whole > MOVIE_BYTES_MAX {
            return Vec::new();
        }
        if is_movie {
            return input.peek(whole).map(<[u8]>::to_vec).unwrap_or_default();
        }
        end = whole + 8;
    }
}
