//! Union: one graph, or two of them laid over each other.
//!
//! In: graphs, each with the engine's numbers of its stages. Out: who reads what, before and
//! after, and an order in which everything can run. Pure.
//!
//! Places without a stage have no name that outlives an edit of the file; they are told apart by
//! what they sum. One that passes on a single signal is that signal.

use std::collections::BTreeMap;

use crate::pipeline::network::{Cycle, Source, Wiring, order};
use crate::pipeline::schedule::Reader;
use crate::pipeline::transition::graph::Graph;

/// What one input of a reader sums; of a reader that both graphs have, in either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::pipeline) struct Port {
    pub(in crate::pipeline) old: Vec<Source>,
    pub(in crate::pipeline) new: Vec<Source>,
}

/// A stage.
#[derive(Debug, Clone)]
pub(in crate::pipeline) struct Node {
    /// Its input, then its sidechains.
    pub(in crate::pipeline) ports: Vec<Port>,
    pub(in crate::pipeline) channels_out: usize,
    pub(in crate::pipeline) latency_frames: u64,
}

/// The sums of places without a stage, each with a number: those of a graph alone have the same
/// numbers whenever they are collected.
#[derive(Debug, Clone, Default)]
pub(in crate::pipeline) struct Sums {
    terms: Vec<Port>,
    known: BTreeMap<Vec<Source>, usize>,
}

/// Stages by the engine's number, taps and the output, with what they read.
#[derive(Debug, Clone)]
pub(in crate::pipeline) struct Union {
    pub(in crate::pipeline) channels_in: usize,
    pub(in crate::pipeline) nodes: BTreeMap<usize, Node>,
    /// Each tap's signal, and its reference where it has one.
    taps: Vec<Vec<Port>>,
    output: Port,
    /// The stages in the order of the file, those that leave behind the others.
    numbers: Vec<usize>,
}

impl Port {
    fn same(sources: Vec<Source>) -> Self {
        Self {
            old: sources.clone(),
            new: sources,
        }
    }

    /// The sums differ only where other signals are summed, not where their order is another.
    fn between(old: &Self, new: &Self) -> Self {
        let sorted = |sources: &[Source]| {
            let mut sources = sources.to_vec();
            sources.sort_unstable();
            sources
        };
        if sorted(&old.old) == sorted(&new.new) {
            return new.clone();
        }
        Self {
            old: old.old.clone(),
            new: new.new.clone(),
        }
    }

    /// Whether other signals are summed before than after.
    pub(in crate::pipeline) fn changes(&self) -> bool {
        self.old != self.new
    }

    /// All it reads, before or after.
    pub(in crate::pipeline) fn sources(&self) -> impl Iterator<Item = Source> + '_ {
        let new = if self.changes() { &self.new[..] } else { &[] };
        self.old.iter().chain(new).copied()
    }
}

impl Sums {
    /// What each wire of a graph is: a stage, the input, or a sum by its number here.
    pub(in crate::pipeline) fn collect(&mut self, graph: &Graph) -> Vec<Source> {
        let mut wires = Vec::with_capacity(graph.network.wires.len());
        for sources in &graph.network.wires {
            let terms: Vec<_> = sources
                .iter()
                .map(|source| named(*source, graph, &wires))
                .collect();
            wires.push(match terms[..] {
                [only] => only,
                _ => Source::Wire(self.number(terms)),
            });
        }
        wires
    }

    fn number(&mut self, terms: Vec<Source>) -> usize {
        let next = self.terms.len();
        let number = *self.known.entry(terms.clone()).or_insert(next);
        if number == next {
            self.terms.push(Port::same(terms));
        }
        number
    }

    /// The sums among what a reader reads and what those are made of, each after its terms, that
    /// were not met before.
    fn pending(&self, sources: impl Iterator<Item = Source>, met: &mut [bool]) -> Vec<usize> {
        let mut open: Vec<_> = sources.collect();
        let mut pending = Vec::new();
        while let Some(source) = open.pop() {
            if let Source::Wire(sum) = source
                && !std::mem::replace(&mut met[sum], true)
            {
                pending.push(sum);
                open.extend(&self.terms[sum].new);
            }
        }
        // A sum is numbered after all it reads.
        pending.sort_unstable();
        pending
    }

    /// The stages whose outputs these are made of.
    fn stages(&self, sources: impl Iterator<Item = Source>) -> Vec<usize> {
        let sources: Vec<_> = sources.collect();
        let sums = self.pending(sources.iter().copied(), &mut vec![false; self.terms.len()]);
        let terms = sums.iter().flat_map(|sum| &self.terms[*sum].new);
        let stage = |source: &Source| match source {
            Source::Stage(number) => Some(*number),
            Source::Input | Source::Wire(_) => None,
        };
        sources.iter().chain(terms).filter_map(stage).collect()
    }
}

/// A source with the engine's number, wires by what they are.
fn named(source: Source, graph: &Graph, wires: &[Source]) -> Source {
    match source {
        Source::Input => Source::Input,
        Source::Stage(stage) => Source::Stage(graph.numbers[stage]),
        Source::Wire(wire) => wires[wire],
    }
}

impl Union {
    /// One graph alone, its sums among others.
    pub(in crate::pipeline) fn of(graph: &Graph, sums: &mut Sums) -> Self {
        let wires = sums.collect(graph);
        let one = |source: Source| Port::same(vec![named(source, graph, &wires)]);
        let node = |wiring: &Wiring| {
            let inputs = wiring.inputs.iter();
            let inputs = inputs.map(|from| named(*from, graph, &wires));
            let mut ports = vec![Port::same(inputs.collect())];
            ports.extend(wiring.sidechains.iter().map(|from| one(*from)));
            Node {
                ports,
                channels_out: wiring.channels_out,
                latency_frames: wiring.latency_frames,
            }
        };
        let network = &graph.network;
        let taps = network.taps.iter().map(|tap| {
            let sources = [Some(tap.from), tap.reference];
            sources.into_iter().flatten().map(one).collect()
        });
        Self {
            channels_in: network.channels_in,
            nodes: graph
                .numbers
                .iter()
                .copied()
                .zip(network.stages.iter().map(node))
                .collect(),
            taps: taps.collect(),
            output: one(network.output),
            numbers: graph.numbers.clone(),
        }
    }

    /// Two graphs with the same taps, laid over each other: what only the old one has stays as it
    /// is, and a stage of both is as late as in the new one.
    pub(in crate::pipeline) fn between(old: &Self, new: &Self) -> Self {
        let all = |old: &[Port], new: &[Port]| -> Vec<Port> {
            let pairs = old.iter().zip(new);
            pairs.map(|(old, new)| Port::between(old, new)).collect()
        };
        let mut nodes = old.nodes.clone();
        for (number, node) in &new.nodes {
            let ports = match old.nodes.get(number) {
                Some(known) => all(&known.ports, &node.ports),
                None => node.ports.clone(),
            };
            let node = Node {
                ports,
                ..node.clone()
            };
            nodes.insert(*number, node);
        }
        let taps = old.taps.iter().zip(&new.taps);
        let leaving = |number: &&usize| !new.nodes.contains_key(number);
        let leaving = old.numbers.iter().filter(leaving);
        Self {
            channels_in: new.channels_in,
            taps: taps.map(|(old, new)| all(old, new)).collect(),
            output: Port::between(&old.output, &new.output),
            numbers: new.numbers.iter().chain(leaving).copied().collect(),
            nodes,
        }
    }

    /// What a reader reads: its input, then what else it has.
    pub(in crate::pipeline) fn ports<'a>(&'a self, reader: Reader, sums: &'a Sums) -> &'a [Port] {
        match reader {
            Reader::Stage(number) => &self.nodes[&number].ports,
            Reader::Wire(sum) => std::slice::from_ref(&sums.terms[sum]),
            Reader::Tap(tap) => &self.taps[tap],
            Reader::Output => std::slice::from_ref(&self.output),
        }
    }

    /// How many taps there are.
    pub(in crate::pipeline) const fn taps(&self) -> usize {
        self.taps.len()
    }

    /// How many channels a source has.
    pub(in crate::pipeline) fn channels(&self, source: Source, sums: &Sums) -> usize {
        let mut origin = source;
        while let Source::Wire(sum) = origin {
            origin = sums.terms[sum]
                .new
                .first()
                .copied()
                .unwrap_or(Source::Input);
        }
        match origin {
            Source::Stage(number) => self.nodes[&number].channels_out,
            Source::Input | Source::Wire(_) => self.channels_in,
        }
    }

    /// Everyone who reads, each after all it reads: stages with ties in the file's order, sums
    /// just before who reads them first, taps, and the output.
    ///
    /// # Errors
    /// The stages of a cycle, by the engine's numbers.
    pub(in crate::pipeline) fn order(&self, sums: &Sums) -> Result<Vec<Reader>, Cycle> {
        let mut met = vec![false; sums.terms.len()];
        let mut readers = Vec::new();
        let stages = self.stages_in_order(sums)?;
        let stages = stages.into_iter().map(Reader::Stage);
        let taps = (0..self.taps.len()).map(Reader::Tap);
        for reader in stages.chain(taps).chain([Reader::Output]) {
            let sources = self.ports(reader, sums).iter().flat_map(Port::sources);
            let pending = sums.pending(sources, &mut met);
            readers.extend(pending.into_iter().map(Reader::Wire));
            readers.push(reader);
        }
        Ok(readers)
    }

    fn stages_in_order(&self, sums: &Sums) -> Result<Vec<usize>, Cycle> {
        let places: BTreeMap<usize, usize> = self
            .numbers
            .iter()
            .enumerate()
            .map(|(place, number)| (*number, place))
            .collect();
        let needs = |number: &usize| {
            let ports = self.nodes[number].ports.iter();
            let needed = sums.stages(ports.flat_map(Port::sources));
            needed.iter().map(|needed| places[needed]).collect()
        };
        let needs: Vec<_> = self.numbers.iter().map(needs).collect();
        let number = |place: usize| self.numbers[place];
        match order(&needs) {
            Ok(places) => Ok(places.into_iter().map(number).collect()),
            Err(Cycle(places)) => Err(Cycle(places.into_iter().map(number).collect())),
        }
    }
}
