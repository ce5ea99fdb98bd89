//! Error: which folder others can change, and what to do about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a folder is not used.
#[derive(Debug, thiserror::Error)]
pub enum PrivateError {
    /// The system would not open or make it.
    #[error("{} cannot be opened: {source}", path.display())]
    Io {
        /// The folder at which it failed.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Somebody else could change what is kept there.
    #[error("{}", sentence(path, at, exposure))]
    Exposed {
        /// The folder that was asked for.
        path: PathBuf,
        /// The folder or link, on the way to it, that others can change.
        at: PathBuf,
        /// How.
        exposure: Exposure,
    },
}

/// How others can change what is in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// It belongs to somebody else.
    Owner {
        /// Whose it is.
        owner: u32,
        /// Who we are.
        expected: u32,
    },
    /// Its permissions let others write.
    Writable {
        /// Its permissions.
        mode: u32,
    },
    /// Its permissions let others in, where nobody else has any business.
    Entered {
        /// Its permissions.
        mode: u32,
    },
}

impl fmt::Display for Exposure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner { owner, expected } => write!(
                formatter,
                "belongs to user {owner}, expected user {expected}"
            ),
            Self::Writable { mode } => {
                write!(formatter, "can be written by others (mode {mode:03o})")
            }
            Self::Entered { mode } => write!(
                formatter,
                "can be entered by others (mode {mode:03o}, expected 700)"
            ),
        }
    }
}

fn sentence(path: &Path, at: &Path, exposure: &Exposure) -> String {
    let at = at.display();
    let what_to_do = match exposure {
        Exposure::Owner { .. } => format!(
            "let {at} be removed if it should not be there, or name folders of your own with \
             XDG_CACHE_HOME, XDG_STATE_HOME and XDG_RUNTIME_DIR"
        ),
        Exposure::Writable { .. } => format!(
            "look at what is in it, then `chmod go-w {at}`, or name other folders with \
             XDG_CACHE_HOME, XDG_STATE_HOME and XDG_RUNTIME_DIR"
        ),
        Exposure::Entered { .. } => format!("`chmod 700 {at}`"),
    };
    format!(
        "{} is not used: {at} {exposure}, so others could change what Segue keeps there and \
         later opens: {what_to_do}",
        path.display()
    )
}

impl From<PrivateError> for io::Error {
    fn from(error: PrivateError) -> Self {
        match error {
            PrivateError::Io { source, .. } => source,
            error @ PrivateError::Exposed { .. } => Self::other(error),
        }
    }
}
