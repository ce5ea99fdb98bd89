//! Streams: descriptors, and waiting for what is behind them.
//!
//! In: what is open. Out: copies and places of standard streams, bytes without a buffer, and which of
//! several streams have something. Reading, writing and waiting are fit for a signal handler.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout, stderr, stdin, stdout};

/// Descriptors below this one are the standard streams themselves.
const FIRST_OWN: i32 = 3;

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitFor {
    /// Something to read, or the end of what there is.
    Reading,
    /// Room to write.
    Writing,
    /// The other end is gone.
    Going,
}

/// What was seen of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamSeen(PollFlags);

impl StreamSeen {
    /// Whether there is anything to do about it.
    #[must_use]
    pub fn is_any(self) -> bool {
        !self.0.is_empty()
    }

    /// Whether there are bytes to read.
    #[must_use]
    pub fn has_bytes(self) -> bool {
        self.0.contains(PollFlags::IN)
    }

    /// Whether nobody is at the other end any more.
    #[must_use]
    pub fn is_gone(self) -> bool {
        self.0.intersects(PollFlags::HUP | PollFlags::ERR)
    }
}

/// Waits until there is something to do about one of the streams, or the time is over; without a
/// limit, for ever.
///
/// # Errors
/// What the system says, as that a signal came first.
pub fn wait<const N: usize>(
    streams: [(BorrowedFd<'_>, WaitFor); N],
    limit: Option<Duration>,
) -> io::Result<[StreamSeen; N]> {
    let mut polled =
        streams.map(|(stream, reason)| PollFd::from_borrowed_fd(stream, flags(reason)));
    poll(&mut polled, limit.map(timespec).as_ref())?;
    Ok(polled.map(|polled| StreamSeen(polled.revents())))
}

/// Writes bytes once, as many as go.
///
/// # Errors
/// What the system says.
pub fn write(to: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::io::write(to, bytes)?)
}

/// Reads bytes once, as many as there are.
///
/// # Errors
/// What the system says.
pub fn read(from: impl AsFd, bytes: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::read(from, bytes)?)
}

/// Lets no read or write of a stream wait, here and wherever else it is open.
///
/// # Errors
/// What the system says.
pub fn never_wait(stream: impl AsFd) -> io::Result<()> {
    let stream = stream.as_fd();
    let flags = fcntl_getfl(stream)?;
    Ok(fcntl_setfl(stream, flags | OFlags::NONBLOCK)?)
}

/// A copy that is none of the standard streams and goes on to no program that is started.
///
/// # Errors
/// When as many are open as may be.
pub fn copy(stream: impl AsFd) -> io::Result<OwnedFd> {
    Ok(fcntl_dupfd_cloexec(stream, FIRST_OWN)?)
}

/// Whatever descriptor 0 is by now.
#[must_use]
pub fn input() -> BorrowedFd<'static> {
    stdin()
}

/// Whatever descriptor 1 is by now.
#[must_use]
pub fn output() -> BorrowedFd<'static> {
    stdout()
}

/// Whatever descriptor 2 is by now.
#[must_use]
pub fn error() -> BorrowedFd<'static> {
    stderr()
}

/// Puts a stream in the place of descriptor 0.
///
/// # Errors
/// What the system says.
pub fn replace_input(with: impl AsFd) -> io::Result<()> {
    Ok(dup2_stdin(with)?)
}

/// Puts a stream in the place of descriptor 1.
///
/// # Errors
/// What the system says.
pub fn replace_output(with: impl AsFd) -> io::Result<()> {
    Ok(dup2_stdout(with)?)
}

/// Puts a stream in the place of descriptor 2.
///
/// # Errors
/// What the system says.
pub fn replace_error(with: impl AsFd) -> io::Result<()> {
    Ok(dup2_stderr(with)?)
}

const fn flags(reason: WaitFor) -> PollFlags {
    match reason {
        WaitFor::Reading => PollFlags::IN,
        WaitFor::Writing => PollFlags::OUT,
        WaitFor::Going => PollFlags::empty(),
    }
}

fn timespec(limit: Duration) -> Timespec {
    Timespec {
        tv_sec: limit.as_secs().cast_signed(),
        tv_nsec: limit.subsec_nanos().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_behind_a_pipe_is_seen() {
        let (reader, writer) = io::pipe().unwrap();
        let look = || {
            let on = [
                (reader.as_fd(), WaitFor::Reading),
                (reader.as_fd(), WaitFor::Going),
            ];
            wait(on, Some(Duration::ZERO)).unwrap()
        };
        assert_eq!(look().map(StreamSeen::is_any), [false, false]);
        assert_eq!(write(&writer, b"four").unwrap(), 4);
        assert_eq!(look().map(StreamSeen::has_bytes), [true, false]);
        drop(writer);
        assert_eq!(look().map(StreamSeen::is_gone), [true, true]);
        assert_eq!(look().map(StreamSeen::has_bytes), [true, false]);
    }

    #[test]
    fn what_never_waits_says_that_nothing_is_there() {
        let (reader, _writer) = io::pipe().unwrap();
        never_wait(&reader).unwrap();
        let error = read(&reader, &mut [0]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }
}
