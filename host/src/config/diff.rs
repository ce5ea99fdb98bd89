//! Diff: what an edited configuration changes in the one that runs.
//!
//! In: two configurations as they were read, from one folder and with the same flags and
//! environment. Out: the edits, none where both mean the same; or a mistake for each key that is
//! fixed while a session runs.
//!
//! Pure. Which parameters and versions there are, and what an edit costs, is for higher floors.

use std::collections::BTreeSet;
use std::fmt;

use crate::config::check::clipped;
use crate::config::diff::same::same_values;
use crate::config::keys::Table;
use crate::config::keys::plugins::PLUGINS;
use crate::config::keys::top::HOST;
use crate::config::mistake::Mistakes;
use crate::config::model::{Config, StageConfig};
use crate::config::source::Spanned;
use crate::config::values::Scalar;
use crate::id::{ComponentAddress, Node, StageId, TapId};

mod fixed;
mod same;
mod stage;

/// One change of a running pipeline. Stages are known by their ids, wherever they stand.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Keys of `[plugins]` changed that decide which libraries are found and which versions will
    /// do: everything is resolved again.
    Resolve {
        /// Which: `paths`, `files`, `discover`, `require`.
        keys: Vec<&'static str>,
    },
    /// Keys changed that say when changes are applied: `host.reload`, `plugins.watch`.
    Watching {
        /// Which, with their tables.
        keys: Vec<&'static str>,
    },
    /// A stage is no longer there.
    Remove {
        /// The stage.
        stage: StageId,
    },
    /// A stage is new.
    Add {
        /// The stage.
        stage: StageId,
    },
    /// A stage that stays reads something else.
    Rewire {
        /// The stage.
        stage: StageId,
        /// What it reads now.
        before: StageWires,
        /// What it is to read.
        after: StageWires,
    },
    /// A stage that stays needs another instance, or another frame around its instance.
    Rebuild {
        /// The stage.
        stage: StageId,
        /// Why, at least one.
        reasons: Vec<Reason>,
    },
    /// Parameters of a stage have other values. Where the stage is rebuilt too, the new instance
    /// begins with them.
    Params {
        /// The stage.
        stage: StageId,
        /// Which, by id, at least one.
        changes: Vec<ParamChange>,
    },
    /// What holds for later changes and failures of a stage; nothing is heard of it now.
    Policy {
        /// The stage.
        stage: StageId,
        /// Which keys: `optional`, `restart`, `swap`.
        keys: Vec<&'static str>,
    },
    /// Another stage's output is the pipeline's.
    Output {
        /// Whose it is now.
        before: Node,
        /// Whose it is to be.
        after: Node,
    },
    /// A tap whose place the file does not say goes where the pipeline's output goes.
    Listen {
        /// The tap.
        tap: TapId,
        /// Where it listens now.
        before: Node,
        /// Where it is to listen.
        after: Node,
    },
}

/// What a stage reads. The order of what is summed means nothing; that of the sidechains does, since
/// a component tells them apart by it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StageWires {
    /// What is summed at its input.
    pub inputs: BTreeSet<Node>,
    /// Further inputs with the names that the file gives them, the component's first one first.
    pub sidechains: Vec<(String, Node)>,
}

/// Why a stage is rebuilt.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// Another component fills it.
    Component {
        /// The one that runs.
        before: ComponentAddress,
        /// The one that is to.
        after: ComponentAddress,
    },
    /// Settings changed.
    Settings {
        /// Their names.
        names: Vec<String>,
    },
    /// What is heard when it fails.
    OnError,
    /// Which component is heard when it fails.
    Fallback,
    /// What it may use.
    Budget,
}

/// One parameter with another value.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamChange {
    /// Its whole id: `gain_db`, `band.1.q`.
    pub id: String,
    /// Its value now; `None` is its default.
    pub before: Option<Scalar>,
    /// Its value to be; `None` is its default.
    pub after: Option<Scalar>,
}

/// The edits that lead from a running configuration to an edited one: what concerns the whole file
/// first, then removed stages, then the stages in the order of the edited file, then the outside.
///
/// Both are configurations as they were read. A stage that the running one was left without is
/// added when its own table changed.
///
/// # Errors
/// A mistake for each key that is fixed while a session runs.
pub fn diff(running: &Config, edited: &Config) -> Result<Vec<Edit>, Mistakes> {
    let mistakes = fixed::check(running, edited);
    if mistakes.has_errors() {
        return Err(mistakes);
    }
    let mut edits = tables(running, edited);
    edits.extend(removed(running, edited));
    for after in &edited.stages {
        match running.stage(&after.id.value) {
            Some(before) => stage::edits(before, after, &mut edits),
            None if is_left_out_still(running, edited, after) => {}
            None => edits.push(Edit::Add {
                stage: after.id.value.clone(),
            }),
        }
    }
    edits.extend(outside(running, edited));
    Ok(edits)
}

impl Edit {
    /// The stage that it is about; `None` where it is about none, or about more than one.
    #[must_use]
    pub fn stage(&self) -> Option<&StageId> {
        match self {
            Self::Remove { stage }
            | Self::Add { stage }
            | Self::Rewire { stage, .. }
            | Self::Rebuild { stage, .. }
            | Self::Params { stage, .. }
            | Self::Policy { stage, .. } => Some(stage),
            Self::Resolve { .. }
            | Self::Watching { .. }
            | Self::Output { .. }
            | Self::Listen { .. } => None,
        }
    }
}

impl StageWires {
    /// What a stage reads.
    #[must_use]
    pub fn of(stage: &StageConfig) -> Self {
        let inputs = stage.inputs.iter().map(|input| input.value.clone());
        let sidechains = stage.sidechains.iter();
        Self {
            inputs: inputs.collect(),
            sidechains: sidechains
                .map(|(name, of)| (value(name), value(of)))
                .collect(),
        }
    }
}

/// The keys of `[plugins]` and `[host]` that may change, where they did.
fn tables(running: &Config, edited: &Config) -> Vec<Edit> {
    let changed = |name, table: &'static Table, key: &'static str| {
        let (before, after) = (running.entries.table(name), edited.entries.table(name));
        debug_assert!(table.key(key).is_some(), "{key} is in the table of keys");
        (!same_values(before.get(key), after.get(key))).then_some(key)
    };
    let resolve = ["paths", "files", "discover", "require"];
    let keys: Vec<_> = resolve
        .into_iter()
        .filter_map(|key| changed("plugins", &PLUGINS, key))
        .collect();
    let mut edits = Vec::new();
    if !keys.is_empty() {
        edits.push(Edit::Resolve { keys });
    }
    let reload = changed("host", &HOST, "reload").map(|_| "host.reload");
    let watch = changed("plugins", &PLUGINS, "watch").map(|_| "plugins.watch");
    let keys: Vec<_> = reload.into_iter().chain(watch).collect();
    if !keys.is_empty() {
        edits.push(Edit::Watching { keys });
    }
    edits
}

fn removed(running: &Config, edited: &Config) -> impl Iterator<Item = Edit> {
    let ids = running.stages.iter().map(|stage| &stage.id.value);
    let gone = ids.filter(|id| edited.stage(id).is_none());
    gone.map(|id| Edit::Remove { stage: id.clone() })
}

/// Whether a stage that does not run was left out, and is written as it was then.
fn is_left_out_still(running: &Config, edited: &Config, stage: &StageConfig) -> bool {
    let id = &stage.id.value;
    if !running.left_out.iter().any(|left| left.id == *id) {
        return false;
    }
    let table = |config: &Config| {
        let mut tables = config.entries.tables("stage").iter();
        tables
            .find(|table| {
                table
                    .text("id")
                    .is_some_and(|found| found.value == id.as_str())
            })
            .cloned()
    };
    match (table(running), table(edited)) {
        (Some(before), Some(after)) => same::same_tables(&before, &after),
        _ => false,
    }
}

/// What the order of the file implies for the pipeline's output and for taps.
fn outside(running: &Config, edited: &Config) -> Vec<Edit> {
    let mut edits = Vec::new();
    let (before, after) = (&running.stream.from, &edited.stream.from);
    if before != after {
        edits.push(Edit::Output {
            before: before.value.clone(),
            after: after.value.clone(),
        });
    }
    for tap in &edited.taps {
        let mut known = running.taps.iter();
        let Some(before) = known.find(|known| known.id == tap.id) else {
            continue;
        };
        if before.from != tap.from {
            edits.push(Edit::Listen {
                tap: tap.id.value.clone(),
                before: before.from.value.clone(),
                after: tap.from.value.clone(),
            });
        }
    }
    edits
}

/// `gain_db -6 -> -3`, as plans and receipts say it.
impl fmt::Display for ParamChange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = |value: &Option<Scalar>| match value {
            None => "default".to_owned(),
            Some(Scalar::Number(number)) => number.to_string(),
            Some(Scalar::Boolean(value)) => value.to_string(),
            Some(Scalar::Label(text)) => clipped(text),
        };
        let (before, after) = (said(&self.before), said(&self.after));
        write!(out, "{} {before} -> {after}", self.id)
    }
}

/// As plans and receipts say it.
impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Component { before, after } => write!(out, "{before} -> {after}"),
            Self::Settings { names } => write!(out, "settings {}", names.join(", ")),
            Self::OnError => out.write_str("on_error"),
            Self::Fallback => out.write_str("fallback"),
            Self::Budget => out.write_str("budget"),
        }
    }
}

/// The values behind places.
fn value<T: Clone>(spanned: &Spanned<T>) -> T {
    spanned.value.clone()
}

#[cfg(test)]
mod tests;
