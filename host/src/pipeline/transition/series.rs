//! Series: which stages would stand between two fades of one change.
//!
//! In: the graph that runs, the one that shall run, and which stages go on from the one to the
//! other. Out: those that go on without any way through both graphs crossing two fades. Pure.
//!
//! A fade hears both graphs at once. A second one that reads the first opens ways that are in
//! neither graph: in where a stage reads now and out where another reads from then on, past a cut
//! that both graphs have. So a stage in front of a further fade runs a second time: the first
//! instance reads the old signal to the end, the second one the new, and the only fade on the way
//! is where the graphs meet again.

use std::collections::BTreeSet;

use crate::pipeline::network::{Network, Source};
use crate::pipeline::schedule::Reader;
use crate::pipeline::transition::graph::Graph;
use crate::pipeline::transition::union::{Port, Sums, Union};

/// Of the stages that could go on (for each stage of `after` its place in `before`), those that
/// stand in front of no second fade. A stage that has to start anew hands its fade on to whoever
/// reads it, so that this is looked at again until nothing changes.
pub(super) fn apart(
    before: &Graph,
    after: &Network,
    mut stays: Vec<Option<usize>>,
) -> Vec<Option<usize>> {
    loop {
        let between = between_fades(before, after, &stays);
        if between.is_empty() {
            return stays;
        }
        between.into_iter().for_each(|stage| stays[stage] = None);
    }
}

/// Whether, of the stages that go on, none stands in front of a second fade.
pub(super) fn is_apart(before: &Graph, after: &Network, stays: &[Option<usize>]) -> bool {
    between_fades(before, after, stays).is_empty()
}

/// Whether one of these stages of a network reads what another one gives, at once or through
/// others.
#[must_use]
pub fn in_series(network: &Network, stages: &[usize]) -> bool {
    stages.iter().any(|stage| {
        let mut met = BTreeSet::new();
        let mut open = network.needs(*stage);
        while let Some(behind) = open.pop() {
            if stages.contains(&behind) {
                return true;
            }
            if met.insert(behind) {
                open.extend(network.needs(behind));
            }
        }
        false
    })
}

/// The stages that go on, read another signal than before, and are heard through a further fade.
fn between_fades(before: &Graph, after: &Network, stays: &[Option<usize>]) -> Vec<usize> {
    let graph = numbered(before, after, stays);
    let mut sums = Sums::default();
    let old = Union::of(before, &mut sums);
    let new = Union::of(&graph, &mut sums);
    let union = Union::between(&old, &new);
    let Ok(order) = union.order(&sums) else {
        return Vec::new(); // What waits for itself is found out elsewhere.
    };
    let mut before_fades = BTreeSet::new();
    let mut between = BTreeSet::new();
    for reader in order.into_iter().rev() {
        let source = match reader {
            Reader::Stage(number) => Some(Source::Stage(number)),
            Reader::Wire(sum) => Some(Source::Wire(sum)),
            Reader::Tap(_) | Reader::Output => None,
        };
        let is_before = source.is_some_and(|source| before_fades.contains(&source));
        let ports = union.ports(reader, &sums);
        if let Reader::Stage(number) = reader
            && is_before
            && ports.iter().any(Port::changes)
        {
            between.insert(number);
        }
        let fades = ports.iter().filter(|port| is_before || port.changes());
        before_fades.extend(fades.flat_map(Port::sources));
    }
    let stages = graph.numbers.iter().enumerate();
    let between = stages.filter(|(_, number)| between.contains(number));
    between.map(|(stage, _)| stage).collect()
}

/// The new graph, whoever goes on under the old number and all others under one of their own.
fn numbered(before: &Graph, after: &Network, stays: &[Option<usize>]) -> Graph {
    let free = before.numbers.iter().max().map_or(0, |most| most + 1);
    let number = |(stage, stays): (usize, &Option<usize>)| match stays {
        Some(there) => before.numbers[*there],
        None => free + stage,
    };
    Graph {
        network: after.clone(),
        numbers: stays.iter().enumerate().map(number).collect(),
    }
}
