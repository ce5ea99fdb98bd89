//! Patience: how long the session waits for its observers.
//!
//! In: since when, and whether somebody asked for the end. Out: how much longer. Taps and decisions
//! are foreign code: any of them may never come back, and then a run has to end without it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long taps and decisions may keep the session waiting off line, and at its end.
pub(in crate::session) const OBSERVERS_DEADLINE: Duration = Duration::from_secs(30);

/// How long they may once somebody asked for the end: a person or a service manager waits, and
/// would kill the process before long.
const STOPPED_DEADLINE: Duration = Duration::from_secs(2);

/// How long the session sleeps at most before it looks again.
const LOOK: Duration = Duration::from_millis(10);

/// A wait under way.
pub(super) struct Patience<'a> {
    /// Raised to a signal's number when the run has to end.
    stop: &'a AtomicUsize,
    began: Instant,
    /// How long in all, as far as is known.
    deadline: Duration,
}

impl<'a> Patience<'a> {
    pub(super) fn new(stop: &'a AtomicUsize) -> Self {
        Self {
            stop,
            began: Instant::now(),
            deadline: OBSERVERS_DEADLINE,
        }
    }

    /// How long to sleep until the next look.
    ///
    /// # Errors
    /// How long was waited, once that is too long.
    pub(super) fn next(&mut self) -> Result<Duration, Duration> {
        let waited = self.began.elapsed();
        if self.stop.load(Ordering::Relaxed) != 0 {
            self.deadline = self.deadline.min(waited + STOPPED_DEADLINE);
        }
        match self.deadline.checked_sub(waited) {
            None | Some(Duration::ZERO) => Err(self.deadline),
            Some(left) => Ok(left.min(LOOK)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The wait, begun so long ago.
    fn patience(stop: &AtomicUsize, ago: Duration) -> Patience<'_> {
        let began = Instant::now().checked_sub(ago).unwrap();
        Patience {
            began,
            ..Patience::new(stop)
        }
    }

    #[test]
    fn who_is_asked_to_end_waits_a_moment_longer_and_no_more() {
        let stop = AtomicUsize::new(0);
        let mut waiting = patience(&stop, OBSERVERS_DEADLINE / 2);
        assert_eq!(waiting.next(), Ok(LOOK));
        stop.store(15, Ordering::Relaxed);
        assert_eq!(waiting.next(), Ok(LOOK));
        let short = waiting.deadline;
        assert!(short < OBSERVERS_DEADLINE / 2 + STOPPED_DEADLINE * 2);
        waiting.began = waiting.began.checked_sub(STOPPED_DEADLINE * 2).unwrap();
        assert_eq!(
            waiting.next(),
            Err(short),
            "a second look gives no more time"
        );
    }

    #[test]
    fn nobody_waits_beyond_the_deadline() {
        let stop = AtomicUsize::new(0);
        let mut waiting = patience(&stop, OBSERVERS_DEADLINE);
        assert_eq!(waiting.next(), Err(OBSERVERS_DEADLINE));
    }
}
