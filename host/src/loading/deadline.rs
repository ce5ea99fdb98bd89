//! Deadline: foreign code away from the audio thread gets so long and no longer.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
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
    let (sender, answer) = mpsc::channel();
    let spawned = thread::Builder::new()
        .name("plugin-setup".to_owned())
        .spawn(move || {
            // The receiver is gone when the deadline has passed: then nobody wants the answer.
            let _ = sender.send(body());
        });
    spawned.map_err(|_| Missed::NotStarted)?;
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
