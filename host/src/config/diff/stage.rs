//! Stage: what changed in a stage that both configurations have.
//!
//! Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::diff::{Edit, ParamChange, Reason, StageWires, same, value};
use crate::config::model::{Restart, StageConfig};

/// Adds the edits that lead from one to the other.
pub(super) fn edits(before: &StageConfig, after: &StageConfig, edits: &mut Vec<Edit>) {
    let stage = &after.id.value;
    let wires = (StageWires::of(before), StageWires::of(after));
    if wires.0 != wires.1 {
        edits.push(Edit::Rewire {
            stage: stage.clone(),
            before: wires.0,
            after: wires.1,
        });
    }
    let reasons = reasons(before, after);
    if !reasons.is_empty() {
        edits.push(Edit::Rebuild {
            stage: stage.clone(),
            reasons,
        });
    }
    let changes = params(before, after);
    if !changes.is_empty() {
        edits.push(Edit::Params {
            stage: stage.clone(),
            changes,
        });
    }
    let keys = policy(before, after);
    if !keys.is_empty() {
        edits.push(Edit::Policy {
            stage: stage.clone(),
            keys,
        });
    }
}

fn reasons(before: &StageConfig, after: &StageConfig) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if before.part.component != after.part.component {
        reasons.push(Reason::Component {
            before: value(&before.part.component),
            after: value(&after.part.component),
        });
    }
    let settings = [before, after].map(|stage| same::settings(&stage.part.settings));
    let names = changed(&settings[0], &settings[1]);
    if !names.is_empty() {
        let names = names.into_iter().cloned().collect();
        reasons.push(Reason::Settings { names });
    }
    if before.on_error != after.on_error {
        reasons.push(Reason::OnError);
    }
    if before.fallback != after.fallback {
        reasons.push(Reason::Fallback);
    }
    if before.budget.time != after.budget.time || before.budget.memory != after.budget.memory {
        reasons.push(Reason::Budget);
    }
    reasons
}

fn params(before: &StageConfig, after: &StageConfig) -> Vec<ParamChange> {
    let before = same::params(&before.part.params);
    let after = same::params(&after.part.params);
    let ids = changed(&before, &after).into_iter();
    ids.map(|id| ParamChange {
        id: id.clone(),
        before: before.get(id).cloned(),
        after: after.get(id).cloned(),
    })
    .collect()
}

fn policy(before: &StageConfig, after: &StageConfig) -> Vec<&'static str> {
    let restart = |stage: &StageConfig| stage.restart.as_ref().map(restart);
    let swap = |stage: &StageConfig| {
        let swap = &stage.swap;
        let [fade, rollback] = [&swap.fade, &swap.rollback].map(value);
        (fade, rollback, value(&swap.state), value(&swap.tail))
    };
    let keys = [
        ("optional", before.optional == after.optional),
        ("restart", restart(before) == restart(after)),
        ("swap", swap(before) == swap(after)),
    ];
    let keys = keys.into_iter().filter(|(_, is_same)| !is_same);
    keys.map(|(name, _)| name).collect()
}

fn restart(restart: &Restart) -> (u32, [std::time::Duration; 2]) {
    let waits = [&restart.delay, &restart.delay_max].map(value);
    (restart.attempts.value, waits)
}

/// The names whose values are not the same in both.
fn changed<'v, T: PartialEq>(
    before: &'v BTreeMap<String, T>,
    after: &'v BTreeMap<String, T>,
) -> BTreeSet<&'v String> {
    let names = before.keys().chain(after.keys());
    names
        .filter(|name| before.get(*name) != after.get(*name))
        .collect()
}
