//! Send: from instances that are ready to a change that the engine has.
//!
//! In: what was prepared, and how the network is laid out. Out: the change in the engine's ring;
//! or why it is not sent, and then everything that was made for it is ended.

use crate::config::keys::stream::reserve_help;
use crate::pipeline::{Arrival, Change, Graph, LoadedSchedule, Reschedule, Transition, transition};
use crate::session::candidacy::{Ender, Holding};
use crate::session::candidate::Prepared;
use crate::session::changes::advance::Advance;
use crate::session::changes::machine::{ChangeMachine, Seating};
use crate::session::changes::plan::Plan;
use crate::session::changes::refusal::Refusal;
use crate::session::changes::schedule_change::PlanParts;
use crate::session::changes::underway::{ChangeUnderway, Purpose};
use crate::session::context::Context;
use crate::session::run::Pace;
use crate::swap::ask::Insert;
use crate::swap::table::Event;

/// A prepared instance with its stage.
pub(super) struct Seated {
    pub(super) number: usize,
    pub(super) prepared: Prepared,
    /// How late the stage is before, and after.
    pub(super) latency_frames: [u64; 2],
}

/// Instances for stages that are there, and those for stages that come with a plan.
pub(super) fn split(
    prepared: Vec<Prepared>,
    plan: Option<&Plan>,
) -> (Vec<Prepared>, Vec<Prepared>) {
    prepared
        .into_iter()
        .partition(|one| !plan.is_some_and(|plan| plan.brings(&one.stage)))
}

impl ChangeMachine {
    /// Sends a change, or waits while an earlier one is under way whose latencies are not settled.
    pub(super) fn send(
        &mut self,
        underway: &mut ChangeUnderway,
        context: &mut Context<'_>,
    ) -> Result<Advance, Refusal> {
        let at = context.position_frames;
        if !context.rings.has_room() || context.rings.engine().is_switching() {
            return underway.wait_for_room(at, self.setup.sample_rate_hz, &mut self.ender);
        }
        let Some(mut ready) = underway.candidacy.take() else {
            return Err(Refusal::Gone);
        };
        if underway.purpose == Purpose::DryRun {
            self.conclude_dry_run(underway, ready, context);
            return Ok(Advance::Over);
        }
        if !self
            .seating()
            .has_states(underway, &ready.prepared, context)
        {
            let held = Holding::Control(ready);
            underway.candidacy.hand_over(held, &[], at, &mut self.ender);
            return Ok(Advance::Waits);
        }
        underway.steps = std::mem::take(&mut ready.steps);
        underway.notes.append(&mut ready.notes);
        let mut change = underway.message();
        if let Err(why) = self.fill(underway, ready.prepared, &mut change, context) {
            let (held, events) = (Holding::Back(change.into_processors()), [Event::Refused]);
            let candidacy = &mut underway.candidacy;
            candidacy.hand_over(held, &events, at, &mut self.ender);
            return Err(why);
        }
        let sent = context.rings.send(Arrival::Change(change));
        debug_assert!(sent.is_ok(), "there was room");
        underway.sent(context, &mut self.ender);
        Ok(Advance::Further)
    }

    /// Puts everything of a change into the message to the engine; where that cannot be, what is left
    /// of it is ended.
    pub(super) fn fill(
        &mut self,
        underway: &mut ChangeUnderway,
        prepared: Vec<Prepared>,
        change: &mut Change,
        context: &Context<'_>,
    ) -> Result<(), Refusal> {
        let plan = underway.adoption.plan.take();
        let (own, further) = split(prepared, plan.as_ref());
        let seated = self.seated(own);
        let mut graph = self.stages.laid.graph.clone();
        self.seating().lengthen(&mut graph, &seated);
        let laid = match &plan {
            Some(plan) => {
                let parts = PlanParts {
                    plan,
                    prepared: further,
                    graph,
                };
                self.schedule_plan(underway, parts, change, context)
            }
            None => self.relay(underway, graph, change),
        };
        if let Err(why) = laid {
            let unheard = seated
                .into_iter()
                .map(|one| one.prepared.made.occupant.processor);
            self.ender.end_all(unheard);
            return Err(why);
        }
        for one in seated {
            self.seat(underway, one, change, context);
        }
        Ok(())
    }

    /// The schedule for stages that are later than before, where there are any.
    pub(super) fn relay(
        &mut self,
        underway: &mut ChangeUnderway,
        graph: Graph,
        change: &mut Change,
    ) -> Result<(), Refusal> {
        if graph == self.stages.laid.graph {
            return Ok(());
        }
        let transition = transition::change(&self.stages.laid, graph);
        let transition = transition?;
        self.seating().within_ceiling(underway, &transition)?;
        change.schedule = Some(Box::new(self.seating().reschedule(&transition)));
        self.stages.laid = transition.laid;
        Ok(())
    }

    pub(super) fn seated(&mut self, prepared: Vec<Prepared>) -> Vec<Seated> {
        let mut seated = Vec::new();
        for prepared in prepared {
            let number = self.stages.number(&prepared.stage);
            let place = number.and_then(|number| self.seating().place_latency_frames(number));
            match number.zip(place) {
                Some((number, place)) => seated.push(Seated {
                    number,
                    latency_frames: [place, place.max(prepared.made.timing.latency_frames)],
                    prepared,
                }),
                // Its stage went: nobody takes it.
                None => self.ender.end(prepared.made.occupant.processor),
            }
        }
        seated
    }
}

impl ChangeUnderway {
    /// The message to the engine, with nothing in it yet.
    fn message(&self) -> Box<Change> {
        let replay = self.replay.as_ref();
        Box::new(Change {
            number: self.number,
            not_before_frames: replay.map_or(0, |one| one.applied_at_frames),
            ..Change::default()
        })
    }

    /// The engine has it, or will.
    fn sent(&mut self, context: &Context<'_>, ender: &mut Ender) {
        let at = context.position_frames;
        self.late_blocks = context.late_blocks;
        self.candidacy.after(Event::Sent, at, ender);
        for stage_change in &mut self.stage_changes {
            stage_change.candidacy.after(Event::Sent, at, ender);
        }
    }

    /// Waits, as long as it may.
    fn wait_for_room(
        &mut self,
        at_frames: u64,
        sample_rate_hz: u32,
        ender: &mut Ender,
    ) -> Result<Advance, Refusal> {
        let candidacy = &mut self.candidacy;
        match candidacy.hold_to_bounds(at_frames, sample_rate_hz, ender) {
            None => Ok(Advance::Waits),
            Some(_) => Err(Refusal::Blocked),
        }
    }
}

impl Seating<'_> {
    /// Whether the states are there that second instances go on from; they are asked for, in a run
    /// that is replayed where they were.
    fn has_states(
        &self,
        underway: &mut ChangeUnderway,
        prepared: &[Prepared],
        context: &mut Context<'_>,
    ) -> bool {
        let states_at = underway.states_at_frames();
        if states_at.is_some_and(|states_at| context.position_frames < states_at) {
            return false;
        }
        if states_at.is_some() {
            self.ask_for_firsts(underway, prepared);
        }
        underway.states.are_there(context.rings)
    }

    /// How late a stage is now.
    pub(super) fn place_latency_frames(&self, number: usize) -> Option<u64> {
        let graph = &self.stages.laid.graph;
        let at = graph.numbers.iter().position(|own| *own == number)?;
        Some(graph.network.stages[at].latency_frames)
    }

    pub(super) fn lengthen(&self, graph: &mut Graph, seated: &[Seated]) {
        for one in seated {
            let at = graph.numbers.iter().position(|own| *own == one.number);
            if let Some(at) = at {
                graph.network.stages[at].latency_frames = one.latency_frames[1];
            }
        }
    }

    /// Live, the output never gets later than it was at the start.
    pub(super) fn within_ceiling(
        &self,
        underway: &mut ChangeUnderway,
        transition: &Transition,
    ) -> Result<(), Refusal> {
        let (before, after) = (
            self.stages.laid.latency_frames,
            transition.laid.latency_frames,
        );
        let more = after.saturating_sub(before);
        if self.setup.pace == Pace::Fast || more == 0 {
            return Ok(());
        }
        if underway.insert == Insert::Allowed {
            underway.inserted_frames = more;
            return Ok(());
        }
        let reserve = u64::from(
            self.configurations
                .config
                .stream
                .latency_reserve_frames
                .value,
        );
        let left = self.reserve_frames();
        let needed = left + more;
        Err(Refusal::TooLate {
            needed,
            left,
            more,
            help: reserve_help(reserve + more),
        })
    }

    /// A schedule in which nothing but latencies changes.
    pub(super) fn reschedule(&self, transition: &Transition) -> Reschedule {
        Reschedule {
            next: LoadedSchedule::new(transition.after.clone(), self.setup.frames_max),
            fade: None,
            larger_slots: Vec::new(),
            added: Vec::new(),
            removed: Vec::new(),
            gone: Vec::new(),
        }
    }
}
