//! Stop: lets somebody end a wait for the other side of a pipe.
//!
//! In: a flag that a signal raises, and a pipe. Out: the pipe is ready, or the wait is over. A
//! read or write that waits inside the system is started again after a signal, so the wait is
//! done here, before it.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use crate::system;
use crate::system::For;

/// How long a wait goes on before the flag is looked at again. A signal mostly ends the wait
/// itself; this is for the one that another thread received, or that came just before the wait.
const LOOK: Duration = Duration::from_millis(100);

/// From how much longer than asked for a wait counts as one in which the system did not let the host
/// run: much more than what a busy machine takes away.
const OVER_MIN: Duration = Duration::from_millis(50);

/// Ends waits when its flag is raised, and knows for how long of them the host did not run at all:
/// that is no time in which the other side was waited for. Thread: any.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    flag: Option<Arc<AtomicUsize>>,
    stood_still_ns: Arc<AtomicU64>,
}

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
        Self {
            flag: Some(flag),
            stood_still_ns: Arc::default(),
        }
    }

    /// Nothing ends waits but the other side.
    #[must_use]
    pub fn never() -> Self {
        Self::default()
    }

    /// For how long of all waits the host did not run, since this was asked last.
    #[must_use]
    pub fn stood_still(&self) -> Duration {
        Duration::from_nanos(self.stood_still_ns.swap(0, Ordering::Relaxed))
    }

    /// Waits until a pipe is ready, or its other side is gone.
    ///
    /// # Errors
    /// When the flag is raised first.
    pub(crate) fn wait(&self, file: &File, reason: For) -> io::Result<()> {
        while self.wait_within(file, reason, LOOK)? == Waited::Late {}
        Ok(())
    }

    /// The same, with a deadline.
    pub(crate) fn wait_within(
        &self,
        file: &File,
        reason: For,
        wait: Duration,
    ) -> io::Result<Waited> {
        let started = Instant::now();
        loop {
            if self.is_raised() {
                // Not `Interrupted`: readers of the standard library would try that again.
                return Err(io::Error::other("stopped by a signal"));
            }
            let before = started.elapsed();
            let left = wait.saturating_sub(before);
            let look = left.min(LOOK);
            let ready = system::wait(file, reason, look);
            self.note(started.elapsed().saturating_sub(before + look));
            if ready? {
                return Ok(Waited::Ready);
            }
            if left.is_zero() {
                return Ok(Waited::Late);
            }
        }
    }

    /// A wait was so much longer than asked for.
    fn note(&self, over: Duration) {
        if over >= OVER_MIN {
            let over_ns = u64::try_from(over.as_nanos()).unwrap_or(u64::MAX);
            self.stood_still_ns.fetch_add(over_ns, Ordering::Relaxed);
        }
    }

    fn is_raised(&self) -> bool {
        let flag = self.flag.as_ref();
        flag.is_some_and(|flag| flag.load(Ordering::Relaxed) != 0)
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;

    use super::*;

    /// Both ends of a pipe.
    fn pipe() -> (File, File) {
        let (reader, writer) = io::pipe().unwrap();
        let [reader, writer] = [OwnedFd::from(reader), OwnedFd::from(writer)];
        (File::from(reader), File::from(writer))
    }

    #[test]
    fn a_raised_flag_ends_the_wait_for_a_silent_pipe() {
        let (reader, _writer) = pipe();
        let flag = Arc::new(AtomicUsize::new(0));
        let stop = Stop::when(Arc::clone(&flag));
        let late = stop.wait_within(&reader, For::Reading, Duration::ZERO);
        assert_eq!(late.unwrap(), Waited::Late);
        flag.store(2, Ordering::Relaxed);
        let error = stop.wait(&reader, For::Reading).unwrap_err();
        assert_ne!(error.kind(), io::ErrorKind::Interrupted);
    }

    #[test]
    fn a_wait_that_took_longer_than_asked_for_is_no_wait() {
        let stop = Stop::never();
        stop.note(OVER_MIN - Duration::from_nanos(1));
        assert_eq!(stop.stood_still(), Duration::ZERO);
        stop.clone().note(OVER_MIN);
        stop.note(Duration::from_secs(2));
        assert_eq!(stop.stood_still(), Duration::from_secs(2) + OVER_MIN);
        assert_eq!(stop.stood_still(), Duration::ZERO);
    }

    #[test]
    fn a_pipe_whose_other_side_is_gone_is_ready() {
        let (reader, writer) = pipe();
        drop(writer);
        Stop::never().wait(&reader, For::Reading).unwrap();
    }
}
