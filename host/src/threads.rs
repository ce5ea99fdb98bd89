//! Threads: the end of a thread that was told to end, waited for so long and no longer.
//!
//! In: a thread. Out: whether it ended. The loader of libraries has one lock, which a thread takes
//! when it first keeps something of its own: while the initializer of a library does not come back,
//! a thread may wait for that lock where nobody expects it, and who waits for the thread as well.

use std::sync::mpsc::sync_channel;
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

/// How long the end of a thread is waited for.
const END_MAX: Duration = Duration::from_secs(2);

/// The first and the longest pause between two looks.
const PAUSE_MIN: Duration = Duration::from_micros(50);
const PAUSE_MAX: Duration = Duration::from_millis(5);

/// What became of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThreadEnd {
    /// It is over; whether it panicked its own hook has told.
    Over,
    /// It goes on, and goes with the process.
    Left,
}

/// Has this thread take now what it needs to wait on a channel. Called first in every thread that
/// is to go on while a library is opened: the first wait registers a destructor with the loader, and
/// would wait for the initializer of that library. Thread: any but audio.
pub fn prepare_to_wait() {
    let (_sender, receiver) = sync_channel::<()>(0);
    // Without a place for a message the wait begins, though its time is over.
    let _ = receiver.recv_timeout(Duration::ZERO);
}

/// Waits for a thread that was told to end, at most 2 s. Thread: any but audio.
pub fn wait_for_end(thread: JoinHandle<()>) -> ThreadEnd {
    within(thread, END_MAX)
}

fn within(thread: JoinHandle<()>, most: Duration) -> ThreadEnd {
    let (begun, mut pause) = (Instant::now(), PAUSE_MIN);
    while !thread.is_finished() {
        if begun.elapsed() >= most {
            return ThreadEnd::Left;
        }
        sleep(pause);
        pause = (2 * pause).min(PAUSE_MAX);
    }
    let _ = thread.join(); // A panic was told when it came.
    ThreadEnd::Over
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread::spawn;

    use super::*;

    #[test]
    fn a_thread_that_ends_is_over_and_one_that_does_not_is_left() {
        assert_eq!(wait_for_end(spawn(|| {})), ThreadEnd::Over);
        let (end, ended) = channel::<()>();
        let hung = spawn(move || {
            let _ = ended.recv();
        });
        assert_eq!(within(hung, Duration::ZERO), ThreadEnd::Left);
        drop(end);
    }
}
