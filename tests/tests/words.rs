//! Words: the documented words are the ones that are said, and no word is never said.
//!
//! In: the enums of `segue::observe`, `docs/control.md`, the host's sources. Out: what differs.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::collections::BTreeSet;
use std::fs;

use segue::observe::{
    ActionOutcome, AttemptOutcome, ChangeAction, ChangeCost, ChangeState, ChangeVerdict,
    DecisionAction, FailureKind, Pace, ReadingBetter, RestartState, SessionState, StageCondition,
    StepKind, SubstituteKind, TapKind,
};
use segue_tests::build::root;
use segue_tests::source::tree;

/// The row of the page with the words of a field.
fn check_page<W: ToString>(field: &str, words: &[W]) {
    let page = fs::read_to_string(root().join("docs/control.md")).unwrap();
    let words: Vec<_> = words
        .iter()
        .map(|word| format!("`{}`", word.to_string()))
        .collect();
    let row = format!("| {field} | {} |", words.join(" "));
    let start = format!("| {field} | ");
    let section = page
        .split_once("## Words")
        .expect("the page has the section")
        .1;
    let found = section.lines().find(|line| line.starts_with(&start));
    assert_eq!(found, Some(&*row));
}

#[test]
fn the_page_has_the_words_that_are_said() {
    check_page("`action`", ChangeAction::ALL);
    check_page("`verdict`", ChangeVerdict::ALL);
    check_page("`state` of a change", ChangeState::ALL);
    check_page("`step`", StepKind::ALL);
    check_page("`cost`", ChangeCost::ALL);
    check_page("`state` of a session", SessionState::ALL);
    check_page("`pace`", Pace::ALL);
    check_page("`state` of a stage", StageCondition::ALL);
}

/// Every word of the host's code beside the one that follows it, without tests and without the
/// room where words are defined.
fn pairs() -> BTreeSet<(String, String)> {
    let sources = tree(&root().join("host/src/lib.rs"));
    let sources = sources.iter().filter(|source| {
        source
            .module
            .first()
            .is_none_or(|module| module != "observe")
    });
    let pairs = sources.flat_map(|source| source.words.windows(2));
    pairs
        .map(|pair| (pair[0].clone(), pair[1].clone()))
        .collect()
}

/// Whether every word of an enum is said somewhere.
fn check_said<W: std::fmt::Debug>(pairs: &BTreeSet<(String, String)>, name: &str, words: &[W]) {
    for word in words {
        let pair = (name.to_owned(), format!("{word:?}"));
        assert!(pairs.contains(&pair), "{name}::{word:?} is never said");
    }
}

#[test]
fn no_word_is_never_said() {
    let said = pairs();
    check_said(&said, "ChangeAction", ChangeAction::ALL);
    check_said(&said, "ChangeVerdict", ChangeVerdict::ALL);
    check_said(&said, "ChangeState", ChangeState::ALL);
    check_said(&said, "StepKind", StepKind::ALL);
    check_said(&said, "ChangeCost", ChangeCost::ALL);
    check_said(&said, "SessionState", SessionState::ALL);
    check_said(&said, "Pace", Pace::ALL);
    check_said(&said, "StageCondition", StageCondition::ALL);
    check_said(&said, "RestartState", RestartState::ALL);
    check_said(&said, "AttemptOutcome", AttemptOutcome::ALL);
    check_said(&said, "SubstituteKind", SubstituteKind::ALL);
    check_said(&said, "FailureKind", FailureKind::ALL);
    check_said(&said, "TapKind", TapKind::ALL);
    check_said(&said, "ReadingBetter", ReadingBetter::ALL);
    check_said(&said, "DecisionAction", DecisionAction::ALL);
    check_said(&said, "ActionOutcome", ActionOutcome::ALL);
}
