//! Seat: one instance that was prepared, on its way into the place of another.
//!
//! In: a stage that runs, and the instance. Out: its trial in the change that is to be sent; what
//! the stage is once that is over.

use crate::config::model::Stage as Part;
use crate::config::words::SwapTail;
use crate::observe::Alignment;
use crate::pipeline::{Change, Growth, Handoff, Shape, Stage, Takeover, Trial, TrialSetup};
use crate::session::build::StageFacts;
use crate::session::cast::{Before, Heard, Member};
use crate::session::changes::job::{Job, Piece};
use crate::session::changes::send::Seated;
use crate::session::changes::tune::Retuned;
use crate::session::changes::{Changes, Context};
use crate::swap::table::{Event, State};
use segue_plugin::setup::Timing;
use std::sync::Arc;
use std::time::Duration;

impl Changes {
    /// Puts one instance beside the one that is there.
    pub(super) fn seat(
        &mut self,
        job: &mut Job,
        mut seated: Seated,
        change: &mut Change,
        context: &Context<'_>,
    ) {
        let number = seated.number;
        let (Some(stage), Some(member)) = (context.engine.stage(number), self.cast.member(number))
        else {
            self.restarts.end(seated.prepared.occupant.processor);
            return;
        };
        let wanted = self.running.after(&job.landing);
        let config = wanted.map_or_else(|_| Arc::clone(&self.running.config), |after| after.config);
        let mut stages = config.stages.iter();
        let part = stages.find(|one| *one.id.value.as_str() == *member.id);
        let mut piece = self.piece_of(job, &seated, (member, stage), context);
        let mut next = self.next_member(member, part, &seated, context);
        if let Some(retuned) = self.late(&next, job) {
            for event in retuned.events {
                // Nobody hears it yet, and its index was looked up in its own manifest.
                let processor = &mut seated.prepared.occupant.processor;
                let _ = processor.set_param(event.index, event.value);
            }
            next.recipe.bound.params = retuned.params;
        }
        // Values that are set meanwhile reach both, where both count parameters alike.
        let (now, then) = (member.bound(), next.bound());
        let same_params = next.heard == Heard::Processed
            && now.plugin == then.plugin
            && now.component.entries == then.component.entries;
        piece.member = Some(next);
        let trial = self.trial(seated, (member, stage), part);
        let trial = match same_params {
            true => trial,
            false => trial.without_events(),
        };
        change.trials.push((number, Box::new(trial)));
        job.pieces.push(piece);
    }

    /// What is known of the exchange before it is sent.
    fn piece_of(
        &self,
        job: &Job,
        seated: &Seated,
        (member, stage): (&Member, &Stage),
        context: &Context<'_>,
    ) -> Piece {
        let (prepared, [before, after]) = (&seated.prepared, seated.latency_frames);
        Piece {
            stage: Arc::clone(&member.id),
            number: seated.number,
            old: Some(member.identity()),
            new: Some(prepared.identity.clone()),
            alignment: Alignment {
                old_latency_frames: self.own_latency_frames(member, before),
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
            member: None,
            heap_calls: stage.heap_calls(),
            state: State::Primed.after(Event::Sent).state,
            since_frames: context.position_frames,
            done: None,
            fault: None,
        }
    }

    fn trial(
        &self,
        seated: Seated,
        (member, stage): (&Member, &Stage),
        part: Option<&Part>,
    ) -> Trial {
        let (prepared, [before, after]) = (seated.prepared, seated.latency_frames);
        let shape = Shape {
            latency_frames: after,
            ..stage.shape()
        };
        let keys = member.recipe.sidechains.iter();
        Trial::swap(TrialSetup {
            takeover: self.takeover(part, member.facts.timing.tail_frames),
            growth: (after > before).then(|| Growth::new(after - before, &shape)),
            handoff: prepared.handoff_bytes.ok().map(Handoff::new),
            primed_to_frames: prepared.primed_to_frames,
            sidechain_channels: keys.map(|one| one.channels()).collect(),
            frames_max: self.setup.frames_max,
            occupant: prepared.occupant,
            shape,
        })
    }

    /// The latency of the instance itself, without what holds it back.
    pub(super) fn own_latency_frames(&self, member: &Member, place: u64) -> u64 {
        match member.heard {
            Heard::Processed => member.own_latency_frames.min(place),
            Heard::Bypassed => 0,
        }
    }

    pub(super) fn takeover(&self, part: Option<&Part>, tail_frames: u64) -> Takeover {
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
    pub(super) fn next_member(
        &self,
        member: &Member,
        part: Option<&Part>,
        seated: &Seated,
        context: &Context<'_>,
    ) -> Member {
        let (prepared, [_, latency_frames]) = (&seated.prepared, seated.latency_frames);
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

    /// Values that were set while the instance was being made, or while both were heard.
    pub(super) fn late(&self, member: &Member, job: &Job) -> Option<Retuned> {
        if member.heard == Heard::Bypassed || job.action == "rollback" {
            return None;
        }
        let running = self.running.after(&job.landing).ok()?;
        self.retuned(member, &running.config).ok()
    }
}
