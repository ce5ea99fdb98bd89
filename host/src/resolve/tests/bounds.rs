//! Bounds: what comes from outside may be as large and as twisted as it likes.
//!
//! In: universes at their limits. Out: an answer, soon, in few words.

use segue_plugin::declare::Need;
use semver::{Version, VersionReq};

use crate::id::PluginId;
use crate::resolve::order::after_needs;
use crate::resolve::{
    CANDIDATES_MAX, Candidate, NotKept, Requirement, Universe, VERSIONS_MAX, VersionWish, Wishes,
    load_order,
};

/// `acme.p0` needs `acme.p1`, which needs `acme.p2`, and so on; the last needs `last`.
fn chain(length: usize, last: &str) -> (Universe, Wishes) {
    let mut universe = Universe::new();
    let name = |at: usize| format!("acme.p{at}");
    for at in 0..length {
        let next = if at + 1 == length {
            last.to_owned()
        } else {
            name(at + 1)
        };
        let candidate = Candidate {
            id: name(at).parse().unwrap(),
            version: Version::new(1, 0, 0),
            components: Vec::new(),
            requires: vec![need(&next)],
        };
        universe.add(candidate).unwrap();
    }
    let stage = VersionWish {
        by: "stage `first`".to_owned(),
        id: name(0).parse().unwrap(),
        component: None,
        versions: None,
    };
    let stages = vec![stage];
    (
        universe,
        Wishes {
            stages,
            ..Wishes::default()
        },
    )
}

fn need(id: &str) -> Requirement {
    Requirement {
        id: id.parse().unwrap(),
        versions: VersionReq::STAR,
        need: Need::Required,
    }
}

#[test]
fn a_chain_through_a_full_universe_is_decided_and_told_in_short() {
    let (universe, wishes) = chain(CANDIDATES_MAX, "acme.nowhere");
    let text = load_order(&universe, &wishes).unwrap_err().to_string();
    assert_eq!(text.lines().count(), 19, "{text}");
    assert!(text.ends_with("\nacme.nowhere was not found"), "{text}");
}

#[test]
fn a_circle_through_a_full_universe_is_decided_and_told_in_short() {
    let (universe, wishes) = chain(CANDIDATES_MAX, "acme.p0");
    let text = load_order(&universe, &wishes).unwrap_err().to_string();
    assert!(text.contains("which needs 16377 more in a row, which needs acme.p0 1.0.0 again"));
}

#[test]
fn a_universe_gives_back_what_it_does_not_keep() {
    let (mut universe, _) = chain(2, "acme.p0");
    let one = |version| Candidate {
        id: "acme.p0".parse().unwrap(),
        version,
        components: Vec::new(),
        requires: Vec::new(),
    };
    let same = one(Version::new(1, 0, 0));
    assert_eq!(
        universe.add(same.clone()),
        Err(NotKept::Twice(Box::new(same)))
    );
    let greedy = Candidate {
        requires: vec![need("acme.p1"); 65],
        ..one(Version::new(3, 0, 0))
    };
    assert!(matches!(universe.add(greedy), Err(NotKept::Requires(_))));
    for minor in 1..VERSIONS_MAX as u64 {
        universe.add(one(Version::new(1, minor, 0))).unwrap();
    }
    let Err(NotKept::Versions(lowest)) = universe.add(one(Version::new(2, 0, 0))) else {
        panic!("one version too many was kept");
    };
    assert_eq!(lowest.version, Version::new(1, 0, 0));
}

#[test]
fn a_full_universe_takes_no_more() {
    let (mut universe, _) = chain(CANDIDATES_MAX, "acme.p0");
    let (_, wishes) = chain(0, "acme.p0");
    let one_more = Candidate {
        id: "acme.other".parse().unwrap(),
        version: Version::new(1, 0, 0),
        components: Vec::new(),
        requires: Vec::new(),
    };
    assert!(matches!(
        universe.add(one_more),
        Err(NotKept::Candidates(_))
    ));
    assert!(load_order(&universe, &wishes).is_err());
}

#[test]
fn more_wishes_than_a_pipeline_can_have_are_refused() {
    let (universe, mut wishes) = chain(1, "acme.p0");
    wishes.stages = vec![wishes.stages[0].clone(); 4_097];
    let text = load_order(&universe, &wishes).unwrap_err().to_string();
    assert_eq!(text, "4097 stages and requirements: expected at most 4096");
}

#[test]
fn plugins_that_need_nothing_come_in_the_order_of_ids() {
    let ids: Vec<PluginId> = ["acme.b", "acme.a"].map(|id| id.parse().unwrap()).to_vec();
    let needs = ids.iter().map(|id| (id, Vec::new())).collect();
    let order = after_needs(&needs).unwrap();
    let order: Vec<_> = order.iter().map(PluginId::as_str).collect();
    assert_eq!(order, ["acme.a", "acme.b"]);
}
