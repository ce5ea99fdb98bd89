//! Error: why nothing was opened.
//!
//! In: nothing. Out: one enum for all of admission, and what is held against one plugin.

use std::io;
use std::path::PathBuf;

use semver::Version;

use crate::admission::store::StoreError;
use crate::discovery::ContentHash;
use crate::id::PluginId;
use crate::loading::LoadError;

/// Why the chosen plugins were not all opened.
#[derive(Debug, thiserror::Error)]
pub enum AdmissionError {
    /// One of them may not be opened: exclude it and resolve again.
    #[error(transparent)]
    Rejected(Box<Rejection>),
    /// Nobody said how to start the helper process, so nothing can be probed.
    #[error(
        "no helper process was named, and no plugin is opened in this process before a helper \
         has tried it"
    )]
    NoHelper,
    /// The helper process is no use.
    #[error(transparent)]
    Helper(#[from] HelperError),
    /// The private store is no use, or a library could not be brought there.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The note that precedes an opening could not be written.
    #[error("{} cannot be written, and no plugin is opened without it: {source}", path.display())]
    Note {
        /// The note.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// No further library is mapped.
    #[error(
        "{found} libraries are mapped, expected at most {max}: none of them can be closed while \
         the host runs; restart it to make room"
    )]
    Full {
        /// How many there are.
        found: usize,
        /// How many there may be.
        max: usize,
    },
    /// A plugin that passed its probe could not be opened here.
    #[error("{plugin} {version}: {source}")]
    Load {
        /// Which plugin.
        plugin: PluginId,
        /// Which version of it.
        version: Version,
        /// Why not.
        source: LoadError,
    },
}

/// One plugin that may not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{plugin} {version} cannot be used: {reason}")]
pub struct Rejection {
    /// Which plugin.
    pub plugin: PluginId,
    /// Which version of it.
    pub version: Version,
    /// Its file, as it was found.
    pub path: PathBuf,
    /// Its content.
    pub hash: ContentHash,
    /// Why, in one sentence that follows the words 'cannot be used:'.
    pub reason: String,
    /// The last lines that it wrote, oldest first; may be empty.
    pub evidence: Vec<String>,
}

/// Why the helper process could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum HelperError {
    /// The system would not start it.
    #[error("the helper process {} could not be started: {source}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It could not be watched.
    #[error("the helper process {} could not be watched: {source}", program.display())]
    Watch {
        /// The program.
        program: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It ended, or did nothing, before any plugin was opened.
    #[error(
        "{} was started as the helper process and {ending} before it opened anything; it wrote: {}",
        program.display(),
        if evidence.is_empty() { "nothing".to_owned() } else { evidence.join(" | ") }
    )]
    NotAHelper {
        /// The program.
        program: PathBuf,
        /// What became of it.
        ending: String,
        /// Its last lines.
        evidence: Vec<String>,
    },
}
