//! The schema against the reader: they take and refuse the same files and know the same keys.

use std::path::Path;

use regex_lite::Regex;
use serde_json::Value;

use super::schema;
use crate::config::keys::top::ROOT;
use crate::config::keys::{Kind, Table};
use crate::config::parse;

/// Whether a value is what a schema says: the keywords that ours has, each as in the standard, and
/// a panic at any other.
fn takes(schema: &Value, value: &Value) -> bool {
    let mut keywords = schema.as_object().unwrap().iter();
    keywords.all(|(word, rule)| keyword(schema, word, rule, value))
}

fn keyword(schema: &Value, word: &str, rule: &Value, value: &Value) -> bool {
    let number = || rule.as_f64().unwrap();
    let below = |count: Option<usize>| count.is_none_or(|count| count as f64 <= number());
    let items = value.as_array();
    match word {
        "$schema" | "title" | "description" | "default" => true,
        "type" => match rule {
            Value::Array(types) => types.iter().any(|one| is(one.as_str().unwrap(), value)),
            one => is(one.as_str().unwrap(), value),
        },
        "enum" => rule.as_array().unwrap().contains(value),
        "not" => !takes(rule, value),
        "anyOf" => rule.as_array().unwrap().iter().any(|one| takes(one, value)),
        "pattern" => {
            let pattern = Regex::new(rule.as_str().unwrap()).unwrap();
            value.as_str().is_none_or(|text| pattern.is_match(text))
        }
        "maxLength" => below(value.as_str().map(|text| text.chars().count())),
        "minimum" => value.as_f64().is_none_or(|found| found >= number()),
        "maximum" => value.as_f64().is_none_or(|found| found <= number()),
        "minItems" => items.is_none_or(|items| items.len() as f64 >= number()),
        "maxItems" => below(items.map(Vec::len)),
        "maxProperties" => below(value.as_object().map(serde_json::Map::len)),
        "uniqueItems" => !rule.as_bool().unwrap() || items.is_none_or(|items| are_unique(items)),
        "items" => items.is_none_or(|items| items.iter().all(|item| takes(rule, item))),
        "required" => value.as_object().is_none_or(|object| {
            let mut names = rule.as_array().unwrap().iter();
            names.all(|name| object.contains_key(name.as_str().unwrap()))
        }),
        "properties" | "additionalProperties" | "propertyNames" => {
            value.as_object().is_none_or(|object| {
                object
                    .iter()
                    .all(|(name, value)| member(schema, word, name, value))
            })
        }
        other => panic!("the tests do not know the keyword {other}"),
    }
}

fn member(schema: &Value, word: &str, name: &str, value: &Value) -> bool {
    let property = schema.get("properties").and_then(|all| all.get(name));
    match (word, property, &schema[word]) {
        ("properties", Some(rule), _) => takes(rule, value),
        ("propertyNames", _, rule) => takes(rule, &Value::from(name)),
        ("additionalProperties", None, Value::Bool(allowed)) => *allowed,
        ("additionalProperties", None, rule) => takes(rule, value),
        _ => true,
    }
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("the tests do not know the type {other}"),
    }
}

fn are_unique(items: &[Value]) -> bool {
    (1..items.len()).all(|at| !items[..at].contains(&items[at]))
}

/// Schema and reader agree about a text; answers what they say.
fn check(text: &str) -> bool {
    let value: Value = toml::from_str(text).unwrap();
    let by_schema = takes(&schema(), &value);
    let by_reader = parse(text, Path::new("plugins.toml"), &[]);
    let told = by_reader.as_ref().err().map(|mistakes| {
        mistakes
            .iter()
            .map(|mistake| mistake.message.clone())
            .collect::<Vec<_>>()
    });
    assert_eq!(by_schema, by_reader.is_ok(), "{text}\n{told:?}");
    by_schema
}

const EXAMPLE: &str = include_str!("../golden/example.toml");

/// The example without what waits for a later release.
fn example_of_today() -> String {
    EXAMPLE.replace(", \"bypass:tube\"", "")
}

#[test]
fn both_take_the_example_of_today_and_neither_takes_that_of_tomorrow() {
    assert!(check(&example_of_today()));
    assert!(!check(EXAMPLE));
    assert!(check(""));
    assert!(check(&crate::config::help::commented()));
}

/// Wrong tables, each a file of its own.
const WRONG_TABLES: &[&str] = &[
    "[stream]\nlatency_reserve_frames = 1920001",
    "[host]\nthreads = 1025",
    "[host]\nthreads = -1",
    "[host]\nthreads = \"1\"",
    "[host]\nreload = \"auto\"",
    "[host]\nmemory_max = 256",
    "[host]\nmemory_max = \"256 MB\"",
    "[host]\nunknown = 1",
    "[stream]\nblock_frames = 0",
    "[stream]\nblock_frames = 65537",
    "[stream]\ntail = \"ring\"",
    "[stream]\nlayout = \"2\"",
    "[stream]\nlayout = \"discrete(0)\"",
    "[stream]\nlayout = 2",
    "[stream]\nconvert = true",
    "[stream]\nfrom = \"output\"",
    "[stream]\ninput = \"\"",
    "[stream]\ninput = \"device:x\"",
    "[plugins]\npaths = \"x\"",
    "[plugins]\npaths = [\"x\", \"x\"]",
    "[plugins.require]\nfilters = \"1\"",
    "[[stage]]\nid = \"a\"",
    "[[stage]]\nid = \"input\"\ncomponent = \"a.b\"",
    "[[stage]]\nid = \"a\"\ncomponent = \"a\"",
    "[[decide]]\nid = \"a\"\ncomponent = \"a.b\"",
    "[stage]\nid = \"a\"\ncomponent = \"a.b\"",
    "[pipeline]\nname = \"a b\"",
];

/// Wrong keys, each of a stage that is right without it.
const WRONG_KEYS: &[&str] = &[
    "after = []",
    "after = [\"input\", \"input\"]",
    "after = \"input\"",
    "sidechain = { Key = \"input\" }",
    "on_error = \"skip\"",
    "restart = { attempts = 0 }",
    "restart = { delay = 100 }",
    "budget = { time = 0.3 }",
    "optional = 1",
    "swap = { fade = \"20\" }",
    "swap = { tail = \"keep\" }",
    "swap = { rollback = \"10m\" }",
    "params = { Gain = 1 }",
    "params.band = [{ inner = [] }]",
    "settings = { x = 0.5 }",
    "settings = { x = [1] }",
];

#[test]
fn both_refuse_what_is_wrong() {
    let stage = "[[stage]]\nid = \"a\"\ncomponent = \"a.b\"\n";
    assert!(check(stage));
    for wrong in WRONG_TABLES {
        assert!(!check(wrong), "both take {wrong}");
    }
    for wrong in WRONG_KEYS {
        assert!(!check(&format!("{stage}{wrong}")), "both take {wrong}");
    }
}

#[test]
fn both_know_the_same_keys() {
    same_keys(&ROOT, &schema());
}

fn same_keys(table: &'static Table, schema: &Value) {
    let properties = schema["properties"].as_object().unwrap();
    let mut names: Vec<_> = table.keys.iter().map(|key| key.name).collect();
    names.sort_unstable();
    assert_eq!(names, properties.keys().collect::<Vec<_>>());
    for key in table.keys.iter().filter(|key| key.since.is_here()) {
        let property = &properties[key.name];
        match key.kind {
            Kind::Table(inner) => same_keys(inner, property),
            Kind::Tables(rule) => same_keys(rule.table, &property["items"]),
            _ => {}
        }
    }
}
