//! Late: how far everything lags behind the pipeline's input.
//!
//! In: who reads what, and how late each reader has to be at least. Out: the lateness of every
//! reader, so that all it reads can be made as late. Pure.

use std::collections::BTreeMap;

use crate::pipeline::network::Source;
use crate::pipeline::schedule::Reader;
use crate::pipeline::transition::union::{Port, Sums, Union};

/// The lateness of readers; stages by the engine's numbers, sums by theirs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::pipeline) struct Late {
    /// What a reader reads, in frames behind the pipeline's input.
    inputs: BTreeMap<Reader, u64>,
    /// How far a stage's output lags behind its input.
    latencies: BTreeMap<usize, u64>,
}

impl Late {
    /// As early as the order and the floors allow.
    pub(in crate::pipeline) fn of(
        union: &Union,
        sums: &Sums,
        order: &[Reader],
        floor: impl Fn(Reader) -> u64,
    ) -> Self {
        let nodes = union.nodes.iter();
        let mut late = Self {
            inputs: BTreeMap::new(),
            latencies: nodes
                .map(|(number, node)| (*number, node.latency_frames))
                .collect(),
        };
        for reader in order {
            let sources = union.ports(*reader, sums).iter().flat_map(Port::sources);
            let latest = sources.filter_map(|source| late.output(source)).max();
            let latest = latest.unwrap_or(0).max(floor(*reader));
            late.inputs.insert(*reader, latest);
        }
        late
    }

    /// How late what a reader reads is; none of one that is not there.
    pub(in crate::pipeline) fn input(&self, reader: Reader) -> Option<u64> {
        self.inputs.get(&reader).copied()
    }

    /// How late a signal is; none of one that is not there.
    pub(in crate::pipeline) fn output(&self, source: Source) -> Option<u64> {
        match source {
            Source::Input => Some(0),
            Source::Wire(sum) => self.input(Reader::Wire(sum)),
            Source::Stage(number) => {
                let input = self.input(Reader::Stage(number))?;
                Some(input.saturating_add(*self.latencies.get(&number)?))
            }
        }
    }
    /// That of some readers alone, where their sources are called otherwise.
    pub(in crate::pipeline) fn narrowed(
        &self,
        readers: &[Reader],
        name: impl Fn(Source) -> Source,
    ) -> Self {
        let mut narrowed = Self::default();
        for reader in readers {
            if let Some(frames) = self.input(*reader) {
                narrowed.inputs.insert(reader.renamed(&name), frames);
            }
            if let Reader::Stage(number) = reader
                && let Some(frames) = self.latencies.get(number)
            {
                narrowed.latencies.insert(*number, *frames);
            }
        }
        narrowed
    }
}
