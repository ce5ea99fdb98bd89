//! Passage: the blocks in which one schedule follows another.
//!
//! In: a change that was applied. Out: the same frames as ever, while gates open one after the
//! other and readers go over to new sources; then the change, holding what is no longer used.
//!
//! A block is cut wherever a gate opens or the fade begins or ends, so that within a part every
//! step takes part wholly or not at all. On the audio thread.

use crate::audio::FloatMode;
use crate::pipeline::change::{Change, Passing};
use crate::pipeline::engine::clock::Laps;
use crate::pipeline::engine::mix::copy;
use crate::pipeline::engine::{Engine, Lent, Stopped};
use crate::pipeline::loaded::Loaded;
use crate::pipeline::plan::Step;
use crate::pipeline::stage::OutputUse;
use crate::pipeline::transition::Gate;

/// A change under way.
#[derive(Debug)]
pub(super) struct Passage {
    pub(super) change: Box<Change>,
    /// Frames since it was applied.
    elapsed: u64,
}

impl Passage {
    pub(super) const fn new(change: Box<Change>) -> Self {
        Self { change, elapsed: 0 }
    }

    fn passing(&self) -> Option<&Passing> {
        self.change.schedule.as_ref()?.fade.as_ref()
    }

    /// Frames until the next gate opens or the fade begins or ends.
    fn until_turn(&self, score: &Loaded) -> u64 {
        let gates = score.gates.iter();
        let gates = gates.flat_map(|gate| [gate.push_from, gate.pop_from]);
        let gates = gates.filter(|_| self.elapsed < score.stalled_frames);
        let fade = self.passing().map(|passing| {
            let begins = passing.begins_at_frames;
            [begins, begins + passing.fade.frames()]
        });
        let turns = gates.chain([score.output_stall_frames]);
        let turns = turns.chain(fade.into_iter().flatten());
        let left = turns.filter_map(|turn| turn.checked_sub(self.elapsed));
        left.filter(|left| *left > 0).min().unwrap_or(u64::MAX)
    }

    /// Whether the schedule that runs has nothing left to wait for.
    fn is_over(&self, score: &Loaded) -> bool {
        let fade = self.passing();
        let faded = fade.map_or(0, |fade| fade.begins_at_frames + fade.fade.frames());
        let stalled = score.stalled_frames.max(score.output_stall_frames);
        self.elapsed >= faded.max(stalled)
    }
}

/// What of a step takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    push: bool,
    pop: bool,
}

impl Part {
    const fn at(gate: Gate, elapsed: u64) -> Self {
        Self {
            push: elapsed >= gate.push_from,
            pop: elapsed >= gate.pop_from,
        }
    }
}

impl Part {
    /// Whether what a stage gives is taken.
    const fn output_use(self) -> OutputUse {
        match self.push {
            true => OutputUse::Taken,
            false => OutputUse::Held,
        }
    }
}

impl Engine {
    /// A block, or what is left of it when the change is over.
    #[cold]
    pub(super) fn pass_over(
        &mut self,
        block: &mut Lent<'_>,
        mode: &FloatMode,
        laps: &mut Laps,
    ) -> Result<(), Stopped> {
        let (frames, mut done, mut result) = (block.input.frames(), 0, Ok(()));
        while done < frames {
            let left = frames - done;
            let Some(passage) = &self.passage else {
                let mut rest = block.part(done, left);
                return self.run_steps(&mut rest, mode, laps).and(result);
            };
            let count = passage.until_turn(&self.score).min(left as u64) as usize;
            let elapsed = passage.elapsed;
            let mut part = block.part(done, count);
            result = self.run_gated(&mut part, elapsed, mode, laps).and(result);
            if elapsed < self.score.output_stall_frames {
                let output = &mut part.output;
                (0..output.channels()).for_each(|channel| output.channel(channel).fill(0.0));
                self.held_frames += count;
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
        for at in 0..self.score.steps.len() {
            let part = Part::at(self.score.gates[at], elapsed);
            match (&self.score.steps[at], part) {
                (Step::Run { stage, .. }, Part { pop: true, .. }) => {
                    let (stage, used) = (*stage, part.output_use());
                    let ran = self.run(at, block, mode, used);
                    result = self
                        .account(stage, block.position_frames, ran, laps)
                        .and(result);
                    continue;
                }
                (Step::Delay { .. }, Part { push, pop }) if push != pop => {
                    self.fill_or_drain(at, block, part);
                }
                (Step::Blend { .. }, Part { pop: true, .. }) => self.blend(at, block, elapsed),
                (_, Part { pop: true, .. }) => self.pass(at, block),
                (_, Part { pop: false, .. }) => {}
            }
            laps.host();
        }
        result
    }

    /// A delay line whose reader waits while it is written, or the other way round.
    fn fill_or_drain(&mut self, at: usize, block: &mut Lent<'_>, part: Part) {
        let Step::Delay { from, line, into } = &self.score.steps[at] else {
            return;
        };
        let line = &mut self.score.lines[*line];
        self.score.store.write(*into, block, |reader, mut into| {
            if part.push {
                line.line.push(reader.view(*from));
            } else {
                line.line.pop(&mut into);
            }
        });
    }

    /// The old sources of a reader, the new ones, or both.
    fn blend(&mut self, at: usize, block: &mut Lent<'_>, elapsed: u64) {
        let Step::Blend { old, new, into } = self.score.steps[at] else {
            return;
        };
        let passing = self.passage.as_ref().and_then(Passage::passing);
        let (begins, fade) = passing.map_or((u64::MAX, None), |passing| {
            (passing.begins_at_frames, Some(passing.fade))
        });
        self.score.store.write(into, block, |reader, mut into| {
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
        let Some(passage) = &mut self.passage else {
            return;
        };
        passage.elapsed += frames;
        if !passage.is_over(&self.score) {
            return;
        }
        let Some(passage) = self.passage.take() else {
            return;
        };
        let mut change = passage.change;
        if let Some(schedule) = &mut change.schedule {
            if let Some(passing) = &mut schedule.fade {
                passing.after.inherit(&mut self.score);
                std::mem::swap(&mut self.score, &mut passing.after);
            }
            for number in &schedule.removed {
                let stage = self.stages.get_mut(*number).and_then(Option::take);
                if let Some(stage) = stage {
                    debug_assert!(schedule.gone.len() < schedule.gone.capacity());
                    self.exchange.forget(stage.trials_held());
                    schedule.gone.push((*number, stage));
                }
            }
        }
        change.over_at_frames = Some(position_frames);
        self.exchange.give_back(change);
    }
}
