//! Class: what becomes of each file that looks like a library.
//!
//! In: nothing. Out: the words for what was found, each with its reason.

use segue_plugin::manifest::{Manifest, ManifestError};
use serde::{Deserialize, Serialize};

use crate::discovery::hash::ContentHash;
use crate::discovery::library::Machine;
use crate::discovery::stamp::Stamp;

/// What a file is to us, known without opening it as a library. Two more classes, `quarantined`
/// and `untrusted`, follow from who may be opened, which admission decides about ready files.
#[derive(Debug, Clone, PartialEq)]
pub enum Class {
    /// A plugin, and nothing was found against it.
    Ready(Box<Found>),
    /// A plugin that this host cannot load. What it says of itself is there unless it is written
    /// for another ABI major.
    Incompatible(Incompatible, Option<Box<Found>>),
    /// Something else.
    NotAPlugin(NotAPlugin),
    /// It cannot be told what it is.
    Unreadable(Unreadable),
}

impl Class {
    /// The class in one or three words, as tables show it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ready(_) => "ready",
            Self::Incompatible(..) => "incompatible",
            Self::NotAPlugin(_) => "not a plugin",
            Self::Unreadable(_) => "unreadable",
        }
    }

    /// Why it is not ready, in one sentence.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::Ready(_) => None,
            Self::Incompatible(reason, _) => Some(reason.to_string()),
            Self::NotAPlugin(reason) => Some(reason.to_string()),
            Self::Unreadable(reason) => Some(reason.to_string()),
        }
    }

    /// What the plugin says of itself, wherever that could be read.
    #[must_use]
    pub fn found(&self) -> Option<&Found> {
        match self {
            Self::Ready(found) => Some(found),
            Self::Incompatible(_, found) => found.as_deref(),
            Self::NotAPlugin(_) | Self::Unreadable(_) => None,
        }
    }
}

/// A plugin as it lies on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// What it says of itself.
    pub manifest: Manifest,
    /// What kind of machine its code is for.
    pub machine: Machine,
    /// Which file it was when it was read.
    pub stamp: Stamp,
    /// Its content, if somebody had to know it already and the file is still the same.
    pub hash: Option<ContentHash>,
}

/// Why a plugin cannot be loaded by this host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Incompatible {
    /// It is written for another ABI, or for a newer host.
    #[error(transparent)]
    Abi(ManifestError),
    /// Its code is for another machine.
    #[error(
        "the plugin was built for {target} ({machine}), this host is {host}: \
         ask for a build for {host}"
    )]
    Target {
        /// The target that it names.
        target: String,
        /// What the file itself says.
        machine: Machine,
        /// The target of this host.
        host: &'static str,
    },
    /// A panic in it would end the process.
    #[error(
        "the plugin was built with panic = \"abort\", so a panic in it would end the host: \
         rebuild it with panic = \"unwind\", or wait for version 1.3, which runs it in a worker"
    )]
    Abort,
    /// It needs a library that lies beside it, and it is opened from another folder.
    #[error(
        "the plugin needs {0} from its own folder ($ORIGIN), but a plugin is opened from the \
         host's store: link that library statically, or install it where the system finds it"
    )]
    Sibling(String),
}

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
