//! Folder: the names in one folder that look like libraries.
//!
//! In: a folder. Out: its names in order, as many as are bounded; or why it could not be read.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use crate::system::files;

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
pub(crate) struct FolderNames {
    /// What looks like a library, in order.
    pub(crate) libraries: Vec<OsString>,
    /// Whether there are more names than were read.
    pub(crate) cut: bool,
}

/// Opens a folder.
pub(crate) fn open(path: &Path) -> io::Result<Folder> {
    let handle = files::folder_at(files::here(), path)?;
    let identity = files::about(&handle)?.identity;
    Ok(Folder { handle, identity })
}

impl Folder {
    /// Reads the names, at most `names_max` of them.
    pub(crate) fn names(&self, names_max: usize) -> io::Result<FolderNames> {
        let mut libraries = Vec::new();
        let mut left = names_max;
        let mut cut = false;
        for name in files::names(&self.handle)? {
            let name = name?;
            cut = left == 0;
            if cut {
                break;
            }
            left -= 1;
            libraries.extend(Some(name).filter(|name| is_library(name)));
        }
        libraries.sort();
        Ok(FolderNames { libraries, cut })
    }
}

/// Whether a name looks like a library's.
fn is_library(name: &OsStr) -> bool {
    let ending = Path::new(name).extension();
    ending.is_some_and(|ending| {
        let mut known = ENDINGS.iter();
        known.any(|known| ending.eq_ignore_ascii_case(known))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    fn check(files: &[&str], names_max: usize, expected: usize, cut: bool) {
        let folder = tempfile::tempdir().unwrap();
        for name in files {
            File::create(folder.path().join(name)).unwrap();
        }
        let names = open(folder.path()).unwrap().names(names_max).unwrap();
        assert_eq!(
            (names.libraries.len(), names.cut),
            (expected, cut),
            "{files:?}"
        );
        assert!(names.libraries.is_sorted());
    }

    #[test]
    fn names_of_libraries_of_every_system_are_taken() {
        check(
            &[
                "c.so", "b.DLL", "a.dylib", "so", ".so", "a.so.1", "a.txt", "a",
            ],
            100,
            3,
            false,
        );
    }

    #[test]
    fn a_folder_of_too_many_names_is_cut_and_says_so() {
        check(&["a.so", "b.so", "c.so"], 3, 3, false);
        check(&["a.so", "b.so", "c.so", "d.so"], 3, 3, true);
    }
}
