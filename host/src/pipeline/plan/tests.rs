//! Tests of the plan, among them a naive interpreter of the network as an oracle.

use proptest::prelude::*;

use super::*;
use crate::pipeline::network::{TapWiring, Wiring};

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

const IN: Source = Source::Input;
const A: Source = Source::Stage(0);
const B: Source = Source::Stage(1);

#[test]
fn a_chain_runs_in_one_slot_and_ends_in_the_output() {
    let stages = vec![wiring(&[IN], 0), wiring(&[A], 0), wiring(&[B], 0)];
    let plan = Plan::of(&network(stages, Source::Stage(2))).unwrap();
    let places: Vec<_> = plan
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
    assert_eq!(plan.slots, [1, 1]);
}

#[test]
fn a_long_chain_needs_two_slots() {
    let stages: Vec<_> = (0..1000)
        .map(|stage: usize| wiring(&[stage.checked_sub(1).map_or(IN, Source::Stage)], 0))
        .collect();
    let plan = Plan::of(&network(stages, Source::Stage(999))).unwrap();
    assert_eq!(plan.slots.len(), 2);
}

#[test]
fn the_shorter_of_two_branches_is_delayed() {
    let stages = vec![wiring(&[IN], 0), wiring(&[IN], 480), wiring(&[A, B], 0)];
    let plan = Plan::of(&network(stages, Source::Stage(2))).unwrap();
    let delay = DelaySpec {
        channels: 1,
        frames: 480,
    };
    assert_eq!(plan.delays, [delay]);
    assert_eq!(plan.latency_frames, 480);
}

#[test]
fn a_reference_is_as_late_as_the_signal() {
    let mut network = network(vec![wiring(&[IN], 64)], A);
    network.taps.push(TapWiring {
        from: A,
        reference: Some(IN),
    });
    let plan = Plan::of(&network).unwrap();
    assert_eq!(plan.delays[0].frames, 64);
    assert_eq!(plan.tap_latency_frames, [64]);
}

#[test]
fn a_pipeline_without_stages_copies() {
    let plan = Plan::of(&network(Vec::new(), IN)).unwrap();
    let copy = Step::Mix {
        terms: vec![Place::Input],
        into: Place::Output,
    };
    assert_eq!(plan.steps, [copy]);
}

/// What a place holds: which impulses of the input, each with its delay and how often.
type Content = Vec<(u64, u64)>;

fn sum(terms: impl Iterator<Item = Content>) -> Content {
    let mut all: Vec<(u64, u64)> = Vec::new();
    for (delay, times) in terms.flatten() {
        match all.iter_mut().find(|(known, _)| *known == delay) {
            Some((_, count)) => *count = count.wrapping_add(times),
            None => all.push((delay, times)),
        }
    }
    all.sort_unstable();
    all
}

fn later(content: &Content, frames: u64) -> Content {
    content
        .iter()
        .map(|(delay, times)| (delay + frames, *times))
        .collect()
}

/// Runs the steps on contents; a place that was overwritten too early gives a wrong answer.
fn interpret(plan: &Plan, network: &Network) -> Content {
    let mut slots = vec![Content::new(); plan.slots.len()];
    let mut output = Content::new();
    for step in &plan.steps {
        let read = |place: &Place| match place {
            Place::Input => vec![(0, 1)],
            Place::Output => output.clone(),
            Place::Slot(slot) => slots[*slot].clone(),
        };
        let (into, content) = match step {
            Step::Mix { terms, into } => (*into, sum(terms.iter().map(read))),
            Step::Delay { from, line, into } => {
                (*into, later(&read(from), plan.delays[*line].frames))
            }
            Step::Run {
                stage,
                input,
                sidechains,
                output,
            } => {
                assert!(input != output && !sidechains.contains(output), "{step:?}");
                let heard = sidechains.iter().chain([input]).map(read);
                (
                    *output,
                    later(&sum(heard), network.stages[*stage].latency_frames),
                )
            }
            Step::Feed { .. } => continue,
        };
        match into {
            Place::Input => panic!("the input is never written"),
            Place::Output => output = content,
            Place::Slot(slot) => slots[slot] = content,
        }
    }
    output
}

/// What the output of a source should hold: every path of the same, greatest latency.
fn expect(network: &Network, source: Source) -> Content {
    let Source::Stage(stage) = source else {
        return vec![(0, 1)];
    };
    let wiring = &network.stages[stage];
    let heard = wiring.inputs.iter().chain(&wiring.sidechains);
    let contents: Vec<_> = heard.map(|source| expect(network, *source)).collect();
    let latest = contents
        .iter()
        .flatten()
        .map(|(delay, _)| *delay)
        .max()
        .unwrap_or(0);
    let times = contents
        .iter()
        .flatten()
        .fold(0u64, |sum, (_, times)| sum.wrapping_add(*times));
    vec![(latest + wiring.latency_frames, times)]
}

fn networks() -> impl Strategy<Value = Network> {
    let stage = |at: usize| {
        let sources = prop::collection::vec(0..=at, 1..4);
        let keys = prop::collection::vec(0..=at, 0..3);
        (sources, keys, 0u64..600).prop_map(|(inputs, keys, latency_frames)| {
            let source = |at: &usize| at.checked_sub(1).map_or(Source::Input, Source::Stage);
            Wiring {
                inputs: inputs.iter().map(source).collect(),
                sidechains: keys.iter().map(source).collect(),
                channels_out: 1,
                latency_frames,
            }
        })
    };
    (1usize..12).prop_flat_map(move |count| {
        let stages: Vec<_> = (0..count).map(stage).collect();
        (stages, 0..=count).prop_map(|(stages, output)| {
            network(
                stages,
                output.checked_sub(1).map_or(Source::Input, Source::Stage),
            )
        })
    })
}

proptest! {
    #[test]
    fn every_path_has_the_same_latency_and_no_buffer_is_written_too_early(network in networks()) {
        let plan = Plan::of(&network).unwrap();
        let expected = expect(&network, network.output);
        prop_assert_eq!(interpret(&plan, &network), expected.clone());
        prop_assert_eq!(plan.latency_frames, expected[0].0);
    }
}
