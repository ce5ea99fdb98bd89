//! Resolve: which versions a running session gets for what is asked of it.
//!
//! In: what is to be bound anew, and what runs. Out: which stages that reaches, and open libraries for
//! them, each stage after those whose plugin its own uses; or an explanation. What is not asked about keeps what it has, so two
//! versions of one plugin may live at once.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use segue_plugin::manifest::Component;
use semver::{Version, VersionReq};

use crate::admission::{AdmissionError, StoreError};
use crate::id::{ComponentAddress, PluginId};
use crate::observe::{StepKind, StepTime};
use crate::resolve::{Conflict, VersionWish, Wishes};
use crate::session::build::Opened;
use crate::session::candidate::rejected::{not_backwards, not_the_same, texts, why_not};
use crate::session::candidate::resident::{ResidentPlugins, running};
use crate::session::candidate::{
    Refused, ResolveRequest, ResolveScope, Resolved, ResolvedStage, Sameness, StageRequest, exactly,
};
use crate::session::catalogue::{Catalogue, Choice};
use crate::session::instance::OpenLibrary;
use crate::session::open::{Opener, open_chosen};

/// How often folders are searched again because a library changed while it was read: who writes
/// one takes a moment, and asks again when it is done.
const SCANS_MAX: usize = 3;

/// Chooses versions, and opens them after a probe where they have no verdict. A binary that fails
/// is set aside and versions are chosen again; never older ones than run, unless they were named.
///
/// Thread: any but audio, one at a time: others wait.
///
/// # Errors
/// A conflict in words, or why a binary may not be opened.
pub(in crate::session) fn resolve(
    opener: &Opener,
    request: &ResolveRequest,
) -> Result<Resolved, Refused> {
    let affected = affected(request)?;
    let mut answer = Err(Attempt::Again);
    for _ in 0..SCANS_MAX {
        answer = attempt(opener, request, &affected);
        if !matches!(answer, Err(Attempt::Again)) {
            break;
        }
    }
    answer.map_err(|attempt| match attempt {
        Attempt::Refused(refused) => refused,
        Attempt::Again => Refused::Text(format!(
            "a library changed each of the {SCANS_MAX} times that it was read; ask again once it \
             is written"
        )),
    })
}

/// Why an attempt led to nothing.
enum Attempt {
    /// For good.
    Refused(Refused),
    /// A file changed meanwhile.
    Again,
}

impl From<Refused> for Attempt {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<AdmissionError> for Attempt {
    fn from(error: AdmissionError) -> Self {
        match error {
            AdmissionError::Store(StoreError::Changed { .. }) => Self::Again,
            error => Self::Refused(Refused::Text(error.to_string())),
        }
    }
}

/// What a change reaches.
#[derive(Debug)]
struct AffectedStages {
    /// The stages that are bound anew.
    wishes: Vec<StageRequest>,
    /// Which of them only come along because a plugin that theirs uses is another, and what they
    /// run: they keep it where that goes.
    kept: BTreeMap<String, Version>,
    /// The plugin that is meant, where no stage is of it.
    provider: Option<(PluginId, Option<VersionReq>)>,
    /// The majors that run.
    running: BTreeMap<PluginId, u64>,
}

/// Whether stages that come along keep their versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strictness {
    /// Each exactly.
    Kept,
    /// They need not.
    Free,
}

/// Looks at what runs.
///
/// # Errors
/// When no stage uses the plugin that is meant.
fn affected(request: &ResolveRequest) -> Result<AffectedStages, Refused> {
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
    fn wishes(&self, strictness: Strictness) -> Vec<VersionWish> {
        let stage = |wish: &StageRequest| {
            let kept = self.kept.get(&wish.stage);
            let kept = kept.filter(|_| strictness == Strictness::Kept);
            VersionWish {
                by: format!("stage `{}`", wish.stage),
                id: wish.component.plugin().clone(),
                component: wish.component.component().map(str::to_owned),
                versions: kept.map(exactly).or_else(|| wish.versions.clone()),
            }
        };
        let provider = |(id, versions): &(PluginId, Option<VersionReq>)| VersionWish {
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

fn attempt(
    opener: &Opener,
    request: &ResolveRequest,
    affected: &AffectedStages,
) -> Result<Resolved, Attempt> {
    let began = Instant::now();
    let places = request.search.as_ref();
    opener.search_in(places, |mut catalogue, admission| {
        catalogue.add_open(&running(request));
        let mut resolving = began.elapsed();
        let chosen = open_chosen((&mut catalogue, admission), |catalogue, rejected| {
            let began = Instant::now();
            let choices = choose(catalogue, request, affected);
            let choices = choices.map_err(|conflict| why_not(catalogue, rejected, &conflict))?;
            not_backwards(request, &affected.wishes, &choices, rejected)?;
            resolving += began.elapsed();
            Ok::<_, Attempt>((choices, ()))
        })?;
        let admitting = began.elapsed().saturating_sub(resolving);
        let stages = all_found(request, affected, &chosen.choices, &chosen.opened)?;
        not_the_same(&stages, &chosen.rejected)?;
        Ok(Resolved {
            stages,
            rejected: texts(&chosen.rejected),
            steps: steps(resolving, admitting, admission.take_probing()),
        })
    })
}

/// Every stage that is bound anew, each after those whose plugin its own uses.
fn all_found(
    request: &ResolveRequest,
    affected: &AffectedStages,
    choices: &[Choice],
    opened: &Opened,
) -> Result<Vec<ResolvedStage>, Refused> {
    let mut stages = Vec::new();
    for choice in choices {
        let library = &opened[&choice.chosen.id];
        stages.extend(found(request, affected, choice, library)?);
    }
    Ok(stages)
}

/// The versions for the wishes. Stages that only come along keep theirs where that goes.
fn choose(
    catalogue: &Catalogue,
    request: &ResolveRequest,
    affected: &AffectedStages,
) -> Result<Vec<Choice>, Conflict> {
    let wishes = |strictness| Wishes {
        stages: affected.wishes(strictness),
        require: request.require.clone(),
        running: affected.running.clone(),
    };
    let kept = catalogue.resolve(&wishes(Strictness::Kept));
    kept.or_else(|_| catalogue.resolve(&wishes(Strictness::Free)))
}

/// The stages that a plugin fills.
fn found(
    request: &ResolveRequest,
    affected: &AffectedStages,
    choice: &Choice,
    library: &OpenLibrary,
) -> Result<Vec<ResolvedStage>, Refused> {
    let mut found = Vec::new();
    for wish in &affected.wishes {
        if *wish.component.plugin() != choice.chosen.id {
            continue;
        }
        let component = named(&wish.component, library)?;
        let address = format!("{}/{}", choice.chosen.id, component.name);
        let component = address.parse().unwrap_or_else(|_| wish.component.clone());
        let before = request.stage(&wish.stage);
        let same = before
            .and_then(|one| one.library.as_ref())
            .is_some_and(|old| {
                old.generation.hash() == library.generation.hash()
                    && old.providers.contents() == library.providers.contents()
            });
        let sameness = match same {
            true => Sameness::Same,
            false => Sameness::Other,
        };
        found.push(ResolvedStage {
            stage: wish.stage.clone(),
            component,
            library: library.clone(),
            sameness,
        });
    }
    Ok(found)
}

/// The component of an address: the plugin's only one where none is named.
fn named<'a>(
    address: &ComponentAddress,
    library: &'a OpenLibrary,
) -> Result<&'a Component, Refused> {
    let manifest = library.generation.manifest();
    let components = &manifest.components;
    let found = match address.component() {
        Some(name) => components.iter().find(|component| component.name == name),
        None if components.len() == 1 => components.first(),
        None => None,
    };
    found.ok_or_else(|| {
        let names: Vec<_> = components.iter().map(|one| one.name.as_str()).collect();
        let (id, version) = (&manifest.id, &manifest.version);
        Refused::Text(format!(
            "{id} {version} has the components {}, expected one of them after a slash, found \
             {address}",
            names.join(", ")
        ))
    })
}

fn steps(resolving: Duration, admitting: Duration, probing: Duration) -> Vec<StepTime> {
    let step = |step, took: Duration| StepTime {
        step,
        took_ns: u64::try_from(took.as_nanos()).unwrap_or(u64::MAX),
    };
    vec![
        step(StepKind::Resolve, resolving),
        step(StepKind::Probe, probing),
        step(StepKind::Open, admitting.saturating_sub(probing)),
    ]
}
