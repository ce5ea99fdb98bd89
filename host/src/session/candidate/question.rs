//! Question: which versions a running session gets for what is asked of it.
//!
//! In: what is to be bound anew, and what runs. Out: open libraries for it, each stage after those
//! whose plugin its own uses; or an explanation. What is not asked about keeps what it has, so two
//! versions of one plugin may live at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use segue_plugin::manifest::Component;
use semver::Version;

use crate::admission::{AdmissionError, StoreError};
use crate::id::ComponentAddress;
use crate::loading::{Generation, resident};
use crate::observe::StepTime;
use crate::resolve::Wishes;
use crate::session::build::Opened;
use crate::session::candidate::reach::{Reach, Strictness, contents_of, reach};
use crate::session::candidate::{Found, Question, Refused, Resolved, Runs, Sameness, Standing};
use crate::session::catalogue::{Catalogue, Choice};
use crate::session::open::{Opener, admit};

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
    question: &Question,
) -> Result<Resolved, Refused> {
    let reach = reach(question)?;
    let mut answer = Err(Attempt::Again);
    for _ in 0..SCANS_MAX {
        answer = attempt(opener, question, &reach);
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

impl From<String> for Attempt {
    fn from(text: String) -> Self {
        Self::Refused(Refused::Text(text))
    }
}

/// What is found out on the way.
#[derive(Default)]
struct Way {
    rejected: Vec<String>,
    resolving: Duration,
    admitting: Duration,
}

fn attempt(opener: &Opener, question: &Question, reach: &Reach) -> Result<Resolved, Attempt> {
    let mut way = Way::default();
    let began = Instant::now();
    opener.search(|mut catalogue, admission| {
        catalogue.add_open(&running(question));
        way.resolving = began.elapsed();
        loop {
            let began = Instant::now();
            let choices = choose(&catalogue, question, reach);
            let choices = choices.map_err(|text| with_rejections(&way.rejected, &text))?;
            not_backwards(question, reach, &choices, &way.rejected)?;
            way.resolving += began.elapsed();
            let began = Instant::now();
            let admitted = admit(admission, &choices);
            way.admitting += began.elapsed();
            match admitted {
                Ok(opened) => {
                    let stages = all_found(question, reach, &choices, &opened)?;
                    not_the_same(&stages, &way.rejected)?;
                    return Ok(Resolved {
                        stages,
                        steps: steps(&way, admission.take_probing()),
                        rejected: way.rejected,
                    });
                }
                Err(AdmissionError::Rejected(rejection)) => {
                    for line in &rejection.evidence {
                        tracing::debug!(plugin = %rejection.plugin, "{line}");
                    }
                    way.rejected.push(rejection.to_string());
                    catalogue.exclude(&rejection.plugin, &rejection.version, rejection.reason);
                }
                Err(AdmissionError::Store(StoreError::Changed { .. })) => {
                    return Err(Attempt::Again);
                }
                Err(error) => return Err(error.to_string().into()),
            }
        }
    })
}

/// Every stage that is bound anew, each after those whose plugin its own uses.
fn all_found(
    question: &Question,
    reach: &Reach,
    choices: &[Choice],
    opened: &Opened,
) -> Result<Vec<Found>, String> {
    let mut stages = Vec::new();
    for choice in choices {
        let (generation, providers) = opened[&choice.chosen.id].clone();
        let runs = Runs {
            generation,
            providers,
        };
        stages.extend(found(question, reach, choice, &runs)?);
    }
    Ok(stages)
}

/// The versions for the wishes. Stages that only come along keep theirs where that goes.
fn choose(
    catalogue: &Catalogue,
    question: &Question,
    reach: &Reach,
) -> Result<Vec<Choice>, String> {
    let wishes = |strictness| Wishes {
        stages: reach.wishes(strictness),
        require: question.require.clone(),
        running: reach.running.clone(),
    };
    let kept = catalogue.resolve(&wishes(Strictness::Kept));
    let chosen = kept.or_else(|_| catalogue.resolve(&wishes(Strictness::Free)));
    chosen.map_err(|conflict| conflict.to_string())
}

/// Every library that the session uses, providers too.
fn running(question: &Question) -> Vec<Arc<Generation>> {
    let standing = question.standing.iter().filter_map(|one| one.runs.as_ref());
    let hashes: Vec<_> = standing
        .chain(&question.others)
        .flat_map(|runs| {
            let mut contents = runs.providers.contents();
            contents.push(runs.generation.hash());
            contents
        })
        .collect();
    let mut all = resident();
    all.retain(|generation| hashes.contains(&generation.hash()));
    all
}

/// The conflict, after those of the binaries that were set aside of which it does not speak.
fn with_rejections(rejected: &[String], conflict: &str) -> String {
    let untold = rejected
        .iter()
        .filter(|text| !conflict.contains(text.as_str()));
    let mut all: Vec<_> = untold.map(String::as_str).collect();
    all.push(conflict);
    all.join("; ")
}

/// After a binary was set aside: nothing older than what runs comes in its place by itself.
fn not_backwards(
    question: &Question,
    reach: &Reach,
    choices: &[Choice],
    rejected: &[String],
) -> Result<(), Attempt> {
    if rejected.is_empty() {
        return Ok(());
    }
    for wish in &reach.wishes {
        let runs = standing(question, &wish.stage).and_then(|one| one.runs.as_ref());
        let Some(runs) = runs.filter(|_| wish.versions.is_none()) else {
            continue;
        };
        let manifest = runs.generation.manifest();
        let chosen = choices
            .iter()
            .find(|choice| choice.chosen.id.as_str() == manifest.id);
        if chosen.is_some_and(|choice| is_older(&choice.chosen.version, &manifest.version)) {
            return Err(rejected.join("; ").into());
        }
    }
    Ok(())
}

fn is_older(version: &Version, than: &Version) -> bool {
    version < than
}

/// After a binary was set aside: what is left is not just what runs.
fn not_the_same(stages: &[Found], rejected: &[String]) -> Result<(), Attempt> {
    let all_the_same = stages.iter().all(|one| one.sameness == Sameness::Same);
    if all_the_same && !rejected.is_empty() {
        return Err(rejected.join("; ").into());
    }
    Ok(())
}

fn standing<'a>(question: &'a Question, stage: &str) -> Option<&'a Standing> {
    question.standing.iter().find(|one| one.stage == stage)
}

/// The stages that a plugin fills.
fn found(
    question: &Question,
    reach: &Reach,
    choice: &Choice,
    runs: &Runs,
) -> Result<Vec<Found>, String> {
    let mut found = Vec::new();
    for wish in &reach.wishes {
        if *wish.component.plugin() != choice.chosen.id {
            continue;
        }
        let component = named(&wish.component, runs)?;
        let address = format!("{}/{}", choice.chosen.id, component.name);
        let component = address.parse().unwrap_or_else(|_| wish.component.clone());
        let before = standing(question, &wish.stage);
        let same = before.and_then(|one| one.runs.as_ref()).is_some_and(|old| {
            old.generation.hash() == runs.generation.hash()
                && old.providers.contents() == runs.providers.contents()
        });
        let sameness = match same {
            true => Sameness::Same,
            false => Sameness::Other,
        };
        found.push(Found {
            stage: wish.stage.clone(),
            component,
            runs: runs.clone(),
            sameness,
        });
    }
    Ok(found)
}

/// The component of an address: the plugin's only one where none is named.
fn named<'a>(address: &ComponentAddress, runs: &'a Runs) -> Result<&'a Component, String> {
    let manifest = runs.generation.manifest();
    let components = &manifest.components;
    let found = match address.component() {
        Some(name) => components.iter().find(|component| component.name == name),
        None if components.len() == 1 => components.first(),
        None => None,
    };
    found.ok_or_else(|| {
        let names: Vec<_> = components.iter().map(|one| one.name.as_str()).collect();
        let (id, version) = (&manifest.id, &manifest.version);
        format!(
            "{id} {version} has the components {}, expected one of them after a slash, found \
             {address}",
            names.join(", ")
        )
    })
}

fn steps(way: &Way, probing: Duration) -> Vec<StepTime> {
    let step = |step: &str, took: Duration| StepTime {
        step: step.to_owned(),
        took_ns: u64::try_from(took.as_nanos()).unwrap_or(u64::MAX),
    };
    vec![
        step("resolve", way.resolving),
        step("probe", probing),
        step("open", way.admitting.saturating_sub(probing)),
    ]
}

/// What the libraries of this process are used for.
pub(in crate::session) fn generations(
    standing: &[Standing],
) -> Vec<crate::observe::GenerationStatus> {
    let uses = |generation: &Generation| {
        let users = standing.iter().filter(|one| {
            let runs = one.runs.as_ref();
            runs.is_some_and(|runs| contents_of(runs).any(|hash| hash == generation.hash()))
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
