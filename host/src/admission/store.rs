//! Store: a folder of our own with copies of libraries, each named by its content.
//!
//! In: libraries as discovery found them. Out: files that nobody but us can change, which is what
//! makes it sound to map them. A library that is rewritten at its own path stays whole here.
//!
//! Several processes may use one store: a copy appears by renaming, and what another process
//! removed meanwhile is not missed. A mapped file that is removed stays mapped.

mod copy;
mod evict;
mod kept;
#[cfg(test)]
mod tests;

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::path::{Path, PathBuf};

use tracing::warn;

use crate::admission::hex;
use crate::admission::store::kept::CopyState;
use crate::discovery::{ContentHash, LIBRARY_BYTES_MAX, Stamp};
use crate::private::{Private, PrivateError};

pub(super) use evict::STORE_BYTES_MAX;

/// Where Linux names what a process has open.
const DESCRIPTORS: &str = "/proc/self/fd";

/// Why a library is not in the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder cannot be made or read, or somebody else could change what is in it.
    #[error("no plugin is opened without a store of copies that only you can change: {0}")]
    Folder(#[from] PrivateError),
    /// The library cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        /// The library.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The library is not the one that was scanned any more.
    #[error("{} changed since it was scanned; scan again", path.display())]
    Changed {
        /// The library.
        path: PathBuf,
    },
    /// The library is larger than any.
    #[error("{} has {found} bytes, expected at most {LIBRARY_BYTES_MAX}", path.display())]
    Large {
        /// The library.
        path: PathBuf,
        /// How many bytes it has.
        found: u64,
    },
    /// The copy cannot be written.
    #[error("{} could not be copied into the store {}: {source}", path.display(), store.display())]
    Write {
        /// The library.
        path: PathBuf,
        /// The store.
        store: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// The folder, open.
#[derive(Debug)]
pub(super) struct Store {
    folder: Private,
    bytes_max: u64,
}

/// Whether a library had to be copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CopyNeed {
    /// It was there.
    Known,
    /// It is new.
    Copied,
}

impl Store {
    /// Opens the store, which is made if it is not there, and makes sure that it is ours alone.
    pub(super) fn open(path: &Path, bytes_max: u64) -> Result<Self, StoreError> {
        let folder = Private::open(path)?.closed()?;
        Ok(Self { folder, bytes_max })
    }

    /// Brings a library into the store, unless its content is known and there.
    ///
    /// `stamp` is what the file had when it was scanned, `known` its content if that is known.
    pub(super) fn hold(
        &self,
        path: &Path,
        stamp: &Stamp,
        known: Option<ContentHash>,
    ) -> Result<(ContentHash, CopyNeed), StoreError> {
        if let Some(hash) = known {
            match self.kept(hash, stamp.size_bytes) {
                CopyState::Whole => return Ok((hash, CopyNeed::Known)),
                CopyState::Missing => {}
                CopyState::Changed => warn!(
                    copy = %self.path_of(hash).display(),
                    file = %path.display(),
                    "a stored copy has changed since it was made, and is made again"
                ),
            }
        }
        if stamp.size_bytes > LIBRARY_BYTES_MAX {
            return Err(StoreError::Large {
                path: path.to_owned(),
                found: stamp.size_bytes,
            });
        }
        self.copy(path, stamp)
    }

    /// Where the copy of that content is.
    pub(super) fn path_of(&self, hash: ContentHash) -> PathBuf {
        self.folder.path().join(name_of(hash))
    }

    /// The copy of that content by the folder that is open here, whatever becomes of its path.
    pub(super) fn door_of(&self, hash: ContentHash) -> PathBuf {
        door(self.folder.as_fd(), hash).unwrap_or_else(|| self.path_of(hash))
    }

    /// The folder itself, for the helper process.
    pub(super) fn folder(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }
}

/// The copy of a content in a folder that is open, while it is open; `None` where the system has
/// no such names. Names of other contents are others, whichever folder they are in.
pub(super) fn door(folder: BorrowedFd<'_>, hash: ContentHash) -> Option<PathBuf> {
    let folder = Path::new(DESCRIPTORS).join(folder.as_raw_fd().to_string());
    folder.exists().then(|| folder.join(name_of(hash)))
}

/// What a content is called.
pub(super) fn name_of(hash: ContentHash) -> String {
    format!("{hash}.so")
}

/// The content that a file of this name holds.
fn hash_of(name: &str) -> Option<ContentHash> {
    let digits = name
        .strip_suffix(".so")
        .filter(|digits| digits.len() == 64)?;
    hex::hash(digits)
}
