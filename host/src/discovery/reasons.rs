//! Reasons: why a file is no plugin, or cannot be read.
//!
//! In: nothing. Out: a sentence for each.

use segue_plugin::manifest::ManifestError;
use serde::{Deserialize, Serialize};

/// Why something is no plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum NotAPlugin {
    /// A folder.
    #[error("a folder, expected a library")]
    Folder,
    /// A FIFO.
    #[error("a FIFO, expected a library")]
    Fifo,
    /// A socket.
    #[error("a socket, expected a library")]
    Socket,
    /// A block or character device.
    #[error("a device, expected a library")]
    Device,
    /// There is nothing in it.
    #[error("an empty file, expected a library")]
    Empty,
    /// It is a file of another kind.
    #[error("no library: it is neither ELF, PE nor Mach-O")]
    NoLibrary,
    /// It is machine code of another kind.
    #[error("no shared library: a program or an object file")]
    NotShared,
    /// It is a library without a manifest.
    #[error("a library without a manifest: it was not built with segue-plugin")]
    NoManifest,
}

/// Why it cannot be told what something is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is not there, or not any more.
    #[error("there is no such file")]
    Missing,
    /// A link to something that is not there.
    #[error("a link to something that is not there")]
    DanglingLink,
    /// A link that leads back to itself.
    #[error("a link that leads in a circle")]
    LoopingLink,
    /// It is larger than any library.
    #[error("{found} bytes, expected at most {max}")]
    Large {
        /// How long it is, in bytes.
        found: u64,
        /// The bound.
        max: u64,
    },
    /// It starts like a library, and then makes no sense.
    #[error("a library that is cut off or damaged: {0}")]
    Damaged(String),
    /// Its manifest breaks a rule.
    #[error(transparent)]
    Manifest(ManifestError),
    /// The system says so.
    #[error("it cannot be read: {0}")]
    System(String),
}
