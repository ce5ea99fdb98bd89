//! Unfinished: a file that does not have its own name yet.
//!
//! In: the name that it is to have. Out: an open file under a hidden name in the same folder,
//! locked for as long as this process works on it; removed when it is given up. What a process
//! that was killed leaves is removed by the next run that writes into the folder.

use std::fmt;
use std::fs;
use std::fs::DirEntry;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use crate::io::input::STANDARD;
use crate::io::output::lock::Lock;
use crate::io::output::lock::has_name;
use crate::io::output::lock::lock;
use crate::system;
use crate::system::Links;

/// How many names are tried for the unfinished file. Others exist only where a process of the same
/// number was killed.
const NAMES_MAX: u32 = 100;

/// The most entries of a folder that are looked at for what was left there. A run must not take
/// minutes to begin because its folder is full; what is not seen stays, and does no harm.
const ENTRIES_MAX: usize = 100_000;

/// What the hidden names begin and end with; the number of the process stands in between.
const NAME_START: &str = ".segue-";
const NAME_END: &str = ".part";

/// Numbers the unfinished files of this process.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// What to do when something already has the output's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    /// Refuse.
    Refused,
    /// Replace it at once: at the end, and by a recording at its first bytes.
    Allowed,
}

/// When a file has its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    /// Once it is whole.
    AtTheEnd,
    /// From its first bytes on: a recording.
    FromTheStart,
}

/// A file under another name than its own.
#[derive(Debug)]
pub(super) struct Unfinished {
    path: PathBuf,
    target: PathBuf,
    overwrite: Overwrite,
}

/// What earlier runs left unfinished in a folder and this one removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swept {
    /// The folder.
    pub folder: PathBuf,
    /// How many files there were.
    pub files: u64,
    /// Their lengths together.
    pub bytes: u64,
}

impl fmt::Display for Swept {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            folder,
            files,
            bytes,
        } = self;
        let what = match files {
            1 => "1 unfinished output".to_owned(),
            files => format!("{files} unfinished outputs"),
        };
        let folder = folder.display();
        write!(
            formatter,
            "{what} of runs that were killed removed from {folder} ({bytes} bytes)"
        )
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Nobody is left to tell, and what remains is a hidden file that says what it is.
        let _ = fs::remove_file(&self.path);
    }
}

impl Unfinished {
    /// A new file in the target's folder, under a name of its own.
    pub(super) fn create(target: &Path, overwrite: Overwrite) -> io::Result<(File, Self)> {
        let mut tries = 0;
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("{NAME_START}{}-{number}{NAME_END}", process::id());
            let path = target.with_file_name(name);
            tries += 1;
            let file = match OpenOptions::new().write(true).create_new(true).open(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < NAMES_MAX => {
                    continue;
                }
                opened => opened?,
            };
            // Where it is not ours any more, another run has just taken it for what was left.
            if lock(&file) != Lock::Theirs && has_name(&file, &path) || tries == NAMES_MAX {
                let target = target.to_owned();
                let unfinished = Self {
                    path,
                    target,
                    overwrite,
                };
                return Ok((file, unfinished));
            }
        }
    }

    /// The name that it is to have.
    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// Renames the file; [`sync_folder`] brings the name to the disk.
    pub(super) fn take_name(self) -> io::Result<()> {
        match self.overwrite {
            Overwrite::Allowed => fs::rename(&self.path, &self.target),
            Overwrite::Refused => rename_to_free(&self.path, &self.target),
        }
    }
}

/// Renames a file unless something has the new name.
pub(super) fn rename_to_free(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(renamed) = system::rename_to_free(from, to) {
        return renamed;
    }
    // The file system has no such call: look first, which leaves a moment between.
    if fs::symlink_metadata(to).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(from, to)
}

/// Brings the names of a file's folder to the disk. The audio is there and has its name; some file
/// systems cannot sync a folder.
pub(super) fn sync_folder(file: &Path) {
    let _ = File::open(folder(file)).and_then(|folder| folder.sync_all());
}

/// The folder that a path is in.
fn folder(file: &Path) -> &Path {
    let parent = file.parent().filter(|folder| *folder != Path::new(""));
    parent.unwrap_or(Path::new("."))
}

/// Removes what runs that were killed left unfinished in the folder of an output: files of this
/// user whose process is gone and that nobody has locked. What cannot be read stays as it is.
#[must_use]
pub fn sweep(output: &Path) -> Option<Swept> {
    if output.as_os_str() == STANDARD {
        return None;
    }
    let mut swept = Swept {
        folder: folder(output).to_owned(),
        files: 0,
        bytes: 0,
    };
    // Where the folder cannot be read, whoever opens the output is told why.
    let entries = fs::read_dir(&swept.folder).ok()?;
    for entry in entries.take(ENTRIES_MAX).flatten() {
        if let Some(bytes) = remove_left(&entry) {
            swept.files += 1;
            swept.bytes += bytes;
        }
    }
    (swept.files > 0).then_some(swept)
}

/// Removes an entry if it was left unfinished; returns its length.
fn remove_left(entry: &DirEntry) -> Option<u64> {
    let name = entry.file_name();
    let numbers = name
        .to_str()?
        .strip_prefix(NAME_START)?
        .strip_suffix(NAME_END)?;
    let (process, number) = numbers.split_once('-')?;
    number.parse::<u64>().ok()?;
    let process = process.parse().ok()?;
    // Versions before 1.3 do not lock; a number that another process has by now keeps the file.
    if system::may_live(process) {
        return None;
    }
    let path = entry.path();
    let opened = system::options(Links::Themselves).read(true).open(&path);
    let file = opened.ok()?;
    let metadata = file.metadata().ok()?;
    if !metadata.is_file() || metadata.uid() != system::user() {
        return None;
    }
    if lock(&file) != Lock::Ours || !has_name(&file, &path) {
        return None;
    }
    fs::remove_file(&path).ok()?;
    Some(metadata.len())
}
