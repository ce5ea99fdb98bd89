//! World: runs schedules on numbers of frames instead of samples.
//!
//! Every sample says which frame of the input it is and which way it came. Whatever is read before
//! it was written, out of step with what it is summed with, doubled or left out, panics.

use std::collections::{BTreeMap, VecDeque};
use std::mem;

use super::super::*;
use crate::pipeline::schedule::{Gate, Origin, Place};

/// One sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    /// Which frame of the input; none is silence that was never a frame.
    pub(super) frame: Option<i64>,
    /// Which way it came.
    pub(super) print: u64,
}

/// A reader's frames so far.
#[derive(Debug, Default)]
struct Heard {
    last: Option<i64>,
}

impl Heard {
    /// No gap, no frame twice, and once there is signal it does not end.
    fn take(&mut self, who: &str, sample: Sample) {
        match (self.last, sample.frame) {
            (Some(last), found) => assert_eq!(found, Some(last + 1), "{who} goes on"),
            (None, found) => self.last = found,
        }
        if sample.frame.is_some() {
            self.last = sample.frame;
        }
    }
}

struct Instance {
    inside: VecDeque<Sample>,
    heard: Heard,
    latency_frames: u64,
}

/// When what of a schedule is heard.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// When blends go over, in frames since the schedule began; never, where it has none.
    pub(super) fade_at: u64,
    /// How many frames it runs.
    pub(super) frames: u64,
    /// What blocks are cut to.
    pub(super) block_frames: u64,
}

/// Everything that outlives a schedule.
pub(super) struct World {
    now: i64,
    lines: Vec<VecDeque<Sample>>,
    instances: BTreeMap<usize, Instance>,
    taps: Vec<[Heard; 2]>,
    output: Heard,
    /// The last sample of the output.
    pub(super) last: Sample,
    /// Whether silence was in what a blend goes over to, by frames since the schedule began.
    pub(super) blend_dirty_until: u64,
}

/// What runs at the start has always run: what its lines and stages hold are frames, too.
fn frames(end: i64, count: u64) -> VecDeque<Sample> {
    let frames = (end - count as i64)..end;
    frames
        .map(|frame| Sample {
            frame: Some(frame),
            print: 0,
        })
        .collect()
}

fn silence(count: u64) -> VecDeque<Sample> {
    vec![
        Sample {
            frame: None,
            print: 0
        };
        count as usize
    ]
    .into()
}

impl World {
    pub(super) fn new(schedule: &Schedule, laid: &Laid) -> Self {
        let out = |source| laid.late.output(source).unwrap() as i64;
        let line = |line: &LineSpec| {
            assert_eq!(line.origin, Origin::New { zeros: line.frames });
            frames(-out(line.key.from), line.frames)
        };
        let graph = &laid.graph;
        let instance = |(number, late): (&usize, &u64)| {
            let place = graph.numbers.iter().position(|one| one == number).unwrap();
            let latency_frames = graph.network.stages[place].latency_frames;
            let instance = Instance {
                inside: frames(-(*late as i64), latency_frames),
                heard: Heard::default(),
                latency_frames,
            };
            (*number, instance)
        };
        Self {
            now: 0,
            lines: schedule.lines.iter().map(line).collect(),
            instances: graph
                .numbers
                .iter()
                .zip(&laid.stage_latency_frames)
                .map(instance)
                .collect(),
            taps: graph
                .network
                .taps
                .iter()
                .map(|_| Default::default())
                .collect(),
            output: Heard::default(),
            last: silence(1)[0],
            blend_dirty_until: 0,
        }
    }

    /// Begins a schedule: stages come and go, and lines are handed over.
    pub(super) fn exchange(&mut self, schedule: &Schedule, latencies: &BTreeMap<usize, u64>) {
        let mut before = mem::take(&mut self.lines);
        for line in &schedule.lines {
            self.lines.push(match line.origin {
                Origin::Kept(at) => mem::take(&mut before[at]),
                Origin::New { zeros } => silence(zeros),
            });
        }
        self.instances
            .retain(|number, _| latencies.contains_key(number));
        for (number, latency_frames) in latencies {
            let new = || Instance {
                inside: silence(*latency_frames),
                heard: Heard::default(),
                latency_frames: *latency_frames,
            };
            self.instances
                .entry(*number)
                .or_insert_with(new)
                .latency_frames = *latency_frames;
        }
        self.blend_dirty_until = 0;
    }

    /// Runs a schedule from its beginning, in blocks that no gate divides.
    pub(super) fn run(&mut self, schedule: &Schedule, run: Run) -> Vec<Sample> {
        let gates = schedule.gates.iter();
        let mut cuts: Vec<u64> = gates
            .flat_map(|gate| [gate.push_from, gate.pop_from])
            .collect();
        cuts.extend([run.fade_at, run.frames]);
        cuts.sort_unstable();
        let (mut heard, mut at) = (Vec::new(), 0);
        while at < run.frames {
            let cut = *cuts.iter().find(|cut| **cut > at).unwrap();
            let frames = run.block_frames.min(cut - at);
            heard.extend(self.block(schedule, at, frames, run.fade_at));
            at += frames;
            self.now += frames as i64;
        }
        for (line, spec) in self.lines.iter().zip(&schedule.lines) {
            if run.frames >= schedule.stalled_frames {
                assert_eq!(line.len() as u64, spec.frames, "{spec:?}");
            }
        }
        for (number, instance) in &self.instances {
            assert_eq!(
                instance.inside.len() as u64,
                instance.latency_frames,
                "{number}"
            );
        }
        heard
    }

    fn block(&mut self, schedule: &Schedule, at: u64, frames: u64, fade_at: u64) -> Vec<Sample> {
        // Nothing is left from the block before.
        let mut block = Block {
            at,
            frames: frames as usize,
            fade_at,
            places: BTreeMap::new(),
        };
        let input = self.now..self.now + frames as i64;
        let input = input.map(|frame| Sample {
            frame: Some(frame),
            print: 1,
        });
        block.places.insert(Place::Input, input.collect());
        for (step, gate) in schedule.steps.iter().zip(&schedule.gates) {
            self.step(step, schedule, gate, &mut block);
        }
        if at < schedule.output_stall_frames {
            return Vec::new();
        }
        let output = block.read(&Place::Output);
        for sample in &output {
            assert!(sample.frame.is_some(), "the output is signal");
            self.output.take("output", *sample);
            self.last = *sample;
        }
        let first = self.now - schedule.latency_frames as i64;
        assert_eq!(output[0].frame, Some(first), "as late as it says");
        output
    }

    fn step(&mut self, step: &Step, schedule: &Schedule, gate: &Gate, block: &mut Block) {
        let (push, pop) = (block.at >= gate.push_from, block.at >= gate.pop_from);
        match step {
            Step::Mix { terms, into } => {
                let terms = || terms.iter().map(|term| (block.read(term), 1));
                let mixed = pop.then(|| mix(&terms().collect::<Vec<_>>()));
                block.write(*into, mixed);
            }
            Step::Delay { from, line, into } => {
                let held = &mut self.lines[*line];
                if push {
                    held.extend(block.read(from));
                }
                let out = pop.then(|| held.drain(..block.frames).collect());
                let most = schedule.lines[*line].capacity_frames;
                assert!(held.len() as u64 <= most, "{} of {most} frames", held.len());
                block.write(*into, out);
            }
            Step::Blend { old, new, into } => {
                let blended = pop.then(|| self.blend(block, old, new));
                block.write(*into, blended);
            }
            Step::Run {
                stage,
                input,
                sidechains,
                output,
            } => {
                if pop {
                    self.hear(*stage, weighted(block, input, sidechains));
                }
                let inside = &mut self.instances.get_mut(stage).unwrap().inside;
                let out = push.then(|| inside.drain(..block.frames).collect());
                block.write(*output, out);
            }
            Step::Feed {
                tap,
                signal,
                reference,
            } => {
                let places = pop.then_some([Some(signal), reference.as_ref()]);
                self.feed(*tap, places.into_iter().flatten().flatten(), block);
            }
        }
    }

    fn blend(&mut self, block: &Block, old: &Place, new: &Place) -> Vec<Sample> {
        let (old, new) = (block.read(old), block.read(new));
        for (offset, (old, new)) in old.iter().zip(&new).enumerate() {
            let at = block.at + offset as u64;
            match new.frame {
                Some(_) => assert_eq!(old.frame, new.frame, "at {at}"),
                None => self.blend_dirty_until = self.blend_dirty_until.max(at + 1),
            }
            assert!(new.frame.is_some() || at < block.fade_at, "at {at}");
        }
        if block.at >= block.fade_at { new } else { old }
    }

    fn hear(&mut self, stage: usize, samples: Vec<Sample>) {
        let instance = self.instances.get_mut(&stage).expect("who runs is there");
        for sample in samples {
            instance.heard.take(&format!("stage {stage}"), sample);
            instance.inside.push_back(Sample {
                print: through(stage, sample.print),
                ..sample
            });
        }
    }

    fn feed<'a>(&mut self, tap: usize, places: impl Iterator<Item = &'a Place>, block: &Block) {
        for (at, place) in places.enumerate() {
            for sample in block.read(place) {
                self.taps[tap][at].take(&format!("tap {tap}"), sample);
            }
        }
        let [signal, reference] = &self.taps[tap];
        assert!(reference.last.is_none() || signal.last == reference.last);
    }
}

/// What one block of a schedule has written so far.
struct Block {
    at: u64,
    frames: usize,
    fade_at: u64,
    places: BTreeMap<Place, Vec<Sample>>,
}

impl Block {
    fn read(&self, place: &Place) -> Vec<Sample> {
        let samples = self.places.get(place);
        samples.expect("what is read was written").clone()
    }

    /// What a gate holds back leaves nothing that could be read.
    fn write(&mut self, place: Place, samples: Option<Vec<Sample>>) {
        assert_ne!(place, Place::Input);
        match samples {
            Some(samples) => self.places.insert(place, samples),
            None => self.places.remove(&place),
        };
    }
}

/// The inputs of a stage, told apart.
fn weighted(block: &Block, input: &Place, sidechains: &[Place]) -> Vec<Sample> {
    let keys = (3..).step_by(2).zip(sidechains);
    let keys = keys.map(|(weight, place)| (block.read(place), weight));
    let all = [(block.read(input), 1)].into_iter().chain(keys);
    mix(&all.collect::<Vec<_>>())
}

/// What a stage makes of the way that a sample came.
fn through(stage: usize, print: u64) -> u64 {
    print.wrapping_add(1).wrapping_mul(2 * stage as u64 + 3)
}

/// Sums what is of the same frame; the silence of what was never there makes no frame.
fn mix(terms: &[(Vec<Sample>, u64)]) -> Vec<Sample> {
    let sum = |at: usize| {
        let frames: Vec<_> = terms.iter().map(|(term, _)| term[at].frame).collect();
        let mut known = frames.iter().flatten();
        let first = known.next();
        assert!(known.all(|frame| Some(frame) == first), "{frames:?}");
        let prints = terms
            .iter()
            .map(|(term, weight)| term[at].print.wrapping_mul(*weight));
        Sample {
            frame: first
                .copied()
                .filter(|_| frames.iter().all(Option::is_some)),
            print: prints.fold(0, u64::wrapping_add),
        }
    };
    (0..terms[0].0.len()).map(sum).collect()
}

/// Which way what a graph gives came.
pub(super) fn expected(graph: &Graph, source: Source) -> u64 {
    let all = |sources: &[Source]| {
        let prints = sources.iter().map(|source| expected(graph, *source));
        prints.fold(0, u64::wrapping_add)
    };
    match source {
        Source::Input => 1,
        Source::Wire(wire) => all(&graph.network.wires[wire]),
        Source::Stage(stage) => {
            let wiring = &graph.network.stages[stage];
            let keys = (3..).step_by(2).zip(&wiring.sidechains);
            let keys = keys.map(|(weight, key)| expected(graph, *key).wrapping_mul(weight));
            let sum = keys.fold(all(&wiring.inputs), u64::wrapping_add);
            through(graph.numbers[stage], sum)
        }
    }
}
