//! Oracle: small random universes, decided by trying everything.
//!
//! In: what the solver is asked. Out: whether its answer is one of all the answers there are.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use segue_plugin::declare::Need;
use semver::{Version, VersionReq};

use crate::id::PluginId;
use crate::resolve::universe::UniverseEntry;
use crate::resolve::versions::{VERSIONS_MAX, VersionRank};
use crate::resolve::wishes::satisfying;
use crate::resolve::{Candidate, Conflict, Requirement, Universe, VersionWish, Wishes, load_order};

const IDS: [&str; 4] = ["acme.a", "acme.b", "acme.c", "acme.d"];
const VERSIONS: [&str; 5] = ["1.0.0", "1.1.0", "1.1.0+later", "2.0.0-rc.1", "2.0.0"];
const DEMANDS: [&str; 7] = ["^1", "^2", "*", "=1.0.0", ">1.0, <3", "2.0.0-rc.1", "~1.1"];

fn id() -> impl Strategy<Value = PluginId> {
    select(&IDS[..]).prop_map(|id| id.parse().unwrap())
}

fn demand() -> impl Strategy<Value = VersionReq> {
    select(&DEMANDS[..]).prop_map(|demand| demand.parse().unwrap())
}

fn requirement() -> impl Strategy<Value = Requirement> {
    let need = select(vec![Need::Required, Need::Required, Need::Optional]);
    (id(), demand(), need).prop_map(|(id, versions, need)| Requirement { id, versions, need })
}

/// What else is known of a version: its components, its needs, and whether it is set aside.
type About = (bool, Vec<Requirement>, bool);

#[derive(Debug, Clone)]
struct Question {
    plugins: Vec<(Candidate, bool)>,
    wishes: Wishes,
}

fn question() -> impl Strategy<Value = Question> {
    let about = (
        any::<bool>(),
        vec(requirement(), 0..3),
        prop::bool::weighted(0.1),
    );
    let plugins = btree_map((id(), select(&VERSIONS[..])), about, 1..12);
    let wish = (
        id(),
        option::weighted(0.3, Just("extra")),
        option::weighted(0.3, demand()),
    );
    let stages = vec(wish, 1..4);
    let require = btree_map(id(), demand(), 0..2);
    let running = btree_map(id(), 1..3_u64, 0..2);
    (plugins, stages, require, running).prop_map(|(plugins, stages, require, running)| {
        let stages = stages
            .into_iter()
            .map(|(id, component, versions)| VersionWish {
                by: "stage".to_owned(),
                id,
                component: component.map(str::to_owned),
                versions,
            });
        Question {
            plugins: plugins.into_iter().map(plugin).collect(),
            wishes: Wishes {
                stages: stages.collect(),
                require,
                running,
            },
        }
    })
}

fn plugin(
    ((id, version), (extra, requires, excluded)): ((PluginId, &str), About),
) -> (Candidate, bool) {
    let names: &[&str] = if extra { &["main", "extra"] } else { &["main"] };
    let candidate = Candidate {
        id,
        version: version.parse().unwrap(),
        components: names.iter().map(|&name| name.to_owned()).collect(),
        requires,
    };
    (candidate, excluded)
}

impl Question {
    fn universe(&self) -> Universe {
        let mut universe = Universe::new();
        for (candidate, excluded) in &self.plugins {
            universe.add(candidate.clone()).unwrap();
            if *excluded {
                universe.exclude(&candidate.id, &candidate.version, "broken".to_owned());
            }
        }
        universe
    }

    fn candidate(&self, id: &PluginId, version: &Version) -> &(Candidate, bool) {
        let mut plugins = self.plugins.iter();
        let found = plugins.find(|(one, _)| one.id == *id && one.version == *version);
        found.unwrap()
    }

    /// The rules of the module's documentation, asked of one complete choice.
    fn allows(&self, choice: &BTreeMap<PluginId, Version>) -> bool {
        let stated = |id: &PluginId| -> Vec<&VersionReq> {
            let stages = self.wishes.stages.iter().filter(|wish| wish.id == *id);
            stages.filter_map(|wish| wish.versions.as_ref()).collect()
        };
        let wishes_hold = self.wishes.stages.iter().all(|wish| {
            let Some(version) = choice.get(&wish.id) else {
                return false;
            };
            let mut named = stated(&wish.id);
            named.extend(self.wishes.require.get(&wish.id));
            let version_will_do = match &wish.versions {
                Some(versions) => versions.matches(version),
                None => version.pre.is_empty() || named.iter().any(|one| one.matches(version)),
            };
            let (candidate, _) = self.candidate(&wish.id, version);
            let mut wanted = wish.component.iter();
            version_will_do && wanted.all(|name| candidate.components.contains(name))
        });
        let plugins_hold = choice.iter().all(|(id, version)| {
            let (candidate, excluded) = self.candidate(id, version);
            let allowed = match (self.wishes.require.get(id), self.wishes.running.get(id)) {
                (Some(versions), _) => versions.matches(version),
                (None, Some(major)) => *major == version.major || !stated(id).is_empty(),
                (None, None) => true,
            };
            let mut requires = candidate.requires.iter();
            let needs_hold = requires.all(|one| match choice.get(&one.id) {
                Some(version) => one.versions.matches(version),
                None => one.need == Need::Optional,
            });
            !excluded && allowed && needs_hold
        });
        wishes_hold && plugins_hold && !self.has_circle(choice)
    }

    /// Takes away what needs nothing that is left, until nothing or a circle is left.
    fn has_circle(&self, choice: &BTreeMap<PluginId, Version>) -> bool {
        let mut left = choice.clone();
        loop {
            let waits = |id: &PluginId, version: &Version| {
                let mut requires = self.candidate(id, version).0.requires.iter();
                requires.any(|one| left.contains_key(&one.id))
            };
            let rest: BTreeMap<_, _> = left
                .iter()
                .filter(|(id, version)| waits(id, version))
                .map(|(id, version)| (id.clone(), version.clone()))
                .collect();
            if rest.len() == left.len() {
                return !rest.is_empty();
            }
            left = rest;
        }
    }

    /// Every choice there is, good and bad.
    fn choices(&self) -> Vec<BTreeMap<PluginId, Version>> {
        let mut choices = vec![BTreeMap::new()];
        for id in IDS {
            let mine = self.plugins.iter().filter(|(one, _)| one.id.as_str() == id);
            let with = mine.flat_map(|(one, _)| {
                choices.iter().map(|choice| {
                    let mut choice = choice.clone();
                    choice.insert(one.id.clone(), one.version.clone());
                    choice
                })
            });
            let with: Vec<_> = with.collect();
            choices.extend(with);
        }
        choices
    }
}

proptest! {
    #[test]
    fn a_set_of_versions_holds_what_the_requirement_matches(
        demand in version_req(),
        versions in prop::collection::btree_set(version(), 0..20),
        need in select(vec![Need::Required, Need::Optional]),
    ) {
        let requirement = Requirement { id: IDS[0].parse().unwrap(), versions: demand, need };
        let entries: Vec<_> = versions.iter().map(entry).collect();
        let set = satisfying(&requirement, &entries);
        for (index, version) in versions.iter().enumerate() {
            let is_in = pubgrub::VersionSet::contains(&set, &VersionRank::of_index(index));
            prop_assert_eq!(is_in, requirement.versions.matches(version), "{}", version);
        }
        let absent = pubgrub::VersionSet::contains(&set, &VersionRank::ABSENT);
        prop_assert_eq!(absent, need == Need::Optional);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn there_is_an_answer_exactly_when_trying_everything_finds_one(question in question()) {
        let expected = question.choices().iter().any(|choice| question.allows(choice));
        let answer = load_order(&question.universe(), &question.wishes);
        prop_assert_eq!(answer.is_ok(), expected, "{:?}", answer);
    }

    #[test]
    fn an_answer_keeps_every_rule_and_comes_in_order(question in question()) {
        let Ok(answer) = load_order(&question.universe(), &question.wishes) else {
            return Ok(());
        };
        let chosen = answer.order.iter().map(|one| (one.id.clone(), one.version.clone()));
        let choice: BTreeMap<_, _> = chosen.collect();
        prop_assert_eq!(choice.len(), answer.order.len());
        prop_assert!(question.allows(&choice));
        for (at, one) in answer.order.iter().enumerate() {
            let (before, after) = answer.order.split_at(at);
            let requires = &question.candidate(&one.id, &one.version).0.requires;
            for other in after {
                prop_assert!(requires.iter().all(|require| require.id != other.id));
            }
            for other in before {
                let is_needed = requires.iter().any(|require| require.id == other.id);
                prop_assert_eq!(is_needed, one.uses.contains(&other.id));
            }
            let is_wished = question.wishes.stages.iter().any(|wish| wish.id == one.id);
            let is_used = after.iter().any(|other| other.uses.contains(&one.id));
            prop_assert!(is_wished || is_used, "{} is there for nobody", one.id);
        }
    }

    #[test]
    fn no_plugin_of_an_answer_could_be_raised_by_itself(question in question()) {
        let Ok(answer) = load_order(&question.universe(), &question.wishes) else {
            return Ok(());
        };
        let chosen = answer.order.iter().map(|one| (one.id.clone(), one.version.clone()));
        let choice: BTreeMap<_, _> = chosen.collect();
        let asked = answer.order.iter().flat_map(|one| {
            let requires = &question.candidate(&one.id, &one.version).0.requires;
            requires.iter().map(|require| require.id.clone()).chain([one.id.clone()])
        });
        for id in asked {
            for (other, _) in question.plugins.iter().filter(|(other, _)| other.id == id) {
                let raised = choice.get(&id).is_none_or(|version| other.version > *version);
                let mut choice = choice.clone();
                choice.insert(id.clone(), other.version.clone());
                prop_assert!(!raised || !question.allows(&choice), "{} {}", id, other.version);
            }
        }
    }

    #[test]
    fn the_order_of_the_candidates_changes_nothing(
        (question, shuffled) in question().prop_flat_map(|question| {
            let plugins = Just(question.plugins.clone()).prop_shuffle();
            let wishes = question.wishes.clone();
            let shuffled = plugins.prop_map(move |plugins| Question {
                plugins,
                wishes: wishes.clone(),
            });
            (Just(question), shuffled)
        })
    ) {
        let answer = |question: &Question| {
            let answer = load_order(&question.universe(), &question.wishes);
            answer.map_err(|conflict| conflict.to_string())
        };
        prop_assert_eq!(answer(&question), answer(&shuffled));
    }

    #[test]
    fn every_conflict_says_something_about_a_wish(question in question()) {
        if let Err(Conflict::Unsolvable(why)) = load_order(&question.universe(), &question.wishes) {
            prop_assert!(why.to_string().contains("stage uses acme."), "{}", why);
        }
    }

    #[test]
    fn sets_of_versions_are_a_boolean_algebra(left: u128, right: u128, bit in 0..VERSIONS_MAX) {
        use crate::resolve::versions::Ranks;
        use pubgrub::VersionSet;
        let set = |bits: u128| {
            let indices = (0..VERSIONS_MAX).filter(|&index| bits >> index & 1 == 1);
            indices.map(VersionRank::of_index).collect::<Ranks>()
        };
        let (left, right, one) = (set(left), set(right), VersionRank::of_index(bit));
        let (in_left, in_right) = (left.contains(&one), right.contains(&one));
        prop_assert_eq!(left.complement().contains(&one), !in_left);
        prop_assert_eq!(left.complement().complement(), left);
        prop_assert_eq!(left.intersection(&right).contains(&one), in_left && in_right);
        prop_assert_eq!(left.union(&right).contains(&one), in_left || in_right);
        prop_assert!(left.is_disjoint(&left.complement()));
    }
}

fn entry(version: &Version) -> UniverseEntry {
    let candidate = Candidate {
        id: IDS[0].parse().unwrap(),
        version: version.clone(),
        components: Vec::new(),
        requires: Vec::new(),
    };
    let excluded = None;
    UniverseEntry {
        candidate,
        excluded,
    }
}

fn version() -> impl Strategy<Value = Version> {
    "[0-2]\\.[0-2]\\.[0-2](-(a|b|rc)\\.[0-2])?(\\+x)?".prop_map(|text| text.parse().unwrap())
}

fn version_req() -> impl Strategy<Value = VersionReq> {
    let comparator = "(=|>|>=|<|<=|~|\\^|)[0-2](\\.[0-2](\\.[0-2](-(a|b|rc)\\.[0-2])?)?)?";
    let comparators = vec(comparator, 1..4).prop_map(|all| all.join(", "));
    let wildcard = "[0-2](\\.[0-2])?\\.\\*|\\*";
    prop_oneof![3 => comparators, 1 => wildcard].prop_map(|text| text.parse().unwrap())
}
