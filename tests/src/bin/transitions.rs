//! Transitions: whether every transition of the table of changes was taken by a test.
//!
//! In: the file that hosts and walks of one run of all tests wrote their transitions to
//! (`SEGUE_TEST_TRANSITIONS`). Out: on standard output each transition of the table with who took it:
//! the product, a host or a program that embeds one; or walks, the real conductor beside an engine
//! that is none. It fails where one was taken by neither, and where one was taken that the table has
//! not.
//!
//! ```text
//! SEGUE_TEST_TRANSITIONS=/tmp/taken cargo test --workspace
//! cargo run --quiet --package segue-tests --bin transitions -- /tmp/taken
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::process::ExitCode;

use segue::swap::table::{Event, State};

/// What is told to those who ask for something else.
const USAGE: &str = "usage: transitions FILE";

/// Those who took each transition.
type Taken = BTreeMap<String, BTreeSet<String>>;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let [path] = &words[..] else {
        return fails(USAGE, 2);
    };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return fails(&format!("{path}: {error}"), 2),
    };
    let (table, never) = told(&taken(&text));
    // A reader that has seen enough is no failure.
    let _ = io::stdout().write_all(table.as_bytes());
    match never.is_empty() {
        true => ExitCode::SUCCESS,
        false => fails(&never, 1),
    }
}

fn fails(text: &str, code: u8) -> ExitCode {
    let _ = writeln!(io::stderr(), "{}", text.trim_end());
    ExitCode::from(code)
}

/// Every transition that the table has.
fn transitions() -> impl Iterator<Item = String> {
    let all = State::ALL.into_iter();
    let all = all.flat_map(|state| Event::ALL.map(|event| (state, event)));
    let all = all.filter(|(state, event)| state.after(*event).state != *state);
    all.map(|(state, event)| format!("{state:?} {event:?}"))
}

/// The lines of the file: who, state, event.
fn taken(text: &str) -> Taken {
    let mut taken = Taken::new();
    for line in text.lines() {
        if let Some((who, transition)) = line.split_once(' ') {
            let takers = taken.entry(transition.to_owned()).or_default();
            takers.insert(who.to_owned());
        }
    }
    taken
}

/// A table of who took what, and a sentence for each transition that is in only one of the two.
fn told(taken: &Taken) -> (String, String) {
    let (mut table, mut wrong) = (String::new(), String::new());
    let known: BTreeSet<_> = transitions().collect();
    for transition in &known {
        let takers = taken.get(transition);
        let who = takers.map_or_else(String::new, |takers| {
            takers.iter().cloned().collect::<Vec<_>>().join(", ")
        });
        let _ = writeln!(table, "{transition:26} {who}");
        if who.is_empty() {
            let _ = writeln!(wrong, "no test takes the transition `{transition}`");
        }
    }
    for transition in taken.keys().filter(|one| !known.contains(*one)) {
        let _ = writeln!(wrong, "`{transition}` is no transition of the table");
    }
    (table, wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> String {
        transitions().map(|one| format!("walk {one}\n")).collect()
    }

    #[test]
    fn a_transition_that_nobody_took_is_missed() {
        let text = all();
        assert_eq!(told(&taken(&text)).1, "");
        let text = text.replace("walk Draining Returned\n", "");
        let expected = "no test takes the transition `Draining Returned`\n";
        assert_eq!(told(&taken(&text)).1, expected);
    }

    #[test]
    fn one_that_the_table_has_not_is_told() {
        let text = format!("{}product Retired Sent\n", all());
        let expected = "`Retired Sent` is no transition of the table\n";
        assert_eq!(told(&taken(&text)).1, expected);
    }

    #[test]
    fn who_took_one_is_told() {
        let text = format!("{}product Draining Returned\n", all());
        let (table, _) = told(&taken(&text));
        assert!(
            table.contains("Draining Returned          product, walk\n"),
            "{table}"
        );
    }
}
