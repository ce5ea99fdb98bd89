//! Conductor: one thread that takes the steps of all sessions of the process.
//!
//! In: sessions, from when they start until they end. Out: their steps, a few milliseconds apart
//! while something is under way, and rarer while nothing is. The audio end makes no system call, so
//! nobody wakes the conductor when a block is over: it looks.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{self, Thread};
use std::time::Duration;

use crate::loading::Missed;
use crate::session::control::Control;
use crate::session::error::SessionError;
use crate::session::run::Pace;
use crate::swap::ask::{ControlEnd, Requests, ends};
use crate::threads::prepare_to_wait;

/// How long the conductor rests while a change is under way somewhere: a fraction of a block, so that
/// what is ready is heard with the next one.
const BUSY: Duration = Duration::from_millis(1);

/// How long it rests otherwise: nobody notices such a delay of a status, a note or a reading, and
/// fifty looks a second at hundreds of sessions cost next to nothing.
const IDLE: Duration = Duration::from_millis(20);

/// The control end of a session, as its drive and the conductor share it; empty once it is over.
pub(super) struct Desk(Mutex<Option<Control>>);

impl Desk {
    pub(super) fn new(control: Control) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(control))))
    }

    /// Its content, until the guard is dropped.
    pub(super) fn lock(&self) -> MutexGuard<'_, Option<Control>> {
        // What a panic left half done is no worse than what it would leave otherwise.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the content out: the session is over.
    pub(super) fn close(&self) -> Control {
        self.lock().take().expect("a session is over once")
    }

    /// Takes a step, as far as it is the conductor's; returns how long it may rest then.
    fn look(&self) -> Duration {
        let mut control = match self.0.try_lock() {
            Ok(control) => control,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // Its drive steps itself.
            Err(TryLockError::WouldBlock) => return IDLE,
        };
        let Some(control) = control.as_mut() else {
            return IDLE;
        };
        if control.pace == Pace::Fast {
            control.hear();
            return IDLE;
        }
        // At the pace of the stream no step waits for anybody, and none fails.
        let _ = control.step();
        match control.changes.is_at_work() {
            true => BUSY,
            false => IDLE,
        }
    }
}

/// Who leads the sessions of this process.
static CONDUCTOR: Mutex<Conductor> = Mutex::new(Conductor {
    desks: Vec::new(),
    thread: None,
});

struct Conductor {
    desks: Vec<Arc<Desk>>,
    thread: Option<Thread>,
}

/// A session that is led, for as long as this value lives.
pub(super) struct Led(Arc<Desk>);

impl Led {
    /// Leads a session from now on; the first one starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(desk: &Arc<Desk>) -> Result<Self, SessionError> {
        let mut conductor = conductor();
        conductor.desks.push(Arc::clone(desk));
        let led = Self(Arc::clone(desk));
        if conductor.thread.is_none() {
            let spawned = thread::Builder::new()
                .name("conductor".to_owned())
                .spawn(|| {
                    prepare_to_wait();
                    lead();
                });
            match spawned {
                Ok(spawned) => conductor.thread = Some(spawned.thread().clone()),
                Err(_) => {
                    drop(conductor);
                    return Err(SessionError::Missed {
                        step: "the conductor".to_owned(),
                        why: Missed::NotStarted,
                    });
                }
            }
        }
        Ok(led)
    }
}

impl Drop for Led {
    fn drop(&mut self) {
        let desks = &mut conductor().desks;
        desks.retain(|desk| !Arc::ptr_eq(desk, &self.0));
    }
}

/// Both ends of a session's queue of requests: the conductor looks at once where something is asked.
#[must_use]
pub fn control_ends() -> (ControlEnd, Requests) {
    ends(wake)
}

/// Lets the conductor look at once.
fn wake() {
    if let Some(thread) = &conductor().thread {
        thread.unpark();
    }
}

fn conductor() -> MutexGuard<'static, Conductor> {
    CONDUCTOR.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The thread: looks at every session, until there is none.
fn lead() {
    loop {
        let desks = {
            let mut conductor = conductor();
            if conductor.desks.is_empty() {
                conductor.thread = None;
                return;
            }
            conductor.desks.clone()
        };
        let rests = desks.iter().map(|desk| desk.look());
        let rest = rests.min().unwrap_or(IDLE);
        drop(desks);
        thread::park_timeout(rest);
    }
}
