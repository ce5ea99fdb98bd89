//! Engines of random graphs, held bit for bit to a naive interpreter of the graph.
//!
//! The interpreter knows no blocks, no buffers and no plan: it works on whole signals, one node
//! after the other, and shifts what is summed, keyed or compared by hand.

use std::sync::Arc;

use proptest::prelude::*;
use segue_plugin::abi::audio::Span;
use segue_plugin::link::{
    AudioView, AudioViewMut, Creation, Flags, NoServices, Processor, Start, built_in,
};
use segue_plugin::prelude::*;

use super::super::*;
use super::planar;
use crate::pipeline::StageSetup;
use crate::pipeline::fault::OnError;
use crate::pipeline::network::fixture::networks;
use crate::pipeline::network::{Source, Wiring};
use crate::pipeline::transition::{Graph, lay};

const RATE: u32 = 8_000;
const FRAMES_MAX: usize = 300;

/// Planar samples.
type Signal = Vec<Vec<f32>>;

/// Weighs its input and its sidechains, with other channels, late, and not linear.
#[derive(Params)]
struct Node {
    /// How late.
    #[param(range = 0.0..=1000.0, default = 0.0)]
    late_frames: f64,
    /// How many channels come out.
    #[param(range = 1.0..=8.0, default = 1.0)]
    channels_out: f64,
    rings: Vec<Vec<f32>>,
    at: usize,
}

/// What a node makes of one frame, before it is late.
fn weigh(channel: usize, input: &[f32], keys: &[Vec<f32>]) -> f32 {
    let mut sample = input[channel % input.len()] * (0.5 + 0.25 * channel as f32);
    for (at, key) in keys.iter().enumerate() {
        sample += key[channel % key.len()] * 0.3 / (at + 1) as f32;
    }
    sample - 0.1 * sample * sample
}

impl AudioProcessor for Node {
    const CAPABILITIES: Capabilities = Capabilities {
        sidechains: 8,
        ..Capabilities::DEFAULT
    };

    fn validate_input(&self, _: &Format) -> Result<Layout, Refusal> {
        Ok(Layout::discrete(self.channels_out as u16))
    }

    fn activate(&mut self, _: &Activation<'_>) -> Result<Timing, Refusal> {
        let frames = self.late_frames as usize;
        self.rings = vec![vec![0.0; frames]; self.channels_out as usize];
        Ok(Timing {
            latency_frames: frames as u64,
            tail_frames: 0,
        })
    }

    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let ring_frames = self.late_frames as usize;
        for frame in 0..audio.frames() {
            let input: Vec<_> = (0..audio.channels_in())
                .map(|channel| audio.input(channel)[frame])
                .collect();
            let keys: Vec<Vec<_>> = (0..8)
                .map_while(|at| context.sidechain(at))
                .map(|key| key.iter().map(|channel| channel[frame]).collect())
                .collect();
            for (channel, ring) in self.rings.iter_mut().enumerate() {
                let now = weigh(channel, &input, &keys);
                audio.output(channel)[frame] = match ring_frames {
                    0 => now,
                    _ => std::mem::replace(&mut ring[self.at], now),
                };
            }
            self.at = (self.at + 1) % ring_frames.max(1);
        }
        Ok(Status::Continue)
    }
}

fn layout(channels: usize) -> Layout {
    Layout::discrete(channels as u16)
}

fn processor(network: &Network, wiring: &Wiring) -> Processor {
    let params = [
        (0, wiring.latency_frames as f64),
        (1, wiring.channels_out as f64),
    ];
    let creation = Creation {
        name: "node",
        params: &params,
        ..Creation::default()
    };
    let made = built_in::processor::<Node>(&creation, Arc::new(NoServices));
    let mut processor = made.unwrap();
    let keys = wiring.sidechains.iter();
    let sidechains: Vec<_> = keys.map(|key| layout(network.channels(*key))).collect();
    let start = Start {
        format: Format {
            sample_rate_hz: RATE,
            layout: layout(network.channels(wiring.inputs[0])),
        },
        frames_max: FRAMES_MAX as u32,
        mode: Mode::Offline,
        sidechains: &sidechains,
        sources: &[],
    };
    let timing = processor.activate(&start).unwrap();
    assert_eq!(timing.latency_frames, wiring.latency_frames);
    processor
}

fn stages(network: &Network) -> Vec<Stage> {
    let stage = |wiring: &Wiring| {
        Stage::new(StageSetup {
            processor: processor(network, wiring),
            on_error: OnError::Bypass,
            channels_in: network.channels(wiring.inputs[0]),
            channels_out: wiring.channels_out,
            latency_frames: wiring.latency_frames,
            outputs: 0,
            sample_rate_hz: RATE,
        })
    };
    network.stages.iter().map(stage).collect()
}

/// What came out of an engine: its output, and what each tap saw of signal and reference.
#[derive(Debug, PartialEq)]
struct Heard {
    output: Signal,
    taps: Vec<(Signal, Signal)>,
}

/// Runs the network's plan in blocks of these sizes, again and again.
fn run(network: &Network, input: &Signal, cuts: &[usize]) -> Heard {
    let graph = Graph::of(network.clone());
    let (schedule, _) = lay(graph, 0).unwrap();
    let (mut engine, mut rings) = Engine::new(network, schedule, stages(network), FRAMES_MAX);
    let frames = input[0].len();
    let mut output = vec![vec![f32::NAN; frames]; network.channels(network.output)];
    let mut taps = vec![(Signal::new(), Signal::new()); network.taps.len()];
    let mut feeds = rings.feeds.take().unwrap();
    let mut start = 0;
    for cut in cuts.iter().cycle() {
        let count = (*cut).min(frames - start);
        if count == 0 {
            break;
        }
        block(&mut engine, input, start..start + count, &mut output);
        start += count;
        if start == frames {
            engine.flush_taps();
        }
        while let Ok(chunk) = feeds.full.pop() {
            let (signal, reference) = &mut taps[chunk.tap];
            keep(signal, &chunk.signal, chunk.frames);
            keep(reference, &chunk.reference, chunk.frames);
            feeds.empty[chunk.tap].push(chunk).unwrap();
        }
    }
    assert!(engine.dropped_frames().all(|frames| frames == 0));
    Heard { output, taps }
}

fn keep(into: &mut Signal, from: &segue_media::audio::Buffer, frames: usize) {
    into.resize(from.channels(), Vec::new());
    for (into, from) in into.iter_mut().zip(from.iter()) {
        into.extend_from_slice(&from[..frames]);
    }
}

fn block(engine: &mut Engine, input: &Signal, part: std::ops::Range<usize>, output: &mut Signal) {
    let span = |channels: usize| Span {
        channels,
        stride: part.len(),
        start: 0,
        frames: part.len(),
    };
    let lent = planar(input, &part);
    let mut filled = vec![f32::NAN; part.len() * output.len()];
    let mut lent = Lent {
        position_frames: part.start as u64,
        flags: Flags::NONE,
        input: AudioView::new(&lent, span(input.len())),
        output: AudioViewMut::new(&mut filled, span(output.len())),
    };
    engine.process(&mut lent).unwrap();
    for (channel, filled) in output.iter_mut().zip(filled.chunks(part.len())) {
        channel[part.clone()].copy_from_slice(filled);
    }
}

/// The naive interpreter: whole signals, each with how late it is.
struct Naive<'a> {
    network: &'a Network,
    input: &'a Signal,
    known: std::collections::BTreeMap<Source, (Signal, u64)>,
}

fn shifted(signal: &Signal, frames: u64) -> Signal {
    let shift = |channel: &Vec<f32>| {
        let mut late = vec![0.0; frames as usize];
        late.extend_from_slice(channel);
        late.truncate(channel.len());
        late
    };
    signal.iter().map(shift).collect()
}

impl Naive<'_> {
    fn signal(&mut self, source: Source) -> (Signal, u64) {
        if let Some(known) = self.known.get(&source) {
            return known.clone();
        }
        let network = self.network;
        let found = match source {
            Source::Input => (self.input.clone(), 0),
            Source::Wire(wire) => self.sum(&network.wires[wire]),
            Source::Stage(stage) => self.stage(&network.stages[stage]),
        };
        self.known.insert(source, found.clone());
        found
    }

    fn sum(&mut self, sources: &[Source]) -> (Signal, u64) {
        let terms: Vec<_> = sources.iter().map(|source| self.signal(*source)).collect();
        let latest = terms.iter().map(|term| term.1).max().unwrap_or(0);
        let mut terms = terms
            .iter()
            .map(|(signal, late)| shifted(signal, latest - late));
        let mut sum = terms.next().unwrap();
        for term in terms {
            for (sum, term) in sum.iter_mut().flatten().zip(term.iter().flatten()) {
                *sum += term;
            }
        }
        (sum, latest)
    }

    fn stage(&mut self, wiring: &Wiring) -> (Signal, u64) {
        let (input, late) = self.sum(&wiring.inputs);
        let keys: Vec<_> = wiring
            .sidechains
            .iter()
            .map(|key| self.signal(*key))
            .collect();
        let latest = keys.iter().fold(late, |latest, key| latest.max(key.1));
        let input = shifted(&input, latest - late);
        let keys: Vec<_> = keys
            .iter()
            .map(|(key, late)| shifted(key, latest - late))
            .collect();
        let at = |signal: &Signal, frame: usize| {
            signal
                .iter()
                .map(|channel| channel[frame])
                .collect::<Vec<_>>()
        };
        let frame = |channel: usize, frame: usize| {
            let keys: Vec<_> = keys.iter().map(|key| at(key, frame)).collect();
            weigh(channel, &at(&input, frame), &keys)
        };
        let output: Signal = (0..wiring.channels_out)
            .map(|channel| {
                (0..self.input[0].len())
                    .map(|at| frame(channel, at))
                    .collect()
            })
            .collect();
        let late = wiring.latency_frames;
        (shifted(&output, late), latest + late)
    }

    /// What a tap should see: both of the same frames, from the input's first on.
    fn tap(&mut self, wiring: TapWiring) -> (Signal, Signal) {
        let (signal, late) = self.signal(wiring.from);
        let other = wiring.reference.map(|from| self.signal(from));
        let latest = other.as_ref().map_or(late, |other| other.1.max(late));
        let seen = |signal: &Signal, late: u64| -> Signal {
            let first = (latest as usize).min(signal[0].len());
            let aligned = shifted(signal, latest - late).into_iter();
            aligned.map(|channel| channel[first..].to_vec()).collect()
        };
        let reference = other.map(|(other, late)| seen(&other, late));
        (seen(&signal, late), reference.unwrap_or_default())
    }
}

fn expected(network: &Network, input: &Signal) -> Heard {
    let mut naive = Naive {
        network,
        input,
        known: std::collections::BTreeMap::new(),
    };
    Heard {
        output: naive.signal(network.output).0,
        taps: network.taps.iter().map(|tap| naive.tap(*tap)).collect(),
    }
}

/// Every sample another one.
fn noise(channels: usize, frames: usize) -> Signal {
    let sample = |at: usize| ((at * 7_919) % 10_007) as f32 / 10_007.0 - 0.5;
    (0..channels)
        .map(|channel| {
            (0..frames)
                .map(|frame| sample(frame * 31 + channel * 977))
                .collect()
        })
        .collect()
}

/// Without signal a tap was never sent anything, whatever its channels.
fn without_empty(mut heard: Heard) -> Heard {
    for (signal, reference) in &mut heard.taps {
        signal.retain(|channel| !channel.is_empty());
        reference.retain(|channel| !channel.is_empty());
    }
    heard
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn an_engine_gives_what_a_naive_interpreter_gives_bit_for_bit(
        network in networks(),
        cuts in prop::collection::vec(1usize..FRAMES_MAX, 1..6),
        frames in 1usize..3_000,
    ) {
        let input = noise(network.channels_in, frames);
        let found = without_empty(run(&network, &input, &cuts));
        let expected = without_empty(expected(&network, &input));
        prop_assert!(found.output == expected.output, "the output differs");
        for (at, (found, expected)) in found.taps.iter().zip(&expected.taps).enumerate() {
            prop_assert!(found == expected, "tap {} differs", at);
        }
    }
}
