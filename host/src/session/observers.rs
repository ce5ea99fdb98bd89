//! Observers: taps that listen and decisions that fall, on threads that all sessions share.
//!
//! In: chunks from the engine, events that stages published, and the frames at which to decide.
//! Out: readings, actions and failures, collected for the report.
//!
//! The session says how many chunks to take before each step, so that what a decision sees depends
//! on the stream alone, never on which thread was faster.

mod busy;
mod decide;
mod patience;
mod pool;
mod steps;
mod tap;
mod worker;

use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Weak};
use std::thread;

use crate::id::StageId;
use crate::loading::Missed;
use crate::observe::{DecideReport, EventSink, TapReport};
use crate::pipeline::{Feeds, ReadBy};
use crate::session::bind::Bindings;
use crate::session::build::Instances;
use crate::session::error::SessionError;
use crate::session::observers::busy::Busy;
pub(super) use crate::session::observers::decide::{DecideSetup, Leave};
pub(super) use crate::session::observers::patience::OBSERVERS_DEADLINE;
use crate::session::observers::patience::Patience;
pub(super) use crate::session::observers::steps::Step;
use crate::session::observers::steps::{STEPS_MAX, Steps};
use crate::session::observers::worker::{Says, Worker};

/// An event on its way to who subscribed to it.
#[derive(Debug, Clone)]
pub(super) struct SubscribedEvent {
    /// A tap or a decision, by its place in the file.
    pub(super) by: Subscriber,
    /// Which of its subscriptions.
    pub(super) subscription: u32,
    /// Stream time.
    pub(super) position_frames: u64,
    /// The number it carries.
    pub(super) value: f64,
    /// The stage that published it.
    pub(super) from: StageId,
}

/// Who subscribed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subscriber {
    Tap(usize),
    Decide(usize),
}

/// What the observers found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) taps: Vec<TapReport>,
    pub(super) decides: Vec<DecideReport>,
}

/// The session's end of its taps and decisions.
pub(super) struct Observers {
    steps: Arc<Steps>,
    answers: Receiver<Option<String>>,
    found: Receiver<Found>,
    /// Gone once the other end is.
    life: Weak<()>,
    /// Raised to a signal's number when the run has to end.
    stop: Arc<AtomicUsize>,
    busy: Arc<Busy>,
}

impl Observers {
    /// Has instances listen and decide from now on; `None` when nobody does.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(
        bindings: &Bindings,
        instances: Instances,
        setup: Setup<'_>,
    ) -> Result<Option<Self>, SessionError> {
        if instances.taps.is_empty() && instances.decides.is_empty() {
            return Ok(None);
        }
        if !pool::shared().look() {
            return Err(SessionError::observers("their thread", Missed::NotStarted));
        }
        let stop = Arc::clone(&setup.stop);
        let (answer, answers) = sync_channel(STEPS_MAX);
        let (tell, found) = sync_channel(1);
        let says = Says {
            answer,
            found: tell,
        };
        let worker = Worker::new(bindings, instances, setup, says);
        Ok(Some(Self {
            life: worker.life(),
            busy: worker.busy(),
            steps: Steps::of(worker),
            answers,
            found,
            stop,
        }))
    }

    /// Whether somebody is there to take chunks.
    pub(super) fn is_alive(&self) -> bool {
        self.life.strong_count() > 0
    }

    /// Decides at a frame and waits; returns why the session has to stop, if it has to.
    ///
    /// # Errors
    /// When there is no answer in time.
    pub(super) fn decide(
        &self,
        chunks: u64,
        frame: u64,
        outputs: Vec<Vec<f64>>,
    ) -> Result<Option<String>, SessionError> {
        self.send(Step::Decide(chunks, frame, outputs))?;
        self.wait(&self.answers)
    }

    /// Hands over a step without waiting; returns whether there was room. For runs that keep pace.
    pub(super) fn offer(&self, step: Step) -> bool {
        let is_taken = self.steps.add(step).is_ok();
        pool::shared().look();
        is_taken
    }

    /// Why the session has to stop, if a decision that was offered earlier said so.
    pub(super) fn wanted(&self) -> Option<String> {
        self.answers.try_iter().flatten().next()
    }

    /// Ends all of it after so many chunks; returns what was found.
    ///
    /// # Errors
    /// When it does not end in time; it is then abandoned.
    pub(super) fn finish(self, chunks: u64) -> Result<Found, SessionError> {
        self.send(Step::Finish(chunks))?;
        self.wait(&self.found)
    }

    /// The error for observers that do not go on, with the name of who keeps them.
    pub(super) fn missed(&self, why: Missed) -> SessionError {
        SessionError::observers(&self.busy.who(), why)
    }

    /// Hands over a step once there is room for it. Events are heard before the chunks that come
    /// after.
    ///
    /// # Errors
    /// When there is no room in time.
    pub(super) fn send(&self, mut step: Step) -> Result<(), SessionError> {
        let mut patience = Patience::new(&self.stop);
        while self.is_alive() {
            step = match self.steps.add(step) {
                Err(step) => step,
                Ok(()) => return Ok(()),
            };
            pool::shared().look();
            let next = patience.next();
            // A tap that takes a chunk wakes this thread.
            thread::park_timeout(next.map_err(|waited| self.missed(Missed::Deadline(waited)))?);
        }
        // The other end is gone only if it panicked: whoever waits for it hears so.
        Ok(())
    }

    /// Waits for what the other end has to say.
    fn wait<R>(&self, from: &Receiver<R>) -> Result<R, SessionError> {
        let mut patience = Patience::new(&self.stop);
        loop {
            let next = patience.next();
            let next = next.map_err(|waited| self.missed(Missed::Deadline(waited)))?;
            match from.recv_timeout(next) {
                Ok(said) => return Ok(said),
                Err(RecvTimeoutError::Timeout) => drop(pool::shared().look()),
                Err(RecvTimeoutError::Disconnected) => return Err(self.missed(Missed::Ended)),
            }
        }
    }
}

impl Drop for Observers {
    fn drop(&mut self) {
        self.steps.close();
    }
}

/// What the observers need to know of the session.
pub(super) struct Setup<'a> {
    /// What goes to taps.
    pub(super) feeds: Feeds,
    /// What each decision reads.
    pub(super) reads: Vec<Vec<ReadBy>>,
    pub(super) events: Arc<dyn EventSink>,
    /// Raised to a signal's number when the run has to end.
    pub(super) stop: Arc<AtomicUsize>,
    /// The report of a tap before anything happened, by its place in the file.
    pub(super) tap_report: &'a dyn Fn(usize) -> TapReport,
    /// What a decision may do, by its place in the file.
    pub(super) decide: &'a dyn Fn(usize) -> DecideSetup,
}
