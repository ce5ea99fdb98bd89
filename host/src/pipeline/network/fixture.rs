//! Fixture: random networks in which everything that is summed has the same channels.

use proptest::prelude::*;

use crate::pipeline::network::{Network, Source, TapWiring, Wiring};

/// The most stages of a random network.
const STAGES_MAX: usize = 12;

/// What chooses a stage: numbers, each taken modulo what there is to choose from.
#[derive(Debug, Clone)]
struct Seed {
    inputs: Vec<usize>,
    keys: Vec<usize>,
    channels_out: usize,
    latency_frames: u64,
    /// Whether it is left out, so that a wire stands in its place.
    is_wire: bool,
}

fn seed() -> impl Strategy<Value = Seed> {
    let latency = prop_oneof![Just(0u64), 1u64..70, 70u64..600];
    let choices = (
        prop::collection::vec(any::<usize>(), 1..4),
        prop::collection::vec(any::<usize>(), 0..3),
        1usize..4,
        latency,
        prop::bool::weighted(0.2),
    );
    choices.prop_map(
        |(inputs, keys, channels_out, latency_frames, is_wire)| Seed {
            inputs,
            keys,
            channels_out,
            latency_frames,
            is_wire,
        },
    )
}

/// Networks with sums, fan-out, sidechains, taps with and without reference, places that were left
/// out, and stages that change the number of channels; in an order of the file that is not that of
/// the graph.
pub(in crate::pipeline) fn networks() -> impl Strategy<Value = Network> {
    let stages = prop::collection::vec(seed(), 1..=STAGES_MAX);
    let taps = prop::collection::vec((any::<usize>(), prop::option::of(any::<usize>())), 0..4);
    (stages, taps, 1usize..3, any::<usize>(), any::<usize>()).prop_map(
        |(seeds, taps, channels_in, output, turn)| grow(&seeds, &taps, channels_in, output, turn),
    )
}

fn grow(
    seeds: &[Seed],
    taps: &[(usize, Option<usize>)],
    channels_in: usize,
    output: usize,
    turn: usize,
) -> Network {
    // Stages are numbered so that the graph's order is the file's, turned round.
    let count = seeds.iter().filter(|seed| !seed.is_wire).count();
    let number = |stage: usize| (stage + turn % count.max(1)) % count.max(1);
    let mut stages: Vec<Option<Wiring>> = vec![None; count];
    let mut wires = Vec::new();
    // Everything that can be read so far, with its channels.
    let mut there = vec![(Source::Input, channels_in)];
    let mut made = 0;
    for seed in seeds {
        let (first, channels) = there[seed.inputs[0] % there.len()];
        let like: Vec<_> = there
            .iter()
            .filter(|one| one.1 == channels)
            .map(|one| one.0)
            .collect();
        let rest = seed.inputs[1..].iter().map(|at| like[at % like.len()]);
        let inputs: Vec<_> = [first].into_iter().chain(rest).collect();
        if seed.is_wire {
            there.push((Source::Wire(wires.len()), channels));
            wires.push(inputs);
            continue;
        }
        let keys = seed.keys.iter().map(|at| there[at % there.len()].0);
        let stage = number(made);
        made += 1;
        stages[stage] = Some(Wiring {
            inputs,
            sidechains: keys.collect(),
            channels_out: seed.channels_out,
            latency_frames: seed.latency_frames,
        });
        there.push((Source::Stage(stage), seed.channels_out));
    }
    let tap = |(from, reference): &(usize, Option<usize>)| {
        let (from, channels) = there[from % there.len()];
        let like: Vec<_> = there.iter().filter(|one| one.1 == channels).collect();
        TapWiring {
            from,
            reference: reference.map(|at| like[at % like.len()].0),
        }
    };
    Network {
        channels_in,
        wires,
        taps: taps.iter().map(tap).collect(),
        output: there[output % there.len()].0,
        stages: stages.into_iter().flatten().collect(),
    }
}
