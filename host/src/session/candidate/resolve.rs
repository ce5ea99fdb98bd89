//! Resolve: which versions a running session gets for what is asked of it.
//!
//! In: what is to be bound anew, and what runs. Out: open libraries for it, each stage after those
//! whose plugin its own uses; or an explanation. What is not asked about keeps what it has, so two
//! versions of one plugin may live at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use segue_plugin::manifest::Component;
use semver::Version;

use crate::admission::{AdmissionError, Rejection, StoreError};
use crate::id::ComponentAddress;
use crate::loading::{Generation, resident};
use crate::observe::{StepKind, StepTime};
use crate::resolve::{Conflict, Misfit, Wishes};
use crate::session::build::Opened;
use crate::session::candidate::affected::{AffectedStages, Strictness, affected, contents_of};
use crate::session::candidate::{
    CurrentStage, Refused, ResolveRequest, Resolved, ResolvedStage, Sameness,
};
use crate::session::catalogue::{Catalogue, Choice};
use crate::session::instance::OpenLibrary;
use crate::session::open::{Opener, open_chosen};

/// How often folders are searched again because a library changed while it was read: who writes
/// one takes a moment, and asks again when it is done.
const SCANS_MAX: usize = 3;

/// How many plugins are named where one was not found; `segue list` shows them all.
const NAMES_MAX: usize = 12;

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
            not_backwards(request, affected, &choices, rejected)?;
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

fn texts(rejected: &[Rejection]) -> Vec<String> {
    rejected.iter().map(ToString::to_string).collect()
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

/// Every library that the session uses, providers too.
fn running(request: &ResolveRequest) -> Vec<Arc<Generation>> {
    let current = request
        .current
        .iter()
        .filter_map(|one| one.library.as_ref());
    let hashes: Vec<_> = current
        .chain(&request.others)
        .flat_map(|library| {
            let mut contents = library.providers.contents();
            contents.push(library.generation.hash());
            contents
        })
        .collect();
    let mut all = resident();
    all.retain(|generation| hashes.contains(&generation.hash()));
    all
}

/// The conflict, after those of the binaries that were set aside of which it does not speak; with
/// what there is, where a plugin is not.
fn why_not(catalogue: &Catalogue, rejected: &[Rejection], conflict: &Conflict) -> Refused {
    let text = conflict.to_string();
    let mut all = texts(rejected);
    all.retain(|rejection| !text.contains(rejection));
    all.push(text);
    let mut text = all.join("; ");
    if is_of_missing(conflict) {
        text.push_str(&what_there_is(&catalogue.ids()));
    }
    Refused::Text(text)
}

fn is_of_missing(conflict: &Conflict) -> bool {
    let Conflict::Unsolvable(explanation) = conflict else {
        return false;
    };
    let mut verdicts = explanation.verdicts.iter();
    verdicts.any(|verdict| matches!(verdict, Misfit::Missing { .. }))
}

/// A line about the plugins that were found.
fn what_there_is(ids: &[&str]) -> String {
    let shown = ids.iter().take(NAMES_MAX).copied();
    let mut names = shown.collect::<Vec<_>>().join(", ");
    match ids.len().saturating_sub(NAMES_MAX) {
        0 => {}
        more => names.push_str(&format!(" and {more} more")),
    }
    match ids.is_empty() {
        true => {
            "\nno plugin was found; `segue list --why` shows where it was looked for".to_owned()
        }
        false => format!(
            "\nfound were {names}; `segue list` shows them, `segue list --why` where it was looked for"
        ),
    }
}

/// After a binary was set aside: nothing older than what runs comes in its place by itself.
fn not_backwards(
    request: &ResolveRequest,
    affected: &AffectedStages,
    choices: &[Choice],
    rejected: &[Rejection],
) -> Result<(), Attempt> {
    if rejected.is_empty() {
        return Ok(());
    }
    for wish in &affected.wishes {
        let library = current(request, &wish.stage).and_then(|one| one.library.as_ref());
        let Some(library) = library.filter(|_| wish.versions.is_none()) else {
            continue;
        };
        let manifest = library.generation.manifest();
        let chosen = choices
            .iter()
            .find(|choice| choice.chosen.id.as_str() == manifest.id);
        if chosen.is_some_and(|choice| is_older(&choice.chosen.version, &manifest.version)) {
            return Err(Refused::Text(texts(rejected).join("; ")).into());
        }
    }
    Ok(())
}

fn is_older(version: &Version, than: &Version) -> bool {
    version < than
}

/// After a binary was set aside: what is left is not just what runs.
fn not_the_same(stages: &[ResolvedStage], rejected: &[Rejection]) -> Result<(), Attempt> {
    let all_the_same = stages.iter().all(|one| one.sameness == Sameness::Same);
    if all_the_same && !rejected.is_empty() {
        return Err(Refused::Text(texts(rejected).join("; ")).into());
    }
    Ok(())
}

fn current<'a>(request: &'a ResolveRequest, stage: &str) -> Option<&'a CurrentStage> {
    request.current.iter().find(|one| one.stage == stage)
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
        let before = current(request, &wish.stage);
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

/// What the libraries of this process are used for.
pub(in crate::session) fn generations(
    current: &[CurrentStage],
) -> Vec<crate::observe::GenerationStatus> {
    let uses = |generation: &Generation| {
        let users = current.iter().filter(|one| {
            let library = one.library.as_ref();
            library
                .is_some_and(|library| contents_of(library).any(|hash| hash == generation.hash()))
        });
        users.map(|one| one.stage.clone()).collect()
    };
    let status = |generation: Arc<Generation>| {
        let usage = generation.usage();
        crate::observe::GenerationStatus {
            stages: uses(&generation),
            plugin: usage.plugin,
            version: usage.version,
            sha256: usage.hash.to_string(),
            bytes: usage.size_bytes,
        }
    };
    resident().into_iter().map(status).collect()
}
