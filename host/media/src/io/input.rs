//! Input: opens a file or a pipe for reading, and never anything else.
//!
//! In: a path, or `-` for standard input. Out: a handle, its identity, and its length where it has
//! one. Folders, devices and sockets are answered at once; a named pipe is given a deadline.

use std::fs::File;
use std::fs::FileType;
use std::fs::Metadata;
use std::io;
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use crate::io::error::OpenError;
use crate::io::stop::Stop;
use crate::io::stop::Waited;
use crate::surroundings;
use crate::system;
use crate::system::For;
use crate::system::Links;

/// The name that stands for standard input or output.
pub(crate) const STANDARD: &str = "-";

/// How long a named pipe may be without a writer: both ends of a pipeline start together, and
/// the other one may be slower.
const WRITER_WAIT: Duration = Duration::from_secs(5);

/// Which file it is, whatever its name and however many links lead to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileId {
    /// The device it is on.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
}

impl FileId {
    /// The identity of what has this metadata; only regular files have one.
    pub(crate) fn of(metadata: &Metadata) -> Option<Self> {
        metadata.is_file().then(|| Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }

    /// Whether what has this metadata is the file that was read; a pipe is never one.
    pub(crate) fn is(input: Option<Self>, metadata: &Metadata) -> bool {
        input.is_some() && Self::of(metadata) == input
    }
}

/// A file or pipe that is open for reading.
#[derive(Debug)]
pub(crate) struct Input {
    /// How to speak of it.
    pub(crate) name: String,
    /// Which file it is; `None` for a pipe.
    pub(crate) file_id: Option<FileId>,
    /// Bytes from the beginning to the end; `None` for a pipe.
    pub(crate) bytes: Option<u64>,
    /// What was read ahead to see what it is, and where it goes on.
    ahead: io::Cursor<Vec<u8>>,
    /// What ends the wait for a pipe.
    stop: Stop,
    file: File,
}

impl Input {
    /// Opens a path, or takes standard input for `-`.
    pub(crate) fn open(path: &Path, stop: &Stop) -> Result<Self, OpenError> {
        Self::open_within(path, WRITER_WAIT, stop)
    }

    /// The same, with another deadline for the writer of a named pipe.
    fn open_within(path: &Path, wait: Duration, stop: &Stop) -> Result<Self, OpenError> {
        let (name, opened) = if path.as_os_str() == STANDARD {
            ("standard input".to_owned(), standard_input())
        } else {
            (
                path.display().to_string(),
                open_without_blocking(&surroundings::absolute(path)),
            )
        };
        let io_error = |source| OpenError::Io {
            name: name.clone(),
            source,
        };
        let file = opened.map_err(io_error)?;
        let metadata = file.metadata().map_err(io_error)?;
        let kind = metadata.file_type();
        let named = path.as_os_str() != STANDARD;
        let allowed = kind.is_file() || kind.is_fifo() || (!named && !kind.is_dir());
        if !allowed {
            let found = kind_name(kind);
            return Err(OpenError::NotAFile { name, found });
        }
        let mut input = Self {
            file_id: FileId::of(&metadata),
            bytes: kind.is_file().then_some(metadata.len()),
            ahead: io::Cursor::default(),
            stop: stop.clone(),
            file,
            name,
        };
        if named && kind.is_fifo() {
            input.wait_for_writer(wait)?;
        }
        Ok(input)
    }

    /// The first bytes, which stay to be read; fewer than asked for where there are no more.
    pub(crate) fn peek(&mut self, count: usize) -> Result<&[u8], OpenError> {
        let ahead = self.ahead.get_ref().len() - self.ahead.position() as usize;
        let mut first = Vec::with_capacity(count.max(ahead));
        let wanted = first.capacity() as u64;
        let read = self.by_ref().take(wanted).read_to_end(&mut first);
        read.map_err(|source| self.io_error(source))?;
        self.ahead = io::Cursor::new(first);
        let first = self.ahead.get_ref();
        Ok(&first[..count.min(first.len())])
    }

    /// Fills `bytes` from another place of a file, without moving from where it is read.
    pub(crate) fn read_at(&self, position: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(bytes, position)
    }

    /// The same, as much as there is.
    pub(crate) fn read_some_at(&self, position: u64, bytes: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(bytes, position)
    }

    /// The file once more and its length, to read from any place of it; `None` for a pipe.
    pub(crate) fn another(&self) -> Option<(File, u64)> {
        Some((self.file.try_clone().ok()?, self.bytes?))
    }

    /// Waits until there is something to read, or the writer was there and is gone; from then on
    /// reads wait for the writer.
    fn wait_for_writer(&mut self, waited: Duration) -> Result<(), OpenError> {
        let ready = self
            .stop
            .wait_within(&self.file, For::Reading, waited)
            .map_err(|error| self.io_error(error))?;
        if ready == Waited::Late {
            // Only a read can tell a writer that is silent from one that is not there.
            match (&self.file).take(1).read_to_end(self.ahead.get_mut()) {
                Ok(0) => {
                    let name = self.name.clone();
                    return Err(OpenError::NoWriter { name, waited });
                }
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                    return Err(self.io_error(error));
                }
                _ => {}
            }
        }
        system::block_again(&self.file).map_err(|source| self.io_error(source))
    }

    fn io_error(&self, source: io::Error) -> OpenError {
        OpenError::Io {
            name: self.name.clone(),
            source,
        }
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ahead = self.ahead.read(buffer)?;
        if ahead > 0 {
            return Ok(ahead);
        }
        loop {
            if self.bytes.is_none() {
                self.stop.wait(&self.file, For::Reading)?;
            }
            match self.file.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // A parent may have left standard input in non-blocking mode.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return result,
            }
        }
    }
}

/// What a file that is no regular file is, with its article.
pub(crate) fn kind_name(kind: FileType) -> &'static str {
    match kind {
        kind if kind.is_dir() => "a folder",
        kind if kind.is_block_device() || kind.is_char_device() => "a device",
        kind if kind.is_socket() => "a socket",
        kind if kind.is_fifo() => "a pipe",
        _ => "no regular file",
    }
}

/// Standard input without the small buffer of the standard library.
fn standard_input() -> io::Result<File> {
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// Opens without waiting for the other end of a pipe, or for a device.
fn open_without_blocking(path: &Path) -> io::Result<File> {
    system::options(Links::Followed).read(true).open(path)
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write;
    use std::path::PathBuf;

    use rustix::fs::CWD;
    use rustix::fs::Mode;
    use rustix::fs::OFlags;
    use rustix::fs::fcntl_getfl;
    use rustix::fs::mkfifoat;
    use tempfile::TempDir;

    use super::*;

    fn pipe(folder: &TempDir) -> PathBuf {
        let path = folder.path().join("pipe");
        mkfifoat(CWD, &path, Mode::from_raw_mode(0o600)).unwrap();
        path
    }

    #[test]
    fn what_is_peeked_at_is_read_all_the_same() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, b"twelve bytes and more").unwrap();
        let mut input = Input::open(&path, &Stop::never()).unwrap();
        assert_eq!(input.peek(12).unwrap(), b"twelve bytes");
        assert_eq!(input.peek(3).unwrap(), b"twe");
        let mut all = String::new();
        input.read_to_string(&mut all).unwrap();
        assert_eq!(all, "twelve bytes and more");
        assert_eq!(input.bytes, Some(21));
    }

    #[test]
    fn folders_and_devices_are_refused_by_what_they_are() {
        let folder = TempDir::new().unwrap();
        for (path, found) in [
            (folder.path(), "a folder"),
            (Path::new("/dev/zero"), "a device"),
        ] {
            let error = Input::open(path, &Stop::never()).unwrap_err().to_string();
            let expected = format!("{} is {found}, expected a file or a pipe", path.display());
            assert_eq!(error, expected);
        }
    }

    #[test]
    fn a_pipe_without_a_writer_is_given_up_at_its_deadline() {
        let folder = TempDir::new().unwrap();
        let error = Input::open_within(&pipe(&folder), Duration::ZERO, &Stop::never()).unwrap_err();
        assert!(matches!(error, OpenError::NoWriter { .. }), "{error}");
    }

    #[test]
    fn a_pipe_whose_writer_is_silent_is_read_when_it_speaks() {
        let folder = TempDir::new().unwrap();
        let path = pipe(&folder);
        let reader = open_without_blocking(&path).unwrap();
        let mut writer = OpenOptions::new().write(true).open(&path).unwrap();
        let mut input = Input::open_within(&path, Duration::ZERO, &Stop::never()).unwrap();
        drop(reader);
        let flags = fcntl_getfl(&input.file).unwrap();
        assert!(
            !flags.contains(OFlags::NONBLOCK),
            "reads wait for the writer"
        );
        writer.write_all(b"late").unwrap();
        drop(writer);
        assert_eq!(input.peek(9).unwrap(), b"late");
        assert_eq!((input.bytes, input.file_id), (None, None));
    }

    #[test]
    fn links_to_one_file_have_one_identity() {
        let folder = TempDir::new().unwrap();
        let [file, hard, soft, other] = ["a", "b", "c", "d"].map(|name| folder.path().join(name));
        std::fs::write(&file, "x").unwrap();
        std::fs::write(&other, "x").unwrap();
        std::fs::hard_link(&file, &hard).unwrap();
        std::os::unix::fs::symlink(&file, &soft).unwrap();
        let [file, hard, soft, other] = [file, hard, soft, other]
            .map(|path| Input::open(&path, &Stop::never()).unwrap().file_id);
        assert!(file.is_some() && file == hard && file == soft && file != other);
    }
}
