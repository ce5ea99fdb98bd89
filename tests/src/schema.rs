//! Schema: whether a JSON value is what a JSON Schema says.
//!
//! In: a schema, a value. Out: where the two disagree. The keywords that ours have, each as in the
//! standard, and a panic at any other.
//!
//! The unit tests of the host include this file by its path, so that there is one reader.

use regex_lite::Regex;
use serde_json::{Map, Value};

/// What a property is that the schema does not list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlisted {
    /// As in the standard: allowed, where the schema does not say otherwise.
    Allowed,
    /// A mistake: a schema of our own output lists all there is.
    Refused,
}

/// A schema, and how strictly it is read.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'s> {
    /// The whole schema; references lead into it.
    pub schema: &'s Value,
    /// What properties are that it does not list.
    pub unlisted: Unlisted,
}

impl Reader<'_> {
    /// Where a value is not what the schema says; empty where it is.
    ///
    /// # Panics
    /// At a keyword that nobody taught it.
    #[must_use]
    pub fn objections(&self, value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        self.compare(self.schema, value, "$", &mut found);
        found
    }

    fn takes(&self, rule: &Value, value: &Value) -> bool {
        let mut found = Vec::new();
        self.compare(rule, value, "", &mut found);
        found.is_empty()
    }

    fn compare(&self, rules: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
        if let Value::Bool(allowed) = rules {
            found.extend((!allowed).then(|| format!("{at}: nothing is allowed here")));
            return;
        }
        let rules = rules.as_object().expect("a schema is an object");
        for (word, rule) in rules {
            match (word.as_str(), value) {
                ("items", Value::Array(items)) => {
                    let first = rules.get("prefixItems").and_then(Value::as_array);
                    let first = first.map_or(0, Vec::len);
                    for (index, item) in items.iter().enumerate().skip(first) {
                        self.compare(rule, item, &format!("{at}[{index}]"), found);
                    }
                }
                ("prefixItems", Value::Array(items)) => {
                    let rules = rule.as_array().expect("a list of schemas");
                    for (index, (rule, item)) in rules.iter().zip(items).enumerate() {
                        self.compare(rule, item, &format!("{at}[{index}]"), found);
                    }
                }
                ("properties", Value::Object(object)) => {
                    for (name, rule) in rule.as_object().expect("schemas by name") {
                        if let Some(value) = object.get(name) {
                            self.compare(rule, value, &format!("{at}.{name}"), found);
                        }
                    }
                }
                ("$ref", _) => self.compare(self.referred(rule), value, at, found),
                _ if self.keyword(word, rule, value) => {}
                _ => found.push(format!("{at}: {word} {rule}, found {value}")),
            }
        }
        if let Value::Object(object) = value {
            self.unlisted(rules, object, at, found);
        }
    }

    /// Properties that the schema does not list by name.
    fn unlisted(
        &self,
        rules: &Map<String, Value>,
        object: &Map<String, Value>,
        at: &str,
        found: &mut Vec<String>,
    ) {
        let listed = rules.get("properties").and_then(Value::as_object);
        let other = rules.get("additionalProperties");
        let is_listed = |name: &str| listed.is_some_and(|all| all.contains_key(name));
        for (name, value) in object.iter().filter(|(name, _)| !is_listed(name)) {
            match (other, self.unlisted, listed) {
                (Some(rule), ..) => self.compare(rule, value, &format!("{at}.{name}"), found),
                (None, Unlisted::Refused, Some(_)) => {
                    found.push(format!("{at}.{name}: the schema does not list it"));
                }
                (None, Unlisted::Refused, None) | (None, Unlisted::Allowed, _) => {}
            }
        }
    }

    fn referred(&self, rule: &Value) -> &Value {
        let path = rule.as_str().expect("a reference is a text");
        let path = path.strip_prefix('#').expect("a reference into the schema");
        let referred = self.schema.pointer(path);
        referred.unwrap_or_else(|| panic!("the schema has no {path}"))
    }

    fn keyword(&self, word: &str, rule: &Value, value: &Value) -> bool {
        let number = || rule.as_f64().expect("a number");
        let all = || rule.as_array().expect("a list");
        let below = |count: Option<usize>| count.is_none_or(|count| count as f64 <= number());
        let items = value.as_array();
        match word {
            "$schema" | "$defs" | "title" | "description" | "default" | "format" => true,
            "items" | "prefixItems" | "properties" | "additionalProperties" => true,
            "type" => match rule {
                Value::Array(types) => types.iter().any(|one| is(one, value)),
                one => is(one, value),
            },
            "const" => rule == value,
            "enum" => all().contains(value),
            "not" => !self.takes(rule, value),
            "anyOf" => all().iter().any(|one| self.takes(one, value)),
            "oneOf" => all().iter().filter(|one| self.takes(one, value)).count() == 1,
            "pattern" => {
                let pattern = Regex::new(rule.as_str().expect("a text")).expect("a pattern");
                value.as_str().is_none_or(|text| pattern.is_match(text))
            }
            "maxLength" => below(value.as_str().map(|text| text.chars().count())),
            "minimum" => value.as_f64().is_none_or(|found| found >= number()),
            "maximum" => value.as_f64().is_none_or(|found| found <= number()),
            "minItems" => items.is_none_or(|items| items.len() as f64 >= number()),
            "maxItems" => below(items.map(Vec::len)),
            "maxProperties" => below(value.as_object().map(Map::len)),
            "uniqueItems" => rule != &Value::Bool(true) || items.is_none_or(|all| are_unique(all)),
            "required" => value.as_object().is_none_or(|object| {
                let mut names = all().iter().filter_map(Value::as_str);
                names.all(|name| object.contains_key(name))
            }),
            "propertyNames" => value.as_object().is_none_or(|object| {
                let mut names = object.keys().cloned().map(Value::from);
                names.all(|name| self.takes(rule, &name))
            }),
            other => panic!("the tests do not know the keyword {other}"),
        }
    }
}

fn is(kind: &Value, value: &Value) -> bool {
    match kind.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        Some("number") => value.is_number(),
        Some("integer") => value.is_i64() || value.is_u64(),
        other => panic!("the tests do not know the type {other:?}"),
    }
}

fn are_unique(items: &[Value]) -> bool {
    (1..items.len()).all(|at| !items[..at].contains(&items[at]))
}
