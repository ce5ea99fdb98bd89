//! Leaves: the facts that the solver's derivation starts from.
//!
//! In: the tree of reasons. Out: its leaves, each once, in the order in which one would tell them,
//! and what follows from them.

use std::collections::{BTreeMap, BTreeSet};

use pubgrub::{DerivationTree, External, VersionSet};
use semver::Version;

use crate::id::PluginId;
use crate::resolve::explain::{Fact, RuledOut, Verdict};
use crate::resolve::solver::{Package, Question, Reasons};
use crate::resolve::universe::{Entry, Requirement};
use crate::resolve::versions::{Rank, Ranks};
use crate::resolve::wishes::{Wish, satisfying};

/// How many similar ids are named where one is missing.
const NEAR_MAX: usize = 3;

/// How alike two ids are at least, from 0 to 1, for one to be named in place of the other.
const NEAR_SIMILARITY: f64 = 0.7;

/// The leaves of the solver's tree, each once.
pub(crate) struct Leaves<'a> {
    question: &'a Question<'a>,
    /// The wishes that matter, by place.
    wishes: BTreeSet<usize>,
    /// Who needs whom, and in which versions; to the versions that do.
    needs: BTreeMap<(PluginId, PluginId, Ranks), Ranks>,
    ruled_out: Vec<(PluginId, Ranks, RuledOut)>,
    /// The circles that matter, by place.
    circles: BTreeSet<usize>,
}

impl<'a> Leaves<'a> {
    /// Collects the leaves of `reasons`. The tree's depth comes from outside: the way through it
    /// is a list, not the call stack.
    pub(crate) fn of(question: &'a Question<'a>, reasons: &Reasons) -> Self {
        let mut leaves = Self {
            question,
            wishes: BTreeSet::new(),
            needs: BTreeMap::new(),
            ruled_out: Vec::new(),
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
                let by_all = self.needs.entry((id.clone(), of.clone(), *demand)).or_default();
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
        let mut known = self.ruled_out.iter_mut();
        match known.find(|(known, _, why)| known == id && why == reason) {
            Some((_, all, _)) => *all = all.union(&versions),
            None => self.ruled_out.push((id.clone(), versions, reason.clone())),
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
        let mut ruled_out = self.ruled_out.clone();
        ruled_out.sort_by(|left, right| (&left.0, left.1).cmp(&(&right.0, right.1)));
        facts.extend(ruled_out.into_iter().map(|(id, ranks, reason)| Fact::RuledOut {
            versions: self.versions(&id, ranks),
            id,
            reason,
        }));
        facts
    }

    /// Adds what `id` needs, lowest versions first, and whom to go on with.
    fn tell_needs<'b>(
        &'b self,
        id: &PluginId,
        facts: &mut Vec<Fact>,
        open: &mut Vec<&'b PluginId>,
    ) {
        let mine = self.needs.iter().filter(|((by, ..), _)| by == id);
        let mut mine: Vec<_> = mine.collect();
        mine.sort_by_key(|(_, by)| **by);
        for ((id, of, demand), by) in &mine {
            facts.extend(self.requirement(id, **by, of, *demand).map(|requirement| Fact::Needs {
                id: id.clone(),
                versions: self.versions(id, **by),
                requirement,
            }));
        }
        open.extend(mine.iter().rev().map(|((_, of, _), _)| of));
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
    pub(crate) fn verdicts(&self) -> Vec<Verdict> {
        let circles = self.circles.iter().map(|&at| &self.question.circles[at]);
        let mut verdicts: Vec<_> = circles.cloned().map(Verdict::Circle).collect();
        let wanted: BTreeSet<_> = self.demands().map(|(id, _)| id).collect();
        verdicts.extend(wanted.iter().filter_map(|id| self.verdict_on_one(id)));
        if verdicts.is_empty() {
            verdicts.extend(wanted.iter().filter_map(|id| self.verdict_on_all(id)));
        }
        verdicts
    }

    /// Whether one demand alone cannot be met.
    fn verdict_on_one(&self, id: &PluginId) -> Option<Verdict> {
        let entries = self.entries(id);
        let mut demands = self.demands().filter(|(of, _)| *of == id);
        if demands.all(|(_, demand)| demand != Ranks::empty()) {
            return None;
        }
        let id = id.clone();
        if entries.is_empty() {
            let near = self.near(&id);
            return Some(Verdict::Missing { id, near });
        }
        if let Some(has) = self.wishes().find_map(|wish| self.other_components(wish, &id)) {
            return Some(Verdict::NoComponent { id, has });
        }
        let found = self.found(&id);
        Some(Verdict::NoVersion { id, found })
    }

    /// Whether the demands on one plugin cannot be met together.
    fn verdict_on_all(&self, id: &PluginId) -> Option<Verdict> {
        let demands = self.demands().filter(|(of, _)| *of == id);
        let meeting = demands.fold(Ranks::full(), |all, (_, demand)| all.intersection(&demand));
        let mut ruled_out = self.ruled_out.iter().filter(|(of, ..)| of == id);
        let left = ruled_out.try_fold(meeting.without(Rank::ABSENT), |left, (_, ranks, _)| {
            Some(left.intersection(&ranks.complement()))
        })?;
        let id = id.clone();
        let found = self.found(&id);
        (left == Ranks::empty()).then_some(Verdict::NoneForAll { id, found })
    }

    /// The components of the highest version, where a wish fails for want of its component alone.
    fn other_components(&self, wish: &Wish, id: &PluginId) -> Option<Vec<String>> {
        let entries = self.entries(id);
        let any_component = Wish {
            component: None,
            ..wish.clone()
        };
        let granting = |wish| self.question.wishes.granting(wish, entries);
        let fails = wish.id == *id && granting(wish) == Ranks::empty();
        let highest = fails.then(|| granting(&any_component).highest())??;
        Some(entries[highest.index()?].candidate.components.clone())
    }

    /// Which plugin is wanted in which versions.
    fn demands(&self) -> impl Iterator<Item = (&PluginId, Ranks)> {
        let granting = |wish: &'a Wish| {
            let entries = self.entries(&wish.id);
            (&wish.id, self.question.wishes.granting(wish, entries))
        };
        let needs = self.needs.keys().map(|(_, of, demand)| (of, *demand));
        self.wishes().map(granting).chain(needs)
    }

    fn wishes(&self) -> impl Iterator<Item = &'a Wish> {
        let stages = &self.question.wishes.stages;
        self.wishes.iter().map(|&at| &stages[at])
    }

    fn entries(&self, id: &PluginId) -> &'a [Entry] {
        self.question.universe.entries(id)
    }

    fn versions(&self, id: &PluginId, ranks: Ranks) -> Vec<Version> {
        let entries = self.entries(id);
        let present = ranks.indices().filter_map(|index| entries.get(index));
        present.map(|entry| entry.candidate.version.clone()).collect()
    }

    fn found(&self, id: &PluginId) -> Vec<Version> {
        self.versions(id, Ranks::full())
    }

    /// The ids most like one that is missing.
    fn near(&self, missing: &PluginId) -> Vec<PluginId> {
        let likeness = |id: &PluginId| {
            strsim::normalized_damerau_levenshtein(id.as_str(), missing.as_str())
        };
        let ids = self.question.universe.ids().map(|id| (likeness(id), id));
        let mut near: Vec<_> = ids.filter(|(likeness, _)| *likeness >= NEAR_SIMILARITY).collect();
        near.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(right.1)));
        let nearest = near.into_iter().take(NEAR_MAX);
        nearest.map(|(_, id)| id.clone()).collect()
    }
}
