//! Reading: what a file that came to rest is.
//!
//! In: its path. Out: its stamp, and whether it is whole and news. A file that changes while it is
//! read is told by its stamp: it is taken before and compared after.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::discovery::file::{self, Name};
use crate::discovery::{Class, ContentHash, Registry, SearchPlan, Stamp, content_hash, scan};
use crate::id::PluginId;
use crate::system::files;
use crate::watch::Appeared;
use crate::watch::ledger::Verdict;

/// What can be news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WatchNews {
    /// A library that may be loaded.
    Library(Box<Appeared>),
    /// A plugin that this host cannot load, in a sentence.
    Objection(String),
    /// Another configuration.
    Config,
}

/// A file as it was read.
pub(super) struct Read {
    /// What it looked like; `None` where it is not there, or changed under the reading.
    pub(super) stamp: Option<Stamp>,
    /// What it is.
    pub(super) verdict: Verdict<WatchNews>,
}

/// What a path looks like now.
pub(super) fn stamp(path: &Path) -> Option<Stamp> {
    match file::look(files::here(), path.as_os_str()) {
        Name::File(stamp) => Some(stamp),
        Name::Other(_) | Name::Unreadable(_) => None,
    }
}

/// Reads the configuration as far as its content goes.
pub(super) fn config(path: &Path) -> Read {
    match content(path) {
        Some((stamp, content)) => Read {
            stamp: Some(stamp),
            verdict: Verdict::Whole {
                content,
                news: Some(WatchNews::Config),
            },
        },
        None => unfinished(path),
    }
}

/// Reads a library: its headers, its manifest, its content.
pub(super) fn library(path: &Path) -> Read {
    let before = stamp(path);
    let plan = SearchPlan {
        files: vec![path.to_owned()],
        ..SearchPlan::default()
    };
    let scan = scan(&plan, &mut Registry::in_memory(), SystemTime::now());
    let Some(entry) = scan.entries.into_iter().next() else {
        return unfinished(path);
    };
    if let Class::NotAPlugin(_) | Class::Unreadable(_) = entry.class {
        return unfinished(path);
    }
    let Some((stamp, content)) = content(path).filter(|(stamp, _)| Some(*stamp) == before) else {
        return unfinished(path);
    };
    Read {
        stamp: Some(stamp),
        verdict: Verdict::Whole {
            content,
            news: news(path, &entry.class, content),
        },
    }
}

fn news(path: &Path, class: &Class, content: ContentHash) -> Option<WatchNews> {
    let found = class.found();
    let plugin = found.and_then(|found| found.manifest.id.parse::<PluginId>().ok());
    match (class, found, plugin) {
        (Class::Ready(_), Some(found), Some(plugin)) => {
            Some(WatchNews::Library(Box::new(Appeared {
                path: PathBuf::from(path),
                plugin,
                version: found.manifest.version.clone(),
                content,
            })))
        }
        _ => {
            let reason = class.reason()?;
            let path = path.display();
            Some(WatchNews::Objection(format!(
                "{path} cannot be used: {reason}"
            )))
        }
    }
}

/// The content of a file that stays as it is while it is read.
pub(super) fn content(path: &Path) -> Option<(Stamp, ContentHash)> {
    stamp(path)?; // Only regular files are opened.
    let (mut file, before) = file::open(files::here(), path.as_os_str()).ok()?;
    let content = content_hash(&mut file).ok()?;
    let after = Stamp::of(&files::about(&file).ok()?);
    (before == after).then_some((after, content))
}

fn unfinished(path: &Path) -> Read {
    Read {
        stamp: stamp(path),
        verdict: Verdict::Unfinished,
    }
}
