//! Times: what the ledger makes of looks, one every quarter of a second, without a clock or a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;

use crate::discovery::{ContentHash, Stamp};
use crate::watch::ledger::{Ledger, Pace, Verdict};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(250);

const PACE: Pace = Pace {
    settle: Duration::from_millis(500),
    hold_max: Duration::from_secs(1),
    files_max: 4,
};

fn stamp(number: u64) -> Stamp {
    Stamp {
        device: 1,
        inode: number,
        size_bytes: 1,
        modified: (0, 0),
        changed: (0, 0),
    }
}

/// A small letter is a whole file, a capital one the same cut off.
fn verdict(letter: char) -> Verdict<char> {
    match letter.is_ascii_lowercase() {
        true => Verdict::Whole {
            content: ContentHash([letter as u8; 32]),
            news: Some(letter),
        },
        false => Verdict::Unfinished,
    }
}

/// What is told at each look, `.` for nothing. Each text is a file: its letter at each look, `-`
/// where it is away, `!` where it is written again with the content it had.
fn run(files: &[&str]) -> String {
    let mut ledger = Ledger::new(PACE);
    let mut now: BTreeMap<PathBuf, (char, u64)> = BTreeMap::new();
    let looks = files.iter().map(|file| file.len()).max().unwrap();
    let mut told = String::new();
    for look in 0..looks {
        for (file, letters) in files.iter().enumerate() {
            let path = PathBuf::from(file.to_string());
            let letter = letters.chars().nth(look).unwrap();
            let before = now.get(&path).copied();
            match (letter, before) {
                ('-', _) => drop(now.remove(&path)),
                ('!', Some((same, _))) => drop(now.insert(path, (same, look as u64))),
                (letter, Some((same, _))) if letter == same => {}
                (letter, _) => drop(now.insert(path, (letter, look as u64))),
            }
        }
        let at = LOOK * look as u32;
        if look == 0 {
            for (path, (letter, number)) in &now {
                ledger.begin(path.clone(), stamp(*number));
                if let Verdict::Whole { content, .. } = verdict(*letter) {
                    ledger.remember(path, stamp(*number), content);
                }
            }
        }
        let seen = now
            .iter()
            .map(|(path, (_, number))| (path.clone(), stamp(*number)));
        ledger.looked(&seen.collect(), at);
        for path in ledger.due(at) {
            let (letter, number) = now[&path];
            ledger.judged(&path, Some(stamp(number)), verdict(letter), at);
        }
        let news = ledger.take(at);
        told.extend(news.iter());
        if news.is_empty() {
            told.push('.');
        }
    }
    told
}

fn check(files: &[&str], expected: &str) {
    assert_eq!(run(files), expected, "{files:?}");
}

#[test]
fn what_was_there_is_no_news() {
    check(&["aaaaaaaa"], "........");
}

#[test]
fn a_new_content_is_told_once_when_it_has_been_left_alone() {
    check(&["aabbbbbb"], "....b...");
    check(&["--bbbbbb"], "....b...");
}

#[test]
fn of_many_changes_the_last_is_told() {
    check(&["abcdeffff"], ".......f.");
}

#[test]
fn a_file_that_is_cut_off_is_left_alone_until_it_is_whole() {
    check(&["aBBBBBBbbb"], ".........b");
}

#[test]
fn the_same_content_again_is_no_news() {
    check(&["a!aaaaaa"], "........");
    check(&["aBBBBBaaaa"], "..........");
    check(&["a---aaaa"], "........");
    check(&["a----!aaaa"], "..........");
}

#[test]
fn another_content_after_an_absence_is_news() {
    check(&["a---bbbb"], "......b.");
}

#[test]
fn a_change_and_its_undoing_are_both_told() {
    check(&["abbbbaaaa"], "...b...a.");
}

#[test]
fn what_changes_together_is_told_together() {
    check(
        &["abbbbbbb", "aaacccccc"].map(|file| &file[..8]),
        ".....bc..",
    );
}

#[test]
fn a_file_that_never_rests_does_not_keep_others_waiting_for_ever() {
    check(&["abbbbbbbbbb", "abcdefghijk"], ".......b...");
}

#[test]
fn a_file_that_changed_while_it_was_read_is_read_again() {
    let mut ledger = Ledger::new(PACE);
    let path = Path::new("0");
    ledger.looked(&[(path.to_owned(), stamp(1))].into(), Duration::ZERO);
    let at = PACE.settle;
    assert_eq!(ledger.due(at), [path]);
    ledger.judged(path, Some(stamp(2)), verdict('b'), at);
    assert_eq!((ledger.take(at), ledger.due(at)), (vec![], vec![]));
    assert_eq!(ledger.next(), Some(2 * at));
    ledger.judged(path, Some(stamp(2)), verdict('c'), 2 * at);
    assert_eq!(ledger.take(2 * at), ['c']);
}

#[test]
fn a_whole_file_with_no_news_is_not_told_and_one_that_is_away_not_judged() {
    let mut ledger = Ledger::new(PACE);
    let path = Path::new("0");
    ledger.looked(&[(path.to_owned(), stamp(1))].into(), Duration::ZERO);
    let nothing = || Verdict::Whole {
        content: ContentHash([7; 32]),
        news: None,
    };
    let at = PACE.settle;
    ledger.judged(Path::new("1"), Some(stamp(1)), verdict('b'), at);
    ledger.judged(path, Some(stamp(1)), nothing(), at);
    assert_eq!((ledger.take(at), ledger.next()), (vec![], None));
    // What it holds is known from then on.
    ledger.touched(path, at);
    let known = Verdict::Whole {
        content: ContentHash([7; 32]),
        news: Some('b'),
    };
    ledger.judged(path, Some(stamp(1)), known, 2 * at);
    assert_eq!(ledger.take(2 * at), []);
}

#[test]
fn writing_without_a_trace_in_the_stamp_starts_the_wait_anew() {
    let mut ledger = Ledger::new(PACE);
    let path = Path::new("0");
    ledger.begin(path.to_owned(), stamp(1));
    assert_eq!(ledger.next(), None);
    ledger.touched(path, LOOK);
    ledger.touched(path, 2 * LOOK);
    assert_eq!(ledger.next(), Some(2 * LOOK + PACE.settle));
    assert!(ledger.due(LOOK + PACE.settle).is_empty());
    let at = 2 * LOOK + PACE.settle;
    ledger.judged(path, Some(stamp(1)), verdict('b'), at);
    assert_eq!(ledger.take(at), ['b']);
}

#[test]
fn so_many_files_are_followed_and_those_that_are_away_make_room() {
    let mut ledger: Ledger<char> = Ledger::new(PACE);
    let all = |from: usize| -> BTreeMap<PathBuf, Stamp> {
        let names = (from..from + 6).map(|name| PathBuf::from(name.to_string()));
        names.map(|path| (path, stamp(1))).collect()
    };
    ledger.looked(&all(0), Duration::ZERO);
    assert_eq!(ledger.due(PACE.settle).len(), 4);
    ledger.looked(&all(100), PACE.settle);
    let due = ledger.due(2 * PACE.settle);
    assert_eq!(due.len(), 4);
    assert!(
        due.iter().all(|path| path.to_str().unwrap().len() == 3),
        "{due:?}"
    );
}

proptest! {
    #[test]
    fn whatever_happens_to_files_in_the_end_what_was_told_is_what_is_there(
        first in "[abABC!-]{1,40}", second in "[xyXY!-]{1,40}", rest in 8usize..12,
    ) {
        let longest = first.len().max(second.len());
        let padded = |text: &str| -> String {
            // A file that is written for the first time has no content to be written again.
            let mut last = '-';
            let mut letters: String = text
                .chars()
                .map(|letter| {
                    let letter = if letter == '!' && last == '-' { '-' } else { letter };
                    last = if letter == '!' { last } else { letter };
                    letter
                })
                .collect();
            letters.extend(std::iter::repeat_n(last, longest + rest - text.len()));
            letters
        };
        let files = [padded(&first), padded(&second)];
        let told = run(&[&files[0], &files[1]]);
        for file in &files {
            let own = |letter: &char| match file == &files[0] {
                true => ('a'..='c').contains(letter),
                false => ('x'..='y').contains(letter),
            };
            let known: Vec<char> = file.chars().take(1).chain(told.chars()).filter(own).collect();
            prop_assert!(known.windows(2).all(|two| two[0] != two[1]), "{file} {told}");
            let end = file.chars().next_back().unwrap();
            if end.is_ascii_lowercase() {
                prop_assert_eq!(known.last(), Some(&end), "{} {}", file, told);
            }
        }
    }
}
