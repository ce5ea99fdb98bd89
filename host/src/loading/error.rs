//! Error: why a library could not be loaded, in one sentence each.

use std::path::PathBuf;

use segue_plugin::abi::root::HeaderError;

use crate::loading::meter::GENERATIONS_MAX;

/// Why a library could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The system's loader would not.
    #[error("{} could not be opened: {}", path.display(), first_line(source))]
    Open {
        /// The library.
        path: PathBuf,
        /// What the loader says.
        source: libloading::Error,
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

/// Loaders tend to write a page; its first line says it.
fn first_line(error: &libloading::Error) -> String {
    use std::error::Error;
    let text = error
        .source()
        .map_or_else(|| error.to_string(), ToString::to_string);
    text.lines().next().unwrap_or_default().to_owned()
}
