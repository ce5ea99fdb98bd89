//! Binding: which overrides a stage holds once it is bound to another component or version.
//!
//! In: who wants it bound to what. Out: overrides that are set and given back when the change is
//! over, so that a reload keeps to it and `save` writes it; or why somebody is not to do so.

use semver::VersionReq;

use crate::config::overrides::{OverrideKey, Reset};
use crate::id::{ComponentAddress, PluginId, StageId};
use crate::observe::Who;
use crate::session::candidate::exactly;
use crate::session::changes::ChangeRequest;
use crate::session::changes::machine::Planner;
use crate::session::changes::refusal::Refusal;
use crate::session::changes::swaps::same_component;
use crate::session::changes::underway::Adoption;
use crate::session::running_stages::{Before, RunningStage};
use crate::swap::ask::HeardSignal;

impl Planner<'_> {
    /// One stage, bound to a component and perhaps to versions of it.
    pub(super) fn bound_to(
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
    pub(super) fn all_bound_to(
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

    /// A stage as it was before its last swap: to no newer version, until somebody says so.
    pub(super) fn back_to(
        &self,
        stage: &StageId,
        before: &Before,
        request: &ChangeRequest,
    ) -> Adoption {
        let mut adoption = Adoption::default();
        let id = || stage.clone();
        let (component, version) = (
            OverrideKey::Component { stage: id() },
            OverrideKey::Version { stage: id() },
        );
        let bypass = OverrideKey::Bypass { stage: id() };
        let Some(found) = &before.found else {
            adoption.set(bypass, "true".to_owned(), request);
            return adoption;
        };
        adoption.resets.push(Reset::Key(bypass));
        match self.is_of_file(stage, &found.component) {
            true => adoption.resets.push(Reset::Key(component)),
            false => adoption.set(component, found.component.to_string(), request),
        }
        let exactly = exactly(&found.library.generation.manifest().version);
        adoption.set(version, exactly.to_string(), request);
        adoption
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
    pub(super) fn may_bind(&self, stage: &StageId, request: &ChangeRequest) -> Result<(), Refusal> {
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
