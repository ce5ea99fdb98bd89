//! Describe: edits as lines of a plan that people read.

use crate::config::diff::{Edit, StageWires};
use crate::id::StageId;
use crate::observe::{ChangeAction, ChangeCost, PlannedEdit};
use crate::session::changes::machine::Planner;
use crate::session::changes::plan::Plan;

impl Planner<'_> {
    /// An edit as a line of the plan.
    pub(super) fn describe(&self, plan: &Plan, edit: &Edit) -> Option<PlannedEdit> {
        let brings = |stage: &StageId| plan.brought.contains(stage);
        Some(match edit {
            Edit::Add { stage } => planned(
                stage,
                ChangeAction::Add,
                component(plan, stage),
                ChangeCost::Fade,
            ),
            Edit::Remove { stage } => planned(
                stage,
                ChangeAction::Remove,
                self.component_of(stage),
                ChangeCost::Fade,
            ),
            Edit::Rewire {
                stage,
                before,
                after,
            } => {
                let cost = if brings(stage) {
                    ChangeCost::InstanceAndFade
                } else {
                    ChangeCost::Fade
                };
                planned(stage, ChangeAction::Move, reads(before, after), cost)
            }
            Edit::Rebuild { stage, reasons } => {
                let cost = if brings(stage) {
                    ChangeCost::InstanceAndFade
                } else {
                    ChangeCost::Instance
                };
                planned(stage, ChangeAction::Swap, joined(reasons), cost)
            }
            Edit::Params { stage, changes } => {
                let is_made = plan.swapped.contains(stage) || brings(stage);
                let cost = if is_made {
                    ChangeCost::WithInstance
                } else {
                    ChangeCost::Nothing
                };
                planned(stage, ChangeAction::Set, joined(changes), cost)
            }
            Edit::Policy { stage, keys } => planned(
                stage,
                ChangeAction::Keep,
                keys.join(", "),
                ChangeCost::Nothing,
            ),
            Edit::Output { before, after } => {
                let what = format!("the output is that of {after}, not of {before}");
                all(ChangeAction::Move, what, ChangeCost::Fade)
            }
            Edit::Listen { tap, after, .. } => all(
                ChangeAction::Move,
                format!("tap {tap} listens to {after}"),
                ChangeCost::Nothing,
            ),
            Edit::Resolve { keys } => {
                let what = format!("{} hold from the next swap on", keys.join(", "));
                all(ChangeAction::Keep, what, ChangeCost::Nothing)
            }
            Edit::Watching { keys } => {
                all(ChangeAction::Keep, keys.join(", "), ChangeCost::Nothing)
            }
        })
    }

    /// What fills a stage that runs.
    fn component_of(&self, stage: &StageId) -> String {
        let number = self.stages.number(stage.as_str());
        let running = number.and_then(|number| self.stages.get(number));
        running.map_or_else(String::new, |running| running.bound().address())
    }
}

fn joined<T: ToString>(all: &[T]) -> String {
    let all: Vec<_> = all.iter().map(ToString::to_string).collect();
    all.join(", ")
}

/// What a stage is to read; its sidechains in their order, where they change.
fn reads(before: &StageWires, after: &StageWires) -> String {
    let inputs: Vec<_> = after.inputs.iter().map(ToString::to_string).collect();
    let inputs = inputs.join(" + ");
    if before.sidechains == after.sidechains {
        return format!("reads {inputs}");
    }
    let keys = after.sidechains.iter();
    let keys: Vec<_> = keys
        .map(|(name, node)| format!("{name} = {node}"))
        .collect();
    match keys.is_empty() {
        true => format!("reads {inputs}, no sidechain"),
        false => format!("reads {inputs}, sidechains {}", keys.join(", ")),
    }
}

fn component(plan: &Plan, stage: &StageId) -> String {
    let part = plan.config.stage(stage);
    part.map_or_else(String::new, |part| part.part.component.value.to_string())
}

pub(super) fn planned(
    stage: &StageId,
    action: ChangeAction,
    what: String,
    cost: ChangeCost,
) -> PlannedEdit {
    PlannedEdit {
        stage: stage.to_string(),
        ..all(action, what, cost)
    }
}

fn all(action: ChangeAction, what: String, cost: ChangeCost) -> PlannedEdit {
    PlannedEdit {
        stage: "*".to_owned(),
        action,
        what,
        cost,
    }
}

/// Lines for stages that run a second time though no edit is about them.
pub(super) fn doubled_unasked(plan: &Plan) -> Vec<PlannedEdit> {
    let is_told = |id: &&StageId| {
        let mut lines = plan.lines.iter();
        lines.any(|line| line.stage == id.as_str() && line.action == ChangeAction::Move)
    };
    let between = |id: &StageId| {
        let what = "stands between two places that change".to_owned();
        planned(id, ChangeAction::Move, what, ChangeCost::SecondInstance)
    };
    let unasked = plan.doubled.iter().filter(|id| !is_told(id));
    unasked.map(between).collect()
}

/// What a stage's fallback is called while it is prepared: no id has a space.
pub(super) fn fallback_of(stage: &str) -> String {
    format!("the fallback of {stage}")
}
