//! First schedules of random graphs, held to a naive reading of the graph.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::first;
use crate::pipeline::network::fixture::networks;
use crate::pipeline::network::{Network, Source};
use crate::pipeline::schedule::{Place, Schedule, Step};

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
    let delayed = content
        .iter()
        .map(|(delay, times)| (delay + frames, *times));
    delayed.collect()
}

/// What the steps of a schedule leave behind.
struct Interpreted {
    output: Content,
    /// Signal and reference of each tap.
    taps: Vec<(Content, Option<Content>)>,
}

/// The order in which stages run.
fn order(first: &Schedule) -> Vec<usize> {
    let stage = |step: &Step| match step {
        Step::Run { stage, .. } => Some(*stage),
        Step::Mix { .. } | Step::Delay { .. } | Step::Feed { .. } | Step::Blend { .. } => None,
    };
    first.steps.iter().filter_map(stage).collect()
}

/// The places that a step reads, and the one that it writes.
fn touched(step: &Step) -> (Vec<Place>, Option<Place>) {
    match step {
        Step::Mix { terms, into } => (terms.clone(), Some(*into)),
        Step::Delay { from, into, .. } => (vec![*from], Some(*into)),
        Step::Run {
            input,
            sidechains,
            output,
            ..
        } => ([&[*input], &sidechains[..]].concat(), Some(*output)),
        Step::Feed {
            signal, reference, ..
        } => (signal.iter_places(*reference), None),
        Step::Blend { .. } => panic!("a first schedule blends nothing"),
    }
}

impl Place {
    fn iter_places(self, other: Option<Self>) -> Vec<Self> {
        [Some(self), other].into_iter().flatten().collect()
    }
}

/// Runs the steps on contents; a place that was overwritten too early gives a wrong answer.
fn interpret(first: &Schedule, network: &Network) -> Interpreted {
    let mut places: BTreeMap<Place, Content> = BTreeMap::new();
    places.insert(Place::Input, vec![(0, 1)]);
    let mut taps = vec![(Content::new(), None); network.taps.len()];
    let mut ran = Vec::new();
    for step in &first.steps {
        let read = |place: &Place| {
            places
                .get(place)
                .cloned()
                .expect("what is read was written")
        };
        let content = match step {
            Step::Mix { terms, .. } => sum(terms.iter().map(read)),
            Step::Delay { from, line, .. } => later(&read(from), first.lines[*line].frames),
            Step::Run {
                stage,
                input,
                sidechains,
                ..
            } => {
                ran.push(*stage);
                let heard = sum(sidechains.iter().chain([input]).map(read));
                later(&heard, network.stages[*stage].latency_frames)
            }
            Step::Feed {
                tap,
                signal,
                reference,
            } => {
                taps[*tap] = (read(signal), reference.as_ref().map(read));
                continue;
            }
            Step::Blend { .. } => panic!("a first schedule blends nothing"),
        };
        let (reads, into) = touched(step);
        let into = into.expect("all but feeding writes");
        assert!(into != Place::Input && !reads.contains(&into), "{step:?}");
        places.insert(into, content);
    }
    assert_eq!(ran, order(first), "every stage runs once, in order");
    Interpreted {
        output: places[&Place::Output].clone(),
        taps,
    }
}

/// What a source should hold: every path of the same, greatest latency.
fn expect(network: &Network, source: Source) -> (u64, u64) {
    let all = |sources: &mut dyn Iterator<Item = &Source>| {
        let contents: Vec<_> = sources.map(|source| expect(network, *source)).collect();
        let latest = contents.iter().map(|one| one.0).max().unwrap_or(0);
        let times = contents
            .iter()
            .fold(0u64, |sum, one| sum.wrapping_add(one.1));
        (latest, times)
    };
    match source {
        Source::Input => (0, 1),
        Source::Wire(wire) => all(&mut network.wires[wire].iter()),
        Source::Stage(stage) => {
            let wiring = &network.stages[stage];
            let (latest, times) = all(&mut wiring.inputs.iter().chain(&wiring.sidechains));
            (latest + wiring.latency_frames, times)
        }
    }
}

/// The channels that a step gives what it writes.
fn channels_of(
    step: &Step,
    network: &Network,
    first: &Schedule,
    held: &BTreeMap<Place, usize>,
) -> usize {
    match step {
        Step::Mix { terms, .. } => held[&terms[0]],
        Step::Delay { line, .. } => first.lines[*line].channels,
        Step::Run { stage, .. } => network.stages[*stage].channels_out,
        Step::Feed { .. } | Step::Blend { .. } => 0,
    }
}

/// How many slots of so many channels are in use at once, at most.
fn most_in_use(first: &Schedule) -> BTreeMap<usize, usize> {
    // From the last step to the first: a slot is in use from its writing to its last reading.
    let mut used = std::collections::BTreeSet::new();
    let mut most = BTreeMap::new();
    for step in first.steps.iter().rev() {
        let (reads, written) = touched(step);
        used.extend(reads.into_iter().chain(written));
        let mut now: BTreeMap<usize, usize> = BTreeMap::new();
        for place in &used {
            if let Place::Slot(slot) = place {
                *now.entry(first.slots[*slot]).or_default() += 1;
            }
        }
        for (channels, count) in now {
            let most = most.entry(channels).or_default();
            *most = count.max(*most);
        }
        if let Some(written) = written {
            used.remove(&written);
        }
    }
    most
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_path_has_the_same_latency_and_no_buffer_is_written_too_early(network in networks()) {
        let first = first(&network);
        let found = interpret(&first, &network);
        let expected = expect(&network, network.output);
        prop_assert_eq!(found.output, vec![expected]);
        prop_assert_eq!(first.latency_frames, expected.0);
        for (at, wiring) in network.taps.iter().enumerate() {
            let own = expect(&network, wiring.from);
            let other = wiring.reference.map(|from| expect(&network, from));
            let latest = other.map_or(own.0, |other| other.0.max(own.0));
            prop_assert_eq!(first.tap_latency_frames[at], latest);
            prop_assert_eq!(&found.taps[at].0, &vec![(latest, own.1)]);
            let other = other.map(|other| vec![(latest, other.1)]);
            prop_assert_eq!(&found.taps[at].1, &other);
        }
    }

    #[test]
    fn every_stage_runs_after_all_it_reads(network in networks()) {
        let order = order(&first(&network));
        let place = |stage: usize| order.iter().position(|one| *one == stage);
        for (stage, wiring) in network.stages.iter().enumerate() {
            for source in wiring.inputs.iter().chain(&wiring.sidechains) {
                for before in network.behind(*source) {
                    prop_assert!(place(before) < place(stage), "{} before {}", before, stage);
                }
            }
        }
        prop_assert_eq!(order.len(), network.stages.len());
    }

    #[test]
    fn there_are_no_more_buffers_than_are_in_use_at_once(network in networks()) {
        let first = first(&network);
        let mut there: BTreeMap<usize, usize> = BTreeMap::new();
        for channels in &first.slots {
            *there.entry(*channels).or_default() += 1;
        }
        prop_assert_eq!(there, most_in_use(&first));
    }

    #[test]
    fn every_place_has_the_channels_of_what_is_written_there(network in networks()) {
        let first = first(&network);
        let mut held = BTreeMap::from([(Place::Input, network.channels_in)]);
        for step in &first.steps {
            let (reads, written) = touched(step);
            if let Step::Mix { terms, .. } = step {
                prop_assert!(terms.iter().all(|term| held[term] == held[&reads[0]]));
            }
            let Some(written) = written else { continue };
            let channels = channels_of(step, &network, &first, &held);
            if let Place::Slot(slot) = written {
                prop_assert_eq!(first.slots[slot], channels);
            }
            held.insert(written, channels);
        }
        prop_assert_eq!(held[&Place::Output], network.channels(network.output));
    }
}
