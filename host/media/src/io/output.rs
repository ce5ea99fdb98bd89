//! Output: opens a file or a pipe for writing.
//!
//! In: a path, or `-` for standard output. Out: a handle. A file is whole or nothing: it is written
//! under another name in the same folder and takes its own when it is complete and on the disk;
//! dropped before that it is removed. A recording is the other way round: it has its name from its
//! first bytes on, and whatever happens, what was written stays. Pipes and devices are written as
//! they are.

pub(crate) mod aside;
mod lock;
mod recording;
pub(crate) mod unfinished;

use std::fs;
use std::fs::File;
use std::fs::Metadata;
use std::io;
use std::io::Seek;
use std::io::SeekFrom;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use crate::io::error::CreateError;
use crate::io::input::FileId;
use crate::io::input::STANDARD;
use crate::io::input::kind_name;
use crate::io::output::aside::recorded;
use crate::io::output::recording::IfMissing;
use crate::io::output::recording::Marker;
use crate::io::output::recording::MarkerFound;
use crate::io::output::recording::Recording;
use crate::io::output::unfinished::Named;
use crate::io::output::unfinished::Overwrite;
use crate::io::output::unfinished::Unfinished;
use crate::io::output::unfinished::sync_folder;
use crate::io::stop::Stop;
use crate::surroundings;
use crate::system;
use crate::system::For;
use crate::system::Links;

/// What becomes of what was written.
#[derive(Debug)]
enum OutputKind {
    /// It is gone already: a pipe or a device.
    Stream,
    /// It has no name yet, and is removed unless it comes to its end.
    Whole(Unfinished),
    /// It stays.
    Recording(Recording),
}

/// A file or pipe that is open for writing.
#[derive(Debug)]
pub(crate) struct Output {
    name: String,
    file: File,
    /// What ends the wait for the reader of a pipe; `None` for what never waits.
    stop: Option<Stop>,
    kind: OutputKind,
    /// Bytes that the system took.
    written_bytes: u64,
}

impl Output {
    /// Opens a path, or takes standard output for `-`.
    pub(crate) fn create(
        path: &Path,
        named: Named,
        overwrite: Overwrite,
        input: Option<FileId>,
    ) -> Result<Self, CreateError> {
        if path.as_os_str() == STANDARD {
            return Self::standard(input);
        }
        let name = path.display().to_string();
        // A plugin may have changed the folder of the process.
        let path = &surroundings::absolute(path);
        let existing = match fs::metadata(path) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(CreateError::Io { name, source }),
        };
        if let Some(meant) = existing.as_ref().and_then(surroundings::meant_by) {
            return match meant {
                Ok(file) => Ok(Self::stream(name, file)),
                Err(source) => Err(CreateError::Io { name, source }),
            };
        }
        match existing {
            Some(metadata) if metadata.is_file() => {
                if FileId::is(input, &metadata) {
                    return Err(CreateError::SameAsInput { name });
                }
                if overwrite == Overwrite::Refused {
                    return Err(CreateError::Exists { name });
                }
                Self::replacing(path, &name, named, &metadata)
            }
            Some(metadata) => Self::device(path, name, &metadata),
            None => Self::fresh(path, name, named),
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
        !matches!(self.kind, OutputKind::Stream)
    }

    /// Whether what was written stays, whatever happens.
    pub(crate) fn is_recording(&self) -> bool {
        matches!(self.kind, OutputKind::Recording(_))
    }

    /// Whether it is a recording that others see already, under its name.
    pub(crate) fn has_taken_name(&self) -> bool {
        matches!(&self.kind, OutputKind::Recording(recording) if recording.has_taken_name())
    }

    /// Whether nothing is left of it unless it comes to its end.
    pub(crate) fn is_whole_or_nothing(&self) -> bool {
        matches!(self.kind, OutputKind::Whole(_))
    }

    /// Bytes that the system took so far, of those that were written one after the other.
    pub(crate) fn written_bytes(&self) -> u64 {
        self.written_bytes
    }

    /// Cuts a file off behind so many bytes: what comes next is written there.
    pub(crate) fn cut(&mut self, bytes: u64) -> io::Result<()> {
        if bytes < self.written_bytes {
            self.file.set_len(bytes)?;
            self.file.seek(SeekFrom::Start(bytes))?;
            self.written_bytes = bytes;
        }
        Ok(())
    }

    /// Writes the first bytes again; only where [`Output::is_rewritable`].
    pub(crate) fn rewrite_start(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, 0)
    }

    /// Brings everything to the disk; then it is finished, and has its own name.
    pub(crate) fn commit(self) -> io::Result<()> {
        match self.kind {
            OutputKind::Stream => Ok(()),
            OutputKind::Whole(unfinished) => {
                self.file.sync_all()?;
                let target = unfinished.target().to_owned();
                unfinished.take_name()?;
                sync_folder(&target);
                Ok(())
            }
            OutputKind::Recording(recording) => recording.finish(&self.file),
        }
    }

    /// Standard output without the line buffer of the standard library.
    fn standard(input: Option<FileId>) -> Result<Self, CreateError> {
        let name = "standard output".to_owned();
        let opened = surroundings::output();
        let with_metadata =
            opened.and_then(|file| file.metadata().map(|metadata| (file, metadata)));
        match with_metadata {
            Ok((_, metadata)) if FileId::is(input, &metadata) => {
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
            kind: OutputKind::Stream,
            written_bytes: 0,
        }
    }

    /// An output whose name nothing has yet.
    fn fresh(path: &Path, name: String, named: Named) -> Result<Self, CreateError> {
        let found = if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            "a folder"
        } else if path.is_symlink() {
            "a link to nothing"
        } else {
            return Self::begin(path, name, named, Overwrite::Refused);
        };
        Err(CreateError::NotAFile { name, found })
    }

    /// An output whose name a file already has.
    fn replacing(
        path: &Path,
        name: &str,
        named: Named,
        existing: &Metadata,
    ) -> Result<Self, CreateError> {
        let failed = |source| CreateError::Io {
            name: name.to_owned(),
            source,
        };
        // A link stays a link: what it leads to is replaced, and keeps its permissions.
        let target = fs::canonicalize(path).map_err(failed)?;
        let output = Self::begin(
            &target,
            target.display().to_string(),
            named,
            Overwrite::Allowed,
        )?;
        let permitted = output.file.set_permissions(existing.permissions());
        permitted.map(|()| output).map_err(failed)
    }

    /// A named pipe or a device such as `/dev/null`; neither can be replaced.
    fn device(path: &Path, name: String, existing: &Metadata) -> Result<Self, CreateError> {
        let kind = existing.file_type();
        if !kind.is_fifo() && !kind.is_char_device() {
            let found = kind_name(kind);
            return Err(CreateError::NotAFile { name, found });
        }
        // Without waiting: a pipe that nobody reads is answered at once.
        let opened = system::options(Links::Followed).write(true).open(path);
        let ready = opened.and_then(|file| system::block_again(&file).map(|()| file));
        match ready {
            Ok(file) => Ok(Self::stream(name, file)),
            Err(source) => Err(CreateError::Io { name, source }),
        }
    }

    /// A new file in the target's folder.
    fn begin(
        target: &Path,
        name: String,
        named: Named,
        overwrite: Overwrite,
    ) -> Result<Self, CreateError> {
        let begun = match named {
            Named::AtTheEnd => Unfinished::create(target, overwrite)
                .map(|(file, unfinished)| (file, OutputKind::Whole(unfinished))),
            Named::FromTheStart => match Marker::open(target, IfMissing::Make) {
                Ok(MarkerFound::Ours(marker)) => Recording::begin(target, overwrite, marker)
                    .map(|(file, recording)| (file, OutputKind::Recording(recording))),
                Ok(MarkerFound::Theirs(note)) => return Err(recorded(&name, note)),
                Ok(MarkerFound::Missing) => Err(io::ErrorKind::NotFound.into()),
                Err(error) => Err(error),
            },
        };
        match begun {
            Ok((file, kind)) => Ok(Self {
                name,
                file,
                stop: None,
                kind,
                written_bytes: 0,
            }),
            Err(source) => Err(CreateError::Io { name, source }),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let OutputKind::Recording(recording) = &mut self.kind {
            recording.take_name(&self.file)?;
        }
        loop {
            let mut now = bytes;
            if let Some(stop) = &self.stop {
                stop.wait(&self.file, For::Writing)?;
                now = &bytes[..bytes.len().min(system::room(&self.file))];
            }
            match self.file.write(now) {
                // A parent may have left standard output in non-blocking mode.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    Stop::never().wait(&self.file, For::Writing)?;
                }
                Err(error) => return Err(error),
                Ok(bytes) => {
                    self.written_bytes += bytes as u64;
                    return Ok(bytes);
                }
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
