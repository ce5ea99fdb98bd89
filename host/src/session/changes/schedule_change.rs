//! Schedule change: a plan that takes another schedule becomes a change for the engine.
//!
//! In: a plan, and the instances that were prepared for it. Out: the schedules on the way there,
//! stages that come, the numbers of those that go and who hears that they are gone; the
//! running stages from then on.

use std::collections::BTreeMap;

use crate::pipeline::Transition;
use crate::pipeline::{
    Change, Fade, Graph, LoadedSchedule, Reschedule, ScheduleFade, Stage, transition,
};
use crate::session::candidacy::Holding;
use crate::session::candidate::Prepared;
use crate::session::changes::added_stage::AddedStage;
use crate::session::changes::conclude::receipt;
use crate::session::changes::from_engine::{Leaving, owner};
use crate::session::changes::machine::{ChangeMachine, Seating};
use crate::session::changes::plan::Plan;
use crate::session::changes::refusal::Refusal;
use crate::session::changes::second_instance::SecondStart;
use crate::session::changes::underway::ChangeUnderway;
use crate::session::context::Context;
use crate::session::instance::RestartTerms;
use crate::session::running_stages::{RunningStage, RunningStages};
use crate::swap::ask::HeardSignal;
use crate::swap::table::Event;

/// How long stages that come run unheard, beside their latency, in seconds: until filters have
/// settled.
pub(super) const SHADOW_SECONDS: f64 = 0.1;

/// What the schedule of a plan is made of.
pub(super) struct PlanParts<'a> {
    pub(super) plan: &'a Plan,
    /// The instances that it brings.
    pub(super) prepared: Vec<Prepared>,
    /// The graph of before, with the latencies that stages have from now on.
    pub(super) graph: Graph,
}

impl ChangeMachine {
    /// Puts a plan into a change.
    pub(super) fn schedule_plan(
        &mut self,
        underway: &mut ChangeUnderway,
        parts: PlanParts<'_>,
        change: &mut Change,
        context: &Context<'_>,
    ) -> Result<(), Refusal> {
        let PlanParts {
            plan,
            prepared,
            graph,
        } = parts;
        let added_stages = self.seating().added_stages(prepared, plan);
        let way = self
            .seating()
            .way(underway, plan, &added_stages, (&graph, context));
        let (numbers, transition) = match way {
            Ok(way) => way,
            Err(why) => {
                let unheard = added_stages
                    .into_iter()
                    .flat_map(AddedStage::into_processors);
                self.ender.end_all(unheard);
                return Err(why);
            }
        };
        self.stages.take_plan(plan, &added_stages, &numbers);
        underway.removed.clone_from(&plan.removed);
        let (added, starts) = self.stages_of(added_stages, &numbers, underway);
        let unheard = starts.iter().map(|start| start.unheard_frames);
        let unheard_frames = unheard.fold(self.seating().seconds(SHADOW_SECONDS), u64::max);
        let most = added.iter().map(|(number, _)| number + 1).max();
        let laid = transition.laid.clone();
        let reschedule = self.seating().passage(transition, unheard_frames);
        change.schedule = Some(Box::new(Reschedule {
            larger_slots: match most.filter(|most| *most > context.rings.numbers()) {
                Some(most) => Vec::with_capacity(most),
                None => Vec::new(),
            },
            added,
            ..reschedule
        }));
        self.take_new_values(plan, change);
        self.stages.laid = laid;
        self.seating().tell_plan(underway, plan, &starts, context);
        Ok(())
    }

    /// The values that stages which stay get with the plan.
    fn take_new_values(&mut self, plan: &Plan, change: &mut Change) {
        for (number, params, events) in &plan.new_values {
            let events = events.iter().map(|event| (*number, *event));
            change.param_events.extend(events);
            self.keep_values(*number, params.clone());
        }
    }

    /// The stages that come, second instances as their first ones are by now.
    pub(super) fn stages_of(
        &mut self,
        added_stages: Vec<AddedStage>,
        numbers: &[usize],
        underway: &mut ChangeUnderway,
    ) -> (Vec<(usize, Stage)>, Vec<SecondStart>) {
        let (mut stages, mut starts) = (Vec::new(), Vec::new());
        for (mut one, number) in added_stages.into_iter().zip(numbers) {
            starts.extend(self.seating().start_second(&mut one, &mut underway.states));
            self.set_late_values(&mut one, *number, underway);
            stages.push((*number, self.new_stage(one, *number)));
        }
        (stages, starts)
    }

    /// Stages that went are nobody's any more.
    pub(super) fn forget(&mut self, removed: &[usize], at_frames: u64) {
        self.restarts.forget(removed, at_frames, &mut self.ender);
        let mut stages = self.stages.all();
        for number in removed {
            if let Some(running) = stages.get_mut(*number) {
                *running = None;
            }
            self.setup.histories.forget(*number);
        }
        let order = self.stages.order().to_vec();
        self.stages.replace(stages, order);
    }

    /// Who had the instances that a change brings back hears that they are gone; the change ends them.
    pub(super) fn part_with_instances(&mut self, change: &Change, at: u64) {
        let gone = change.schedule.iter().flat_map(|schedule| &schedule.gone);
        let gone = gone.map(|(stage, _)| *stage);
        let untaken = change.candidates.iter().map(|(stage, _)| *stage);
        for stage in gone.chain(untaken) {
            if self.ender.remember(stage) {
                continue;
            }
            let owner = owner(
                &mut self.restarts,
                &mut self.changes_underway,
                stage,
                Leaving::Included,
            );
            if let Some(mut owner) = owner {
                let (held, events) = (Holding::Back(Vec::new()), [Event::Returned]);
                let candidacy = owner.candidacy();
                candidacy.hand_over(held, &events, at, &mut self.ender);
            }
        }
    }

    /// `restart` of every stage, as the configuration says now.
    pub(super) fn renew_policies(&mut self) {
        let stages: Vec<_> = self
            .stages
            .iter()
            .map(|(number, running)| (number, running.clone()))
            .collect();
        for (number, running) in stages {
            let place = self.seating().place(number, &running);
            self.restarts.replace_stage(number, &running.id, place);
        }
    }
}

impl RunningStages {
    /// Who is there from now on; those that go are forgotten once they are gone.
    fn take_plan(&mut self, plan: &Plan, added_stages: &[AddedStage], numbers: &[usize]) {
        let mut stages = self.all();
        let mut order = Vec::new();
        for part in &plan.config.stages {
            let id = part.id.value.as_str();
            let brought = added_stages.iter().position(|one| one.own.stage == id);
            let Some(at) = brought else {
                order.extend(self.number(id));
                continue;
            };
            let (Some(running), number) = (added_stages[at].running(part), numbers[at]) else {
                continue;
            };
            if stages.len() <= number {
                stages.resize(number + 1, None);
            }
            stages[number] = Some(running);
            order.push(number);
        }
        self.replace(stages, order);
    }
}

impl Seating<'_> {
    /// One receipt for each line of a plan that is about no instance in its place.
    pub(super) fn tell_plan(
        &self,
        underway: &mut ChangeUnderway,
        plan: &Plan,
        starts: &[SecondStart],
        context: &Context<'_>,
    ) {
        for edit in &plan.lines {
            let is_exchanged = self.stages.number(&edit.stage).is_some_and(|number| {
                let running = self.stages.get(number);
                running.is_some_and(|running| super::plan::is_swapped(plan, running))
            });
            if is_exchanged {
                continue;
            }
            let mut receipt = receipt(
                underway.number,
                (edit.stage.clone(), edit.action),
                underway.cause.clone(),
                underway.asked_at_frames,
            );
            receipt.reasons = vec![edit.what.clone()];
            let start = starts.iter().find(|start| start.stage == edit.stage);
            receipt.reasons.extend(start.map(SecondStart::words));
            receipt.reasons.extend(self.why_unprimed(&edit.stage));
            receipt.heard_at_frames = Some(context.position_frames);
            receipt.steps = underway.steps.clone();
            underway.further.push(receipt);
        }
    }

    /// What there is to say of a stage that comes where there is no memory to keep what it reads.
    fn why_unprimed(&self, stage: &str) -> Option<String> {
        let number = self.stages.number(stage)?;
        let is_missing = self.setup.histories.is_missing(number);
        let text = "there is no memory to keep what it reads: what replaces it will not be primed";
        is_missing.then(|| text.to_owned())
    }

    /// The way from one schedule to another, heard after so many frames at the earliest.
    fn passage(&self, transition: Transition, unheard_frames: u64) -> Reschedule {
        let frames_max = self.setup.frames_max;
        let gone = Vec::with_capacity(transition.removed.len());
        let after = LoadedSchedule::new(transition.after, frames_max);
        let (next, fade) = match transition.during {
            None => (after, None),
            Some(during) => {
                let passing = ScheduleFade {
                    begins_at_frames: during.settled_frames + unheard_frames,
                    fade: Fade::at(self.setup.sample_rate_hz),
                    after,
                };
                (LoadedSchedule::new(during, frames_max), Some(passing))
            }
        };
        Reschedule {
            next,
            fade,
            larger_slots: Vec::new(),
            added: Vec::new(),
            removed: transition.removed,
            gone,
        }
    }

    /// Numbers for the stages that come, and the way to the graph with them.
    pub(super) fn way(
        &self,
        underway: &mut ChangeUnderway,
        plan: &Plan,
        added_stages: &[AddedStage],
        (now, context): (&Graph, &Context<'_>),
    ) -> Result<(Vec<usize>, Transition), Refusal> {
        let numbers = self.numbers_for(added_stages.len(), context)?;
        let mut brought = BTreeMap::new();
        for (one, number) in added_stages.iter().zip(&numbers) {
            let channels = one.own.made.layout_out.channels();
            brought.insert(
                one.own.stage.clone(),
                (*number, one.latency_frames(), channels),
            );
        }
        let graph = self.planner().graph_of(plan, now, &brought);
        let transition = transition::change(&self.stages.laid, graph);
        let transition = transition?;
        self.within_ceiling(underway, &transition)?;
        Ok((numbers, transition))
    }

    pub(super) fn seconds(&self, seconds: f64) -> u64 {
        (seconds * f64::from(self.setup.sample_rate_hz)).round() as u64
    }

    /// Numbers that no stage has.
    pub(super) fn numbers_for(
        &self,
        count: usize,
        context: &Context<'_>,
    ) -> Result<Vec<usize>, Refusal> {
        let most = context.rings.numbers_max();
        let is_free = |number: &usize| {
            context.rings.stage(*number).is_none() && self.stages.get(*number).is_none()
        };
        let free: Vec<_> = (0..most).filter(is_free).take(count).collect();
        if free.len() < count {
            let found = self.stages.order().len() + count;
            return Err(Refusal::TooManyStages {
                found,
                most,
                began: self.stages.started_with(),
            });
        }
        Ok(free)
    }

    /// How an instance is made again after a failure, if the stage's `restart` says so.
    pub(super) fn place(&self, number: usize, running: &RunningStage) -> Option<RestartTerms> {
        let config = &self.configurations.config;
        let part = config.stage(&running.id)?;
        let restart = part.restart.as_ref()?;
        if running.heard == HeardSignal::Bypassed {
            return None;
        }
        let latency_frames = self.place_latency_frames(number)?;
        let layout_out = running.facts.layout_out;
        let terms = RestartTerms::new(restart, &running.recipe, layout_out, latency_frames);
        Some(terms)
    }
}
