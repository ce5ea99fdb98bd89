//! Surroundings: what a path and standard output mean in this process.
//!
//! In: what a program says about it, once. Out: absolute paths, and standard output as a file. Folder
//! and streams belong to the whole process, and foreign code in it may change them. A program that
//! loads such code keeps both apart from it, and says here how; for any other the system's count.

use std::fs::File;
use std::fs::Metadata;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::path::PathBuf;
use std::sync::OnceLock;

/// What was said, once it was.
static SAID: OnceLock<Meanings> = OnceLock::new();

/// How a program finds what foreign code in it may have moved. Every function may be called from any
/// thread.
#[derive(Debug, Clone, Copy)]
pub struct Meanings {
    /// A path as it was meant when the process was started.
    pub absolute: fn(&Path) -> PathBuf,
    /// The standard output that the process was started with.
    pub output: fn() -> io::Result<File>,
    /// The stream that is meant by a path whose file has this metadata, as `/dev/stdout` may be;
    /// `None` where the file itself is meant.
    pub meant_by: fn(&Metadata) -> Option<io::Result<File>>,
}

/// Says it, for as long as the process lives; what was said first stays. Thread: main, before
/// anything is opened.
pub fn keep(meanings: Meanings) {
    SAID.get_or_init(|| meanings);
}

/// A path that no longer depends on the folder of the process.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    match SAID.get() {
        Some(said) => (said.absolute)(path),
        None => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
    }
}

/// Standard output without the line buffer of the standard library.
pub(crate) fn output() -> io::Result<File> {
    match SAID.get() {
        Some(said) => (said.output)(),
        None => io::stdout().as_fd().try_clone_to_owned().map(File::from),
    }
}

/// The stream that is meant by what has this metadata; `None` where the file itself is meant.
pub(crate) fn meant_by(metadata: &Metadata) -> Option<io::Result<File>> {
    SAID.get().and_then(|said| (said.meant_by)(metadata))
}
