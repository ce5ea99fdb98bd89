//! Reach: which stages a change reaches, and what each of them wishes.
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
use crate::session::candidate::{Aim, Question, Refused, Runs, Wish};

/// What a change reaches.
#[derive(Debug)]
pub(super) struct Reach {
    /// The stages that are bound anew.
    pub(super) wishes: Vec<Wish>,
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
pub(super) fn reach(question: &Question) -> Result<Reach, Refused> {
    let known = Known::of_resident();
    let mut reach = Reach {
        wishes: Vec::new(),
        kept: BTreeMap::new(),
        provider: None,
        running: BTreeMap::new(),
    };
    match &question.aim {
        Aim::Stages(wishes) => reach.wishes.clone_from(wishes),
        Aim::Plugin { id, versions } => reach.users(question, &known, id, versions.as_ref())?,
    }
    reach.running = reach.majors(question, &known);
    Ok(reach)
}

impl Reach {
    /// The wishes as resolution wants them.
    pub(super) fn wishes(&self, strictness: Strictness) -> Vec<resolve::Wish> {
        let stage = |wish: &Wish| {
            let kept = self.kept.get(&wish.stage);
            let kept = kept.filter(|_| strictness == Strictness::Kept);
            resolve::Wish {
                by: format!("stage `{}`", wish.stage),
                id: wish.component.plugin().clone(),
                component: wish.component.component().map(str::to_owned),
                versions: kept.map(exactly).or_else(|| wish.versions.clone()),
            }
        };
        let provider = |(id, versions): &(PluginId, Option<VersionReq>)| resolve::Wish {
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
        question: &Question,
        known: &Known,
        id: &PluginId,
        versions: Option<&VersionReq>,
    ) -> Result<(), Refused> {
        self.provider = Some((id.clone(), versions.cloned()));
        for one in &question.standing {
            let Some(runs) = &one.runs else { continue };
            let is_own = runs.generation.manifest().id == id.as_str();
            let uses = known.plugins(runs).any(|(used, _)| used == *id);
            if !is_own && !uses {
                continue;
            }
            if is_own {
                self.provider = None;
            } else {
                let version = runs.generation.manifest().version.clone();
                self.kept.insert(one.stage.clone(), version);
            }
            self.wishes.push(Wish {
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
    fn majors(&self, question: &Question, known: &Known) -> BTreeMap<PluginId, u64> {
        let mut majors = BTreeMap::new();
        let mut raise = |(id, version): (PluginId, Version)| {
            let major = majors.entry(id).or_insert(version.major);
            *major = version.major.max(*major);
        };
        let standing = question.standing.iter();
        let all = standing.filter_map(|one| one.runs.as_ref());
        for runs in all.chain(&question.others) {
            known.plugins(runs).for_each(&mut raise);
        }
        let mut own = BTreeMap::<PluginId, u64>::new();
        for one in &question.standing {
            let wish = self.wishes.iter().find(|wish| wish.stage == one.stage);
            let (Some(wish), Some(runs)) = (wish, &one.runs) else {
                continue;
            };
            let manifest = runs.generation.manifest();
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
struct Known(Vec<(ContentHash, PluginId, Version)>);

impl Known {
    fn of_resident() -> Self {
        let known = resident().into_iter().filter_map(|generation| {
            let manifest = generation.manifest();
            let id = manifest.id.parse().ok()?;
            Some((generation.hash(), id, manifest.version.clone()))
        });
        Self(known.collect())
    }

    /// What a stage runs: its own plugin, and all that it uses.
    fn plugins<'a>(&'a self, runs: &'a Runs) -> impl Iterator<Item = (PluginId, Version)> + 'a {
        contents_of(runs).filter_map(|hash| {
            let known = self.0.iter().find(|(known, ..)| *known == hash);
            known.map(|(_, id, version)| (id.clone(), version.clone()))
        })
    }
}

/// The contents that a stage runs: its own, and all that it may ask.
pub(super) fn contents_of(runs: &Runs) -> impl Iterator<Item = ContentHash> {
    iter::once(runs.generation.hash()).chain(runs.providers.contents())
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
