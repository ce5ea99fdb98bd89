//! Optional: stages that a pipeline can do without.
//!
//! In: a configuration, and why it cannot be had as it is. Out: the same without the optional
//! stages that stand in the way, or nothing where that would not help. What a stage that is left
//! out would read is passed on to whoever reads it.

use std::sync::Arc;

use crate::config::model::{Config, LeftOut};
use crate::resolve::Conflict;
use crate::session::bind::Bindings;
use crate::session::build::BuildFailure;
use crate::session::catalogue::{Catalogue, Choice};
use crate::session::error::SessionError;

/// The versions that a configuration gets, and the configuration without those of its optional
/// stages that cannot be had. The stages that stay are the first ones of the file that go together.
///
/// # Errors
/// The conflict of a configuration that cannot be had without its optional stages either.
pub fn choose(
    catalogue: &Catalogue,
    config: &Config,
) -> Result<(Vec<Choice>, Option<Config>), Conflict> {
    let conflict = match catalogue.choose(config) {
        Ok(choices) => return Ok((choices, None)),
        Err(conflict) => conflict,
    };
    let optional: Vec<_> = (0..config.stages.len())
        .filter(|at| config.stages[*at].optional.value)
        .collect();
    if optional.is_empty() {
        return Err(conflict);
    }
    let mut reasons: Vec<_> = optional
        .iter()
        .map(|at| (*at, sentence(&conflict)))
        .collect();
    // What cannot be had without them either is what has to be mended.
    let mut choices = catalogue.choose(&without(config, &reasons))?;
    for at in optional {
        let others: Vec<_> = reasons.iter().filter(|one| one.0 != at).cloned().collect();
        match catalogue.choose(&without(config, &others)) {
            Ok(more) => (choices, reasons) = (more, others),
            Err(conflict) => {
                let own = reasons.iter_mut().find(|one| one.0 == at);
                own.into_iter().for_each(|one| one.1 = sentence(&conflict));
            }
        }
    }
    Ok((choices, Some(without(config, &reasons))))
}

/// Gives up the stage whose instance could not be had, if it is optional.
///
/// # Errors
/// What went wrong, where the pipeline cannot do without.
pub(super) fn leave_out(
    config: &mut Arc<Config>,
    bindings: &mut Bindings,
    failed: BuildFailure,
) -> Result<(), SessionError> {
    match failed.stage {
        Some(at) if config.stages[at].optional.value => {
            *config = Arc::new(without(config, &[(at, failed.error.to_string())]));
            bindings.stages.remove(at);
            Ok(())
        }
        _ => Err(*failed.error),
    }
}

/// The first line of a conflict; the others tell how it came about.
fn sentence(conflict: &Conflict) -> String {
    let text = conflict.to_string();
    let first = text.lines().next().unwrap_or_default();
    first.trim_end_matches(':').to_owned()
}

/// A configuration without the stages that the running one was left without, as long as the file
/// still has them as it had them then.
pub(super) fn without_again(config: Config, running: &Config, file: &Config) -> Config {
    let still = running.left_out.iter().filter_map(|left| {
        let at = config
            .stages
            .iter()
            .position(|stage| stage.id.value == left.id)?;
        let before = file.stage(&left.id)?;
        let is_same = before.part.component.value == config.stages[at].part.component.value;
        is_same.then(|| (at, left.reason.clone()))
    });
    let reasons: Vec<_> = still.collect();
    match reasons.is_empty() {
        true => config,
        false => without(&config, &reasons),
    }
}

/// A configuration without some stages, each with the reason.
fn without(config: &Config, reasons: &[(usize, String)]) -> Config {
    let mut config = config.clone();
    let mut places: Vec<_> = reasons.iter().collect();
    places.sort_by_key(|(at, _)| *at);
    let gone: Vec<_> = places
        .iter()
        .map(|(at, reason)| {
            let stage = &config.stages[*at];
            LeftOut {
                id: stage.id.value.clone(),
                component: stage.part.component.value.clone(),
                inputs: stage.inputs.clone(),
                reason: reason.clone(),
            }
        })
        .collect();
    for (at, _) in places.iter().rev() {
        config.stages.remove(*at);
    }
    config.left_out.extend(gone);
    config
}
