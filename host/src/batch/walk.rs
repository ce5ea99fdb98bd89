//! Walk: the files below a folder.
//!
//! In: a folder, and which of its folders to read. Out: regular files in the order of their names,
//! and what could not be read. Nothing is opened but folders; links are followed, each folder is
//! read once, so that a loop of links ends.

use std::collections::HashSet;
use std::fs::{self, DirEntry, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::batch::list::ListError;

/// The most entries that are looked at: the machine has better uses for more.
const ENTRIES_MAX: usize = 1_000_000;

/// The deepest folder that is read, counted from the first one.
const DEPTH_MAX: usize = 64;

/// Something found; paths are below the first folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WalkFound {
    /// A regular file, and its size.
    File(PathBuf, u64),
    /// What is neither a file nor a folder, or leads nowhere; and why.
    Odd(PathBuf, String),
    /// A folder that was not read, and why.
    Unread(PathBuf, String),
}

/// Folders that were read, by device and number; those that must not be, too.
#[derive(Debug, Default)]
pub(super) struct Seen(HashSet<(u64, u64)>, usize);

impl Seen {
    /// Marks a folder; says whether it is new.
    pub(super) fn add(&mut self, metadata: &Metadata) -> bool {
        self.0.insert((metadata.dev(), metadata.ino()))
    }

    fn count(&mut self) -> Result<(), ListError> {
        self.1 += 1;
        match self.1 > ENTRIES_MAX {
            true => Err(ListError::TooManyEntries { max: ENTRIES_MAX }),
            false => Ok(()),
        }
    }
}

/// Finds everything below a folder that is not hidden; `enter` says which folders are read, by
/// their paths below it. Folders that links lead to come after all others, so that a file is found
/// by its own name first.
pub(super) fn walk(
    root: &Path,
    seen: &mut Seen,
    enter: &dyn Fn(&Path) -> bool,
) -> Result<Vec<WalkFound>, ListError> {
    let mut walk = FileWalk {
        root,
        seen,
        enter,
        found: Vec::new(),
        folders: vec![PathBuf::new()],
        linked: Vec::new(),
    };
    while let Some(folder) = walk.folders.pop().or_else(|| walk.linked.pop()) {
        walk.read(folder)?;
        // The next one is taken from the end: the first name has to be last.
        walk.linked.sort_unstable_by(|one, other| other.cmp(one));
    }
    let mut found = walk.found;
    found.sort_unstable_by(|one, other| one.path().cmp(other.path()));
    Ok(found)
}

/// A walk under way.
struct FileWalk<'a> {
    root: &'a Path,
    seen: &'a mut Seen,
    enter: &'a dyn Fn(&Path) -> bool,
    found: Vec<WalkFound>,
    folders: Vec<PathBuf>,
    linked: Vec<PathBuf>,
}

impl FileWalk<'_> {
    /// Reads a folder, unless it was read before.
    fn read(&mut self, folder: PathBuf) -> Result<(), ListError> {
        let path = self.root.join(&folder);
        let entries = match fs::metadata(&path) {
            Ok(metadata) if !self.seen.add(&metadata) => return Ok(()),
            Ok(_) => fs::read_dir(&path),
            Err(error) => Err(error),
        };
        match entries {
            Ok(entries) => {
                // What goes away meanwhile was not there.
                for entry in entries.flatten() {
                    self.entry(&folder, &entry)?;
                }
            }
            Err(error) => self
                .found
                .push(WalkFound::Unread(folder, error.to_string())),
        }
        Ok(())
    }

    fn entry(&mut self, folder: &Path, entry: &DirEntry) -> Result<(), ListError> {
        self.seen.count()?;
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(b".") {
            return Ok(());
        }
        let below = folder.join(name);
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        match fs::metadata(entry.path()) {
            Ok(metadata) if metadata.is_file() => {
                self.found.push(WalkFound::File(below, metadata.len()));
            }
            Ok(metadata) if metadata.is_dir() && !(self.enter)(&below) => {}
            Ok(metadata) if metadata.is_dir() && below.iter().count() > DEPTH_MAX => {
                let why = format!("lies deeper than {DEPTH_MAX} folders");
                self.found.push(WalkFound::Unread(below, why));
            }
            Ok(metadata) if metadata.is_dir() && is_link => self.linked.push(below),
            Ok(metadata) if metadata.is_dir() => self.folders.push(below),
            Ok(_) => self
                .found
                .push(WalkFound::Odd(below, "is no regular file".to_owned())),
            Err(error) => self.found.push(WalkFound::Odd(below, error.to_string())),
        }
        Ok(())
    }
}

impl WalkFound {
    fn path(&self) -> &Path {
        match self {
            Self::File(path, _) | Self::Odd(path, _) | Self::Unread(path, _) => path,
        }
    }
}
