//! Private: folders in which nobody but their owner can put, change or rename anything.
//!
//! In: a path below which Segue keeps what it will trust later: copies of libraries that it opens,
//! verdicts, notes, sockets. Out: that folder, open, after every folder on the way to it was
//! checked; or one sentence that says which of them others can change.
//!
//! The way is walked folder by folder from the root, each opened in the one before, so that what
//! was checked is what is used. A folder on the way may belong to root or to the user, and only
//! they may rename in it: others have no write permission there, or its sticky bit keeps them
//! from what is not theirs. Whoever can rename a folder can put another in its place.

mod error;
mod file;
mod group;
mod walk;

#[cfg(test)]
mod tests;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use crate::private::walk::{Missing, walk};
use crate::system::files;
use crate::system::people;

pub use error::{Exposure, PrivateError};
pub use file::{read, replace};

/// A folder of our own, open.
#[derive(Debug)]
pub struct Private {
    path: PathBuf,
    handle: OwnedFd,
}

impl Private {
    /// Opens the folder; it and what is missing above it is made, for its owner only.
    ///
    /// # Errors
    /// Which folder others can change, or what the system says.
    pub fn open(path: &Path) -> Result<Self, PrivateError> {
        let missing = Missing::Make;
        let found = Self::walked(path, missing)?;
        Ok(found.expect("a walk that makes what is missing ends at the folder"))
    }

    /// Opens the folder, unless there is none.
    ///
    /// # Errors
    /// As `open`.
    pub fn find(path: &Path) -> Result<Option<Self>, PrivateError> {
        Self::walked(path, Missing::End)
    }

    fn walked(path: &Path, missing: Missing) -> Result<Option<Self>, PrivateError> {
        let Some(handle) = walk(path, missing)? else {
            return Ok(None);
        };
        let folder = Self {
            path: path.to_owned(),
            handle,
        };
        folder.check()?;
        Ok(Some(folder))
    }

    /// The same folder, if others cannot even look into it.
    ///
    /// # Errors
    /// When its permissions let others in.
    pub fn closed(self) -> Result<Self, PrivateError> {
        let (_, mode) = self.owner_and_mode()?;
        match mode & 0o077 {
            0 => Ok(self),
            _ => Err(self.exposed(Exposure::Entered { mode })),
        }
    }

    /// Makes sure that nobody but the user can write to the folder itself.
    fn check(&self) -> Result<(), PrivateError> {
        let expected = people::user();
        let (owner, mode) = self.owner_and_mode()?;
        match () {
            () if owner != expected => Err(self.exposed(Exposure::Owner { owner, expected })),
            () if mode & 0o022 != 0 => Err(self.exposed(Exposure::Writable { mode })),
            () => Ok(()),
        }
    }

    fn owner_and_mode(&self) -> Result<(u32, u32), PrivateError> {
        let about = files::about(&self.handle).map_err(|source| PrivateError::Io {
            path: self.path.clone(),
            source,
        })?;
        Ok((about.owner, about.mode))
    }

    fn exposed(&self, exposure: Exposure) -> PrivateError {
        PrivateError::Exposed {
            path: self.path.clone(),
            at: self.path.clone(),
            exposure,
        }
    }

    /// The folder's path, as it was asked for.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl AsFd for Private {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }
}
