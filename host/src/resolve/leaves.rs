//! Leaves: the facts that the solver's derivation starts from.
//!
//! In: the tree of reasons. Out: its leaves, each once, in the order in which one would tell them,
//! and what follows from them.

use std::collections::{BTreeMap, BTreeSet};

use pubgrub::{DerivationTree, External, VersionSet};
use semver::{Version, VersionReq};

use crate::id::PluginId;
use crate::resolve::explain::{Fact, Misfit, RuledOut};
use crate::resolve::solver::{Package, Reasons, SolverQuestion};
use crate::resolve::universe::{Requirement, UniverseEntry};
use crate::resolve::versions::{Ranks, VersionRank};
use crate::resolve::wishes::{VersionWish, satisfying};

/// How many similar ids are named where one is missing.
const NEAR_MAX: usize = 3;

/// How alike two ids are at least, from 0 to 1, for one to be named in place of the other.
const NEAR_SIMILARITY: f64 = 0.7;

/// How many plugins are judged. One is what is wrong nearly always; each costs a look at all ids.
const VERDICTS_MAX: usize = 4;

/// The leaves of the solver's tree, each once.
pub(crate) struct Leaves<'a> {
    question: &'a SolverQuestion<'a>,
    /// The wishes that matter, by place.
    wishes: BTreeSet<usize>,
    /// What each plugin needs of whom, and which of its versions do.
    needs: BTreeMap<PluginId, BTreeMap<(PluginId, Ranks), Ranks>>,
    ruled_out: BTreeMap<PluginId, Vec<(Ranks, RuledOut)>>,
    /// The circles that matter, by place.
    circles: BTreeSet<usize>,
}

impl<'a> Leaves<'a> {
    /// Collects the leaves of `reasons`. The tree's depth comes from outside: the way through it
    /// is a list, not the call stack.
    pub(crate) fn of(question: &'a SolverQuestion<'a>, reasons: &Reasons) -> Self {
        let mut leaves = Self {
            question,
            wishes: BTreeSet::new(),
            needs: BTreeMap::new(),
            ruled_out: BTreeMap::new(),
            circles: BTreeSet::new(),
        };
        let mut seen = BTreeSet::new();
        let mut open = vec![reasons];
        while let Some(tree) = open.pop() {
            match tree {
                DerivationTree::External(external) => leaves.add(external),
                DerivationTree::Derived(derived) => {
                    // Shared parts are told once; following them each time can take for ever.
                    if derived.shared_id.is_none_or(|id| seen.insert(id)) {
                        open.extend([&*derived.cause2, &*derived.cause1]);
                    }
                }
            }
        }
        leaves
    }

    fn add(&mut self, external: &External<Package, Ranks, RuledOut>) {
        match external {
            External::FromDependencyOf(Package::Wish(at), ..) => {
                self.wishes.insert(*at);
            }
            External::FromDependencyOf(_, _, Package::Circle(at), _) => {
                self.circles.insert(*at);
            }
            External::FromDependencyOf(Package::Plugin(id), by, Package::Plugin(of), demand) => {
                let needs = self.needs.entry(id.clone()).or_default();
                let by_all = needs.entry((of.clone(), *demand)).or_default();
                *by_all = by_all.union(by);
            }
            External::Custom(Package::Plugin(id), versions, reason) => {
                self.rule_out(id, *versions, reason);
            }
            // That all wishes are to be granted, and that nothing else is chosen, needs no words.
            _ => {}
        }
    }

    fn rule_out(&mut self, id: &PluginId, versions: Ranks, reason: &RuledOut) {
        let known = self.ruled_out.entry(id.clone()).or_default();
        match known.iter_mut().find(|(_, why)| why == reason) {
            Some((all, _)) => *all = all.union(&versions),
            None => known.push((versions, reason.clone())),
        }
    }

    /// Everything that is so: each wish, followed by what its plugin needs, and so on; then what
    /// is ruled out.
    pub(crate) fn facts(&self) -> Vec<Fact> {
        let mut facts = Vec::new();
        let mut told = BTreeSet::new();
        for wish in self.wishes() {
            facts.push(Fact::Wished(wish.clone()));
            let mut open = vec![&wish.id];
            while let Some(id) = open.pop() {
                if told.insert(id) {
                    self.tell_needs(id, &mut facts, &mut open);
                }
            }
        }
        for (id, reasons) in &self.ruled_out {
            let mut reasons = reasons.clone();
            reasons.sort_by_key(|(ranks, _)| *ranks);
            facts.extend(reasons.into_iter().map(|(ranks, reason)| Fact::RuledOut {
                id: id.clone(),
                versions: self.versions(id, ranks),
                reason,
            }));
        }
        facts
    }

    /// Adds what `id` needs, lowest versions first, and whom to go on with.
    fn tell_needs<'b>(
        &'b self,
        id: &PluginId,
        facts: &mut Vec<Fact>,
        open: &mut Vec<&'b PluginId>,
    ) {
        let mut mine: Vec<_> = self.needs.get(id).into_iter().flatten().collect();
        mine.sort_by_key(|(_, by)| **by);
        for ((of, demand), by) in &mine {
            let requirement = self.requirement(id, **by, of, *demand);
            facts.extend(requirement.map(|requirement| Fact::Needs {
                id: id.clone(),
                versions: self.versions(id, **by),
                requirement,
            }));
        }
        open.extend(mine.iter().rev().map(|((of, _), _)| of));
    }

    /// The requirement that the solver saw as `demand`.
    fn requirement(
        &self,
        id: &PluginId,
        by: Ranks,
        of: &PluginId,
        demand: Ranks,
    ) -> Option<Requirement> {
        let candidate = &self.entries(id)[by.highest()?.index()?].candidate;
        let entries = self.entries(of);
        let mut requires = candidate.requires.iter();
        requires
            .find(|one| one.id == *of && satisfying(one, entries) == demand)
            .cloned()
    }

    /// What does not fit.
    pub(crate) fn verdicts(&self) -> Vec<Misfit> {
        let circles = self.circles.iter().map(|&at| &self.question.circles[at]);
        let mut verdicts: Vec<_> = circles.cloned().map(Misfit::Circle).collect();
        let demands = self.demands();
        let on_one = demands
            .iter()
            .filter_map(|(id, ranks)| self.verdict_on_one(id, ranks));
        verdicts.extend(on_one.take(VERDICTS_MAX));
        if verdicts.is_empty() {
            let on_all = demands
                .iter()
                .filter_map(|(id, ranks)| self.verdict_on_all(id, ranks));
            verdicts.extend(on_all.take(VERDICTS_MAX));
        }
        verdicts
    }

    /// Whether one demand alone cannot be met.
    fn verdict_on_one(&self, id: &PluginId, demands: &[Ranks]) -> Option<Misfit> {
        if !demands.contains(&Ranks::empty()) {
            return None;
        }
        let id = id.clone();
        if self.entries(&id).is_empty() {
            let near = self.near(&id);
            return Some(Misfit::Missing { id, near });
        }
        if let Some(has) = self
            .wishes()
            .find_map(|wish| self.other_components(wish, &id))
        {
            return Some(Misfit::NoComponent { id, has });
        }
        Some(Misfit::NoVersion {
            found: self.found(&id),
            pre_release: self.pre_release(&id),
            id,
        })
    }

    /// Whether the demands on one plugin cannot be met together.
    fn verdict_on_all(&self, id: &PluginId, demands: &[Ranks]) -> Option<Misfit> {
        let all = Ranks::full().without(VersionRank::ABSENT);
        let meeting = demands
            .iter()
            .fold(all, |all, demand| all.intersection(demand));
        let ruled_out = self.ruled_out.get(id).into_iter().flatten();
        let left = ruled_out.fold(meeting, |left, (ranks, _)| {
            left.intersection(&ranks.complement())
        });
        let id = id.clone();
        let found = self.found(&id);
        (left == Ranks::empty()).then_some(Misfit::NoneLeft { id, found })
    }

    /// The highest pre-release that somebody would take if it were a release.
    fn pre_release(&self, id: &PluginId) -> Option<Version> {
        let of_wishes = self.wishes().filter(|wish| wish.id == *id);
        let any_release = || VersionReq::STAR;
        let mut wanted: Vec<_> = of_wishes
            .map(|wish| wish.versions.clone().unwrap_or_else(any_release))
            .collect();
        for (by, needs) in &self.needs {
            let mine = needs.iter().filter(|((of, _), _)| of == id);
            wanted.extend(mine.filter_map(|((of, demand), ranks)| {
                Some(self.requirement(by, *ranks, of, *demand)?.versions)
            }));
        }
        let would_do = |version: &Version| {
            let release = Version::new(version.major, version.minor, version.patch);
            !version.pre.is_empty() && wanted.iter().any(|versions| versions.matches(&release))
        };
        self.found(id).into_iter().rfind(would_do)
    }

    /// The components of the highest version, where a wish fails for want of its component alone.
    fn other_components(&self, wish: &VersionWish, id: &PluginId) -> Option<Vec<String>> {
        let entries = self.entries(id);
        let any_component = VersionWish {
            component: None,
            ..wish.clone()
        };
        let granting = |wish| self.question.wishes.granting(wish, entries);
        let fails = wish.id == *id && granting(wish) == Ranks::empty();
        let highest = fails.then(|| granting(&any_component).highest())??;
        Some(entries[highest.index()?].candidate.components.clone())
    }

    /// Which versions of each plugin those who want it would take.
    fn demands(&self) -> BTreeMap<&PluginId, Vec<Ranks>> {
        let mut demands = BTreeMap::<_, Vec<_>>::new();
        for wish in self.wishes() {
            let granting = self.question.wishes.granting(wish, self.entries(&wish.id));
            demands.entry(&wish.id).or_default().push(granting);
        }
        for (of, demand) in self.needs.values().flat_map(BTreeMap::keys) {
            demands.entry(of).or_default().push(*demand);
        }
        demands
    }

    fn wishes(&self) -> impl Iterator<Item = &'a VersionWish> {
        let stages = &self.question.wishes.stages;
        self.wishes.iter().map(|&at| &stages[at])
    }

    fn entries(&self, id: &PluginId) -> &'a [UniverseEntry] {
        self.question.universe.entries(id)
    }

    fn versions(&self, id: &PluginId, ranks: Ranks) -> Vec<Version> {
        let entries = self.entries(id);
        let present = ranks.indices().filter_map(|index| entries.get(index));
        present
            .map(|entry| entry.candidate.version.clone())
            .collect()
    }

    fn found(&self, id: &PluginId) -> Vec<Version> {
        self.versions(id, Ranks::full())
    }

    /// The ids most like one that is missing.
    fn near(&self, missing: &PluginId) -> Vec<PluginId> {
        let likeness =
            |id: &PluginId| strsim::normalized_damerau_levenshtein(id.as_str(), missing.as_str());
        let ids = self.question.universe.ids().map(|id| (likeness(id), id));
        let mut near: Vec<_> = ids
            .filter(|(likeness, _)| *likeness >= NEAR_SIMILARITY)
            .collect();
        near.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(right.1)));
        let nearest = near.into_iter().take(NEAR_MAX);
        nearest.map(|(_, id)| id.clone()).collect()
    }
}
