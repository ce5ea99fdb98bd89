//! Decide: one decision engine with what it wanted.

use std::sync::Arc;

use segue_plugin::link::{Action, ActionKind, Decision, Heard as HeardEvent, Reading};

use crate::observe::{ActionReport, DecideReport, Event, EventSink, FaultReport};
use crate::session::observers::{DecideSetup, Heard, Leave};

/// Readings kept between two decisions; what comes after is left out.
const READINGS_MAX: usize = 65_536;

/// Actions kept for the report; the others are counted.
const ACTIONS_MAX: usize = 1000;

/// One decision engine with what it wanted.
pub(super) struct DecideRun {
    decision: Decision,
    readings: Vec<Reading>,
    heard: Vec<Heard>,
    setup: DecideSetup,
    events: Arc<dyn EventSink>,
}

impl DecideRun {
    pub(super) fn new(decision: Decision, setup: &DecideSetup, events: Arc<dyn EventSink>) -> Self {
        Self {
            decision,
            readings: Vec::new(),
            heard: Vec::new(),
            setup: setup.clone(),
            events,
        }
    }

    pub(super) fn take(&mut self, readings: impl Iterator<Item = Reading>) {
        let room = READINGS_MAX.saturating_sub(self.readings.len());
        self.readings.extend(
            readings
                .filter(|reading| !reading.value.is_nan())
                .take(room),
        );
    }

    pub(super) fn hear(&mut self, heard: Heard) {
        if self.heard.len() < READINGS_MAX {
            self.heard.push(heard);
        }
    }

    /// Asks the engine; answers why the session has to stop, if it has to.
    pub(super) fn decide(&mut self, frame: u64) -> Option<String> {
        if self.setup.report.fault.is_some() {
            return None;
        }
        self.readings.sort_by_key(|reading| reading.frame);
        self.heard.sort_by_key(|heard| heard.position_frames);
        let event = |heard: &'_ Heard| (heard.position_frames, heard.subscription, heard.value);
        let heard: Vec<_> = self
            .heard
            .iter()
            .map(|one| (event(one), one.from.clone()))
            .collect();
        let heard: Vec<_> = heard
            .iter()
            .map(
                |((position_frames, subscription, value), from)| HeardEvent {
                    position_frames: *position_frames,
                    subscription: *subscription,
                    value: *value,
                    from,
                },
            )
            .collect();
        let (status, actions) = self.decision.decide(frame, &self.readings, &heard);
        self.readings.clear();
        self.heard.clear();
        self.setup.report.decisions += 1;
        if !status.is_ok() {
            self.fail(frame, status.code.name());
            return None;
        }
        let mut stop = None;
        for action in actions {
            let wanted = self.act(frame, action);
            stop = stop.or(wanted);
        }
        stop
    }

    /// Gives back what activation took.
    pub(super) fn finish(&mut self) {
        self.decision.deactivate();
    }

    pub(super) fn report(&self) -> DecideReport {
        self.setup.report.clone()
    }

    /// Does what is allowed, records everything.
    fn act(&mut self, frame: u64, action: Action) -> Option<String> {
        let leave = match action.kind {
            ActionKind::ALERT => self.setup.may_alert,
            ActionKind::STOP => self.setup.may_stop,
            _ => Leave::NotListed,
        };
        let outcome = match leave {
            Leave::Granted => "done",
            Leave::NotListed => "not among what it may do",
            Leave::DryRun => "dry run",
        };
        let id = self.setup.report.id.clone();
        let report = &mut self.setup.report;
        if report.actions.len() < ACTIONS_MAX {
            report.actions.push(ActionReport {
                position_frames: frame,
                action: word(action.kind).to_owned(),
                target: action.target,
                reason: action.reason.clone(),
                outcome: outcome.to_owned(),
            });
        } else {
            report.actions_left_out += 1;
        }
        match (leave, action.kind) {
            (Leave::Granted, ActionKind::ALERT) => {
                self.events.event(Event::Alert {
                    decide: id,
                    position_frames: frame,
                    reason: action.reason,
                });
                None
            }
            (Leave::Granted, ActionKind::STOP) => Some(format!("{id}: {}", action.reason)),
            _ => None,
        }
    }

    fn fail(&mut self, frame: u64, kind: &str) {
        let text = self.decision.fault_text();
        self.events.event(Event::ObserverFault {
            id: self.setup.report.id.clone(),
            position_frames: frame,
            text: text.clone(),
        });
        self.setup.report.fault = Some(FaultReport {
            position_frames: frame,
            kind: kind.to_owned(),
            text,
        });
    }
}

fn word(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::ALERT => "alert",
        ActionKind::STOP => "stop",
        ActionKind::BYPASS => "bypass",
        ActionKind::RESTORE => "restore",
        ActionKind::SET => "set",
        ActionKind::SWAP => "swap",
        _ => "unknown",
    }
}
