//! Send: from instances that are ready to a change that the engine has.
//!
//! In: what was prepared, and how the network is laid out. Out: the change in the engine's ring;
//! or why it is not sent, and then everything that was made for it is ended.

use crate::config::keys::stream::reserve_help;
use crate::pipeline::{Arrival, Change, Graph, Loaded, Reschedule, Transition, transition};
use crate::session::candidate::Prepared;
use crate::session::changes::go::Next;
use crate::session::changes::job::{Job, Phase};
use crate::session::changes::prepare::Ready;
use crate::session::changes::{Changes, Context};
use crate::session::run::Pace;
use crate::swap::ask::Insert;

/// A prepared instance with its stage.
pub(super) struct Seated {
    pub(super) number: usize,
    pub(super) prepared: Prepared,
    /// How late the stage is before, and after.
    pub(super) latency_frames: [u64; 2],
}

impl Changes {
    /// Sends a change, or waits while an earlier one is under way.
    pub(super) fn send(
        &mut self,
        job: &mut Job,
        mut ready: Ready,
        context: &mut Context<'_>,
    ) -> Result<Next, String> {
        let is_full = context.rings.arrivals.is_full();
        if is_full || context.engine.is_passing() {
            return Ok(Next::Stays(Phase::Waiting(ready)));
        }
        job.steps = std::mem::take(&mut ready.steps);
        job.notes.append(&mut ready.notes);
        let mut change = Box::new(Change {
            number: job.number,
            ..Change::default()
        });
        match self.fill(job, ready.prepared, &mut change, context) {
            Ok(()) => {
                job.late_blocks = context.late_blocks;
                let pushed = context.rings.arrivals.push(Arrival::Change(change));
                debug_assert!(pushed.is_ok(), "there was room");
                Ok(Next::Goes(Phase::Sent))
            }
            Err(why) => {
                for processor in change.into_processors() {
                    self.restarts.end(processor);
                }
                Err(why)
            }
        }
    }

    /// Puts everything of a job into a change.
    fn fill(
        &mut self,
        job: &mut Job,
        prepared: Vec<Prepared>,
        change: &mut Change,
        context: &Context<'_>,
    ) -> Result<(), String> {
        let plan = job.landing.plan.take();
        let (own, further): (Vec<_>, Vec<_>) = prepared.into_iter().partition(|prepared| {
            let planned = plan.as_ref();
            !planned.is_some_and(|plan| plan.brings(&prepared.stage))
        });
        let mut seated = self.seated(own);
        let mut graph = self.cast.laid.graph.clone();
        self.lengthen(&mut graph, &seated);
        if let Some(plan) = plan {
            self.land_plan(job, &plan, further, (&mut graph, change), context)?;
        } else if graph != self.cast.laid.graph {
            let transition = transition::change(&self.cast.laid, graph);
            let transition = transition.map_err(|refused| refused.to_string())?;
            self.within_ceiling(job, &transition)?;
            change.schedule = Some(Box::new(self.reschedule(&transition)));
            self.cast.laid = transition.laid;
        }
        for one in seated.drain(..) {
            self.seat(job, one, change, context);
        }
        Ok(())
    }

    fn seated(&self, prepared: Vec<Prepared>) -> Vec<Seated> {
        let seat = |prepared: Prepared| {
            let number = self.cast.number(&prepared.stage)?;
            let place = self.place_latency_frames(number)?;
            Some(Seated {
                number,
                latency_frames: [place, place.max(prepared.timing.latency_frames)],
                prepared,
            })
        };
        prepared.into_iter().filter_map(seat).collect()
    }

    /// How late a stage is now.
    pub(super) fn place_latency_frames(&self, number: usize) -> Option<u64> {
        let graph = &self.cast.laid.graph;
        let at = graph.numbers.iter().position(|own| *own == number)?;
        Some(graph.network.stages[at].latency_frames)
    }

    fn lengthen(&self, graph: &mut Graph, seated: &[Seated]) {
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
        job: &mut Job,
        transition: &Transition,
    ) -> Result<(), String> {
        let (before, after) = (
            self.cast.laid.latency_frames,
            transition.laid.latency_frames,
        );
        let more = after.saturating_sub(before);
        if self.setup.pace == Pace::Fast || more == 0 {
            return Ok(());
        }
        if job.insert == Insert::Allowed {
            job.inserted_frames = more;
            return Ok(());
        }
        let reserve = u64::from(self.running.config.stream.latency_reserve_frames.value);
        let left = self.reserve_frames();
        let needed = left + more;
        Err(format!(
            "it makes the output {needed} frames later, and {left} frames of the reserve are left; \
             {}; `--insert` puts {more} frames of silence into the stream now",
            reserve_help(reserve + more)
        ))
    }

    /// A schedule in which nothing but latencies changes.
    fn reschedule(&self, transition: &Transition) -> Reschedule {
        Reschedule {
            next: Loaded::new(transition.after.clone(), self.setup.frames_max),
            fade: None,
            room: Vec::new(),
            added: Vec::new(),
            removed: Vec::new(),
            gone: Vec::new(),
        }
    }
}
