//! Transition: from the schedule that runs to the one of a changed graph.
//!
//! In: what runs (`Laid`) and the graph that shall run. Out: the schedules on the way, each with
//! the delay lines it takes over and the frames for which its steps wait; or why there are none.
//! Pure.
//!
//! No reader ever gets less late, so that no stage sees a gap or a frame twice: who gets later
//! waits for as long, and the lines between fill or drain meanwhile. Readers whose sources change
//! get the old and the new sum of the same frame, and one fade for all of them.

mod compile;
mod late;
mod moved;
mod union;

use std::collections::BTreeMap;
use std::mem;

use crate::pipeline::network::{Cycle, Network, Source};
use crate::pipeline::plan::Step;
use crate::pipeline::transition::compile::{Past, Present, compile};
use crate::pipeline::transition::late::Late;
use crate::pipeline::transition::union::{Node, Sums, Union};

pub use moved::moved;

/// A network with the engine's number of each of its stages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// The wiring; stages by their place in the file.
    pub network: Network,
    /// The engine's number of each stage, in the order of the network.
    pub numbers: Vec<usize>,
}

impl Graph {
    /// A network whose stages are numbered as they stand in the file.
    #[must_use]
    pub fn of(network: Network) -> Self {
        let numbers = (0..network.stages.len()).collect();
        Self { network, numbers }
    }
}

/// Who reads a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reader {
    /// A stage, by whichever of its inputs.
    Stage(usize),
    /// A place without a stage that sums several signals.
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
    /// The lateness of everything that something reads, sums as this graph alone numbers them.
    late: Late,
    /// The delay lines, in the order of the schedule's.
    lines: Vec<LineKey>,
}

/// How late things have to be at least; where a list ends, nothing is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Floors {
    /// The inputs of each stage, in the order of the network.
    pub stages: Vec<Option<u64>>,
    /// The taps, in the order of the file.
    pub taps: Vec<Option<u64>>,
    /// The output.
    pub output: Option<u64>,
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
    /// Between which two it stands: stages by the engine's numbers, wires by one of the places
    /// without a stage, of this transition alone.
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
    /// Old and new wiring together wait for each other, by the engine's numbers: some stages have
    /// to move.
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

/// The schedule to begin with: the output is `reserve_frames` later than it has to be, so that
/// stages may get later without it.
///
/// # Errors
/// The stages of a cycle, by their place in the file.
pub fn lay(graph: Graph, reserve_frames: u64) -> Result<(Schedule, Laid), Cycle> {
    let (schedule, laid) = above(graph, &Floors::default())?;
    if reserve_frames == 0 {
        return Ok((schedule, laid));
    }
    let floors = Floors {
        output: Some(laid.latency_frames.saturating_add(reserve_frames)),
        ..Floors::default()
    };
    above(laid.graph, &floors)
}

/// The schedule to begin with, nothing in it earlier than its floor.
///
/// # Errors
/// The stages of a cycle, by their place in the file.
pub(super) fn above(graph: Graph, floors: &Floors) -> Result<(Schedule, Laid), Cycle> {
    graph.network.order()?;
    let mut sums = Sums::default();
    let union = Union::of(&graph, &mut sums);
    let order = union.order(&sums)?;
    let numbers = graph.numbers.iter().zip(&floors.stages);
    let stages: BTreeMap<usize, u64> = numbers
        .filter_map(|(number, floor)| Some((*number, (*floor)?)))
        .collect();
    let floor = |reader: Reader| match reader {
        Reader::Stage(number) => stages.get(&number).copied().unwrap_or(0),
        Reader::Tap(tap) => floors.taps.get(tap).copied().flatten().unwrap_or(0),
        Reader::Wire(_) => 0,
        Reader::Output => floors.output.unwrap_or(0),
    };
    let late = Late::of(&union, &sums, &order, floor);
    let present = Present {
        union: &union,
        sums: &sums,
        order: &order,
        late: &late,
    };
    let schedule = compile(present, &Past::default());
    let laid = Laid::of(graph, present, &schedule);
    Ok((schedule, laid))
}

/// The way from what runs to another graph.
///
/// A stage whose number both have goes on as it is, at least as late as before: where the new
/// graph says less for its place, it keeps what it had. The session says whether the total may
/// grow; it is `laid.latency_frames` before and after.
///
/// # Errors
/// When a stage that both have has other channels or inputs, when taps or the pipeline's channels
/// differ, and when some stages would have to [move](moved).
pub fn change(before: &Laid, mut after: Graph) -> Result<Transition, Refused> {
    let mut sums = Sums::default();
    let old = Union::of(&before.graph, &mut sums);
    keep_latencies(&old, &mut after);
    let new = Union::of(&after, &mut sums);
    compare(&old, &new, &sums)?;
    let union = Union::between(&old, &new);
    let order = union.order(&sums)?;
    let past = Past::of(before.late.clone(), before.lines.iter().copied());
    let floor = |reader| past.late.input(reader).unwrap_or(0);
    let late = Late::of(&union, &sums, &order, floor);
    let both = Present {
        union: &union,
        sums: &sums,
        order: &order,
        late: &late,
    };
    let first = compile(both, &past);
    let mut transition = Transition {
        laid: Laid::of(after, both, &first),
        during: None,
        after: first,
        removed: absent(&old, &new),
        added: absent(&new, &old),
    };
    let blends = |step: &Step| matches!(step, Step::Blend { .. });
    let rewired = transition.after.steps.iter().any(blends);
    if rewired || !transition.removed.is_empty() || !transition.added.is_empty() {
        let order = new.order(&sums)?;
        let alone = Present {
            union: &new,
            order: &order,
            ..both
        };
        let keys = transition.after.lines.iter().map(|line| line.key);
        let last = compile(alone, &Past::of(late.clone(), keys));
        transition.laid = Laid::of(transition.laid.graph, alone, &last);
        transition.during = Some(mem::replace(&mut transition.after, last));
    }
    Ok(transition)
}

/// The numbers of stages that the one graph has and the other has not.
fn absent(from: &Union, other: &Union) -> Vec<usize> {
    let numbers = from.nodes.keys().copied();
    numbers
        .filter(|number| !other.nodes.contains_key(number))
        .collect()
}

/// A place never gets less late: an instance with less latency is padded in it.
fn keep_latencies(old: &Union, after: &mut Graph) {
    for (number, stage) in after.numbers.iter().zip(&mut after.network.stages) {
        let place = old.nodes.get(number);
        let place_frames = place.map_or(0, |place| place.latency_frames);
        stage.latency_frames = stage.latency_frames.max(place_frames);
    }
}

/// Whether one graph can go over into another at all.
fn compare(old: &Union, new: &Union, sums: &Sums) -> Result<(), Refused> {
    let channels = |union: &Union, reader: Reader| -> Vec<usize> {
        let ports = union.ports(reader, sums).iter();
        ports
            .map(|port| union.channels(port.new[0], sums))
            .collect()
    };
    let differs = |reader: Reader| channels(old, reader) != channels(new, reader);
    if old.channels_in != new.channels_in || differs(Reader::Output) {
        return Err(Refused::Channels);
    }
    let (taps, there) = (old.taps(), new.taps());
    let other = |tap: &usize| *tap >= taps.min(there) || differs(Reader::Tap(*tap));
    if let Some(tap) = (0..taps.max(there)).find(other) {
        return Err(Refused::Tap(tap));
    }
    let other = |(number, node): &(&usize, &Node)| {
        let known = old.nodes.get(number);
        known.is_some_and(|known| {
            known.channels_out != node.channels_out || differs(Reader::Stage(**number))
        })
    };
    match new.nodes.iter().find(other) {
        Some((number, _)) => Err(Refused::Shape(*number)),
        None => Ok(()),
    }
}

impl Laid {
    /// What a schedule leaves, its sums numbered as this graph alone numbers them.
    fn of(graph: Graph, present: Present<'_>, schedule: &Schedule) -> Self {
        let wires = present.sums.clone().collect(&graph);
        let own = Sums::default().collect(&graph);
        let names: BTreeMap<Source, Source> = wires.into_iter().zip(own).collect();
        let name = |source: Source| names.get(&source).copied().unwrap_or(source);
        let late = present.late.narrowed(present.order, name);
        let line = |line: &LineSpec| line.key.renamed(name);
        let stage = |number: &usize| late.input(Reader::Stage(*number)).unwrap_or(0);
        Self {
            stage_latency_frames: graph.numbers.iter().map(stage).collect(),
            wire_latency_frames: wire_latencies(&graph, &late),
            tap_latency_frames: schedule.tap_latency_frames.clone(),
            latency_frames: schedule.latency_frames,
            lines: schedule.lines.iter().map(line).collect(),
            late,
            graph,
        }
    }
}

impl Reader {
    /// The same reader where sources are called otherwise.
    fn renamed(self, name: impl Fn(Source) -> Source) -> Self {
        match self {
            Self::Wire(sum) => match name(Source::Wire(sum)) {
                Source::Wire(sum) => Self::Wire(sum),
                Source::Stage(_) | Source::Input => self,
            },
            Self::Stage(_) | Self::Tap(_) | Self::Output => self,
        }
    }
}

impl LineKey {
    /// The same line where sources are called otherwise.
    fn renamed(self, name: impl Fn(Source) -> Source) -> Self {
        Self {
            from: name(self.from),
            to: self.to.renamed(name),
        }
    }
}

/// How late what each wire passes on is, whether somebody reads it or not.
fn wire_latencies(graph: &Graph, late: &Late) -> Vec<u64> {
    let mut wires: Vec<u64> = Vec::with_capacity(graph.network.wires.len());
    for sources in &graph.network.wires {
        let latency = |source: &Source| match source {
            Source::Input => 0,
            Source::Stage(stage) => late
                .output(Source::Stage(graph.numbers[*stage]))
                .unwrap_or(0),
            Source::Wire(wire) => wires[*wire],
        };
        let latest = sources.iter().map(latency).max();
        wires.push(latest.unwrap_or(0));
    }
    wires
}
#[cfg(test)]
mod tests;
