//! Conflicts: every word that people read when nothing loads.
//!
//! In: stories. Out: what is said, compared whole.

use crate::resolve::tests::stories::check;

#[test]
fn two_stages_cannot_have_two_versions_of_one_id() {
    check(
        "acme.eq 1.0.0
         acme.eq 2.0.0
         stage `low` uses acme.eq ^1
         stage `high` uses acme.eq ^2",
        "stage `low` uses acme.eq ^1; stage `high` uses acme.eq ^2: \
         that leaves no version of acme.eq (found: 1.0.0 and 2.0.0)",
    );
}

#[test]
fn a_circle_without_a_way_out_is_walked_once() {
    check(
        "acme.all 1.0.0 needs acme.eq ^1
         acme.comp 1.0.0 needs acme.eq ^1
         acme.eq 1.0.0 needs acme.dsp ^1
         acme.dsp 1.0.0 needs acme.comp ^1
         stage `all` uses acme.all",
        "stage `all` uses acme.all, and acme.all 1.0.0 needs acme.eq ^1, \
         and acme.eq 1.0.0 needs acme.dsp ^1, and acme.dsp 1.0.0 needs acme.comp ^1: \
         acme.comp 1.0.0 needs acme.eq 1.0.0, which needs acme.dsp 1.0.0, \
         which needs acme.comp 1.0.0 again: none of them can load first",
    );
}

#[test]
fn a_plugin_that_needs_itself_is_the_shortest_circle() {
    check(
        "acme.eq 1.0.0 needs acme.eq ^1
         stage `eq` uses acme.eq",
        "stage `eq` uses acme.eq: acme.eq 1.0.0 needs itself",
    );
}

#[test]
fn a_missing_plugin_comes_with_the_ids_most_like_it() {
    check(
        "acme.warmth 1.0.0
         acme.warmths 1.0.0
         other.thing 1.0.0
         stage `tube` uses acme.warmht/tube",
        "stage `tube` uses acme.warmht/tube: \
         acme.warmht was not found (did you mean acme.warmth or acme.warmths?)",
    );
}

#[test]
fn a_missing_plugin_says_who_needs_it() {
    check(
        "acme.eq 1.0.0 needs acme.dsp ^1
         stage `eq` uses acme.eq",
        "stage `eq` uses acme.eq, and acme.eq 1.0.0 needs acme.dsp ^1: acme.dsp was not found",
    );
}

#[test]
fn a_missing_version_comes_with_what_was_found() {
    check(
        "acme.eq 1.0.0 needs acme.dsp ^2
         acme.dsp 1.3.0
         acme.dsp 1.4.0
         stage `eq` uses acme.eq",
        "stage `eq` uses acme.eq, and acme.eq 1.0.0 needs acme.dsp ^2: \
         acme.dsp was found only as 1.3.0 and 1.4.0",
    );
}

#[test]
fn a_missing_component_comes_with_those_that_are_there() {
    check(
        "acme.warmth 1.0.0 has tube, tape
         stage `tube` uses acme.warmth/tub",
        "stage `tube` uses acme.warmth/tub: there is acme.warmth/tube and acme.warmth/tape",
    );
}

#[test]
fn plugins_that_need_different_versions_of_a_third_do_not_get_along() {
    check(
        "acme.eq 1.2.0 needs acme.dsp ^1
         acme.comp 2.0.0 needs acme.dsp ^2
         acme.dsp 1.4.0
         acme.dsp 2.1.0
         stage `eq` uses acme.eq
         stage `squeeze` uses acme.comp",
        "stage `eq` uses acme.eq, and acme.eq 1.2.0 needs acme.dsp ^1; \
         stage `squeeze` uses acme.comp, and acme.comp 2.0.0 needs acme.dsp ^2: \
         that leaves no version of acme.dsp (found: 1.4.0 and 2.1.0)",
    );
}

#[test]
fn a_long_story_becomes_a_list() {
    check(
        "acme.eq 1.1.0 needs acme.dsp =2.0.0
         acme.eq 1.2.0 needs acme.dsp =1.0.0
         acme.comp 2.0.0 needs acme.dsp =3.0.0
         acme.comp 2.1.0 needs acme.dsp =3.0.0
         acme.dsp 1.0.0
         acme.dsp 2.0.0
         acme.dsp 3.0.0
         stage `eq` uses acme.eq
         stage `squeeze` uses acme.comp",
        "no choice of versions fits all of this:\
         \n  stage `eq` uses acme.eq\
         \n  acme.eq 1.1.0 needs acme.dsp =2.0.0\
         \n  acme.eq 1.2.0 needs acme.dsp =1.0.0\
         \n  stage `squeeze` uses acme.comp\
         \n  acme.comp 2.0.0 and 2.1.0 need acme.dsp =3.0.0\
         \nthat leaves no version of acme.dsp (found: 1.0.0, 2.0.0 and 3.0.0)",
    );
}

#[test]
fn an_optional_plugin_that_others_need_has_to_match() {
    check(
        "acme.eq 1.0.0 needs acme.scope ^1 if present
         acme.scope 2.0.0
         stage `eq` uses acme.eq
         stage `scope` uses acme.scope",
        "stage `eq` uses acme.eq, and acme.eq 1.0.0 gets along with acme.scope ^1 only; \
         stage `scope` uses acme.scope: \
         that leaves no version of acme.scope (found: 2.0.0)",
    );
}

#[test]
fn the_operator_can_contradict_a_plugin() {
    check(
        "acme.eq 1.0.0 needs acme.dsp ^1
         acme.dsp 1.3.0
         acme.dsp 1.4.0
         acme.dsp 2.1.0
         stage `eq` uses acme.eq
         require acme.dsp ^2",
        "stage `eq` uses acme.eq, and acme.eq 1.0.0 needs acme.dsp ^1, \
         but [plugins.require] allows only acme.dsp ^2, which rules out 1.3.0 and 1.4.0: \
         that leaves no version of acme.dsp (found: 1.3.0, 1.4.0 and 2.1.0)",
    );
}

#[test]
fn a_plugin_cannot_take_a_running_one_past_its_major() {
    check(
        "acme.eq 1.0.0 needs acme.dsp ^2
         acme.dsp 1.3.0
         acme.dsp 2.0.0
         stage `eq` uses acme.eq
         running acme.dsp 1",
        "stage `eq` uses acme.eq, and acme.eq 1.0.0 needs acme.dsp ^2, \
         but acme.dsp runs in major version 1 and [plugins.require] names no other, \
         which rules out 2.0.0: \
         that leaves no version of acme.dsp (found: 1.3.0 and 2.0.0)",
    );
}

#[test]
fn a_pre_release_that_would_do_is_pointed_out() {
    check(
        "acme.eq 2.0.0-rc.1
         stage `eq` uses acme.eq",
        "stage `eq` uses acme.eq: acme.eq was found only as 2.0.0-rc.1; \
         the pre-release 2.0.0-rc.1 is taken only where it is named, \
         as in \"acme.eq\" = \"=2.0.0-rc.1\"",
    );
    check(
        "acme.eq 1.0.0 needs acme.dsp ^3
         acme.dsp 2.0.0-rc.1
         stage `eq` uses acme.eq",
        "stage `eq` uses acme.eq, and acme.eq 1.0.0 needs acme.dsp ^3: \
         acme.dsp was found only as 2.0.0-rc.1",
    );
}

#[test]
fn a_version_that_failed_its_probe_gives_way_to_the_next() {
    let plugins = "acme.eq 1.3.0
                   acme.eq 1.4.0
                   unusable acme.eq 1.4.0: its probe ended with SIGSEGV
                   stage `eq` uses acme.eq";
    check(plugins, "acme.eq 1.3.0");
    check(
        &format!("{plugins}\nunusable acme.eq 1.3.0: its probe took longer than 5 s"),
        "stage `eq` uses acme.eq, \
         but acme.eq 1.3.0 cannot be used: its probe took longer than 5 s, \
         and acme.eq 1.4.0 cannot be used: its probe ended with SIGSEGV: \
         that leaves no version of acme.eq (found: 1.3.0 and 1.4.0)",
    );
}
