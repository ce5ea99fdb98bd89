//! Watch: files that change while a session runs.
//!
//! In: the folders and files that plugins come from, perhaps a configuration. Out: [`Changed`], once
//! a change is complete and has come to rest: a library that may be loaded and has another content
//! than before, another content of the configuration. What follows from that is decided elsewhere.
//!
//! Folders are looked at, not files: however a file is replaced (written over, renamed over, removed
//! and made again, a link turned to another target, its whole folder made anew), afterwards the name
//! stands for another stamp. The system's watches only say when a look is worth it; where they are
//! missing or lost, a look every two seconds finds the same. Nothing is executed.

mod hints;
mod ledger;
mod places;
mod reading;
mod turns;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use semver::Version;

use crate::discovery::ContentHash;
use crate::id::PluginId;
use crate::threads::{prepare_to_wait, wait_for_end};
use crate::watch::hints::{HINTS_MAX, Hint, SystemWatches};
use crate::watch::places::WatchedPlaces;
use crate::watch::turns::{Timing, WatchThread, WatcherParts};

/// Who is told. Called on the watch's own thread; nothing is looked at until it returns.
pub type Tell = Box<dyn Fn(Changed) + Send>;

/// What is watched.
pub struct WatchSetup {
    /// Folders that plugins come from; they need not be there yet.
    pub folders: Vec<PathBuf>,
    /// Libraries that are named one by one.
    pub files: Vec<PathBuf>,
    /// The configuration, where its edits matter.
    pub config: Option<PathBuf>,
    /// Who is told.
    pub tell: Tell,
}

/// What changed, all that came to rest together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    /// Libraries that are new or another content than before, and may be loaded as far as can be
    /// told without opening them; in the order of their paths.
    pub libraries: Vec<Appeared>,
    /// Whether the configuration has another content.
    pub config: bool,
    /// What people should know: a plugin that this host cannot load, a system without watches.
    pub notices: Vec<String>,
}

/// A library that appeared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appeared {
    /// Where, as an absolute path.
    pub path: PathBuf,
    /// The plugin that it says it is.
    pub plugin: PluginId,
    /// Its version.
    pub version: Version,
    /// Its content.
    pub content: ContentHash,
}

impl Appeared {
    /// What people are told where nothing is done about it.
    #[must_use]
    pub fn notice(&self) -> String {
        let Self {
            path,
            plugin,
            version,
            ..
        } = self;
        let path = path.display();
        format!(
            "{plugin} {version} appeared at {path}: `segue ctl swap --plugin {plugin}` takes it"
        )
    }
}

/// Why nothing is watched.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system gave no thread.
    #[error("changed files are not watched: the system gave no thread")]
    Thread(#[source] io::Error),
}

/// A watch that is kept for as long as this value lives.
pub struct Watch {
    is_over: Arc<AtomicBool>,
    hints: SyncSender<Hint>,
    thread: Option<JoinHandle<()>>,
}

/// Watches from now on: what changes after this call is told. Thread: any but audio; it looks at
/// all files once before it returns, and opens none.
///
/// # Errors
/// `Thread`, where there is none to be had. Missing folders and missing watches are no errors.
pub fn start(setup: WatchSetup) -> Result<Watch, Error> {
    let (sender, incoming) = sync_channel(HINTS_MAX);
    let hints = SystemWatches::new(sender.clone());
    with(setup, Timing::USUAL, hints, (sender, incoming))
}

/// The same with other times, or without the system's hints.
fn with(
    setup: WatchSetup,
    timing: Timing,
    hints: SystemWatches,
    (sender, incoming): (SyncSender<Hint>, Receiver<Hint>),
) -> Result<Watch, Error> {
    let is_over = Arc::new(AtomicBool::new(false));
    let turns = WatchThread::new(WatcherParts {
        places: WatchedPlaces::new(&setup.folders, &setup.files, setup.config.as_deref()),
        hints,
        incoming,
        is_over: Arc::clone(&is_over),
        tell: setup.tell,
        timing,
    });
    let builder = Builder::new().name("segue-watch".to_owned());
    let thread = builder
        .spawn(move || {
            prepare_to_wait();
            turns.run();
        })
        .map_err(Error::Thread)?;
    Ok(Watch {
        is_over,
        hints: sender,
        thread: Some(thread),
    })
}

impl Drop for Watch {
    /// Ends the threads; waits for at most the reading of one file.
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        let _ = self.hints.try_send(Hint::Stop); // Where there is no room, it is awake anyway.
        if let Some(thread) = self.thread.take() {
            wait_for_end(thread);
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Watch").finish_non_exhaustive()
    }
}
