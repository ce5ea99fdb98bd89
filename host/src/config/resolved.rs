//! Resolved: the effective configuration, with defaults filled in and where each value is from.
//!
//! In: a configuration. Out: a text that reads back as the same configuration.
//!
//! Pure. Values are repeated as they were written, so that nothing is lost in between.

use std::fmt::Display;

use crate::config::entries::{Entries, Value};
use crate::config::keys::top::ROOT;
use crate::config::keys::{KeyKind, Table};
use crate::config::model::Config;
use crate::config::source::{Sources, Span, Spanned, TextOrigin};
use crate::config::values::{ParamValue, ParamValues, Scalar, SettingValue, SettingValues};
use crate::escape;

/// Where the comments begin, in columns, unless the value is longer.
const COMMENT_COLUMN: usize = 40;

impl Config {
    /// The effective configuration as TOML; a comment behind each value says where it is from.
    #[must_use]
    pub fn resolved(&self) -> String {
        let mut out = ResolvedText {
            sources: &self.sources,
            text: String::new(),
        };
        for key in ROOT.keys {
            match key.kind {
                KeyKind::Table(table) => {
                    out.text.push_str(&format!("[{}]\n", key.name));
                    out.table(
                        table,
                        &self.entries.table(key.name),
                        &self.implied(key.name, 0),
                    );
                    out.text.push('\n');
                }
                KeyKind::Tables(rule) => {
                    for (at, entries) in self.entries.tables(key.name).iter().enumerate() {
                        out.text.push_str(&format!("[[{}]]\n", key.name));
                        out.table(rule.table, entries, &self.implied(key.name, at));
                        out.text.push('\n');
                    }
                }
                _ => {}
            }
        }
        out.text.truncate(out.text.trim_end().len());
        out.text.push('\n');
        out.text
    }

    /// What the order of the file implies for a table: a key, and its value.
    fn implied(&self, table: &str, at: usize) -> Option<(&'static str, String)> {
        match table {
            "stream" => Some(("from", quoted(&self.stream.from.value))),
            "stage" => {
                let inputs = self.stages[at].inputs.iter();
                let inputs: Vec<_> = inputs.map(quoted).collect();
                Some(("after", format!("[{}]", inputs.join(", "))))
            }
            "tap" => Some(("from", quoted(&self.taps[at].from))),
            _ => None,
        }
    }
}

/// The text so far.
struct ResolvedText<'c> {
    sources: &'c Sources,
    text: String,
}

impl ResolvedText<'_> {
    fn table(
        &mut self,
        table: &'static Table,
        entries: &Entries,
        implied: &Option<(&'static str, String)>,
    ) {
        for key in table.keys {
            match (entries.get(key.name), implied) {
                (Some(value), _) => {
                    let text = self.value(value);
                    self.line(key.name, &text, self.origin(value));
                }
                (None, Some((name, text))) if *name == key.name => {
                    self.line(name, text, TextOrigin::Default);
                }
                (None, _) => {}
            }
        }
    }

    fn line(&mut self, key: &str, value: &str, origin: TextOrigin) {
        let line = format!("{key} = {value}");
        let line = format!("{line:<COMMENT_COLUMN$} # {}\n", origin.name());
        self.text.push_str(&line);
    }

    /// Where a value is from; what a table's first value is from, for a table.
    fn origin(&self, value: &Spanned<Value>) -> TextOrigin {
        let origin = |span: Span| self.sources.get(span.source).origin;
        match &value.value {
            Value::Table(table) => {
                let origins = table.named().map(|(_, inner)| self.origin(inner));
                let said = origins.filter(|origin| *origin != TextOrigin::Default);
                said.last().unwrap_or(TextOrigin::Default)
            }
            _ => origin(value.span),
        }
    }

    fn value(&self, value: &Spanned<Value>) -> String {
        match &value.value {
            Value::Text(_) | Value::Time(_) | Value::Memory(_) | Value::Share(_) => {
                self.text(value.span)
            }
            Value::Integer(_) | Value::Boolean(_) => self.sources.text(value.span).to_owned(),
            Value::List(items) => list(items.iter().map(|item| self.text(item.span))),
            Value::Map(pairs) => {
                let pairs = pairs.iter();
                braces(pairs.map(|(name, text)| (quoted(name), self.text(text.span))))
            }
            Value::Table(table) => {
                let named = table.named();
                braces(named.map(|(name, inner)| (name.to_owned(), self.value(inner))))
            }
            // Arrays of tables stand at the top only, where `resolved` writes them itself.
            Value::Tables(_) => String::new(),
            Value::Params(params) => self.params(params),
            Value::Settings(settings) => self.settings(settings),
        }
    }

    /// A text as it was written in a file; in quotes, if it is from outside.
    fn text(&self, span: Span) -> String {
        let text = self.sources.text(span);
        match self.sources.get(span.source).origin {
            TextOrigin::File | TextOrigin::Default | TextOrigin::Control => text.to_owned(),
            TextOrigin::Environment | TextOrigin::Flag => quoted(text),
        }
    }

    fn params(&self, params: &ParamValues) -> String {
        let entries = params.entries.iter();
        braces(entries.map(|(name, value)| {
            let text = match &value.value {
                ParamValue::One(scalar) => self.scalar(scalar, value.span),
                ParamValue::Group(rows) => list(rows.iter().map(|row| self.params(&row.value))),
            };
            (name.value.clone(), text)
        }))
    }

    fn scalar(&self, scalar: &Scalar, span: Span) -> String {
        match scalar {
            Scalar::Number(_) | Scalar::Boolean(_) => self.sources.text(span).to_owned(),
            Scalar::Label(_) => self.text(span),
        }
    }

    fn settings(&self, settings: &SettingValues) -> String {
        let entries = settings.entries.iter();
        braces(entries.map(|(name, value)| {
            let text = match &value.value {
                SettingValue::List(items) => list(items.iter().map(|item| self.text(item.span))),
                _ => self.text(value.span),
            };
            (name.value.clone(), text)
        }))
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

fn braces(pairs: impl Iterator<Item = (String, String)>) -> String {
    let pairs: Vec<_> = pairs
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    match pairs.is_empty() {
        true => "{}".to_owned(),
        false => format!("{{ {} }}", pairs.join(", ")),
    }
}

/// A text as TOML has it, on one line whatever it holds.
fn quoted(text: impl Display) -> String {
    let mut quoted = String::from("\"");
    for character in text.to_string().chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            steers if escape::steers(steers) => {
                quoted.push_str(&format!("\\u{:04X}", u32::from(steers)));
            }
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::overlay::{Override, from_environment};
    use crate::config::parse;

    fn check(text: &str, overrides: &[Override], expected: &[&str]) {
        let config = parse(text, Path::new("f.toml"), overrides).unwrap();
        let resolved = config.resolved();
        for line in expected {
            let found = resolved
                .lines()
                .any(|l| l.split_whitespace().eq(line.split_whitespace()));
            assert!(found, "{line} is not in\n{resolved}");
        }
        let again = parse(&resolved, Path::new("f.toml"), &[]).unwrap();
        assert_eq!(said(&again.resolved()), said(&resolved));
        let flat = |config: &Config| {
            config
                .stages
                .iter()
                .map(|s| values(&s.part.params))
                .collect::<Vec<_>>()
        };
        assert_eq!(flat(&again), flat(&config));
    }

    /// Parameters as ids and values, without places.
    fn values(params: &ParamValues) -> Vec<(String, Scalar)> {
        params
            .flat()
            .into_iter()
            .map(|param| (param.id, param.value.value))
            .collect()
    }

    /// A resolved text without its comments: what it says, not from where.
    fn said(text: &str) -> Vec<&str> {
        text.lines()
            .map(|line| line.split(" # ").next().unwrap().trim_end())
            .collect()
    }

    const CHAIN: &str = "[stream]\ntail = 'keep'\n[[stage]]\nid = \"eq\"\ncomponent = \"a.b\"\n\
        params.band = [\n  { q = 1.50 }, # one\n  { type = \"peak\" },\n]\n\
        [[stage]]\nid = \"limit\"\ncomponent = \"a.b/c\"\nswap.fade = \"5ms\"\n\
        [[tap]]\nid = \"t\"\ncomponent = \"a.c\"\nsettings = { names = [\"a\"], n = 3 }\n";

    #[test]
    fn every_value_says_where_it_is_from() {
        let environment = [("SEGUE_HOST__MEMORY_MAX".to_owned(), "512MiB".to_owned())];
        let mut overrides = from_environment(environment);
        overrides.push(Override::flag(
            "stream.block_frames",
            "64",
            "--block-frames",
        ));
        check(
            CHAIN,
            &overrides,
            &[
                "memory_max = \"512MiB\" # environment",
                "threads = 0 # default",
                "block_frames = 64 # flag",
                "tail = 'keep' # file",
                "from = \"limit\" # default",
                "after = [\"input\"] # default",
                "after = [\"eq\"] # default",
                "params = { band = [{ q = 1.50 }, { type = \"peak\" }] } # file",
                "swap = { fade = \"5ms\", rollback = \"10min\", state = \"handoff\", tail = \"cut\" } \
                 # file",
                "settings = { names = [\"a\"], n = 3 } # file",
            ],
        );
    }

    #[test]
    fn a_value_from_outside_is_quoted_whatever_it_holds() {
        let name = "a\"b\\c\n\u{7f}ä.wav";
        let input = Override::flag("stream.input", name, "--input");
        let config = parse("", Path::new("f.toml"), &[input]).unwrap();
        let again = parse(&config.resolved(), Path::new("f.toml"), &[]).unwrap();
        assert_eq!(again.stream.input, config.stream.input);
    }
}
