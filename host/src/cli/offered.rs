//! Offered: words that a shell offers for a flag whose value the configuration judges.
//!
//! In: the value of a flag. Out: the same text, whatever it is: what is wrong with it is told once,
//! in the words that the key has in a file.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};

use crate::config::words::{Dither, OutputBits, Word};

/// Takes every text, and offers some.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offered(&'static [Word]);

impl Offered {
    /// For `stream.output_bits`.
    pub(super) const BITS: Self = Self(OutputBits::WORDS);

    /// For `stream.dither`.
    pub(super) const DITHER: Self = Self(Dither::WORDS);
}

impl TypedValueParser for Offered {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.iter().map(value)))
    }
}

fn value(word: &Word) -> PossibleValue {
    PossibleValue::new(word.text).help(word.doc)
}
