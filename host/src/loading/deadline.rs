//! Deadline: foreign code away from the audio thread gets so long and no longer.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long create, activate and drop may take. Models of hundreds of megabytes load in less.
pub const CREATE_DEADLINE: Duration = Duration::from_secs(30);

/// Runs `body` on a thread of its own and waits for its answer so long.
///
/// `None` when the deadline passes: the thread is then abandoned with all that it holds, since
/// nothing in this process can end it.
pub fn within<R: Send + 'static>(
    deadline: Duration,
    body: impl FnOnce() -> R + Send + 'static,
) -> Option<R> {
    let (sender, receiver) = mpsc::channel();
    let spawned = thread::Builder::new()
        .name("plugin-setup".to_owned())
        .spawn(move || {
            // The receiver is gone when the deadline has passed: then nobody wants the answer.
            let _ = sender.send(body());
        });
    spawned.ok()?;
    receiver.recv_timeout(deadline).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_in_time_is_given() {
        assert_eq!(within(CREATE_DEADLINE, || 7), Some(7));
    }

    #[test]
    fn one_that_never_answers_is_abandoned() {
        let (keep, wait) = mpsc::channel::<()>();
        let answer = within(Duration::ZERO, move || wait.recv().is_ok());
        assert_eq!(answer, None);
        drop(keep);
    }
}
