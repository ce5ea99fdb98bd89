//! Class: what becomes of each file that looks like a library.
//!
//! In: nothing. Out: the words for what was found, each with its reason.

use segue_plugin::manifest::{Manifest, ManifestError};

use crate::discovery::hash::ContentHash;
use crate::discovery::machine::Machine;
use crate::discovery::reasons::{NotAPlugin, Unreadable};
use crate::discovery::stamp::Stamp;

/// What a file is to us, known without opening it as a library. Two more classes, `quarantined`
/// and `untrusted`, follow from who may be opened, which admission decides about ready files.
#[derive(Debug, Clone, PartialEq)]
pub enum Class {
    /// A plugin, and nothing was found against it.
    Ready(Box<FoundPlugin>),
    /// A plugin that this host cannot load. What it says of itself is there unless it is written
    /// for another ABI major.
    Incompatible(Incompatible, Option<Box<FoundPlugin>>),
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
    pub fn found(&self) -> Option<&FoundPlugin> {
        match self {
            Self::Ready(found) => Some(found),
            Self::Incompatible(_, found) => found.as_deref(),
            Self::NotAPlugin(_) | Self::Unreadable(_) => None,
        }
    }
}

/// A plugin as it lies on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundPlugin {
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
    /// Its id is one of those that are held for the host's own plugins.
    #[error(
        "ids under `segue.` are held for the host's own plugins, which are accepted beside its \
         executable, in /usr/local/lib/segue and in /usr/lib/segue, and in no other folder: give \
         the plugin an id of your own, or install the host's own one there"
    )]
    Reserved,
}
