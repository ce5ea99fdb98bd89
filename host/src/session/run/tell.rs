//! Tell: what a run owes its observers and its audience.
//!
//! In: what the engine left in its rings. Out: chunks and events for taps and decisions, notes and
//! failures for people.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use segue_plugin::link::RecordKind;

use crate::loading::Missed;
use crate::observe::Event;
use crate::pipeline::{Stage, StageState};
use crate::session::error::SessionError;
use crate::session::observers::{Heard, OBSERVERS_DEADLINE, Offer};
use crate::session::run::{Pace, Runner};

/// How long the session sleeps at most before it looks again whether taps have room.
const TAP_WAIT: Duration = Duration::from_millis(10);

impl Runner<'_> {
    /// Off line every tap gets every frame: the session waits, within a deadline. Live it never
    /// does: a tap that is too slow misses frames, which are counted.
    pub(super) fn wait_for_taps(&mut self) -> Result<(), SessionError> {
        let (Pace::Fast, Some(observers)) = (self.plan.pace, self.observers) else {
            return Ok(());
        };
        let mut waits = 0;
        while !self.engine.taps_have_room() && self.plan.stop.load(Ordering::Relaxed) == 0 {
            self.observe();
            if !observers.is_alive() {
                return Err(SessionError::Observers(Missed::Ended));
            }
            if waits == OBSERVERS_DEADLINE.as_millis() / TAP_WAIT.as_millis() {
                return Err(SessionError::Observers(Missed::Deadline(
                    OBSERVERS_DEADLINE,
                )));
            }
            let before = Instant::now();
            thread::park_timeout(TAP_WAIT);
            // Woken early, there was progress: only whole waits count towards the deadline.
            waits = if before.elapsed() < TAP_WAIT {
                0
            } else {
                waits + 1
            };
        }
        Ok(())
    }

    /// Tells the observers of the chunks that were sent since the last time.
    pub(super) fn observe(&mut self) {
        let sent = self.engine.chunks_sent();
        let Some(observers) = self.observers.filter(|_| sent > self.chunks_asked) else {
            return;
        };
        match self.plan.pace {
            Pace::Fast => observers.observe(sent),
            Pace::RealTime if !observers.offer(Offer::Observe(sent)) => return,
            Pace::RealTime => {}
        }
        self.chunks_asked = sent;
    }

    /// At a decision's frame: off line, waits until all taps know everything so far, and asks;
    /// live, asks and looks for the answer at each block.
    pub(super) fn decide(&mut self) -> Result<Option<String>, SessionError> {
        let (Some(every), Some(observers)) = (self.plan.decide_every_frames, self.observers) else {
            return Ok(None);
        };
        if self.position_frames.is_multiple_of(every) {
            self.engine.flush_taps();
            self.chunks_asked = self.engine.chunks_sent();
            let outputs = self.changes.cast.outputs(self.engine);
            let (chunks, frame) = (self.chunks_asked, self.position_frames);
            match self.plan.pace {
                Pace::Fast => return observers.decide(chunks, frame, outputs),
                Pace::RealTime if observers.offer(Offer::Decide(chunks, frame, outputs)) => {}
                Pace::RealTime => self.counters.steps_lost += 1,
            }
        }
        Ok(match self.plan.pace {
            Pace::Fast => None,
            Pace::RealTime => observers.wanted(),
        })
    }

    /// Moves what stages left behind to the log and to who subscribed.
    pub(super) fn drain(&mut self) {
        let mut heard = Vec::new();
        while let Ok(left) = self.rings.records.pop() {
            let record = &left.record;
            let offset = (record.offset_frames as usize).min(self.plan.block_frames);
            let position_frames = left.position_frames + offset as u64;
            let stage = self.changes.cast.name(left.stage);
            match record.kind {
                RecordKind::NOTE => self.events.event(Event::Note {
                    stage: stage.to_string(),
                    position_frames,
                    text: record.text().to_owned(),
                    value: record.value,
                }),
                RecordKind::PUBLISH => {
                    let events = self.changes.cast.subscribers(left.stage);
                    let who = events
                        .get(record.index as usize)
                        .map_or(&[][..], Vec::as_slice);
                    heard.extend(who.iter().map(|(by, subscription)| Heard {
                        by: *by,
                        subscription: *subscription,
                        position_frames,
                        value: record.value,
                        from: Arc::clone(stage),
                    }));
                }
                _ => {}
            }
        }
        let Some(observers) = self.observers.filter(|_| !heard.is_empty()) else {
            return;
        };
        match self.plan.pace {
            Pace::Fast => observers.hear(heard),
            Pace::RealTime if observers.offer(Offer::Hear(heard)) => {}
            Pace::RealTime => self.counters.steps_lost += 1,
        }
    }

    pub(super) fn stopped(&self, stage: usize) -> SessionError {
        let failed = self.engine.stage(stage);
        let frame = match failed.map(Stage::state) {
            Some(StageState::Out(fault)) => fault.position_frames,
            Some(StageState::Running) | None => self.position_frames,
        };
        SessionError::Stopped {
            stage: self.changes.cast.name(stage).to_string(),
            frame,
            text: failed.map(Stage::describe_fault).unwrap_or_default(),
        }
    }
}
