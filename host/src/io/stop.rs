//! Stop: lets somebody end a wait for the other side of a pipe.
//!
//! In: a flag that a signal raises, and a pipe. Out: the pipe is ready, or the wait is over. A
//! read or write that waits inside the system is started again after a signal, so the wait is
//! done here, before it.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;
use rustix::event::poll;
use rustix::io::Errno;

/// How long a wait goes on before the flag is looked at again. A signal mostly ends the wait
/// itself; this is for the one that another thread received, or that came just before the wait.
const LOOK: Duration = Duration::from_millis(100);

/// Ends waits when its flag is raised. Thread: any.
#[derive(Debug, Clone, Default)]
pub struct Stop(Option<Arc<AtomicUsize>>);

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waited {
    /// The pipe is ready.
    Ready,
    /// The deadline came first.
    Late,
}

impl Stop {
    /// Ends waits once the flag is not 0.
    #[must_use]
    pub fn when(flag: Arc<AtomicUsize>) -> Self {
        Self(Some(flag))
    }

    /// Nothing ends waits but the other side.
    #[must_use]
    pub fn never() -> Self {
        Self::default()
    }

    /// Waits until a pipe is ready, or its other side is gone.
    ///
    /// # Errors
    /// When the flag is raised first.
    pub(crate) fn wait(&self, file: &File, flags: PollFlags) -> io::Result<()> {
        while self.wait_within(file, flags, LOOK)? == Waited::Late {}
        Ok(())
    }

    /// The same, with a deadline.
    pub(crate) fn wait_within(
        &self,
        file: &File,
        flags: PollFlags,
        wait: Duration,
    ) -> io::Result<Waited> {
        let started = Instant::now();
        loop {
            if self.is_raised() {
                // Not `Interrupted`: readers of the standard library would try that again.
                return Err(io::Error::other("stopped by a signal"));
            }
            let left = wait.saturating_sub(started.elapsed());
            match poll(
                &mut [PollFd::new(file, flags)],
                Some(&timespec(left.min(LOOK))),
            ) {
                Ok(0) if left.is_zero() => return Ok(Waited::Late),
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return Ok(Waited::Ready),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn is_raised(&self) -> bool {
        let flag = self.0.as_ref();
        flag.is_some_and(|flag| flag.load(Ordering::Relaxed) != 0)
    }
}

fn timespec(wait: Duration) -> Timespec {
    Timespec {
        tv_sec: wait.as_secs().cast_signed(),
        tv_nsec: wait.subsec_nanos().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ends of a pipe.
    fn pipe() -> (File, File) {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        (File::from(reader), File::from(writer))
    }

    #[test]
    fn a_raised_flag_ends_the_wait_for_a_silent_pipe() {
        let (reader, _writer) = pipe();
        let flag = Arc::new(AtomicUsize::new(0));
        let stop = Stop::when(Arc::clone(&flag));
        let late = stop.wait_within(&reader, PollFlags::IN, Duration::ZERO);
        assert_eq!(late.unwrap(), Waited::Late);
        flag.store(2, Ordering::Relaxed);
        let error = stop.wait(&reader, PollFlags::IN).unwrap_err();
        assert_ne!(error.kind(), io::ErrorKind::Interrupted);
    }

    #[test]
    fn a_pipe_whose_other_side_is_gone_is_ready() {
        let (reader, writer) = pipe();
        drop(writer);
        Stop::never().wait(&reader, PollFlags::IN).unwrap();
    }
}
