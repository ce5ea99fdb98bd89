//! File: a small file of a private folder, read and replaced as a whole.
//!
//! In: the folder and a name. Out: the file's bytes; nobody ever sees half of them.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::private::Private;
use crate::system::files::{self, FileKind, Links};

/// Read and written by its owner, and by nobody else.
const OWNER_ONLY: u32 = 0o600;

/// Tells the files that one process replaces at once apart.
static REPLACED: AtomicU64 = AtomicU64::new(0);

/// Reads a file of at most `bytes_max`, whatever stands under its name.
///
/// # Errors
/// When there is none, when others could have changed it, or when it is larger.
pub fn read(folder: &Path, name: &str, bytes_max: u64) -> io::Result<Vec<u8>> {
    let folder = Private::find(folder)?.ok_or(io::ErrorKind::NotFound)?;
    folder.read(name, bytes_max)
}

/// Replaces the file `name` in `folder`, which is made, for its owner only, if it is not there.
///
/// # Errors
/// When others could change the folder, or what the system says.
pub fn replace(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    Private::open(folder)?.replace(name, bytes)
}

impl Private {
    /// Reads a file of at most `bytes_max`.
    ///
    /// # Errors
    /// What the system says, or that it is larger or no regular file.
    pub fn read(&self, name: &str, bytes_max: u64) -> io::Result<Vec<u8>> {
        let (file, size_bytes) = self.file(name)?;
        if size_bytes > bytes_max {
            return Err(io::Error::other(format!(
                "{name} has {size_bytes} bytes, expected at most {bytes_max}"
            )));
        }
        let mut bytes = Vec::with_capacity(size_bytes as usize);
        file.take(bytes_max).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Opens a regular file for reading, without waiting for whatever else may stand there; says
    /// how long it is.
    ///
    /// # Errors
    /// What the system says, or that it is no regular file.
    pub fn file(&self, name: &str) -> io::Result<(File, u64)> {
        let file = files::open_at(self, name, Links::Themselves)?;
        let about = files::about(&file)?;
        if about.kind != FileKind::File {
            return Err(io::Error::other(format!("{name} is no regular file")));
        }
        Ok((file, about.size_bytes))
    }

    /// Replaces a file as a whole: whoever reads it meanwhile reads the old one.
    ///
    /// # Errors
    /// What the system says; then the old one stays.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let number = REPLACED.fetch_add(1, Ordering::Relaxed);
        let fresh = format!("{name}.{}-{number}", std::process::id());
        let written = self.write_new(&fresh, bytes);
        let written = written.and_then(|()| files::rename_at(self, &*fresh, name));
        if written.is_err() {
            // Whatever went wrong, it is reported; what is left of it must not stay.
            let _ = files::remove_at(self, &*fresh);
        }
        written
    }

    /// Writes a file that is not there yet, for its owner only.
    fn write_new(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        // What a process of the same number left behind when it was killed.
        let _ = files::remove_at(self, name);
        files::create_at(self, name, OWNER_ONLY)?.write_all(bytes)
    }
}
