//! Plan: what an edited configuration changes, stage by stage, and what it takes.
//!
//! In: edits, and the running stages. Out: which stages get another instance in their place, which
//! come and go with another schedule, which values change; the same in words.

use std::collections::BTreeMap;
use std::sync::Arc;

use segue_plugin::declare::Layout;
use segue_plugin::link::ParamEvent;

use crate::config::diff::{Edit, Reason};
use crate::config::mistake::Mistakes;
use crate::config::model::{Config, StageConfig as Part};
use crate::id::StageId;
use crate::observe::{ChangeAction, ChangeCost, PlannedEdit};
use crate::session::candidate::{ResolveRequest, ResolveScope, StageRequest};
use crate::session::changes::describe::{doubled_unasked, fallback_of, planned};
use crate::session::changes::machine::Planner;
use crate::session::changes::prepare::{StageFill, StageTerms};
use crate::session::changes::refusal::Refusal;
use crate::session::changes::set_values::is_heard;
use crate::session::changes::underway::After;
use crate::session::running_stages::RunningStage;

/// Other values for a stage that goes on: its number, all of them, and what changes.
pub(super) type StageValues = (usize, Vec<(u32, f64)>, Vec<ParamEvent>);

/// What has to be prepared: what resolution is asked, which stages get what, and what is known.
pub(super) type ToPrepare = (
    Option<ResolveRequest>,
    Vec<(String, StageFill)>,
    BTreeMap<String, StageTerms>,
);

/// What is done about one edited configuration.
pub(super) struct Plan {
    pub(super) config: Arc<Config>,
    /// Stages that get another instance where they are.
    pub(super) swapped: Vec<StageId>,
    /// Stages that come with another schedule: new ones, and ones that cannot go on as they are.
    pub(super) brought: Vec<StageId>,
    /// Of those, the ones that run now and start anew as second instances.
    pub(super) moved: Vec<StageId>,
    /// Of those in turn, the ones that nothing else is wanted of: made from what they run already.
    pub(super) doubled: Vec<StageId>,
    /// Numbers of stages that go with it.
    pub(super) removed: Vec<usize>,
    /// Parameters of stages that go on: the number, all of them, and what changes.
    pub(super) new_values: Vec<StageValues>,
    /// Whether the wiring changes.
    pub(super) is_rewired: bool,
    /// The plan in words, a line for each edit.
    pub(super) lines: Vec<PlannedEdit>,
    /// What is wrong with the values of stages that go on.
    pub(super) mistakes: Mistakes,
}

impl Plan {
    /// Whether it takes instances, or another schedule.
    pub(super) fn needs_instances(&self) -> bool {
        !self.swapped.is_empty() || self.needs_schedule()
    }

    /// Whether it takes another schedule.
    pub(super) fn needs_schedule(&self) -> bool {
        self.is_rewired || !self.brought.is_empty() || !self.removed.is_empty()
    }

    /// Whether a stage comes with the schedule.
    pub(super) fn brings(&self, stage: &str) -> bool {
        let mut ids = self.brought.iter();
        ids.any(|id| id.as_str() == stage || fallback_of(id.as_str()) == stage)
    }

    /// What has to be prepared for it.
    pub(super) fn to_prepare(&self, planner: &Planner<'_>, after: &After) -> ToPrepare {
        let ids: Vec<_> = self.swapped.iter().chain(&self.brought).collect();
        let mut terms = planner.stage_terms(&after.config);
        let layouts = planner.layouts(&self.config);
        let mut binds = Vec::new();
        let mut fills = Vec::new();
        for part in &self.config.stages {
            let id = &part.id.value;
            if !ids.contains(&id) {
                continue;
            }
            let name = id.to_string();
            if self.brought.contains(id) {
                let own = self.terms_of_brought(planner, part, &layouts, after);
                if let Some(component) = part.fallback_in_use() {
                    let name = fallback_of(&name);
                    terms.insert(name.clone(), own.fallback(component.clone()));
                    binds.push(StageRequest {
                        stage: name.clone(),
                        component: component.value.clone(),
                        versions: None,
                    });
                    fills.push((name, StageFill::Resolved));
                }
                terms.insert(name.clone(), own);
            }
            let fill = self.fill(planner, id, after);
            if matches!(fill, StageFill::Resolved) {
                binds.push(StageRequest {
                    stage: name.clone(),
                    component: part.part.component.value.clone(),
                    versions: after.overrides.version(id),
                });
            }
            fills.push((name, fill));
        }
        let resolve_request = (!binds.is_empty())
            .then(|| planner.resolve_request(ResolveScope::Stages(binds), &after.config));
        (resolve_request, fills, terms)
    }
}

impl Plan {
    /// What a stage is to be filled with.
    fn fill(&self, planner: &Planner<'_>, id: &StageId, after: &After) -> StageFill {
        let is_new = self.brought.contains(id) && !self.moved.contains(id);
        if after.overrides.is_bypassed(id) && !is_new {
            return StageFill::Bypass;
        }
        match planner.running(id) {
            Ok(running) if self.doubled.contains(id) => StageFill::Library(running.found()),
            Ok(_) | Err(_) => StageFill::Resolved,
        }
    }

    /// What is known of a stage that comes with the schedule.
    fn terms_of_brought(
        &self,
        planner: &Planner<'_>,
        part: &Part,
        layouts: &BTreeMap<String, Layout>,
        after: &After,
    ) -> StageTerms {
        let id = &part.id.value;
        let old = planner.running(id).ok().filter(|_| self.moved.contains(id));
        let old = old.filter(|running| is_heard(running));
        StageTerms {
            old: old.map(|running| running.recipe.clone()),
            ..planner.brought(part, layouts, after)
        }
    }
}

impl Planner<'_> {
    /// What is done about edits.
    pub(super) fn plan(&self, edits: &[Edit], after: &After) -> Result<Plan, Refusal> {
        let mut plan = Plan {
            config: Arc::clone(&after.config),
            swapped: Vec::new(),
            brought: Vec::new(),
            moved: Vec::new(),
            doubled: Vec::new(),
            removed: Vec::new(),
            new_values: Vec::new(),
            is_rewired: false,
            lines: Vec::new(),
            mistakes: after.config.mistakes(),
        };
        for edit in edits {
            self.sort_in(&mut plan, edit);
        }
        self.overridden(&mut plan, after);
        self.bring_what_fades_in_series(&mut plan, edits, after);
        self.move_what_cannot_stay(&mut plan)?;
        for edit in edits {
            if let Edit::Params { stage, .. } = edit {
                self.set_or_rebuild(&mut plan, stage)?;
            }
        }
        let lines = edits.iter().filter_map(|edit| self.describe(&plan, edit));
        plan.lines.splice(0..0, lines.collect::<Vec<_>>());
        plan.lines.extend(doubled_unasked(&plan));
        Ok(plan)
    }

    pub(super) fn sort_in(&self, plan: &mut Plan, edit: &Edit) {
        let number = |id: &StageId| self.stages.number(id.as_str());
        match edit {
            Edit::Add { stage } => plan.brought.push(stage.clone()),
            Edit::Remove { stage } => plan.removed.extend(number(stage)),
            Edit::Rewire { .. } | Edit::Output { .. } | Edit::Listen { .. } => {
                plan.is_rewired = true;
            }
            Edit::Rebuild { stage, reasons } if is_in_place(reasons) => {
                plan.swapped.push(stage.clone());
            }
            Edit::Rebuild { stage, .. } => {
                plan.removed.extend(number(stage));
                plan.brought.push(stage.clone());
            }
            Edit::Resolve { .. } => self.outgrown(plan),
            Edit::Params { .. } | Edit::Policy { .. } | Edit::Watching { .. } => {}
        }
    }

    /// Stages whose versions are no longer what `[plugins.require]` asks for get other ones.
    pub(super) fn outgrown(&self, plan: &mut Plan) {
        let config = Arc::clone(&plan.config);
        let require = &config.plugins.require;
        for (_, running) in self.stages.iter() {
            let bound = running.bound();
            let mut wanted = require.iter().filter(|(id, _)| id.value == bound.plugin);
            let fits = wanted.all(|(_, versions)| versions.value.matches(&bound.version));
            let id = running.id.clone();
            if !fits && config.stage(&id).is_some() && is_heard(running) {
                let what = format!("{} {} no longer does", bound.address(), bound.version);
                let cost = ChangeCost::Instance;
                plan.lines
                    .push(planned(&id, ChangeAction::Swap, what, cost));
                plan.swapped.push(id);
            }
        }
    }

    /// Bypasses that overrides bring or take away.
    pub(super) fn overridden(&self, plan: &mut Plan, after: &After) {
        for (_, running) in self.stages.iter() {
            let id = running.id.clone();
            let is_wanted = after.overrides.is_bypassed(&id);
            let differs = is_wanted == is_heard(running);
            let is_there = plan.config.stage(&id).is_some();
            if differs && is_there && !plan.swapped.contains(&id) && !plan.brought.contains(&id) {
                let (action, what) = match is_wanted {
                    true => (ChangeAction::Bypass, "its input is heard"),
                    false => (ChangeAction::Restore, "its output is heard again"),
                };
                plan.lines
                    .push(planned(&id, action, what.to_owned(), ChangeCost::Fade));
                plan.swapped.push(id);
            }
        }
    }

    pub(super) fn set_or_rebuild(&self, plan: &mut Plan, id: &StageId) -> Result<(), Refusal> {
        let number = self.stages.number(id.as_str());
        let running = number.and_then(|number| self.stages.get(number));
        let (Some(number), Some(running)) = (number, running) else {
            return Ok(());
        };
        if plan.swapped.contains(id) || plan.brought.contains(id) {
            return Ok(());
        }
        let new_values = match self.new_values(running, &plan.config) {
            // The plan goes on, so that the mistakes of the other stages are told with these.
            Err(Refusal::Mistakes(found)) => {
                plan.mistakes.extend(*found);
                return Ok(());
            }
            judged => judged?,
        };
        if new_values.takes_another && is_heard(running) {
            plan.swapped.push(id.clone());
        } else {
            plan.new_values
                .push((number, new_values.params, new_values.events));
        }
        Ok(())
    }
}

/// Whether another instance in the same place is all that it takes.
fn is_in_place(reasons: &[Reason]) -> bool {
    let mut reasons = reasons.iter();
    reasons.all(|reason| matches!(reason, Reason::Component { .. } | Reason::Settings { .. }))
}

/// Whether a stage takes another instance in its place.
pub(super) fn is_swapped(plan: &Plan, running: &RunningStage) -> bool {
    plan.swapped.contains(&running.id)
}
