//! Content: the SHA-256 of a file as it is at one moment, and whether it still is.
//!
//! In: a path. Out: a hash with the file's identity, size and times. Read in the calling thread,
//! once, ahead of the run: 2 GB/s and more where the processor has instructions for it.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use sha2::{Digest, Sha256};

use crate::discovery::ContentHash;
use crate::process::start;
use crate::regular;

/// How much is hashed between two reads, in bytes: system calls do not count beside it, and the
/// second-level cache holds it.
const CHUNK_BYTES: usize = 256 << 10;

/// The most entries of a folder that stand in one hash. A model is a handful of files.
const ENTRIES_MAX: usize = 10_000;

/// A file's content at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// SHA-256 of its bytes.
    pub hash: ContentHash,
    /// How many there are.
    pub size_bytes: u64,
    stamp: Stamp,
}

/// What the system says of a file that is another after every change: device, number, size, and
/// the times of the last changes in seconds and nanoseconds.
type Stamp = (u64, u64, u64, (i64, i64), (i64, i64));

fn stamp(metadata: &Metadata) -> Stamp {
    (
        metadata.dev(),
        metadata.ino(),
        metadata.size(),
        (metadata.mtime(), metadata.mtime_nsec()),
        (metadata.ctime(), metadata.ctime_nsec()),
    )
}

impl Content {
    /// Reads a regular file; `None` for a pipe, which can be read only once. A raised `stop` ends
    /// it with an error.
    ///
    /// # Errors
    /// What the system says.
    pub fn of(path: &Path, stop: &AtomicUsize) -> io::Result<Option<Self>> {
        let path = &start::absolute(path);
        if !fs::metadata(path)?.is_file() {
            return Ok(None);
        }
        let (mut file, metadata) = regular::open(path)?;
        let mut hasher = Sha256::new();
        let size_bytes = feed(&mut file, &mut hasher, stop)?;
        Ok(Some(Self {
            hash: ContentHash(hasher.finalize().into()),
            size_bytes,
            stamp: stamp(&metadata),
        }))
    }

    /// Whether the file is still the one that was read.
    #[must_use]
    pub fn is_of(&self, path: &Path) -> bool {
        fs::metadata(start::absolute(path)).is_ok_and(|metadata| stamp(&metadata) == self.stamp)
    }
}

/// The SHA-256 of a file, or of all files below a folder with their names; `None` where there is
/// nothing.
///
/// # Errors
/// What the system says; `FileTooLarge` for a folder of too many entries.
pub(super) fn tree(path: &Path) -> io::Result<Option<ContentHash>> {
    let mut hasher = Sha256::new();
    let mut left = ENTRIES_MAX;
    let path = &start::absolute(path);
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
        Ok(metadata) => branch(path, &metadata, &mut hasher, &mut left)?,
    }
    Ok(Some(ContentHash(hasher.finalize().into())))
}

fn branch(
    path: &Path,
    metadata: &Metadata,
    hasher: &mut Sha256,
    left: &mut usize,
) -> io::Result<()> {
    *left = left.checked_sub(1).ok_or(io::ErrorKind::FileTooLarge)?;
    if metadata.is_file() {
        hasher.update(metadata.len().to_le_bytes());
        feed(&mut regular::open(path)?.0, hasher, &AtomicUsize::new(0))?;
        return Ok(());
    }
    if !metadata.is_dir() {
        return Err(io::Error::other("neither a file nor a folder"));
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(path)?.take(ENTRIES_MAX + 1) {
        names.push(entry?.file_name());
    }
    names.sort_unstable();
    hasher.update((names.len() as u64).to_le_bytes());
    for name in names {
        hasher.update((name.len() as u64).to_le_bytes());
        hasher.update(name.as_encoded_bytes());
        let path = path.join(name);
        // Links are followed: a loop of them ends at the bound.
        branch(&path, &fs::metadata(&path)?, hasher, left)?;
    }
    Ok(())
}

/// Hashes what is left to read; returns how much it was.
fn feed(file: &mut File, hasher: &mut Sha256, stop: &AtomicUsize) -> io::Result<u64> {
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut bytes = 0;
    loop {
        if stop.load(Ordering::Relaxed) != 0 {
            return Err(io::Error::other("stopped by a signal"));
        }
        match file.read(&mut chunk) {
            Ok(0) => return Ok(bytes),
            Ok(read) => {
                hasher.update(&chunk[..read]);
                bytes += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(path: &Path) -> Content {
        let content = Content::of(path, &AtomicUsize::new(0)).unwrap();
        content.expect("it is a regular file")
    }

    #[test]
    fn a_content_is_that_of_the_file_until_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "abc").unwrap();
        let found = content(&path);
        // FIPS 180-4, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(
            (found.hash.to_string(), found.size_bytes),
            (expected.to_owned(), 3)
        );
        assert!(found.is_of(&path));
        fs::write(&path, "abcd").unwrap();
        assert!(!found.is_of(&path));
        fs::remove_file(&path).unwrap();
        assert!(!found.is_of(&path));
    }

    #[test]
    fn a_raised_flag_ends_the_reading() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "abc").unwrap();
        assert!(Content::of(&path, &AtomicUsize::new(2)).is_err());
    }

    #[test]
    fn a_folder_is_its_names_and_contents_and_a_loop_ends() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert_eq!(tree(&at("none")).unwrap(), None);
        fs::create_dir(at("deep")).unwrap();
        fs::write(at("deep/a"), "1").unwrap();
        let first = tree(folder.path()).unwrap();
        assert_eq!(tree(folder.path()).unwrap(), first);
        fs::write(at("deep/a"), "2").unwrap();
        let second = tree(folder.path()).unwrap();
        fs::rename(at("deep/a"), at("deep/b")).unwrap();
        let third = tree(folder.path()).unwrap();
        assert!(first != second && second != third && first != third);
        std::os::unix::fs::symlink(folder.path(), at("deep/loop")).unwrap();
        assert!(tree(folder.path()).is_err());
    }
}
