//! Rebind: another instance for a stage, its input instead, or what it was before.
//!
//! In: what somebody wants of a stage or a plugin. Out: a job that brings it about, with what
//! becomes true when it is over; or why it cannot begin.

use std::sync::Arc;

use semver::VersionReq;

use crate::config::nearest::{did_you_mean, listed};
use crate::config::overrides::{OverrideKey, Reset};
use crate::id::{ComponentAddress, PluginId, StageId};
use crate::session::candidate::{Aim, Values, Wish as Bind};
use crate::session::cast::{Heard, Member, address};
use crate::session::changes::job::Job;
use crate::session::changes::landing::Landing;
use crate::session::changes::prepare::With;
use crate::session::changes::{Changes, Context, Wish};
use crate::swap::ask::{Swap, Target, Way};

impl Changes {
    /// Another instance for one stage, or for all of a plugin.
    pub(super) fn swap(
        &mut self,
        swap: &Swap,
        wish: &Wish,
        context: &Context<'_>,
    ) -> Result<Job, String> {
        let versions = swap.versions.clone();
        let mut landing = Landing::default();
        let (aim, wanted) = match &swap.target {
            Target::Stage(id) => {
                let member = self.member(id)?;
                let now = address(member.bound());
                let component = swap.component.clone().unwrap_or(now.clone());
                if !same_component(&component, member) {
                    let key = OverrideKey::Component { stage: id.clone() };
                    landing.set(key, component.to_string(), wish);
                }
                if let Some(versions) = &versions {
                    let key = OverrideKey::Version { stage: id.clone() };
                    landing.set(key, versions.to_string(), wish);
                }
                let bind = Bind {
                    stage: id.to_string(),
                    component,
                    versions,
                };
                (
                    Aim::Stages(vec![bind]),
                    vec![(id.to_string(), With::Resolved)],
                )
            }
            Target::Plugin(id) => (self.plugin(id, versions)?, Vec::new()),
        };
        let config = self.running.after(&landing)?.config;
        let question = self.question(aim, &config);
        let job = self.job("swap", wish, context, (config, Some(question), wanted))?;
        Ok(Job {
            insert: swap.insert,
            landing,
            ..job
        })
    }

    /// Every stage of a plugin that runs.
    fn plugin(&self, id: &PluginId, versions: Option<VersionReq>) -> Result<Aim, String> {
        let mut plugins: Vec<_> = self
            .cast
            .members()
            .map(|(_, member)| member.bound().plugin.to_string())
            .collect();
        if plugins.contains(&id.to_string()) {
            let id = id.clone();
            return Ok(Aim::Plugin { id, versions });
        }
        plugins.sort_unstable();
        plugins.dedup();
        let names = || plugins.iter().map(String::as_str);
        Err(unknown(
            &format!("no stage is filled by `{id}`"),
            id.as_str(),
            "plugins",
            names,
        ))
    }

    /// The input instead of the output, or the output again.
    pub(super) fn bypass(
        &mut self,
        stage: &StageId,
        way: Way,
        wish: &Wish,
        context: &Context<'_>,
    ) -> Result<Job, String> {
        let member = self.member(stage)?;
        let (action, with) = match (way, member.heard) {
            (Way::Bypassed, Heard::Processed) => ("bypass", With::Bypass),
            (Way::Processed, Heard::Bypassed) => ("restore", With::Found(member.found())),
            (Way::Bypassed, Heard::Bypassed) => {
                return Err(format!("stage `{stage}` is bypassed already"));
            }
            (Way::Processed, Heard::Processed) => {
                return Err(format!("stage `{stage}` is not bypassed"));
            }
        };
        let key = OverrideKey::Bypass {
            stage: stage.clone(),
        };
        let mut landing = Landing::default();
        match way {
            Way::Bypassed => landing.set(key, "true".to_owned(), wish),
            Way::Processed => landing.resets.push(Reset::Key(key)),
        }
        let config = self.running.after(&landing)?.config;
        let wanted = vec![(stage.to_string(), with)];
        let job = self.job(action, wish, context, (config, None, wanted))?;
        Ok(Job { landing, ..job })
    }

    /// What the stage was before its last swap.
    pub(super) fn rollback(
        &mut self,
        stage: &StageId,
        wish: &Wish,
        context: &Context<'_>,
    ) -> Result<Job, String> {
        let member = self.member(stage)?;
        let Some(before) = &member.before else {
            return Err(format!(
                "stage `{stage}` was not swapped, so there is nothing to go back to"
            ));
        };
        if before.until_frames < context.position_frames {
            return Err(format!(
                "what stage `{stage}` was before is no longer kept at hand; `swap.rollback` of the \
                 stage says for how long"
            ));
        }
        let with = before.found.clone().map_or(With::Bypass, With::Found);
        let part = before.part.clone();
        let config = Arc::clone(&self.running.config);
        let wanted = vec![(stage.to_string(), with)];
        let mut blueprint = self.blueprint((config, None, wanted));
        if let Some(known) = blueprint.known.get_mut(stage.as_str()) {
            known.part = part;
            known.values = Values::OfAnother;
        }
        self.begin_job("rollback", wish, context, blueprint)
    }

    pub(super) fn member(&self, id: &StageId) -> Result<&Member, String> {
        let number = self.cast.number(id.as_str());
        let member = number.and_then(|number| self.cast.member(number));
        let ids: Vec<_> = self
            .cast
            .members()
            .map(|(_, one)| one.id.to_string())
            .collect();
        member.ok_or_else(|| {
            unknown(
                &format!("there is no stage `{id}`"),
                id.as_str(),
                "stages",
                || ids.iter().map(String::as_str),
            )
        })
    }
}

fn same_component(wanted: &ComponentAddress, member: &Member) -> bool {
    let bound = member.bound();
    let component = wanted
        .component()
        .is_none_or(|name| name == bound.component.name);
    *wanted.plugin() == bound.plugin && component
}

fn unknown<'a, N: Iterator<Item = &'a str>>(
    what: &str,
    word: &str,
    kind: &str,
    names: impl Fn() -> N,
) -> String {
    let found = did_you_mean(word, names());
    let found = found.map_or_else(String::new, |found| format!("; {found}"));
    format!("{what}; the {kind} are {}{found}", listed(names()))
}
