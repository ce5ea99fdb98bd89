//! Solver: puts the question to `pubgrub`.
//!
//! In: universe, wishes, and the circles that were found so far. Out: a version of each plugin
//! that is needed, or the tree of reasons why there is none.
//!
//! How the rules become packages: each wish is a package that depends on its plugin, so that
//! reasons name their stage. A plugin's lowest version is 'absent', which only optional
//! requirements accept. A circle of n plugins is a package with n versions, of which each member
//! forbids one: any n - 1 of them get along, all n leave none.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use pubgrub::{
    Dependencies, DependencyProvider, DerivationTree, PackageResolutionStatistics, PubGrubError,
    VersionSet,
};
use semver::Version;

use crate::id::PluginId;
use crate::resolve::explain::{Explanation, RuledOut};
use crate::resolve::universe::{Candidate, Universe, UniverseEntry};
use crate::resolve::versions::{Ranks, VERSIONS_MAX, VersionRank};
use crate::resolve::wishes::{Wishes, satisfying};
use crate::resolve::{Choice, Conflict};

/// How many decisions are tried. A chain through a full universe takes one for each candidate;
/// more than a few times that is a puzzle, not a set of plugins.
const STEPS_MAX: usize = 65_536;

/// Plugins that wait for each other, each for the next, the last for the first.
pub(crate) type Circle = Vec<(PluginId, Version)>;

/// What the solver chooses versions of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Package {
    /// All the wishes together.
    All,
    /// One wish, by its place.
    Wish(usize),
    /// A plugin.
    Plugin(PluginId),
    /// A circle that must not close, by its place.
    Circle(usize),
}

impl fmt::Display for Package {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self:?}")
    }
}

/// The search took too long.
#[derive(Debug, thiserror::Error)]
#[error("more than {STEPS_MAX} steps")]
pub(crate) struct TooLong;

/// Why the solver found nothing.
pub(crate) type Reasons = DerivationTree<Package, Ranks, RuledOut>;

/// Answers the solver's questions.
pub(crate) struct SolverQuestion<'a> {
    pub(crate) universe: &'a Universe,
    pub(crate) wishes: &'a Wishes,
    pub(crate) circles: &'a [Circle],
    steps: Cell<usize>,
}

/// Chooses a version of each plugin that is needed, such that none of `circles` closes.
pub(crate) fn solve<'a>(
    universe: &'a Universe,
    wishes: &'a Wishes,
    circles: &'a [Circle],
) -> Result<Choice<'a>, Conflict> {
    let steps = Cell::new(0);
    let question = SolverQuestion {
        universe,
        wishes,
        circles,
        steps,
    };
    match pubgrub::resolve(&question, Package::All, VersionRank::ABSENT) {
        Ok(answer) => Ok(question.reachable(&answer.into_iter().collect())),
        Err(PubGrubError::NoSolution(reasons)) => {
            let explanation = Explanation::of(&question, &reasons);
            take_apart(reasons);
            Err(Conflict::Unsolvable(explanation))
        }
        Err(_) => Err(Conflict::Undecided { steps: STEPS_MAX }),
    }
}

/// Whether a circle is short enough to be forbidden by one package.
pub(crate) fn is_encodable(circle: &Circle) -> bool {
    circle.len() < VERSIONS_MAX
}

/// Drops the tree from its root. Dropped as it is, its depth, which comes from outside, would
/// become the depth of the call stack.
fn take_apart(reasons: Reasons) {
    let mut open = vec![Arc::new(reasons)];
    while let Some(tree) = open.pop() {
        if let Ok(DerivationTree::Derived(derived)) = Arc::try_unwrap(tree) {
            open.extend([derived.cause1, derived.cause2]);
        }
    }
}

impl<'a> SolverQuestion<'a> {
    /// The part of the answer that the wishes lead to.
    fn reachable(&self, answer: &BTreeMap<Package, VersionRank>) -> Choice<'a> {
        let mut choice = Choice::new();
        let mut open: Vec<_> = self.wishes.stages.iter().map(|wish| &wish.id).collect();
        while let Some(id) = open.pop() {
            let rank = answer.get(&Package::Plugin(id.clone()));
            let Some(index) = rank.and_then(|rank| rank.index()) else {
                continue; // An optional plugin that is absent.
            };
            let candidate: &'a Candidate = &self.universe.entries(id)[index].candidate;
            if choice.insert(id.clone(), candidate).is_none() {
                open.extend(candidate.requires.iter().map(|requirement| &requirement.id));
            }
        }
        choice
    }

    /// What speaks against a version, whoever asks for it.
    fn ruled_out(&self, entry: &UniverseEntry) -> Option<RuledOut> {
        let Candidate { id, version, .. } = &entry.candidate;
        if let Some(reason) = &entry.excluded {
            return Some(RuledOut::Unusable(reason.clone()));
        }
        if let Some(versions) = self.wishes.require.get(id) {
            let allowed = versions.matches(version);
            return (!allowed).then(|| RuledOut::Require(versions.clone()));
        }
        let major = *self.wishes.running.get(id)?;
        let keeps = major == version.major || self.wishes.is_stated(id);
        (!keeps).then_some(RuledOut::Running(major))
    }

    fn needs_of_wish(&self, at: usize) -> (Package, Ranks) {
        let wish = &self.wishes.stages[at];
        let entries = self.universe.entries(&wish.id);
        let granting = self.wishes.granting(wish, entries);
        (Package::Plugin(wish.id.clone()), granting)
    }

    fn needs_of_plugin(&self, candidate: &Candidate) -> Vec<(Package, Ranks)> {
        let mut needs = Vec::new();
        for requirement in &candidate.requires {
            // A plugin that needs itself is the shortest circle, and treated as one.
            if requirement.id != candidate.id {
                let entries = self.universe.entries(&requirement.id);
                let package = Package::Plugin(requirement.id.clone());
                needs.push((package, satisfying(requirement, entries)));
            }
        }
        for (at, circle) in self.circles.iter().enumerate() {
            let mine =
                |(id, version): &(_, _)| (id, version) == (&candidate.id, &candidate.version);
            if let Some(place) = circle.iter().position(mine) {
                let all: Ranks = (0..circle.len()).map(VersionRank::of_index).collect();
                needs.push((
                    Package::Circle(at),
                    all.without(VersionRank::of_index(place)),
                ));
            }
        }
        needs
    }
}

impl DependencyProvider for SolverQuestion<'_> {
    type P = Package;
    type V = VersionRank;
    type VS = Ranks;
    /// Urgency, then the lowest id first.
    type Priority = (u8, Reverse<Option<PluginId>>);
    type M = RuledOut;
    type Err = TooLong;

    fn prioritize(
        &self,
        package: &Package,
        range: &Ranks,
        _: &PackageResolutionStatistics,
    ) -> Self::Priority {
        let Package::Plugin(id) = package else {
            return (u8::MAX, Reverse(None));
        };
        let urgency = if self.wishes.stages.iter().any(|wish| wish.id == *id) {
            2
        } else {
            u8::from(!range.contains(&VersionRank::ABSENT))
        };
        (urgency, Reverse(Some(id.clone())))
    }

    fn choose_version(&self, _: &Package, range: &Ranks) -> Result<Option<VersionRank>, TooLong> {
        Ok(range.highest())
    }

    fn get_dependencies(
        &self,
        package: &Package,
        rank: &VersionRank,
    ) -> Result<Dependencies<Package, Ranks, RuledOut>, TooLong> {
        let needs = match package {
            Package::All => {
                let wishes = 0..self.wishes.stages.len();
                let only = Ranks::singleton(VersionRank::ABSENT);
                wishes.map(|at| (Package::Wish(at), only)).collect()
            }
            Package::Wish(at) => vec![self.needs_of_wish(*at)],
            Package::Circle(_) => Vec::new(),
            Package::Plugin(id) => match rank.index().map(|at| &self.universe.entries(id)[at]) {
                None => Vec::new(),
                Some(entry) => match self.ruled_out(entry) {
                    Some(reason) => return Ok(Dependencies::Unavailable(reason)),
                    None => self.needs_of_plugin(&entry.candidate),
                },
            },
        };
        Ok(Dependencies::Available(needs.into_iter().collect()))
    }

    fn should_cancel(&self) -> Result<(), TooLong> {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > STEPS_MAX {
            return Err(TooLong);
        }
        Ok(())
    }
}
