//! Binding: which overrides a stage holds once it is bound to another component or version.
//!
//! In: who wants it bound to what. Out: overrides that are set and given back when the change is
//! over, so that a reload keeps to it and `save` writes it; or why somebody is not to do so.

use semver::{Comparator, Op, Version, VersionReq};

use crate::config::overrides::{OverrideKey, Reset};
use crate::id::{ComponentAddress, PluginId, StageId};
use crate::session::cast::{Before, Heard, Member};
use crate::session::changes::landing::{Landing, rank};
use crate::session::changes::rebind::same_component;
use crate::session::changes::{Changes, Wish};

/// Who asks where a library appeared: nobody wants anything of a stage then, it follows the file.
const WATCH: &str = "watch";

impl Changes {
    /// One stage, bound to a component and perhaps to versions of it.
    pub(super) fn bound_to(
        &self,
        member: &Member,
        component: &ComponentAddress,
        versions: Option<&VersionReq>,
        wish: &Wish,
    ) -> Result<Landing, String> {
        let mut landing = Landing::default();
        let Ok(id) = member.id.parse::<StageId>() else {
            return Ok(landing);
        };
        self.may_bind(&id, wish)?;
        if wish.cause.who == WATCH {
            return Ok(landing);
        }
        let is_of_file = self.is_of_file(&id, component);
        let key = OverrideKey::Component { stage: id.clone() };
        if is_of_file {
            landing.resets.push(Reset::Key(key));
        } else if !same_component(component, member) {
            landing.set(key, component.to_string(), wish);
        }
        bind_version(&mut landing, id, versions, wish);
        Ok(landing)
    }

    /// Every stage of a plugin, bound to versions of it.
    pub(super) fn all_bound_to(
        &self,
        plugin: &PluginId,
        versions: Option<&VersionReq>,
        wish: &Wish,
    ) -> Result<Landing, String> {
        let mut landing = Landing::default();
        for (_, member) in self.cast.members() {
            let is_meant = member.bound().plugin == *plugin && member.heard == Heard::Processed;
            let Some(id) = member.id.parse::<StageId>().ok().filter(|_| is_meant) else {
                continue;
            };
            self.may_bind(&id, wish)?;
            if wish.cause.who != WATCH {
                bind_version(&mut landing, id, versions, wish);
            }
        }
        Ok(landing)
    }

    /// A stage as it was before its last swap: to no newer version, until somebody says so.
    pub(super) fn back_to(&self, stage: &StageId, before: &Before, wish: &Wish) -> Landing {
        let mut landing = Landing::default();
        let id = || stage.clone();
        let (component, version) = (
            OverrideKey::Component { stage: id() },
            OverrideKey::Version { stage: id() },
        );
        let bypass = OverrideKey::Bypass { stage: id() };
        let Some(found) = &before.found else {
            landing.set(bypass, "true".to_owned(), wish);
            return landing;
        };
        landing.resets.push(Reset::Key(bypass));
        match self.is_of_file(stage, &found.component) {
            true => landing.resets.push(Reset::Key(component)),
            false => landing.set(component, found.component.to_string(), wish),
        }
        let exactly = exactly(&found.runs.generation.manifest().version);
        landing.set(version, exactly.to_string(), wish);
        landing
    }

    /// Whether a component is the one that the file names for a stage.
    fn is_of_file(&self, stage: &StageId, component: &ComponentAddress) -> bool {
        let file = self.running.file.stage(stage);
        file.map(|file| &file.part.component.value)
            .is_some_and(|own| {
                let name = own.component();
                own.plugin() == component.plugin()
                    && (name == component.component() || name.is_none())
            })
    }

    /// Whether nobody of a higher rank asked for a version of the stage.
    fn may_bind(&self, stage: &StageId, wish: &Wish) -> Result<(), String> {
        let rank = rank(&wish.cause.who);
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
            .filter_map(|key| self.running.overrides.get(key));
        match held.rfind(|held| held.rank > rank) {
            None => Ok(()),
            Some(held) => Err(format!(
                "{} is held at {} by {}",
                held.key, held.value, held.who
            )),
        }
    }
}

/// Versions that were asked for are kept; the newest is wanted anew at every change.
fn bind_version(landing: &mut Landing, id: StageId, versions: Option<&VersionReq>, wish: &Wish) {
    let key = OverrideKey::Version { stage: id };
    match versions {
        Some(versions) => landing.set(key, versions.to_string(), wish),
        None => landing.resets.push(Reset::Key(key)),
    }
}

/// This version and no other.
fn exactly(version: &Version) -> VersionReq {
    let comparator = Comparator {
        op: Op::Exact,
        major: version.major,
        minor: Some(version.minor),
        patch: Some(version.patch),
        pre: version.pre.clone(),
    };
    VersionReq {
        comparators: vec![comparator],
    }
}
