//! Set values: other values of parameters, for instances that go on.
//!
//! In: values that somebody set, or that an edited file has. Out: events for the next block; or a
//! change, where a parameter takes another instance.

use std::sync::Arc;

use segue_plugin::declare::ParamChange;
use segue_plugin::link::ParamEvent;
use segue_plugin::manifest::Component;
use segue_plugin::manifest::model::FlatParam;

use crate::config::model::Config;
use crate::config::overrides::OverrideKey;
use crate::id::StageId;
use crate::observe::{ChangeAction, ChangeState, Receipt};
use crate::pipeline::{Arrival, Change};
use crate::session::changes::conclude::{Receipts, receipt};
use crate::session::changes::machine::{ChangeMachine, Planner};
use crate::session::changes::measure::{Measure, Measures, took_effect};
use crate::session::changes::prepare::StageFill;
use crate::session::changes::refusal::Refusal;
use crate::session::changes::requests::Begun;
use crate::session::changes::underway::{Adoption, ChangeUnderway, Claims};
use crate::session::changes::{ChangeRequest, Changes};
use crate::session::context::Context;
use crate::session::running_stages::RunningStage;
use crate::session::values::{self, Judge};
use crate::swap::ask::{Answer, HeardSignal};

/// The most parameter events of one change: an engine takes so many for a block.
const EVENTS_MAX: usize = 1_024;

/// Parameters that have other values.
pub(super) struct NewValues {
    /// All of them.
    pub(super) params: Vec<(u32, f64)>,
    /// What changes, for the instance that runs.
    pub(super) events: Vec<ParamEvent>,
    /// Whether one of them takes another instance.
    pub(super) takes_another: bool,
}

impl NewValues {
    /// Finds out what differs from what a stage has.
    fn compare(&mut self, running: &RunningStage) {
        for flat in running.bound().component.params() {
            let before = value(&running.bound().params, &flat);
            let after = value(&self.params, &flat);
            if before.to_bits() != after.to_bits() {
                self.takes_another |= flat.param.change == ParamChange::Reactivates;
                self.events.push(ParamEvent {
                    offset_frames: 0,
                    index: flat.index,
                    value: after,
                });
            }
        }
    }
}

impl Planner<'_> {
    /// What the parameters of a stage are to be in a configuration.
    pub(super) fn new_values(
        &self,
        running: &RunningStage,
        config: &Config,
    ) -> Result<NewValues, Refusal> {
        let component = &running.bound().component;
        let id = &running.id;
        let stage = config.stage(id);
        let stage = stage.ok_or_else(|| Refusal::NoStage(id.clone()))?;
        let mut mistakes = config.mistakes();
        let judge = self.judge(component);
        let own = self.configurations.file.stage(id);
        let is_own = own.is_none_or(|own| own.part.component.value == stage.part.component.value);
        let params = match is_own {
            true => {
                let values = &stage.part.params;
                let (own, _) = values::applicable(component, values, config.sources());
                judge.params(&own, &mut mistakes)
            }
            false => judge.fitting(&stage.part.params).0,
        };
        if mistakes.has_errors() {
            return Err(mistakes.into());
        }
        let mut new_values = NewValues {
            params,
            events: Vec::new(),
            takes_another: false,
        };
        // What lets everything through has no parameters.
        if is_heard(running) {
            new_values.compare(running);
        }
        Ok(new_values)
    }

    /// Holds a value that somebody sets to the component that it is for, whatever the file's is: out
    /// of range is a mistake from people as it is in a file.
    pub(super) fn accepted(
        &self,
        running: &RunningStage,
        param: &str,
        config: &Config,
    ) -> Result<(), Refusal> {
        let Some(stage) = config.stage(&running.id) else {
            return Ok(()); // It is missed elsewhere.
        };
        let mut mistakes = config.mistakes();
        let judge = self.judge(&running.bound().component);
        judge.one(&stage.part.params, param, &mut mistakes);
        match mistakes.has_errors() {
            true => Err(mistakes.into()),
            false => Ok(()),
        }
    }

    /// What values for a component are held against in this session.
    pub(super) fn judge<'c>(&self, component: &'c Component) -> Judge<'c> {
        Judge {
            component,
            sample_rate_hz: Some(self.setup.sample_rate_hz),
        }
    }
}

impl Changes {
    /// Another value of one parameter.
    pub(super) fn set(
        &mut self,
        (stage, param, value): (&StageId, &str, &str),
        request: &ChangeRequest,
        context: &mut Context<'_>,
    ) -> Result<Begun, Refusal> {
        let planner = self.machine.planner();
        let running = planner.running(stage)?;
        has_param(running, param)?;
        let mut adoption = param_adoption((stage, param, value), request);
        let after = self.machine.configurations.after(&mut adoption)?;
        planner.accepted(running, param, &after.config)?;
        let new_values = planner.new_values(running, &after.config)?;
        if new_values.takes_another {
            let running = running.clone();
            return self.set_anew(&running, adoption, request, context);
        }
        // What a timeline says is sent ahead of its frame, and taken at it.
        let at_frames = context.position_frames.max(request.asked_at_frames);
        let ahead_frames = at_frames - context.position_frames;
        let change = Change {
            number: self.machine.receipts.next_number(),
            not_before_frames: at_frames,
            ..Change::default()
        };
        let what = format!("{param} = {value}");
        let receipt = set_receipt(stage, what, request, change.number);
        let number = self.set_at_once(stage, &new_values, change, context)?;
        self.machine.adopt(&mut adoption)?;
        let is_asked_in_pause = self.is_paused && request.answer.is_some();
        Ok(match (new_values.events.is_empty(), is_asked_in_pause) {
            (true, _) => holds_already(&mut self.machine.receipts, receipt, at_frames),
            (false, true) => once_it_goes_on(&mut self.measures, receipt),
            (false, false) => {
                let measure = self
                    .measures
                    .measure(&self.machine, (number, receipt), ahead_frames);
                Begun::Measured(Box::new(measure))
            }
        })
    }

    /// Another instance with the value, once nothing else claims the stage.
    fn set_anew(
        &mut self,
        running: &RunningStage,
        mut adoption: Adoption,
        request: &ChangeRequest,
        context: &Context<'_>,
    ) -> Result<Begun, Refusal> {
        let claims = Claims::Stages(vec![running.id.clone()]);
        let mut others = self.machine.changes_underway.iter();
        if others.any(|other| other.claims.meet(&claims)) {
            return Ok(Begun::Waits);
        }
        let config = Arc::clone(&self.machine.configurations.after(&mut adoption)?.config);
        let fills = vec![(running.id.to_string(), StageFill::Library(running.found()))];
        let plan = (config, None, fills);
        let underway = self
            .machine
            .begin_underway(ChangeAction::Set, request, context, plan)?;
        Ok(Begun::Underway(Box::new(ChangeUnderway {
            adoption,
            ..underway
        })))
    }

    /// Gives a stage that goes on other values; returns its number.
    fn set_at_once(
        &mut self,
        stage: &StageId,
        new_values: &NewValues,
        mut change: Change,
        context: &mut Context<'_>,
    ) -> Result<usize, Refusal> {
        if !context.rings.has_room() {
            return Err(Refusal::Busy);
        }
        let number = self
            .machine
            .stages
            .number(stage.as_str())
            .unwrap_or_default();
        let events = new_values.events.iter();
        change.param_events = events.map(|event| (number, *event)).collect();
        let _ = send_events(change, context);
        self.machine.keep_values(number, new_values.params.clone());
        Ok(number)
    }
}

impl ChangeMachine {
    /// A stage has these parameters from now on, and so has an instance that is made again.
    pub(super) fn keep_values(&mut self, number: usize, params: Vec<(u32, f64)>) {
        let Some(mut running) = self.stages.get(number).cloned() else {
            return;
        };
        running.recipe.bound.params = params;
        self.replace_stage(number, running);
    }
}

/// What is adopted with the value of a parameter.
fn param_adoption(
    (stage, param, value): (&StageId, &str, &str),
    request: &ChangeRequest,
) -> Adoption {
    let mut adoption = Adoption::default();
    let key = OverrideKey::Param {
        stage: stage.clone(),
        param: param.to_owned(),
    };
    adoption.set(key, value.to_owned(), request);
    adoption
}

/// A value that no instance has to hear of: it holds from now on.
fn holds_already(receipts: &mut Receipts, mut receipt: Receipt, at_frames: u64) -> Begun {
    took_effect(&mut receipt, at_frames);
    receipts.file(receipt.clone());
    Begun::Done(Answer::Changed(vec![receipt]))
}

/// A value that was sent to a stream that stands. Who asked is told so at once, and may resume it
/// then; the receipt is filed when the audio end has taken the value. Its seam is not measured: it
/// would be compared with a stream that stands.
fn once_it_goes_on(measures: &mut Measures, receipt: Receipt) -> Begun {
    let mut sent = Receipt {
        state: ChangeState::Sent,
        ..receipt.clone()
    };
    let note = "the session is paused: it comes about once that goes on";
    sent.reasons.push(note.to_owned());
    measures.push(Measure::of(vec![receipt], None));
    Begun::Done(Answer::Changed(vec![sent]))
}

/// The receipt of a value that is set by a change.
fn set_receipt(stage: &StageId, what: String, request: &ChangeRequest, number: u64) -> Receipt {
    let mut receipt = receipt(
        number,
        (stage.to_string(), ChangeAction::Set),
        request.cause.clone(),
        request.asked_at_frames,
    );
    receipt.reasons = vec![what];
    receipt
}

/// Whether the audio end is sent anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// Values, which it takes with its next block.
    Values,
    /// Nothing: no value is another one.
    Nothing,
}

/// Sends a change of values.
pub(super) fn send_events(mut change: Change, context: &mut Context<'_>) -> Sent {
    change.param_events.truncate(EVENTS_MAX);
    if change.param_events.is_empty() {
        return Sent::Nothing;
    }
    // There was room, or the block before took what was there.
    let _ = context.rings.send(Arrival::Change(Box::new(change)));
    Sent::Values
}

/// Whether a stage's component has a parameter; or what it has.
fn has_param(running: &RunningStage, param: &str) -> Result<(), Refusal> {
    let component = &running.bound().component;
    if component.params().any(|flat| flat.id == param) {
        return Ok(());
    }
    Err(Refusal::NoParam {
        address: running.bound().address(),
        param: param.to_owned(),
        known: format!(": {}", values::what_it_has(component, param)),
    })
}

/// What a parameter is, where these are those that are not at their defaults.
pub(super) fn value(params: &[(u32, f64)], flat: &FlatParam<'_>) -> f64 {
    let mut params = params.iter();
    let own = params.find(|(index, _)| *index == flat.index);
    own.map_or(flat.param.default, |(_, value)| *value)
}

/// Whether a stage's instance hears parameters.
pub(super) fn is_heard(running: &RunningStage) -> bool {
    running.heard == HeardSignal::Processed
}
