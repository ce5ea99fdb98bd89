//! Apply: what control code sent takes effect.
//!
//! In: arrivals. Out: stages with new instances, values and schedules, from the block to come on.
//! On the audio thread.

use crate::cpu::FloatMode;
use crate::loading::meter::RealTimeScope;
use crate::pipeline::change::{Change, Reschedule};
use crate::pipeline::engine::Engine;
use crate::pipeline::engine::switch::ScheduleSwitch;
use crate::pipeline::exchange::{Arrival, SavedState, ScheduleState};
use std::time::Instant;

impl Engine {
    /// Takes what control code sent, as far as it can begin now.
    #[cold]
    pub(super) fn take_arrivals(&mut self, position_frames: u64) {
        while let Some(arrival) = self.next_arrival(position_frames) {
            match arrival {
                Arrival::Candidate { stage, candidate } => {
                    if let Some(stage) = self.stages.get_mut(stage).and_then(Option::as_mut) {
                        stage.begin_candidate(candidate);
                    }
                }
                Arrival::Change(change) => self.apply(change, position_frames),
            }
        }
    }

    /// Lets control code have the states that it asks for, as they are now, at this place of the
    /// stream. Thread: audio.
    pub fn answer(&mut self, position_frames: u64) {
        let _scope = RealTimeScope::enter();
        let mode = FloatMode::enter();
        self.answer_requests(position_frames, &mode);
    }

    #[cold]
    pub(super) fn answer_requests(&mut self, position_frames: u64, mode: &FloatMode) {
        while let Some(mut request) = self.exchange.next_request() {
            let stage = self.stages.get(request.stage).and_then(Option::as_ref);
            request.saved = stage.map(|stage| SavedState {
                at_frames: stage.gauges().frames_in(),
                position_frames,
                written: stage.save_state(&mut request.bytes, mode),
            });
            self.exchange.answer(request);
        }
    }

    fn next_arrival(&mut self, position_frames: u64) -> Option<Arrival> {
        let schedule_state = self.schedule_state();
        self.exchange
            .next(&self.stages, schedule_state, position_frames)
    }

    pub(super) const fn schedule_state(&self) -> ScheduleState {
        match self.switch {
            Some(_) => ScheduleState::Switching,
            None => ScheduleState::Settled,
        }
    }

    /// Applies a change: from this frame on, all of it.
    pub(super) fn apply(&mut self, mut change: Box<Change>, position_frames: u64) {
        let began = Instant::now();
        let is_switching = change.schedule.is_some();
        if let Some(schedule) = &mut change.schedule {
            self.begin_schedule(schedule);
        }
        for number in &change.reversed {
            if let Some(stage) = self.stages.get_mut(*number).and_then(Option::as_mut) {
                stage.reverse();
            }
        }
        self.begin_candidates(&mut change);
        for (number, event) in &change.param_events {
            if let Some(stage) = self.stages.get_mut(*number).and_then(Option::as_mut) {
                // Admitted only where there is room.
                let _ = stage.push_param_event(*event);
            }
        }
        change.applied_at_frames = Some(position_frames);
        change.exchange_ns = began.elapsed().as_nanos() as u64;
        if is_switching {
            self.switch = Some(ScheduleSwitch::new(change));
        } else {
            change.over_at_frames = Some(position_frames);
            self.exchange.give_back(change);
        }
    }

    /// Runs another schedule, with the stages that come with it.
    fn begin_schedule(&mut self, schedule: &mut Reschedule) {
        if schedule.larger_slots.capacity() > 0 {
            let slots = &mut schedule.larger_slots;
            slots.append(&mut self.stages);
            slots.resize_with(slots.capacity(), || None);
            std::mem::swap(&mut self.stages, slots);
        }
        for (number, stage) in schedule.added.drain(..) {
            self.stages[number] = Some(stage);
        }
        schedule.next.inherit(&mut self.schedule);
        std::mem::swap(&mut self.schedule, &mut schedule.next);
        self.gauges.set_schedule(self.schedule.latency_frames, true);
        for (number, frames) in &self.schedule.stage_stalls {
            if let Some(stage) = self.stages.get_mut(*number).and_then(Option::as_mut) {
                stage.lag(*frames);
            }
        }
    }

    /// Begins the candidates of a change. One whose stage is gone, or has one already, stays in the
    /// change and goes back with it.
    fn begin_candidates(&mut self, change: &mut Change) {
        for at in (0..change.candidates.len()).rev() {
            let stage = self.stages.get_mut(change.candidates[at].0);
            match stage.and_then(Option::as_mut) {
                Some(stage) if stage.takes_candidate() => {
                    stage.begin_candidate(change.candidates.swap_remove(at).1);
                }
                Some(_) | None => self.exchange.forget(1),
            }
        }
    }
}
