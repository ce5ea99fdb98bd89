//! Scanner: one way through all places of a plan.
//!
//! In: the plan, and the registry. Out: the scan. Thread: any but audio; with many files it takes
//! a few more for as long as it lasts, and what it finds does not depend on how many.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::thread::{self, available_parallelism};
use std::time::SystemTime;

use crate::discovery::class::{Class, Incompatible};
use crate::discovery::duplicates;
use crate::discovery::file::{self, LIBRARY_BYTES_MAX, Name, Pieces};
use crate::discovery::folder::{self, FOLDER_NAMES_MAX};
use crate::discovery::judge::judge;
use crate::discovery::library::{self, Told};
use crate::discovery::plan::{OwnFolders, PLACES_MAX, RESERVED, SearchFolder, SearchPlan};
use crate::discovery::reasons::{NotAPlugin, Unreadable};
use crate::discovery::registry::{Record, Registry};
use crate::discovery::stamp::Stamp;
use crate::discovery::{Entry, FILES_MAX, FolderOutcome, Scan, Searched};
use crate::process::start;
use crate::system::files::{self, Links};

/// How many files are worth a thread of their own: a thread costs as much as looking at some ten.
const FILES_PER_THREAD: usize = 128;

/// The most threads of a scan. Past this they wait for each other in the system.
const THREADS_MAX: usize = 8;

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
        opened: HashSet::new(),
        searched: HashSet::new(),
        own: own(&plan.own),
    };
    for path in plan.files.iter().take(FILES_MAX) {
        scanner.file(path);
    }
    scanner.scan.files_left_out = plan.files.len().saturating_sub(FILES_MAX);
    for (at, place) in plan.folders.iter().enumerate() {
        let outcome = if at < PLACES_MAX {
            scanner.folder(place)
        } else {
            FolderOutcome::LeftOut
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
    opened: HashSet<FolderIdentity>,
    /// The absolute paths of those that were read to their end.
    searched: HashSet<PathBuf>,
    /// The folders of the host's own plugins, by device and inode; `None` where all are.
    own: Option<HashSet<FolderIdentity>>,
}

/// A folder, whatever its path: device and inode.
type FolderIdentity = (u64, u64);

/// Which folders are the host's own; one that is not there holds nothing.
fn own(own: &OwnFolders) -> Option<HashSet<FolderIdentity>> {
    match own {
        OwnFolders::Anywhere => None,
        OwnFolders::In(folders) => Some(folders.iter().filter_map(|path| identity(path)).collect()),
    }
}

fn identity(folder: &Path) -> Option<FolderIdentity> {
    let about = files::about_at(files::here(), folder, Links::Followed).ok()?;
    Some(about.identity)
}

impl Scanner<'_> {
    fn file(&mut self, path: &Path) {
        let here = start::absolute(path);
        self.registry.enter(here.parent().unwrap_or(&here));
        let look = FileLook {
            registry: self.registry,
            folder: files::here(),
        };
        let looked = look.at(here.as_os_str(), here.as_os_str().as_bytes());
        let folder = here.parent().and_then(identity);
        let class = self.take(looked, folder);
        let path = path.to_owned();
        let origin = None;
        self.scan.entries.push(Entry {
            path,
            origin,
            class,
        });
    }

    fn folder(&mut self, place: &SearchFolder) -> FolderOutcome {
        let folder = match folder::open(&start::absolute(&place.path)) {
            Ok(folder) => folder,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return FolderOutcome::Missing,
            Err(error) => return FolderOutcome::Unreadable(error.to_string()),
        };
        if !self.opened.insert(folder.identity) {
            return FolderOutcome::Again;
        }
        let names = match folder.names(FOLDER_NAMES_MAX) {
            Ok(names) => names,
            Err(error) => return FolderOutcome::Unreadable(error.to_string()),
        };
        let files = names
            .libraries
            .len()
            .min(FILES_MAX.saturating_sub(self.scan.entries.len()));
        let here = start::absolute(&place.path);
        self.registry.enter(&here);
        let look = FileLook {
            registry: self.registry,
            folder: folder.handle.as_fd(),
        };
        let looked = look.at_all(&names.libraries[..files], &here);
        for (name, looked) in names.libraries.iter().zip(looked) {
            let class = self.take(looked, Some(folder.identity));
            let path = place.path.join(name);
            let origin = Some(place.origin);
            self.scan.entries.push(Entry {
                path,
                origin,
                class,
            });
        }
        if names.cut || files < names.libraries.len() {
            return FolderOutcome::Cut { files };
        }
        self.searched.insert(here);
        FolderOutcome::Read { files }
    }

    /// Keeps what was read of a file for the next time, and returns its class in the folder it
    /// lies in.
    fn take(&mut self, looked: Looked, folder: Option<FolderIdentity>) -> Class {
        let is_own = match &self.own {
            None => true,
            Some(own) => folder.is_some_and(|folder| own.contains(&folder)),
        };
        self.scan.files_opened += usize::from(looked.opened);
        if let Some(record) = looked.record {
            self.registry.insert(record, self.now);
        }
        match looked.class {
            Class::Ready(found) if !is_own && found.manifest.id.starts_with(RESERVED) => {
                Class::Incompatible(Incompatible::Reserved, Some(found))
            }
            class => class,
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

/// What looking at a file took and brought.
struct Looked {
    class: Class,
    opened: bool,
    /// What the registry should know of it.
    record: Option<Record<'static>>,
}

impl From<Class> for Looked {
    fn from(class: Class) -> Self {
        let (opened, record) = (false, None);
        Self {
            class,
            opened,
            record,
        }
    }
}

/// Looks at files; several threads may do so at once.
#[derive(Clone, Copy)]
struct FileLook<'a> {
    registry: &'a Registry,
    folder: BorrowedFd<'a>,
}

impl FileLook<'_> {
    /// Looks at each of `names` in the folder that is `here`, in their order.
    fn at_all(self, names: &[OsString], here: &Path) -> Vec<Looked> {
        let threads = available_parallelism()
            .map_or(1, usize::from)
            .min(THREADS_MAX);
        let share = names.len().div_ceil(threads).max(FILES_PER_THREAD);
        let mut shares = names.chunks(share);
        let first = shares.next().unwrap_or(&[]);
        thread::scope(|scope| {
            let others: Vec<_> = shares
                .map(|share| scope.spawn(move || self.at_some(share, here)))
                .collect();
            let mut looked = self.at_some(first, here);
            for other in others {
                looked.extend(other.join().expect("looking at a file does not panic"));
            }
            looked
        })
    }

    fn at_some(self, names: &[OsString], here: &Path) -> Vec<Looked> {
        let mut key = here.join("").into_os_string().into_vec();
        let folder_bytes = key.len();
        let look = |name: &OsString| {
            key.truncate(folder_bytes);
            key.extend(name.as_bytes());
            self.at(name, &key)
        };
        names.iter().map(look).collect()
    }

    /// Looks at one file; `key` is its absolute path, by which the registry knows it.
    fn at(self, name: &OsStr, key: &[u8]) -> Looked {
        let stamp = match file::look(self.folder, name) {
            Name::File(stamp) => stamp,
            Name::Other(reason) => return Class::NotAPlugin(reason).into(),
            Name::Unreadable(reason) => return Class::Unreadable(reason).into(),
        };
        if stamp.size_bytes == 0 {
            return Class::NotAPlugin(NotAPlugin::Empty).into();
        }
        if stamp.size_bytes > LIBRARY_BYTES_MAX {
            let (found, max) = (stamp.size_bytes, LIBRARY_BYTES_MAX);
            return Class::Unreadable(Unreadable::Large { found, max }).into();
        }
        if let Some(record) = self.registry.record(key, &stamp) {
            return judge(&record.told, stamp, record.hash).into();
        }
        let opened = true;
        let (class, record) = match read(self.folder, name) {
            Err(error) => (
                Class::Unreadable(Unreadable::System(error.to_string())),
                None,
            ),
            Ok((told, stamp)) => (judge(&told, stamp, None), Some((told, stamp))),
        };
        let record = record.map(|(told, stamp)| Record {
            path: key.to_vec().into(),
            stamp,
            hash: None,
            told,
        });
        Looked {
            class,
            opened,
            record,
        }
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
