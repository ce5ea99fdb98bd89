//! Lock: who is still there to finish a file.
//!
//! In: an open file. Out: whether this process has it now. The system gives the lock back when the
//! process is gone, however it went, so a lock that is free says that nobody is left; a number of
//! a process would not, since numbers are used again.

use std::fs;
use std::fs::File;
use std::fs::TryLockError;
use std::path::Path;

use crate::io::input::FileId;

/// How asking for a lock went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lock {
    /// It is ours until the file is closed.
    Ours,
    /// Another process has it.
    Theirs,
    /// The file system knows no locks.
    Unknown,
}

/// Asks for the only lock of a file, without waiting.
pub(super) fn lock(file: &File) -> Lock {
    match file.try_lock() {
        Ok(()) => Lock::Ours,
        Err(TryLockError::WouldBlock) => Lock::Theirs,
        Err(TryLockError::Error(_)) => Lock::Unknown,
    }
}

/// Whether an open file is still what has this name: between opening and locking it, whoever had
/// it may have removed it.
pub(super) fn has_name(file: &File, path: &Path) -> bool {
    let of = |metadata: fs::Metadata| FileId::of(&metadata);
    let (open, named) = (file.metadata().map(of), fs::symlink_metadata(path).map(of));
    matches!((open, named), (Ok(Some(open)), Ok(Some(named))) if open == named)
}
