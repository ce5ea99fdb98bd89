//! Check: a tree of TOML values against the table of keys.
//!
//! In: the tree, and which table of keys it should follow. Out: `Entries`, with every value that
//! is right; a mistake for each that is not, so that one wrong key never hides another.
//!
//! Pure. It walks by hand because a deserializer stops at the first mistake.

use std::collections::BTreeSet;

use toml::Spanned as TomlSpanned;
use toml::de::{DeTable, DeValue};

use crate::config::check::scalar::Subject;
use crate::config::entries::{Entries, Value};
use crate::config::keys::{Absent, ConfigKey, KeyKind, MapRule, Table, TablesRule};
use crate::config::mistake::{Mistake, Mistakes};
use crate::config::nearest::{did_you_mean, listed, nearest};
use crate::config::source::{SourceId, Span, Spanned};
use crate::config::words::Release;

mod params;
mod scalar;
mod settings;

/// A value as the TOML parser hands it out.
pub(crate) type TomlValue<'t> = TomlSpanned<DeValue<'t>>;

/// What walks a tree.
pub(crate) struct Checker<'m> {
    /// Where findings go.
    mistakes: &'m mut Mistakes,
    /// Which text the tree was parsed from.
    source: SourceId,
    /// Where in that text the tree begins, in bytes.
    offset: usize,
    /// How to treat keys of later releases.
    later: Later,
}

/// How to treat keys of later releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Later {
    /// Each is a mistake that names its release.
    Told,
    /// One around this table is told already; once is enough.
    ToldAlready,
}

impl<'m> Checker<'m> {
    /// A checker for a tree that was parsed from a source, beginning at a byte of it.
    pub(crate) fn new(mistakes: &'m mut Mistakes, source: SourceId, offset: usize) -> Self {
        Self {
            mistakes,
            source,
            offset,
            later: Later::Told,
        }
    }

    /// Checks a table and all that is in it.
    pub(crate) fn table(
        &mut self,
        spec: &'static Table,
        span: Span,
        table: &DeTable<'_>,
    ) -> Entries {
        let mut entries = Entries::new(span);
        let mut meant = BTreeSet::new();
        for (name, value) in table {
            let name_span = self.span(name);
            let Some(key) = spec.key(name.get_ref()) else {
                if let Some(key) = self.unknown_key(spec, name.get_ref(), name_span, value) {
                    meant.insert(key);
                    entries.spoil(key);
                }
                continue;
            };
            meant.insert(key.name);
            let before = self.mistakes.len();
            if let Some(found) = self.key(key, name_span, value) {
                entries.set(key.name, Spanned::new(found, self.span(value)));
            }
            if self.mistakes.len() > before {
                entries.spoil(key.name);
            }
        }
        for key in spec.keys {
            if key.absent == Absent::Mistake && !meant.contains(key.name) {
                let message = format!("{} has no `{}`", spec.name, key.name);
                let help = format!("add {} = {}", key.name, key.example);
                self.mistakes.push(Mistake::new(span, message).help(help));
                entries.spoil(key.name);
            }
        }
        entries
    }

    /// Checks the value of one key.
    pub(crate) fn key(
        &mut self,
        key: &'static ConfigKey,
        name: Span,
        value: &TomlValue<'_>,
    ) -> Option<Value> {
        let later = self.later;
        if !key.since.is_here() && later == Later::Told {
            self.mistakes.push(later_mistake(name, key.name, key.since));
            self.later = Later::ToldAlready;
        }
        let found = self.value(key, value);
        self.later = later;
        found
    }

    /// Checks a value that was parsed on its own, of a key that is here already.
    pub(crate) fn value_at(
        &mut self,
        key: &'static ConfigKey,
        value: &TomlValue<'_>,
    ) -> (Span, Option<Value>) {
        (self.span(value), self.value(key, value))
    }

    fn value(&mut self, key: &'static ConfigKey, value: &TomlValue<'_>) -> Option<Value> {
        match (key.kind, value.get_ref()) {
            (KeyKind::Table(spec), DeValue::Table(table)) => {
                Some(Value::Table(self.table(spec, self.span(value), table)))
            }
            (KeyKind::Tables(rule), DeValue::Array(_)) => self.tables(key, rule, value),
            (KeyKind::Map(rule), DeValue::Table(table)) => self.map(key, rule, value, table),
            (KeyKind::Params, DeValue::Table(table)) => {
                self.params(value, table).map(Value::Params)
            }
            (KeyKind::Settings, DeValue::Table(table)) => {
                self.settings(value, table).map(Value::Settings)
            }
            (KeyKind::List(rule), DeValue::Array(items)) => self
                .list(key.name, rule, self.span(value), items)
                .map(Value::List),
            _ => self.scalar(key, value),
        }
    }

    fn tables(
        &mut self,
        key: &'static ConfigKey,
        rule: &'static TablesRule,
        value: &TomlValue<'_>,
    ) -> Option<Value> {
        let items = value.get_ref().as_array()?;
        if items.len() > rule.items_max {
            self.too_many(key.name, self.span(value), items.len(), rule.items_max);
        }
        let mut tables = Vec::new();
        for item in items.iter().take(rule.items_max) {
            match item.get_ref() {
                DeValue::Table(table) => {
                    tables.push(self.table(rule.table, self.span(item), table));
                }
                other => {
                    let message = format!(
                        "an entry of `{}` is {}, expected a table",
                        key.name,
                        found(other)
                    );
                    self.mistakes.push(Mistake::new(self.span(item), message));
                }
            }
        }
        Some(Value::Tables(tables))
    }

    fn map(
        &mut self,
        key: &'static ConfigKey,
        rule: &'static MapRule,
        value: &TomlValue<'_>,
        table: &DeTable<'_>,
    ) -> Option<Value> {
        if table.len() > rule.items_max {
            self.too_many(key.name, self.span(value), table.len(), rule.items_max);
            return None;
        }
        let mut pairs = Vec::new();
        for (name, value) in table {
            let name = Spanned::new(name.get_ref().to_string(), self.span(name));
            let name_is_good = self.text(rule.key, &name.value, name.span);
            let text = self.string(Subject::Key(&name.value), rule.value, value);
            pairs.extend(name_is_good.and(text).map(|text| (name, text)));
        }
        pairs.sort_by_key(|(name, _)| name.span);
        Some(Value::Map(pairs))
    }

    /// Reports a key that does not exist; returns the one that was meant, if it is plain.
    fn unknown_key(
        &mut self,
        spec: &'static Table,
        name: &str,
        span: Span,
        value: &TomlValue<'_>,
    ) -> Option<&'static str> {
        if self.mistakes.is_full() {
            // Looking for the nearest word takes time, and a flood of keys would add it up.
            self.mistakes.push(Mistake::new(span, "unknown key"));
            return None;
        }
        let names = || spec.keys.iter().map(|key| key.name);
        let mistake = Mistake::new(span, format!("unknown key `{}`", clipped(name)))
            .label(format!("not a key of {}", spec.name));
        if let Some(here) = spec.renamed(name) {
            let release = spec.key(here).map(|key| key.since);
            let mistake = mistake.help(format!("use `{here}`"));
            self.mistakes.push(match release {
                Some(release) if !release.is_here() => {
                    mistake.note(format!("`{here}` comes with {}", release.name()))
                }
                _ => mistake,
            });
            return Some(here);
        }
        let keys = format!("its keys are {}", listed(names()).replace(" or ", " and "));
        let help = did_you_mean(name, names()).or_else(|| as_parameter(spec, name, value));
        let help = help.unwrap_or(keys);
        self.mistakes.push(mistake.help(help));
        nearest(name, names())
    }

    fn too_many(&mut self, name: &str, span: Span, found: usize, max: usize) {
        let message = format!("`{name}` has {found} entries, expected at most {max}");
        self.mistakes.push(Mistake::new(span, message));
    }

    /// Where a piece of the tree is written.
    fn span<T>(&self, piece: &TomlSpanned<T>) -> Span {
        let range = piece.span();
        Span::new(
            self.source,
            self.offset + range.start..self.offset + range.end,
        )
    }
}

/// That something is known, and to come.
fn later_mistake(span: Span, what: &str, since: Release) -> Mistake {
    let message = format!(
        "`{what}` comes with {}, this is {}",
        since.name(),
        Release::CURRENT.name()
    );
    Mistake::new(span, message)
}

/// How a parameter is written that stands beside `params` and not in it.
fn as_parameter(spec: &'static Table, name: &str, value: &TomlValue<'_>) -> Option<String> {
    let has_params = spec
        .keys
        .iter()
        .any(|key| matches!(key.kind, KeyKind::Params));
    let is_number = matches!(
        value.get_ref(),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Array(_)
    );
    (has_params && is_number).then(|| {
        format!(
            "a parameter of the component is written params.{} = …",
            clipped(name)
        )
    })
}

/// What a TOML value is, with its article.
pub(crate) fn found(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// The beginning of a text from a file, fit for a message of one line.
pub(crate) fn clipped(text: &str) -> String {
    const CHARS_MAX: usize = 80;
    let mut beginning: String = text
        .chars()
        .take(CHARS_MAX)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(CHARS_MAX).is_some() {
        beginning.push('…');
    }
    beginning
}
