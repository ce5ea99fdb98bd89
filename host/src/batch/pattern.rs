//! Pattern: names with `*`, `?`, `[…]` and `**`, as shells have them.
//!
//! In: a path with such components, and a path below its first one. Out: whether they match.
//! Works on bytes, since names need not be text. Pure.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// A path whose last components are patterns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    /// The folder that everything that matches lies in.
    pub(super) folder: PathBuf,
    parts: Vec<Vec<u8>>,
}

/// Whether a path has a component that is a pattern.
pub(super) fn is_pattern(path: &Path) -> bool {
    path.as_os_str().as_bytes().iter().any(is_special)
}

const fn is_special(byte: &u8) -> bool {
    matches!(byte, b'*' | b'?' | b'[')
}

impl Pattern {
    /// Takes a path apart: what comes before the first pattern, and the rest.
    pub(super) fn of(path: &Path) -> Self {
        let mut folder = PathBuf::new();
        let mut parts: Vec<Vec<u8>> = Vec::new();
        for component in path.components() {
            let bytes = component.as_os_str().as_bytes();
            match component {
                Component::Normal(_) if !parts.is_empty() || bytes.iter().any(is_special) => {
                    // Several in a row say no more than one.
                    if bytes != b"**" || parts.last().is_none_or(|last| last != b"**") {
                        parts.push(bytes.to_vec());
                    }
                }
                _ => folder.push(component),
            }
        }
        if folder.as_os_str().is_empty() {
            folder.push(".");
        }
        Self { folder, parts }
    }

    /// Whether a path below the folder matches.
    pub(super) fn matches(&self, relative: &Path) -> bool {
        let names = names(relative);
        reach(&self.parts, &names)[self.parts.len()]
    }

    /// Whether something below this folder below the folder may match.
    pub(super) fn may_hold(&self, relative: &Path) -> bool {
        let names = names(relative);
        let reached = reach(&self.parts, &names);
        // After all of the names at least one part must be left for what lies below.
        reached[..self.parts.len()].contains(&true)
    }
}

fn names(path: &Path) -> Vec<&[u8]> {
    path.iter().map(OsStr::as_bytes).collect()
}

/// For each number of parts, whether that many of them match all of the names.
fn reach(parts: &[Vec<u8>], names: &[&[u8]]) -> Vec<bool> {
    let mut reached = vec![false; parts.len() + 1];
    reached[0] = true;
    pass_over(parts, &mut reached);
    for name in names {
        let mut next = vec![false; parts.len() + 1];
        for (at, part) in parts.iter().enumerate().filter(|(at, _)| reached[*at]) {
            match part.as_slice() {
                b"**" => next[at] |= !name.starts_with(b"."),
                part => next[at + 1] |= name_matches(part, name),
            }
        }
        pass_over(parts, &mut next);
        reached = next;
    }
    reached
}

/// `**` may stand for no name at all.
fn pass_over(parts: &[Vec<u8>], reached: &mut [bool]) {
    for (at, part) in parts.iter().enumerate() {
        if reached[at] && part == b"**" {
            reached[at + 1] = true;
        }
    }
}

/// Whether one name matches; a dot in front has to be written. Takes time of the product of both
/// lengths at most.
fn name_matches(pattern: &[u8], name: &[u8]) -> bool {
    if name.starts_with(b".") && !pattern.starts_with(b".") {
        return false;
    }
    let (mut at, mut in_name) = (0, 0);
    // Where the last `*` stood, and how much of the name it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while in_name < name.len() {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at + 1, in_name));
            at += 1;
            continue;
        }
        if let Some(length) = one(&pattern[at..], name[in_name]) {
            (at, in_name) = (at + length, in_name + 1);
            continue;
        }
        let Some((after, taken)) = star else {
            return false;
        };
        star = Some((after, taken + 1));
        (at, in_name) = (after, taken + 1);
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// How much of the pattern matches one byte; `None` if it does not.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match pattern {
        [] => None,
        [b'?', ..] => Some(1),
        [b'[', rest @ ..] => match set(rest, byte) {
            Some((length, true)) => Some(length + 1),
            Some((_, false)) => None,
            // A bracket that does not end stands for itself.
            None => (byte == b'[').then_some(1),
        },
        [literal, ..] => (*literal == byte).then_some(1),
    }
}

/// The length of a set behind its `[`, and whether a byte is in it; `None` where it does not end.
fn set(pattern: &[u8], byte: u8) -> Option<(usize, bool)> {
    let negated = matches!(pattern, [b'!' | b'^', ..]);
    let first = usize::from(negated);
    let (mut at, mut found) = (first, false);
    loop {
        match pattern.get(at..)? {
            // A bracket right at the beginning is one of the set.
            [b']', ..] if at > first => return Some((at + 1, found != negated)),
            [low, b'-', high, ..] if *high != b']' => {
                found |= (*low..=*high).contains(&byte);
                at += 3;
            }
            [single, ..] => {
                found |= *single == byte;
                at += 1;
            }
            [] => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(pattern: &str, yes: &[&str], no: &[&str]) {
        let pattern = Pattern::of(Path::new(pattern));
        for (paths, expected) in [(yes, true), (no, false)] {
            for path in paths {
                let found = pattern.matches(Path::new(path));
                assert_eq!(found, expected, "{pattern:?} {path}");
            }
        }
    }

    #[test]
    fn names_match_as_in_a_shell() {
        check(
            "*.wav",
            &["a.wav", "-.wav"],
            &["a.wave", "b/a.wav", ".a.wav", ""],
        );
        check("a?c", &["abc"], &["ac", "abbc"]);
        check("[a-c!]x", &["ax", "cx", "!x"], &["dx", "x"]);
        check("[!a-c]x", &["dx"], &["ax"]);
        check("[]x]", &["]", "x"], &["y"]);
        check("*[ab", &["x[ab"], &["xa"]);
        check(
            "**/*.wav",
            &["a.wav", "x/y/a.wav"],
            &["x/a.flac", ".x/a.wav"],
        );
        check("x*/b", &["x/b", "xy/b"], &["y/b", "x/b/c"]);
        check("a/**", &["b", "b/c"], &[]);
        check("*a*b*", &["ab", "xaxxbx", "aab"], &["ba"]);
    }

    #[test]
    fn what_comes_before_the_pattern_is_a_folder() {
        for (path, folder) in [
            ("/in/a/*.wav", "/in/a"),
            ("*.wav", "."),
            ("../x?/y", ".."),
            ("a/**/b", "a"),
        ] {
            let found = Pattern::of(Path::new(path)).folder;
            assert_eq!(found, Path::new(folder), "{path}");
        }
    }

    #[test]
    fn only_folders_that_may_hold_something_are_read() {
        let pattern = Pattern::of(Path::new("in/a*/x/*.wav"));
        let may = |path: &str| pattern.may_hold(Path::new(path));
        assert!(may("") && may("ab") && may("ab/x"));
        assert!(!may("b") && !may("ab/y") && !may("ab/x/z"));
        assert!(Pattern::of(Path::new("**/q")).may_hold(Path::new("a/b/c")));
    }

    /// What matches, by trying every way.
    fn slow(pattern: &[u8], name: &[u8]) -> bool {
        match (pattern, name) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => (0..=name.len()).any(|at| slow(rest, &name[at..])),
            ([b'?', rest @ ..], [_, after @ ..]) => slow(rest, after),
            ([one, rest @ ..], [other, after @ ..]) if one == other => slow(rest, after),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn stars_match_what_trying_every_way_finds(pattern in "[ab*?]{0,8}", name in "[ab]{0,8}") {
            let found = name_matches(pattern.as_bytes(), name.as_bytes());
            prop_assert_eq!(found, slow(pattern.as_bytes(), name.as_bytes()));
        }

        #[test]
        fn whatever_is_written_a_match_ends(pattern in "[\\[\\]!a*?-]{0,40}", name in "\\PC{0,60}") {
            let _ = name_matches(pattern.as_bytes(), name.as_bytes());
        }
    }
}
