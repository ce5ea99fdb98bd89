//! Hints: the system says when it is worth looking.
//!
//! In: folders. Out: hints in a bounded channel, each with the paths that something happened to.
//! A hint may be missing (a network's file systems give none, and the system's room for watches is
//! small), so nobody relies on them: they only shorten the wait for the next look.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// The most hints that wait. When there is no room for another one, a look is due anyway.
pub(super) const HINTS_MAX: usize = 1_024;

/// Why somebody is to look.
#[derive(Debug)]
pub(super) enum Hint {
    /// Something happened to these paths; to anything, where there are none.
    Changed(Vec<PathBuf>),
    /// Look no more.
    Stop,
}

/// The system's watches.
pub(super) struct SystemWatches {
    watcher: Option<RecommendedWatcher>,
    /// The folders that are watched, with the device and inode that they had.
    watched: BTreeMap<PathBuf, (u64, u64)>,
    /// Why there are no hints from some folder; the first reason.
    trouble: Option<String>,
}

impl SystemWatches {
    /// Sends hints from now on.
    pub(super) fn new(hints: SyncSender<Hint>) -> Self {
        let watcher = notify::recommended_watcher(move |found: notify::Result<Event>| {
            if let Some(paths) = paths(found) {
                let _ = hints.try_send(Hint::Changed(paths));
            }
        });
        match watcher {
            Ok(watcher) => Self {
                watcher: Some(watcher),
                watched: BTreeMap::new(),
                trouble: None,
            },
            Err(error) => Self::none(error.to_string()),
        }
    }

    /// Sends none, for a reason.
    pub(super) fn none(reason: String) -> Self {
        Self {
            watcher: None,
            watched: BTreeMap::new(),
            trouble: Some(reason),
        }
    }

    /// Watches these folders and no others. One that is another folder than before under the same
    /// name is watched anew.
    pub(super) fn follow(&mut self, wanted: BTreeMap<PathBuf, (u64, u64)>) {
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        for (path, identity) in &self.watched {
            if wanted.get(path) != Some(identity) {
                let _ = watcher.unwatch(path); // It may be gone, and its watch with it.
            }
        }
        let mut watched = BTreeMap::new();
        for (path, identity) in wanted {
            let is_watched = self.watched.get(&path) == Some(&identity);
            match is_watched {
                true => Ok(()),
                false => watcher.watch(&path, RecursiveMode::NonRecursive),
            }
            .map_or_else(
                |error| {
                    self.trouble.get_or_insert_with(|| error.to_string());
                },
                |()| {
                    watched.insert(path, identity);
                },
            );
        }
        self.watched = watched;
    }

    /// Something happened to a folder itself: it may be gone and another one in its place, with the
    /// same number even. It is watched anew the next time.
    pub(super) fn renew(&mut self, path: &Path) {
        if let (Some(_), Some(watcher)) = (self.watched.remove(path), &mut self.watcher) {
            let _ = watcher.unwatch(path);
        }
    }

    /// Why there are no hints from some folder, if that is so.
    pub(super) fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }
}

/// The paths that something happened to; `None` where nothing was changed.
fn paths(found: notify::Result<Event>) -> Option<Vec<PathBuf>> {
    let event = match found {
        Ok(event) => event,
        Err(error) => return Some(error.paths),
    };
    match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write))
        | EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => Some(event.paths),
        // Our own reading among others.
        EventKind::Access(_) => None,
    }
}
