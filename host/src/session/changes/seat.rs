//! Seat: one instance that was prepared, on its way into the place of another.
//!
//! In: a stage that runs, and the instance. Out: its candidate in the change that is to be sent; what
//! the stage is once that is over.

use segue_plugin::setup::Timing;

use crate::config::model::StageConfig as Part;
use crate::config::words::SwapTail;
use crate::observe::{Alignment, ChangeAction};
use crate::pipeline::{
    CandidateSetup, Change, Fade, Handoff, LatencyGrowth, PlannedFade, StageCandidate, StageGauges,
};
use crate::session::build::StageFacts;
use crate::session::candidacy::Candidacy;
use crate::session::candidate::Prepared;
use crate::session::changes::machine::{ChangeMachine, Seating};
use crate::session::changes::send::Seated;
use crate::session::changes::set_values::NewValues;
use crate::session::changes::underway::{ChangeUnderway, StageChange};
use crate::session::context::Context;
use crate::session::running_stages::{Before, RunningStage};
use crate::swap::ask::HeardSignal;
use std::sync::Arc;
use std::time::Duration;

impl ChangeMachine {
    /// Puts one instance beside the one that is there.
    pub(super) fn seat(
        &mut self,
        underway: &mut ChangeUnderway,
        mut seated: Seated,
        change: &mut Change,
        context: &Context<'_>,
    ) {
        let number = seated.number;
        let (Some(stage), Some(running)) = (context.rings.stage(number), self.stages.get(number))
        else {
            self.ender.end(seated.prepared.made.occupant.processor);
            return;
        };
        let wanted = self.configurations.after(&mut underway.adoption);
        let config = wanted.map_or_else(
            |_| Arc::clone(&self.configurations.config),
            |after| Arc::clone(&after.config),
        );
        let part = config.stage(&running.id);
        let mut stage_change = self
            .seating()
            .stage_change_of(underway, &seated, (running, stage));
        let mut next = self.seating().next_stage(running, part, &seated, context);
        if let Some(new_values) = self.late_values(&next, underway) {
            set_unheard(&mut seated.prepared, &new_values);
            next.recipe.bound.params = new_values.params;
        }
        // Values that are set meanwhile reach both, where both count parameters alike.
        let is_alike = counts_alike(running, &next);
        stage_change.running = Some(next);
        let candidate = self.seating().candidate(seated, running, part);
        let candidate = match is_alike {
            true => candidate,
            false => candidate.without_param_events(),
        };
        change.candidates.push((number, Box::new(candidate)));
        underway.stage_changes.push(stage_change);
    }

    /// Values that were set while the instance was being made, or while both were heard.
    pub(super) fn late_values(
        &self,
        running: &RunningStage,
        underway: &mut ChangeUnderway,
    ) -> Option<NewValues> {
        if running.heard == HeardSignal::Bypassed || underway.action == ChangeAction::Rollback {
            return None;
        }
        let wanted = self.configurations.after(&mut underway.adoption).ok()?;
        self.planner().new_values(running, &wanted.config).ok()
    }
}

impl Seating<'_> {
    /// What is known of the exchange before it is sent.
    pub(super) fn stage_change_of(
        &self,
        underway: &ChangeUnderway,
        seated: &Seated,
        (running, stage): (&RunningStage, &StageGauges),
    ) -> StageChange {
        let (prepared, [before, after]) = (&seated.prepared, seated.latency_frames);
        StageChange {
            stage: running.id.clone(),
            number: seated.number,
            old: Some(running.identity()),
            new: Some(prepared.identity.clone()),
            alignment: Alignment {
                old_latency_frames: self.own_latency_frames(running, before),
                new_latency_frames: prepared.made.timing.latency_frames,
                before_frames: before,
                after_frames: after,
                reserve_frames: (after - before).saturating_sub(underway.inserted_frames),
                inserted_frames: underway.inserted_frames,
            },
            primed_frames: prepared.primed.as_ref().map_or(0, |primed| primed.frames),
            primed_range_frames: prepared
                .primed
                .as_ref()
                .map(|primed| primed.range_frames.clone()),
            why_no_handoff: prepared
                .handoff_bytes
                .as_ref()
                .err()
                .map(ToString::to_string),
            notes: prepared.notes.clone(),
            steps: prepared.steps.clone(),
            running: None,
            heap_calls: stage.heap_calls(),
            candidacy: Candidacy::of_stage(&underway.candidacy, seated.number),
            done: None,
            fault: None,
        }
    }

    pub(super) fn candidate(
        &self,
        seated: Seated,
        running: &RunningStage,
        part: Option<&Part>,
    ) -> StageCandidate {
        let (prepared, [before, after]) = (seated.prepared, seated.latency_frames);
        let place = &running.recipe.placement;
        let shape = place.shape(running.facts.layout_out, after);
        StageCandidate::swap(CandidateSetup {
            fade: self.planned_fade(part, running.facts.timing.tail_frames),
            growth: (after > before).then(|| LatencyGrowth::new(after - before, &shape)),
            handoff: prepared.handoff_bytes.ok().map(Handoff::new),
            primed_to_frames: prepared.primed.map(|primed| primed.to_frames),
            sidechain_channels: place.sidechain_channels(),
            frames_max: self.setup.frames_max,
            occupant: prepared.made.occupant,
            shape,
        })
    }

    /// The latency of the instance itself, without what holds it back.
    pub(super) fn own_latency_frames(&self, running: &RunningStage, place: u64) -> u64 {
        match running.heard {
            HeardSignal::Processed => running.own_latency_frames.min(place),
            HeardSignal::Bypassed => 0,
        }
    }

    pub(super) fn planned_fade(&self, part: Option<&Part>, tail_frames: u64) -> PlannedFade {
        let Some(part) = part else {
            let frames = Fade::at(self.setup.sample_rate_hz).frames();
            return PlannedFade::Crossfade { frames };
        };
        let frames = self.frames(part.swap.fade.value);
        match part.swap.tail.value {
            SwapTail::Cut => PlannedFade::Crossfade { frames },
            SwapTail::Ring => PlannedFade::Tail {
                fade_frames: frames,
                tail_frames,
            },
        }
    }

    pub(super) fn frames(&self, time: Duration) -> u64 {
        (time.as_secs_f64() * f64::from(self.setup.sample_rate_hz)).round() as u64
    }

    /// What the stage is once the new instance is heard.
    pub(super) fn next_stage(
        &self,
        running: &RunningStage,
        part: Option<&Part>,
        seated: &Seated,
        context: &Context<'_>,
    ) -> RunningStage {
        let (prepared, [_, latency_frames]) = (&seated.prepared, seated.latency_frames);
        let kept = part.map_or(Duration::ZERO, |part| part.swap.rollback.value);
        let before = Before {
            found: (running.heard == HeardSignal::Processed).then(|| running.found()),
            part: running.part.clone(),
            until_frames: context.position_frames + self.frames(kept),
        };
        let before = (!kept.is_zero()).then_some(before);
        let Some(recipe) = &prepared.recipe else {
            return RunningStage {
                heard: HeardSignal::Bypassed,
                before,
                ..running.clone()
            };
        };
        RunningStage {
            id: running.id.clone(),
            part: part.map_or_else(|| running.part.clone(), |part| part.part.clone()),
            facts: StageFacts {
                timing: Timing {
                    latency_frames,
                    tail_frames: prepared.made.timing.tail_frames,
                },
                layout_out: prepared.made.layout_out,
                held_bytes: prepared.made.occupant.held_bytes,
                ..running.facts
            },
            own_latency_frames: prepared.made.timing.latency_frames,
            recipe: recipe.clone(),
            heard: HeardSignal::Processed,
            before,
        }
    }
}

/// Gives an instance that nobody hears yet other values.
pub(super) fn set_unheard(prepared: &mut Prepared, new_values: &NewValues) {
    for event in &new_values.events {
        // Its index was looked up in its own manifest.
        let processor = &mut prepared.made.occupant.processor;
        let _ = processor.set_param(event.index, event.value);
    }
}

/// Whether the parameters of a stage's next instance have the indices of those of its last.
fn counts_alike(now: &RunningStage, next: &RunningStage) -> bool {
    let (old, new) = (now.bound(), next.bound());
    next.heard == HeardSignal::Processed
        && old.plugin == new.plugin
        && old.component.entries == new.component.entries
}
