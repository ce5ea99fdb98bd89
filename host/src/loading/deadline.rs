//! Deadline: foreign code away from the audio thread gets so long and no longer.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

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

/// Runs `body` on a thread of its own and waits for its answer so long.
///
/// # Errors
/// Why there is no answer.
pub fn within<R: Send + 'static>(
    deadline: Duration,
    body: impl FnOnce() -> R + Send + 'static,
) -> Result<R, Missed> {
    let (sender, receiver) = mpsc::channel();
    let spawned = thread::Builder::new()
        .name("plugin-setup".to_owned())
        .spawn(move || {
            // The receiver is gone when the deadline has passed: then nobody wants the answer.
            let _ = sender.send(body());
        });
    if spawned.is_err() {
        return Err(Missed::NotStarted);
    }
    receiver
        .recv_timeout(deadline)
        .map_err(|error| match error {
            RecvTimeoutError::Timeout => Missed::Deadline(deadline),
            RecvTimeoutError::Disconnected => Missed::Ended,
        })
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
}
