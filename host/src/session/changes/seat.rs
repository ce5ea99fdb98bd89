//! Seat: one instance that was prepared, on its way into the place of another.
//!
//! In: a stage that runs, and the instance. Out: its trial in the change that is to be sent; what
//! the stage is once that is over.

use crate::config::model::Stage as Part;
use crate::config::words::SwapTail;
use crate::observe::Alignment;
use crate::pipeline::{Change, Growth, Handoff, Takeover, Trial, TrialSetup};
use crate::session::build::StageFacts;
use crate::session::candidate::Prepared;
use crate::session::cast::{Before, Heard, Member};
use crate::session::changes::job::{Job, Piece};
use crate::session::changes::send::Seated;
use crate::session::changes::{Changes, Context};
use crate::swap::table::{Event, State};
use segue_plugin::link::ParamEvent;
use segue_plugin::setup::Timing;
use std::sync::Arc;
use std::time::Duration;

impl Changes {
    /// Puts one instance beside the one that is there.
    pub(super) fn seat(
        &mut self,
        job: &mut Job,
        seated: Seated,
        change: &mut Change,
        context: &Context<'_>,
    ) {
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
    pub(super) fn late_params(&self, member: &Member, job: &Job) -> Vec<ParamEvent> {
        if member.heard == Heard::Bypassed || job.action == "rollback" {
            return Vec::new();
        }
        let Ok(running) = self.running.after(&job.landing) else {
            return Vec::new();
        };
        self.retuned(member, &running.config)
            .map_or_else(|_| Vec::new(), |retuned| retuned.events)
    }
}
