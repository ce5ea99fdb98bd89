//! Mutations: as many as there are seeds, and each an answer.

use std::collections::HashSet;
use std::path::Path;

use toml_edit::DocumentMut;

use crate::config::diff::diff;
use crate::config::mutate::mutate;
use crate::config::overrides::{Overrides, Rank, Wish};
use crate::config::parse;
use crate::config::save::save;

const EXAMPLE: &str = include_str!("../golden/example.toml");

fn example() -> String {
    EXAMPLE.replace(", \"bypass:tube\"", "")
}

#[test]
fn one_seed_gives_one_text_and_others_give_others() {
    let text = example();
    let all: HashSet<_> = (0..200).map(|seed| mutate(&text, seed)).collect();
    assert!(all.len() > 180, "{} of 200 differ", all.len());
    assert_eq!(mutate(&text, 7), mutate(&text, 7));
}

#[test]
fn every_outcome_of_a_reload_is_among_them() {
    let text = example();
    let (mut good, mut wrong, mut noise) = (0, 0, 0);
    for seed in 0..600 {
        let changed = mutate(&text, seed);
        match changed.parse::<DocumentMut>() {
            Err(_) => noise += 1,
            Ok(_) if parse(&changed, Path::new("f.toml"), &[]).is_ok() => good += 1,
            Ok(_) => wrong += 1,
        }
    }
    let counts = [good, wrong, noise];
    assert!(counts.iter().all(|count| *count > 30), "{counts:?}");
}

#[test]
fn a_mutation_that_reads_has_edits_or_is_explained_and_can_be_saved_into() {
    let text = example();
    let running = parse(&text, Path::new("f.toml"), &[]).unwrap();
    let mut overrides = Overrides::default();
    for (key, value) in [
        ("eq.params.band.3.q", "1"),
        ("tube.params.drive_db", "3"),
        ("limit.component", "acme.x"),
        ("limit.version", "=1.0.0"),
    ] {
        let wish = Wish {
            key: key.parse().unwrap(),
            value: value.to_owned(),
            who: "ada".to_owned(),
            rank: Rank::Human,
            when: String::new(),
            why: String::new(),
        };
        overrides.set(&running, wish).unwrap();
    }
    let (mut edited, mut fixed) = (0, 0);
    for seed in 0..400 {
        let changed = mutate(&text, seed);
        let saved = save(&changed, &overrides);
        let Ok(config) = parse(&changed, Path::new("f.toml"), &[]) else {
            continue;
        };
        assert_eq!(diff(&config, &config).unwrap(), []);
        match diff(&running, &config) {
            Ok(_) => edited += 1,
            Err(mistakes) => fixed += usize::from(!mistakes.is_empty()),
        }
        let mut held = overrides.clone();
        held.on_reload(&running, &config);
        let written = saved.unwrap();
        let again = parse(&written.text, Path::new("f.toml"), &[]);
        if again.is_err() {
            // A value that the file has no place for any more is told before it is saved.
            assert!(
                overrides.apply(&config).is_err(),
                "{seed}\n{}",
                written.text
            );
        }
    }
    assert!(edited > 20 && fixed > 20, "{edited} edited, {fixed} fixed");
}

#[test]
fn whatever_the_text_there_is_an_answer() {
    for text in ["", "\n", "=", "é", "[[stage]]", "x = 1"] {
        for seed in 0..300 {
            let _ = mutate(text, seed);
        }
    }
}
