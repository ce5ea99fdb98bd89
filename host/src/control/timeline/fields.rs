//! Fields: the keys of one table, each taken once; what is left over is a mistake.
//!
//! Pure.

use std::collections::BTreeMap;
use std::str::FromStr;

use toml::de::{DeTable, DeValue};

use crate::config::check::{clipped, found};
use crate::config::limits::TEXT_BYTES_MAX;
use crate::config::mistake::{Mistake, Mistakes};
use crate::config::nearest::{did_you_mean, listed};
use crate::config::source::{Span, Spanned};
use crate::control::timeline::{Toml, span};

/// The keys of a table that were not taken yet.
pub(super) struct Fields<'t> {
    left: BTreeMap<&'t str, (Span, &'t Toml<'t>)>,
    /// Where the table is.
    pub(super) span: Span,
    /// What it is called in messages.
    name: &'static str,
}

impl<'t> Fields<'t> {
    /// All keys of a table.
    pub(super) fn new(table: &'t DeTable<'t>, span_of_it: Span, name: &'static str) -> Self {
        let fields = table.iter();
        let left = fields.map(|(key, value)| (&**key.get_ref(), (span(key.span()), value)));
        Self {
            left: left.collect(),
            span: span_of_it,
            name,
        }
    }

    /// A table without any.
    pub(super) fn none(span: Span) -> Self {
        Self {
            left: BTreeMap::new(),
            span,
            name: "",
        }
    }

    /// The value of a key, if it is there.
    pub(super) fn take(&mut self, key: &str) -> Option<&'t Toml<'t>> {
        self.left.remove(key).map(|(_, value)| value)
    }

    /// Which of these keys are there, with their places.
    pub(super) fn among(&self, keys: &[&'static str]) -> Vec<(&'static str, Span)> {
        let there = |key: &&'static str| Some((*key, self.left.get(*key)?.0));
        keys.iter().filter_map(there).collect()
    }

    /// A text, if it is there and is one.
    pub(super) fn text(&mut self, key: &str, mistakes: &mut Mistakes) -> Option<Spanned<String>> {
        let value = self.take(key)?;
        let place = span(value.span());
        let DeValue::String(text) = value.get_ref() else {
            let kind = found(value.get_ref());
            mistakes.push(Mistake::new(
                place,
                format!("`{key}` is {kind}, expected a text"),
            ));
            return None;
        };
        if text.len() > TEXT_BYTES_MAX {
            let bytes = text.len();
            let message = format!("the text has {bytes} bytes, expected at most {TEXT_BYTES_MAX}");
            mistakes.push(Mistake::new(place, message));
            return None;
        }
        Some(Spanned::new(text.to_string(), place))
    }

    /// A text that is the form of something; a mistake if it is there and is not.
    pub(super) fn read<T, E: ToString>(
        &mut self,
        key: &str,
        mistakes: &mut Mistakes,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(key, mistakes)?;
        let read = read(&text.value);
        read.map_err(|why| mistakes.push(Mistake::new(text.span, why.to_string())))
            .ok()
    }

    /// An id or an address, if it is there and is one.
    pub(super) fn parsed<T: FromStr<Err: ToString>>(
        &mut self,
        key: &str,
        mistakes: &mut Mistakes,
    ) -> Option<T> {
        self.read(key, mistakes, str::parse)
    }

    /// The same, where it has to be there.
    pub(super) fn needed<T: FromStr<Err: ToString>>(
        &mut self,
        key: &str,
        mistakes: &mut Mistakes,
    ) -> Option<T> {
        self.need(key, mistakes)?;
        self.parsed(key, mistakes)
    }

    /// Makes sure that a key is there.
    pub(super) fn need(&self, key: &str, mistakes: &mut Mistakes) -> Option<()> {
        if self.left.contains_key(key) {
            return Some(());
        }
        let message = format!("{} has no `{key}`", self.name);
        mistakes.push(Mistake::new(self.span, message));
        None
    }

    /// Whether something is wished for; it is not where nothing is said.
    pub(super) fn is_on(&mut self, key: &str, mistakes: &mut Mistakes) -> Option<bool> {
        let Some(value) = self.take(key) else {
            return Some(false);
        };
        if let DeValue::Boolean(is_on) = value.get_ref() {
            return Some(*is_on);
        }
        let kind = found(value.get_ref());
        let message = format!("`{key}` is {kind}, expected true or false");
        mistakes.push(Mistake::new(span(value.span()), message));
        None
    }

    /// Every key that is left over is a mistake; `known` are those that may stand here.
    pub(super) fn nothing_else(self, known: &[&str], mistakes: &mut Mistakes) {
        for (key, (place, _)) in self.left {
            let message = format!("`{}` is no key of {}", clipped(key), self.name);
            let help = did_you_mean(key, known.iter().copied());
            let help = help.or_else(|| {
                let keys = listed(known.iter().copied());
                (!known.is_empty()).then(|| format!("expected {keys}"))
            });
            mistakes.push(Mistake::new(place, message).help_if(help));
        }
    }
}
