//! Tell: what a run owes its observers and its audience.
//!
//! In: what the engine left in its rings. Out: chunks and events for taps and decisions, notes and
//! failures for people.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use segue_plugin::link::RecordKind;

use crate::observe::Event;
use crate::pipeline::StageState;
use crate::session::error::SessionError;
use crate::session::observers::Heard;
use crate::session::run::{Pace, Runner};

/// How long the session sleeps at most before it looks again whether taps have room.
const TAP_WAIT: Duration = Duration::from_millis(10);

impl Runner<'_> {
    /// Off line every tap gets every frame: the session waits. Live it never does.
    pub(super) fn wait_for_taps(&mut self) {
        if self.plan.pace == Pace::RealTime {
            return;
        }
        while !self.engine.taps_have_room() {
            self.observe();
            thread::park_timeout(TAP_WAIT);
        }
    }

    /// Tells the observers of the chunks that were sent since the last time.
    pub(super) fn observe(&mut self) {
        let sent = self.engine.chunks_sent();
        if let (Some(observers), true) = (self.observers, sent > self.chunks_asked) {
            observers.observe(sent);
            self.chunks_asked = sent;
        }
    }

    /// At a decision's frame: waits until all taps know everything so far, and asks.
    pub(super) fn decide(&mut self) -> Option<String> {
        let every = self.plan.decide_every_frames?;
        let observers = self.observers?;
        if !self.position_frames.is_multiple_of(every) {
            return None;
        }
        self.engine.flush_taps();
        self.chunks_asked = self.engine.chunks_sent();
        let outputs = self
            .engine
            .stages()
            .iter()
            .map(|stage| stage.output_values().to_vec());
        observers.decide(self.chunks_asked, self.position_frames, outputs.collect())
    }

    /// Moves what stages left behind to the log and to who subscribed.
    pub(super) fn drain(&mut self) {
        let mut heard = Vec::new();
        while let Ok(left) = self.rings.records.pop() {
            let record = &left.record;
            let position_frames = left.position_frames + u64::from(record.offset_frames);
            let stage = &self.plan.stages[left.stage];
            match record.kind {
                RecordKind::NOTE => self.events.event(Event::Note {
                    stage: stage.to_string(),
                    position_frames,
                    text: record.text().to_owned(),
                    value: record.value,
                }),
                RecordKind::PUBLISH => {
                    let events = &self.plan.subscribers[left.stage];
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
        if let (Some(observers), false) = (self.observers, heard.is_empty()) {
            observers.hear(heard);
        }
    }

    /// Tells of stages that failed since the last time.
    pub(super) fn tell_faults(&mut self) {
        for (at, stage) in self.engine.stages().iter().enumerate() {
            if let (StageState::Out(fault), false) = (stage.state(), self.told[at]) {
                self.told[at] = true;
                self.events.event(Event::Fault {
                    stage: self.plan.stages[at].to_string(),
                    position_frames: fault.position_frames,
                    text: stage.describe_fault(),
                });
            }
        }
    }

    pub(super) fn stopped(&self, stage: usize) -> SessionError {
        let failed = &self.engine.stages()[stage];
        let frame = match failed.state() {
            StageState::Out(fault) => fault.position_frames,
            StageState::Running => self.position_frames,
        };
        SessionError::Stopped {
            stage: self.plan.stages[stage].to_string(),
            frame,
            text: failed.describe_fault(),
        }
    }
}
