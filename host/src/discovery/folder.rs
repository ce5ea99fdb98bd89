//! Folder: the names in one folder that look like libraries.
//!
//! In: a folder. Out: its names in order, as many as are bounded; or why it could not be read.

use std::ffi::{CStr, OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{CWD, Dir, Mode, OFlags, fstat, openat};

/// The most names read of one folder. A folder of ten thousand plugins is large; past this it is
/// something else, and reading on would only keep the user waiting.
pub const FOLDER_NAMES_MAX: usize = 65_536;

/// What libraries are called on the systems we know; all of them, since `inspect` explains a
/// library of another system.
const ENDINGS: [&str; 3] = ["so", "dll", "dylib"];

/// A folder that was opened.
pub(crate) struct Folder {
    /// The folder itself, to reach its files from.
    pub(crate) handle: OwnedFd,
    /// Device and inode, which tell two ways to one folder.
    pub(crate) identity: (u64, u64),
}

/// What a folder holds.
pub(crate) struct Names {
    /// What looks like a library, in order.
    pub(crate) libraries: Vec<OsString>,
    /// Whether there are more names than were read.
    pub(crate) cut: bool,
}

/// Opens a folder.
pub(crate) fn open(path: &Path) -> io::Result<Folder> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let handle = openat(CWD, path, flags, Mode::empty())?;
    let stat = fstat(&handle)?;
    let identity = (stat.st_dev as u64, stat.st_ino as u64);
    Ok(Folder { handle, identity })
}

impl Folder {
    /// Reads the names, at most `names_max` of them.
    pub(crate) fn names(&self, names_max: usize) -> io::Result<Names> {
        let mut libraries = Vec::new();
        for (at, entry) in Dir::read_from(&self.handle)?.enumerate() {
            if at == names_max {
                libraries.sort();
                let cut = true;
                return Ok(Names { libraries, cut });
            }
            libraries.extend(library(entry?.file_name()));
        }
        libraries.sort();
        let cut = false;
        Ok(Names { libraries, cut })
    }
}

/// A name that looks like a library's.
fn library(name: &CStr) -> Option<OsString> {
    let name = OsStr::from_bytes(name.to_bytes());
    let ending = Path::new(name).extension()?;
    let known = ENDINGS
        .iter()
        .any(|known| ending.eq_ignore_ascii_case(known));
    known.then(|| name.to_owned())
}
