//! The first schedule of a network, everything as early as it can be.
//!
//! `graphs` holds it to a naive interpreter over random networks.

use crate::pipeline::network::{Network, Source, TapWiring, Wiring};
use crate::pipeline::schedule::{LineKey, Place, Reader, Schedule, Step};
use crate::pipeline::transition::{Graph, lay};

fn wiring(inputs: &[Source], latency_frames: u64) -> Wiring {
    Wiring {
        inputs: inputs.to_vec(),
        sidechains: Vec::new(),
        channels_out: 1,
        latency_frames,
    }
}

fn network(stages: Vec<Wiring>, output: Source) -> Network {
    Network {
        channels_in: 1,
        stages,
        wires: Vec::new(),
        taps: Vec::new(),
        output,
    }
}

/// The first schedule, without a reserve.
fn first(network: &Network) -> Schedule {
    lay(Graph::of(network.clone()), 0).unwrap().0
}

const IN: Source = Source::Input;
const A: Source = Source::Stage(0);
const B: Source = Source::Stage(1);

#[test]
fn a_chain_runs_in_one_slot_and_ends_in_the_output() {
    let stages = vec![wiring(&[IN], 0), wiring(&[A], 0), wiring(&[B], 0)];
    let first = first(&network(stages, Source::Stage(2)));
    let places: Vec<_> = first
        .steps
        .iter()
        .map(|step| match step {
            Step::Run { input, output, .. } => (*input, *output),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [
        (Place::Input, Place::Slot(0)),
        (Place::Slot(0), Place::Slot(1)),
        (Place::Slot(1), Place::Output),
    ];
    assert_eq!(places, expected);
    assert_eq!(first.slots, [1, 1]);
}

#[test]
fn a_long_chain_needs_two_slots() {
    let stages: Vec<_> = (0..1000)
        .map(|stage: usize| wiring(&[stage.checked_sub(1).map_or(IN, Source::Stage)], 0))
        .collect();
    let first = first(&network(stages, Source::Stage(999)));
    assert_eq!(first.slots.len(), 2);
}

#[test]
fn the_shorter_of_two_branches_is_delayed() {
    let stages = vec![wiring(&[IN], 0), wiring(&[IN], 480), wiring(&[A, B], 0)];
    let first = first(&network(stages, Source::Stage(2)));
    let key = LineKey {
        from: A,
        to: Reader::Stage(2),
    };
    let lines: Vec<_> = first
        .lines
        .iter()
        .map(|line| (line.key, line.channels, line.frames))
        .collect();
    assert_eq!(lines, [(key, 1, 480)]);
    assert_eq!(first.latency_frames, 480);
}

#[test]
fn a_reference_is_as_late_as_the_signal() {
    let mut network = network(vec![wiring(&[IN], 64)], A);
    network.taps.push(TapWiring {
        from: A,
        reference: Some(IN),
    });
    let first = first(&network);
    assert_eq!(first.lines[0].frames, 64);
    assert_eq!(first.tap_latency_frames, [64]);
}

#[test]
fn a_pipeline_without_stages_copies() {
    let first = first(&network(Vec::new(), IN));
    let copy = Step::Mix {
        terms: vec![Place::Input],
        into: Place::Output,
    };
    assert_eq!(first.steps, [copy]);
}

mod graphs;
