//! Defaults: what holds where the file says nothing.
//!
//! In: the table of keys. Out: a text with one line per default, so that defaults have places like
//! everything else, and absent keys filled in.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use toml::de::DeValue;

use crate::config::check::Checker;
use crate::config::entries::{Entries, Value};
use crate::config::keys::top::ROOT;
use crate::config::keys::{Absent, ConfigKey, KeyKind, Table};
use crate::config::mistake::Mistakes;
use crate::config::source::{SourceId, SourceText, Sources, Spanned, TextOrigin};

/// Every default, read once from the table of keys, which does not change.
static DEFAULTS: LazyLock<Defaults> = LazyLock::new(Defaults::collect);

struct Defaults {
    text: Arc<str>,
    /// By table and key, as messages call them; both are unique.
    values: HashMap<(&'static str, &'static str), Spanned<Value>>,
}

/// The text of all defaults, as a source that spans can point into.
#[must_use]
pub(crate) fn source() -> SourceText {
    SourceText {
        name: "the defaults".into(),
        text: Arc::clone(&DEFAULTS.text),
        origin: TextOrigin::Default,
    }
}

/// Sets every absent key that has a default, and does so in the tables below.
pub(crate) fn fill(table: &'static Table, entries: &mut Entries) {
    for key in table.keys {
        fill_key(table, key, entries);
    }
}

fn fill_key(table: &'static Table, key: &'static ConfigKey, entries: &mut Entries) {
    match (key.kind, key.absent) {
        (KeyKind::Table(inner), Absent::Keys) => {
            if let Some(below) = entries.table_mut(key.name) {
                fill(inner, below);
            }
        }
        (KeyKind::Table(inner), _) if entries.get(key.name).is_some() => {
            if let Some(below) = entries.table_mut(key.name) {
                fill(inner, below);
            }
        }
        (KeyKind::Tables(rule), _) => {
            for below in entries.tables_mut(key.name) {
                fill(rule.table, below);
            }
        }
        (_, Absent::Default(_)) if entries.get(key.name).is_none() => {
            let default = DEFAULTS.values.get(&(table.name, key.name));
            entries.set(
                key.name,
                default
                    .expect("every default of the table was collected")
                    .clone(),
            );
        }
        _ => {}
    }
}

impl Defaults {
    fn collect() -> Self {
        let mut text = String::new();
        let mut places = Vec::new();
        lines(&ROOT, &mut text, &mut places);
        let mut values = HashMap::new();
        let nothing = SourceText {
            name: "".into(),
            text: "".into(),
            origin: TextOrigin::Default,
        };
        let mut mistakes = Mistakes::new(Sources::new(nothing.clone(), nothing));
        for (table, key, written, offset) in places {
            let value = DeValue::parse(written).expect("a default is written as TOML");
            let mut checker = Checker::new(&mut mistakes, SourceId::DEFAULTS, offset);
            let (span, found) = checker.value_at(key, &value);
            let found = found.expect("a default is a value that its own key takes");
            values.insert((table, key.name), Spanned::new(found, span));
        }
        Self {
            text: text.into(),
            values,
        }
    }
}

/// A default: its table's name, its key, how it is written, and where in the text.
type DefaultPlace = (&'static str, &'static ConfigKey, &'static str, usize);

fn lines(table: &'static Table, text: &mut String, places: &mut Vec<DefaultPlace>) {
    for key in table.keys {
        match (key.kind, key.absent) {
            (KeyKind::Table(inner), _) => lines(inner, text, places),
            (KeyKind::Tables(rule), _) => lines(rule.table, text, places),
            (_, Absent::Default(written)) => {
                text.push_str(key.name);
                text.push_str(" = ");
                places.push((table.name, key, written, text.len()));
                text.push_str(written);
                text.push('\n');
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_value_that_its_own_key_takes() {
        let text = &DEFAULTS.text;
        assert!(text.contains("block_frames = 256\n"), "{text}");
        assert_eq!(text.lines().count(), DEFAULTS.values.len());
    }

    #[test]
    fn the_place_of_a_default_is_its_value() {
        let sources = Sources::new(source(), source());
        let found = &DEFAULTS.values[&("`[stream]`", "tail")];
        assert_eq!(sources.text(found.span), "\"cut\"");
    }
}
