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
    #[error("{}", full(*found, *more, *max))]
    Full {
        /// How many there are.
        found: usize,
        /// How many more are wanted.
        more: usize,
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

/// Which limit is met, and what helps.
fn full(found: usize, more: usize, max: usize) -> String {
    if more > max {
        return format!(
            "{more} different libraries are wanted at once, expected at most {max}: a process maps \
             no more; use fewer of them"
        );
    }
    format!(
        "{found} libraries are mapped and {more} more are wanted, expected at most {max} in all: \
         none of them can be closed while the host runs; restart it to make room"
    )
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
    /// When it is tried again by itself, and what makes it be tried at once.
    pub again: String,
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

#[cfg(test)]
mod tests {
    use super::full;

    #[test]
    fn the_limit_that_is_met_is_named_and_a_restart_only_where_it_helps() {
        assert_eq!(
            full(0, 3_000, 256),
            "3000 different libraries are wanted at once, expected at most 256: a process maps no \
             more; use fewer of them"
        );
        assert_eq!(
            full(70, 2, 71),
            "70 libraries are mapped and 2 more are wanted, expected at most 71 in all: none of \
             them can be closed while the host runs; restart it to make room"
        );
    }
}
