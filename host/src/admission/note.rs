//! Note: a small file that outlives the host if an opening kills it.
//!
//! In: the folder for state, and what is about to be opened. Out: a note that is removed when the
//! opening is over; and the notes of hosts that did not live to remove theirs.
//!
//! A host holds a lock on its note, which the system releases when the host ends in whatever way:
//! a note that nobody locks is a dead host's. The lock comes before the name.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::admission::hex;
use crate::discovery::ContentHash;
use crate::private::Private;
use crate::system::files::{self, Links};

/// What a note is called: then the process, the opening, and the content.
const PREFIX: &str = "opening-";

/// The most names read of the folder. Each note is a host that died.
const NAMES_MAX: usize = 4096;

/// Tells the openings of one process apart.
static OPENINGS: AtomicU64 = AtomicU64::new(0);

/// A note that stands until it is dropped.
#[derive(Debug)]
pub(super) struct Note {
    folder: Private,
    name: String,
    /// Holds the lock.
    _file: File,
}

impl Note {
    /// Notes that this content is about to be opened. The folder is made if it is not there.
    ///
    /// # Errors
    /// The note's path, and what the system says; or that others can change the folder.
    pub(super) fn write(folder: &Path, hash: ContentHash) -> Result<Self, (PathBuf, io::Error)> {
        let (process, number) = (std::process::id(), OPENINGS.fetch_add(1, Ordering::Relaxed));
        let name = format!("{PREFIX}{process}-{number}-{hash}");
        let fresh = format!("fresh-{process}-{number}");
        let path = folder.join(&name);
        let folder = Private::open(folder).map_err(|error| (path.clone(), error.into()))?;
        match write(&folder, &fresh, &name) {
            Ok(_file) => Ok(Self {
                folder,
                name,
                _file,
            }),
            Err(error) => {
                // Whatever went wrong, it is reported; what is left of it must not stay.
                let _ = files::remove_at(&folder, &fresh);
                Err((path, error))
            }
        }
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        if let Err(error) = files::remove_at(&self.folder, &self.name) {
            let note = self.folder.path().join(&self.name);
            // It would accuse a plugin that did nothing.
            tracing::warn!(note = %note.display(), %error, "a note could not be removed");
        }
    }
}

/// Makes a note that is locked before it has its name.
fn write(folder: &Private, fresh: &str, name: &str) -> io::Result<File> {
    // What a process of the same number left behind when it was killed.
    let _ = files::remove_at(folder, fresh);
    let file = files::create_at(folder, fresh, 0o600)?;
    file.try_lock()?;
    files::rename_at(folder, fresh, name)?;
    Ok(file)
}

/// The notes of hosts that are gone: what they were opening, and the file that says so. Of a
/// folder that others can change nothing is believed; no note can be written there either.
pub(super) fn left_behind(folder: &Path) -> HashMap<ContentHash, PathBuf> {
    let Ok(Some(folder)) = Private::find(folder) else {
        return HashMap::new(); // No folder, no notes.
    };
    let Ok(entries) = files::names(&folder) else {
        return HashMap::new();
    };
    let names = entries.take(NAMES_MAX).flatten();
    let notes = names.filter_map(|name| {
        let name = name.to_str()?;
        let hash = hash_of(name)?;
        is_abandoned(&folder, name, between).then(|| (hash, folder.path().join(name)))
    });
    notes.collect()
}

fn hash_of(name: &str) -> Option<ContentHash> {
    let (_, digits) = name.strip_prefix(PREFIX)?.rsplit_once('-')?;
    hex::hash(digits)
}

/// Whether a note stands that nobody holds the lock of any more.
///
/// Its owner may remove it after it was opened here and before it is locked, and then nobody holds
/// the lock either. So what was locked has to be what stands under the name: a name is used once,
/// and goes before the lock does. `between` runs after the opening, for tests.
fn is_abandoned(folder: &Private, name: &str, between: impl FnOnce()) -> bool {
    let Ok((file, _)) = folder.file(name) else {
        return false;
    };
    between();
    if file.try_lock_shared().is_err() {
        return false;
    }
    let named = files::about_at(folder, name, Links::Themselves);
    match (files::about(&file), named) {
        (Ok(locked), Ok(named)) => locked.links > 0 && locked.identity == named.identity,
        _ => false,
    }
}

/// What happens between the opening of a note and its lock: nothing. In builds with debug
/// assertions a variable makes it last as long as another host may take to open a plugin, so that
/// the tests of many hosts at once meet that moment.
fn between() {
    #[cfg(debug_assertions)]
    if let Some(delay_ms) = std::env::var_os("SEGUE_TEST_NOTE_DELAY_MS") {
        let delay_ms = delay_ms.to_str().and_then(|text| text.parse().ok());
        std::thread::sleep(std::time::Duration::from_millis(delay_ms.unwrap_or(0)));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

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
    fn a_note_that_goes_between_opening_and_lock_accuses_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let note = Note::write(folder.path(), HASH).unwrap();
        let name = note.name.clone();
        let private = Private::open(folder.path()).unwrap();
        assert!(!is_abandoned(&private, &name, || drop(note)));
        // Nor does another file that took the name of the one that was locked.
        let path = folder.path().join(&name);
        fs::write(&path, "").unwrap();
        let replaced = || {
            fs::remove_file(&path).unwrap();
            fs::write(folder.path().join("held"), "").unwrap();
            fs::write(&path, "").unwrap();
        };
        assert!(!is_abandoned(&private, &name, replaced));
        assert!(is_abandoned(&private, &name, || {}));
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
