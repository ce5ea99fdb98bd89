//! Apply: what control code sent takes effect.
//!
//! In: arrivals. Out: stages with new instances, values and schedules, from the block to come on.
//! On the audio thread.

use crate::pipeline::change::Change;
use crate::pipeline::engine::Engine;
use crate::pipeline::engine::passage::Passage;
use crate::pipeline::exchange::{Arrival, UnderWay};
use std::time::Instant;

impl Engine {
    /// Takes what control code sent, as far as it can begin now.
    #[cold]
    pub(super) fn take_arrivals(&mut self, position_frames: u64) {
        while let Some(arrival) = self.exchange.next(&self.stages, self.under_way()) {
            match arrival {
                Arrival::Trial { stage, trial } => {
                    if let Some(stage) = self.stages.get_mut(stage).and_then(Option::as_mut) {
                        stage.begin_trial(trial);
                    }
                }
                Arrival::Change(change) => self.apply(change, position_frames),
            }
        }
    }

    pub(super) const fn under_way(&self) -> UnderWay {
        match self.passage {
            Some(_) => UnderWay::Change,
            None => UnderWay::Nothing,
        }
    }

    /// Applies a change: from this frame on, all of it.
    pub(super) fn apply(&mut self, mut change: Box<Change>, position_frames: u64) {
        let began = Instant::now();
        let mut is_passing = false;
        if let Some(schedule) = &mut change.schedule {
            is_passing = true;
            if schedule.room.capacity() > 0 {
                schedule.room.append(&mut self.stages);
                schedule.room.resize_with(schedule.room.capacity(), || None);
                std::mem::swap(&mut self.stages, &mut schedule.room);
            }
            for (number, stage) in schedule.added.drain(..) {
                self.stages[number] = Some(stage);
            }
            schedule.next.inherit(&mut self.score);
            std::mem::swap(&mut self.score, &mut schedule.next);
            for (number, frames) in &self.score.stage_stalls {
                if let Some(stage) = self.stages.get_mut(*number).and_then(Option::as_mut) {
                    stage.lag(*frames);
                }
            }
        }
        for number in &change.reversed {
            if let Some(stage) = self.stages.get_mut(*number).and_then(Option::as_mut) {
                stage.reverse();
            }
        }
        self.begin_trials(&mut change);
        for (number, event) in &change.events {
            if let Some(stage) = self.stages.get_mut(*number).and_then(Option::as_mut) {
                // Admitted only where there is room.
                let _ = stage.push_event(*event);
            }
        }
        change.applied_at_frames = Some(position_frames);
        change.exchange_ns = began.elapsed().as_nanos() as u64;
        if is_passing {
            self.passage = Some(Passage::new(change));
        } else {
            change.over_at_frames = Some(position_frames);
            self.exchange.give_back(change);
        }
    }

    /// Begins the trials of a change. One whose stage is gone, or has one already, stays in the
    /// change and goes back with it.
    fn begin_trials(&mut self, change: &mut Change) {
        for at in (0..change.trials.len()).rev() {
            let stage = self.stages.get_mut(change.trials[at].0);
            match stage.and_then(Option::as_mut) {
                Some(stage) if stage.takes_trial() => {
                    stage.begin_trial(change.trials.swap_remove(at).1);
                }
                Some(_) | None => self.exchange.forget(1),
            }
        }
    }
}
