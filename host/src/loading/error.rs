//! Error: why a library could not be loaded, in one sentence each.

use std::path::{Path, PathBuf};

use segue_plugin::abi::root::HeaderError;

use crate::loading::deadline::Missed;
use crate::loading::meter::GENERATIONS_MAX;

/// Why a library could not be loaded. Each names the file that was found, not the copy of it that
/// was opened.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The system's loader would not.
    #[error("{} could not be opened: {text}", path.display())]
    Open {
        /// The library.
        path: PathBuf,
        /// What the loader says, in one line.
        text: String,
    },
    /// The symbol is not there.
    #[error(
        "{} has a manifest but not the symbol segue_plugin; was it stripped, or linked from an \
         object that does not use the export macro?",
        path.display()
    )]
    NoSymbol {
        /// The library.
        path: PathBuf,
    },
    /// The header does not lead on.
    #[error("{}: {source}", path.display())]
    Header {
        /// The library.
        path: PathBuf,
        /// What does not fit.
        source: HeaderError,
    },
    /// The code carries another manifest than the file.
    #[error(
        "{} says one thing in its manifest section and another in its code; build it again with \
         an unchanged segue-plugin",
        path.display()
    )]
    ManifestDiffers {
        /// The library.
        path: PathBuf,
    },
    /// The library would not take the host's functions.
    #[error("{} would not be attached: {status}", path.display())]
    Attach {
        /// The library.
        path: PathBuf,
        /// What it answered.
        status: &'static str,
    },
    /// Its initializers did not come back.
    #[error(
        "{} did not come back from its initializers within {seconds} s; until it does, this process \
         opens no other library and takes no new control connection",
        path.display()
    )]
    Late {
        /// The library.
        path: PathBuf,
        /// How long was waited.
        seconds: u64,
    },
    /// Another library's initializers have not come back.
    #[error(
        "{} is not opened: {} has not come back from its initializers, and the system opens one \
         library at a time; restart the host",
        path.display(),
        by.display()
    )]
    Blocked {
        /// The library.
        path: PathBuf,
        /// The one that is being opened all the time.
        by: PathBuf,
    },
    /// No thread, or none that came to its end.
    #[error("{}: its opening {why}", path.display())]
    Missed {
        /// The library.
        path: PathBuf,
        /// Why there is no answer.
        why: Missed,
    },
    /// Too many libraries are mapped.
    #[error(
        "{} is not opened: this process has mapped {GENERATIONS_MAX} libraries, and none of them \
         can be closed; restart the host",
        path.display()
    )]
    TooMany {
        /// The library.
        path: PathBuf,
    },
}

/// Loaders tend to write a page; its first line says it. Where it names the copy that was opened,
/// it is to name the file that was copied, which is the one that a person can do something about.
pub(super) fn first_line(error: &libloading::Error, copy: &Path, file: &Path) -> String {
    use std::error::Error;
    let text = error
        .source()
        .map_or_else(|| error.to_string(), ToString::to_string);
    let line = text.lines().next().unwrap_or_default();
    line.replace(&*copy.to_string_lossy(), &file.to_string_lossy())
}
