//! Transition: from the schedule that runs to the one of a changed graph.
//!
//! In: what runs (`Laid`) and the graph that shall run. Out: the schedules on the way, each with
//! the delay lines it takes over and the frames for which its steps wait; or why there are none.
//! Pure.
//!
//! No reader ever gets less late, so that no stage sees a gap or a frame twice: who gets later
//! waits for as long, and the lines between fill or drain meanwhile. Readers whose sources change
//! get the old and the new sum of the same frame, and one fade for all of them.

use crate::pipeline::network::{Cycle, Network, Source};
use crate::pipeline::plan::Step;

/// A network with the engine's number of each of its stages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// The wiring; stages by their place in the file.
    pub network: Network,
    /// The engine's number of each stage, in the order of the network.
    pub numbers: Vec<usize>,
}

/// Who reads a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reader {
    /// A stage, by whichever of its inputs.
    Stage(usize),
    /// A place without a stage.
    Wire(usize),
    /// A tap, as signal or as reference.
    Tap(usize),
    /// The pipeline's output.
    Output,
}

/// Which delay line: between which two it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineKey {
    /// Whose signal it holds.
    pub from: Source,
    /// Who reads it.
    pub to: Reader,
}

/// What runs once a change is over, as far as the next change needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Laid {
    /// The graph, each stage with the latency of its place: at least what its instance has.
    pub graph: Graph,
    /// How late the inputs of each stage are, in the order of the network.
    pub stage_latency_frames: Vec<u64>,
    /// How late what each wire passes on is, in the order of the network.
    pub wire_latency_frames: Vec<u64>,
    /// How late each tap's signal is, in the order of the file.
    pub tap_latency_frames: Vec<u64>,
    /// How late the output is: the total.
    pub latency_frames: u64,
    /// The delay lines, in the order of the schedule's.
    pub lines: Vec<LineKey>,
}

/// For how long a step waits, in frames since its schedule began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gate {
    /// A delay line takes nothing before; a stage's output says nothing before.
    pub push_from: u64,
    /// Nothing is taken from a delay line before; any other step does not run before.
    pub pop_from: u64,
}

/// What a delay line holds when its schedule begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// All that this line of the schedule before holds.
    Kept(usize),
    /// So many frames of zeros.
    New {
        /// How many; at most the capacity.
        zeros: u64,
    },
}

/// A delay line of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineSpec {
    /// Between which two it stands, wires by a number of this transition alone.
    pub key: LineKey,
    /// How many channels.
    pub channels: usize,
    /// How many frames it holds once every gate is open.
    pub frames: u64,
    /// The most frames it ever holds.
    pub capacity_frames: u64,
    /// What it holds at first.
    pub origin: Origin,
}

/// A schedule, ready to be exchanged for the one that runs.
///
/// May not be exchanged for a further one before `stalled_frames` of it went by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schedule {
    /// What is done for each block, in order; stages by the engine's number.
    pub steps: Vec<Step>,
    /// For how long each step waits.
    pub gates: Vec<Gate>,
    /// The channels of each buffer.
    pub slots: Vec<usize>,
    /// The delay lines.
    pub lines: Vec<LineSpec>,
    /// When the last gate opens, in frames since the schedule began.
    pub stalled_frames: u64,
    /// Until when zeros of new lines and of new stages' own latencies are out of what is blended
    /// in; earlier no fade may start. At least `stalled_frames`.
    pub settled_frames: u64,
    /// The stages that wait at first: the engine's number, and for how many frames.
    pub stage_stalls: Vec<(usize, u64)>,
    /// How many frames are missing from the output at first.
    pub output_stall_frames: u64,
    /// How late each tap's signal is, in the order of the file.
    pub tap_latency_frames: Vec<u64>,
    /// How late the output is.
    pub latency_frames: u64,
}

impl Schedule {
    /// The memory that its delay lines take.
    #[must_use]
    pub fn line_bytes(&self) -> u64 {
        let bytes = |line: &LineSpec| {
            let channels = line.channels as u64;
            channels.saturating_mul(line.capacity_frames.saturating_mul(4))
        };
        self.lines.iter().map(bytes).fold(0, u64::saturating_add)
    }
}

/// The way to a changed graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// What runs until the fade is over, old and new side by side; none when nothing but
    /// latencies changed.
    pub during: Option<Schedule>,
    /// What runs from then on. Its lines are taken over from `during`, or without one from what
    /// ran before, and only then has it gates.
    pub after: Schedule,
    /// What runs once it is over.
    pub laid: Laid,
    /// The engine's numbers of stages that leave at the end of `during`.
    pub removed: Vec<usize>,
    /// The engine's numbers of stages that come with `during`.
    pub added: Vec<usize>,
}

/// Why there is no way from one graph to another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Old and new wiring together wait for each other; some stages have to move.
    #[error(transparent)]
    Cycle(#[from] Cycle),
    /// A stage that was to be kept has other channels or another number of sidechains.
    #[error("stage {0} has other channels or sidechains than the instance that runs")]
    Shape(usize),
    /// A tap came, went or has other channels.
    #[error("tap {0} has other channels than before, or is not in both graphs")]
    Tap(usize),
    /// The pipeline has other channels at its input or output.
    #[error("the pipeline has other channels at its input or output than before")]
    Channels,
}
