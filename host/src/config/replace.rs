//! Replace: a new text for a configuration file that is in use.
//!
//! In: a path, the text that was read there, and the one to be there. Out: the file with the new
//! text, whole or not at all; or why it stays as it is.
//!
//! It touches files. Thread: control.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};

use crate::config::reading::{FileUnreadable, bytes};
use crate::process::start;

/// The mark at the beginning that some editors write; it is no part of a text that was read.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// How many names are tried for the new file beside the old one.
const NAMES_MAX: u32 = 16;

/// Why a file stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum NotReplaced {
    /// Somebody else wrote it meanwhile.
    #[error("{} changed on disk since it was read; reload first", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// It is no file that can be read.
    #[error(transparent)]
    Unreadable(FileUnreadable),
    /// The new text could not be written.
    #[error("{} cannot be written: {source}", path.display())]
    Unwritten {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Puts a new text in the place of the one that was read, in one step: whoever opens the file
/// meanwhile finds one or the other whole. Mode and, as far as the system lets us, owner stay; a
/// link stays a link, and what it leads to is replaced. A byte-order mark stays.
///
/// # Errors
/// When the file no longer holds the text that was read, or cannot be written. It is as it was.
pub fn replace(path: &Path, was_read: &str, text: &str) -> Result<(), NotReplaced> {
    let unwritten = |source| NotReplaced::Unwritten {
        path: path.to_owned(),
        source,
    };
    let found = bytes(path).map_err(NotReplaced::Unreadable)?;
    let (mark, found) = match found.strip_prefix(MARK) {
        Some(rest) => (MARK, rest),
        None => (&[][..], &found[..]),
    };
    let unmarked = |text| {
        str::strip_prefix(text, '\u{feff}')
            .unwrap_or(text)
            .as_bytes()
    };
    if found != unmarked(was_read) {
        return Err(NotReplaced::Changed {
            path: path.to_owned(),
        });
    }
    let target = fs::canonicalize(start::absolute(path)).map_err(unwritten)?;
    let (mut file, fresh) = create(&target).map_err(unwritten)?;
    let written = fill(&mut file, &target, &[mark, unmarked(text)])
        .and_then(|()| fs::rename(&fresh, &target));
    if let Err(error) = written {
        // Whatever went wrong, it is reported; what is left of it must not stay.
        let _ = fs::remove_file(&fresh);
        return Err(unwritten(error));
    }
    // The file is whole either way; this makes the name last through a loss of power.
    if let Some(folder) = target.parent() {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    Ok(())
}

/// A new file beside another, under a name that nobody has.
fn create(target: &Path) -> io::Result<(File, PathBuf)> {
    let mut taken = None;
    for number in 0..NAMES_MAX {
        let name = format!(".segue-{}-{number}.toml.new", std::process::id());
        let fresh = target.with_file_name(name);
        match File::create_new(&fresh) {
            Ok(file) => return Ok((file, fresh)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(taken.unwrap_or_else(|| io::ErrorKind::AlreadyExists.into()))
}

/// Writes all of it to the disk, with mode and owner of the file that it will replace.
fn fill(file: &mut File, target: &Path, pieces: &[&[u8]]) -> io::Result<()> {
    let old = fs::metadata(target)?;
    let new = file.metadata()?;
    if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
        // Only root may give a file away; to everybody else it belongs to who saved it.
        let _ = fchown(&*file, Some(old.uid()), Some(old.gid()));
    }
    // After the owner, since a change of owner clears bits of the mode.
    file.set_permissions(old.permissions())?;
    for piece in pieces {
        file.write_all(piece)?;
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// Replaces a file with these bytes; returns what is there then, and what else is.
    fn check(bytes: &[u8], was_read: &str, text: &str, expected: Result<&[u8], &str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plugins.toml");
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let link = folder.path().join("link.toml");
        symlink("plugins.toml", &link).unwrap();
        let answer = replace(&link, was_read, text).map_err(|error| error.to_string());
        let short =
            answer.map_err(|error| error.replace(&format!("{}/", folder.path().display()), ""));
        assert_eq!(short, expected.map(|_| ()).map_err(str::to_owned));
        assert_eq!(fs::read(&path).unwrap(), expected.unwrap_or(bytes));
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            2,
            "nothing is left over"
        );
    }

    #[test]
    fn what_was_read_is_replaced_whole() {
        check(b"a = 1\n", "a = 1\n", "a = 2\n", Ok(b"a = 2\n"));
        check(b"a = 1\r\n", "a = 1\r\n", "", Ok(b""));
        check(b"\xef\xbb\xbfa", "a", "b", Ok(b"\xef\xbb\xbfb"));
    }

    #[test]
    fn what_somebody_else_wrote_stays() {
        let why = "link.toml changed on disk since it was read; reload first";
        check(b"a = 3\n", "a = 1\n", "a = 2\n", Err(why));
        check(b"a = 1\n# x", "a = 1\n", "a = 2\n", Err(why));
        check(b"a = 1\r\n", "a = 1\n", "a = 2\n", Err(why));
    }

    #[test]
    fn a_file_that_is_gone_is_not_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plugins.toml");
        let told = replace(&path, "", "x").unwrap_err().to_string();
        assert!(
            told.contains("plugins.toml cannot be read: No such file"),
            "{told}"
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_name_that_is_taken_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plugins.toml");
        fs::write(&path, "a").unwrap();
        let (_file, first) = create(&path).unwrap();
        replace(&path, "a", "b").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"b");
        assert!(first.exists());
    }
}
