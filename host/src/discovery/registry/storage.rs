//! Storage: a small file that is read and replaced as a whole.
//!
//! In: a path. Out: its bytes; nobody ever sees half of them.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Reads a file of at most `bytes_max`, whatever stands under its name.
pub(crate) fn read(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let mut options = OpenOptions::new();
    let flags = i32::try_from(flags.bits()).unwrap_or(0);
    let file = options.read(true).custom_flags(flags).open(path)?;
    let about = file.metadata()?;
    if !about.is_file() || about.len() > bytes_max {
        return Err(io::Error::other("it is no file of a registry's size"));
    }
    let mut bytes = Vec::with_capacity(about.len() as usize);
    file.take(bytes_max).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Replaces the file `name` in `folder`, which is made, for its owner only, if it is not there.
pub(crate) fn replace(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let fresh = folder.join(format!("{name}.{}", std::process::id()));
    let written = write_new(&fresh, bytes).and_then(|()| fs::rename(&fresh, folder.join(name)));
    if written.is_err() {
        // Whatever went wrong, it is reported; what is left of it must not stay.
        let _ = fs::remove_file(&fresh);
    }
    written
}

/// Writes a file that is not there yet, for its owner only.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // What a process of the same number left behind when it was killed.
    let _ = fs::remove_file(path);
    let mut options = OpenOptions::new();
    let mut file: File = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)
}
