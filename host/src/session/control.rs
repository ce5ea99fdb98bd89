//! Control: the end of a session that is asked, plans, and tells.
//!
//! In: what the audio end left in its rings, and requests. Out: changes on their way to it, events
//! for taps and decisions, notes and failures for people. It moves in steps: off line the drive takes
//! them between two blocks, so that everything falls on the same frame in every run; at the pace of
//! the stream the conductor does, and nobody waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use segue_plugin::link::RecordKind;

use crate::clock::Lookout;
use crate::observe::{Event, EventSink};
use crate::pipeline::{Rings, StageRecord};
use crate::realtime::Priority;
use crate::session::changes::Changes;
use crate::session::context::Context;
use crate::session::decision_points::DecisionReceiver;
use crate::session::error::SessionError;
use crate::session::marks::Marks;
use crate::session::observers::{Observers, Step, SubscribedEvent};
use crate::session::run::Pace;
use crate::session::stalls;

/// How long a drive may take to end in order once somebody wants it.
const ENDS_WITHIN: Duration = Duration::from_secs(2);

/// The signal that its end is taken as otherwise.
const SIGTERM: usize = 15;

/// Everything of a session that its audio end never touches.
pub(super) struct Control {
    pub(super) changes: Changes,
    pub(super) rings: Rings,
    pub(super) observers: Option<Observers>,
    pub(super) events: Arc<dyn EventSink>,
    pub(super) marks: Arc<Marks>,
    pub(super) asked: Option<DecisionReceiver>,
    pub(super) pace: Pace,
    pub(super) block_frames: usize,
    /// Chunks that the observers were told of.
    pub(super) chunks_told: u64,
    /// Events that taps were too slow for; live only.
    pub(super) steps_lost: u64,
    /// Why a decision wants the stream to end.
    pub(super) wanted: Option<String>,
    /// Raised to a signal's number when the run has to end.
    pub(super) stop: Arc<AtomicUsize>,
    /// Since when somebody wants the stream to end, and it goes on.
    pub(super) ends_since: Option<Instant>,
    /// Who looks out for stalls; `None` at pace fast, and where the session has no clock.
    pub(super) lookout: Option<Lookout>,
    /// That of the thread that plays.
    pub(super) priority: Arc<Priority>,
    /// How far people were told that the stream is.
    pub(super) told_frames: u64,
}

impl Control {
    /// One step: everything that the audio end left is told, and what is under way goes on.
    ///
    /// # Errors
    /// When observers do not go on, off line.
    pub(super) fn step(&mut self) -> Result<(), SessionError> {
        self.drain()?;
        self.change();
        if self.pace == Pace::RealTime {
            self.decide()?;
            self.observe()?;
            self.tell_progress();
            self.tell_stalls();
        }
        self.hold_to_end();
        Ok(())
    }

    /// Says how far the stream is; off line its drive does.
    fn tell_progress(&mut self) {
        let frames = self.marks.position_frames();
        if frames > self.told_frames && !self.marks.is_closed() {
            self.told_frames = frames;
            self.events.event(Event::Progress { frames });
        }
    }

    /// Says that the stream stalls, or goes on.
    fn tell_stalls(&mut self) {
        let news = self.lookout.as_mut().map(Lookout::news);
        for news in news.into_iter().flatten() {
            self.events.event(stalls::event(news));
        }
    }

    /// A drive that waits for its input, or for whoever reads its output, hears of no end: after a
    /// while it is told as by a signal.
    fn hold_to_end(&mut self) {
        if !self.marks.wants_end() || self.marks.is_closed() {
            return;
        }
        let since = *self.ends_since.get_or_insert_with(Instant::now);
        if since.elapsed() > ENDS_WITHIN {
            let _ = self
                .stop
                .compare_exchange(0, SIGTERM, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// Takes requests while the drive is elsewhere, off line: nothing begins before the next block.
    pub(super) fn hear(&mut self) {
        let (changes, mut context) = self.parts();
        changes.hear(&mut context);
        self.publish();
        self.hold_to_end();
    }

    /// Takes note of what changed, and begins what is wanted.
    pub(super) fn change(&mut self) {
        if self.marks.is_closed() {
            self.changes.close();
        }
        let (changes, mut context) = self.parts();
        changes.after_block(&mut context);
        self.publish();
    }

    /// The changes, and what they may see and touch.
    pub(super) fn parts(&mut self) -> (&mut Changes, Context<'_>) {
        let context = Context {
            rings: &mut self.rings,
            events: &*self.events,
            position_frames: self.marks.position_frames(),
            late_blocks: self
                .lookout
                .as_ref()
                .map_or(0, |lookout| lookout.face().late_turns()),
            lookout: self.lookout.as_ref(),
            priority: &self.priority,
        };
        (&mut self.changes, context)
    }

    /// Lets the other end know what it has to.
    fn publish(&self) {
        let at = self.marks.position_frames();
        let left = self.changes.frames_until_due(at, u64::MAX - at);
        self.marks.set_due_frames(at + left);
        self.marks.set_paused(self.changes.is_paused());
        if self.changes.is_stopped() {
            self.marks.want_end();
        }
    }

    /// Moves what stages left behind to the log and to who subscribed.
    fn drain(&mut self) -> Result<(), SessionError> {
        let mut heard = Vec::new();
        while let Ok(left) = self.rings.records.pop() {
            self.pass_on(&left, &mut heard);
        }
        let Some(observers) = self.observers.as_ref().filter(|_| !heard.is_empty()) else {
            return Ok(());
        };
        match self.pace {
            Pace::Fast => observers.send(Step::Hear(heard))?,
            Pace::RealTime if observers.offer(Step::Hear(heard)) => {}
            Pace::RealTime => self.steps_lost += 1,
        }
        Ok(())
    }

    fn pass_on(&self, left: &StageRecord, heard: &mut Vec<SubscribedEvent>) {
        let record = &left.record;
        let offset = (record.offset_frames as usize).min(self.block_frames);
        let position_frames = left.position_frames + offset as u64;
        let Some(stage) = self.changes.stages().name(left.stage) else {
            return;
        };
        match record.kind {
            RecordKind::NOTE => self.events.event(Event::Note {
                stage: stage.to_string(),
                position_frames,
                text: record.text().to_owned(),
                value: record.value,
            }),
            RecordKind::PUBLISH => {
                let events = self.changes.stages().subscribers(left.stage);
                let who = events
                    .get(record.index as usize)
                    .map_or(&[][..], Vec::as_slice);
                heard.extend(who.iter().map(|(by, subscription)| SubscribedEvent {
                    by: *by,
                    subscription: *subscription,
                    position_frames,
                    value: record.value,
                    from: stage.clone(),
                }));
            }
            _ => {}
        }
    }

    /// Tells the observers of the chunks that were sent since the last time.
    pub(super) fn observe(&mut self) -> Result<(), SessionError> {
        let sent = self.rings.engine().chunks_sent();
        let observers = self.observers.as_ref();
        let Some(observers) = observers.filter(|_| sent > self.chunks_told) else {
            return Ok(());
        };
        match self.pace {
            Pace::Fast => observers.send(Step::Observe(sent))?,
            Pace::RealTime if !observers.offer(Step::Observe(sent)) => return Ok(()),
            Pace::RealTime => {}
        }
        self.chunks_told = sent;
        Ok(())
    }

    /// Asks for the decisions that fell since the last time. Off line it waits for each, with taps
    /// that know everything until then; live it looks for what earlier ones returned.
    pub(super) fn decide(&mut self) -> Result<(), SessionError> {
        let (Some(asked), Some(observers)) = (&mut self.asked, &self.observers) else {
            return Ok(());
        };
        while let Some(moment) = asked.next() {
            let outputs = self.changes.stages().outputs(&moment.outputs);
            let (chunks, frame) = (moment.chunks, moment.frame);
            self.chunks_told = chunks;
            asked.give_back(moment);
            match self.pace {
                Pace::Fast => self.wanted = observers.decide(chunks, frame, outputs)?,
                Pace::RealTime if observers.offer(Step::Decide(chunks, frame, outputs)) => {}
                Pace::RealTime => self.steps_lost += 1,
            }
        }
        if self.pace == Pace::RealTime && self.wanted.is_none() {
            self.wanted = observers.wanted();
        }
        if self.wanted.is_some() {
            self.marks.want_end();
        }
        Ok(())
    }

    /// The failure of the stage that stopped the session.
    pub(super) fn stopped(&self, stage: usize) -> SessionError {
        let fault = self.changes.last_fault(stage);
        let position_frames = self.marks.position_frames();
        SessionError::Stopped {
            stage: self
                .changes
                .stages()
                .name(stage)
                .map_or_else(String::new, ToString::to_string),
            frame: fault.map_or(position_frames, |fault| fault.position_frames),
            text: fault.map(|fault| fault.text.clone()).unwrap_or_default(),
        }
    }
}
