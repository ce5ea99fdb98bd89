//! Keys: the one table of everything that `plugins.toml` may say.
//!
//! In: nothing; it is written by hand, here and in the parts below.
//! Out: for each key its meaning, type, bounds, default and first release. Reader, JSON Schema,
//! `check --explain`, `init` and the list of defaults are all made from it, so they cannot disagree.
//!
//! Pure and constant.

use std::time::Duration;

use crate::config::units::Unit;
use crate::config::words::{Release, Word};

pub mod listeners;
pub mod plugins;
pub mod rules;
mod shared;
pub mod stage;
pub mod stream;
pub mod top;

/// A table of the file, or the whole file.
#[derive(Debug)]
pub struct Table {
    /// How messages call it: "`[stream]`".
    pub name: &'static str,
    /// What it is for, one sentence.
    pub doc: &'static str,
    /// Its keys, in the order in which people write them.
    pub keys: &'static [ConfigKey],
    /// Words that people bring from elsewhere, and the key that serves them here.
    pub renamed: &'static [(&'static str, &'static str)],
}

/// One key of a table.
#[derive(Debug)]
pub struct ConfigKey {
    /// As it is written.
    pub name: &'static str,
    /// What its value may be.
    pub kind: KeyKind,
    /// What it means, one or more sentences.
    pub doc: &'static str,
    /// What holds when it is absent.
    pub absent: Absent,
    /// A value as it is written, for `init` and `--explain`.
    pub example: &'static str,
    /// The first release that can do it.
    pub since: Release,
}

/// What holds when a key is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// That is a mistake.
    Mistake,
    /// This value, written as in the file.
    Default(&'static str),
    /// What this clause says.
    Means(&'static str),
    /// The defaults of its own keys: only for tables.
    Keys,
}

/// What the value of a key may be.
#[derive(Debug, Clone, Copy)]
pub enum KeyKind {
    /// A text that follows a rule.
    Text(&'static TextRule),
    /// A whole number within bounds.
    Integer(&'static IntegerRule),
    /// `true` or `false`.
    Boolean,
    /// A number and its unit, in a string.
    Quantity(Unit),
    /// A length of time within a bound.
    Duration(&'static DurationRule),
    /// One of several words.
    Choice(&'static ChoiceRule),
    /// A list of texts.
    List(&'static ListRule),
    /// A table.
    Table(&'static Table),
    /// An array of tables.
    Tables(&'static TablesRule),
    /// A table whose keys are names that the operator chooses.
    Map(&'static MapRule),
    /// The parameters of a component.
    Params,
    /// The settings of a component.
    Settings,
}

/// What a text has to look like.
#[derive(Debug)]
pub struct TextRule {
    /// What it is, to follow the word "expected".
    pub expected: &'static str,
    /// A regular expression that schemas state; `None` when any text will do.
    pub pattern: Option<&'static str>,
    /// A regular expression for texts that follow the pattern and will not do all the same.
    pub except: Option<&'static str>,
    /// The most bytes.
    pub bytes_max: usize,
    /// Whether this text will do, and if not, why.
    pub check: fn(&str) -> Result<(), KeyRefusal>,
}

/// Why a text does not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyRefusal {
    /// It is wrong; the sentence says why and what was expected.
    Wrong(String),
    /// It is one of these words, or none of them; the reader looks for the nearest.
    NoneOf(&'static [Word]),
    /// It will do with a later release; the text says what it is.
    ComesWith(Release, &'static str),
}

/// The bounds of a whole number, both included.
#[derive(Debug)]
pub struct IntegerRule {
    /// The least value.
    pub min: i64,
    /// The greatest value.
    pub max: i64,
    /// Up to which value this release goes, and which goes on from there.
    pub later: Option<(i64, Release)>,
}

/// The bound of a length of time; the least is none at all.
#[derive(Debug)]
pub struct DurationRule {
    /// What may last how long, to follow "is longer than": "a fade may last".
    pub what: &'static str,
    /// The longest.
    pub max: Duration,
    /// The longest, as it is written.
    pub max_text: &'static str,
}

/// The words of a choice.
#[derive(Debug)]
pub struct ChoiceRule {
    /// All of them.
    pub words: &'static [Word],
    /// Words that people bring from elsewhere, and the word that serves them here.
    pub renamed: &'static [(&'static str, &'static str)],
}

/// A list of texts.
#[derive(Debug)]
pub struct ListRule {
    /// What each entry has to look like.
    pub item: &'static TextRule,
    /// The fewest entries.
    pub items_min: usize,
    /// The most entries.
    pub items_max: usize,
    /// Whether an entry may stand in it twice.
    pub repeats: Repeats,
}

/// Whether an entry may stand in a list twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// It may.
    Allowed,
    /// It would say nothing new, or something else than it seems to.
    Mistake,
}

/// An array of tables.
#[derive(Debug)]
pub struct TablesRule {
    /// What each of them may say.
    pub table: &'static Table,
    /// The most tables.
    pub items_max: usize,
}

/// A table from chosen names to texts.
#[derive(Debug)]
pub struct MapRule {
    /// What a name has to look like.
    pub key: &'static TextRule,
    /// What a value has to look like.
    pub value: &'static TextRule,
    /// The most entries.
    pub items_max: usize,
}

impl Table {
    /// The key of that name.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&'static ConfigKey> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// What people elsewhere call by that name, as it is called here.
    #[must_use]
    pub fn renamed(&self, name: &str) -> Option<&'static str> {
        renamed(self.renamed, name)
    }
}

impl KeyKind {
    /// What its values measure, if they are numbers with a unit.
    #[must_use]
    pub fn unit(self) -> Option<Unit> {
        match self {
            Self::Quantity(unit) => Some(unit),
            Self::Duration(_) => Some(Unit::Time),
            _ => None,
        }
    }

    /// What a value of it is, to follow the word "expected".
    #[must_use]
    pub fn expected(self) -> &'static str {
        match self {
            Self::Text(rule) => rule.expected,
            Self::Integer(_) => "a whole number",
            Self::Boolean => "`true` or `false`",
            Self::Quantity(unit) => unit.expected(),
            Self::Duration(_) => Unit::Time.expected(),
            Self::Choice(_) => "a word in quotes",
            Self::List(_) => "a list of texts, as in [\"a\", \"b\"]",
            Self::Table(_) | Self::Map(_) | Self::Params | Self::Settings => {
                "a table, as in { key = … }"
            }
            Self::Tables(_) => "an array of tables",
        }
    }
}

/// What a foreign word is called here.
#[must_use]
pub fn renamed(words: &'static [(&'static str, &'static str)], name: &str) -> Option<&'static str> {
    words
        .iter()
        .find_map(|(foreign, here)| (*foreign == name).then_some(*here))
}
