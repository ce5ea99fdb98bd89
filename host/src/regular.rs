//! Regular: a file that somebody else put there, opened without waiting for it.
//!
//! In: a path, whatever is there by now. Out: an open regular file, or why there is none.
//!
//! What is there is asked before it is opened, since opening some devices does something, and
//! again of the very file that was opened, since another may have taken its place. Neither the
//! opening nor a read waits: not for the other end of a pipe, and not for what a system's own
//! file, such as `/proc/kmsg`, will say next.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::Path;

use crate::system::files::{self, Links};

/// Opens a regular file for reading.
///
/// # Errors
/// What the system says, or that it is no regular file.
pub fn open(path: &Path) -> io::Result<(File, Metadata)> {
    open_after(path, || {})
}

/// The same, where `between` runs after the first look, for tests.
fn open_after(path: &Path, between: impl FnOnce()) -> io::Result<(File, Metadata)> {
    is_file(&fs::metadata(path)?)?;
    between();
    let file = files::options(Links::Followed).read(true).open(path)?;
    let about = file.metadata()?;
    is_file(&about)?;
    Ok((file, about))
}

fn is_file(about: &Metadata) -> io::Result<()> {
    match about.is_file() {
        true => Ok(()),
        false => Err(io::Error::other("it is no regular file")),
    }
}

#[cfg(test)]
mod tests {
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    #[test]
    fn a_pipe_that_takes_the_place_of_a_file_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "text").unwrap();
        let (_, about) = open(&path).unwrap();
        assert_eq!(about.len(), 4);
        let swap = || {
            fs::remove_file(&path).unwrap();
            mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).unwrap();
        };
        let error = open_after(&path, swap).unwrap_err();
        assert_eq!(error.to_string(), "it is no regular file");
        assert!(open(&path).is_err());
        assert!(open(folder.path()).is_err());
        assert!(open(Path::new("/dev/zero")).is_err());
    }
}
