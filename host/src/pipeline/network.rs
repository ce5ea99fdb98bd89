//! Network: which stage reads what, and in which order they can run.
//!
//! In: the wiring of the configuration, by numbers. Out: an order in which every stage comes
//! after all it reads, or the cycle that makes one impossible. Pure.

use std::collections::BTreeSet;

/// Where a signal comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The pipeline's input.
    Input,
    /// The output of a stage, by its place in the file.
    Stage(usize),
    /// What a place without a stage passes on, by its number among the wires.
    Wire(usize),
}

/// How one stage is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wiring {
    /// What it reads, summed; at least one.
    pub inputs: Vec<Source>,
    /// Further inputs, in the order the component counts them.
    pub sidechains: Vec<Source>,
    /// How many channels come out.
    pub channels_out: usize,
    /// How far its output lags behind its input.
    pub latency_frames: u64,
}

/// How one tap is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TapWiring {
    /// Where it listens.
    pub from: Source,
    /// What it compares with.
    pub reference: Option<Source>,
}

/// One thing that a decision reads, by its place in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadBy {
    /// A tap's readings.
    Tap(usize),
    /// A stage's outputs.
    Stage(usize),
}

/// A whole pipeline by numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// How many channels go in.
    pub channels_in: usize,
    /// The stages, in the order of the file.
    pub stages: Vec<Wiring>,
    /// Places without a stage: each passes on the sum of what it reads, at least one source, and
    /// reads no wire but those before it.
    pub wires: Vec<Vec<Source>>,
    /// The taps, in the order of the file.
    pub taps: Vec<TapWiring>,
    /// Whose output is the pipeline's.
    pub output: Source,
}

/// Stages that wait for each other, each reading the one before; the first reads the last.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("stages {0:?} wait for each other")]
pub struct Cycle(pub Vec<usize>);

impl Network {
    /// The stages in an order in which each comes after all it reads; ties in the file's order.
    ///
    /// # Errors
    /// The stages of a cycle.
    pub fn order(&self) -> Result<Vec<usize>, Cycle> {
        let needs: Vec<_> = (0..self.stages.len())
            .map(|stage| self.needs(stage))
            .collect();
        order(&needs)
    }

    /// How late a source is at least: what the stages on the longest way to it take together.
    ///
    /// # Errors
    /// The stages of a cycle.
    pub fn latency_frames(&self, source: Source) -> Result<u64, Cycle> {
        let mut late = vec![0_u64; self.stages.len()];
        let latest = |late: &[u64], stages: Vec<usize>| {
            let late = stages.into_iter().map(|stage| late[stage]);
            late.max().unwrap_or(0)
        };
        for stage in self.order()? {
            let own = self.stages[stage].latency_frames;
            late[stage] = latest(&late, self.needs(stage)).saturating_add(own);
        }
        Ok(latest(&late, self.behind(source)))
    }

    /// How many channels a source has.
    #[must_use]
    pub fn channels(&self, source: Source) -> usize {
        match self.origin(source) {
            Source::Stage(stage) => self.stages[stage].channels_out,
            Source::Input | Source::Wire(_) => self.channels_in,
        }
    }

    /// The input or the stage whose channels a source has: all that a wire sums have the same.
    #[must_use]
    pub fn origin(&self, source: Source) -> Source {
        let mut origin = source;
        while let Source::Wire(wire) = origin {
            origin = self.wires[wire].first().copied().unwrap_or(Source::Input);
        }
        origin
    }

    /// The stages whose outputs a source is made of, each once.
    #[must_use]
    pub fn behind(&self, source: Source) -> Vec<usize> {
        self.behind_all([source])
    }

    /// The stages that a stage waits for, each once.
    pub(super) fn needs(&self, stage: usize) -> Vec<usize> {
        let wiring = &self.stages[stage];
        self.behind_all(wiring.inputs.iter().chain(&wiring.sidechains).copied())
    }

    fn behind_all(&self, sources: impl IntoIterator<Item = Source>) -> Vec<usize> {
        let mut open: Vec<_> = sources.into_iter().collect();
        let mut followed = vec![false; self.wires.len()];
        let mut stages = Vec::new();
        while let Some(source) = open.pop() {
            match source {
                Source::Input => {}
                Source::Stage(stage) => stages.push(stage),
                Source::Wire(wire) if followed[wire] => {}
                Source::Wire(wire) => {
                    followed[wire] = true;
                    open.extend(&self.wires[wire]);
                }
            }
        }
        stages.sort_unstable();
        stages.dedup();
        stages
    }
}

/// The places of things in an order in which each comes after all it needs; ties as they stand.
///
/// # Errors
/// The places of a cycle.
pub(super) fn order(needs: &[Vec<usize>]) -> Result<Vec<usize>, Cycle> {
    let mut missing: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut needed_by = vec![Vec::new(); needs.len()];
    for (place, needs) in needs.iter().enumerate() {
        needs
            .iter()
            .for_each(|needed| needed_by[*needed].push(place));
    }
    let ready = |place: &usize| needs[*place].is_empty();
    let mut ready: BTreeSet<usize> = (0..needs.len()).filter(ready).collect();
    let mut order = Vec::with_capacity(needs.len());
    while let Some(place) = ready.pop_first() {
        order.push(place);
        for waiting in &needed_by[place] {
            missing[*waiting] -= 1;
            if missing[*waiting] == 0 {
                ready.insert(*waiting);
            }
        }
    }
    if order.len() == needs.len() {
        return Ok(order);
    }
    let waits: Vec<_> = missing.iter().map(|missing| *missing > 0).collect();
    Err(cycle(needs, &waits))
}

/// Follows what waits until one comes up again.
fn cycle(needs: &[Vec<usize>], waits: &[bool]) -> Cycle {
    let first = waits.iter().position(|waits| *waits).unwrap_or(0);
    let mut path = vec![first];
    loop {
        let last = path[path.len() - 1];
        let next = needs[last].iter().copied().find(|needed| waits[*needed]);
        let next = next.unwrap_or(first);
        if let Some(start) = path.iter().position(|place| *place == next) {
            let mut cycle = path.split_off(start);
            cycle.reverse();
            return Cycle(cycle);
        }
        path.push(next);
    }
}

#[cfg(test)]
pub(super) mod fixture;

#[cfg(test)]
mod tests {
    use super::*;

    fn network(inputs: &[&[i32]]) -> Network {
        let source = |at: &i32| match usize::try_from(*at) {
            Ok(stage) => Source::Stage(stage),
            Err(_) => Source::Input,
        };
        let wiring = |inputs: &&[i32]| Wiring {
            inputs: inputs.iter().map(source).collect(),
            sidechains: Vec::new(),
            channels_out: 1,
            latency_frames: 0,
        };
        Network {
            channels_in: 1,
            stages: inputs.iter().map(wiring).collect(),
            wires: Vec::new(),
            taps: Vec::new(),
            output: Source::Input,
        }
    }

    #[test]
    fn a_stage_comes_after_what_it_reads_wherever_it_stands() {
        assert_eq!(network(&[&[2], &[-1], &[1]]).order(), Ok(vec![1, 2, 0]));
        assert_eq!(network(&[&[-1], &[-1]]).order(), Ok(vec![0, 1]));
    }

    #[test]
    fn what_is_behind_a_wire_is_behind_who_reads_it() {
        let mut network = network(&[&[2], &[-1], &[-1]]);
        network.wires = vec![vec![Source::Stage(1), Source::Input], vec![Source::Wire(0)]];
        network.stages[0].inputs = vec![Source::Wire(1)];
        network.stages[1].channels_out = 7;
        assert_eq!(network.order(), Ok(vec![1, 0, 2]));
        assert_eq!(network.behind(Source::Wire(1)), [1]);
        assert_eq!(network.channels(Source::Wire(1)), 7);
    }

    #[test]
    fn a_cycle_is_named_in_reading_order() {
        assert_eq!(
            network(&[&[-1], &[0, 3], &[1], &[2]]).order(),
            Err(Cycle(vec![2, 3, 1]))
        );
        assert_eq!(network(&[&[0]]).order(), Err(Cycle(vec![0])));
    }
}
