//! Affected: which stages a change reaches, and what is asked for each of them.
//!
//! In: what is to be bound anew, and what runs. Out: the wishes that resolution is asked, and the
//! majors that it keeps to. Nothing is searched or opened.

use std::collections::BTreeMap;
use std::iter;

use semver::{Comparator, Op, Version, VersionReq};

use crate::discovery::ContentHash;
use crate::id::PluginId;
use crate::loading::resident;
use crate::resolve;
use crate::session::candidate::{Refused, ResolveRequest, ResolveScope, StageRequest};
use crate::session::instance::OpenLibrary;

/// What a change reaches.
#[derive(Debug)]
pub(super) struct AffectedStages {
    /// The stages that are bound anew.
    pub(super) wishes: Vec<StageRequest>,
    /// Which of them only come along because a plugin that theirs uses is another, and what they
    /// run: they keep it where that goes.
    kept: BTreeMap<String, Version>,
    /// The plugin that is meant, where no stage is of it.
    provider: Option<(PluginId, Option<VersionReq>)>,
    /// The majors that run.
    pub(super) running: BTreeMap<PluginId, u64>,
}

/// Whether stages that come along keep their versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    /// Each exactly.
    Kept,
    /// They need not.
    Free,
}

/// Looks at what runs.
///
/// # Errors
/// When no stage uses the plugin that is meant.
pub(super) fn affected(request: &ResolveRequest) -> Result<AffectedStages, Refused> {
    let known = ResidentPlugins::of_resident();
    let mut affected = AffectedStages {
        wishes: Vec::new(),
        kept: BTreeMap::new(),
        provider: None,
        running: BTreeMap::new(),
    };
    match &request.scope {
        ResolveScope::Stages(wishes) => affected.wishes.clone_from(wishes),
        ResolveScope::Plugin { id, versions } => {
            affected.users(request, &known, id, versions.as_ref())?;
        }
    }
    affected.running = affected.majors(request, &known);
    Ok(affected)
}

impl AffectedStages {
    /// The wishes as resolution wants them.
    pub(super) fn wishes(&self, strictness: Strictness) -> Vec<resolve::VersionWish> {
        let stage = |wish: &StageRequest| {
            let kept = self.kept.get(&wish.stage);
            let kept = kept.filter(|_| strictness == Strictness::Kept);
            resolve::VersionWish {
                by: format!("stage `{}`", wish.stage),
                id: wish.component.plugin().clone(),
                component: wish.component.component().map(str::to_owned),
                versions: kept.map(exactly).or_else(|| wish.versions.clone()),
            }
        };
        let provider = |(id, versions): &(PluginId, Option<VersionReq>)| resolve::VersionWish {
            by: "the change that was asked for".to_owned(),
            id: id.clone(),
            component: None,
            versions: versions.clone(),
        };
        let provider = self.provider.iter().map(provider);
        self.wishes.iter().map(stage).chain(provider).collect()
    }

    /// All stages of a plugin, and all whose plugin uses it.
    fn users(
        &mut self,
        request: &ResolveRequest,
        known: &ResidentPlugins,
        id: &PluginId,
        versions: Option<&VersionReq>,
    ) -> Result<(), Refused> {
        self.provider = Some((id.clone(), versions.cloned()));
        for one in &request.current {
            let Some(library) = &one.library else {
                continue;
            };
            let is_own = library.generation.manifest().id == id.as_str();
            let uses = known.plugins(library).any(|(used, _)| used == *id);
            if !is_own && !uses {
                continue;
            }
            if is_own {
                self.provider = None;
            } else {
                let version = library.generation.manifest().version.clone();
                self.kept.insert(one.stage.clone(), version);
            }
            self.wishes.push(StageRequest {
                stage: one.stage.clone(),
                component: one.component.clone(),
                versions: versions.filter(|_| is_own).cloned(),
            });
        }
        if self.wishes.is_empty() {
            return Err(Refused::Text(format!("no stage of this session uses {id}")));
        }
        Ok(())
    }

    /// The major of each plugin that runs: that of the stages in question, else the highest.
    fn majors(&self, request: &ResolveRequest, known: &ResidentPlugins) -> BTreeMap<PluginId, u64> {
        let mut majors = BTreeMap::new();
        let mut raise = |(id, version): (PluginId, Version)| {
            let major = majors.entry(id).or_insert(version.major);
            *major = version.major.max(*major);
        };
        let current = request.current.iter();
        let all = current.filter_map(|one| one.library.as_ref());
        for library in all.chain(&request.others) {
            known.plugins(library).for_each(&mut raise);
        }
        let mut own = BTreeMap::<PluginId, u64>::new();
        for one in &request.current {
            let wish = self.wishes.iter().find(|wish| wish.stage == one.stage);
            let (Some(wish), Some(library)) = (wish, &one.library) else {
                continue;
            };
            let manifest = library.generation.manifest();
            if manifest.id == wish.component.plugin().as_str() {
                let major = own.entry(wish.component.plugin().clone()).or_default();
                *major = manifest.version.major.max(*major);
            }
        }
        majors.extend(own);
        majors
    }
}

/// The plugins of this process by their contents.
struct ResidentPlugins(Vec<(ContentHash, PluginId, Version)>);

impl ResidentPlugins {
    fn of_resident() -> Self {
        let known = resident().into_iter().filter_map(|generation| {
            let manifest = generation.manifest();
            let id = manifest.id.parse().ok()?;
            Some((generation.hash(), id, manifest.version.clone()))
        });
        Self(known.collect())
    }

    /// What a stage runs: its own plugin, and all that it uses.
    fn plugins<'a>(
        &'a self,
        library: &'a OpenLibrary,
    ) -> impl Iterator<Item = (PluginId, Version)> + 'a {
        contents_of(library).filter_map(|hash| {
            let known = self.0.iter().find(|(known, ..)| *known == hash);
            known.map(|(_, id, version)| (id.clone(), version.clone()))
        })
    }
}

/// The contents that a stage runs: its own, and all that it may ask.
pub(super) fn contents_of(library: &OpenLibrary) -> impl Iterator<Item = ContentHash> {
    iter::once(library.generation.hash()).chain(library.providers.contents())
}

/// This version and no other.
pub(in crate::session) fn exactly(version: &Version) -> VersionReq {
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
