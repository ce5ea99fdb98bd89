//! Words: edits as lines of a plan that people read.

use crate::config::diff::Edit;
use crate::id::StageId;
use crate::observe::PlannedEdit;
use crate::session::changes::Changes;
use crate::session::changes::plan::Plan;

impl Changes {
    /// An edit as a line of the plan.
    pub(super) fn words(&self, plan: &Plan, edit: &Edit) -> Option<PlannedEdit> {
        let fade = "a fade";
        Some(match edit {
            Edit::Add { stage } => planned(stage, "add", component(plan, stage), fade),
            Edit::Remove { stage } => {
                let number = self.cast.number(stage.as_str());
                let member = number.and_then(|number| self.cast.member(number));
                let what = member.map_or_else(String::new, |member| member.bound().address());
                planned(stage, "remove", what, fade)
            }
            Edit::Rewire { stage, after, .. } => {
                let inputs: Vec<_> = after.inputs.iter().map(ToString::to_string).collect();
                let what = format!("reads {}", inputs.join(" + "));
                let cost = match plan.brought.contains(stage) {
                    true => "a new instance, a fade",
                    false => fade,
                };
                planned(stage, "move", what, cost)
            }
            Edit::Rebuild { stage, reasons } => {
                let what: Vec<_> = reasons.iter().map(ToString::to_string).collect();
                let cost = match plan.brought.contains(stage) {
                    true => "a new instance, a fade",
                    false => "a new instance, its state handed over or a fade",
                };
                planned(stage, "swap", what.join(", "), cost)
            }
            Edit::Params { stage, changes } => {
                let what: Vec<_> = changes.iter().map(ToString::to_string).collect();
                let cost = match plan.swapped.contains(stage) || plan.brought.contains(stage) {
                    true => "with the new instance",
                    false => "nothing",
                };
                planned(stage, "set", what.join(", "), cost)
            }
            Edit::Policy { stage, keys } => planned(stage, "keep", keys.join(", "), "nothing"),
            Edit::Output { before, after } => all(
                "move",
                format!("the output is that of {after}, not of {before}"),
                fade,
            ),
            Edit::Listen { tap, after, .. } => {
                all("move", format!("tap {tap} listens to {after}"), "nothing")
            }
            Edit::Resolve { keys } => all(
                "keep",
                format!("{} hold from the next swap on", keys.join(", ")),
                "nothing",
            ),
            Edit::Watching { keys } => all("keep", keys.join(", "), "nothing"),
        })
    }
}

fn component(plan: &Plan, stage: &StageId) -> String {
    let part = plan.config.stage(stage);
    part.map_or_else(String::new, |part| part.part.component.value.to_string())
}

pub(super) fn planned(stage: &StageId, action: &str, what: String, cost: &str) -> PlannedEdit {
    PlannedEdit {
        stage: stage.to_string(),
        ..all(action, what, cost)
    }
}

fn all(action: &str, what: String, cost: &str) -> PlannedEdit {
    PlannedEdit {
        stage: "*".to_owned(),
        action: action.to_owned(),
        what,
        cost: cost.to_owned(),
    }
}

/// What a stage's fallback is called while it is prepared: no id has a space.
pub(super) fn fallback_of(stage: &str) -> String {
    format!("the fallback of {stage}")
}
