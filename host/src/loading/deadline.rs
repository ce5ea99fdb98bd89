//! Deadline: foreign code away from the audio thread gets so long and no longer.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

/// How long create and activate of everything together, or drop, may take. Models of hundreds of
/// megabytes load in less.
pub const CREATE_DEADLINE: Duration = Duration::from_secs(30);

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Missed {
    /// None came in time; the thread is abandoned with all that it holds, since nothing in this
    /// process can end it.
    #[error("did not answer within {} s; its thread was abandoned", .0.as_secs())]
    Deadline(Duration),
    /// The thread ended without one.
    #[error("ended its thread without an answer")]
    Ended,
    /// The system gave no thread.
    #[error("could not be started: the system gives no more threads")]
    NotStarted,
}

/// An answer that is on its way from a thread of its own.
#[derive(Debug)]
pub struct Pending<R> {
    answer: Receiver<R>,
    began: Instant,
    deadline: Duration,
}

/// Runs `body` on a thread of its own, which has so long to answer.
///
/// # Errors
/// When the system gives no thread.
pub fn begin<R: Send + 'static>(
    deadline: Duration,
    body: impl FnOnce() -> R + Send + 'static,
) -> Result<Pending<R>, Missed> {
    begin_with(deadline, (), |()| body()).map_err(|(missed, ())| missed)
}

/// As [`begin`], with a value that the body takes.
///
/// # Errors
/// When the system gives no thread; then the value comes back.
pub fn begin_with<T: Send + 'static, R: Send + 'static>(
    deadline: Duration,
    value: T,
    body: impl FnOnce(T) -> R + Send + 'static,
) -> Result<Pending<R>, (Missed, T)> {
    #[cfg(test)]
    if starved::is() {
        return Err((Missed::NotStarted, value));
    }
    let (sender, answer) = mpsc::channel();
    let (hand, handed) = mpsc::channel();
    let spawned = thread::Builder::new()
        .name("plugin-setup".to_owned())
        .spawn(move || {
            let Ok(value) = handed.recv() else {
                return;
            };
            // The receiver is gone when the deadline has passed: then nobody wants the answer.
            let _ = sender.send(body(value));
        });
    if spawned.is_err() {
        return Err((Missed::NotStarted, value));
    }
    // The thread waits for it before it does anything else.
    let _ = hand.send(value);
    Ok(Pending {
        answer,
        began: Instant::now(),
        deadline,
    })
}

/// Runs `body` on a thread of its own and waits for its answer so long.
///
/// # Errors
/// Why there is no answer.
pub fn within<R: Send + 'static>(
    deadline: Duration,
    body: impl FnOnce() -> R + Send + 'static,
) -> Result<R, Missed> {
    begin(deadline, body)?.wait()
}

impl<R> Pending<R> {
    /// Waits for the answer as long as there is time.
    ///
    /// # Errors
    /// Why there is none.
    pub fn wait(self) -> Result<R, Missed> {
        let left = self.deadline.saturating_sub(self.began.elapsed());
        self.answer.recv_timeout(left).map_err(|error| match error {
            RecvTimeoutError::Timeout => Missed::Deadline(self.deadline),
            RecvTimeoutError::Disconnected => Missed::Ended,
        })
    }

    /// The answer of work that nobody waits for any more, however late; `None` while it may come.
    #[must_use]
    pub fn late(&self) -> Option<Result<R, Missed>> {
        match self.answer.try_recv() {
            Ok(answer) => Some(Ok(answer)),
            Err(TryRecvError::Disconnected) => Some(Err(Missed::Ended)),
            Err(TryRecvError::Empty) => None,
        }
    }

    /// The answer, if it comes within `patience` or never will; `None` while there is time.
    #[must_use]
    pub fn look(&self, patience: Duration) -> Option<Result<R, Missed>> {
        match self.answer.recv_timeout(patience) {
            Ok(answer) => Some(Ok(answer)),
            Err(RecvTimeoutError::Disconnected) => Some(Err(Missed::Ended)),
            Err(RecvTimeoutError::Timeout) if self.began.elapsed() < self.deadline => None,
            Err(RecvTimeoutError::Timeout) => Some(Err(Missed::Deadline(self.deadline))),
        }
    }
}

/// A system that gives no more threads, for tests of what becomes of things then.
#[cfg(test)]
pub(crate) mod starved {
    use std::cell::Cell;

    thread_local! {
        static STARVED: Cell<bool> = const { Cell::new(false) };
    }

    /// Whether this thread gets no threads.
    pub(super) fn is() -> bool {
        STARVED.get()
    }

    /// From now on this thread gets no threads, or gets them again.
    pub(crate) fn set(is_starved: bool) {
        STARVED.set(is_starved);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_in_time_is_given() {
        assert_eq!(within(CREATE_DEADLINE, || 7), Ok(7));
    }

    #[test]
    fn one_that_never_answers_is_abandoned() {
        let (keep, wait) = mpsc::channel::<()>();
        let answer = within(Duration::ZERO, move || wait.recv().is_ok());
        assert_eq!(answer, Err(Missed::Deadline(Duration::ZERO)));
        drop(keep);
    }

    #[test]
    fn one_that_ends_without_an_answer_is_told_from_one_that_is_late() {
        let answer = within(CREATE_DEADLINE, || -> u8 { panic!("as told") });
        assert_eq!(answer, Err(Missed::Ended));
    }

    #[test]
    fn an_answer_can_be_looked_for_without_waiting() {
        let (go, wait) = mpsc::channel::<u8>();
        let pending = begin(CREATE_DEADLINE, move || wait.recv()).unwrap();
        assert_eq!(pending.look(Duration::ZERO), None);
        go.send(7).unwrap();
        assert_eq!(pending.wait(), Ok(Ok(7)));
        let (keep, wait) = mpsc::channel::<u8>();
        let late = begin(Duration::ZERO, move || wait.recv()).unwrap();
        assert_eq!(
            late.look(Duration::ZERO),
            Some(Err(Missed::Deadline(Duration::ZERO)))
        );
        drop(keep);
    }
}
