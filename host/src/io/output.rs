//! Output: opens a file or a pipe for writing, so that nothing half done is ever under its name.
//!
//! In: a path, or `-` for standard output. Out: a handle. A file is written under another name in
//! the same folder and takes its own when it is complete and on the disk; dropped before that it
//! is removed. Pipes and devices are written as they are.

use std::fs;
use std::fs::File;
use std::fs::Metadata;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use rustix::event::PollFlags;
use rustix::fs::CWD;
use rustix::fs::OFlags;
use rustix::fs::RenameFlags;
use rustix::fs::renameat_with;
#[cfg(target_os = "linux")]
use rustix::io::ioctl_fionread;
#[cfg(target_os = "linux")]
use rustix::pipe::fcntl_getpipe_size;

use crate::io::error::CreateError;
use crate::io::input::FileId;
use crate::io::input::STANDARD;
use crate::io::input::block_again;
use crate::io::input::kind_name;
use crate::io::stop::Stop;

/// How many names are tried for the unfinished file. Others exist only where a process of the same
/// number was killed.
const NAMES_MAX: u32 = 100;

/// Bytes that a pipe which is ready takes without waiting: `PIPE_BUF` of Linux. More would wait for
/// the reader inside the system, where nothing ends the wait.
const PIPE_BYTES: usize = 4096;

/// Numbers the unfinished files of this process.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// What to do when something already has the output's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    /// Refuse.
    Refused,
    /// Replace it, at the end and at once.
    Allowed,
}

/// A file or pipe that is open for writing.
#[derive(Debug)]
pub(crate) struct Output {
    name: String,
    file: File,
    /// What ends the wait for the reader of a pipe; `None` for what never waits.
    stop: Option<Stop>,
    /// The names of an unfinished file; `None` for what has no name to take.
    unfinished: Option<Unfinished>,
}

/// A file under another name than its own.
#[derive(Debug)]
struct Unfinished {
    path: PathBuf,
    target: PathBuf,
    overwrite: Overwrite,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Nobody is left to tell, and what remains is a hidden file that says what it is.
        let _ = fs::remove_file(&self.path);
    }
}

impl Output {
    /// Opens a path, or takes standard output for `-`.
    pub(crate) fn create(
        path: &Path,
        overwrite: Overwrite,
        input: Option<FileId>,
    ) -> Result<Self, CreateError> {
        if path.as_os_str() == STANDARD {
            return Self::standard(input);
        }
        let name = path.display().to_string();
        let existing = match fs::metadata(path) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(CreateError::Io { name, source }),
        };
        match existing {
            Some(metadata) if metadata.is_file() => {
                Self::replacing(path, name, &metadata, overwrite, input)
            }
            Some(metadata) => Self::device(path, name, &metadata),
            None if path.as_os_str().as_encoded_bytes().ends_with(b"/") => {
                Err(CreateError::NotAFile {
                    name,
                    found: "a folder",
                })
            }
            None if path.is_symlink() => Err(CreateError::NotAFile {
                name,
                found: "a link to nothing",
            }),
            None => Self::unfinished(path, Overwrite::Refused)
                .map_err(|source| CreateError::Io { name, source }),
        }
    }

    /// The same, where `stop` ends the wait for the reader of a pipe.
    pub(crate) fn stopped_by(mut self, stop: &Stop) -> Self {
        let is_pipe = |metadata: Metadata| metadata.file_type().is_fifo();
        self.stop = self
            .file
            .metadata()
            .is_ok_and(is_pipe)
            .then(|| stop.clone());
        self
    }

    /// How to speak of it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether what was written first can be written again.
    pub(crate) fn is_rewritable(&self) -> bool {
        self.unfinished.is_some()
    }

    /// Writes the first bytes again; only where [`Output::is_rewritable`].
    pub(crate) fn rewrite_start(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, 0)
    }

    /// Brings everything to the disk, then gives the file its own name.
    pub(crate) fn commit(mut self) -> io::Result<()> {
        let Some(unfinished) = self.unfinished.take() else {
            return Ok(());
        };
        self.file.sync_all()?;
        unfinished.take_name()
    }

    /// Standard output without the line buffer of the standard library.
    fn standard(input: Option<FileId>) -> Result<Self, CreateError> {
        let name = "standard output".to_owned();
        let opened = io::stdout().as_fd().try_clone_to_owned().map(File::from);
        let with_metadata =
            opened.and_then(|file| file.metadata().map(|metadata| (file, metadata)));
        match with_metadata {
            Ok((_, metadata)) if is_input(&metadata, input) => {
                Err(CreateError::SameAsInput { name })
            }
            Ok((file, _)) => Ok(Self::stream(name, file)),
            Err(source) => Err(CreateError::Io { name, source }),
        }
    }

    /// What is written as it is.
    pub(crate) fn stream(name: String, file: File) -> Self {
        Self {
            name,
            file,
            stop: None,
            unfinished: None,
        }
    }

    /// An output whose name a file already has.
    fn replacing(
        path: &Path,
        name: String,
        existing: &Metadata,
        overwrite: Overwrite,
        input: Option<FileId>,
    ) -> Result<Self, CreateError> {
        if is_input(existing, input) {
            return Err(CreateError::SameAsInput { name });
        }
        if overwrite == Overwrite::Refused {
            return Err(CreateError::Exists { name });
        }
        // A link stays a link: what it leads to is replaced, and keeps its permissions.
        let output = fs::canonicalize(path).and_then(|target| {
            let output = Self::unfinished(&target, overwrite)?;
            output.file.set_permissions(existing.permissions())?;
            Ok(output)
        });
        output.map_err(|source| CreateError::Io { name, source })
    }

    /// A named pipe or a device such as `/dev/null`; neither can be replaced.
    fn device(path: &Path, name: String, existing: &Metadata) -> Result<Self, CreateError> {
        let kind = existing.file_type();
        if !kind.is_fifo() && !kind.is_char_device() {
            let found = kind_name(kind);
            return Err(CreateError::NotAFile { name, found });
        }
        // Without waiting: a pipe that nobody reads is answered at once.
        let opened = OpenOptions::new()
            .write(true)
            .custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed())
            .open(path);
        let ready = opened.and_then(|file| block_again(&file).map(|()| file));
        match ready {
            Ok(file) => Ok(Self::stream(name, file)),
            Err(source) => Err(CreateError::Io { name, source }),
        }
    }

    /// A new file in the target's folder, under a name of its own.
    fn unfinished(target: &Path, overwrite: Overwrite) -> io::Result<Self> {
        let mut tries = 0;
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = target.with_file_name(format!(".segue-{}-{number}.part", process::id()));
            tries += 1;
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < NAMES_MAX => {
                }
                opened => {
                    return Ok(Self {
                        name: target.display().to_string(),
                        file: opened?,
                        stop: None,
                        unfinished: Some(Unfinished {
                            path,
                            target: target.to_owned(),
                            overwrite,
                        }),
                    });
                }
            }
        }
    }
}

impl Output {
    /// How much can be written without waiting for the reader, once the system says that something
    /// can: all that a pipe holds while it is empty.
    #[cfg(target_os = "linux")]
    fn room(&self) -> usize {
        match (ioctl_fionread(&self.file), fcntl_getpipe_size(&self.file)) {
            (Ok(0), Ok(bytes)) => bytes.max(PIPE_BYTES),
            _ => PIPE_BYTES,
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn room(&self) -> usize {
        PIPE_BYTES
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            let mut now = bytes;
            if let Some(stop) = &self.stop {
                stop.wait(&self.file, PollFlags::OUT)?;
                now = &bytes[..bytes.len().min(self.room())];
            }
            match self.file.write(now) {
                // A parent may have left standard output in non-blocking mode.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    Stop::never().wait(&self.file, PollFlags::OUT)?;
                }
                result => return result,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Unfinished {
    /// Renames the file, and brings the name to the disk.
    fn take_name(self) -> io::Result<()> {
        match self.overwrite {
            Overwrite::Allowed => fs::rename(&self.path, &self.target)?,
            Overwrite::Refused => self.take_free_name()?,
        }
        let folder = self
            .target
            .parent()
            .filter(|folder| *folder != Path::new(""));
        let folder = File::open(folder.unwrap_or(Path::new(".")));
        // The audio is on the disk and has its name. Some file systems cannot sync a folder.
        let _ = folder.and_then(|folder| folder.sync_all());
        Ok(())
    }

    /// Renames the file unless something took its name meanwhile.
    fn take_free_name(&self) -> io::Result<()> {
        let renamed = renameat_with(CWD, &self.path, CWD, &self.target, RenameFlags::NOREPLACE);
        match renamed {
            // The file system has no such call: look first, which leaves a moment between.
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
                if fs::symlink_metadata(&self.target).is_ok() {
                    return Err(io::ErrorKind::AlreadyExists.into());
                }
                fs::rename(&self.path, &self.target)
            }
            renamed => Ok(renamed?),
        }
    }
}

fn is_input(metadata: &Metadata, input: Option<FileId>) -> bool {
    input.is_some() && FileId::of(metadata) == input
}

#[cfg(test)]
mod tests;
