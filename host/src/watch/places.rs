//! Places: where changed files are looked for, and what is seen there.
//!
//! In: folders, files, a configuration. Out: the stamps of all files that matter, found without
//! opening one; and which folders the system should watch to learn when to look again.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use crate::discovery::file::{self, Name};
use crate::discovery::{FILES_MAX, FOLDER_NAMES_MAX, PLACES_MAX, Stamp, folder};
use crate::process::start;
use crate::system::files;

/// Where is looked; all paths are absolute.
#[derive(Debug, Clone)]
pub(super) struct WatchedPlaces {
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
    config: Option<PathBuf>,
}

impl WatchedPlaces {
    /// Of so many folders and files as a search has.
    pub(super) fn new(folders: &[PathBuf], files: &[PathBuf], config: Option<&Path>) -> Self {
        let here = start::absolute;
        let all = |paths: &[PathBuf], most: usize| {
            let paths = paths.iter().take(most);
            paths.map(|path| here(path)).collect()
        };
        Self {
            folders: all(folders, PLACES_MAX),
            files: all(files, FILES_MAX),
            config: config.map(here),
        }
    }

    /// Whether this is the configuration.
    pub(super) fn is_config(&self, path: &Path) -> bool {
        self.config.as_deref() == Some(path)
    }

    /// The files that are there, with their stamps; links are followed.
    pub(super) fn look(&self) -> BTreeMap<PathBuf, Stamp> {
        let mut seen = BTreeMap::new();
        let named = self.files.iter().chain(&self.config);
        for path in named {
            add(&mut seen, files::here(), path.as_os_str(), path);
        }
        let mut opened = HashSet::new();
        for path in &self.folders {
            let Ok(folder) = folder::open(path) else {
                continue; // It is not there now; it may be at the next look.
            };
            if !opened.insert(folder.identity) {
                continue;
            }
            let Ok(names) = folder.names(FOLDER_NAMES_MAX) else {
                continue;
            };
            for name in &names.libraries {
                add(&mut seen, folder.handle.as_fd(), name, &path.join(name));
            }
        }
        seen
    }

    /// Whether something that happened to this path is a reason to look.
    pub(super) fn concerns(&self, path: &Path) -> bool {
        let is_named = |other: &PathBuf| other.starts_with(path);
        let folders = self.folders.iter();
        let mut folders =
            folders.filter(|folder| is_named(folder) || path.parent() == Some(folder));
        folders.next().is_some() || self.files.iter().chain(&self.config).any(is_named)
    }

    /// The folders to be watched, each with its device and inode: where one is not there, the
    /// nearest above it that is; where one is a link, the folder of the link too.
    pub(super) fn watched(&self) -> BTreeMap<PathBuf, (u64, u64)> {
        let above = |path: &PathBuf| path.parent().map(Path::to_owned);
        let links = self.folders.iter().filter(|path| path.is_symlink());
        let links = links.filter_map(above);
        let named = self.files.iter().chain(&self.config).filter_map(above);
        let all = self.folders.iter().cloned().chain(links).chain(named);
        all.filter_map(|path| nearest(&path)).collect()
    }
}

/// The folder itself or the nearest above it that can be opened.
fn nearest(path: &Path) -> Option<(PathBuf, (u64, u64))> {
    let mut paths = path.ancestors();
    paths.find_map(|path| Some((path.to_owned(), folder::open(path).ok()?.identity)))
}

fn add(seen: &mut BTreeMap<PathBuf, Stamp>, folder: BorrowedFd<'_>, name: &OsStr, path: &Path) {
    if seen.len() >= FILES_MAX {
        return;
    }
    if let Name::File(stamp) = file::look(folder, name) {
        seen.insert(path.to_owned(), stamp);
    }
}
