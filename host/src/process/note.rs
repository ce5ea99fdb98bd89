//! Note: a small file that says what a process runs, and outlives it if it dies.
//!
//! In: the folder for state, open, and the libraries that are opened. Out: a note that is removed
//! when the process ends in order; and what the notes of processes say that died.
//!
//! A process holds a lock on its note, which the system releases when the process ends in whatever
//! way: a note that nobody locks is a dead process's. The lock comes before the name.

use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::system::files::{self, FileKind, Links};
use crate::system::streams;

/// What a note is called: then the process, and when it began.
const PREFIX: &str = "running-";

/// The most names that are read of the folder. Each note is a process that died.
const NAMES_MAX: usize = 4096;

/// The most bytes of a note: a line for each library that was opened, and last words.
const NOTE_BYTES_MAX: u64 = 64 * 1024;

/// The most notes that are told and removed at once; the next start tells the others.
const TOLD_MAX: usize = 8;

/// Before the names of libraries.
const OPENED: &str = "opened ";

/// Before the time at which the process began to run, in seconds since 1970.
const SINCE: &str = "since ";

/// Before the process's number.
const PROCESS: &str = "process ";

/// The note of this process.
static OWN: OnceLock<Own> = OnceLock::new();

/// Whether the note was removed: the process ends in order.
static IS_FORGOTTEN: AtomicBool = AtomicBool::new(false);

struct Own {
    /// Holds the lock; written to in a signal handler too.
    file: File,
    folder: OwnedFd,
    name: CString,
}

/// What the note of a dead process says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftNote {
    /// The number the process had.
    pub process: String,
    /// When it began, in seconds since 1970; `None` where the note does not say.
    pub since_seconds: Option<u64>,
    /// The libraries it had opened, each with its version.
    pub opened: Vec<String>,
    /// What it died of, in the words that follow 'the host'; `None` where it had no time for any.
    pub words: Option<String>,
}

/// Notes in a folder that this process runs from here on, once. Nobody else may be able to write
/// to the folder.
///
/// # Errors
/// What the system says; then there is no note.
pub fn begin(folder: impl AsFd) -> io::Result<()> {
    let folder = folder.as_fd();
    let (process, since) = (std::process::id(), seconds());
    let name = CString::new(format!("{PREFIX}{process}-{since}"))?;
    let fresh = format!("fresh-run-{process}");
    let written = files::append_at(folder, &*fresh).and_then(|file| {
        file.try_lock()?;
        files::rename_at(folder, &*fresh, &name)?;
        Ok(file)
    });
    let file = written.inspect_err(|_| {
        // Whatever went wrong, it is reported; what is left of it must not stay.
        let _ = files::remove_at(folder, &*fresh);
    })?;
    let own = Own {
        file,
        folder: folder.try_clone_to_owned()?,
        name,
    };
    if let Err(own) = OWN.set(own) {
        return own.remove(); // There is one already.
    }
    add(format!("{PROCESS}{process}\n{SINCE}{since}\n").as_bytes());
    Ok(())
}

impl Own {
    /// Fit for a signal handler.
    fn remove(&self) -> io::Result<()> {
        files::remove_at(&self.folder, &self.name)
    }
}

/// Adds that a library is open from here on. Without a note nothing happens.
pub fn opened(library: &str) {
    add(format!("{OPENED}{library}\n").as_bytes());
}

/// Adds a line, with its end. Fit for a signal handler.
pub(super) fn add(line: &[u8]) {
    if let Some(own) = OWN.get() {
        let _ = streams::write(&own.file, line);
    }
}

/// Removes the note: the process ends in order. Fit for a signal handler.
pub fn forget() {
    if let Some(own) = OWN.get()
        && !IS_FORGOTTEN.swap(true, Ordering::Relaxed)
    {
        let _ = own.remove();
    }
}

/// Reads the notes of processes that died in a folder, and removes each that was read. Thread: any
/// but audio.
#[must_use]
pub fn left_behind(folder: impl AsFd) -> Vec<LeftNote> {
    let folder = folder.as_fd();
    let Ok(entries) = files::names(folder) else {
        return Vec::new(); // What cannot be listed says nothing.
    };
    let names = entries.take(NAMES_MAX).flatten();
    let named = names.filter(|name| name.as_encoded_bytes().starts_with(PREFIX.as_bytes()));
    let mut names: Vec<OsString> = named.collect();
    names.sort();
    let left = names.iter().filter_map(|name| take(folder, name).ok()?);
    left.take(TOLD_MAX).collect()
}

/// Reads and removes the note of a process that died; `None` for one that lives, and for what
/// somebody else is reading.
fn take(folder: BorrowedFd<'_>, name: &OsStr) -> io::Result<Option<LeftNote>> {
    let file = files::open_at(folder, name, Links::Themselves)?;
    let about = files::about(&file)?;
    if about.kind != FileKind::File {
        return Ok(None);
    }
    file.try_lock()?;
    // Between the opening and the lock its owner may have ended in order.
    let named = files::about_at(folder, name, Links::Themselves)?;
    if named.identity != about.identity {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    (&file).take(NOTE_BYTES_MAX).read_to_end(&mut bytes)?;
    files::remove_at(folder, name)?;
    Ok(Some(read(&String::from_utf8_lossy(&bytes))))
}

fn read(text: &str) -> LeftNote {
    let mut left = LeftNote {
        process: String::new(),
        since_seconds: None,
        opened: Vec::new(),
        words: None,
    };
    for line in text.lines() {
        if let Some(process) = line.strip_prefix(PROCESS) {
            left.process = process.to_owned();
        } else if let Some(since) = line.strip_prefix(SINCE) {
            left.since_seconds = since.parse().ok();
        } else if let Some(library) = line.strip_prefix(OPENED) {
            left.opened.push(library.to_owned());
        } else {
            left.words = Some(line.to_owned());
        }
    }
    left
}

fn seconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_note_that_nobody_holds_is_read_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("{PREFIX}77-5"));
        fs::write(&path, "process 77\nsince 5\nopened a 1.0.0\ndied of x\n").unwrap();
        let expected = LeftNote {
            process: "77".to_owned(),
            since_seconds: Some(5),
            opened: vec!["a 1.0.0".to_owned()],
            words: Some("died of x".to_owned()),
        };
        let folder = File::open(folder.path()).unwrap();
        assert_eq!(left_behind(&folder), [expected]);
        assert_eq!(left_behind(&folder), []);
    }

    #[test]
    fn a_note_that_is_held_is_a_living_process() {
        let folder = tempfile::tempdir().unwrap();
        let folder = File::open(folder.path()).unwrap();
        let file = files::append_at(&folder, format!("{PREFIX}77-5")).unwrap();
        file.try_lock().unwrap();
        assert_eq!(left_behind(&folder), []);
        drop(file);
        assert_eq!(left_behind(&folder).len(), 1);
    }

    #[test]
    fn what_else_lies_there_is_no_note() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("opening-7-0-ab"), "").unwrap();
        fs::create_dir(folder.path().join(format!("{PREFIX}8-1"))).unwrap();
        let link = folder.path().join(format!("{PREFIX}9-1"));
        std::os::unix::fs::symlink("/dev/null", link).unwrap();
        assert_eq!(left_behind(File::open(folder.path()).unwrap()), []);
    }
}
