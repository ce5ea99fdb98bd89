//! Switch: the blocks in which one schedule follows another.
//!
//! In: a change that was applied. Out: the same frames as ever, while gates open one after the
//! other and readers go over to new sources; then the change, holding what is no longer used.
//!
//! A block is cut wherever a gate opens or the fade begins or ends, so that within a part every
//! step takes part wholly or not at all. On the audio thread.

use crate::cpu::FloatMode;
use crate::pipeline::block::{Lent, OutputUse};
use crate::pipeline::change::{Change, ScheduleFade};
use crate::pipeline::engine::clock::Laps;
use crate::pipeline::engine::mix::copy;
use crate::pipeline::engine::{Engine, Stopped};
use crate::pipeline::loaded_schedule::LoadedSchedule;
use crate::pipeline::schedule::{Gate, Step};

/// A change under way.
#[derive(Debug)]
pub(super) struct ScheduleSwitch {
    pub(super) change: Box<Change>,
    /// Frames since it was applied.
    elapsed: u64,
}

impl ScheduleSwitch {
    pub(super) const fn new(change: Box<Change>) -> Self {
        Self { change, elapsed: 0 }
    }

    fn schedule_fade(&self) -> Option<&ScheduleFade> {
        self.change.schedule.as_ref()?.fade.as_ref()
    }

    /// Frames until the next gate opens or the fade begins or ends.
    fn until_cut(&self, schedule: &LoadedSchedule) -> u64 {
        let gates = schedule.gates.iter();
        let gates = gates.flat_map(|gate| [gate.push_from, gate.pop_from]);
        let gates = gates.filter(|_| self.elapsed < schedule.stalled_frames);
        let fade = self.schedule_fade().map(|schedule_fade| {
            let begins = schedule_fade.begins_at_frames;
            [begins, begins + schedule_fade.fade.frames()]
        });
        let cuts = gates.chain([schedule.output_stall_frames]);
        let cuts = cuts.chain(fade.into_iter().flatten());
        let left = cuts.filter_map(|cut| cut.checked_sub(self.elapsed));
        left.filter(|left| *left > 0).min().unwrap_or(u64::MAX)
    }

    /// Whether the schedule that runs has nothing left to wait for.
    fn is_over(&self, schedule: &LoadedSchedule) -> bool {
        let fade = self.schedule_fade();
        let faded = fade.map_or(0, |fade| fade.begins_at_frames + fade.fade.frames());
        let stalled = schedule.stalled_frames.max(schedule.output_stall_frames);
        self.elapsed >= faded.max(stalled)
    }
}

/// What of a step takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TakesPart {
    push: bool,
    pop: bool,
}

impl TakesPart {
    const fn at(gate: Gate, elapsed: u64) -> Self {
        Self {
            push: elapsed >= gate.push_from,
            pop: elapsed >= gate.pop_from,
        }
    }
}

impl TakesPart {
    /// Whether what a stage gives is taken.
    const fn output_use(self) -> OutputUse {
        match self.push {
            true => OutputUse::Taken,
            false => OutputUse::Withheld,
        }
    }
}

impl Engine {
    /// A block, or what is left of it when the change is over.
    #[cold]
    pub(super) fn run_switching(
        &mut self,
        block: &mut Lent<'_>,
        mode: &FloatMode,
        laps: &mut Laps,
    ) -> Result<(), Stopped> {
        let (frames, mut done, mut result) = (block.input.frames(), 0, Ok(()));
        while done < frames {
            let left = frames - done;
            let Some(switch) = &self.switch else {
                let mut rest = block.part(done, left);
                return self.run_steps(&mut rest, mode, laps).and(result);
            };
            let count = switch.until_cut(&self.schedule).min(left as u64) as usize;
            let elapsed = switch.elapsed;
            let mut part = block.part(done, count);
            result = self.run_gated(&mut part, elapsed, mode, laps).and(result);
            if elapsed < self.schedule.output_stall_frames {
                let output = &mut part.output;
                (0..output.channels()).for_each(|channel| output.channel(channel).fill(0.0));
                self.withheld_frames += count;
            }
            done += count;
            self.advance(count as u64, block.position_frames + done as u64);
        }
        result
    }

    fn run_gated(
        &mut self,
        block: &mut Lent<'_>,
        elapsed: u64,
        mode: &FloatMode,
        laps: &mut Laps,
    ) -> Result<(), Stopped> {
        let mut result = Ok(());
        for at in 0..self.schedule.steps.len() {
            let part = TakesPart::at(self.schedule.gates[at], elapsed);
            match (&self.schedule.steps[at], part) {
                (Step::Run { stage, .. }, TakesPart { pop: true, .. }) => {
                    let (stage, used) = (*stage, part.output_use());
                    let ran = self.run(at, block, mode, used);
                    result = self
                        .account(stage, block.position_frames, ran, laps)
                        .and(result);
                    continue;
                }
                (Step::Delay { .. }, TakesPart { push, pop }) if push != pop => {
                    self.fill_or_drain(at, block, part);
                }
                (Step::Blend { .. }, TakesPart { pop: true, .. }) => self.blend(at, block, elapsed),
                (_, TakesPart { pop: true, .. }) => self.pass(at, block),
                (_, TakesPart { pop: false, .. }) => {}
            }
            laps.host();
        }
        result
    }

    /// A delay line whose reader waits while it is written, or the other way round.
    fn fill_or_drain(&mut self, at: usize, block: &mut Lent<'_>, part: TakesPart) {
        let Step::Delay { from, line, into } = &self.schedule.steps[at] else {
            return;
        };
        let line = &mut self.schedule.lines[*line];
        self.schedule.store.write(*into, block, |reader, mut into| {
            if part.push {
                line.line.push(reader.view(*from));
            } else {
                line.line.pop(&mut into);
            }
        });
    }

    /// The old sources of a reader, the new ones, or both.
    fn blend(&mut self, at: usize, block: &mut Lent<'_>, elapsed: u64) {
        let Step::Blend { old, new, into } = self.schedule.steps[at] else {
            return;
        };
        let schedule_fade = self.switch.as_ref().and_then(ScheduleSwitch::schedule_fade);
        let (begins, fade) = schedule_fade.map_or((u64::MAX, None), |schedule_fade| {
            (schedule_fade.begins_at_frames, Some(schedule_fade.fade))
        });
        self.schedule.store.write(into, block, |reader, mut into| {
            copy(reader.view(old), &mut into);
            let Some(fade) = fade else { return };
            let (before, done) = (
                begins.saturating_sub(elapsed),
                elapsed.saturating_sub(begins),
            );
            let new = reader.view(new);
            for channel in 0..into.channels().min(new.channels()) {
                fade.mix(before, done, into.channel(channel), new.channel(channel));
            }
        });
    }

    /// Goes on by so many frames, and over to what comes after.
    fn advance(&mut self, frames: u64, position_frames: u64) {
        let Some(switch) = &mut self.switch else {
            return;
        };
        switch.elapsed += frames;
        if !switch.is_over(&self.schedule) {
            return;
        }
        let Some(switch) = self.switch.take() else {
            return;
        };
        let mut change = switch.change;
        if let Some(schedule) = &mut change.schedule {
            if let Some(schedule_fade) = &mut schedule.fade {
                schedule_fade.after.inherit(&mut self.schedule);
                std::mem::swap(&mut self.schedule, &mut schedule_fade.after);
            }
            for number in &schedule.removed {
                let stage = self.stages.get_mut(*number).and_then(Option::take);
                if let Some(stage) = stage {
                    debug_assert!(schedule.gone.len() < schedule.gone.capacity());
                    self.exchange.forget(stage.candidates_inside());
                    schedule.gone.push((*number, stage));
                }
            }
        }
        self.gauges
            .set_schedule(self.schedule.latency_frames, false);
        change.over_at_frames = Some(position_frames);
        self.exchange.give_back(change);
    }
}
