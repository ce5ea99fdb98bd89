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

/// Ends waits when its flag is raised, and knows how long they were: whatever else a read or a write
/// took is no time in which the other side was waited for. Thread: any.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    flag: Arc<AtomicUsize>,
    waits: Arc<Waits>,
}

/// The waits since somebody asked last.
#[derive(Debug, Default)]
struct Waits {
    count: AtomicU64,
    total_ns: AtomicU64,
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
            flag,
            waits: Arc::default(),
        }
    }

    /// Nothing ends waits but the other side.
    #[must_use]
    pub fn never() -> Self {
        Self::default()
    }

    /// The number of the signal that raised the flag; 0 while none did.
    #[must_use]
    pub fn signal(&self) -> usize {
        self.flag.load(Ordering::Relaxed)
    }

    /// The flag itself, for whoever knows of no pipe.
    #[must_use]
    pub const fn flag(&self) -> &Arc<AtomicUsize> {
        &self.flag
    }

    /// How long the other side of a pipe was waited for since this was asked last, without what the
    /// system kept the host from running; `None` where no pipe was looked at.
    #[must_use]
    pub fn waited(&self) -> Option<Duration> {
        let count = self.waits.count.swap(0, Ordering::Relaxed);
        let total_ns = self.waits.total_ns.swap(0, Ordering::Relaxed);
        (count > 0).then(|| Duration::from_nanos(total_ns))
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
            self.note(started.elapsed().saturating_sub(before), look);
            if ready? {
                return Ok(Waited::Ready);
            }
            if left.is_zero() {
                return Ok(Waited::Late);
            }
        }
    }

    /// A wait took so long that was to end after `asked`.
    fn note(&self, took: Duration, asked: Duration) {
        let is_over = took >= asked + OVER_MIN;
        let waited = if is_over { asked } else { took };
        let waited_ns = u64::try_from(waited.as_nanos()).unwrap_or(u64::MAX);
        self.waits.count.fetch_add(1, Ordering::Relaxed);
        self.waits.total_ns.fetch_add(waited_ns, Ordering::Relaxed);
    }

    fn is_raised(&self) -> bool {
        self.signal() != 0
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
    fn what_a_wait_took_longer_than_asked_for_is_no_wait() {
        let stop = Stop::never();
        assert_eq!(stop.waited(), None);
        stop.note(LOOK + OVER_MIN, LOOK);
        assert_eq!(stop.waited(), Some(LOOK));
        let busy = LOOK + OVER_MIN - Duration::from_nanos(1);
        stop.clone().note(busy, LOOK);
        stop.note(Duration::ZERO, LOOK);
        assert_eq!(stop.waited(), Some(busy));
        assert_eq!(stop.waited(), None);
    }

    #[test]
    fn a_pipe_whose_other_side_is_gone_is_ready() {
        let (reader, writer) = pipe();
        drop(writer);
        Stop::never().wait(&reader, For::Reading).unwrap();
    }
}
