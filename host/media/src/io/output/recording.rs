//! Recording: a file that grows under its own name, and a marker beside it for as long as it is
//! not finished.
//!
//! In: the name of a recording. Out: an open file that takes its name with its first bytes; a
//! hidden marker in the same folder that says which file it is, since when and by which process.
//! The marker is locked while that process is there, written before the file has its name, and
//! removed once the file is complete and on the disk. So whenever the process goes, at worst a
//! marker is left that names a file which has another name by now, and means nothing.

use std::fs;
use std::fs::File;
use std::fs::Metadata;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::path::PathBuf;
use std::process;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use sha2::Digest;
use sha2::Sha256;

use crate::io::input::FileId;
use crate::io::output::lock::Lock;
use crate::io::output::lock::has_name;
use crate::io::output::lock::lock;
use crate::io::output::unfinished::Overwrite;
use crate::io::output::unfinished::Unfinished;
use crate::io::output::unfinished::sync_folder;
use crate::system;
use crate::system::Links;

/// How often a marker is opened that goes away between opening and locking it.
const TRIES_MAX: u32 = 100;

/// The most bytes of a marker that are read; numbers of 39 digits fit.
const MARKER_BYTES_MAX: usize = 256;

/// How many digits of the hash of a recording's name its marker is called by. The name itself may
/// be as long as names can be.
const HASH_DIGITS: usize = 16;

/// What a marker says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Note {
    /// The process that records.
    pub(super) process: u32,
    /// When it began, in seconds since 1970.
    pub(super) started_s: u64,
    /// Which file it is.
    pub(super) file: FileId,
    /// When that was made, in nanoseconds since 1970, 0 where the file system does not know: a
    /// number of a file is soon used again.
    pub(super) made_ns: u128,
}

impl Note {
    /// What there is to say of a recording of this process.
    fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        let file = FileId::of(&metadata).ok_or(io::ErrorKind::InvalidInput)?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Ok(Self {
            process: process::id(),
            started_s: since.map_or(0, |since| since.as_secs()),
            file,
            made_ns: made_ns(&metadata),
        })
    }

    /// Whether this is the file.
    pub(super) fn is_of(&self, metadata: &Metadata) -> bool {
        FileId::of(metadata) == Some(self.file) && made_ns(metadata) == self.made_ns
    }

    fn text(&self) -> String {
        let Self {
            process,
            started_s,
            file: FileId { device, inode },
            made_ns,
        } = self;
        format!("segue recording 1\n{process} {started_s} {device} {inode} {made_ns}\n")
    }

    fn parse(text: &str) -> Option<Self> {
        let numbers = text.strip_prefix("segue recording 1\n")?;
        let mut numbers = numbers.strip_suffix('\n')?.split(' ');
        let mut next = || numbers.next();
        Some(Self {
            process: next()?.parse().ok()?,
            started_s: next()?.parse().ok()?,
            file: FileId {
                device: next()?.parse().ok()?,
                inode: next()?.parse().ok()?,
            },
            made_ns: next()?.parse().ok()?,
        })
    }
}

fn made_ns(metadata: &Metadata) -> u128 {
    let made = metadata.created().ok();
    let since = made.and_then(|made| made.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_nanos())
}

/// A marker that is open and ours.
#[derive(Debug)]
pub(super) struct Marker {
    path: PathBuf,
    file: File,
}

/// What came of opening a marker.
pub(super) enum MarkerFound {
    /// It is ours, whatever it says.
    Ours(Marker),
    /// Another process records; what its marker says.
    Theirs(Option<Note>),
    /// There is none.
    Missing,
}

/// Whether a marker is made where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IfMissing {
    /// It is.
    Make,
    /// It is not.
    Leave,
}

impl Marker {
    /// Opens and locks the marker of a recording.
    pub(super) fn open(recording: &Path, missing: IfMissing) -> io::Result<MarkerFound> {
        let path = marker_path(recording);
        for _ in 0..TRIES_MAX {
            let opened = system::options(Links::Themselves)
                .read(true)
                .write(true)
                .create(missing == IfMissing::Make)
                .open(&path);
            let file = match opened {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Ok(MarkerFound::Missing);
                }
                Err(error) => return Err(error),
            };
            if lock(&file) == Lock::Theirs {
                return Ok(MarkerFound::Theirs(note(&file)));
            }
            if has_name(&file, &path) {
                return Ok(MarkerFound::Ours(Self { path, file }));
            }
        }
        Err(io::Error::other("its marker comes and goes"))
    }

    /// What it says, if anything.
    pub(super) fn note(&self) -> Option<Note> {
        note(&self.file)
    }

    /// Removes it; whoever opens it next begins with none.
    pub(super) fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }

    /// Says what is recorded from now on.
    fn write(&self, note: &Note) -> io::Result<()> {
        let text = note.text();
        self.file.write_all_at(text.as_bytes(), 0)?;
        self.file.set_len(text.len() as u64)
    }
}

fn note(file: &File) -> Option<Note> {
    let mut bytes = [0; MARKER_BYTES_MAX];
    let read = file.read_at(&mut bytes, 0).ok()?;
    Note::parse(str::from_utf8(&bytes[..read]).ok()?)
}

/// Where the marker of a recording is.
fn marker_path(recording: &Path) -> PathBuf {
    let name = recording.file_name().unwrap_or_default();
    let hash = Sha256::digest(name.as_bytes());
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    recording.with_file_name(format!(".segue-{}.recording", &digits[..HASH_DIGITS]))
}

/// A file that is being recorded, or will be once its first bytes come.
#[derive(Debug)]
pub(super) struct Recording {
    /// `None` once it is removed.
    marker: Option<Marker>,
    target: PathBuf,
    /// Until it has its own name.
    unfinished: Option<Unfinished>,
}

impl Recording {
    /// A new file that has its marker, and no name yet. What has the name stays until then.
    pub(super) fn begin(
        target: &Path,
        overwrite: Overwrite,
        marker: Marker,
    ) -> io::Result<(File, Self)> {
        // On the way out of an error the marker has to go as it came.
        let mut recording = Self {
            marker: Some(marker),
            target: target.to_owned(),
            unfinished: None,
        };
        let made = Unfinished::create(target, overwrite);
        let (file, unfinished) = made.inspect_err(|_| recording.forget())?;
        recording.unfinished = Some(unfinished);
        Ok((file, recording))
    }

    /// Gives the file its name, unless it has it: from here on it grows in sight of everybody.
    pub(super) fn take_name(&mut self, file: &File) -> io::Result<()> {
        let (Some(unfinished), Some(marker)) = (self.unfinished.take(), &self.marker) else {
            return Ok(());
        };
        let named = Note::of(file)
            .and_then(|note| marker.write(&note))
            .and_then(|()| unfinished.take_name());
        named.inspect_err(|_| self.forget())
    }

    /// Whether the file has its name.
    pub(super) const fn has_taken_name(&self) -> bool {
        self.unfinished.is_none()
    }

    /// Brings everything to the disk and removes the marker: it is finished.
    ///
    /// # Errors
    /// What the system says; `NotFound` where the name is not that of the file any more, since
    /// somebody deleted it, renamed it or put another in its place.
    pub(super) fn finish(mut self, file: &File) -> io::Result<()> {
        self.take_name(file)?;
        file.sync_all()?;
        let is_there = has_name(file, &self.target);
        let removed = self.marker.take().map_or(Ok(()), Marker::remove);
        sync_folder(&self.target);
        match is_there {
            true => removed,
            false => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Removes the marker of what never had its name.
    fn forget(&mut self) {
        if let Some(marker) = self.marker.take() {
            // Empty, or naming a file that is nowhere: the next run takes it for what it is.
            let _ = marker.remove();
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // With its name it stays as it is, and its marker tells the next run.
        if self.unfinished.take().is_some() {
            self.forget();
        }
    }
}
