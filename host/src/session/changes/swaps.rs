//! Swaps: another instance for a stage, its input instead, or what it was before.
//!
//! In: what somebody wants of a stage or a plugin. Out: a change that brings it about, with what
//! becomes true when it is over; or why it cannot begin.

use std::sync::Arc;

use semver::VersionReq;

use crate::config::model::Config;
use crate::config::nearest::{did_you_mean, listed};
use crate::config::overrides::{OverrideKey, Reset};
use crate::id::{ComponentAddress, PluginId, StageId};
use crate::observe::ChangeAction;
use crate::session::candidate::{
    ResolveRequest, ResolveScope, StageRequest, ValueOrigin, generations,
};
use crate::session::changes::machine::Planner;
use crate::session::changes::preparation::Bypasses;
use crate::session::changes::prepare::StageFill;
use crate::session::changes::refusal::Refusal;
use crate::session::changes::underway::{Adoption, ChangeUnderway};
use crate::session::changes::{ChangeRequest, Changes};
use crate::session::context::Context;
use crate::session::running_stages::{RunningStage, address};
use crate::swap::ask::{HeardSignal, Swap, Target};

impl Changes {
    /// Another instance for one stage, or for all of a plugin.
    pub(super) fn swap(
        &mut self,
        swap: &Swap,
        request: &ChangeRequest,
        context: &Context<'_>,
    ) -> Result<ChangeUnderway, Refusal> {
        let planner = self.machine.planner();
        let (scope, fills, mut adoption) = match &swap.target {
            Target::Stage(id) => planner.swap_of_stage(id, swap, request)?,
            Target::Plugin(id) => {
                let versions = swap.versions.clone();
                let adoption = planner.all_bound_to(id, versions.as_ref(), request)?;
                (planner.plugin(id, versions)?, Vec::new(), adoption)
            }
        };
        let config = Arc::clone(&self.machine.configurations.after(&mut adoption)?.config);
        let resolve_request = self.machine.planner().resolve_request(scope, &config);
        let underway = self.machine.begin_underway(
            ChangeAction::Swap,
            request,
            context,
            (config, Some(resolve_request), fills),
        )?;
        Ok(ChangeUnderway {
            insert: swap.insert,
            adoption,
            ..underway
        })
    }

    /// The input instead of the output, or the output again.
    pub(super) fn bypass(
        &mut self,
        stage: &StageId,
        way: HeardSignal,
        request: &ChangeRequest,
        context: &Context<'_>,
    ) -> Result<ChangeUnderway, Refusal> {
        let planner = self.machine.planner();
        let (action, fill) = planner.heard_otherwise(stage, way)?;
        let key = OverrideKey::Bypass {
            stage: stage.clone(),
        };
        let mut adoption = Adoption::default();
        match way {
            HeardSignal::Bypassed => adoption.set(key, "true".to_owned(), request),
            HeardSignal::Processed => adoption.resets.push(Reset::Key(key)),
        }
        let config = Arc::clone(&self.machine.configurations.after(&mut adoption)?.config);
        let resolve_request = self
            .machine
            .planner()
            .resolve_request_of(stage, &fill, &config);
        let fills = vec![(stage.to_string(), fill)];
        let underway = self.machine.begin_underway(
            action,
            request,
            context,
            (config, resolve_request, fills),
        )?;
        Ok(ChangeUnderway {
            adoption,
            ..underway
        })
    }

    /// What the stage was before its last swap.
    pub(super) fn rollback(
        &mut self,
        stage: &StageId,
        request: &ChangeRequest,
        context: &Context<'_>,
    ) -> Result<ChangeUnderway, Refusal> {
        let running = self.machine.planner().running(stage)?;
        let Some(before) = &running.before else {
            return Err(Refusal::NothingBefore(stage.clone()));
        };
        if before.until_frames < context.position_frames {
            return Err(Refusal::BeforeIsGone(stage.clone()));
        }
        let fill = before
            .found
            .clone()
            .map_or(StageFill::Bypass, StageFill::Library);
        let part = before.part.clone();
        let mut adoption = self.machine.planner().back_to(stage, before, request);
        let config = Arc::clone(&self.machine.configurations.after(&mut adoption)?.config);
        let fills = vec![(stage.to_string(), fill)];
        let mut preparation = self.machine.planner().preparation((config, None, fills));
        let terms = preparation.terms.get_mut(stage.as_str());
        if let Some(terms) = terms.filter(|terms| terms.values == ValueOrigin::OfAnother) {
            terms.part = part;
        }
        let underway =
            self.machine
                .begin_prepared(ChangeAction::Rollback, request, context, preparation)?;
        Ok(ChangeUnderway {
            adoption,
            ..underway
        })
    }
}

/// What is asked for one stage, what it is filled with, and what becomes true.
type OneStage = (ResolveScope, Vec<(String, StageFill)>, Adoption);

impl<'a> Planner<'a> {
    /// What is asked for one stage, what it is filled with, and what becomes true.
    fn swap_of_stage(
        &self,
        id: &StageId,
        swap: &Swap,
        request: &ChangeRequest,
    ) -> Result<OneStage, Refusal> {
        let running = self.running(id)?;
        if running.heard == HeardSignal::Bypassed {
            return Err(Refusal::SwapsNothing(id.clone()));
        }
        let component = swap.component.clone();
        let component = component.unwrap_or_else(|| address(running.bound()));
        let versions = swap.versions.clone();
        let adoption = self.bound_to(running, &component, versions.as_ref(), request)?;
        let bind = StageRequest {
            stage: id.to_string(),
            component,
            versions,
        };
        let fills = vec![(id.to_string(), StageFill::Resolved)];
        Ok((ResolveScope::Stages(vec![bind]), fills, adoption))
    }

    /// What has to be resolved for a stage, if that is what it is filled with.
    fn resolve_request_of(
        &self,
        stage: &StageId,
        fill: &StageFill,
        config: &Config,
    ) -> Option<ResolveRequest> {
        let part = config
            .stage(stage)
            .filter(|_| matches!(fill, StageFill::Resolved))?;
        let bind = StageRequest {
            stage: stage.to_string(),
            component: part.part.component.value.clone(),
            versions: self.configurations.overrides.version(stage),
        };
        Some(self.resolve_request(ResolveScope::Stages(vec![bind]), config))
    }

    /// Every stage of a plugin that runs, and every one whose plugin uses it.
    pub(super) fn plugin(
        &self,
        id: &PluginId,
        versions: Option<VersionReq>,
    ) -> Result<ResolveScope, Refusal> {
        let current_stages: Vec<_> = self.current_stages(Bypasses::LeftOut).collect();
        let used = generations(&current_stages);
        let mut plugins: Vec<_> = used
            .into_iter()
            .filter(|one| !one.stages.is_empty())
            .map(|one| one.plugin)
            .collect();
        if plugins.contains(&id.to_string()) {
            let id = id.clone();
            return Ok(ResolveScope::Plugin { id, versions });
        }
        plugins.sort_unstable();
        plugins.dedup();
        let names = || plugins.iter().map(String::as_str);
        let what = format!("no stage uses `{id}`");
        Err(unknown(&what, id.as_str(), "plugins", names))
    }

    /// What fills a stage of which another signal is to be heard.
    fn heard_otherwise(
        &self,
        stage: &StageId,
        way: HeardSignal,
    ) -> Result<(ChangeAction, StageFill), Refusal> {
        use HeardSignal::{Bypassed, Processed};
        let running = self.running(stage)?;
        match (way, running.heard) {
            (Bypassed, Processed) => Ok((ChangeAction::Bypass, StageFill::Bypass)),
            (Processed, Bypassed) => Ok((ChangeAction::Restore, self.restored(running))),
            (Bypassed, Bypassed) => Err(Refusal::Bypassed(stage.clone())),
            (Processed, Processed) => Err(Refusal::NotBypassed(stage.clone())),
        }
    }

    /// What a bypassed stage is heard with again: what it was, unless another component was wanted
    /// of it meanwhile.
    pub(super) fn restored(&self, running: &RunningStage) -> StageFill {
        let part = self.configurations.config.stage(&running.id);
        match part {
            Some(part) if !same_component(&part.part.component.value, running) => {
                StageFill::Resolved
            }
            _ => StageFill::Library(running.found()),
        }
    }

    pub(super) fn running(&self, id: &StageId) -> Result<&'a RunningStage, Refusal> {
        let number = self.stages.number(id.as_str());
        let running = number.and_then(|number| self.stages.get(number));
        let ids: Vec<_> = self
            .stages
            .iter()
            .map(|(_, one)| one.id.to_string())
            .collect();
        running.ok_or_else(|| {
            unknown(
                &format!("there is no stage `{id}`"),
                id.as_str(),
                "stages",
                || ids.iter().map(String::as_str),
            )
        })
    }
}

pub(super) fn same_component(wanted: &ComponentAddress, running: &RunningStage) -> bool {
    let bound = running.bound();
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
) -> Refusal {
    let found = did_you_mean(word, names());
    let found = found.map_or_else(String::new, |found| format!("; {found}"));
    Refusal::Unknown(format!("{what}; the {kind} are {}{found}", listed(names())))
}
