//! Rejected: why there is no choice of versions, or why one is not taken after binaries were set aside.
//!
//! In: what was asked, what was chosen or what conflicts, and the binaries that failed their probe.
//! Out: texts. Nothing comes by itself that is older than what runs, or the same.

use semver::Version;

use crate::admission::Rejection;
use crate::resolve::{Conflict, Misfit};
use crate::session::candidate::{Refused, ResolveRequest, ResolvedStage, Sameness, StageRequest};
use crate::session::catalogue::{Catalogue, Choice};

/// How many plugins are named where one was not found; `segue list` shows them all.
const NAMES_MAX: usize = 12;

/// Why each was set aside.
pub(super) fn texts(rejected: &[Rejection]) -> Vec<String> {
    rejected.iter().map(ToString::to_string).collect()
}

/// The conflict, after those of the binaries that were set aside of which it does not speak; with
/// what there is, where a plugin is not.
pub(super) fn why_not(
    catalogue: &Catalogue,
    rejected: &[Rejection],
    conflict: &Conflict,
) -> Refused {
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

/// After a binary was set aside: nothing older than what runs comes in its place by itself.
///
/// # Errors
/// What was set aside, where something older came.
pub(super) fn not_backwards(
    request: &ResolveRequest,
    wishes: &[StageRequest],
    choices: &[Choice],
    rejected: &[Rejection],
) -> Result<(), Refused> {
    if rejected.is_empty() {
        return Ok(());
    }
    for wish in wishes {
        let library = request
            .stage(&wish.stage)
            .and_then(|one| one.library.as_ref());
        let Some(library) = library.filter(|_| wish.versions.is_none()) else {
            continue;
        };
        let manifest = library.generation.manifest();
        let chosen = choices
            .iter()
            .find(|choice| choice.chosen.id.as_str() == manifest.id);
        if chosen.is_some_and(|choice| is_older(&choice.chosen.version, &manifest.version)) {
            return Err(Refused::Text(texts(rejected).join("; ")));
        }
    }
    Ok(())
}

/// After a binary was set aside: what is left is not just what runs.
///
/// # Errors
/// What was set aside, where nothing else is left.
pub(super) fn not_the_same(
    stages: &[ResolvedStage],
    rejected: &[Rejection],
) -> Result<(), Refused> {
    let all_the_same = stages.iter().all(|one| one.sameness == Sameness::Same);
    if all_the_same && !rejected.is_empty() {
        return Err(Refused::Text(texts(rejected).join("; ")));
    }
    Ok(())
}

fn is_older(version: &Version, than: &Version) -> bool {
    version < than
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
