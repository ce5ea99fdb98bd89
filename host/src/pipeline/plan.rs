//! Plan: the flat schedule of a network, with every path of the same latency.
//!
//! In: a `Network`. Out: steps in order, the buffers they use, and the delays that align what is
//! summed, compared or keyed: each in front of who reads it, none behind a sum. Pure: the same
//! network gives the same plan.
//!
//! A buffer is used again as soon as nobody reads it any more; a stage never writes where it or
//! anyone after it still reads.

mod draft;
mod places;

use crate::pipeline::network::{Cycle, Network};
use crate::pipeline::transition::{Floors, Graph, LineKey, Schedule, above};

pub(super) use draft::Draft;
pub(super) use places::places;

/// Where a signal lies while a block is processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The block the session lent to read.
    Input,
    /// The block the session lent to fill.
    Output,
    /// A buffer of the engine.
    Slot(usize),
}

/// One step of the schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Sums signals of the same channels.
    Mix {
        /// What is summed, at least one; one alone is copied.
        terms: Vec<Place>,
        /// Where the sum goes.
        into: Place,
    },
    /// Delays a signal so that it meets one that took longer.
    Delay {
        /// What is delayed.
        from: Place,
        /// By which delay line.
        line: usize,
        /// Where it goes.
        into: Place,
    },
    /// Runs a stage.
    Run {
        /// Which stage: by its place in the file in a plan, by the engine's number in a schedule.
        stage: usize,
        /// What it reads.
        input: Place,
        /// Its further inputs.
        sidechains: Vec<Place>,
        /// Where it writes.
        output: Place,
    },
    /// Feeds a tap.
    Feed {
        /// Which tap, by its place in the file.
        tap: usize,
        /// What it looks at.
        signal: Place,
        /// What it compares with.
        reference: Option<Place>,
    },
    /// Goes over from one signal to another while the fade of its schedule lasts.
    Blend {
        /// What is heard before the fade.
        old: Place,
        /// What is heard after it; of the same frame.
        new: Place,
        /// Where it goes.
        into: Place,
    },
}

/// A delay line that a plan needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DelaySpec {
    /// Between which two it stands.
    pub key: LineKey,
    /// How many channels.
    pub channels: usize,
    /// How many frames.
    pub frames: u64,
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What is done for each block, in order.
    pub steps: Vec<Step>,
    /// The channels of each buffer.
    pub slots: Vec<usize>,
    /// The delay lines.
    pub delays: Vec<DelaySpec>,
    /// How far the output lags behind the input.
    pub latency_frames: u64,
    /// How far the inputs of each stage lag behind the input, by the stage's place in the file.
    pub stage_latency_frames: Vec<u64>,
    /// How far what each wire passes on lags behind the input, by its number.
    pub wire_latency_frames: Vec<u64>,
    /// How far each tap's signal lags behind the input, by the tap's place in the file.
    pub tap_latency_frames: Vec<u64>,
    /// The order in which stages run.
    pub order: Vec<usize>,
}

impl Plan {
    /// The memory that its delay lines take.
    #[must_use]
    pub fn delay_bytes(&self) -> u64 {
        let bytes = |line: &DelaySpec| (line.channels as u64).saturating_mul(line.frames * 4);
        self.delays.iter().map(bytes).fold(0, u64::saturating_add)
    }

    /// The schedule of a network, everything as early as it can be.
    ///
    /// # Errors
    /// The stages of a cycle.
    pub fn of(network: &Network) -> Result<Self, Cycle> {
        Self::above(network, &Floors::default())
    }

    /// The schedule of a network in which nothing is earlier than its floor.
    ///
    /// # Errors
    /// The stages of a cycle.
    pub fn above(network: &Network, floors: &Floors) -> Result<Self, Cycle> {
        let graph = Graph {
            network: network.clone(),
            numbers: (0..network.stages.len()).collect(),
        };
        let (schedule, laid) = above(graph, floors)?;
        let Schedule { steps, lines, .. } = schedule;
        let delays = lines.iter().map(|line| DelaySpec {
            key: line.key,
            channels: line.channels,
            frames: line.frames,
        });
        let stage = |step: &Step| match step {
            Step::Run { stage, .. } => Some(*stage),
            Step::Mix { .. } | Step::Delay { .. } | Step::Feed { .. } | Step::Blend { .. } => None,
        };
        Ok(Self {
            order: steps.iter().filter_map(stage).collect(),
            steps,
            slots: schedule.slots,
            delays: delays.collect(),
            latency_frames: laid.latency_frames,
            stage_latency_frames: laid.stage_latency_frames,
            wire_latency_frames: laid.wire_latency_frames,
            tap_latency_frames: laid.tap_latency_frames,
        })
    }
}

#[cfg(test)]
mod tests;
