//! Swaps: another instance for a stage, or for all of a plugin.
//!
//! In: what somebody wants of a stage or a plugin. Out: a change that brings it about, and the
//! overrides that are set and given back when it is over, so that a reload keeps to what a stage is
//! bound to and `save` writes it; or why it cannot begin, or why somebody is not to bind a stage.

use std::sync::Arc;

use semver::VersionReq;

use crate::config::nearest::{did_you_mean, listed};
use crate::config::overrides::{OverrideKey, Reset};
use crate::id::{ComponentAddress, PluginId, StageId};
use crate::observe::{ChangeAction, Who};
use crate::session::candidate::{ResolveScope, StageRequest, generations};
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

impl Planner<'_> {
    /// One stage, bound to a component and perhaps to versions of it.
    fn bound_to(
        &self,
        running: &RunningStage,
        component: &ComponentAddress,
        versions: Option<&VersionReq>,
        request: &ChangeRequest,
    ) -> Result<Adoption, Refusal> {
        let mut adoption = Adoption::default();
        let id = running.id.clone();
        self.may_bind(&id, request)?;
        // Where a library appeared nobody wants anything of a stage: it follows the file.
        if request.cause.who == Who::Watch {
            return Ok(adoption);
        }
        let is_of_file = self.is_of_file(&id, component);
        let key = OverrideKey::Component { stage: id.clone() };
        if is_of_file {
            adoption.resets.push(Reset::Key(key));
        } else if !same_component(component, running) {
            adoption.set(key, component.to_string(), request);
        }
        bind_version(&mut adoption, id, versions, request);
        Ok(adoption)
    }

    /// Every stage of a plugin, bound to versions of it.
    fn all_bound_to(
        &self,
        plugin: &PluginId,
        versions: Option<&VersionReq>,
        request: &ChangeRequest,
    ) -> Result<Adoption, Refusal> {
        let mut adoption = Adoption::default();
        for (_, running) in self.stages.iter() {
            let is_meant =
                running.bound().plugin == *plugin && running.heard == HeardSignal::Processed;
            if !is_meant {
                continue;
            }
            let id = running.id.clone();
            self.may_bind(&id, request)?;
            if request.cause.who != Who::Watch {
                bind_version(&mut adoption, id, versions, request);
            }
        }
        Ok(adoption)
    }

    /// Whether a component is the one that the file names for a stage.
    pub(super) fn is_of_file(&self, stage: &StageId, component: &ComponentAddress) -> bool {
        let file = self.configurations.file.stage(stage);
        file.map(|file| &file.part.component.value)
            .is_some_and(|own| {
                let name = own.component();
                own.plugin() == component.plugin()
                    && (name == component.component() || name.is_none())
            })
    }

    /// Whether nobody of a higher rank asked for a version of the stage.
    fn may_bind(&self, stage: &StageId, request: &ChangeRequest) -> Result<(), Refusal> {
        let rank = request.cause.who.rank();
        let keys = [
            OverrideKey::Component {
                stage: stage.clone(),
            },
            OverrideKey::Version {
                stage: stage.clone(),
            },
        ];
        let mut held = keys
            .iter()
            .filter_map(|key| self.configurations.overrides.get(key));
        match held.rfind(|held| held.who.rank() > rank) {
            None => Ok(()),
            Some(held) => Err(Refusal::Held {
                key: held.key.to_string(),
                value: held.value.clone(),
                who: held.who.clone(),
            }),
        }
    }
}

/// Whether a component is the one that a stage is bound to.
pub(super) fn same_component(wanted: &ComponentAddress, running: &RunningStage) -> bool {
    let bound = running.bound();
    let component = wanted
        .component()
        .is_none_or(|name| name == bound.component.name);
    *wanted.plugin() == bound.plugin && component
}

/// Versions that were asked for are kept; the newest is wanted anew at every change.
fn bind_version(
    adoption: &mut Adoption,
    id: StageId,
    versions: Option<&VersionReq>,
    request: &ChangeRequest,
) {
    let key = OverrideKey::Version { stage: id };
    match versions {
        Some(versions) => adoption.set(key, versions.to_string(), request),
        None => adoption.resets.push(Reset::Key(key)),
    }
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
