//! Wishes: what people ask for, and which versions grant it.
//!
//! In: the stages, `[plugins.require]`, and what runs already. Out: sets of versions.

use std::collections::BTreeMap;

use segue_plugin::declare::Need;
use semver::{Version, VersionReq};

use crate::id::PluginId;
use crate::resolve::universe::{Requirement, UniverseEntry};
use crate::resolve::versions::{Ranks, VersionRank};

/// The most stages and the most lines of `[plugins.require]`.
pub const WISHES_MAX: usize = 4_096;

/// What people ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// What each stage, tap and decision uses.
    pub stages: Vec<VersionWish>,
    /// `[plugins.require]`: which versions are allowed at all. It loads nothing by itself.
    pub require: BTreeMap<PluginId, VersionReq>,
    /// The major of each plugin that runs; empty at the start. A plugin keeps to it unless
    /// `require` or a stage says otherwise.
    pub running: BTreeMap<PluginId, u64>,
}

/// The plugin that one stage uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionWish {
    /// Who uses it, in words: ``stage `eq` ``.
    pub by: String,
    /// Which plugin.
    pub id: PluginId,
    /// Which component of it; versions without that component do not come into question.
    pub component: Option<String>,
    /// Which versions, if the stage says so.
    pub versions: Option<VersionReq>,
}

impl Wishes {
    /// The versions that grant `wish`.
    pub(crate) fn granting(&self, wish: &VersionWish, entries: &[UniverseEntry]) -> Ranks {
        let has_component = |entry: &UniverseEntry| {
            let component = wish.component.as_ref();
            // An excluded version may be known by its number alone: it stays, to be spoken of.
            entry.excluded.is_some()
                || component.is_none_or(|name| entry.candidate.components.contains(name))
        };
        ranks(entries, |entry| {
            let version = &entry.candidate.version;
            let matching = match &wish.versions {
                Some(versions) => versions.matches(version),
                None => version.pre.is_empty() || self.is_named(&wish.id, version),
            };
            matching && has_component(entry)
        })
    }

    /// Whether the operator or a stage names the pre-release `version`.
    fn is_named(&self, id: &PluginId, version: &Version) -> bool {
        let of_stages = self.stages.iter().filter(|wish| wish.id == *id);
        let mut named = of_stages
            .filter_map(|wish| wish.versions.as_ref())
            .chain(self.require.get(id));
        named.any(|versions| versions.matches(version))
    }

    /// Whether a stage states which versions of `id` it wants.
    pub(crate) fn is_stated(&self, id: &PluginId) -> bool {
        let mut of_stages = self.stages.iter().filter(|wish| wish.id == *id);
        of_stages.any(|wish| wish.versions.is_some())
    }
}

/// The versions that satisfy what one plugin needs of another; an optional one may be absent.
pub(crate) fn satisfying(requirement: &Requirement, entries: &[UniverseEntry]) -> Ranks {
    let matching = ranks(entries, |entry| {
        requirement.versions.matches(&entry.candidate.version)
    });
    match requirement.need {
        Need::Required => matching,
        Need::Optional => matching.with(VersionRank::ABSENT),
    }
}

fn ranks(entries: &[UniverseEntry], is_in: impl Fn(&UniverseEntry) -> bool) -> Ranks {
    let indices = (0..entries.len()).filter(|&index| is_in(&entries[index]));
    indices.map(VersionRank::of_index).collect()
}
