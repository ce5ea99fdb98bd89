//! Dry run: an edit that goes its whole way but the last step.
//!
//! In: a plan, and the instances that were made for it. Out: the plan in words, or why the edit would
//! be refused, in the words in which it would be. What was made is ended, and nothing is heard of it.

use crate::pipeline::Graph;
use crate::session::candidacy::Holding;
use crate::session::changes::added_stage::AddedStage;
use crate::session::changes::conclude::reply;
use crate::session::changes::machine::{ChangeMachine, Seating};
use crate::session::changes::plan::Plan;
use crate::session::changes::prepare::Ready;
use crate::session::changes::refusal::Refusal;
use crate::session::changes::send::{Seated, split};
use crate::session::changes::underway::ChangeUnderway;
use crate::session::context::Context;
use crate::swap::ask::Answer;
use crate::swap::table::Event;

impl ChangeMachine {
    /// Returns what an edit would do; what was made for it goes.
    pub(super) fn conclude_dry_run(
        &mut self,
        underway: &mut ChangeUnderway,
        ready: Ready,
        context: &Context<'_>,
    ) {
        let plan = underway.adoption.plan.take();
        let (own, further) = split(ready.prepared, plan.as_ref());
        let seated = self.seated(own);
        let added_stages = plan
            .as_ref()
            .map(|plan| self.seating().added_stages(further, plan));
        let added_stages = added_stages.unwrap_or_default();
        let judged = plan.as_ref().map_or(Ok(()), |plan| {
            self.seating()
                .would_go(underway, plan, (&seated, &added_stages), context)
        });
        let unheard = seated
            .into_iter()
            .map(|one| one.prepared.made.occupant.processor);
        let unheard = unheard.chain(
            added_stages
                .into_iter()
                .flat_map(AddedStage::into_processors),
        );
        let (held, at) = (Holding::Back(unheard.collect()), context.position_frames);
        underway
            .candidacy
            .hand_over(held, &[Event::Cancelled], at, &mut self.ender);
        let answer = match judged {
            Ok(()) => Answer::Planned(plan.map(|plan| plan.lines).unwrap_or_default()),
            Err(why) => Answer::Refused(why.to_string()),
        };
        reply(underway.answer.take(), answer);
    }
}

impl Seating<'_> {
    /// Whether there is a way to the schedule of a plan, within the latency that the session has.
    pub(super) fn would_go(
        &self,
        underway: &mut ChangeUnderway,
        plan: &Plan,
        (seated, added_stages): (&[Seated], &[AddedStage]),
        context: &Context<'_>,
    ) -> Result<(), Refusal> {
        let mut graph: Graph = self.stages.laid.graph.clone();
        self.lengthen(&mut graph, seated);
        self.way(underway, plan, added_stages, (&graph, context))
            .map(drop)
    }
}
