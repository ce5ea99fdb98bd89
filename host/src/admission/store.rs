//! Store: a folder of our own with copies of libraries, each named by its content.
//!
//! In: libraries as discovery found them. Out: files that nobody but us can change, which is what
//! makes it sound to map them. A library that is rewritten at its own path stays whole here.
//!
//! Several processes may use one store: a copy appears by renaming, and what another process
//! removed meanwhile is not missed. A mapped file that is removed stays mapped.

mod copy;
mod evict;
#[cfg(test)]
mod tests;

use std::fs::DirBuilder;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, Timespec, Timestamps, UTIME_NOW, fstat, openat, statat,
    utimensat,
};

use crate::admission::hex;
use crate::discovery::{ContentHash, LIBRARY_BYTES_MAX, Stamp};

pub(super) use evict::STORE_BYTES_MAX;

/// Why a library is not in the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder cannot be made or read.
    #[error("the store {} cannot be used: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Somebody else could change what is in it.
    #[error(
        "the store {} belongs to user {owner} and has mode {mode:03o}, expected user {expected} \
         and mode 700: libraries in it could be changed by others",
        path.display()
    )]
    NotPrivate {
        /// The folder.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Its permissions.
        mode: u32,
        /// Who we are.
        expected: u32,
    },
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
    path: PathBuf,
    folder: OwnedFd,
    bytes_max: u64,
}

/// Whether a library had to be copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It was there.
    Known,
    /// It is new.
    Copied,
}

impl Store {
    /// Opens the store, which is made if it is not there, and makes sure that it is ours alone.
    pub(super) fn open(path: &Path, bytes_max: u64) -> Result<Self, StoreError> {
        let folder = open_folder(path).map_err(|source| StoreError::Folder {
            path: path.to_owned(),
            source,
        })?;
        let about = fstat(&folder).map_err(|error| StoreError::Folder {
            path: path.to_owned(),
            source: error.into(),
        })?;
        let (owner, mode) = (about.st_uid, about.st_mode & 0o7777);
        let expected = rustix::process::geteuid().as_raw();
        if owner != expected || mode & 0o077 != 0 {
            let path = path.to_owned();
            return Err(StoreError::NotPrivate {
                path,
                owner,
                mode,
                expected,
            });
        }
        Ok(Self {
            path: path.to_owned(),
            folder,
            bytes_max,
        })
    }

    /// Brings a library into the store, unless its content is known and there.
    ///
    /// `stamp` is what the file had when it was scanned, `known` its content if that is known.
    pub(super) fn hold(
        &self,
        path: &Path,
        stamp: &Stamp,
        known: Option<ContentHash>,
    ) -> Result<(ContentHash, Way), StoreError> {
        if let Some(hash) = known.filter(|hash| self.has(*hash, stamp.size_bytes)) {
            return Ok((hash, Way::Known));
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
        self.path.join(name_of(hash))
    }

    /// Whether the content is there in full length; if so it counts as used now.
    ///
    /// What is in the store was hashed when it came, and nobody else can write here.
    fn has(&self, hash: ContentHash, size_bytes: u64) -> bool {
        let name = name_of(hash);
        let there = statat(&self.folder, &name, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|about| {
            FileType::from_raw_mode(about.st_mode) == FileType::RegularFile
                && u64::try_from(about.st_size) == Ok(size_bytes)
        });
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_NOW,
        };
        let times = Timestamps {
            last_access: now,
            last_modification: now,
        };
        // Gone in this very moment means that it is not there.
        there && utimensat(&self.folder, &name, &times, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }
}

/// What a content is called.
fn name_of(hash: ContentHash) -> String {
    format!("{hash}.so")
}

/// The content that a file of this name holds.
fn hash_of(name: &str) -> Option<ContentHash> {
    let digits = name
        .strip_suffix(".so")
        .filter(|digits| digits.len() == 64)?;
    hex::hash(digits)
}

fn open_folder(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match openat(CWD, path, flags, Mode::empty()) {
        Err(rustix::io::Errno::NOENT) => {
            DirBuilder::new().recursive(true).mode(0o700).create(path)?;
            Ok(openat(CWD, path, flags, Mode::empty())?)
        }
        other => Ok(other?),
    }
}
