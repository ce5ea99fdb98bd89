//! Error: why a text is no name, and the check that all names share.

use crate::id::NAME_BYTES_MAX;

/// The most characters of a wrong name that an error repeats; names come from outside.
const SHOWN_CHARS_MAX: usize = 80;

/// Why a text is not the name it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// There is no text at all.
    #[error("{kind} is empty, expected {expected}")]
    Empty {
        /// What the name is for: "the stage id".
        kind: &'static str,
        /// What such a name looks like.
        expected: &'static str,
    },
    /// The text is longer than any name may be.
    #[error("{kind} `{found}` has {found_bytes} bytes, expected at most {NAME_BYTES_MAX}")]
    TooLong {
        /// What the name is for.
        kind: &'static str,
        /// The beginning of the text.
        found: String,
        /// Its whole length, in bytes.
        found_bytes: usize,
    },
    /// A character does not belong there.
    #[error("{kind} `{found}` contains `{}`, expected {expected}", character.escape_debug())]
    Character {
        /// What the name is for.
        kind: &'static str,
        /// The beginning of the text.
        found: String,
        /// The first character that does not belong.
        character: char,
        /// What such a name looks like.
        expected: &'static str,
    },
    /// The characters are right and their order is not: no dot, or nothing between two.
    #[error("{kind} `{found}` is incomplete, expected {expected}")]
    Incomplete {
        /// What the name is for.
        kind: &'static str,
        /// The beginning of the text.
        found: String,
        /// What such a name looks like.
        expected: &'static str,
    },
    /// The name means one end of the pipeline.
    #[error("{kind} `{found}` is reserved for the pipeline's own {found}, expected another name")]
    Reserved {
        /// What the name is for.
        kind: &'static str,
        /// The reserved name.
        found: &'static str,
    },
}

/// What every name has to hold to: something, not too much, and of the right characters.
pub(super) fn check_text(
    kind: &'static str,
    expected: &'static str,
    text: &str,
    belongs: impl Fn(char) -> bool,
) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty { kind, expected });
    }
    if let Some(character) = text.chars().find(|c| !belongs(*c)) {
        return Err(IdError::Character {
            kind,
            found: shown(text),
            character,
            expected,
        });
    }
    if text.len() > NAME_BYTES_MAX {
        return Err(IdError::TooLong {
            kind,
            found: shown(text),
            found_bytes: text.len(),
        });
    }
    Ok(())
}

/// The beginning of a text from outside, without control characters, fit for one line.
pub(super) fn shown(text: &str) -> String {
    let mut beginning: String = text
        .chars()
        .take(SHOWN_CHARS_MAX)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(SHOWN_CHARS_MAX).is_some() {
        beginning.push('…');
    }
    beginning
}
