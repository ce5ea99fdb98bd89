//! Refused: plugins that nothing is wrong with on disk, and that no host opens all the same.
//!
//! In: a scan, and what admission remembers of contents. Out: what is held against each file, with
//! what it wrote, and when it is tried again. Nothing is opened.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::admission::Objection;
use crate::cli::admission::admission;
use crate::cli::list::ListedFiles;
use crate::cli::shell::Shell;
use crate::discovery::{Class, FoundPlugin, Scan, content_hash};
use crate::observe::NoSink;
use crate::regular;

/// How many of the last lines that a plugin wrote are shown.
pub(super) const EVIDENCE_LINES_MAX: usize = 8;

/// What is held against files, by their paths.
#[derive(Debug, Default)]
pub(super) struct RefusedFiles(BTreeMap<PathBuf, Objection>);

impl RefusedFiles {
    /// Asks admission about every file that is ready. A file whose content nobody had to know yet
    /// is read where everything is asked for.
    pub(super) fn of(shell: &Shell, scan: &Scan, files: ListedFiles) -> Self {
        let mut admission = admission(shell, Arc::new(NoSink));
        let mut refused = BTreeMap::new();
        for entry in &scan.entries {
            let Class::Ready(found) = &entry.class else {
                continue;
            };
            let known = found.hash.or_else(|| read(&entry.path, found, files));
            if let Some(objection) = known.and_then(|hash| admission.objection(hash)) {
                refused.insert(entry.path.clone(), objection);
            }
        }
        Self(refused)
    }

    /// What is held against a file.
    pub(super) fn against(&self, path: &Path) -> Option<&Objection> {
        self.0.get(path)
    }
}

fn read(
    path: &Path,
    found: &FoundPlugin,
    files: ListedFiles,
) -> Option<crate::discovery::ContentHash> {
    if files != ListedFiles::All {
        return None;
    }
    let (mut file, about) = regular::open(path).ok()?;
    (about.len() == found.stamp.size_bytes).then_some(())?;
    content_hash(&mut file).ok()
}
