//! Standard: standard output and standard error of the process, kept apart from what plugins print.
//!
//! In: the two streams that the process was started with. Out: both, on descriptors that only the
//! host writes to; and the ends of two pipes, where everything arrives that foreign code in this
//! process writes to descriptors 1 and 2. Audio and reports go to the first, so a plugin's
//! `println!` can end in neither.

use std::fs::{File, Metadata};
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::sync::OnceLock;

use crate::system::streams::{self, WaitFor};

/// What was kept, once it was.
static KEPT: OnceLock<Kept> = OnceLock::new();

/// The streams that the process was started with, and the pipes in their place.
#[derive(Debug)]
struct Kept {
    out: OwnedFd,
    err: OwnedFd,
    pipe_out: StreamIdentity,
    pipe_err: StreamIdentity,
}

/// Which file of the system something is: its device, and its number there.
type StreamIdentity = (u64, u64);

/// The reading ends of what foreign code prints. Reading them never waits; whoever holds them has
/// to read on, or the code that prints stands still.
#[derive(Debug)]
pub struct Printed {
    /// What is written to descriptor 1.
    pub out: File,
    /// What is written to descriptor 2.
    pub err: File,
}

/// Moves both streams to other descriptors and puts pipes in their places. Call it once, before
/// any library is opened; `None` where that was done before. Thread: main.
///
/// # Errors
/// What the system says. Descriptors 1 and 2 are then as they were, or both lead to a pipe.
pub fn keep() -> io::Result<Option<Printed>> {
    if KEPT.get().is_some() {
        return Ok(None);
    }
    let out = streams::copy(streams::output())?;
    let err = streams::copy(streams::error())?;
    let (read_out, write_out) = pipe()?;
    let (read_err, write_err) = pipe()?;
    let kept = Kept {
        out,
        err,
        pipe_out: identity(&write_out.metadata()?),
        pipe_err: identity(&write_err.metadata()?),
    };
    if KEPT.set(kept).is_err() {
        return Ok(None);
    }
    streams::replace_output(&write_out)?;
    streams::replace_error(&write_err)?;
    Ok(Some(Printed {
        out: read_out,
        err: read_err,
    }))
}

/// One of the streams that the process was started with, written without a buffer.
#[derive(Debug, Clone, Copy)]
pub struct StandardStream(BorrowedFd<'static>);

/// The standard output that the process was started with. Thread: any.
#[must_use]
pub fn output() -> StandardStream {
    StandardStream(match KEPT.get() {
        Some(kept) => kept.out.as_fd(),
        None => streams::output(),
    })
}

/// The same as a file of its own. Thread: any.
///
/// # Errors
/// When the process has as many files open as it may.
pub fn output_file() -> io::Result<File> {
    Ok(File::from(output().as_fd().try_clone_to_owned()?))
}

/// The standard error that the process was started with. Thread: any.
#[must_use]
pub fn error() -> StandardStream {
    StandardStream(match KEPT.get() {
        Some(kept) => kept.err.as_fd(),
        None => streams::error(),
    })
}

impl AsFd for StandardStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0
    }
}

impl Write for StandardStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match streams::write(self.0, bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Whoever started the process may have left the stream in non-blocking mode.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let _ = streams::wait([(self.0, WaitFor::Writing)], None);
                }
                written => return written,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The stream that is meant by a path such as `/dev/stdout`, which leads to the pipe in the place
/// of that stream: a copy of the stream itself. `None` for every other file.
pub fn meant_by(metadata: &Metadata) -> Option<io::Result<File>> {
    let kept = KEPT.get()?;
    let found = identity(metadata);
    let meant = if found == kept.pipe_out {
        &kept.out
    } else if found == kept.pipe_err {
        &kept.err
    } else {
        return None;
    };
    Some(meant.try_clone().map(File::from))
}

fn identity(metadata: &Metadata) -> StreamIdentity {
    (metadata.dev(), metadata.ino())
}

/// A pipe whose reading end never waits.
fn pipe() -> io::Result<(File, File)> {
    let (reader, writer) = io::pipe()?;
    let reader = OwnedFd::from(reader);
    streams::never_wait(&reader)?;
    Ok((File::from(reader), File::from(OwnedFd::from(writer))))
}
