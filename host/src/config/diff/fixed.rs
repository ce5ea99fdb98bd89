//! Fixed: what a running session cannot change, told at the key that was edited.
//!
//! Pure.

use crate::config::diff::same::{params, same_values, settings};
use crate::config::entries::Entries;
use crate::config::keys::Table;
use crate::config::keys::plugins::PLUGINS;
use crate::config::keys::stream::STREAM;
use crate::config::keys::top::{HOST, PIPELINE};
use crate::config::mistake::{Mistake, Mistakes};
use crate::config::model::{Config, Decide, PartConfig, Tap};
use crate::config::source::{SourceId, Span, Spanned};

/// What may change in tables that are otherwise fixed.
const FREE: [&str; 7] = [
    "plugins.paths",
    "plugins.files",
    "plugins.discover",
    "plugins.require",
    "plugins.watch",
    "host.reload",
    "stream.from",
];

/// Every edit of something that is fixed while a session runs.
pub(super) fn check(running: &Config, edited: &Config) -> Mistakes {
    let mut found = Differences {
        running,
        edited,
        mistakes: edited.mistakes(),
    };
    for (name, table) in [
        ("pipeline", &PIPELINE),
        ("host", &HOST),
        ("stream", &STREAM),
        ("plugins", &PLUGINS),
    ] {
        found.table(name, table);
    }
    found.listeners(&running.taps, &edited.taps);
    found.listeners(&running.decides, &edited.decides);
    found.mistakes
}

/// The two configurations, and what was found so far.
struct Differences<'c> {
    running: &'c Config,
    edited: &'c Config,
    mistakes: Mistakes,
}

impl Differences<'_> {
    fn table(&mut self, name: &str, table: &'static Table) {
        let before = self.running.entries.table(name);
        let after = self.edited.entries.table(name);
        for key in table.keys {
            let whole = format!("{name}.{}", key.name);
            if FREE.contains(&whole.as_str())
                || same_values(before.get(key.name), after.get(key.name))
            {
                continue;
            }
            let mistake = self
                .key(&whole, &after, key.name)
                .help(match before.get(key.name) {
                    Some(value) => {
                        let text = self.running.sources.text(value.span);
                        format!("set it back to {text}, or restart the session")
                    }
                    None => "remove it, or restart the session".to_owned(),
                });
            self.mistakes.push(mistake);
        }
    }

    /// A mistake at a key, or at its table if the key is no longer written.
    fn key(&self, whole: &str, table: &Entries, key: &str) -> Mistake {
        let is_written = |span: &Span| span.source != SourceId::DEFAULTS;
        let span = table.get(key).map(|value| value.span).filter(is_written);
        Mistake::new(
            span.unwrap_or(table.span),
            format!("`{whole}` is fixed while the session runs"),
        )
    }

    fn listeners<T: Listener>(&mut self, before: &[T], after: &[T]) {
        let table = T::TABLE;
        let find = |list: &[T], id: &str| list.iter().position(|one| one.id().value == id);
        for gone in before.iter().map(|one| one.id().value) {
            if find(after, &gone).is_none() {
                let message = format!(
                    "the `[[{table}]]` `{gone}` is missing, and those of a running session stay"
                );
                let help = "write it again as it was, or restart the session";
                self.mistakes.push(Mistake::nowhere(message).help(help));
            }
        }
        for one in after {
            let id = one.id();
            let Some(at) = find(before, &id.value) else {
                let message = format!(
                    "the `[[{table}]]` `{}` is new, and a running session takes none",
                    id.value
                );
                let help = "remove it, or restart the session";
                self.mistakes
                    .push(Mistake::new(id.span, message).help(help));
                continue;
            };
            for (key, span) in one.changes(&before[at]) {
                let message = format!(
                    "`{key}` of the `[[{table}]]` `{}` is fixed while the session runs",
                    id.value
                );
                let help = "set it back to what it was, or restart the session";
                self.mistakes.push(Mistake::new(span, message).help(help));
            }
        }
    }
}

/// What a listener's own keys say differently, each with its place, or that of the table where the
/// key is no longer written.
type KeyChanges = Vec<(&'static str, Span)>;

/// A tap or a decision.
trait Listener {
    /// The name of its table.
    const TABLE: &str;

    /// Its id.
    fn id(&self) -> Spanned<String>;

    /// What it says differently than it did before.
    fn changes(&self, before: &Self) -> KeyChanges;
}

impl Listener for Tap {
    const TABLE: &str = "tap";

    fn id(&self) -> Spanned<String> {
        self.id.as_ref().map(ToString::to_string)
    }

    fn changes(&self, before: &Self) -> KeyChanges {
        let mut changes = part(&before.part, &self.part);
        // A place that is implied is that of the id, and follows the pipeline's output.
        let is_implied = |tap: &Self| tap.from.span == tap.id.span;
        if before.from != self.from && !(is_implied(before) && is_implied(self)) {
            changes.push(("from", self.from.span));
        }
        if before.reference != self.reference {
            let span = self.reference.as_ref().map(|node| node.span);
            changes.push(("reference", span.unwrap_or(self.part.span)));
        }
        changes
    }
}

impl Listener for Decide {
    const TABLE: &str = "decide";

    fn id(&self) -> Spanned<String> {
        self.id.as_ref().map(ToString::to_string)
    }

    fn changes(&self, before: &Self) -> KeyChanges {
        let mut changes = part(&before.part, &self.part);
        if !same_sets(&before.reads, &self.reads) {
            changes.push(("reads", written(&self.reads, self.part.span)));
        }
        if !same_sets(&before.may, &self.may) {
            changes.push(("may", written(&self.may, self.part.span)));
        }
        if before.dry_run != self.dry_run {
            let span = Some(self.dry_run.span).filter(|span| span.source != SourceId::DEFAULTS);
            changes.push(("dry_run", span.unwrap_or(self.part.span)));
        }
        changes
    }
}

fn part(before: &PartConfig, after: &PartConfig) -> KeyChanges {
    let mut changes = Vec::new();
    if before.component != after.component {
        changes.push(("component", after.component.span));
    }
    if params(&before.params) != params(&after.params) {
        let names = after.params.entries.iter().map(|(name, _)| name.span);
        changes.push(("params", names.min().unwrap_or(after.span)));
    }
    if settings(&before.settings) != settings(&after.settings) {
        let names = after.settings.entries.iter().map(|(name, _)| name.span);
        changes.push(("settings", names.min().unwrap_or(after.span)));
    }
    changes
}

/// Whether two lists without repeats hold the same.
fn same_sets<T: PartialEq>(before: &[Spanned<T>], after: &[Spanned<T>]) -> bool {
    before.len() == after.len() && before.iter().all(|one| after.contains(one))
}

/// Where a list begins; the table where it is empty.
fn written<T>(list: &[Spanned<T>], table: Span) -> Span {
    list.first().map_or(table, |one| one.span)
}
