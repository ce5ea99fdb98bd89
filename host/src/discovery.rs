//! Discovery: from folders to what their plugins say of themselves. It runs nothing.
//!
//! In: a [`SearchPlan`], and the [`Registry`] of what files told before.
//! Out: a [`Scan`]: every file that looks like a library, in exactly one [`Class`], with its reason;
//! every folder that was searched; and which files say they are the same plugin.
//!
//! Files are looked at with `stat`, opened without blocking, checked to be regular, and read in
//! bounded pieces; never mapped, never opened as libraries. One bad file hides no other.
//!
//! Readers of other plugin formats will stand beside `library`.

mod class;
mod duplicates;
mod file;
mod folder;
mod hash;
mod judge;
mod library;
mod plan;
mod registry;
mod stamp;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod scans;
#[cfg(test)]
mod specimen;

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf, absolute};
use std::time::SystemTime;

use rustix::fs::CWD;

use crate::discovery::file::{Name, Pieces};
use crate::discovery::library::Told;
use crate::discovery::registry::Record;

pub use class::{Class, Found, Incompatible, NotAPlugin, Unreadable};
pub use duplicates::{Content, Duplicate};
pub use file::LIBRARY_BYTES_MAX;
pub use folder::FOLDER_NAMES_MAX;
pub use hash::{ContentHash, content_hash};
pub use library::{Format, Machine};
pub use plan::{Hints, Origin, PLACES_MAX, Place, SearchPlan};
pub use registry::Registry;
pub use stamp::{SETTLED_AFTER, Stamp};

/// The most files of a scan. Ten thousand plugins are many.
pub const FILES_MAX: usize = 16_384;

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scan {
    /// Every file that looks like a library, in the order of the plan and of their names.
    pub entries: Vec<Entry>,
    /// Files that say they are the same version of the same plugin as one before them.
    pub duplicates: Vec<Duplicate>,
    /// Every folder of the plan, and what became of it.
    pub folders: Vec<Searched>,
    /// How many files had to be opened; what the registry knew is not among them.
    pub files_opened: usize,
}

/// One file that looks like a library.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where it is, as the plan names it.
    pub path: PathBuf,
    /// Who named its folder; `None` for a file that was named by itself.
    pub origin: Option<Origin>,
    /// What it is.
    pub class: Class,
}

/// A folder of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Searched {
    /// Which one.
    pub place: Place,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was read, and so many files in it look like libraries.
    Read {
        /// How many.
        files: usize,
    },
    /// It was read in part: it has more names than are read, or the scan more files.
    Cut {
        /// How many files were looked at.
        files: usize,
    },
    /// There is no such folder, which is usual for most of them.
    Missing,
    /// It is one of those before it, perhaps under another name.
    Again,
    /// It cannot be read.
    Unreadable(String),
    /// The plan has too many folders.
    LeftOut,
}

impl Scan {
    /// The plugins that may be loaded as far as can be told here: of two files of one plugin and
    /// version the first.
    pub fn ready(&self) -> impl Iterator<Item = (&Path, &Found)> {
        let later: HashSet<_> = self
            .duplicates
            .iter()
            .map(|duplicate| duplicate.later)
            .collect();
        let entries = self.entries.iter().enumerate();
        entries.filter_map(move |(at, entry)| match &entry.class {
            Class::Ready(found) if !later.contains(&at) => Some((entry.path.as_path(), &**found)),
            _ => None,
        })
    }
}

/// Looks at every file of the plan. Thread: any but audio.
///
/// `now` is the time by which the registry decides whether a file has settled. Save the registry
/// afterwards; a scan never fails.
#[must_use]
pub fn scan(plan: &SearchPlan, registry: &mut Registry, now: SystemTime) -> Scan {
    let mut scanner = Scanner {
        registry,
        now,
        scan: Scan::default(),
        known: HashSet::new(),
        searched: HashSet::new(),
    };
    for path in plan.files.iter().take(PLACES_MAX) {
        scanner.file(path);
    }
    for (at, place) in plan.folders.iter().enumerate() {
        let outcome = if at < PLACES_MAX {
            scanner.folder(place)
        } else {
            Outcome::LeftOut
        };
        let place = place.clone();
        scanner.scan.folders.push(Searched { place, outcome });
    }
    scanner.finish()
}

/// A scan under way.
struct Scanner<'a> {
    registry: &'a mut Registry,
    now: SystemTime,
    scan: Scan,
    /// The folders that were opened, by device and inode.
    known: HashSet<(u64, u64)>,
    /// The absolute paths of those that were read to their end.
    searched: HashSet<PathBuf>,
}

impl Scanner<'_> {
    fn file(&mut self, path: &Path) {
        let key = absolute(path).unwrap_or_else(|_| path.to_owned());
        let class = self.class(CWD, path.as_os_str(), key.as_os_str().as_bytes());
        let path = path.to_owned();
        let origin = None;
        self.scan.entries.push(Entry {
            path,
            origin,
            class,
        });
    }

    fn folder(&mut self, place: &Place) -> Outcome {
        let folder = match folder::open(&place.path) {
            Ok(folder) => folder,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Outcome::Missing,
            Err(error) => return Outcome::Unreadable(error.to_string()),
        };
        if !self.known.insert(folder.identity) {
            return Outcome::Again;
        }
        let names = match folder.names(FOLDER_NAMES_MAX) {
            Ok(names) => names,
            Err(error) => return Outcome::Unreadable(error.to_string()),
        };
        let files = names
            .libraries
            .len()
            .min(FILES_MAX.saturating_sub(self.scan.entries.len()));
        let here = absolute(&place.path).unwrap_or_else(|_| place.path.clone());
        let mut key = here.join("").into_os_string().into_vec();
        let folder_bytes = key.len();
        for name in &names.libraries[..files] {
            key.truncate(folder_bytes);
            key.extend(name.as_bytes());
            let class = self.class(folder.handle.as_fd(), name, &key);
            let path = place.path.join(name);
            let origin = Some(place.origin);
            self.scan.entries.push(Entry {
                path,
                origin,
                class,
            });
        }
        if names.cut || files < names.libraries.len() {
            return Outcome::Cut { files };
        }
        self.searched.insert(here);
        Outcome::Read { files }
    }

    /// Says what `name` in `folder` is; `key` is its absolute path, by which the registry knows it.
    fn class(&mut self, folder: BorrowedFd<'_>, name: &OsStr, key: &[u8]) -> Class {
        let stamp = match file::look(folder, name) {
            Name::File(stamp) => stamp,
            Name::Other(reason) => return Class::NotAPlugin(reason),
            Name::Unreadable(reason) => return Class::Unreadable(reason),
        };
        if stamp.size_bytes == 0 {
            return Class::NotAPlugin(NotAPlugin::Empty);
        }
        if stamp.size_bytes > LIBRARY_BYTES_MAX {
            let (found, max) = (stamp.size_bytes, LIBRARY_BYTES_MAX);
            return Class::Unreadable(Unreadable::Large { found, max });
        }
        if let Some(record) = self.registry.record(key, &stamp) {
            return judge::judge(&record.told, stamp, record.hash);
        }
        self.scan.files_opened += 1;
        match read(folder, name) {
            Err(error) => Class::Unreadable(Unreadable::System(error.to_string())),
            Ok((told, stamp)) => {
                let class = judge::judge(&told, stamp, None);
                let record = Record {
                    path: key.to_vec().into(),
                    stamp,
                    hash: None,
                    told,
                };
                self.registry.insert(record, self.now);
                class
            }
        }
    }

    /// Compares what says it is the same, and lets the registry forget what is gone.
    fn finish(self) -> Scan {
        let mut scan = self.scan;
        scan.duplicates = duplicates::find(&scan.entries, self.registry);
        self.registry.forget(&self.searched);
        scan
    }
}

/// Reads what a file tells, unless the system or the file itself stands in the way.
fn read(folder: BorrowedFd<'_>, name: &OsStr) -> io::Result<(Told<'static>, Stamp)> {
    let (file, stamp) = file::open(folder, name)?;
    let pieces = Pieces::new(file, stamp.size_bytes);
    let told = library::read(pieces.whole());
    match pieces.into_failure() {
        Some(error) => Err(error),
        None => Ok((told, stamp)),
    }
}
