//! Resolve: from the plugins found on disk to the versions that load, and the order they load in.
//!
//! In: the [`Universe`] of candidates, and the [`Wishes`] of stages and operator.
//! Out: a [`Resolution`], each plugin after all it needs, or a [`Conflict`] that says why there is
//! none.
//!
//! What decides, in this order:
//! - One version per plugin, for every stage that uses it and every plugin that needs it.
//! - `[plugins.require]` and the majors that run rule versions out; they load nothing by themselves.
//! - A pre-release is taken only where it is named. Each requirement has to name it by itself, as
//!   in Cargo; a stage that states no version takes one that the operator or another stage names.
//! - An **optional** requirement takes the other plugin along where a version fits. Absence is fine;
//!   presence has to match, so no plugin ever meets a version it did not ask for.
//! - No circles: a choice in which two plugins wait for each other is no choice.
//! - Among what is left the highest version wins: first for the plugins that stages name, then for
//!   what they need, then for what they could use; in the order of ids.
//!
//! Pure: no files, no clock, no threads. The same input always gives the same order.

mod explain;
mod leaves;
mod order;
mod solver;
mod universe;
mod versions;
mod wishes;
mod words;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use semver::Version;

use crate::id::PluginId;

pub use explain::{Explanation, Fact, Misfit, RuledOut};
pub use universe::{CANDIDATES_MAX, Candidate, NotKept, REQUIRES_MAX, Requirement, Universe};
pub use versions::VERSIONS_MAX;
pub use wishes::{VersionWish, WISHES_MAX, Wishes};

/// How many circles are set aside before giving up. Each costs one run of the solver; people make
/// one by mistake, not hundreds.
const CIRCLES_MAX: usize = 256;

/// A choice of versions that satisfies everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// What loads, each plugin after all it needs; ties in the order of ids.
    pub order: Vec<Chosen>,
}

/// One plugin that loads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Which plugin.
    pub id: PluginId,
    /// In which version.
    pub version: Version,
    /// The plugins whose components it may use: its requirements, and the optional ones present.
    pub uses: Vec<PluginId>,
}

/// Why there is no load order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// No choice of versions satisfies everybody.
    #[error("{0}")]
    Unsolvable(Explanation),
    /// More was asked than a pipeline can have.
    #[error("{found} stages and requirements: expected at most {max}")]
    TooManyWishes {
        /// How many there are.
        found: usize,
        /// How many there may be.
        max: usize,
    },
    /// The search was given up. Manifests made by people are decided in a few steps.
    #[error(
        "no choice of versions was found within {steps} steps; pin some under [plugins.require]"
    )]
    Undecided {
        /// How many decisions were tried.
        steps: usize,
    },
}

/// Chooses a version of every plugin that the wishes need, and the order to load them in.
///
/// When a chosen binary fails its probe, [`Universe::exclude`] it and call again.
///
/// # Errors
/// A [`Conflict`] whose text explains to a person why there is no such choice.
pub fn load_order(universe: &Universe, wishes: &Wishes) -> Result<Resolution, Conflict> {
    let found = wishes.stages.len().max(wishes.require.len());
    if found > WISHES_MAX {
        let max = WISHES_MAX;
        return Err(Conflict::TooManyWishes { found, max });
    }
    let mut circles = Vec::new();
    loop {
        let choice = solver::solve(universe, wishes, &circles)?;
        let needs: BTreeMap<_, _> = choice
            .iter()
            .map(|(id, candidate)| (id, present(candidate, &choice)))
            .collect();
        let circle = match order::after_needs(&needs) {
            Ok(order) => return Ok(resolution(&order, &choice, &needs)),
            Err(circle) => circle.iter().map(|id| version_of(id, &choice)).collect(),
        };
        if !solver::is_encodable(&circle) || circles.len() == CIRCLES_MAX {
            return Err(Conflict::Unsolvable(Explanation::of_circle(circle)));
        }
        circles.push(circle);
    }
}

/// The chosen versions by id.
type Choice<'a> = BTreeMap<PluginId, &'a Candidate>;

/// Which of its requirements are part of the choice, once each, in the order of ids.
fn present(candidate: &Candidate, choice: &Choice<'_>) -> Vec<PluginId> {
    let mut uses: Vec<_> = candidate
        .requires
        .iter()
        .map(|requirement| requirement.id.clone())
        .filter(|id| choice.contains_key(id))
        .collect();
    uses.sort();
    uses.dedup();
    uses
}

fn version_of(id: &PluginId, choice: &Choice<'_>) -> (PluginId, Version) {
    (id.clone(), choice[id].version.clone())
}

fn resolution(
    order: &[PluginId],
    choice: &Choice<'_>,
    needs: &BTreeMap<&PluginId, Vec<PluginId>>,
) -> Resolution {
    let chosen = |id: &PluginId| Chosen {
        id: id.clone(),
        version: choice[id].version.clone(),
        uses: needs[id].clone(),
    };
    Resolution {
        order: order.iter().map(chosen).collect(),
    }
}
