//! Reasons: why a change went as it did, for places that have room for a line only.
//!
//! In: a receipt. Out: one line for each reason. Pure.

use std::fmt;

use crate::observe::Receipt;
use crate::observe::receipt::FileMistake;

impl Receipt {
    /// Whether the reasons are mistakes as they are drawn, with the text they stand in.
    #[must_use]
    pub fn is_drawn(&self) -> bool {
        !self.mistakes.is_empty()
    }

    /// The reasons in a line each: of a mistake in a file the place and the message.
    #[must_use]
    pub fn brief_reasons(&self) -> Vec<String> {
        match self.is_drawn() {
            true => self.mistakes.iter().map(ToString::to_string).collect(),
            false => self.reasons.clone(),
        }
    }
}

impl fmt::Display for FileMistake {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(out, "{place}: {}", self.message),
            None => out.write_str(&self.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(place: Option<&str>, message: &str) -> FileMistake {
        FileMistake {
            place: place.map(str::to_owned),
            message: message.to_owned(),
        }
    }

    #[test]
    fn a_mistake_in_a_file_is_its_place_and_its_message() {
        let receipt = Receipt {
            reasons: vec![
                "error: unknown key".to_owned(),
                " --> a.toml:27:1".to_owned(),
            ],
            mistakes: vec![
                mistake(Some("a.toml:27:1"), "unknown key"),
                mistake(None, "and more"),
            ],
            ..Receipt::default()
        };
        assert!(receipt.is_drawn());
        assert_eq!(
            receipt.brief_reasons(),
            ["a.toml:27:1: unknown key", "and more"]
        );
    }

    #[test]
    fn other_reasons_stay_as_they_are() {
        let receipt = Receipt {
            reasons: vec!["a --> b".to_owned(), "error: c".to_owned()],
            ..Receipt::default()
        };
        assert!(!receipt.is_drawn());
        assert_eq!(receipt.brief_reasons(), ["a --> b", "error: c"]);
    }
}
