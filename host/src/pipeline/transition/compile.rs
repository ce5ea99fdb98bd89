//! Compile: from who reads what, and how late, to a schedule.
//!
//! In: an order of readers, their lateness now and in the schedule that ran before. Out: steps,
//! each with its gate, buffers, and delay lines with what they hold at first. Pure.
//!
//! For an edge from u to v, with `out` and `in` the lateness and a stall how much it grew: the
//! line holds `in(v) - out(u)` frames once all gates are open; u gives nothing for its stall, v
//! takes nothing for its own; so the line begins with `in(v) - out(u) - stall(v) + stall(u)`
//! frames, which for an edge that was there before is just what its line held. Below zero, so
//! many of u's first frames are too early for anyone and are dropped.

use std::collections::BTreeMap;

use crate::pipeline::network::Source;
use crate::pipeline::schedule::{Draft, Gate, LineKey, LineSpec, Origin, Reader, Schedule, places};
use crate::pipeline::transition::late::Late;
use crate::pipeline::transition::union::{Port, Sums, Union};

/// What ran before.
#[derive(Debug, Clone, Default)]
pub(super) struct Past {
    pub(super) late: Late,
    /// The places of its delay lines.
    pub(super) lines: BTreeMap<LineKey, usize>,
}

/// What shall run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Present<'a> {
    pub(super) union: &'a Union,
    pub(super) sums: &'a Sums,
    pub(super) order: &'a [Reader],
    pub(super) late: &'a Late,
}

/// The value that is the pipeline's input.
const INPUT: usize = 0;

struct Compiler<'a> {
    present: Present<'a>,
    past: &'a Past,
    drafts: Vec<Draft>,
    gates: Vec<Gate>,
    /// The channels of each value.
    values: Vec<usize>,
    /// What stages and sums give, once their step is there.
    outputs: BTreeMap<Source, usize>,
    /// What comes out of each line.
    delayed: BTreeMap<LineKey, usize>,
    /// Until when zeros of new lines and new stages are in what stages and sums give.
    unsettled: BTreeMap<Source, u64>,
    settled_frames: u64,
    lines: Vec<LineSpec>,
    /// Which value is the pipeline's output.
    output: usize,
}

impl Past {
    /// What a schedule is for the one after it.
    pub(super) fn of(late: Late, lines: impl IntoIterator<Item = LineKey>) -> Self {
        let lines = lines.into_iter().enumerate();
        Self {
            late,
            lines: lines.map(|(place, key)| (key, place)).collect(),
        }
    }
}

/// The schedule, after what ran before.
pub(super) fn compile(present: Present<'_>, past: &Past) -> Schedule {
    let mut compiler = Compiler {
        present,
        past,
        drafts: Vec::new(),
        gates: Vec::new(),
        values: vec![present.union.channels_in],
        outputs: BTreeMap::from([(Source::Input, INPUT)]),
        delayed: BTreeMap::new(),
        unsettled: BTreeMap::new(),
        settled_frames: 0,
        lines: Vec::new(),
        output: INPUT,
    };
    for reader in present.order {
        compiler.add(*reader);
    }
    compiler.finish()
}

impl Compiler<'_> {
    fn add(&mut self, reader: Reader) {
        let Present { union, sums, .. } = self.present;
        let ports = union.ports(reader, sums);
        let values: Vec<_> = ports.iter().map(|port| self.port(port, reader)).collect();
        let (input, rest) = (values[0], &values[1..]);
        let gate = self.gate_of(reader);
        match reader {
            Reader::Stage(number) => {
                let source = Source::Stage(number);
                let output = self.value(union.nodes[&number].channels_out);
                let gate = Gate {
                    push_from: self.output_stall(source),
                    ..gate
                };
                self.push(Draft::Run(number, input, rest.to_vec(), output), gate);
                self.give(source, reader, output);
            }
            Reader::Wire(sum) => self.give(Source::Wire(sum), reader, input),
            Reader::Tap(tap) => {
                self.push(Draft::Feed(tap, input, rest.first().copied()), gate);
            }
            Reader::Output if input == INPUT => {
                self.output = self.value(union.channels_in);
                self.push(Draft::Mix(vec![INPUT], self.output), gate);
            }
            Reader::Output => self.output = input,
        }
    }

    /// What a stage or a sum gives from now on.
    fn give(&mut self, source: Source, reader: Reader, value: usize) {
        let Present {
            union, sums, late, ..
        } = self.present;
        self.outputs.insert(source, value);
        if self.past.late.input(reader).is_some() {
            return; // What was there goes on without a gap.
        }
        let sources = union.ports(reader, sums).iter().flat_map(Port::sources);
        let unsettled = sources.map(|from| self.unsettled_at(from, reader)).max();
        let own = late.output(source).unwrap_or(0) - late.input(reader).unwrap_or(0);
        let unsettled = unsettled.unwrap_or(0).saturating_add(own);
        self.unsettled.insert(source, unsettled);
    }

    /// Until when zeros are in what a reader gets of a signal.
    fn unsettled_at(&self, from: Source, to: Reader) -> u64 {
        let edge = self.edge(from, to);
        let zeros = match edge.origin {
            Origin::New { zeros } if zeros > 0 => zeros.saturating_add(self.input_stall(to)),
            Origin::New { .. } | Origin::Kept(_) => 0,
        };
        let signal = self
            .unsettled
            .get(&from)
            .copied()
            .filter(|until| *until > 0);
        signal.map_or(zeros, |until| zeros.max(until.saturating_add(edge.frames)))
    }

    /// What one input of a reader gets.
    fn port(&mut self, port: &Port, reader: Reader) -> usize {
        let new = self.sum(&port.new, reader);
        if !port.changes() {
            return new;
        }
        let old = self.sum(&port.old, reader);
        let value = self.value(self.values[new]);
        self.push(Draft::Blend(old, new, value), self.gate_of(reader));
        for from in &port.new {
            let settled = self.unsettled_at(*from, reader);
            self.settled_frames = self.settled_frames.max(settled);
        }
        value
    }

    fn sum(&mut self, sources: &[Source], reader: Reader) -> usize {
        let terms: Vec<_> = sources
            .iter()
            .map(|source| self.aligned(*source, reader))
            .collect();
        if let [only] = terms[..] {
            return only;
        }
        let channels = terms.first().map_or(0, |term| self.values[*term]);
        let value = self.value(channels);
        self.push(Draft::Mix(terms, value), self.gate_of(reader));
        value
    }

    /// A signal as late as its reader.
    fn aligned(&mut self, from: Source, to: Reader) -> usize {
        let key = LineKey { from, to };
        if let Some(value) = self.delayed.get(&key) {
            return *value;
        }
        let signal = self.outputs[&from];
        let line = self.edge(from, to);
        if line.capacity_frames == 0 {
            return signal;
        }
        let value = self.value(line.channels);
        let gate = Gate {
            push_from: self.push_from(from, to),
            pop_from: self.input_stall(to),
        };
        self.push(Draft::Delay(signal, self.lines.len(), value), gate);
        self.lines.push(line);
        self.delayed.insert(key, value);
        value
    }

    /// The line between two; none is needed where it never holds anything.
    fn edge(&self, from: Source, to: Reader) -> LineSpec {
        let Present {
            union, sums, late, ..
        } = self.present;
        let key = LineKey { from, to };
        let frames = late.input(to).unwrap_or(0) - late.output(from).unwrap_or(0);
        let zeros = frames.saturating_add(self.output_stall(from));
        let zeros = zeros.saturating_sub(self.input_stall(to));
        LineSpec {
            key,
            channels: union.channels(from, sums),
            frames,
            capacity_frames: frames.max(zeros),
            origin: match self.past.lines.get(&key) {
                Some(place) => Origin::Kept(*place),
                None => Origin::New { zeros },
            },
        }
    }

    /// From when on a line takes a signal: once there is one, and it is not too early for anyone.
    fn push_from(&self, from: Source, to: Reader) -> u64 {
        let late = self.present.late;
        let frames = late.input(to).unwrap_or(0) - late.output(from).unwrap_or(0);
        let stall = self.output_stall(from);
        stall.max(self.input_stall(to).saturating_sub(frames))
    }

    fn gate_of(&self, reader: Reader) -> Gate {
        let stall = self.input_stall(reader);
        Gate {
            push_from: stall,
            pop_from: stall,
        }
    }

    /// For how many frames a reader waits; none that was not there before.
    fn input_stall(&self, reader: Reader) -> u64 {
        grown(
            self.past.late.input(reader),
            self.present.late.input(reader),
        )
    }

    /// For how many frames a signal is missing; none that was not there before.
    fn output_stall(&self, source: Source) -> u64 {
        grown(
            self.past.late.output(source),
            self.present.late.output(source),
        )
    }

    fn value(&mut self, channels: usize) -> usize {
        self.values.push(channels);
        self.values.len() - 1
    }

    fn push(&mut self, draft: Draft, gate: Gate) {
        self.drafts.push(draft);
        self.gates.push(gate);
    }

    fn finish(self) -> Schedule {
        let (steps, slots) = places(&self.drafts, &self.values, self.output);
        let late = self.present.late;
        let gates = self.gates.iter();
        let stalled_frames = gates.map(|gate| gate.push_from.max(gate.pop_from)).max();
        let stalled_frames = stalled_frames.unwrap_or(0);
        let stall = |reader: &Reader| match reader {
            Reader::Stage(number) => Some((*number, self.input_stall(*reader))),
            Reader::Wire(_) | Reader::Tap(_) | Reader::Output => None,
        };
        let stalls = self.present.order.iter().filter_map(stall);
        let taps = self.present.order.iter();
        let taps = taps.filter(|reader| matches!(reader, Reader::Tap(_)));
        Schedule {
            stage_stalls: stalls.filter(|(_, frames)| *frames > 0).collect(),
            output_stall_frames: self.input_stall(Reader::Output),
            tap_latency_frames: taps.filter_map(|tap| late.input(*tap)).collect(),
            latency_frames: late.input(Reader::Output).unwrap_or(0),
            stalled_frames,
            settled_frames: self.settled_frames.max(stalled_frames),
            steps,
            slots,
            gates: self.gates,
            lines: self.lines,
        }
    }
}

fn grown(before: Option<u64>, now: Option<u64>) -> u64 {
    match (before, now) {
        (Some(before), Some(now)) => now - before,
        (None, _) | (_, None) => 0,
    }
}
