//! Pace: how fast a run goes, as plugins are told, and whether it waits for workers.
//!
//! In: a pace, and what a worker was asked. Out: a mode; the answer, if it is there. Thread: control.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use segue_plugin::setup::Mode;

use crate::loading::{Missed, Pending};
use crate::observe::Pace;

/// How long the session waits at most before it looks again whether it is to stop.
const PATIENCE: Duration = Duration::from_millis(20);

/// Whether the stream waits for workers.
#[derive(Clone)]
pub(super) struct Barrier {
    /// At pace fast it does.
    pub(super) pace: Pace,
    /// Raised to a signal's number when the session has to end.
    pub(super) stop: Arc<AtomicUsize>,
}

/// What plugins are told of a pace.
pub(super) const fn mode(pace: Pace) -> Mode {
    match pace {
        Pace::Fast => Mode::Offline,
        Pace::RealTime => Mode::RealTime,
    }
}

impl Barrier {
    /// What a worker has to say: waited for off line, looked for otherwise.
    pub(super) fn look<R>(&self, pending: &Pending<R>) -> Option<Result<R, Missed>> {
        if self.pace == Pace::RealTime {
            return pending.look(Duration::ZERO);
        }
        while self.stop.load(Ordering::Relaxed) == 0 {
            if let Some(answer) = pending.look(PATIENCE) {
                return Some(answer);
            }
        }
        None
    }
}
