//! Note: a small file that outlives the host if an opening kills it.
//!
//! In: the folder for state, and what is about to be opened. Out: a note that is removed when the
//! opening is over; and the notes of hosts that did not live to remove theirs.
//!
//! A host holds a lock on its note, which the system releases when the host ends in whatever way:
//! a note that nobody locks is a dead host's. The lock comes before the name.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{FlockOperation, OFlags, flock};

use crate::admission::hex;
use crate::discovery::ContentHash;

/// What a note is called: then the process, the opening, and the content.
const PREFIX: &str = "opening-";

/// The most names read of the folder. Each note is a host that died.
const NAMES_MAX: usize = 4096;

/// Tells the openings of one process apart.
static OPENINGS: AtomicU64 = AtomicU64::new(0);

/// A note that stands until it is dropped.
#[derive(Debug)]
pub(super) struct Note {
    path: PathBuf,
    /// Holds the lock.
    _file: File,
}

impl Note {
    /// Notes that this content is about to be opened. The folder is made if it is not there.
    ///
    /// # Errors
    /// The note's path, and what the system says.
    pub(super) fn write(folder: &Path, hash: ContentHash) -> Result<Self, (PathBuf, io::Error)> {
        let (process, number) = (std::process::id(), OPENINGS.fetch_add(1, Ordering::Relaxed));
        let path = folder.join(format!("{PREFIX}{process}-{number}-{hash}"));
        let fresh = folder.join(format!("fresh-{process}-{number}"));
        let written = create(folder, &fresh).and_then(|file| {
            flock(&file, FlockOperation::NonBlockingLockExclusive)?;
            fs::rename(&fresh, &path)?;
            Ok(file)
        });
        match written {
            Ok(_file) => Ok(Self { path, _file }),
            Err(error) => {
                // Whatever went wrong, it is reported; what is left of it must not stay.
                let _ = fs::remove_file(&fresh);
                Err((path, error))
            }
        }
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            // It would accuse a plugin that did nothing.
            tracing::warn!(note = %self.path.display(), %error, "a note could not be removed");
        }
    }
}

fn create(folder: &Path, path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut builder = DirBuilder::new();
            builder.recursive(true).mode(0o700).create(folder)?;
            options.open(path)
        }
        other => other,
    }
}

/// The notes of hosts that are gone: what they were opening, and the file that says so.
pub(super) fn left_behind(folder: &Path) -> HashMap<ContentHash, PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return HashMap::new(); // No folder, no notes.
    };
    let names = entries.take(NAMES_MAX).flatten();
    let notes = names.filter_map(|entry| {
        let name = entry.file_name();
        let hash = hash_of(name.to_str()?)?;
        let path = entry.path();
        is_abandoned(&path).then_some((hash, path))
    });
    notes.collect()
}

fn hash_of(name: &str) -> Option<ContentHash> {
    let (_, digits) = name.strip_prefix(PREFIX)?.rsplit_once('-')?;
    hex::hash(digits)
}

/// Whether nobody holds the lock any more.
fn is_abandoned(path: &Path) -> bool {
    let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY;
    let flags = i32::try_from(flags.bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file = file.ok().filter(|file| {
        let about = file.metadata();
        about.is_ok_and(|about| about.is_file())
    });
    file.is_some_and(|file| flock(&file, FlockOperation::NonBlockingLockShared).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: ContentHash = ContentHash([0xab; 32]);

    #[test]
    fn a_note_stands_while_it_is_held_and_accuses_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("made/for/it");
        let note = Note::write(&state, HASH).unwrap();
        assert_eq!(fs::read_dir(&state).unwrap().count(), 1);
        assert_eq!(left_behind(&state), HashMap::new());
        drop(note);
        assert_eq!(fs::read_dir(&state).unwrap().count(), 0);
    }

    #[test]
    fn a_note_that_nobody_holds_is_a_dead_hosts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("{PREFIX}77-0-{HASH}"));
        fs::write(&path, "").unwrap();
        assert_eq!(left_behind(folder.path()), HashMap::from([(HASH, path)]));
    }

    #[test]
    fn what_else_lies_there_is_no_note() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["opening-7-0-short".to_owned(), format!("other-7-0-{HASH}")] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join(format!("{PREFIX}7-0-{HASH}"))).unwrap();
        let link = folder.path().join(format!("{PREFIX}8-0-{HASH}"));
        std::os::unix::fs::symlink("/dev/null", link).unwrap();
        assert_eq!(left_behind(folder.path()), HashMap::new());
        assert_eq!(left_behind(&folder.path().join("missing")), HashMap::new());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let (path, _) = Note::write(&file, HASH).unwrap_err();
        assert!(path.starts_with(&file));
    }
}
