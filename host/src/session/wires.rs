//! Wires: how the parts of a configuration are connected, by numbers.
//!
//! In: a configuration whose names are known to be right. Out: sources by their places in the
//! file. Pure.

use crate::config::model::{Config, Readable};
use crate::config::source::Spanned;
use crate::id::{Node, StageId};
use crate::pipeline::{Network, ReadBy, Source, TapWiring, Wiring};

/// The connections of a configuration, by numbers.
#[derive(Debug, Clone)]
pub(super) struct Wires {
    pub(super) stages: Vec<(Vec<Source>, Vec<Source>)>,
    /// Places whose stage was left out, each after those it reads.
    pub(super) wires: Vec<Vec<Source>>,
    pub(super) taps: Vec<TapWiring>,
    pub(super) output: Source,
    /// What each decision reads: a tap, or a stage's outputs.
    pub(super) reads: Vec<Vec<ReadBy>>,
}

impl Wires {
    pub(super) fn of(config: &Config) -> Self {
        let mut names = Names::of(config);
        names.number_wires();
        let stages = config.stages.iter().map(|stage| {
            let keys = stage.sidechains.iter().map(|(_, node)| node);
            (names.sources(stage.inputs.iter()), names.sources(keys))
        });
        let taps = config.taps.iter().map(|tap| TapWiring {
            from: names.source(&tap.from.value),
            reference: tap.reference.as_ref().map(|node| names.source(&node.value)),
        });
        let reads = config.decides.iter().map(|decide| {
            let reads = decide.reads.iter();
            reads.filter_map(|at| names.read(&at.value)).collect()
        });
        Self {
            stages: stages.collect(),
            taps: taps.collect(),
            output: names.source(&config.stream.from.value),
            reads: reads.collect(),
            wires: names.wires(),
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
            wires: self.wires.clone(),
            taps: self.taps.clone(),
            output: self.output,
        }
    }
}

/// Which name is which number.
struct Names<'a> {
    config: &'a Config,
    /// The stages that were left out, by their places in the configuration's list, each after those
    /// it reads; a wire's number is its place in here.
    wires: Vec<usize>,
}

impl<'a> Names<'a> {
    const fn of(config: &'a Config) -> Self {
        let wires = Vec::new();
        Self { config, wires }
    }

    fn stage(&self, id: &StageId) -> Option<usize> {
        let mut stages = self.config.stages.iter();
        stages.position(|stage| stage.id.value == *id)
    }

    fn sources<'n>(&self, nodes: impl Iterator<Item = &'n Spanned<Node>>) -> Vec<Source> {
        nodes.map(|node| self.source(&node.value)).collect()
    }

    /// What a decision reads; a stage that was left out has no outputs to be read.
    fn read(&self, readable: &Readable) -> Option<ReadBy> {
        match readable {
            Readable::Tap(id) => {
                let mut taps = self.config.taps.iter();
                let at = taps.position(|tap| tap.id.value == *id);
                Some(ReadBy::Tap(at.unwrap_or(0)))
            }
            Readable::Stage(id) => self.stage(id).map(ReadBy::Stage),
        }
    }

    fn left_out(&self, id: &StageId) -> Option<usize> {
        let mut left_out = self.config.left_out.iter();
        left_out.position(|stage| stage.id == *id)
    }

    /// Puts every wire after the wires it reads; the configuration has no cycles.
    fn number_wires(&mut self) {
        let all = &self.config.left_out;
        while self.wires.len() < all.len() {
            let before = self.wires.len();
            for (at, stage) in all.iter().enumerate() {
                let mut reads = stage.inputs.iter().filter_map(|node| match &node.value {
                    Node::Input => None,
                    Node::Stage(id) => self.left_out(id),
                });
                if !self.wires.contains(&at) && reads.all(|read| self.wires.contains(&read)) {
                    self.wires.push(at);
                }
            }
            if self.wires.len() == before {
                return;
            }
        }
    }

    fn wires(&self) -> Vec<Vec<Source>> {
        let inputs = |at: &usize| {
            let inputs = self.config.left_out[*at].inputs.iter();
            inputs.map(|node| self.source(&node.value)).collect()
        };
        self.wires.iter().map(inputs).collect()
    }

    fn source(&self, node: &Node) -> Source {
        let Node::Stage(id) = node else {
            return Source::Input;
        };
        let wire = || {
            let at = self.left_out(id)?;
            self.wires.iter().position(|wire| *wire == at)
        };
        match (self.stage(id), wire()) {
            (Some(stage), _) => Source::Stage(stage),
            (None, Some(wire)) => Source::Wire(wire),
            (None, None) => Source::Input,
        }
    }
}
