//! Rebind: another instance for a stage, its input instead, or what it was before.
//!
//! In: what somebody wants of a stage or a plugin. Out: a job that brings it about, with what
//! becomes true when it is over; or why it cannot begin.

use semver::VersionReq;

use crate::config::nearest::{did_you_mean, listed};
use crate::config::overrides::{OverrideKey, Reset};
use crate::id::{ComponentAddress, PluginId, StageId};
use crate::session::candidate::{Aim, Values, Wish as Bind, generations};
use crate::session::cast::{Heard, Member, address};
use crate::session::changes::blueprint::Bypasses;
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
        let (aim, wanted, landing) = match &swap.target {
            Target::Stage(id) => {
                let member = self.member(id)?;
                if member.heard == Heard::Bypassed {
                    return Err(format!(
                        "stage `{id}` is bypassed; `segue ctl bypass {id} --off` lets it be heard"
                    ));
                }
                let component = swap.component.clone();
                let component = component.unwrap_or_else(|| address(member.bound()));
                let landing = self.bound_to(member, &component, versions.as_ref(), wish)?;
                let bind = Bind {
                    stage: id.to_string(),
                    component,
                    versions,
                };
                let wanted = vec![(id.to_string(), With::Resolved)];
                (Aim::Stages(vec![bind]), wanted, landing)
            }
            Target::Plugin(id) => {
                let landing = self.all_bound_to(id, versions.as_ref(), wish)?;
                (self.plugin(id, versions)?, Vec::new(), landing)
            }
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

    /// Every stage of a plugin that runs, and every one whose plugin uses it.
    fn plugin(&self, id: &PluginId, versions: Option<VersionReq>) -> Result<Aim, String> {
        let standing: Vec<_> = self.standing(Bypasses::LeftOut).collect();
        let used = generations(&standing);
        let mut plugins: Vec<_> = used
            .into_iter()
            .filter(|one| !one.stages.is_empty())
            .map(|one| one.plugin)
            .collect();
        if plugins.contains(&id.to_string()) {
            let id = id.clone();
            return Ok(Aim::Plugin { id, versions });
        }
        plugins.sort_unstable();
        plugins.dedup();
        let names = || plugins.iter().map(String::as_str);
        let what = format!("no stage uses `{id}`");
        Err(unknown(&what, id.as_str(), "plugins", names))
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
            (Way::Processed, Heard::Bypassed) => ("restore", self.restored(member)),
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
        let question = match (&with, config.stage(stage)) {
            (With::Resolved, Some(part)) => {
                let bind = Bind {
                    stage: stage.to_string(),
                    component: part.part.component.value.clone(),
                    versions: self.running.overrides.version(stage),
                };
                Some(self.question(Aim::Stages(vec![bind]), &config))
            }
            _ => None,
        };
        let wanted = vec![(stage.to_string(), with)];
        let job = self.job(action, wish, context, (config, question, wanted))?;
        Ok(Job { landing, ..job })
    }

    /// What a bypassed stage is heard with again: what it was, unless another component was wanted
    /// of it meanwhile.
    fn restored(&self, member: &Member) -> With {
        let mut stages = self.running.config.stages.iter();
        let part = stages.find(|one| *one.id.value.as_str() == *member.id);
        match part {
            Some(part) if !same_component(&part.part.component.value, member) => With::Resolved,
            _ => With::Found(member.found()),
        }
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
        let landing = self.back_to(stage, before, wish);
        let config = self.running.after(&landing)?.config;
        let wanted = vec![(stage.to_string(), with)];
        let mut blueprint = self.blueprint((config, None, wanted));
        let known = blueprint.known.get_mut(stage.as_str());
        if let Some(known) = known.filter(|known| known.values == Values::OfAnother) {
            known.part = part;
        }
        let job = self.begin_job("rollback", wish, context, blueprint)?;
        Ok(Job { landing, ..job })
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

pub(super) fn same_component(wanted: &ComponentAddress, member: &Member) -> bool {
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
