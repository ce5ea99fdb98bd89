//! Error: why a session cannot be reached, or cannot be made reachable.

use std::io;
use std::path::PathBuf;

/// What goes wrong between a session and those who ask it.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The folder of the sockets is not what it has to be.
    #[error("{} {found}, expected a folder that only its owner may open", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What was found.
        found: String,
    },
    /// The folder cannot be made or looked at.
    #[error("the folder {} of control sockets cannot be used: {source}", path.display())]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The socket cannot be opened.
    #[error("the control socket {} cannot be opened", path.display())]
    Open {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Every name that could be tried is another session's.
    #[error("{tried} sessions are called `{name}` already, expected a free name: use --name")]
    Names {
        /// The name that was wished for.
        name: String,
        /// How many names were tried.
        tried: usize,
    },
    /// Nobody listens there any more.
    #[error("no session listens at {}", path.display())]
    Gone {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The connection broke.
    #[error("the connection to the session broke")]
    Broken(#[source] io::Error),
    /// The session is over.
    #[error("the session ended before it answered")]
    Ended,
    /// The session takes too long.
    #[error("the session did not answer within {seconds} s; `segue ctl status` tells how it is")]
    Late {
        /// How long was waited.
        seconds: u64,
    },
    /// What came is not of this protocol.
    #[error("what the session said cannot be read: {0}")]
    Foreign(String),
    /// Its protocol is another one.
    #[error(
        "the session speaks protocol {found}, expected {expected}: use the `segue` of version {segue}"
    )]
    Protocol {
        /// What it speaks.
        found: u32,
        /// What is spoken here.
        expected: u32,
        /// The session's version of Segue.
        segue: String,
    },
    /// A thread cannot be made.
    #[error("a thread for the control socket cannot be made")]
    Thread(#[source] io::Error),
}
