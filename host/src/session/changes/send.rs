//! Send: from instances that are ready to a change that the engine has.
//!
//! In: what was prepared, and how the network is laid out. Out: the change in the engine's ring;
//! or why it is not sent, and then everything that was made for it is ended.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use segue_plugin::link::ParamEvent;
use segue_plugin::setup::Timing;
use segue_plugin::state::STATE_BYTES_MAX;

use crate::audio::FloatMode;
use crate::config::model::Stage as Part;
use crate::config::words::SwapTail;
use crate::loading::begin;
use crate::observe::Alignment;
use crate::pipeline::{
    Arrival, Change, Graph, Growth, Handoff, Loaded, Reschedule, Takeover, Transition, Trial,
    TrialSetup, transition,
};
use crate::session::build::StageFacts;
use crate::session::candidate::{Past, Prepared, Saved};
use crate::session::cast::{Before, Heard, Member};
use crate::session::changes::job::{Job, Phase, Piece};
use crate::session::changes::past::{Nothing, OfStage};
use crate::session::changes::prepare::Ready;
use crate::session::changes::{Changes, Context, PATIENCE};
use crate::session::run::Pace;
use crate::swap::ask::Insert;
use crate::swap::table::{Event, State, Wait};

/// How long states of an older schema may take to become ones of the newer.
const MIGRATE_DEADLINE: Duration = Duration::from_secs(60);

/// A prepared instance with its stage.
struct Seated {
    number: usize,
    prepared: Prepared,
    /// How late the stage is before, and after.
    latency_frames: [u64; 2],
}

/// Where a job is next.
enum Next {
    /// Elsewhere.
    Goes(Phase),
    /// Where it is, until something happens.
    Stays(Phase),
}

impl Changes {
    /// Moves every job on as far as it goes now.
    pub(super) fn go_on(&mut self, context: &mut Context<'_>) {
        let mut jobs = std::mem::take(&mut self.jobs);
        jobs.retain_mut(|job| !self.step(job, context));
        // What a step began comes after.
        jobs.append(&mut self.jobs);
        self.jobs = jobs;
    }

    /// One job; answers whether it is over.
    fn step(&mut self, job: &mut Job, context: &mut Context<'_>) -> bool {
        loop {
            let next = match std::mem::replace(&mut job.phase, Phase::Sent) {
                Phase::Sent => {
                    self.hold_to_bounds(job, context);
                    return self.settle(job, context);
                }
                Phase::Preparing(pending) => match self.look(&pending) {
                    None => Ok(Next::Stays(Phase::Preparing(pending))),
                    Some(Ok(Ok(ready))) => Ok(Next::Goes(self.migrate(ready, context))),
                    Some(Ok(Err(refused))) => Err(refused.to_string()),
                    Some(Err(missed)) => Err(format!("the change {missed}")),
                },
                Phase::Migrating(pending) => match self.look(&pending) {
                    None => Ok(Next::Stays(Phase::Migrating(pending))),
                    Some(Ok(ready)) => Ok(Next::Goes(Phase::Waiting(ready))),
                    Some(Err(missed)) => Err(format!("the change {missed}")),
                },
                Phase::Waiting(ready) => self.send(job, ready, context),
            };
            match next {
                Ok(Next::Goes(phase)) => job.phase = phase,
                Ok(Next::Stays(phase)) => {
                    job.phase = phase;
                    return false;
                }
                Err(why) => {
                    self.refuse_job(job, &why);
                    return true;
                }
            }
        }
    }

    /// What a thread of its own has to say: waited for off line, looked for otherwise.
    fn look<R>(
        &self,
        pending: &crate::loading::Pending<R>,
    ) -> Option<Result<R, crate::loading::Missed>> {
        if self.setup.pace == Pace::RealTime {
            return pending.look(Duration::ZERO);
        }
        while self.setup.stop.load(Ordering::Relaxed) == 0 {
            if let Some(answer) = pending.look(PATIENCE) {
                return Some(answer);
            }
        }
        None
    }

    /// Lets new instances go on from the states of old ones, where their schema is an older one.
    fn migrate(&self, mut ready: Ready, context: &Context<'_>) -> Phase {
        let mut all = Vec::new();
        for prepared in std::mem::take(&mut ready.prepared) {
            let number = self.cast.number(&prepared.stage);
            let stage = number.and_then(|number| context.engine.stage(number));
            let saved = match (prepared.migrates_from, stage) {
                (Some(schema), Some(stage)) => {
                    let mut bytes = vec![0; STATE_BYTES_MAX];
                    let written = stage.save_state(&mut bytes, &FloatMode::enter());
                    written.ok().map(|written| {
                        bytes.truncate(written);
                        Saved {
                            schema,
                            bytes,
                            at_frames: stage.frames_in(),
                        }
                    })
                }
                _ => None,
            };
            let history = number.and_then(|number| self.setup.histories.get(number)?.clone());
            let at_frames = stage.map_or(0, |stage| stage.frames_in());
            let past: Box<dyn Past> = match history {
                Some(history) => Box::new(OfStage(history)),
                None => Box::new(Nothing(at_frames)),
            };
            all.push((prepared, saved, past));
        }
        if all.iter().all(|(_, saved, _)| saved.is_none()) {
            ready.prepared = all.into_iter().map(|(prepared, ..)| prepared).collect();
            return Phase::Waiting(ready);
        }
        let migrating = begin(MIGRATE_DEADLINE, move || {
            let migrated = all.into_iter().map(|(prepared, saved, past)| {
                let Some(saved) = saved else { return prepared };
                match prepared.migrate(saved, past) {
                    Ok(prepared) => prepared,
                    Err((mut prepared, why)) => {
                        prepared
                            .notes
                            .push(format!("the old state was of no use: {why}"));
                        *prepared
                    }
                }
            });
            ready.prepared = migrated.collect();
            ready
        });
        match migrating {
            Ok(pending) => Phase::Migrating(pending),
            Err(_) => Phase::Waiting(Ready {
                prepared: Vec::new(),
                notes: vec!["the system gives no more threads".to_owned()],
                steps: Vec::new(),
            }),
        }
    }

    /// Sends a change, or waits while an earlier one is under way.
    fn send(
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
            self.land_plan(job, plan, further, (&mut graph, change), context)?;
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
        let reserve = self.running.config.stream.latency_reserve_frames.value;
        let enough = u64::from(reserve) + more;
        Err(format!(
            "the output would be {more} frames later, and nothing of the reserve is left for that; \
             latency_reserve_frames = {enough} in [stream] holds enough in reserve from the next \
             start on, and `--insert` puts {more} frames of silence into the stream now"
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

    /// Puts one instance beside the one that is there.
    fn seat(&mut self, job: &mut Job, seated: Seated, change: &mut Change, context: &Context<'_>) {
        let Seated {
            number,
            prepared,
            latency_frames: [before, after],
        } = seated;
        let (Some(stage), Some(member)) = (context.engine.stage(number), self.cast.member(number))
        else {
            self.restarts.end(prepared.occupant.processor);
            return;
        };
        let config = &self.running.config;
        let part = config
            .stages
            .iter()
            .find(|one| *one.id.value.as_str() == *member.id);
        let shape = crate::pipeline::Shape {
            latency_frames: after,
            ..stage.shape()
        };
        let old_latency_frames = self.own_latency_frames(member, before);
        let piece = Piece {
            stage: Arc::clone(&member.id),
            number,
            old: Some(member.identity()),
            new: Some(prepared.identity.clone()),
            alignment: Alignment {
                old_latency_frames,
                new_latency_frames: prepared.timing.latency_frames,
                before_frames: before,
                after_frames: after,
                reserve_frames: (after - before).saturating_sub(job.inserted_frames),
                inserted_frames: job.inserted_frames,
            },
            primed_frames: prepared.primed_frames,
            why_no_handoff: prepared.handoff_bytes.as_ref().err().cloned(),
            notes: prepared.notes.clone(),
            steps: prepared.steps.clone(),
            member: Some(self.next_member(member, part, &prepared, [after, before], context)),
            heap_calls: stage.heap_calls(),
            state: State::Primed.after(Event::Sent).state,
            since_frames: context.position_frames,
            done: None,
            fault: None,
        };
        let events = piece
            .member
            .as_ref()
            .map(|member| self.late_params(member, job))
            .unwrap_or_default();
        change
            .events
            .extend(events.into_iter().map(|event| (number, event)));
        let old_tail_frames = member.facts.timing.tail_frames;
        let trial = Trial::swap(TrialSetup {
            takeover: self.takeover(part, old_tail_frames),
            growth: (after > before).then(|| Growth::new(after - before, &shape)),
            handoff: prepared.handoff_bytes.ok().map(Handoff::new),
            primed_to_frames: prepared.primed_to_frames,
            sidechain_channels: member
                .recipe
                .sidechains
                .iter()
                .map(|one| one.channels())
                .collect(),
            frames_max: self.setup.frames_max,
            occupant: prepared.occupant,
            shape,
        });
        change.trials.push((number, Box::new(trial)));
        job.pieces.push(piece);
    }

    /// The latency of the instance itself, without what holds it back.
    fn own_latency_frames(&self, member: &Member, place: u64) -> u64 {
        match member.heard {
            Heard::Processed => member.own_latency_frames.min(place),
            Heard::Bypassed => 0,
        }
    }

    fn takeover(&self, part: Option<&Part>, tail_frames: u64) -> Takeover {
        let Some(part) = part else {
            let frames = self.frames(Duration::from_millis(20));
            return Takeover::Fade { frames };
        };
        let frames = self.frames(part.swap.fade.value);
        match part.swap.tail.value {
            SwapTail::Cut => Takeover::Fade { frames },
            SwapTail::Ring => Takeover::Ring {
                fade_frames: frames,
                tail_frames,
            },
        }
    }

    pub(super) fn frames(&self, time: Duration) -> u64 {
        (time.as_secs_f64() * f64::from(self.setup.sample_rate_hz)).round() as u64
    }

    /// What the stage is once the new instance is heard.
    fn next_member(
        &self,
        member: &Member,
        part: Option<&Part>,
        prepared: &Prepared,
        [latency_frames, _]: [u64; 2],
        context: &Context<'_>,
    ) -> Member {
        let kept = part.map_or(Duration::ZERO, |part| part.swap.rollback.value);
        let before = Before {
            found: (member.heard == Heard::Processed).then(|| member.found()),
            part: member.part.clone(),
            until_frames: context.position_frames + self.frames(kept),
        };
        let before = (!kept.is_zero()).then_some(before);
        let Some(recipe) = &prepared.recipe else {
            return Member {
                heard: Heard::Bypassed,
                before,
                ..member.clone()
            };
        };
        Member {
            id: Arc::clone(&member.id),
            part: part.map_or_else(|| member.part.clone(), |part| part.part.clone()),
            facts: StageFacts {
                timing: Timing {
                    latency_frames,
                    tail_frames: prepared.timing.tail_frames,
                },
                layout_out: prepared.layout_out,
                held_bytes: prepared.occupant.held_bytes,
                ..member.facts
            },
            own_latency_frames: prepared.timing.latency_frames,
            recipe: recipe.clone(),
            heard: Heard::Processed,
            before,
        }
    }

    /// Values that were set while the instance was being made.
    fn late_params(&self, member: &Member, job: &Job) -> Vec<ParamEvent> {
        if member.heard == Heard::Bypassed || job.action == "rollback" {
            return Vec::new();
        }
        let Ok(running) = self.running.after(&job.landing) else {
            return Vec::new();
        };
        self.retuned(member, &running.config)
            .map_or_else(|_| Vec::new(), |retuned| retuned.events)
    }

    /// What lasts longer than its bound is called back.
    fn hold_to_bounds(&mut self, job: &mut Job, context: &mut Context<'_>) {
        let at = context.position_frames;
        let mut recalled = Vec::new();
        for piece in &mut job.pieces {
            let Wait::Stream(most) = piece.state.wait() else {
                continue;
            };
            let most = (most.as_secs_f64() * f64::from(self.setup.sample_rate_hz)) as u64;
            if at.saturating_sub(piece.since_frames) > most {
                let step = piece.state.after(Event::DeadlineOver);
                piece.fault.get_or_insert_with(|| {
                    format!("it was {} for longer than it may be", piece.state.name())
                });
                (piece.state, piece.since_frames) = (step.state, at);
                recalled.push(piece.number);
            }
        }
        if !recalled.is_empty() && !context.rings.arrivals.is_full() {
            let change = Change {
                reversed: recalled,
                ..Change::default()
            };
            let pushed = context
                .rings
                .arrivals
                .push(Arrival::Change(Box::new(change)));
            debug_assert!(pushed.is_ok(), "there was room");
        }
    }
}
