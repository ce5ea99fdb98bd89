//! Wires: how the parts of a configuration are connected, by numbers.
//!
//! In: a configuration whose names are known to be right. Out: sources by their places in the
//! file. Pure.

use crate::config::model::{Config, Readable};
use crate::id::{Node, StageId, TapId};
use crate::pipeline::{Network, Source, TapWiring, Wiring};

/// The connections of a configuration, by numbers.
#[derive(Debug, Clone)]
pub(super) struct Wires {
    pub(super) stages: Vec<(Vec<Source>, Vec<Source>)>,
    pub(super) taps: Vec<TapWiring>,
    pub(super) output: Source,
    /// What each decision reads: a tap, or a stage's outputs.
    pub(super) reads: Vec<Vec<ReadBy>>,
}

/// One thing a decision reads, by its place in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadBy {
    Tap(usize),
    Stage(usize),
}

impl Wires {
    pub(super) fn of(config: &Config) -> Self {
        let stage = |id: &StageId| {
            config
                .stages
                .iter()
                .position(|stage| stage.id.value == *id)
                .unwrap_or(0)
        };
        let source = |node: &Node| match node {
            Node::Input => Source::Input,
            Node::Stage(id) => Source::Stage(stage(id)),
        };
        let tap = |id: &TapId| {
            config
                .taps
                .iter()
                .position(|tap| tap.id.value == *id)
                .unwrap_or(0)
        };
        let read = |readable: &Readable| match readable {
            Readable::Tap(id) => ReadBy::Tap(tap(id)),
            Readable::Stage(id) => ReadBy::Stage(stage(id)),
        };
        let stages = config.stages.iter().map(|stage| {
            let inputs = stage
                .inputs
                .iter()
                .map(|node| source(&node.value))
                .collect();
            let keys = stage
                .sidechains
                .iter()
                .map(|(_, node)| source(&node.value))
                .collect();
            (inputs, keys)
        });
        let taps = config.taps.iter().map(|tap| TapWiring {
            from: source(&tap.from.value),
            reference: tap.reference.as_ref().map(|node| source(&node.value)),
        });
        let reads = config.decides.iter();
        Self {
            stages: stages.collect(),
            taps: taps.collect(),
            output: source(&config.stream.from.value),
            reads: reads
                .map(|decide| decide.reads.iter().map(|at| read(&at.value)).collect())
                .collect(),
        }
    }

    /// The network without latencies, to find an order in.
    pub(super) fn bare(&self, channels_in: usize) -> Network {
        let wiring = |(inputs, sidechains): &(Vec<Source>, Vec<Source>)| Wiring {
            inputs: inputs.clone(),
            sidechains: sidechains.clone(),
            channels_out: 1,
            latency_frames: 0,
        };
        Network {
            channels_in,
            stages: self.stages.iter().map(wiring).collect(),
            taps: self.taps.clone(),
            output: self.output,
        }
    }
}
