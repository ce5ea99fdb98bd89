//! Entries: a table of the file after it was checked against the table of keys.
//!
//! In: what the reader accepted, and defaults for what was absent.
//! Out: typed access by key, for the model.
//!
//! Pure. A key that had a mistake is simply absent here; the mistake is already reported.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::time::Duration;

use crate::config::source::{Span, Spanned};
use crate::config::units::{Bytes, Share};
use crate::config::values::{ParamValues, SettingValues};

/// A name with its value, both with their places.
pub(crate) type Pair = (Spanned<String>, Spanned<String>);

/// A value that has the type and bounds of its key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// A text that follows its rule, or a word of a choice.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Yes or no.
    Boolean(bool),
    /// A duration.
    Time(Duration),
    /// A size.
    Memory(Bytes),
    /// A part of a whole.
    Share(Share),
    /// A list of texts.
    List(Vec<Spanned<String>>),
    /// A table.
    Table(Entries),
    /// An array of tables.
    Tables(Vec<Entries>),
    /// Chosen names with their texts.
    Map(Vec<Pair>),
    /// Parameters of a component.
    Params(ParamValues),
    /// Settings of a component.
    Settings(SettingValues),
}

/// The accepted keys of one table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entries {
    /// Where the table is: its header, or its braces.
    pub span: Span,
    values: BTreeMap<&'static str, Spanned<Value>>,
    spoiled: BTreeSet<&'static str>,
}

impl Entries {
    /// A table without keys.
    #[must_use]
    pub(crate) fn new(span: Span) -> Self {
        Self {
            span,
            values: BTreeMap::new(),
            spoiled: BTreeSet::new(),
        }
    }

    /// Remembers that what was written for a key is not, or not all, in its value.
    pub(crate) fn spoil(&mut self, key: &'static str) {
        self.spoiled.insert(key);
    }

    /// Whether one of these keys had a mistake.
    #[must_use]
    pub(crate) fn is_spoiled(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.spoiled.contains(key))
    }

    /// Leaves out the stages, taps and decisions of which nothing further can be said: what fills
    /// them is not known, or what it was given is not all there.
    pub(crate) fn keep_whole_parts(&mut self) {
        const PARTS: [&str; 3] = ["stage", "tap", "decide"];
        const TELLING: [&str; 4] = ["id", "component", "settings", "reference"];
        for part in PARTS {
            let tables = self.values.get_mut(part).map(|found| &mut found.value);
            if let Some(Value::Tables(tables)) = tables {
                tables.retain(|table| !table.is_spoiled(&TELLING));
            }
        }
    }

    /// Sets a key, whatever it was before.
    pub(crate) fn set(&mut self, key: &'static str, value: Spanned<Value>) {
        self.values.insert(key, value);
    }

    /// The value of a key.
    #[must_use]
    pub(crate) fn get(&self, key: &str) -> Option<&Spanned<Value>> {
        self.values.get(key)
    }

    /// All values, by the names of their keys.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&'static str, &Spanned<Value>)> {
        self.values.iter().map(|(name, value)| (*name, value))
    }

    /// The table at a key, made if it is absent; `None` if the key holds something else.
    pub(crate) fn table_mut(&mut self, key: &'static str) -> Option<&mut Self> {
        let empty = Spanned::new(Value::Table(Self::new(self.span)), self.span);
        match &mut self.values.entry(key).or_insert(empty).value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The tables of an array, to be filled in.
    pub(crate) fn tables_mut(&mut self, key: &str) -> &mut [Self] {
        match self.values.get_mut(key).map(|found| &mut found.value) {
            Some(Value::Tables(tables)) => tables,
            _ => &mut [],
        }
    }

    /// A text, as it is written.
    #[must_use]
    pub(crate) fn text(&self, key: &str) -> Option<Spanned<String>> {
        self.parsed(key)
    }

    /// A text that is the name of something, or the word of a choice.
    #[must_use]
    pub(crate) fn parsed<T: FromStr>(&self, key: &str) -> Option<Spanned<T>> {
        let found = self.get(key)?;
        match &found.value {
            Value::Text(text) => Some(Spanned::new(text.parse().ok()?, found.span)),
            _ => None,
        }
    }

    /// A whole number, if it fits the type.
    #[must_use]
    pub(crate) fn integer<T: TryFrom<i64>>(&self, key: &str) -> Option<Spanned<T>> {
        let found = self.get(key)?;
        match found.value {
            Value::Integer(number) => Some(Spanned::new(T::try_from(number).ok()?, found.span)),
            _ => None,
        }
    }

    /// Yes or no.
    #[must_use]
    pub(crate) fn boolean(&self, key: &str) -> Option<Spanned<bool>> {
        let found = self.get(key)?;
        match found.value {
            Value::Boolean(value) => Some(Spanned::new(value, found.span)),
            _ => None,
        }
    }

    /// A duration.
    #[must_use]
    pub(crate) fn time(&self, key: &str) -> Option<Spanned<Duration>> {
        let found = self.get(key)?;
        match found.value {
            Value::Time(value) => Some(Spanned::new(value, found.span)),
            _ => None,
        }
    }

    /// A size.
    #[must_use]
    pub(crate) fn memory(&self, key: &str) -> Option<Spanned<Bytes>> {
        let found = self.get(key)?;
        match found.value {
            Value::Memory(value) => Some(Spanned::new(value, found.span)),
            _ => None,
        }
    }

    /// A part of a whole.
    #[must_use]
    pub(crate) fn share(&self, key: &str) -> Option<Spanned<Share>> {
        let found = self.get(key)?;
        match found.value {
            Value::Share(value) => Some(Spanned::new(value, found.span)),
            _ => None,
        }
    }

    /// A list of names; empty when absent.
    #[must_use]
    pub(crate) fn list<T: FromStr>(&self, key: &str) -> Vec<Spanned<T>> {
        let Some(Value::List(items)) = self.get(key).map(|found| &found.value) else {
            return Vec::new();
        };
        let parsed = items
            .iter()
            .filter_map(|item| Some(Spanned::new(item.value.parse().ok()?, item.span)));
        parsed.collect()
    }

    /// Chosen names with what they stand for; empty when absent.
    #[must_use]
    pub(crate) fn map<K: FromStr, V: FromStr>(&self, key: &str) -> Vec<(Spanned<K>, Spanned<V>)> {
        let Some(Value::Map(pairs)) = self.get(key).map(|found| &found.value) else {
            return Vec::new();
        };
        let parsed = pairs.iter().filter_map(|(name, text)| {
            let name = Spanned::new(name.value.parse().ok()?, name.span);
            Some((name, Spanned::new(text.value.parse().ok()?, text.span)))
        });
        parsed.collect()
    }

    /// A table; an empty one when absent.
    #[must_use]
    pub(crate) fn table(&self, key: &str) -> Self {
        match self.get(key).map(|found| &found.value) {
            Some(Value::Table(table)) => table.clone(),
            _ => Self::new(self.span),
        }
    }

    /// An array of tables; empty when absent.
    #[must_use]
    pub(crate) fn tables(&self, key: &str) -> &[Self] {
        match self.get(key).map(|found| &found.value) {
            Some(Value::Tables(tables)) => tables,
            _ => &[],
        }
    }

    /// The parameters; none when absent.
    #[must_use]
    pub(crate) fn params(&self) -> ParamValues {
        match self.get("params").map(|found| &found.value) {
            Some(Value::Params(params)) => params.clone(),
            _ => ParamValues::default(),
        }
    }

    /// The parameters, made if they are absent; `None` if the key holds something else.
    pub(crate) fn params_mut(&mut self) -> Option<&mut ParamValues> {
        let empty = Spanned::new(Value::Params(ParamValues::default()), self.span);
        match &mut self.values.entry("params").or_insert(empty).value {
            Value::Params(params) => Some(params),
            _ => None,
        }
    }

    /// The settings; none when absent.
    #[must_use]
    pub(crate) fn settings(&self) -> SettingValues {
        match self.get("settings").map(|found| &found.value) {
            Some(Value::Settings(settings)) => settings.clone(),
            _ => SettingValues::default(),
        }
    }
}
