//! Help: the table of keys as text: one key explained, and a commented file to start from.
//!
//! In: a key, as people write it. Out: what it means, what it takes, its default and its release.
//!
//! Pure.

use crate::config::check::clipped;
use crate::config::keys::top::ROOT;
use crate::config::keys::{Absent, ConfigKey, KeyKind, Table};
use crate::config::nearest::{listed, nearest};
use crate::text::wrapped;

/// Where comments of the commented file end, in columns.
const COLUMNS: usize = 96;

/// Why nothing can be explained.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a key of plugins.toml{}", suggestion(nearest.as_deref()))]
pub struct UnknownKey {
    /// What was asked for.
    pub found: String,
    /// The key that was most likely meant.
    pub nearest: Option<String>,
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(
        || ", expected one as in `stage.on_error`".to_owned(),
        |key| format!(", did you mean `{key}`?"),
    )
}

/// One key with the tables around it: `stage.swap.fade`.
struct Path {
    text: String,
    key: &'static ConfigKey,
}

/// Explains a key, given whole (`stage.on_error`) or by its last part (`on_error`), which may
/// belong to several tables.
///
/// # Errors
/// When there is no such key; the nearest one is named.
pub fn explain(key: &str) -> Result<String, UnknownKey> {
    let mut paths = Vec::new();
    collect("", &ROOT, &mut paths);
    let wanted = key.replace(['[', ']'], "");
    let is_meant =
        |path: &&Path| path.text == wanted || path.text.rsplit('.').next() == Some(wanted.as_str());
    let found: Vec<_> = paths.iter().filter(is_meant).map(explanation).collect();
    if found.is_empty() {
        let whole = paths.iter().map(|path| path.text.as_str());
        let last = paths.iter().map(|path| path.key.name);
        return Err(UnknownKey {
            found: clipped(key),
            nearest: nearest(&wanted, whole.chain(last)).map(str::to_owned),
        });
    }
    Ok(found.join("\n"))
}

fn collect(before: &str, table: &'static Table, paths: &mut Vec<Path>) {
    for key in table.keys {
        let text = format!("{before}{}", key.name);
        if let Some(inner) = inner(key) {
            collect(&format!("{text}."), inner, paths);
        }
        paths.push(Path { text, key });
    }
}

fn inner(key: &ConfigKey) -> Option<&'static Table> {
    match key.kind {
        KeyKind::Table(inner) => Some(inner),
        KeyKind::Tables(rule) => Some(rule.table),
        _ => None,
    }
}

fn explanation(path: &Path) -> String {
    let key = path.key;
    let mut text = format!("{}\n", path.text);
    for line in wrapped(key.doc, COLUMNS - 2) {
        text.push_str(&format!("  {line}\n"));
    }
    text.push_str(&format!("  takes    {}\n", takes(key.kind)));
    text.push_str(&format!("  absent   {}\n", absent(key.absent)));
    if !key.example.is_empty() {
        text.push_str(&format!("  example  {} = {}\n", key.name, key.example));
    }
    text.push_str(&format!("  since    {}\n", key.since.name()));
    if let KeyKind::Choice(rule) = key.kind {
        for word in rule.words {
            let since = match word.since.is_here() {
                true => String::new(),
                false => format!(" ({})", word.since.name()),
            };
            text.push_str(&format!("    {:<10} {}{since}\n", word.text, word.doc));
        }
    }
    text
}

fn takes(kind: KeyKind) -> String {
    match kind {
        KeyKind::Integer(rule) => match rule.later {
            Some((max, release)) if !release.is_here() => format!(
                "a whole number, {} to {max}; up to {} with {}",
                rule.min,
                rule.max,
                release.name()
            ),
            _ => format!("a whole number, {} to {}", rule.min, rule.max),
        },
        KeyKind::Choice(_) => "one of the words below".to_owned(),
        KeyKind::Duration(rule) => format!("{}, at most \"{}\"", kind.expected(), rule.max_text),
        KeyKind::List(rule) => format!("a list; each entry is {}", rule.item.expected),
        KeyKind::Map(rule) => format!(
            "a table; each key is {}, each value {}",
            rule.key.expected, rule.value.expected
        ),
        KeyKind::Table(table) => format!("a table with {}", names(table)),
        KeyKind::Tables(rule) => format!("tables, each with {}", names(rule.table)),
        other => other.expected().to_owned(),
    }
}

fn names(table: &'static Table) -> String {
    let names: Vec<_> = table.keys.iter().map(|key| key.name).collect();
    names.join(", ")
}

fn absent(absent: Absent) -> String {
    match absent {
        Absent::Mistake => "required".to_owned(),
        Absent::Default(value) => value.to_owned(),
        Absent::Means(what) => what.to_owned(),
        Absent::Keys => "the defaults of its keys".to_owned(),
    }
}

/// A file to start from: every key of this release with what it means, all of them commented out,
/// so that it says what the defaults say.
#[must_use]
pub fn commented() -> String {
    let mut text = String::from("# The configuration of Segue.\n");
    comment(ROOT.doc, &mut text);
    comment(
        "`segue check` explains mistakes, `segue check --explain KEY` explains a key. Take away the \
         `#` before a key to set it; what stands there is its default, or an example.",
        &mut text,
    );
    for key in ROOT.keys {
        match key.kind {
            KeyKind::Table(table) => section(&format!("[{}]", key.name), table, &mut text),
            KeyKind::Tables(rule) => section(&format!("# [[{}]]", key.name), rule.table, &mut text),
            _ => {}
        }
    }
    text
}

fn section(header: &str, table: &'static Table, text: &mut String) {
    text.push('\n');
    comment(table.doc, text);
    text.push_str(&format!("{header}\n"));
    for key in table.keys.iter().filter(|key| key.since.is_here()) {
        let doc = match key.absent {
            Absent::Default(_) => format!("{}{}", key.doc, choices(key.kind)),
            Absent::Means(what) => format!("{} Absent: {what}.", key.doc),
            Absent::Mistake => format!("{} Required.", key.doc),
            Absent::Keys => key.doc.to_owned(),
        };
        text.push('\n');
        comment(&doc, text);
        let value = match key.absent {
            Absent::Default(value) => value,
            _ => key.example,
        };
        text.push_str(&format!("# {} = {value}\n", key.name));
    }
}

/// The words of a choice that this release can do, as a sentence to follow another.
fn choices(kind: KeyKind) -> String {
    let KeyKind::Choice(rule) = kind else {
        return String::new();
    };
    let here = rule.words.iter().filter(|word| word.since.is_here());
    if here.clone().count() < 2 {
        return String::new();
    }
    format!(" One of {}.", listed(here.map(|word| word.text)))
}

fn comment(doc: &str, text: &mut String) {
    for line in wrapped(doc, COLUMNS - 2) {
        text.push_str(&format!("# {line}\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    fn check(key: &str, expected: &str) {
        let found = explain(key).unwrap_or_else(|error| error.to_string());
        assert_eq!(found, expected);
    }

    #[test]
    fn a_key_is_explained_with_all_its_words() {
        check(
            "stage.on_error",
            "stage.on_error\n  \
             What is heard when the stage fails. The length and layout of the stream stay.\n  \
             takes    one of the words below\n  \
             absent   \"bypass\"\n  \
             example  on_error = \"bypass\"\n  \
             since    Segue 1.0\n    \
             bypass     the stage's input is heard, delayed by the stage's latency\n    \
             mute       silence is heard\n    \
             hold       the last good audio, fading to silence within 100 ms\n    \
             fallback   the component named by `fallback` is heard\n    \
             stop       the run ends\n",
        );
    }

    #[test]
    fn the_last_part_of_a_key_will_do() {
        check(
            "fade",
            "stage.swap.fade\n  How long old and new are heard together; \"0s\" goes over from one \
             frame to the next. Nothing\n  fades where the state is handed over.\n  \
             takes    a duration with its unit, as in \"20ms\", at most \"10s\"\n  \
             absent   \"20ms\"\n  \
             example  fade = \"20ms\"\n  since    Segue 1.2\n",
        );
    }

    #[test]
    fn a_slip_is_answered_with_the_key_that_was_meant() {
        check(
            "tresholds",
            "`tresholds` is not a key of plugins.toml, expected one as in `stage.on_error`",
        );
        check(
            "on_eror",
            "`on_eror` is not a key of plugins.toml, did you mean `on_error`?",
        );
    }

    #[test]
    fn the_commented_file_says_what_the_defaults_say_with_and_without_its_signs() {
        let text = commented();
        assert!(
            parse(&text, std::path::Path::new("f"), &[]).is_ok(),
            "{text}"
        );
        assert!(
            text.contains("`fallback` or `stop`.\n# on_error = \"bypass\"\n"),
            "{text}"
        );
        // A sentence may speak of `key = value`; a key stands at the start of its line.
        let sets = |line: &str| line.trim_start_matches("# ").split(' ').nth(1) == Some("=");
        let is_key = |line: &&str| sets(line) || line.starts_with("# [[");
        let keys = text
            .lines()
            .filter(is_key)
            .map(|line| line.trim_start_matches("# "));
        for key in keys.clone().filter(|line| sets(line)) {
            assert!(toml::from_str::<toml::Table>(key).is_ok(), "{key}");
        }
        assert!(keys.count() > 30, "{text}");
        assert!(
            text.lines().all(|line| line.chars().count() <= COLUMNS),
            "{text}"
        );
    }
}
