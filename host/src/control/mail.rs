//! Mail: messages to the service manager of this process, on a thread of their own.
//!
//! In: messages, from any thread. Out: the same at `NOTIFY_SOCKET`, in their order. A service
//! manager that does not read keeps nobody waiting: what finds no room is lost and counted.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::threads::prepare_to_wait;
use sd_notify::NotifyState;

/// How many messages may wait: signs of life of a minute, or the changes of a large reload.
const MESSAGES_MAX: usize = 256;

/// How long the end waits for the last message to be taken.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// The way to the service manager. Dropping it waits, for a bounded time, until all is sent.
pub(super) struct Mail {
    queue: Option<SyncSender<String>>,
    /// Closed when the thread is through.
    through: Mutex<Receiver<()>>,
    lost: AtomicU64,
}

impl Mail {
    /// Starts the thread, which hands each message to `send`; it may wait for the reader.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(send: impl Fn(&str) + Send + 'static) -> io::Result<Self> {
        let (queue, messages) = sync_channel::<String>(MESSAGES_MAX);
        let (is_through, through) = sync_channel(1);
        let run = move || {
            prepare_to_wait();
            messages.iter().for_each(|message| send(&message));
            drop(is_through);
        };
        thread::Builder::new()
            .name("notify".to_owned())
            .spawn(run)?;
        Ok(Self {
            queue: Some(queue),
            through: Mutex::new(through),
            lost: AtomicU64::new(0),
        })
    }

    /// Sends one message, which may have several lines. Returns at once. Thread: any but audio.
    pub(super) fn send(&self, states: &[NotifyState<'_>]) {
        let lines: Vec<_> = states.iter().map(ToString::to_string).collect();
        let sent = self
            .queue
            .as_ref()
            .map(|queue| queue.try_send(lines.join("\n")));
        if !matches!(sent, Some(Ok(()))) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Mail {
    fn drop(&mut self) {
        drop(self.queue.take());
        let through = self.through.lock().unwrap_or_else(PoisonError::into_inner);
        // Nothing is ever sent there: it is closed, or the time is over.
        let in_time =
            through.recv_timeout(LAST_WAIT) == Err(std::sync::mpsc::RecvTimeoutError::Disconnected);
        let lost = self.lost.load(Ordering::Relaxed);
        if lost > 0 || !in_time {
            tracing::warn!(
                lost,
                "the service manager does not read what this session tells it at NOTIFY_SOCKET"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn what_nobody_takes_is_lost_and_counted_and_keeps_nobody_waiting() {
        let (take, taken) = channel::<()>();
        let (tell, told) = channel();
        let mail = Mail::start(move |message| {
            // Until the test lets go of the other end.
            let _ = taken.recv();
            let _ = tell.send(message.to_owned());
        })
        .unwrap();
        let sent = MESSAGES_MAX as u64 + 100;
        (0..sent).for_each(|_| mail.send(&[NotifyState::Ready, NotifyState::Status("running")]));
        let lost = mail.lost.load(Ordering::Relaxed);
        // One more than fit may be with the thread already.
        assert!((99..=100).contains(&lost), "{lost}");
        drop(take);
        drop(mail);
        let all: Vec<_> = told.iter().collect();
        assert_eq!(all.len() as u64, sent - lost);
        assert_eq!(all[0], "READY=1\nSTATUS=running");
    }
}
