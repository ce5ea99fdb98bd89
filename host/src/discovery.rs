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
pub(crate) mod file;
pub(crate) mod folder;
mod hash;
mod judge;
mod library;
mod machine;
mod plan;
mod reasons;
pub(crate) mod registry;
mod scanner;
mod stamp;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

pub use class::{Class, FoundPlugin, Incompatible};
pub use duplicates::{ContentMatch, Duplicate};
pub use file::LIBRARY_BYTES_MAX;
pub use folder::FOLDER_NAMES_MAX;
pub use hash::{ContentHash, content_hash};
pub use machine::{Format, Machine};
pub use plan::{FolderOrigin, Hints, OwnFolders, PLACES_MAX, RESERVED, SearchFolder, SearchPlan};
pub use reasons::{NotAPlugin, Unreadable};
pub use registry::Registry;
pub use scanner::scan;
pub use stamp::{SETTLED_AFTER, Stamp};

/// The most files of a scan. Ten thousand plugins are many.
pub const FILES_MAX: usize = 16_384;

/// What a search of all folders found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scan {
    /// Every file that looks like a library, in the order of the plan and of their names.
    pub entries: Vec<Entry>,
    /// Files that say they are the same version of the same plugin as one before them.
    pub duplicates: Vec<Duplicate>,
    /// Every folder of the plan, and what became of it.
    pub folders: Vec<Searched>,
    /// How many of the files named one by one were not looked at: those past [`FILES_MAX`].
    pub files_left_out: usize,
    /// How many files had to be opened; what the registry knew is not among them.
    pub files_opened: usize,
}

/// One file that looks like a library.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where it is, as the plan names it.
    pub path: PathBuf,
    /// Who named its folder; `None` for a file that was named by itself.
    pub origin: Option<FolderOrigin>,
    /// What the file is: a plugin that is ready, or why it is none.
    pub class: Class,
}

/// A folder of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Searched {
    /// The folder, and who named it.
    pub place: SearchFolder,
    /// What became of the folder: read, missing, or why not.
    pub outcome: FolderOutcome,
}

/// What became of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FolderOutcome {
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
    /// The folder cannot be read; what the system said.
    Unreadable(String),
    /// The plan has too many folders.
    LeftOut,
}

impl Scan {
    /// The plugins that may be loaded as far as can be told here: of two files of one plugin and
    /// version the first.
    pub fn ready(&self) -> impl Iterator<Item = (&Path, &FoundPlugin)> {
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
