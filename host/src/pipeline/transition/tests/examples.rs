//! Single transitions, looked at closely.

use super::super::*;
use crate::pipeline::network::{Network, TapWiring, Wiring};
use crate::pipeline::schedule::{Gate, Origin};

const IN: Source = Source::Input;

fn stage(inputs: &[Source], latency_frames: u64) -> Wiring {
    Wiring {
        inputs: inputs.to_vec(),
        sidechains: Vec::new(),
        channels_out: 1,
        latency_frames,
    }
}

/// A chain of stages with these numbers and latencies.
fn chain(stages: &[(usize, u64)]) -> Graph {
    let from = |at: usize| at.checked_sub(1).map_or(IN, Source::Stage);
    let wiring = |(at, (_, frames)): (usize, &(usize, u64))| stage(&[from(at)], *frames);
    Graph {
        network: Network {
            channels_in: 1,
            stages: stages.iter().enumerate().map(wiring).collect(),
            wires: Vec::new(),
            taps: Vec::new(),
            output: from(stages.len()),
        },
        numbers: stages.iter().map(|(number, _)| *number).collect(),
    }
}

#[test]
fn the_reserve_is_the_line_in_front_of_the_output() {
    let (schedule, laid) = lay(chain(&[(5, 30)]), 12).unwrap();
    let line = LineSpec {
        key: LineKey {
            from: Source::Stage(5),
            to: Reader::Output,
        },
        channels: 1,
        frames: 12,
        capacity_frames: 12,
        origin: Origin::New { zeros: 12 },
    };
    assert_eq!(schedule.lines, [line]);
    assert_eq!(laid.latency_frames, 42);
}

#[test]
fn a_place_that_grows_is_fed_from_the_reserve() {
    let (_, laid) = lay(chain(&[(0, 0), (1, 4)]), 10).unwrap();
    let grown = change(&laid, chain(&[(0, 3), (1, 4)])).unwrap();
    assert_eq!(grown.during, None);
    assert_eq!(grown.laid.latency_frames, 14);
    let schedule = grown.after;
    // The second stage waits while the first fills; the output plays on.
    assert_eq!(schedule.stage_stalls, [(1, 3)]);
    assert_eq!(schedule.output_stall_frames, 0);
    assert_eq!(schedule.lines[0].frames, 7);
    assert_eq!(schedule.lines[0].capacity_frames, 10);
    assert_eq!(schedule.lines[0].origin, Origin::Kept(0));
    let gate = |push_from, pop_from| Gate {
        push_from,
        pop_from,
    };
    assert_eq!(schedule.gates, [gate(3, 0), gate(3, 3), gate(3, 0)]);
}

#[test]
fn beyond_the_reserve_the_total_says_how_much_is_missing() {
    let (_, laid) = lay(chain(&[(0, 0)]), 10).unwrap();
    let grown = change(&laid, chain(&[(0, 64)])).unwrap();
    assert_eq!(grown.laid.latency_frames - laid.latency_frames, 54);
    assert_eq!(grown.after.output_stall_frames, 54);
}

#[test]
fn less_latency_is_padded_in_its_place() {
    let (_, laid) = lay(chain(&[(0, 9), (1, 0)]), 0).unwrap();
    let change = change(&laid, chain(&[(0, 2), (1, 0)])).unwrap();
    assert_eq!(change.laid.graph.network.stages[0].latency_frames, 9);
    assert_eq!(change.after.stalled_frames, 0);
    assert_eq!(change.laid.stage_latency_frames, [0, 9]);
}

#[test]
fn a_stage_between_two_is_heard_through_one_blend() {
    let (_, laid) = lay(chain(&[(0, 0), (1, 0)]), 8).unwrap();
    let inserted = change(&laid, chain(&[(0, 0), (2, 5), (1, 0)])).unwrap();
    assert_eq!(
        (&inserted.added[..], &inserted.removed[..]),
        (&[2][..], &[][..])
    );
    let during = inserted.during.unwrap();
    let blends = |step: &&Step| matches!(step, Step::Blend { .. });
    assert_eq!(during.steps.iter().filter(blends).count(), 1);
    // The last stage waits for the new one, and hears it once it has filled.
    assert_eq!(during.stage_stalls, [(1, 5)]);
    assert_eq!((during.stalled_frames, during.settled_frames), (5, 5));
    assert_eq!(inserted.after.steps.iter().filter(blends).count(), 0);
    assert_eq!(inserted.laid.latency_frames, 8);
}

#[test]
fn a_stage_that_leaves_leaves_its_lateness() {
    let (_, laid) = lay(chain(&[(0, 0), (1, 7), (2, 0)]), 0).unwrap();
    let cut = change(&laid, chain(&[(0, 0), (2, 0)])).unwrap();
    assert_eq!(cut.removed, [1]);
    let during = cut.during.unwrap();
    assert_eq!((during.stalled_frames, during.settled_frames), (0, 7));
    assert_eq!(cut.laid.latency_frames, 7);
    assert_eq!(cut.after.lines[0].frames, 7);
}

#[test]
fn of_two_that_change_places_both_start_anew_and_what_is_around_them_stays() {
    let before = chain(&[(0, 0), (1, 0), (2, 0)]);
    let swapped = chain(&[(0, 0), (2, 0), (1, 0)]);
    let kept = [Some(0), Some(2), Some(1)];
    let (_, laid) = lay(before.clone(), 0).unwrap();
    assert!(matches!(
        change(&laid, swapped.clone()),
        Err(Refused::Cycle(_))
    ));
    assert_eq!(moved(&before, &swapped.network, &kept), Ok(vec![1, 2]));
    let first_last = chain(&[(1, 0), (2, 0), (0, 0)]);
    let kept = [Some(1), Some(2), Some(0)];
    assert_eq!(
        moved(&before, &first_last.network, &kept),
        Ok(vec![0, 1, 2])
    );
    // Whoever comes behind what changed places hears the only fade, and goes on.
    let before = chain(&[(0, 0), (1, 0), (2, 0), (3, 0)]);
    let swapped = chain(&[(0, 0), (2, 0), (1, 0), (3, 0)]);
    let kept = [Some(0), Some(2), Some(1), Some(3)];
    assert_eq!(moved(&before, &swapped.network, &kept), Ok(vec![1, 2]));
}

#[test]
fn what_stands_between_two_that_come_starts_anew() {
    let before = chain(&[(0, 0), (1, 0), (2, 0)]);
    let after = chain(&[(3, 0), (0, 0), (1, 0), (4, 0), (2, 0)]);
    let kept = [None, Some(0), Some(1), None, Some(2)];
    assert_eq!(moved(&before, &after.network, &kept), Ok(vec![1, 2]));
    // One alone leaves everybody where they are.
    let after = chain(&[(3, 0), (0, 0), (1, 0), (2, 0)]);
    let kept = [None, Some(0), Some(1), Some(2)];
    assert_eq!(moved(&before, &after.network, &kept), Ok(Vec::new()));
}

#[test]
fn who_reads_another_of_a_list_is_in_series_with_it() {
    let network = chain(&[(0, 0), (1, 0), (2, 0)]).network;
    assert!(in_series(&network, &[0, 2]));
    assert!(!in_series(&network, &[1]));
    let mut beside = network;
    beside.stages[2].inputs = vec![IN];
    assert!(!in_series(&beside, &[0, 2]));
    assert!(in_series(&beside, &[0, 1, 2]));
}

#[test]
fn what_stands_between_two_that_change_places_starts_anew() {
    // First 0, then 1 beside 2 and 3 behind it, then 4; the other way round 4, 2, 1 beside 3, 0.
    let at = Source::Stage;
    let graph = |inputs: [&[Source]; 5], last: usize| Graph {
        network: Network {
            stages: inputs.iter().map(|inputs| stage(inputs, 0)).collect(),
            output: at(last),
            ..chain(&[]).network
        },
        numbers: (0..5).collect(),
    };
    let before = graph([&[IN], &[at(0)], &[at(0)], &[at(2)], &[at(1), at(3)]], 4);
    let after = graph([&[at(1), at(3)], &[at(2)], &[at(4)], &[at(2)], &[IN]], 0);
    let kept: Vec<_> = (0..5).map(Some).collect();
    let all = (0..5).collect();
    assert_eq!(moved(&before, &after.network, &kept), Ok(all));
}

#[test]
fn other_channels_need_a_new_instance() {
    let before = chain(&[(0, 0), (1, 0)]);
    let (_, laid) = lay(before.clone(), 0).unwrap();
    let mut other = before.clone();
    other.network.stages[0].channels_out = 2;
    assert_eq!(change(&laid, other.clone()), Err(Refused::Shape(0)));
    let kept = [Some(0), Some(1)];
    assert_eq!(moved(&before, &other.network, &kept), Ok(vec![0, 1]));
    let mut keyed = before.clone();
    keyed.network.stages[1].sidechains.push(IN);
    assert_eq!(change(&laid, keyed), Err(Refused::Shape(1)));
    other.network.stages[1].channels_out = 2;
    other.numbers = vec![2, 3];
    assert_eq!(change(&laid, other), Err(Refused::Channels));
}

#[test]
fn taps_stay_what_they_are() {
    let mut before = chain(&[(0, 0)]);
    before.network.taps.push(TapWiring {
        from: IN,
        reference: None,
    });
    let (_, laid) = lay(before.clone(), 0).unwrap();
    let mut compared = before.clone();
    compared.network.taps[0].reference = Some(Source::Stage(0));
    assert_eq!(change(&laid, compared), Err(Refused::Tap(0)));
    before.network.taps.clear();
    assert_eq!(change(&laid, before), Err(Refused::Tap(0)));
}

#[test]
fn sums_of_the_same_signals_in_another_order_are_the_same() {
    let diamond = |last: &[Source]| Graph {
        network: Network {
            channels_in: 1,
            stages: vec![stage(&[IN], 0), stage(&[IN], 6), stage(last, 0)],
            wires: Vec::new(),
            taps: Vec::new(),
            output: Source::Stage(2),
        },
        numbers: vec![0, 1, 2],
    };
    let [one, two] = [Source::Stage(0), Source::Stage(1)];
    let (_, laid) = lay(diamond(&[one, two]), 0).unwrap();
    assert_eq!(change(&laid, diamond(&[two, one])).unwrap().during, None);
    let doubled = change(&laid, diamond(&[two, one, one])).unwrap();
    assert!(doubled.during.is_some());
}

#[test]
fn many_wires_that_double_each_other_stay_few() {
    // Written out, the last of them would sum two to the hundredth signals.
    let pair = |wire: usize| vec![wire.checked_sub(1).map_or(IN, Source::Wire); 2];
    let mut graph = chain(&[]);
    graph.network.wires = (0..100).map(pair).collect();
    graph.network.output = Source::Wire(99);
    let (schedule, laid) = lay(graph.clone(), 0).unwrap();
    assert_eq!(schedule.steps.len(), 100);
    assert_eq!(change(&laid, graph).unwrap().during, None);
}
