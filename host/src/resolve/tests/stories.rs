//! Stories: what people meet, and what loads then.
//!
//! In: a universe and wishes, one line each. Out: the order, compared whole; `conflicts` has the
//! stories that end in a sentence.

use segue_plugin::declare::Need;

use crate::resolve::{Candidate, Requirement, Universe, VersionWish, Wishes, load_order};

/// Splits at the first occurrence of `by`; without one the second part is empty.
fn split<'a>(text: &'a str, by: &str) -> (&'a str, &'a str) {
    text.split_once(by).unwrap_or((text, ""))
}

/// `acme.dsp ^1`, `acme.dsp ^1 if present`.
fn requirement(text: &str) -> Requirement {
    let (text, optional) = match text.strip_suffix(" if present") {
        Some(text) => (text, true),
        None => (text, false),
    };
    let (id, versions) = split(text, " ");
    Requirement {
        id: id.parse().unwrap(),
        versions: versions.parse().unwrap(),
        need: if optional {
            Need::Optional
        } else {
            Need::Required
        },
    }
}

/// `acme.eq 1.0.0 needs acme.dsp ^1 and acme.fft 2 if present`, `acme.eq 1.0.0 has low, high`.
fn candidate(line: &str) -> Candidate {
    let (line, components) = split(line, " has ");
    let (name, needs) = split(line, " needs ");
    let (id, version) = split(name, " ");
    let needs = needs.split(" and ").filter(|need| !need.is_empty());
    Candidate {
        id: id.parse().unwrap(),
        version: version.parse().unwrap(),
        components: components.split(", ").map(str::to_owned).collect(),
        requires: needs.map(requirement).collect(),
    }
}

/// ``stage `eq` uses acme.eq/low ^1``.
fn wish(line: &str) -> VersionWish {
    let (by, what) = split(line, " uses ");
    let (address, versions) = split(what, " ");
    let (id, component) = split(address, "/");
    VersionWish {
        by: by.to_owned(),
        id: id.parse().unwrap(),
        component: (!component.is_empty()).then(|| component.to_owned()),
        versions: (!versions.is_empty()).then(|| versions.parse().unwrap()),
    }
}

fn tell(story: &str) -> (Universe, Wishes) {
    let mut universe = Universe::new();
    let mut wishes = Wishes::default();
    for line in story.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (first, rest) = split(line, " ");
        match first {
            "stage" => wishes.stages.push(wish(line)),
            "require" => {
                let Requirement { id, versions, .. } = requirement(rest);
                wishes.require.insert(id, versions);
            }
            "running" => {
                let (id, major) = split(rest, " ");
                wishes
                    .running
                    .insert(id.parse().unwrap(), major.parse().unwrap());
            }
            "unusable" => {
                let (name, reason) = split(rest, ": ");
                let Candidate { id, version, .. } = candidate(name);
                universe.exclude(&id, &version, reason.to_owned());
            }
            _ => universe.add(candidate(line)).unwrap(),
        }
    }
    (universe, wishes)
}

/// Compares the order, or what is said where there is none.
pub(crate) fn check(story: &str, expected: &str) {
    let (universe, wishes) = tell(story);
    let answer = match load_order(&universe, &wishes) {
        Err(conflict) => conflict.to_string(),
        Ok(resolution) => {
            let line =
                |chosen: &crate::resolve::Chosen| format!("{} {}", chosen.id, chosen.version);
            resolution
                .order
                .iter()
                .map(line)
                .collect::<Vec<_>>()
                .join(", ")
        }
    };
    assert_eq!(answer, expected);
}

#[test]
fn a_chain_loads_from_its_end() {
    check(
        "acme.eq 1.0.0 needs acme.dsp ^1
         acme.dsp 1.4.0 needs acme.fft ^3
         acme.fft 3.0.0
         acme.unused 1.0.0
         stage `eq` uses acme.eq",
        "acme.fft 3.0.0, acme.dsp 1.4.0, acme.eq 1.0.0",
    );
}

#[test]
fn a_diamond_loads_its_foot_once() {
    check(
        "acme.a-eq 1.0.0 needs acme.dsp ^1
         acme.b-comp 1.0.0 needs acme.dsp >=1.2, <1.5
         acme.dsp 1.1.0
         acme.dsp 1.4.0
         acme.dsp 1.6.0
         acme.top 1.0.0 needs acme.b-comp ^1 and acme.a-eq ^1
         stage `top` uses acme.top",
        "acme.dsp 1.4.0, acme.a-eq 1.0.0, acme.b-comp 1.0.0, acme.top 1.0.0",
    );
}

#[test]
fn of_two_versions_of_one_id_the_higher_loads() {
    check(
        "acme.eq 1.9.0
         acme.eq 1.10.0
         stage `low` uses acme.eq
         stage `high` uses acme.eq",
        "acme.eq 1.10.0",
    );
}

#[test]
fn a_version_that_closes_a_circle_is_passed_over() {
    check(
        "acme.eq 1.0.0
         acme.eq 1.1.0 needs acme.dsp ^1
         acme.dsp 1.0.0 needs acme.eq ^1
         stage `eq` uses acme.eq
         stage `dsp` uses acme.dsp",
        "acme.eq 1.0.0, acme.dsp 1.0.0",
    );
}

#[test]
fn an_older_version_serves_a_component_that_the_newer_lost() {
    check(
        "acme.warmth 1.0.0 has tube, tape
         acme.warmth 2.0.0 has tube
         stage `tape` uses acme.warmth/tape",
        "acme.warmth 1.0.0",
    );
}

#[test]
fn what_stages_name_is_raised_before_what_it_needs() {
    check(
        "acme.a 1.0.0
         acme.a 2.0.0 needs acme.c ^1
         acme.c 1.0.0
         acme.c 2.0.0
         acme.y 1.0.0 needs acme.a *
         acme.z 1.0.0 needs acme.c ^1
         acme.z 2.0.0 needs acme.c ^2
         stage `y` uses acme.y
         stage `z` uses acme.z",
        "acme.a 1.0.0, acme.c 2.0.0, acme.y 1.0.0, acme.z 2.0.0",
    );
}

#[test]
fn what_is_needed_is_raised_before_what_could_be_used() {
    check(
        "acme.a 2.0.0 needs acme.c ^1
         acme.c 1.0.0
         acme.c 2.0.0
         acme.m 1.0.0 needs acme.c ^1
         acme.m 2.0.0 needs acme.c ^2
         acme.y 1.0.0 needs acme.a * if present and acme.m *
         stage `y` uses acme.y",
        "acme.c 2.0.0, acme.m 2.0.0, acme.y 1.0.0",
    );
}

#[test]
fn an_older_version_makes_room_for_a_common_third() {
    check(
        "acme.eq 1.1.0 needs acme.dsp ^1
         acme.eq 1.2.0 needs acme.dsp ^2
         acme.comp 2.0.0 needs acme.dsp ^1
         acme.dsp 1.4.0
         acme.dsp 2.1.0
         stage `eq` uses acme.eq
         stage `squeeze` uses acme.comp",
        "acme.dsp 1.4.0, acme.comp 2.0.0, acme.eq 1.1.0",
    );
}

#[test]
fn an_optional_plugin_that_is_missing_is_not_missed() {
    check(
        "acme.eq 1.0.0 needs acme.scope ^1 if present
         stage `eq` uses acme.eq",
        "acme.eq 1.0.0",
    );
}

#[test]
fn an_optional_plugin_that_is_there_comes_along() {
    check(
        "acme.eq 1.0.0 needs acme.scope ^1 if present
         acme.scope 1.0.0
         acme.scope 2.0.0
         stage `eq` uses acme.eq",
        "acme.scope 1.0.0, acme.eq 1.0.0",
    );
}

#[test]
fn an_optional_plugin_that_cannot_load_is_left_out() {
    check(
        "acme.eq 1.0.0 needs acme.scope ^1 if present
         acme.scope 1.0.0 needs acme.nowhere ^1
         stage `eq` uses acme.eq",
        "acme.eq 1.0.0",
    );
}

#[test]
fn the_operator_rules_versions_out() {
    check(
        "acme.eq 1.3.0
         acme.eq 1.4.2
         acme.eq 1.5.0
         stage `eq` uses acme.eq
         require acme.eq ~1.4
         require acme.unused ^9",
        "acme.eq 1.4.2",
    );
}

#[test]
fn a_running_plugin_keeps_its_major() {
    check(
        "acme.eq 1.3.0
         acme.eq 2.0.0
         stage `eq` uses acme.eq
         running acme.eq 1",
        "acme.eq 1.3.0",
    );
}

#[test]
fn the_operator_and_a_stage_may_take_a_running_plugin_past_its_major() {
    let plugins = "acme.eq 1.3.0
                   acme.eq 2.0.0
                   running acme.eq 1";
    check(
        &format!("{plugins}\nstage `eq` uses acme.eq\nrequire acme.eq >=1"),
        "acme.eq 2.0.0",
    );
    check(
        &format!("{plugins}\nstage `eq` uses acme.eq ^2"),
        "acme.eq 2.0.0",
    );
}

#[test]
fn a_pre_release_is_taken_only_when_it_is_named() {
    let plugins = "acme.eq 1.3.0
                   acme.eq 2.0.0-rc.1
                   stage `eq` uses acme.eq";
    check(plugins, "acme.eq 1.3.0");
    check(
        &format!("{plugins}\nrequire acme.eq >=2.0.0-rc.1"),
        "acme.eq 2.0.0-rc.1",
    );
    check(
        &format!("{plugins}\nstage `two` uses acme.eq =2.0.0-rc.1"),
        "acme.eq 2.0.0-rc.1",
    );
}

#[test]
fn nothing_wished_loads_nothing() {
    check("acme.eq 1.0.0", "");
}
