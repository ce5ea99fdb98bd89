//! Tests of transitions: random edits of random graphs, run on numbers of frames.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::pipeline::network::{Network, TapWiring, Wiring};
use crate::pipeline::schedule::Origin;
use ways::{Ways, ways_of};
use world::{Run, World, expected};

mod examples;
mod first;
mod ways;
mod world;

/// One place of a random file.
#[derive(Debug, Clone)]
struct Pick {
    /// Which stage; it has as many sidechains as its id modulo three.
    id: usize,
    inputs: Vec<usize>,
    keys: [usize; 2],
    latency_frames: u64,
    is_wire: bool,
}

/// One version of a random file.
#[derive(Debug, Clone)]
struct Version {
    picks: Vec<Pick>,
    /// The signals of two taps, and what the second compares with.
    taps: [usize; 3],
    output: usize,
    turn: usize,
}

#[derive(Debug, Clone)]
enum Edit {
    Rewrite(Version),
    /// The same wiring, other latencies.
    Latencies(Vec<u64>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Offline,
    /// The total stays what it was at the start.
    Live,
}

fn latency() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0u64), 1u64..6, 6u64..40]
}

fn version() -> impl Strategy<Value = Version> {
    let inputs = prop::collection::vec(any::<usize>(), 1..4);
    let keys = any::<[usize; 2]>();
    let pick = (
        0usize..7,
        inputs,
        keys,
        latency(),
        prop::bool::weighted(0.25),
    );
    let pick = pick.prop_map(|(id, inputs, keys, latency_frames, is_wire)| Pick {
        id,
        inputs,
        keys,
        latency_frames,
        is_wire,
    });
    let picks = prop::collection::vec(pick, 0..9);
    (picks, any::<[usize; 3]>(), any::<usize>(), any::<usize>()).prop_map(
        |(picks, taps, output, turn)| Version {
            picks,
            taps,
            output,
            turn,
        },
    )
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        2 => version().prop_map(Edit::Rewrite),
        1 => prop::collection::vec(latency(), 9).prop_map(Edit::Latencies),
    ]
}

/// The stages of a version, in the order of the graph, each once.
fn ids(version: &Version) -> Vec<usize> {
    let mut ids: Vec<usize> = Vec::new();
    for pick in version.picks.iter().filter(|pick| !pick.is_wire) {
        if !ids.contains(&pick.id) {
            ids.push(pick.id);
        }
    }
    ids
}

/// The network of a version, and the id of each stage.
fn network(version: &Version) -> (Network, Vec<usize>) {
    let ids = ids(version);
    let count = ids.len();
    // The order of the file is not that of the graph.
    let place = |made: usize| (made + version.turn % count.max(1)) % count.max(1);
    let mut stages: Vec<Option<(Wiring, usize)>> = vec![None; count];
    let (mut there, mut wires, mut made) = (vec![Source::Input], Vec::new(), 0);
    for pick in &version.picks {
        let inputs = pick.inputs.iter().map(|at| there[at % there.len()]);
        let inputs: Vec<_> = inputs.collect();
        if pick.is_wire {
            there.push(Source::Wire(wires.len()));
            wires.push(inputs);
        } else if made < count && ids[made] == pick.id {
            let keys = pick.keys.iter().map(|at| there[at % there.len()]);
            let wiring = Wiring {
                inputs,
                sidechains: keys.take(pick.id % 3).collect(),
                channels_out: 1,
                latency_frames: pick.latency_frames,
            };
            stages[place(made)] = Some((wiring, pick.id));
            there.push(Source::Stage(place(made)));
            made += 1;
        }
    }
    let at = |number: usize| there[number % there.len()];
    let tap = |from: usize, reference: Option<usize>| TapWiring {
        from: at(from),
        reference: reference.map(at),
    };
    let (stages, ids): (Vec<_>, Vec<_>) = stages.into_iter().flatten().unzip();
    let network = Network {
        channels_in: 1,
        stages,
        wires,
        taps: vec![
            tap(version.taps[0], None),
            tap(version.taps[1], Some(version.taps[2])),
        ],
        output: at(version.output),
    };
    (network, ids)
}

/// A session: what runs, and which id has which number.
struct Session {
    world: World,
    laid: Laid,
    numbers: BTreeMap<usize, usize>,
    next: usize,
    block_frames: u64,
}

impl Session {
    fn new(version: &Version, reserve_frames: u64, block_frames: u64) -> Self {
        let (network, ids) = network(version);
        let numbers: Vec<_> = (0..ids.len()).collect();
        let graph = Graph {
            network,
            numbers: numbers.clone(),
        };
        let (schedule, laid) = lay(graph, reserve_frames).unwrap();
        assert_eq!(laid.reserve_frames(), reserve_frames);
        let mut session = Self {
            world: World::new(&schedule, &laid),
            laid,
            next: numbers.len(),
            numbers: ids.into_iter().zip(numbers).collect(),
            block_frames,
        };
        session.go_on(&schedule);
        session
    }

    /// Runs until nothing is left of what was before, and looks at what is heard then.
    fn go_on(&mut self, schedule: &Schedule) {
        let late = self.laid.stage_latency_frames.iter();
        let latest = late.max().copied().unwrap_or(0) + self.laid.latency_frames;
        self.world.run(
            schedule,
            Run {
                fade_at: u64::MAX,
                frames: schedule.stalled_frames + latest + 50,
                block_frames: self.block_frames,
            },
        );
        let expected = expected(&self.laid.graph, self.laid.graph.network.output);
        assert_eq!(self.world.last.print, expected);
    }

    /// The graph of an edit, and the ids of its stages.
    fn graph(&mut self, edit: &Edit) -> (Graph, Vec<usize>) {
        let before = &self.laid.graph;
        let (network, ids) = match edit {
            Edit::Rewrite(version) => network(version),
            Edit::Latencies(latencies) => {
                let mut network = before.network.clone();
                for (stage, frames) in network.stages.iter_mut().zip(latencies) {
                    stage.latency_frames = *frames;
                }
                let id = |number: &usize| self.numbers.iter().find(|(_, one)| *one == number);
                let ids = before.numbers.iter().map(|number| *id(number).unwrap().0);
                (network, ids.collect())
            }
        };
        let kept: Vec<_> = ids.iter().map(|id| self.numbers.get(id).copied()).collect();
        let moved = moved(before, &network, &kept).unwrap();
        let mut numbers = Vec::new();
        for (stage, kept) in kept.into_iter().enumerate() {
            let kept = kept.filter(|_| !moved.contains(&stage));
            numbers.push(kept.unwrap_or(self.next));
            self.next += 1;
        }
        (Graph { network, numbers }, ids)
    }

    fn apply(&mut self, edit: &Edit, kind: Kind) {
        let (graph, ids) = self.graph(edit);
        let before = self.laid.latency_frames;
        let transition = change(&self.laid, graph).unwrap();
        assert!(transition.laid.latency_frames >= before);
        if kind == Kind::Live && transition.laid.latency_frames > before {
            return; // It is beyond the reserve: the session refuses.
        }
        let first = transition.during.as_ref().unwrap_or(&transition.after);
        let grown = transition.laid.latency_frames - before;
        assert_eq!(first.output_stall_frames, grown);
        let after = &transition.laid.graph;
        let latency = |(number, stage): (&usize, &Wiring)| (*number, stage.latency_frames);
        let latencies = after.numbers.iter().zip(&after.network.stages).map(latency);
        let latencies: BTreeMap<_, _> = latencies.collect();
        if let Some(during) = &transition.during {
            let ways = Ways::of(during);
            assert!(ways.fades_most <= 1, "{during:#?}");
            let known = [ways_of(&self.laid.graph), ways_of(after)].concat();
            let strange = ways.to_output.iter().find(|way| !known.contains(way));
            assert_eq!(strange, None, "a way of neither graph: {during:#?}");
            self.blend(during, &latencies);
            assert_eq!(transition.after.stalled_frames, 0);
            for line in &transition.after.lines {
                assert!(matches!(line.origin, Origin::Kept(_)), "{line:?}");
            }
        }
        self.world.exchange(&transition.after, &latencies);
        self.laid = transition.laid;
        self.numbers = ids
            .into_iter()
            .zip(self.laid.graph.numbers.clone())
            .collect();
        self.go_on(&transition.after);
    }

    /// Runs what lies between: the old alone is heard until nothing of the new is silence.
    fn blend(&mut self, during: &Schedule, latencies: &BTreeMap<usize, u64>) {
        let old = &self.laid.graph;
        let mut all = latencies.clone();
        for (number, stage) in old.numbers.iter().zip(&old.network.stages) {
            all.entry(*number).or_insert(stage.latency_frames);
        }
        self.world.exchange(during, &all);
        let old = self.world.last.print;
        let run = Run {
            fade_at: during.settled_frames,
            frames: during.settled_frames + 7,
            block_frames: self.block_frames,
        };
        let heard = self.world.run(during, run);
        let away = (during.settled_frames - during.output_stall_frames) as usize;
        assert!(heard[..away].iter().all(|sample| sample.print == old));
        let dirty = self.world.blend_dirty_until;
        assert_eq!(during.settled_frames, dirty.max(during.stalled_frames));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn off_line_every_stage_goes_on_and_only_the_output_waits(
        first in version(), edits in prop::collection::vec(edit(), 1..5), block_frames in 1u64..30,
    ) {
        let mut session = Session::new(&first, 0, block_frames);
        for edit in &edits {
            session.apply(edit, Kind::Offline);
        }
    }

    #[test]
    fn live_the_output_never_waits_within_the_reserve(
        first in version(), edits in prop::collection::vec(edit(), 1..5),
        reserve_frames in 0u64..200, block_frames in 1u64..30,
    ) {
        let mut session = Session::new(&first, reserve_frames, block_frames);
        let total = session.laid.latency_frames;
        for edit in &edits {
            session.apply(edit, Kind::Live);
            prop_assert_eq!(session.laid.latency_frames, total);
        }
    }

    #[test]
    fn what_is_kept_has_no_cycle_and_one_fade_and_no_other_could_be_kept_too(
        first in version(), second in version(),
    ) {
        let (before, ids) = network(&first);
        let before = Graph { network: before, numbers: (0..ids.len()).collect() };
        let laid = lay(before.clone(), 0).unwrap().1;
        let (after, new_ids) = network(&second);
        let kept: Vec<_> = new_ids
            .iter()
            .map(|id| ids.iter().position(|one| one == id))
            .collect();
        let moved = moved(&before, &after, &kept).unwrap();
        let graph = |moved: &[usize]| {
            let number = |(stage, kept): (usize, &Option<usize>)| {
                kept.filter(|_| !moved.contains(&stage)).unwrap_or(100 + stage)
            };
            let numbers = kept.iter().enumerate().map(number).collect();
            Graph { network: after.clone(), numbers }
        };
        let fades = |transition: &Transition| {
            transition.during.as_ref().map_or(0, |during| Ways::of(during).fades_most)
        };
        prop_assert!(fades(&change(&laid, graph(&moved)).unwrap()) <= 1);
        for back in &moved {
            prop_assert!(kept[*back].is_some());
            // What nobody hears in one of them may start anew without a reason.
            let is_heard = |graph: &Graph, number: usize| {
                ways_of(graph).iter().any(|way| way.contains(&number))
            };
            let after = graph(&moved);
            if !is_heard(&before, kept[*back].unwrap()) || !is_heard(&after, 100 + *back) {
                continue;
            }
            let fewer: Vec<_> = moved.iter().copied().filter(|stage| stage != back).collect();
            match change(&laid, graph(&fewer)) {
                Err(refused) => prop_assert!(matches!(refused, Refused::Cycle(_))),
                Ok(transition) => prop_assert!(fades(&transition) > 1, "{} could stay", back),
            }
        }
    }
}
