//! Plan: what an edited configuration changes, stage by stage, and what it takes.
//!
//! In: edits, and the cast that runs. Out: which stages get another instance in their place, which
//! come and go with another schedule, which values change; the same in words.

use std::collections::BTreeMap;
use std::sync::Arc;

use segue_plugin::link::ParamEvent;

use crate::config::diff::{Edit, Reason};
use crate::config::model::Config;
use crate::id::StageId;
use crate::observe::PlannedEdit;
use crate::pipeline::moved;
use crate::session::candidate::{Aim, Question, Wish as Bind};
use crate::session::cast::Member;
use crate::session::changes::Changes;
use crate::session::changes::landing::After;
use crate::session::changes::prepare::{Known, With};
use crate::session::changes::tune::is_heard;
use crate::session::changes::words::{fallback_of, planned};

/// Other values for a stage that goes on: its number, all of them, and what changes.
pub(super) type Retune = (usize, Vec<(u32, f64)>, Vec<ParamEvent>);

/// What has to be prepared: what resolution is asked, which stages get what, and what is known.
pub(super) type Orders = (
    Option<Question>,
    Vec<(String, With)>,
    BTreeMap<String, Known>,
);

/// What is done about one edited configuration.
pub(super) struct Plan {
    pub(super) config: Arc<Config>,
    /// Stages that get another instance where they are.
    pub(super) swapped: Vec<StageId>,
    /// Stages that come with another schedule: new ones, and ones that cannot go on as they are.
    pub(super) brought: Vec<StageId>,
    /// Numbers of stages that go with it.
    pub(super) removed: Vec<usize>,
    /// Parameters of stages that go on: the number, all of them, and what changes.
    pub(super) retuned: Vec<Retune>,
    /// Whether the wiring changes.
    pub(super) is_rewired: bool,
    /// The plan in words.
    pub(super) words: Vec<PlannedEdit>,
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
    pub(super) fn orders(&self, changes: &Changes, after: &After) -> Orders {
        let ids: Vec<_> = self.swapped.iter().chain(&self.brought).collect();
        let mut known = changes.known(&after.config);
        let layouts = changes.layouts(&self.config);
        let mut wishes = Vec::new();
        let mut wanted = Vec::new();
        for part in &self.config.stages {
            let id = &part.id.value;
            if !ids.contains(&id) {
                continue;
            }
            let name = id.to_string();
            if self.brought.contains(id) {
                let own = changes.brought(part, &layouts, after);
                if let Some(component) = part.fallback_in_use() {
                    let name = fallback_of(&name);
                    known.insert(name.clone(), own.fallback(component.clone()));
                    wishes.push(Bind {
                        stage: name.clone(),
                        component: component.value.clone(),
                        versions: None,
                    });
                    wanted.push((name, With::Resolved));
                }
                known.insert(name.clone(), own);
            }
            if after.overrides.is_bypassed(id) && !self.brought.contains(id) {
                wanted.push((name, With::Bypass));
                continue;
            }
            wishes.push(Bind {
                stage: name.clone(),
                component: part.part.component.value.clone(),
                versions: after.overrides.version(id),
            });
            wanted.push((name, With::Resolved));
        }
        let question =
            (!wishes.is_empty()).then(|| changes.question(Aim::Stages(wishes), &after.config));
        (question, wanted, known)
    }
}

impl Changes {
    /// What is done about edits.
    pub(super) fn plan(&self, edits: &[Edit], after: &After) -> Result<Plan, String> {
        let mut plan = Plan {
            config: Arc::clone(&after.config),
            swapped: Vec::new(),
            brought: Vec::new(),
            removed: Vec::new(),
            retuned: Vec::new(),
            is_rewired: false,
            words: Vec::new(),
        };
        for edit in edits {
            self.sort_in(&mut plan, edit);
        }
        self.overridden(&mut plan, after);
        self.move_what_loops(&mut plan)?;
        for edit in edits {
            if let Edit::Params { stage, .. } = edit {
                self.retune_or_rebuild(&mut plan, stage)?;
            }
        }
        let words = edits.iter().filter_map(|edit| self.words(&plan, edit));
        plan.words.splice(0..0, words.collect::<Vec<_>>());
        Ok(plan)
    }

    fn sort_in(&self, plan: &mut Plan, edit: &Edit) {
        let number = |id: &StageId| self.cast.number(id.as_str());
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
    fn outgrown(&self, plan: &mut Plan) {
        let config = Arc::clone(&plan.config);
        let require = &config.plugins.require;
        for (_, member) in self.cast.members() {
            let bound = member.bound();
            let mut wanted = require.iter().filter(|(id, _)| id.value == bound.plugin);
            let fits = wanted.all(|(_, versions)| versions.value.matches(&bound.version));
            if let (false, Ok(id)) = (fits, member.id.parse::<StageId>())
                && config.stage(&id).is_some()
                && is_heard(member)
            {
                let what = format!("{} {} no longer does", bound.address(), bound.version);
                let cost = "a new instance, its state handed over or a fade";
                plan.words.push(planned(&id, "swap", what, cost));
                plan.swapped.push(id);
            }
        }
    }

    /// Bypasses that overrides bring or take away.
    fn overridden(&self, plan: &mut Plan, after: &After) {
        for (_, member) in self.cast.members() {
            let Ok(id) = member.id.parse::<StageId>() else {
                continue;
            };
            let is_wanted = after.overrides.is_bypassed(&id);
            let differs = is_wanted == is_heard(member);
            let is_there = plan.config.stage(&id).is_some();
            if differs && is_there && !plan.swapped.contains(&id) && !plan.brought.contains(&id) {
                let (action, what) = match is_wanted {
                    true => ("bypass", "its input is heard"),
                    false => ("restore", "its output is heard again"),
                };
                plan.words
                    .push(planned(&id, action, what.to_owned(), "a fade"));
                plan.swapped.push(id);
            }
        }
    }

    /// Stages that would wait for themselves while old and new run side by side start anew.
    fn move_what_loops(&self, plan: &mut Plan) -> Result<(), String> {
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
                let number = self.cast.number(id.as_str());
                number.filter(|_| !plan.brought.contains(id))
            })
            .collect();
        let moved = moved(&self.cast.laid.graph, &network, &kept);
        for at in moved.map_err(|cycle| cycle.to_string())? {
            let id = plan.config.stages[at].id.value.clone();
            plan.removed.extend(self.cast.number(id.as_str()));
            plan.swapped.retain(|other| *other != id);
            plan.brought.push(id);
        }
        Ok(())
    }

    fn retune_or_rebuild(&self, plan: &mut Plan, id: &StageId) -> Result<(), String> {
        let number = self.cast.number(id.as_str());
        let member = number.and_then(|number| self.cast.member(number));
        let (Some(number), Some(member)) = (number, member) else {
            return Ok(());
        };
        if plan.swapped.contains(id) || plan.brought.contains(id) {
            return Ok(());
        }
        let retuned = self.retuned(member, &plan.config)?;
        if retuned.takes_another && is_heard(member) {
            plan.swapped.push(id.clone());
        } else {
            plan.retuned.push((number, retuned.params, retuned.events));
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
pub(super) fn is_swapped(plan: &Plan, member: &Member) -> bool {
    plan.swapped.iter().any(|id| *id.as_str() == *member.id)
}
