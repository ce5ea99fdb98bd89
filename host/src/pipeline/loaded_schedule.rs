//! LoadedSchedule schedule: a schedule with the memory that it runs in.
//!
//! In: a `Schedule`. Out: buffers and delay lines for it, which take over the content of those of
//! the schedule before. Making one allocates; `inherit` is for the audio thread.

use crate::pipeline::delay::DelayLine;
use crate::pipeline::schedule::{Gate, LineSpec, Origin, Schedule, Step};
use crate::pipeline::store::Store;

/// A schedule, ready to run.
#[derive(Debug)]
pub struct LoadedSchedule {
    pub(super) steps: Box<[Step]>,
    /// When each step takes part, while the schedule is new.
    pub(super) gates: Box<[Gate]>,
    pub(super) store: Store,
    pub(super) lines: Box<[Line]>,
    /// How long each stage's input is held back at first, by number.
    pub(super) stage_stalls: Box<[(usize, u64)]>,
    /// How long nothing comes out at first.
    pub(super) output_stall_frames: u64,
    /// How long any gate is shut.
    pub(super) stalled_frames: u64,
    pub(super) latency_frames: u64,
    /// How far the latest tap lags behind the input.
    pub(super) tap_latency_frames: u64,
}

/// A delay line, and where its content comes from.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) line: DelayLine,
    /// The line of the schedule before that it goes on.
    kept: Option<usize>,
}

impl Line {
    fn new(spec: &LineSpec) -> Self {
        let (held, kept) = match spec.origin {
            Origin::Kept(line) => (0, Some(line)),
            Origin::New { zeros } => (zeros, None),
        };
        let capacity = spec.capacity_frames.max(held) as usize;
        Self {
            line: DelayLine::with_capacity(spec.channels, held as usize, capacity),
            kept,
        }
    }
}

impl LoadedSchedule {
    /// Memory for a schedule, in blocks of at most `frames_max` frames. Allocates; not for the
    /// audio thread.
    #[must_use]
    pub fn new(schedule: Schedule, frames_max: usize) -> Self {
        let latest = schedule.tap_latency_frames.iter().max();
        Self {
            store: Store::new(&schedule.slots, frames_max),
            lines: schedule.lines.iter().map(Line::new).collect(),
            tap_latency_frames: latest.copied().unwrap_or(0),
            steps: schedule.steps.into(),
            gates: schedule.gates.into(),
            stage_stalls: schedule.stage_stalls.into(),
            output_stall_frames: schedule.output_stall_frames,
            stalled_frames: schedule.stalled_frames,
            latency_frames: schedule.latency_frames,
        }
    }

    /// Takes over what the lines of the schedule before hold. Real-time safe.
    pub(super) fn inherit(&mut self, before: &mut Self) {
        for line in &mut self.lines {
            if let Some(old) = line.kept.and_then(|old| before.lines.get_mut(old)) {
                line.line.take_over(&mut old.line);
            }
        }
    }
}
