//! The schema against the reader: they take and refuse the same files and know the same keys.

use std::path::Path;

use serde_json::Value;

use super::schema;
use crate::config::keys::top::ROOT;
use crate::config::keys::{KeyKind, Table};
use crate::config::parse;
use crate::schema::{Reader, Unlisted};

/// Schema and reader agree about a text; returns what they say.
fn check(text: &str) -> bool {
    let value: Value = toml::from_str(text).unwrap();
    let reader = Reader {
        schema: &schema(),
        unlisted: Unlisted::Allowed,
    };
    let by_schema = reader.objections(&value).is_empty();
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
            KeyKind::Table(inner) => same_keys(inner, property),
            KeyKind::Tables(rule) => same_keys(rule.table, &property["items"]),
            _ => {}
        }
    }
}
