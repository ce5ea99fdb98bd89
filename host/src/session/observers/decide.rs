//! Decide: one decision engine with what it wanted.

use std::sync::Arc;

use segue_plugin::link::{Action, ActionKind, Decision, Heard as HeardEvent, Reading};

use crate::observe::{
    ActionOutcome, ActionReport, DecideReport, DecisionAction, Event, EventSink, FailureKind,
    FaultReport,
};
use crate::pipeline::failure_kind;
use crate::session::observers::SubscribedEvent;

/// What a decision may do.
#[derive(Debug, Clone)]
pub(in crate::session) struct DecideSetup {
    pub(in crate::session) report: DecideReport,
    pub(in crate::session) may_alert: Leave,
    pub(in crate::session) may_stop: Leave,
}

/// Whether an action is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum Leave {
    Granted,
    NotListed,
    DryRun,
}

/// Readings kept between two decisions; what comes after is left out.
const READINGS_MAX: usize = 65_536;

/// Actions kept for the report; the others are counted.
const ACTIONS_MAX: usize = 1000;

/// One decision engine with what it wanted.
pub(super) struct DecideRun {
    decision: Decision,
    readings: Vec<Reading>,
    heard: Vec<SubscribedEvent>,
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

    pub(super) fn hear(&mut self, heard: SubscribedEvent) {
        if self.heard.len() < READINGS_MAX {
            self.heard.push(heard);
        }
    }

    /// Asks the engine; returns why the session has to stop, if it has to.
    pub(super) fn decide(&mut self, frame: u64) -> Option<String> {
        if self.setup.report.fault.is_some() {
            return None;
        }
        self.readings.sort_by_key(|reading| reading.frame);
        self.heard.sort_by_key(|heard| heard.position_frames);
        let event =
            |heard: &'_ SubscribedEvent| (heard.position_frames, heard.subscription, heard.value);
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
                    from: from.as_str(),
                },
            )
            .collect();
        let (status, actions) = self.decision.decide(frame, &self.readings, &heard);
        self.readings.clear();
        self.heard.clear();
        self.setup.report.decisions += 1;
        if !status.is_ok() {
            self.fail(frame, failure_kind(status.code));
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
            Leave::Granted => ActionOutcome::Done,
            Leave::NotListed => ActionOutcome::NotListed,
            Leave::DryRun => ActionOutcome::DryRun,
        };
        let id = self.setup.report.id.clone();
        let report = &mut self.setup.report;
        if report.actions.len() < ACTIONS_MAX {
            report.actions.push(ActionReport {
                position_frames: frame,
                action: word(action.kind),
                target: action.target,
                reason: action.reason.clone(),
                outcome,
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

    fn fail(&mut self, frame: u64, kind: FailureKind) {
        let text = self.decision.fault_text();
        self.events.event(Event::ObserverFault {
            id: self.setup.report.id.clone(),
            position_frames: frame,
            text: text.clone(),
        });
        self.setup.report.fault = Some(FaultReport {
            position_frames: frame,
            kind,
            text,
        });
    }
}

fn word(kind: ActionKind) -> DecisionAction {
    match kind {
        ActionKind::ALERT => DecisionAction::Alert,
        ActionKind::STOP => DecisionAction::Stop,
        ActionKind::BYPASS => DecisionAction::Bypass,
        ActionKind::RESTORE => DecisionAction::Restore,
        ActionKind::SET => DecisionAction::Set,
        ActionKind::SWAP => DecisionAction::Swap,
        _ => DecisionAction::Unknown,
    }
}
