//! Observers: the thread on which taps listen and decisions fall.
//!
//! In: chunks from the engine, events that stages published, and the frames at which to decide.
//! Out: readings, actions and failures, collected for the report.
//!
//! The session says how many chunks to take before each step, so that what a decision sees depends
//! on the stream alone, never on which thread was faster.

mod decide;
mod tap;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use segue_plugin::link::Reading;

use crate::audio::FloatMode;
use crate::loading::Missed;
use crate::observe::{DecideReport, EventSink, TapReport};
use crate::pipeline::Feeds;
use crate::session::bind::Bindings;
use crate::session::build::Instances;
use crate::session::error::SessionError;
use crate::session::observers::decide::DecideRun;
use crate::session::observers::tap::TapRun;
use crate::session::wires::{ReadBy, Wires};

/// Steps in flight: the session waits when the observers are so far behind.
const STEPS_MAX: usize = 64;

/// How long taps and decisions may keep the session waiting off line.
pub(super) const OBSERVERS_DEADLINE: Duration = Duration::from_secs(30);

/// An event on its way to who subscribed to it.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    /// A tap or a decision, by its place in the file.
    pub(super) by: HeardBy,
    /// Which of its subscriptions.
    pub(super) subscription: u32,
    /// Stream time.
    pub(super) position_frames: u64,
    /// The number it carries.
    pub(super) value: f64,
    /// The stage that published it.
    pub(super) from: Arc<str>,
}

/// Who subscribed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeardBy {
    Tap(usize),
    Decide(usize),
}

enum Step {
    /// Take events.
    Hear(Vec<Heard>),
    /// Take chunks until so many are taken.
    Observe(u64),
    /// Take chunks, then decide at a frame; the outputs of stages as of now.
    Decide(u64, u64, Vec<Vec<f64>>),
    /// Take chunks and end.
    Finish(u64),
}

/// What the observers found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) taps: Vec<TapReport>,
    pub(super) decides: Vec<DecideReport>,
}

/// The session's end of the thread.
#[derive(Debug)]
pub(super) struct Observers {
    steps: SyncSender<Step>,
    answers: Receiver<Option<String>>,
    found: Receiver<Found>,
    thread: JoinHandle<()>,
}

impl Observers {
    /// Starts the thread; `None` when nobody listens.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(
        bindings: &Bindings,
        wires: &Wires,
        instances: Instances,
        feeds: Feeds,
        setup: &Setup<'_>,
    ) -> Result<Option<Self>, SessionError> {
        let (observers, decisions) = (instances.taps, instances.decides);
        if observers.is_empty() && decisions.is_empty() {
            return Ok(None);
        }
        let taps =
            observers
                .into_iter()
                .zip(&bindings.taps)
                .enumerate()
                .map(|(at, (live, bound))| {
                    let report = (setup.tap_report)(at);
                    TapRun::new(live, bound, report, Arc::clone(&setup.events))
                });
        let decides = decisions.into_iter().enumerate().map(|(at, decision)| {
            DecideRun::new(decision, &(setup.decide)(at), Arc::clone(&setup.events))
        });
        let (steps, received) = sync_channel(STEPS_MAX);
        let (answer, answers) = sync_channel(STEPS_MAX);
        let (tell, found) = sync_channel(1);
        let mut worker = Worker {
            feeds,
            taken: 0,
            taps: taps.collect(),
            decides: decides.collect(),
            reads: wires.reads.clone(),
            session: thread::current(),
        };
        let run = move || {
            // Nobody listens any more when the session has given up waiting.
            let _ = tell.send(worker.run(&received, &answer));
        };
        let thread = thread::Builder::new()
            .name("observers".to_owned())
            .spawn(run)
            .map_err(|_| SessionError::Observers(Missed::NotStarted))?;
        Ok(Some(Self {
            steps,
            answers,
            found,
            thread,
        }))
    }

    /// Whether the thread is there to take chunks.
    pub(super) fn is_alive(&self) -> bool {
        !self.thread.is_finished()
    }

    /// Hands over events; they are heard before the chunks that come after. Waits for room.
    pub(super) fn hear(&self, events: Vec<Heard>) {
        self.send(Step::Hear(events));
    }

    /// Lets the observers take chunks until so many are taken. Waits for room.
    pub(super) fn observe(&self, chunks: u64) {
        self.send(Step::Observe(chunks));
    }

    /// Decides at a frame and waits; answers why the session has to stop, if it has to.
    ///
    /// # Errors
    /// When there is no answer in time.
    pub(super) fn decide(
        &self,
        chunks: u64,
        frame: u64,
        outputs: Vec<Vec<f64>>,
    ) -> Result<Option<String>, SessionError> {
        self.send(Step::Decide(chunks, frame, outputs));
        self.answers
            .recv_timeout(OBSERVERS_DEADLINE)
            .map_err(missed)
    }

    /// Hands over a step without waiting; answers whether there was room. For runs that keep pace.
    pub(super) fn offer(&self, offer: Offer) -> bool {
        let step = match offer {
            Offer::Hear(events) => Step::Hear(events),
            Offer::Observe(chunks) => Step::Observe(chunks),
            Offer::Decide(chunks, frame, outputs) => Step::Decide(chunks, frame, outputs),
        };
        self.steps.try_send(step).is_ok()
    }

    /// Why the session has to stop, if a decision that was offered earlier said so.
    pub(super) fn wanted(&self) -> Option<String> {
        self.answers.try_iter().flatten().next()
    }

    /// Ends the thread after so many chunks; answers what was found.
    ///
    /// # Errors
    /// When the thread does not end in time; it is then abandoned.
    pub(super) fn finish(self, chunks: u64) -> Result<Found, SessionError> {
        self.send(Step::Finish(chunks));
        drop(self.steps);
        self.found.recv_timeout(OBSERVERS_DEADLINE).map_err(missed)
    }

    fn send(&self, step: Step) {
        // The other end is gone only if the thread died; whoever waits for an answer is told.
        let _ = self.steps.send(step);
    }
}

/// A step that may find no room.
pub(super) enum Offer {
    Hear(Vec<Heard>),
    Observe(u64),
    Decide(u64, u64, Vec<Vec<f64>>),
}

fn missed(error: RecvTimeoutError) -> SessionError {
    SessionError::Observers(match error {
        RecvTimeoutError::Timeout => Missed::Deadline(OBSERVERS_DEADLINE),
        RecvTimeoutError::Disconnected => Missed::Ended,
    })
}

/// What the observers need to know of the session.
pub(super) struct Setup<'a> {
    pub(super) events: Arc<dyn EventSink>,
    /// The report of a tap before anything happened, by its place in the file.
    pub(super) tap_report: &'a dyn Fn(usize) -> TapReport,
    /// What a decision may do, by its place in the file.
    pub(super) decide: &'a dyn Fn(usize) -> DecideSetup,
}

/// What a decision may do.
#[derive(Debug, Clone)]
pub(super) struct DecideSetup {
    pub(super) report: DecideReport,
    pub(super) may_alert: Leave,
    pub(super) may_stop: Leave,
}

/// Whether an action is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    Granted,
    NotListed,
    DryRun,
}

struct Worker {
    feeds: Feeds,
    taken: u64,
    taps: Vec<TapRun>,
    decides: Vec<DecideRun>,
    reads: Vec<Vec<ReadBy>>,
    session: Thread,
}

impl Worker {
    fn run(&mut self, steps: &Receiver<Step>, answer: &SyncSender<Option<String>>) -> Found {
        let _mode = FloatMode::enter();
        while let Ok(step) = steps.recv() {
            match step {
                Step::Hear(events) => events.into_iter().for_each(|heard| self.hear(heard)),
                Step::Observe(chunks) => self.take(chunks),
                Step::Decide(chunks, frame, outputs) => {
                    self.take(chunks);
                    let stop = self.decide(frame, &outputs);
                    // Full when the session keeps pace and has not looked: the next look sees it.
                    let _ = answer.try_send(stop);
                }
                Step::Finish(chunks) => {
                    self.take(chunks);
                    break;
                }
            }
        }
        self.taps.iter_mut().for_each(TapRun::finish);
        self.decides.iter_mut().for_each(DecideRun::finish);
        Found {
            taps: self.taps.iter().map(TapRun::report).collect(),
            decides: self.decides.iter().map(DecideRun::report).collect(),
        }
    }

    fn hear(&mut self, heard: Heard) {
        match heard.by {
            HeardBy::Tap(tap) => self.taps[tap].hear(heard),
            HeardBy::Decide(decide) => self.decides[decide].hear(heard),
        }
    }

    fn take(&mut self, chunks: u64) {
        while self.taken < chunks {
            let Ok(chunk) = self.feeds.full.pop() else {
                return;
            };
            self.taken += 1;
            let tap = chunk.tap;
            self.taps[tap].observe(&chunk);
            // The ring has a place for each of its chunks.
            let _ = self.feeds.empty[tap].push(chunk);
            self.session.unpark();
            self.share(tap);
        }
    }

    /// Gives what a tap just emitted to the decisions that read it.
    fn share(&mut self, tap: usize) {
        let emitted = self.taps[tap].take_emitted();
        for (decide, reads) in self.decides.iter_mut().zip(&self.reads) {
            let sources = reads
                .iter()
                .enumerate()
                .filter(|(_, read)| **read == ReadBy::Tap(tap));
            for (source, _) in sources {
                decide.take(emitted.iter().map(|reading| Reading {
                    source: source as u32,
                    ..*reading
                }));
            }
        }
    }

    fn decide(&mut self, frame: u64, outputs: &[Vec<f64>]) -> Option<String> {
        let mut stop = None;
        for (decide, reads) in self.decides.iter_mut().zip(&self.reads) {
            for (source, read) in reads.iter().enumerate() {
                let ReadBy::Stage(stage) = *read else {
                    continue;
                };
                decide.take(
                    outputs[stage]
                        .iter()
                        .enumerate()
                        .map(|(reading, value)| Reading {
                            frame,
                            source: source as u32,
                            reading: reading as u32,
                            channel: 0,
                            value: *value,
                        }),
                );
            }
            let wanted = decide.decide(frame);
            stop = stop.or(wanted);
        }
        stop
    }
}
