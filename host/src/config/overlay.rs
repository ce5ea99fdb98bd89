//! Overlay: what flags and the environment put in the place of the file's values.
//!
//! In: key paths with texts, each from a variable or a flag. Out: entries changed, or a mistake
//! that shows the variable or flag with its value underlined.
//!
//! Pure; the caller reads the environment. Any single value can be overridden, and any parameter;
//! lists, maps and other keys of stages, taps and decisions cannot.

use toml::de::DeValue;

use crate::config::check::{Checker, clipped};
use crate::config::entries::{Entries, Value};
use crate::config::keys::top::ROOT;
use crate::config::keys::{ConfigKey, KeyKind, Table};
use crate::config::limits::{OVERRIDES_MAX, TEXT_BYTES_MAX};
use crate::config::mistake::{Mistake, Mistakes};
use crate::config::nearest::did_you_mean;
use crate::config::overlay::params::{Assignment, ValueForm};
use crate::config::source::{SourceId, SourceText, Sources, Span, Spanned, TextOrigin};

pub(crate) mod params;

/// What every variable of Segue begins with.
const PREFIX: &str = "SEGUE_";

/// What stands between the levels of a key in a variable's name.
const LEVEL: &str = "__";

/// What an override sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OverrideTarget {
    /// A key with its tables: `host.memory_max`.
    Key(String),
    /// A parameter of a stage, tap or decision.
    Param {
        /// The id of the stage, tap or decision.
        part: String,
        /// The whole id of the parameter: `band.1.gain_db`.
        param: String,
    },
}

/// A value that takes the place of the file's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// What it sets.
    pub target: OverrideTarget,
    /// The value as it was given, a text without quotes.
    pub value: String,
    /// How messages call it: `SEGUE_HOST__MEMORY_MAX`, `--threads`.
    pub name: String,
    /// From where. A flag wins over the environment.
    pub origin: TextOrigin,
}

impl Override {
    /// What a flag of the command line says.
    #[must_use]
    pub fn flag(key: &str, value: &str, name: &str) -> Self {
        Self {
            target: OverrideTarget::Key(key.to_owned()),
            value: value.to_owned(),
            name: name.to_owned(),
            origin: TextOrigin::Flag,
        }
    }

    /// What a flag such as `--set eq.band.1.gain_db=-3` says; `name` is the flag.
    ///
    /// # Errors
    /// When the text has not the shape `STAGE.PARAM=VALUE`.
    pub fn param(text: &str, name: &str) -> Result<Self, NotAnAssignment> {
        let error = || NotAnAssignment {
            name: name.to_owned(),
            found: clipped(text),
        };
        let (path, value) = text.split_once('=').ok_or_else(error)?;
        let (part, param) = path.split_once('.').ok_or_else(error)?;
        Ok(Self {
            target: OverrideTarget::Param {
                part: part.trim().to_owned(),
                param: param.trim().to_owned(),
            },
            value: value.trim().to_owned(),
            name: format!("{name} {}", clipped(path)),
            origin: TextOrigin::Flag,
        })
    }
}

/// Why a flag sets no parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} was given `{found}`, expected STAGE.PARAM=VALUE, as in tube.drive_db=6")]
pub struct NotAnAssignment {
    /// The flag.
    name: String,
    /// What it was given.
    found: String,
}

/// The overrides among the variables of an environment: those that begin with `SEGUE_` and have
/// two underscores between levels. `SEGUE_LOG` and its like are none.
pub fn from_environment(variables: impl IntoIterator<Item = (String, String)>) -> Vec<Override> {
    let overrides = variables.into_iter().filter_map(|(name, value)| {
        let key = name.strip_prefix(PREFIX)?;
        key.contains(LEVEL).then(|| Override {
            target: OverrideTarget::Key(key.to_lowercase().replace(LEVEL, ".")),
            value,
            name: name.clone(),
            origin: TextOrigin::Environment,
        })
    });
    overrides.take(OVERRIDES_MAX).collect()
}

/// The overrides in the order in which they are applied, each with the source made for it.
pub(crate) fn sources(overrides: &[Override], sources: &mut Sources) -> Vec<(SourceId, Override)> {
    let of = |origin| overrides.iter().filter(move |one| one.origin == origin);
    let ordered = of(TextOrigin::Environment).chain(of(TextOrigin::Flag));
    let named = ordered.take(OVERRIDES_MAX).map(|one| {
        let mut text = one.value.clone();
        text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX + 1));
        let source = SourceText {
            name: one.name.as_str().into(),
            text: text.as_str().into(),
            origin: one.origin,
        };
        let one = Override {
            value: text,
            ..one.clone()
        };
        (sources.add(source), one)
    });
    named.collect()
}

/// Puts the overrides in their places.
pub(crate) fn apply(named: &[(SourceId, Override)], root: &mut Entries, mistakes: &mut Mistakes) {
    for (source, one) in named {
        let span = Span::new(*source, 0..one.value.len());
        match &one.target {
            OverrideTarget::Key(key) => {
                let path: Vec<&str> = key.split('.').collect();
                let place = TablePlace { span, key, one };
                place.apply(&ROOT, &path, root, mistakes);
            }
            OverrideTarget::Param { part, param } => {
                let assignment = Assignment {
                    part,
                    param,
                    value: &one.value,
                    form: ValueForm::Plain,
                    span,
                };
                if let Err(mistake) = assignment.apply(root) {
                    mistakes.push(mistake);
                }
            }
        }
    }
}

/// An override on its way down the tables.
struct TablePlace<'o> {
    span: Span,
    key: &'o str,
    one: &'o Override,
}

impl TablePlace<'_> {
    fn apply(
        &self,
        table: &'static Table,
        path: &[&str],
        entries: &mut Entries,
        mistakes: &mut Mistakes,
    ) {
        let Some((name, below)) = path.split_first() else {
            return;
        };
        let Some(key) = table.key(name) else {
            mistakes.push(self.unknown(table, name));
            return;
        };
        match (key.kind, below) {
            (KeyKind::Table(_), []) => mistakes.push(self.no_scalar(key)),
            (KeyKind::Table(inner), _) => {
                if let Some(found) = entries.table_mut(key.name) {
                    self.apply(inner, below, found, mistakes);
                }
            }
            (kind, []) if is_scalar(kind) => {
                if let Some(value) = self.value(key, mistakes) {
                    entries.set(key.name, Spanned::new(value, self.span));
                }
            }
            _ => mistakes.push(self.no_scalar(key)),
        }
    }

    fn value(&self, key: &'static ConfigKey, mistakes: &mut Mistakes) -> Option<Value> {
        let value = match key.kind {
            KeyKind::Integer(_) | KeyKind::Boolean => DeValue::parse(&self.one.value).ok(),
            _ => None,
        };
        let text = || DeValue::String(self.one.value.as_str().into());
        let range = 0..self.one.value.len();
        let value = value.map_or_else(text, |value| value.into_inner());
        let value = toml::Spanned::new(range, value);
        Checker::new(mistakes, self.span.source, 0).key(key, self.span, &value)
    }

    fn unknown(&self, table: &'static Table, name: &str) -> Mistake {
        let names = table.keys.iter().map(|key| key.name);
        let message = format!(
            "{} sets `{}`, and `{}` is not a key of {}",
            self.one.name,
            clipped(self.key),
            clipped(name),
            table.name
        );
        let renamed = table.renamed(name).map(|here| format!("use `{here}`"));
        Mistake::new(self.span, message).help_if(renamed.or_else(|| did_you_mean(name, names)))
    }

    fn no_scalar(&self, key: &'static ConfigKey) -> Mistake {
        let message = format!(
            "{} sets `{}`, and `{}` is {}",
            self.one.name,
            clipped(self.key),
            key.name,
            key.kind.expected()
        );
        Mistake::new(self.span, message)
            .help("only single values can be set from outside; write it in the file")
    }
}

fn is_scalar(kind: KeyKind) -> bool {
    match kind {
        KeyKind::Text(_)
        | KeyKind::Integer(_)
        | KeyKind::Boolean
        | KeyKind::Quantity(_)
        | KeyKind::Duration(_)
        | KeyKind::Choice(_) => true,
        KeyKind::List(_)
        | KeyKind::Table(_)
        | KeyKind::Tables(_)
        | KeyKind::Map(_)
        | KeyKind::Params
        | KeyKind::Settings => false,
    }
}

#[cfg(test)]
mod tests;
