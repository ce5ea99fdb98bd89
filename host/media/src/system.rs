//! System: what the operating system is asked for, where the standard library does not ask.
//!
//! In: files, pipes and numbers. Out: plain values, and `io::Error`. Nothing of the library that makes
//! the calls goes out, so that another system is another file here.

use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;
use rustix::event::poll;
use rustix::fs::CWD;
use rustix::fs::OFlags;
use rustix::fs::RenameFlags;
use rustix::fs::fcntl_getfl;
use rustix::fs::fcntl_setfl;
use rustix::fs::renameat_with;
use rustix::io::Errno;
#[cfg(target_os = "linux")]
use rustix::io::ioctl_fionread;
#[cfg(target_os = "linux")]
use rustix::pipe::fcntl_getpipe_size;
use rustix::process::Pid;
use rustix::process::geteuid;
use rustix::process::test_kill_process;

/// Bytes that a pipe which is ready takes without waiting: `PIPE_BUF` of Linux. More would wait for
/// the reader inside the system, where nothing ends the wait.
const PIPE_BYTES: usize = 4096;

/// What a name means that is a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
    /// What it leads to.
    Followed,
    /// The link, which cannot be opened.
    Themselves,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// Something to read, or the end of what there is.
    Reading,
    /// Room to write.
    Writing,
}

/// Options that open without waiting for the other end of a pipe or for a device.
pub(crate) fn options(links: Links) -> OpenOptions {
    let patient = OFlags::NONBLOCK | OFlags::NOCTTY;
    let flags = match links {
        Links::Followed => patient,
        Links::Themselves => patient | OFlags::NOFOLLOW,
    };
    let mut options = OpenOptions::new();
    options.custom_flags(flags.bits().cast_signed());
    options
}

/// Lets reads and writes wait for the other end again.
pub(crate) fn block_again(file: &File) -> io::Result<()> {
    let flags = fcntl_getfl(file)?;
    Ok(fcntl_setfl(file, flags - OFlags::NONBLOCK)?)
}

/// Waits until a pipe is ready, or its other end is gone; whether it is before the time is over. A
/// signal ends the wait early.
pub(crate) fn wait(file: &File, reason: For, limit: Duration) -> io::Result<bool> {
    let flags = match reason {
        For::Reading => PollFlags::IN,
        For::Writing => PollFlags::OUT,
    };
    let limit = Timespec {
        tv_sec: limit.as_secs().cast_signed(),
        tv_nsec: limit.subsec_nanos().into(),
    };
    match poll(&mut [PollFd::new(file, flags)], Some(&limit)) {
        Err(Errno::INTR) => Ok(false),
        ready => Ok(ready? > 0),
    }
}

/// How much can be written to a pipe without waiting for its reader, once the system says that
/// something can: all that it holds while it is empty.
#[cfg(target_os = "linux")]
pub(crate) fn room(pipe: &File) -> usize {
    match (ioctl_fionread(pipe), fcntl_getpipe_size(pipe)) {
        (Ok(0), Ok(bytes)) => bytes.max(PIPE_BYTES),
        _ => PIPE_BYTES,
    }
}

/// The same where the system does not say how much there is.
#[cfg(not(target_os = "linux"))]
pub(crate) fn room(_: &File) -> usize {
    PIPE_BYTES
}

/// Renames a file unless something has the new name; `None` where the file system has no such call.
pub(crate) fn rename_to_free(from: &Path, to: &Path) -> Option<io::Result<()>> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS) => None,
        renamed => Some(renamed.map_err(io::Error::from)),
    }
}

/// The user whose rights this process has.
pub(crate) fn user() -> u32 {
    geteuid().as_raw()
}

/// Whether a process of this number may still be there.
pub(crate) fn may_live(process: u32) -> bool {
    let process = Pid::from_raw(process.cast_signed()).filter(|_| process.cast_signed() > 0);
    process.is_none_or(|process| test_kill_process(process) != Err(Errno::SRCH))
}
