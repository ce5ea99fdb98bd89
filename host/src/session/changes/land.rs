//! Land: a plan that takes another schedule becomes a change for the engine.
//!
//! In: a plan, and the instances that were prepared for it. Out: the schedules on the way there,
//! stages that come, the numbers of those that go; the cast as it is from then on.

use std::collections::BTreeMap;
use std::sync::Arc;

use segue_plugin::setup::Timing;

use crate::pipeline::{
    Change, Fade, Graph, History, HistoryShape, Loaded, Occupant, Passing, Reschedule, Shape,
    Stage, transition,
};
use crate::session::build::StageFacts;
use crate::session::candidate::Prepared;
use crate::session::cast::{Heard, Member};
use crate::session::changes::job::Job;
use crate::session::changes::plan::Plan;
use crate::session::changes::{Changes, Context};
use crate::session::restart::Place;
use crate::session::start::{Common, attempts, budget, on_error};

/// How long stages that come run unheard, beside their latency, in seconds: until filters have
/// settled.
const SHADOW_SECONDS: f64 = 0.1;

/// How long readers take to go over to other sources, in seconds.
const FADE_SECONDS: f64 = 0.02;

impl Changes {
    /// Puts a plan into a change.
    pub(super) fn land_plan(
        &mut self,
        job: &mut Job,
        plan: Plan,
        prepared: Vec<Prepared>,
        (now, change): (&mut Graph, &mut Change),
        context: &Context<'_>,
    ) -> Result<(), String> {
        let numbers = self.numbers_for(prepared.len(), context)?;
        let mut brought = BTreeMap::new();
        for (one, number) in prepared.iter().zip(&numbers) {
            let facts = (
                *number,
                one.timing.latency_frames,
                one.layout_out.channels(),
            );
            brought.insert(one.stage.clone(), facts);
        }
        let graph = self.graph_of(&plan, now, &brought);
        let transition = transition::change(&self.cast.laid, graph);
        let transition = transition.map_err(|refused| refused.to_string())?;
        self.within_ceiling(job, &transition)?;
        self.keep_cast(job, &plan, &prepared, &numbers);
        let mut added = Vec::new();
        for (one, number) in prepared.into_iter().zip(numbers) {
            added.push((number, self.new_stage(one, &plan)));
        }
        let most = added
            .iter()
            .map(|(number, _)| number + 1)
            .max()
            .unwrap_or(0);
        let room = match most > context.engine.numbers() {
            true => Vec::with_capacity(most),
            false => Vec::new(),
        };
        let gone = Vec::with_capacity(transition.removed.len());
        let frames_max = self.setup.frames_max;
        let (next, fade) = match transition.during {
            None => (Loaded::new(transition.after, frames_max), None),
            Some(during) => {
                let passing = Passing {
                    begins_at_frames: during.settled_frames + self.seconds(SHADOW_SECONDS),
                    fade: Fade::of(self.seconds(FADE_SECONDS)),
                    after: Loaded::new(transition.after, frames_max),
                };
                (Loaded::new(during, frames_max), Some(passing))
            }
        };
        change.schedule = Some(Box::new(Reschedule {
            next,
            fade,
            room,
            added,
            removed: transition.removed,
            gone,
        }));
        for (number, params, events) in &plan.retuned {
            change
                .events
                .extend(events.iter().map(|event| (*number, *event)));
            self.retune(*number, params.clone());
        }
        self.cast.laid = transition.laid;
        self.tell_plan(job, &plan, context);
        Ok(())
    }

    fn seconds(&self, seconds: f64) -> u64 {
        (seconds * f64::from(self.setup.sample_rate_hz)).round() as u64
    }

    /// Numbers that no stage has.
    fn numbers_for(&self, count: usize, context: &Context<'_>) -> Result<Vec<usize>, String> {
        let most = context.engine.numbers_max();
        let is_free = |number: &usize| {
            context.engine.stage(*number).is_none() && self.cast.member(*number).is_none()
        };
        let free: Vec<_> = (0..most).filter(is_free).take(count).collect();
        if free.len() < count {
            let found = self.cast.order().len() + count;
            return Err(format!(
                "{found} stages at once, expected at most {most} in a session that started with \
                 {}; restart it",
                self.cast.started_with()
            ));
        }
        Ok(free)
    }

    /// A stage that comes, in the shape that its instance gives it.
    fn new_stage(&mut self, prepared: Prepared, plan: &Plan) -> Stage {
        let part = plan
            .config
            .stages
            .iter()
            .find(|stage| stage.id.value.as_str() == prepared.stage);
        let recipe = prepared.recipe.as_ref();
        let channels_in = recipe.map_or(prepared.layout_out.channels(), |recipe| {
            recipe.format.layout.channels()
        });
        let shape = Shape {
            channels_in,
            channels_out: prepared.layout_out.channels(),
            latency_frames: prepared.timing.latency_frames,
            sample_rate_hz: self.setup.sample_rate_hz,
        };
        let common = Common {
            sample_rate_hz: self.setup.sample_rate_hz,
            pace: self.setup.pace,
            frames_max: self.setup.frames_max,
        };
        let policy = part.map_or(crate::pipeline::OnError::Bypass, |part| {
            on_error(part.on_error.value)
        });
        let occupant = Occupant {
            ..prepared.occupant
        };
        let mut stage = Stage::of(occupant, policy, shape);
        if let Some(budget) = part.and_then(|part| budget(&part.budget, common)) {
            stage = stage.with_budget(budget);
        }
        let number = self.cast.number(&prepared.stage);
        if let (Some(number), Some(frames)) = (number, self.setup.history_frames) {
            let sidechains = recipe.map_or_else(Vec::new, |recipe| {
                recipe.sidechains.iter().map(|one| one.channels()).collect()
            });
            let history = History::new(
                HistoryShape {
                    inputs: shape.channels_in,
                    sidechains,
                    outputs: shape.channels_out,
                },
                frames,
            );
            if self.setup.histories.len() <= number {
                self.setup.histories.resize(number + 1, None);
            }
            self.setup.histories[number] = Some(Arc::clone(&history));
            stage = stage.with_history(history);
        }
        stage
    }

    /// Who is there from now on; those that go are forgotten once they are gone.
    fn keep_cast(&mut self, job: &mut Job, plan: &Plan, prepared: &[Prepared], numbers: &[usize]) {
        let mut members = self.cast.all();
        let mut order = Vec::new();
        for part in &plan.config.stages {
            let id = part.id.value.as_str();
            let brought = prepared.iter().position(|one| one.stage == id);
            let Some(at) = brought else {
                order.extend(self.cast.number(id));
                continue;
            };
            let (one, number) = (&prepared[at], numbers[at]);
            let Some(recipe) = &one.recipe else { continue };
            if members.len() <= number {
                members.resize(number + 1, None);
            }
            members[number] = Some(Member {
                id: Arc::from(id),
                part: part.part.clone(),
                facts: StageFacts {
                    layout_in: recipe.format.layout,
                    layout_out: one.layout_out,
                    timing: Timing { ..one.timing },
                    held_bytes: one.occupant.held_bytes,
                },
                own_latency_frames: one.timing.latency_frames,
                recipe: recipe.clone(),
                heard: Heard::Processed,
                before: None,
            });
            order.push(number);
        }
        job.removed.clone_from(&plan.removed);
        self.cast.replace(members, order);
    }

    /// Stages that went are nobody's any more.
    pub(super) fn forget(&mut self, removed: &[usize]) {
        let mut members = self.cast.all();
        for number in removed {
            if let Some(member) = members.get_mut(*number) {
                *member = None;
            }
            if let Some(history) = self.setup.histories.get_mut(*number) {
                *history = None;
            }
        }
        let order = self.cast.order().to_vec();
        self.cast.replace(members, order);
    }

    /// One receipt for each line of a plan that is about no instance in its place.
    fn tell_plan(&self, job: &mut Job, plan: &Plan, context: &Context<'_>) {
        for edit in &plan.words {
            let is_piece = self.cast.number(&edit.stage).is_some_and(|number| {
                let member = self.cast.member(number);
                member.is_some_and(|member| super::plan::is_swapped(plan, member))
            });
            if is_piece {
                continue;
            }
            let mut receipt = self.receipt(
                job.number,
                edit.stage.clone(),
                &edit.action,
                job.cause.clone(),
                job.asked_at_frames,
            );
            receipt.reasons = vec![edit.what.clone()];
            receipt.heard_at_frames = Some(context.position_frames);
            receipt.steps = job.steps.clone();
            job.further.push(receipt);
        }
    }

    /// Another instance of a stage, or another stage of that number.
    pub(super) fn recast(&mut self, number: usize, member: Member) {
        let id = Arc::clone(&member.id);
        let place = self.place(number, &member);
        if let Some(slot) = self.cast.member_mut(number) {
            *slot = member;
        }
        self.restarts.recast(number, &id, place);
    }

    /// `restart` of every stage, as the configuration says now.
    pub(super) fn renew_policies(&mut self) {
        let members: Vec<_> = self
            .cast
            .members()
            .map(|(number, member)| (number, member.clone()))
            .collect();
        for (number, member) in members {
            let place = self.place(number, &member);
            self.restarts.recast(number, &member.id, place);
        }
    }

    /// How an instance is made again after a failure, if the stage's `restart` says so.
    fn place(&self, number: usize, member: &Member) -> Option<Place> {
        let config = &self.running.config;
        let part = config
            .stages
            .iter()
            .find(|one| *one.id.value.as_str() == *member.id)?;
        let restart = part.restart.as_ref()?;
        if member.heard == Heard::Bypassed {
            return None;
        }
        let latency_frames = self.place_latency_frames(number)?;
        let facts = member.facts;
        Some(Place {
            recipe: member.recipe.clone(),
            shape: Shape {
                channels_in: facts.layout_in.channels(),
                channels_out: facts.layout_out.channels(),
                latency_frames,
                sample_rate_hz: self.setup.sample_rate_hz,
            },
            layout_out: facts.layout_out,
            frames_max: self.setup.frames_max,
            attempts: attempts(restart, self.setup.sample_rate_hz),
        })
    }
}
