//! Worker: the taps and decisions of one session, step by step.
//!
//! In: chunks from the engine, events that stages published, and the frames at which to decide.
//! Out: why the session has to stop, if it has to; in the end readings, actions and failures.

use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Weak};
use std::thread::{self, Thread};

use segue_plugin::link::Reading;

use crate::pipeline::{Feeds, ReadBy};
use crate::session::bind::Bindings;
use crate::session::build::Instances;
use crate::session::observers::busy::Busy;
use crate::session::observers::decide::DecideRun;
use crate::session::observers::steps::Step;
use crate::session::observers::tap::TapRun;
use crate::session::observers::{Found, Setup, SubscribedEvent, Subscriber};

/// Where a worker says what it came to.
pub(super) struct Says {
    /// Of each decision why the session has to stop, if it has to.
    pub(super) answer: SyncSender<Option<String>>,
    /// Everything, once.
    pub(super) found: SyncSender<Found>,
}

/// The taps and decisions of one session.
pub(super) struct Worker {
    feeds: Feeds,
    taken: u64,
    taps: Vec<TapRun>,
    decides: Vec<DecideRun>,
    reads: Vec<Vec<ReadBy>>,
    session: Thread,
    busy: Arc<Busy>,
    says: Says,
    life: Arc<()>,
}

impl Worker {
    /// One that wakes the thread that calls this when a chunk is taken.
    pub(super) fn new(
        bindings: &Bindings,
        instances: Instances,
        setup: Setup<'_>,
        says: Says,
    ) -> Self {
        let tap = |(at, (live, bound))| {
            let report = (setup.tap_report)(at);
            TapRun::new(live, bound, report, Arc::clone(&setup.events))
        };
        let decide = |(at, decision)| {
            DecideRun::new(decision, &(setup.decide)(at), Arc::clone(&setup.events))
        };
        let taps = instances.taps.into_iter().zip(&bindings.taps).enumerate();
        Self {
            taps: taps.map(tap).collect(),
            decides: instances
                .decides
                .into_iter()
                .enumerate()
                .map(decide)
                .collect(),
            feeds: setup.feeds,
            taken: 0,
            reads: setup.reads,
            session: thread::current(),
            busy: Arc::new(Busy::of(bindings)),
            says,
            life: Arc::new(()),
        }
    }

    /// Which tap or decision is at work.
    pub(super) fn busy(&self) -> Arc<Busy> {
        Arc::clone(&self.busy)
    }

    /// Gone once the worker is.
    pub(super) fn life(&self) -> Weak<()> {
        Arc::downgrade(&self.life)
    }

    /// Does a step; returns itself for the next one.
    pub(super) fn step(mut self, step: Step) -> Option<Self> {
        match step {
            Step::Hear(events) => events.into_iter().for_each(|heard| self.hear(heard)),
            Step::Observe(chunks) => self.take(chunks),
            Step::Decide(chunks, frame, outputs) => {
                self.take(chunks);
                let stop = self.decide(frame, &outputs);
                // Full when the session keeps pace and has not looked: the next look sees it.
                let _ = self.says.answer.try_send(stop);
            }
            Step::Finish(chunks) => {
                self.take(chunks);
                return self.step(Step::End);
            }
            Step::End => {
                let found = self.end();
                // Nobody listens any more when the session has given up waiting.
                let _ = self.says.found.try_send(found);
                return None;
            }
        }
        Some(self)
    }

    /// Ends every instance; what it does when it is dropped happens before the session goes on.
    fn end(&mut self) -> Found {
        let (busy, tap_count) = (&self.busy, self.taps.len());
        let taps = self.taps.drain(..).enumerate().map(|(at, mut tap)| {
            busy.with(at, move || {
                tap.finish();
                tap.report()
            })
        });
        let taps = taps.collect();
        let decides = self.decides.drain(..).enumerate();
        let decides = decides.map(|(at, mut decide)| {
            busy.with(tap_count + at, move || {
                decide.finish();
                decide.report()
            })
        });
        Found {
            taps,
            decides: decides.collect(),
        }
    }

    fn hear(&mut self, heard: SubscribedEvent) {
        match heard.by {
            Subscriber::Tap(tap) => self.taps[tap].hear(heard),
            Subscriber::Decide(decide) => self.decides[decide].hear(heard),
        }
    }

    fn take(&mut self, chunks: u64) {
        while self.taken < chunks {
            let Ok(chunk) = self.feeds.full.pop() else {
                return;
            };
            self.taken += 1;
            let tap = chunk.tap;
            self.busy.with(tap, || self.taps[tap].observe(&chunk));
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
        for (at, (decide, reads)) in self.decides.iter_mut().zip(&self.reads).enumerate() {
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
            let wanted = self
                .busy
                .with(self.taps.len() + at, || decide.decide(frame));
            stop = stop.or(wanted);
        }
        stop
    }
}
