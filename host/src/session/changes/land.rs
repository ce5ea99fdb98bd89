//! Land: a plan that takes another schedule becomes a change for the engine.
//!
//! In: a plan, and the instances that were prepared for it. Out: the schedules on the way there,
//! stages that come, the numbers of those that go; the cast as it is from then on.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::pipeline::Transition;
use crate::pipeline::{Change, Fade, Graph, Loaded, Passing, Reschedule, Shape, transition};
use crate::session::build::StageFacts;
use crate::session::candidate::Prepared;
use crate::session::cast::{Heard, Member};
use crate::session::changes::job::Job;
use crate::session::changes::newcomer::{Newcomer, newcomers};
use crate::session::changes::plan::Plan;
use crate::session::changes::{Changes, Context};
use crate::session::restart::Place;
use crate::session::start::attempts;

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
        plan: &Plan,
        prepared: Vec<Prepared>,
        (now, change): (&mut Graph, &mut Change),
        context: &Context<'_>,
    ) -> Result<(), String> {
        let newcomers = newcomers(prepared, plan);
        let way = self.way(job, plan, &newcomers, (&*now, context));
        let (numbers, transition) = match way {
            Ok(way) => way,
            Err(why) => {
                for processor in newcomers.into_iter().flat_map(Newcomer::into_processors) {
                    self.restarts.end(processor);
                }
                return Err(why);
            }
        };
        self.keep_cast(job, plan, &newcomers, &numbers);
        let mut added = Vec::new();
        for (one, number) in newcomers.into_iter().zip(numbers) {
            added.push((number, self.new_stage(one, number)));
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
        self.tell_plan(job, plan, context);
        Ok(())
    }

    /// Numbers for the stages that come, and the way to the graph with them.
    fn way(
        &self,
        job: &mut Job,
        plan: &Plan,
        newcomers: &[Newcomer],
        (now, context): (&Graph, &Context<'_>),
    ) -> Result<(Vec<usize>, Transition), String> {
        let numbers = self.numbers_for(newcomers.len(), context)?;
        let mut brought = BTreeMap::new();
        for (one, number) in newcomers.iter().zip(&numbers) {
            let channels = one.own.layout_out.channels();
            brought.insert(
                one.own.stage.clone(),
                (*number, one.latency_frames(), channels),
            );
        }
        let graph = self.graph_of(plan, now, &brought);
        let transition = transition::change(&self.cast.laid, graph);
        let transition = transition.map_err(|refused| refused.to_string())?;
        self.within_ceiling(job, &transition)?;
        Ok((numbers, transition))
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

    /// Who is there from now on; those that go are forgotten once they are gone.
    fn keep_cast(&mut self, job: &mut Job, plan: &Plan, newcomers: &[Newcomer], numbers: &[usize]) {
        let mut members = self.cast.all();
        let mut order = Vec::new();
        for part in &plan.config.stages {
            let id = part.id.value.as_str();
            let brought = newcomers.iter().position(|one| one.own.stage == id);
            let Some(at) = brought else {
                order.extend(self.cast.number(id));
                continue;
            };
            let (newcomer, number) = (&newcomers[at], numbers[at]);
            let one = &newcomer.own;
            let Some(recipe) = newcomer.recipe() else {
                continue;
            };
            if members.len() <= number {
                members.resize(number + 1, None);
            }
            members[number] = Some(Member {
                id: Arc::from(id),
                part: part.part.clone(),
                facts: StageFacts {
                    layout_in: recipe.format.layout,
                    layout_out: one.layout_out,
                    timing: newcomer.timing(),
                    held_bytes: one.occupant.held_bytes,
                },
                own_latency_frames: one.timing.latency_frames,
                recipe,
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
