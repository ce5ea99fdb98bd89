//! Tune: other values of parameters, for instances that go on.
//!
//! In: values that somebody set, or that an edited file has. Out: events for the next block; or a
//! job, where a parameter takes another instance.

use std::sync::Arc;

use segue_plugin::declare::ParamChange;
use segue_plugin::link::ParamEvent;
use segue_plugin::manifest::Component;

use crate::config::model::Config;
use crate::config::nearest::{did_you_mean, listed};
use crate::config::overrides::OverrideKey;
use crate::id::StageId;
use crate::pipeline::{Arrival, Change};
use crate::session::cast::{Heard, Member};
use crate::session::changes::job::{Claims, Job};
use crate::session::changes::landing::{Landing, told};
use crate::session::changes::prepare::With;
use crate::session::changes::wish::Begun;
use crate::session::changes::{Changes, Context, Wish};
use crate::session::values;
use crate::swap::ask::Answer;

/// The most parameter events of one change: an engine takes so many for a block.
const EVENTS_MAX: usize = 1_024;

/// Parameters that have other values.
pub(super) struct Retuned {
    /// All of them.
    pub(super) params: Vec<(u32, f64)>,
    /// What changes, for the instance that runs.
    pub(super) events: Vec<ParamEvent>,
    /// Whether one of them takes another instance.
    pub(super) takes_another: bool,
}

impl Changes {
    /// What the parameters of a stage are to be in a configuration.
    pub(super) fn retuned(&self, member: &Member, config: &Config) -> Result<Retuned, String> {
        let component = &member.bound().component;
        let id = &*member.id;
        let stage = config
            .stages
            .iter()
            .find(|stage| stage.id.value.as_str() == id);
        let stage = stage.ok_or_else(|| format!("there is no stage `{id}`"))?;
        let mut mistakes = config.mistakes();
        let own = self.running.file.stages.iter();
        let own = own.clone().find(|stage| stage.id.value.as_str() == id);
        let is_own = own.is_none_or(|own| own.part.component.value == stage.part.component.value);
        let params = match is_own {
            true => {
                let values = &stage.part.params;
                let (own, _) = values::applicable(component, values, config.sources());
                values::params(component, &own, &mut mistakes)
            }
            false => values::fitting(component, &stage.part.params).0,
        };
        if mistakes.has_errors() {
            return Err(told(&mistakes));
        }
        let value = |params: &[(u32, f64)], index: u32, default: f64| {
            let mut params = params.iter();
            params
                .find(|(own, _)| *own == index)
                .map_or(default, |(_, value)| *value)
        };
        let mut retuned = Retuned {
            params,
            events: Vec::new(),
            takes_another: false,
        };
        for flat in component.params() {
            let before = value(&member.bound().params, flat.index, flat.param.default);
            let after = value(&retuned.params, flat.index, flat.param.default);
            // What lets everything through has no parameters.
            if before.to_bits() != after.to_bits() && is_heard(member) {
                retuned.takes_another |= flat.param.change == ParamChange::Reactivates;
                retuned.events.push(ParamEvent {
                    offset_frames: 0,
                    index: flat.index,
                    value: after,
                });
            }
        }
        Ok(retuned)
    }

    /// Another value of one parameter.
    pub(super) fn set(
        &mut self,
        (stage, param, value): (&StageId, &str, &str),
        wish: &Wish,
        context: &mut Context<'_>,
    ) -> Result<Begun, String> {
        let member = self.member(stage)?;
        let component = &member.bound().component;
        if !component.params().any(|flat| flat.id == param) {
            let ids: Vec<_> = component.params().map(|flat| flat.id).collect();
            let help = did_you_mean(param, ids.iter().map(String::as_str));
            let help = help.map_or_else(String::new, |help| format!("; {help}"));
            let address = member.bound().address();
            let known = match ids.is_empty() {
                true => "none".to_owned(),
                false => listed(ids.iter().map(String::as_str).take(12)),
            };
            return Err(format!(
                "{address} has no parameter `{param}`: it has {known}{help}"
            ));
        }
        let (value, note) = within_range(component, param, value);
        let mut landing = Landing::default();
        let key = OverrideKey::Param {
            stage: stage.clone(),
            param: param.to_owned(),
        };
        landing.set(key, value.clone(), wish);
        let after = self.running.after(&landing)?;
        let retuned = self.retuned(member, &after.config)?;
        if retuned.takes_another {
            let claims = Claims::Stages(vec![Arc::clone(&member.id)]);
            if self.jobs.iter().any(|job| job.claims.meet(&claims)) {
                return Ok(Begun::Waits);
            }
            let wanted = vec![(stage.to_string(), With::Found(member.found()))];
            let job = self.job("set", wish, context, (after.config, None, wanted))?;
            let notes = note.into_iter().collect();
            return Ok(Begun::Job(Box::new(Job {
                landing,
                notes,
                ..job
            })));
        }
        if context.rings.arrivals.is_full() {
            return Err("too much is under way; ask again in a moment".to_owned());
        }
        let number = self.cast.number(stage.as_str()).unwrap_or_default();
        let events = retuned
            .events
            .iter()
            .map(|event| (number, *event))
            .collect();
        self.send_events(events, context);
        self.retune(number, retuned.params);
        self.land(&mut landing);
        self.jobs_begun += 1;
        let mut receipt = self.receipt(
            self.jobs_begun,
            stage.to_string(),
            "set",
            wish.cause.clone(),
            wish.asked_at_frames,
        );
        receipt.heard_at_frames = Some(context.position_frames);
        receipt.done_at_frames = Some(context.position_frames);
        receipt.reasons = vec![format!("{param} = {value}")];
        receipt.reasons.extend(note);
        self.file(receipt.clone());
        Ok(Begun::Done(Answer::Changed(vec![receipt])))
    }

    /// Events for the next block.
    pub(super) fn send_events(
        &mut self,
        mut events: Vec<(usize, ParamEvent)>,
        context: &mut Context<'_>,
    ) {
        events.truncate(EVENTS_MAX);
        if !events.is_empty() {
            let change = Change {
                events,
                ..Change::default()
            };
            // There was room, or the block before took what was there.
            let _ = context
                .rings
                .arrivals
                .push(Arrival::Change(Box::new(change)));
        }
    }

    /// A stage has these parameters from now on, and so has an instance that is made again.
    pub(super) fn retune(&mut self, number: usize, params: Vec<(u32, f64)>) {
        let Some(mut member) = self.cast.member(number).cloned() else {
            return;
        };
        member.recipe.bound.params = params;
        self.recast(number, member);
    }
}

/// A number in the range of its parameter, and a word about one that was not. What is no number is
/// looked at elsewhere.
fn within_range(component: &Component, param: &str, text: &str) -> (String, Option<String>) {
    let flat = component.params().find(|flat| flat.id == param);
    let number = text.trim().parse::<f64>().ok();
    let number = number.filter(|number| number.is_finite());
    if let (Some(flat), Some(number)) = (flat, number)
        && flat.param.choices.is_empty()
        && !(flat.param.min..=flat.param.max).contains(&number)
    {
        let (min, max) = (flat.param.min, flat.param.max);
        let note = format!("{number} is out of its range, {min} to {max}");
        return (number.max(min).min(max).to_string(), Some(note));
    }
    (text.to_owned(), None)
}

/// Whether a stage's instance hears parameters.
pub(super) fn is_heard(member: &Member) -> bool {
    member.heard == Heard::Processed
}
