//! Copy: from a file that others may change to one that they cannot.
//!
//! In: a library at its own path. Out: its bytes in the store, under the hash of exactly these.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use crate::admission::store::kept::CopyState;
use crate::admission::store::{CopyNeed, Store, StoreError, name_of};
use crate::discovery::{ContentHash, Stamp};
use crate::process::scarce::{self, Resource};
use crate::regular;
use crate::system::files;

/// How much is copied between two reads, in bytes: large enough that system calls do not count.
const CHUNK_BYTES: usize = 256 << 10;

/// How a copy is called until it is whole.
pub(super) const PARTIAL_PREFIX: &str = "partial-";

/// Tells the copies of one process apart.
static COPIES: AtomicU64 = AtomicU64::new(0);

impl Store {
    /// Copies a library that was scanned with this stamp, and hashes what it writes.
    pub(super) fn copy(
        &self,
        path: &Path,
        stamp: &Stamp,
    ) -> Result<(ContentHash, CopyNeed), StoreError> {
        let read = |source| StoreError::Read {
            path: path.to_owned(),
            source,
        };
        let (mut from, _) = regular::open(path).map_err(read)?;
        self.unchanged(path, &from, stamp)?;
        let partial = Partial::new(self).map_err(|source| self.unwritten(path, source))?;
        let hash = self.transfer(path, &mut from, &partial, stamp.size_bytes)?;
        // Whoever wrote meanwhile changed the stamp.
        self.unchanged(path, &from, stamp)?;
        if self.kept(hash, stamp.size_bytes) == CopyState::Whole {
            return Ok((hash, CopyNeed::Known));
        }
        // After a loss of power the name must not stand for a file whose bytes never came.
        partial
            .file
            .sync_data()
            .map_err(|source| self.unwritten(path, source))?;
        partial
            .rename(&name_of(hash))
            .map_err(|source| self.unwritten(path, source))?;
        // Getting its name changed it the last time.
        if let Ok(about) = files::about(&partial.file) {
            self.keep_stamp(hash, &Stamp::of(&about));
        }
        Ok((hash, CopyNeed::Copied))
    }

    /// Moves exactly `size_bytes` bytes, hashing what is written.
    fn transfer(
        &self,
        path: &Path,
        from: &mut File,
        partial: &Partial<'_>,
        size_bytes: u64,
    ) -> Result<ContentHash, StoreError> {
        let mut chunk = vec![0; CHUNK_BYTES.min(size_bytes as usize + 1)];
        let mut hasher = Sha256::new();
        let mut left = size_bytes;
        loop {
            let read = match from.read(&mut chunk) {
                Ok(0) if left == 0 => return Ok(ContentHash(hasher.finalize().into())),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => {
                    let path = path.to_owned();
                    return Err(StoreError::Read { path, source });
                }
            };
            // Shorter or longer than it was.
            let rest = left.checked_sub(read as u64).filter(|_| read > 0);
            left = rest.ok_or_else(|| StoreError::Changed {
                path: path.to_owned(),
            })?;
            hasher.update(&chunk[..read]);
            scarce::ask(Resource::Disk)
                .and_then(|()| (&partial.file).write_all(&chunk[..read]))
                .map_err(|source| self.unwritten(path, source))?;
        }
    }

    fn unchanged(&self, path: &Path, file: &File, stamp: &Stamp) -> Result<(), StoreError> {
        let about = files::about(file).map_err(|source| StoreError::Read {
            path: path.to_owned(),
            source,
        })?;
        if Stamp::of(&about) == *stamp {
            return Ok(());
        }
        Err(StoreError::Changed {
            path: path.to_owned(),
        })
    }

    fn unwritten(&self, path: &Path, source: io::Error) -> StoreError {
        StoreError::Write {
            path: path.to_owned(),
            store: self.folder.path().to_owned(),
            source,
        }
    }
}

/// A copy under way; dropping it removes what was written, unless it got its name.
struct Partial<'a> {
    store: &'a Store,
    name: String,
    file: File,
}

impl<'a> Partial<'a> {
    fn new(store: &'a Store) -> io::Result<Self> {
        let number = COPIES.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PARTIAL_PREFIX}{}-{number}", std::process::id());
        // What a process of the same number left behind when it was killed.
        let _ = files::remove_at(&store.folder, &name);
        // Once it is written nobody writes to it again, not even its owner.
        let file = files::create_at(&store.folder, &name, 0o400)?;
        Ok(Self { store, name, file })
    }

    fn rename(&self, name: &str) -> io::Result<()> {
        files::rename_at(&self.store.folder, &*self.name, name)
    }
}

impl Drop for Partial<'_> {
    fn drop(&mut self) {
        // After a rename there is no such name any more, which is as well.
        let _ = files::remove_at(&self.store.folder, &self.name);
    }
}
