//! Fades in series: which stages come with the schedule so that no two fades hear each other.
//!
//! In: a plan, as far as edits alone say it. Out: the same plan, in which stages start anew that
//! would wait for themselves, stand between two fades, or fade beside another in series.

use crate::config::diff::{Edit, Reason};
use crate::id::StageId;
use crate::pipeline::{in_series, moved};
use crate::session::changes::machine::Planner;
use crate::session::changes::plan::Plan;
use crate::session::changes::refusal::Refusal;
use crate::session::changes::set_values::is_heard;
use crate::session::changes::underway::After;

impl Planner<'_> {
    /// Stages whose component changes, or that are heard again, come with the schedule where their
    /// fades would hear each other or those of the wiring: old and new of one beside old and new of
    /// the next are ways that neither file has.
    pub(super) fn bring_what_fades_in_series(
        &self,
        plan: &mut Plan,
        edits: &[Edit],
        after: &After,
    ) {
        let fades = |id: &&StageId| {
            let is_other = |edit: &Edit| match edit {
                Edit::Rebuild { stage, reasons } => {
                    let mut reasons = reasons.iter();
                    stage == *id && reasons.any(|one| matches!(one, Reason::Component { .. }))
                }
                _ => false,
            };
            let is_back = self.running(id).is_ok_and(|running| !is_heard(running));
            !after.overrides.is_bypassed(id) && (is_back || edits.iter().any(is_other))
        };
        let fading: Vec<_> = plan.swapped.iter().filter(fades).cloned().collect();
        let graph = &self.stages.laid.graph;
        let place = |id: &StageId| {
            let number = self.stages.number(id.as_str())?;
            graph.numbers.iter().position(|own| *own == number)
        };
        let places: Vec<_> = fading.iter().filter_map(place).collect();
        if plan.needs_schedule() || in_series(&graph.network, &places) {
            plan.swapped.retain(|id| !fading.contains(id));
            let numbers = fading
                .iter()
                .filter_map(|id| self.stages.number(id.as_str()));
            plan.removed.extend(numbers);
            plan.brought.extend(fading);
        }
    }

    /// Stages that would wait for themselves while old and new run side by side, or would stand
    /// between two fades, start anew.
    pub(super) fn move_what_cannot_stay(&self, plan: &mut Plan) -> Result<(), Refusal> {
        if !plan.needs_schedule() {
            return Ok(());
        }
        let network = self.bare(&plan.config);
        let kept: Vec<_> = plan
            .config
            .stages
            .iter()
            .map(|stage| {
                let id = &stage.id.value;
                let number = self.stages.number(id.as_str());
                number.filter(|_| !plan.brought.contains(id))
            })
            .collect();
        let moved = moved(&self.stages.laid.graph, &network, &kept);
        for at in moved? {
            let id = plan.config.stages[at].id.value.clone();
            plan.removed.extend(self.stages.number(id.as_str()));
            if !plan.swapped.contains(&id) {
                plan.doubled.push(id.clone());
            }
            plan.swapped.retain(|other| *other != id);
            plan.moved.push(id.clone());
            plan.brought.push(id);
        }
        Ok(())
    }
}
