//! Schema: the table of keys as a JSON Schema, for editors.
//!
//! In: nothing. Out: a schema of draft 2020-12 that takes what the reader takes, as far as a schema
//! can say it: names that refer to others, and bytes instead of characters, it cannot.
//!
//! Pure.

use serde_json::{Map, Value, json};

use crate::config::keys::top::ROOT;
use crate::config::keys::{
    Absent, ConfigKey, IntegerRule, KeyKind, ListRule, MapRule, Repeats, Table,
};
use crate::config::keys::{TablesRule, TextRule};
use crate::config::limits::{NAMES_MAX, PARAMS_MAX, SETTINGS_MAX, TEXT_BYTES_MAX};
use crate::config::units::Unit;

/// The dialect that the schema is written in.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// What the name of a parameter or setting looks like.
const PARAM_PATTERN: &str = "^[a-z0-9_]{1,64}$";

/// The schema of `plugins.toml`.
#[must_use]
pub fn schema() -> Value {
    let mut schema = table(&ROOT);
    schema.insert("$schema".to_owned(), json!(DIALECT));
    schema.insert("title".to_owned(), json!("Segue's plugins.toml"));
    Value::Object(schema)
}

fn table(table: &'static Table) -> Map<String, Value> {
    let keys = table.keys.iter();
    let properties: Map<_, _> = keys
        .map(|key| (key.name.to_owned(), self::key(key)))
        .collect();
    let needed = table
        .keys
        .iter()
        .filter(|key| key.absent == Absent::Mistake);
    let required: Vec<_> = needed.map(|key| key.name).collect();
    let mut object = members(json!({
        "type": "object",
        "description": table.doc,
        "additionalProperties": false,
        "properties": properties,
    }));
    if !required.is_empty() {
        object.insert("required".to_owned(), json!(required));
    }
    object
}

fn key(key: &'static ConfigKey) -> Value {
    let mut schema = members(kind(key.kind));
    let mut doc = key.doc.to_owned();
    if !key.since.is_here() {
        // The reader knows the key and refuses it; what would be taken is for later.
        schema = members(json!({ "not": {} }));
        doc = format!("Comes with {}. {doc}", key.since.name());
    }
    if let Absent::Default(text) = key.absent
        && let Ok(default) = toml::from_str::<Value>(&format!("value = {text}"))
    {
        schema.insert("default".to_owned(), default["value"].clone());
    }
    schema.insert("description".to_owned(), json!(doc));
    Value::Object(schema)
}

fn kind(kind: KeyKind) -> Value {
    match kind {
        KeyKind::Text(rule) => text(rule),
        KeyKind::Integer(rule) => integer(rule),
        KeyKind::Boolean => json!({ "type": "boolean" }),
        KeyKind::Quantity(unit) => json!({ "type": "string", "pattern": unit.pattern() }),
        // A pattern cannot say how long is too long; the reader does.
        KeyKind::Duration(_) => json!({ "type": "string", "pattern": Unit::Time.pattern() }),
        KeyKind::Choice(rule) => {
            let here = rule.words.iter().filter(|word| word.since.is_here());
            json!({ "enum": here.map(|word| word.text).collect::<Vec<_>>() })
        }
        KeyKind::List(rule) => list(rule),
        KeyKind::Table(spec) => Value::Object(table(spec)),
        KeyKind::Tables(TablesRule {
            table: spec,
            items_max,
        }) => {
            json!({ "type": "array", "maxItems": items_max, "items": table(spec) })
        }
        KeyKind::Map(rule) => map(rule),
        KeyKind::Params => params(),
        KeyKind::Settings => settings(),
    }
}

fn text(rule: &'static TextRule) -> Value {
    let mut schema = members(json!({ "type": "string", "maxLength": rule.bytes_max }));
    if let Some(pattern) = rule.pattern {
        schema.insert("pattern".to_owned(), json!(pattern));
    }
    if let Some(except) = rule.except {
        schema.insert("not".to_owned(), json!({ "pattern": except }));
    }
    Value::Object(schema)
}

fn integer(rule: &'static IntegerRule) -> Value {
    let max = match rule.later {
        Some((max, release)) if !release.is_here() => max,
        _ => rule.max,
    };
    json!({ "type": "integer", "minimum": rule.min, "maximum": max })
}

fn list(rule: &'static ListRule) -> Value {
    json!({
        "type": "array",
        "items": text(rule.item),
        "minItems": rule.items_min,
        "maxItems": rule.items_max,
        "uniqueItems": rule.repeats == Repeats::Mistake,
    })
}

fn map(rule: &'static MapRule) -> Value {
    json!({
        "type": "object",
        "propertyNames": text(rule.key),
        "additionalProperties": text(rule.value),
        "maxProperties": rule.items_max,
    })
}

fn params() -> Value {
    let one = || {
        vec![
            json!({ "type": ["number", "boolean"] }),
            json!({ "type": "string", "maxLength": TEXT_BYTES_MAX }),
        ]
    };
    let table = |values: Vec<Value>| {
        json!({
            "type": "object",
            "propertyNames": { "pattern": PARAM_PATTERN },
            "additionalProperties": { "anyOf": values },
            "maxProperties": PARAMS_MAX,
        })
    };
    let mut values = one();
    values.push(json!({ "type": "array", "items": table(one()), "maxItems": PARAMS_MAX }));
    table(values)
}

fn settings() -> Value {
    let text = || json!({ "type": "string", "maxLength": TEXT_BYTES_MAX });
    json!({
        "type": "object",
        "propertyNames": { "pattern": PARAM_PATTERN },
        "additionalProperties": { "anyOf": [
            text(),
            { "type": ["integer", "boolean"] },
            { "type": "array", "items": text(), "maxItems": NAMES_MAX },
        ] },
        "maxProperties": SETTINGS_MAX,
    })
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests;
