//! Transition: from the schedule that runs to the one of a changed graph.
//!
//! In: what runs (`Laid`) and the graph that shall run. Out: the schedules on the way, each with
//! the delay lines it takes over and the frames for which its steps wait; or why there are none.
//! Pure.
//!
//! No reader ever gets less late, so that no stage sees a gap or a frame twice: who gets later
//! waits for as long, and the lines between fill or drain meanwhile. Readers whose sources change
//! get the old and the new sum of the same frame, and one fade for all of them. No way through both
//! graphs crosses two of these: what would stand between them runs a second time ([`moved`]).

mod compile;
mod graph;
mod late;
mod moved;
mod series;
mod union;

use std::collections::BTreeMap;

use crate::pipeline::network::{Cycle, Source};
use crate::pipeline::schedule::{LineKey, LineSpec, Reader, Schedule, Step};
use crate::pipeline::transition::compile::{Past, Present, compile};
use crate::pipeline::transition::late::Late;
use crate::pipeline::transition::union::{Node, Sums, Union};

pub use graph::Graph;
pub use moved::moved;
pub use series::in_series;

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
fn above(graph: Graph, floors: &Floors) -> Result<(Schedule, Laid), Cycle> {
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
    let transition = Transition {
        laid: Laid::of(after, both, &first),
        during: None,
        after: first,
        removed: absent(&old, &new),
        added: absent(&new, &old),
    };
    if !transition.is_rewired() {
        return Ok(transition);
    }
    let order = new.order(&sums)?;
    let alone = Present {
        union: &new,
        order: &order,
        ..both
    };
    Ok(transition.followed_by(alone))
}

impl Transition {
    /// Whether old and new sources are heard side by side, or stages come or leave.
    fn is_rewired(&self) -> bool {
        let blends = |step: &Step| matches!(step, Step::Blend { .. });
        let stays = self.removed.is_empty() && self.added.is_empty();
        !stays || self.after.steps.iter().any(blends)
    }

    /// Both graphs side by side until the fade is over, then the new one alone.
    fn followed_by(self, alone: Present<'_>) -> Self {
        let keys = self.after.lines.iter().map(|line| line.key);
        let last = compile(alone, &Past::of(alone.late.clone(), keys));
        Self {
            laid: Laid::of(self.laid.graph, alone, &last),
            during: Some(self.after),
            after: last,
            ..self
        }
    }
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
    /// How much later than it has to be the output is: so much later stages may become without it.
    #[must_use]
    pub fn reserve_frames(&self) -> u64 {
        let network = &self.graph.network;
        let needed = network.latency_frames(network.output);
        // What was laid is in no cycle.
        self.latency_frames.saturating_sub(needed.unwrap_or(0))
    }

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
