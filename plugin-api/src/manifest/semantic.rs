//! Semantic: whether a text is a semantic version, or a requirement in Cargo's syntax.
//!
//! In: a text, in constants too. Out: yes or no, the same answer that the `semver` crate gives at
//! run time (asserted below for texts of every kind).

/// The most comparators of a requirement that the `semver` crate takes.
const COMPARATORS_MAX: usize = 32;

/// Whether `text` is a version, `1.2.3-rc.1+build`.
pub(super) const fn is_version(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some(at) = three_numbers(bytes) else {
        return false;
    };
    match extras(bytes, at) {
        Some(end) => end == bytes.len(),
        None => false,
    }
}

/// Whether `text` is a requirement, `>=1.2, <2` or `*`.
pub(super) const fn is_requirement(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = skip_spaces(bytes, 0);
    if is_wildcard(bytes, at) {
        return skip_spaces(bytes, at + 1) == bytes.len();
    }
    let mut comparators = 0;
    while comparators < COMPARATORS_MAX {
        let Some(end) = comparator(bytes, at) else {
            return false;
        };
        if end == bytes.len() {
            return true;
        }
        if bytes[end] != b',' {
            return false;
        }
        at = skip_spaces(bytes, end + 1);
        comparators += 1;
    }
    false
}

/// Every function below starts reading at `at` and returns where it ended, or `None`.
const fn three_numbers(bytes: &[u8]) -> Option<usize> {
    let Some(at) = number(bytes, 0) else {
        return None;
    };
    if !is(bytes, at, b'.') {
        return None;
    }
    let Some(at) = number(bytes, at + 1) else {
        return None;
    };
    if !is(bytes, at, b'.') {
        return None;
    }
    number(bytes, at + 1)
}

/// One comparator, with the spaces after it.
const fn comparator(bytes: &[u8], at: usize) -> Option<usize> {
    let at = skip_spaces(bytes, operator(bytes, at));
    let Some(major) = number(bytes, at) else {
        return None;
    };
    if !is(bytes, major, b'.') {
        return Some(skip_spaces(bytes, major));
    }
    if is_wildcard(bytes, major + 1) {
        return match after_minor_wildcard(bytes, major + 2) {
            Some(end) => Some(skip_spaces(bytes, end)),
            None => None,
        };
    }
    let Some(minor) = number(bytes, major + 1) else {
        return None;
    };
    match patch(bytes, minor) {
        Some(end) => Some(skip_spaces(bytes, end)),
        None => None,
    }
}

/// After `1.*` there may be one more wildcard, and no number.
const fn after_minor_wildcard(bytes: &[u8], at: usize) -> Option<usize> {
    if !is(bytes, at, b'.') {
        return Some(at);
    }
    if is_wildcard(bytes, at + 1) {
        Some(at + 2)
    } else {
        None
    }
}

/// After `1.2` there may be a patch, which alone may have a pre-release and a build.
const fn patch(bytes: &[u8], at: usize) -> Option<usize> {
    if !is(bytes, at, b'.') {
        return Some(at);
    }
    if is_wildcard(bytes, at + 1) {
        return Some(at + 2);
    }
    match number(bytes, at + 1) {
        Some(end) => extras(bytes, end),
        None => None,
    }
}

/// A pre-release and a build, each if it is there.
const fn extras(bytes: &[u8], mut at: usize) -> Option<usize> {
    if is(bytes, at, b'-') {
        match identifiers(bytes, at + 1, Numbers::WithoutLeadingZero) {
            Some(end) => at = end,
            None => return None,
        }
    }
    if is(bytes, at, b'+') {
        return identifiers(bytes, at + 1, Numbers::Any);
    }
    Some(at)
}

/// Which purely numeric identifiers are allowed.
#[derive(Clone, Copy)]
enum Numbers {
    /// A pre-release's, which are compared as numbers.
    WithoutLeadingZero,
    /// A build's, which are just text.
    Any,
}

/// Identifiers of letters, digits and hyphens with dots between them.
const fn identifiers(bytes: &[u8], mut at: usize, numbers: Numbers) -> Option<usize> {
    loop {
        let start = at;
        let mut digits = 0;
        while at < bytes.len() && (bytes[at].is_ascii_alphanumeric() || bytes[at] == b'-') {
            digits += bytes[at].is_ascii_digit() as usize;
            at += 1;
        }
        let length = at - start;
        let zero = length > 1 && digits == length && bytes[start] == b'0';
        if length == 0 || (zero && matches!(numbers, Numbers::WithoutLeadingZero)) {
            return None;
        }
        if !is(bytes, at, b'.') {
            return Some(at);
        }
        at += 1;
    }
}

/// A number that fits a `u64`, without leading zeros.
const fn number(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    let mut value: u64 = 0;
    while at < bytes.len() && bytes[at].is_ascii_digit() {
        if at > start && value == 0 {
            return None;
        }
        value = match value.checked_mul(10) {
            Some(tens) => match tens.checked_add((bytes[at] - b'0') as u64) {
                Some(sum) => sum,
                None => return None,
            },
            None => return None,
        };
        at += 1;
    }
    if at == start { None } else { Some(at) }
}

const fn operator(bytes: &[u8], at: usize) -> usize {
    if at >= bytes.len() {
        return at;
    }
    match bytes[at] {
        b'>' | b'<' if is(bytes, at + 1, b'=') => at + 2,
        b'=' | b'>' | b'<' | b'~' | b'^' => at + 1,
        _ => at,
    }
}

const fn skip_spaces(bytes: &[u8], mut at: usize) -> usize {
    while is(bytes, at, b' ') {
        at += 1;
    }
    at
}

const fn is_wildcard(bytes: &[u8], at: usize) -> bool {
    is(bytes, at, b'*') || is(bytes, at, b'x') || is(bytes, at, b'X')
}

const fn is(bytes: &[u8], at: usize, byte: u8) -> bool {
    at < bytes.len() && bytes[at] == byte
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use semver::{Version, VersionReq};

    fn check(text: &str) {
        assert_eq!(
            is_version(text),
            Version::parse(text).is_ok(),
            "version {text:?}"
        );
        assert_eq!(
            is_requirement(text),
            VersionReq::parse(text).is_ok(),
            "requirement {text:?}"
        );
    }

    #[test]
    fn odd_texts_are_judged_as_the_semver_crate_judges_them() {
        let texts = [
            "",
            " ",
            "1",
            "1.",
            "1.2",
            "1.2.3",
            "01.2.3",
            "1.2.3-",
            "1.2.3-0",
            "1.2.3-00",
            "1.2.3-0a",
            "1.2.3-a..b",
            "1.2.3+",
            "1.2.3+00",
            "1.2.3-a+b",
            "1.2.3+b-a",
            "*",
            " * ",
            "*,1",
            "1,*",
            "1.*",
            "1.*.*",
            "1.*.2",
            "1.2.*",
            "1.2.*-a",
            ">=1, <2",
            ">= 1 , < 2",
            ">=1 <2",
            "1,",
            ",1",
            "~1.2.3-rc.1+x",
            "^1.x.X",
            "=1.2-a",
            "> =1",
            "18446744073709551615.0.0",
            "18446744073709551616.0.0",
            "1.2.3 ",
            " 1.2.3",
            "1.2.3é",
        ];
        for text in texts {
            check(text);
        }
        check(&["1"; 32].join(","));
        check(&["1"; 33].join(","));
    }

    proptest! {
        #[test]
        fn versions_and_requirements_are_what_the_semver_crate_takes(
            text in "[0-9x*.,<>=~^+a -]{0,12}",
            near in "(>=|<|~|\\^|=|)[ ]?(0|1|01|22)(\\.(0|3|x|\\*))?(\\.(0|4|\\*))?(-[a0.]{0,3})?(\\+[b0.]{0,3})?(, ?[1-3])?",
        ) {
            check(&text);
            check(&near);
        }
    }
}
