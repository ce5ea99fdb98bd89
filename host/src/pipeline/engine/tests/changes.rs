//! Tests of engines that are changed again and again: whatever comes, in whatever order, however
//! the stream is cut and however seldom the rings are read, the stream goes on frame by frame and
//! everything that went in comes out.
//!
//! Every stage hands its input on, some frames later; one that sums two of them halves the sum. So
//! what comes out is what went in, later by the total and by nothing else, through every swap,
//! fade, failure and change of the wiring.

use std::cell::Cell;
use std::sync::Arc;

use proptest::prelude::*;
use segue_media::audio::Buffer;
use segue_plugin::abi::audio::Span;
use segue_plugin::link::{
    AudioView, AudioViewMut, Block, Creation, Flags, NoServices, ParamEvent, Start, built_in,
};
use segue_plugin::prelude::*;
use segue_plugin::state::{StateReader, StateWriter};

use super::*;
use crate::pipeline::candidate::{
    CandidateSetup, Handoff, LatencyGrowth, PlannedFade, StageCandidate,
};
use crate::pipeline::change::{Change, Reschedule, ScheduleFade};
use crate::pipeline::exchange::{Arrival, Departure};
use crate::pipeline::fade_in::Fade;
use crate::pipeline::fault::OnError;
use crate::pipeline::history::{History, HistoryShape};
use crate::pipeline::network::{Source, Wiring};
use crate::pipeline::placed_instance::{Occupant, Shape};
use crate::pipeline::stage::StageState;
use crate::pipeline::store::{view, view_mut};
use crate::pipeline::transition::{Graph, Laid, change, lay, moved};

const RATE: u32 = 8_000;
const FRAMES_MAX: usize = 64;
const FADE: u64 = 70;
const HISTORY: usize = 1_024;

/// How much of the past a new instance is primed with: more than any latency here.
const PRIMED: u64 = 128;

/// What a stage gives that noticed a gap.
const GAP: f32 = 1e9;

/// More than any sequence here takes, whose last candidate waits for 100 ms.
const SETTLED: usize = 4_000;

thread_local! {
    /// Instances that were made and not dropped.
    static ALIVE: Cell<i64> = const { Cell::new(0) };
    /// Instances that were dropped inside `process`.
    static DROPPED_IN_PROCESS: Cell<u64> = const { Cell::new(0) };
}

/// Counts an instance.
struct Token;

impl Default for Token {
    fn default() -> Self {
        ALIVE.set(ALIVE.get() + 1);
        Self
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - 1);
        if meter::is_real_time() {
            DROPPED_IN_PROCESS.set(DROPPED_IN_PROCESS.get() + 1);
        }
    }
}

/// Hands its input on some frames later, and notices a gap in its stream.
#[derive(Params)]
struct Hands {
    /// How late.
    #[param(range = 0.0..=1_000.0, default = 0.0, reactivates)]
    late_frames: f64,
    /// What every sample is multiplied with.
    #[param(range = 0.0..=1.0, default = 1.0)]
    gain: f64,
    /// The frame of its stream it dies at.
    #[param(range = -1.0..=1e9, default = -1.0)]
    dies_at: f64,
    late: Vec<f32>,
    at: usize,
    next_frames: Option<u64>,
    /// Only there to be made and dropped.
    _token: Token,
}

impl AudioProcessor for Hands {
    const CAPABILITIES: Capabilities = Capabilities {
        latency: segue_plugin::declare::Span::Varies,
        ..Capabilities::DEFAULT
    };

    fn activate(&mut self, _: &Activation<'_>) -> Result<Timing, Refusal> {
        self.late = vec![0.0; self.late_frames as usize];
        Ok(Timing {
            latency_frames: self.late_frames as u64,
            tail_frames: 0,
        })
    }

    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let position = context.position_frames();
        let is_next = self.next_frames.is_none_or(|next| next == position);
        if !is_next && !context.is_discontinuity() {
            // No failure, which a substitute would cover: it is to be heard.
            audio.channel(0).1.fill(GAP);
            return Ok(Status::Continue);
        }
        let end = position + context.frames() as u64;
        self.next_frames = Some(end);
        let gain = self.gain as f32;
        let (input, output) = audio.channel(0);
        for (out, sample) in output.iter_mut().zip(input) {
            let sample = sample * gain;
            *out = match self.late.get_mut(self.at) {
                Some(place) => std::mem::replace(place, sample),
                None => sample,
            };
            self.at = (self.at + 1) % self.late.len().max(1);
        }
        if self.dies_at >= 0.0 && end as f64 > self.dies_at {
            return Err(Fault::new(3, "as told"));
        }
        Ok(Status::Continue)
    }

    fn state_bytes(&self) -> usize {
        4 * self.late.len() + 4
    }

    fn save_state(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
        let (first, last) = self.late.split_at(self.at);
        state.f32s(last)?;
        state.f32s(first)?;
        state.f32s(&[1.0])
    }

    fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<(), Fault> {
        for sample in &mut self.late {
            let bytes = state.bytes(4)?;
            *sample = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        state.bytes(4)?;
        // It goes on from there, wherever it was.
        self.at = 0;
        self.next_frames = None;
        Ok(())
    }
}

/// An instance: how late, how many signals it halves to one, the frame of its stream it dies at.
#[derive(Clone, Copy, Debug)]
struct Kind {
    late: u64,
    sums: usize,
    dies_at: Option<u64>,
}

fn occupant(kind: Kind) -> Occupant {
    let dies_at = kind.dies_at.map_or(-1.0, |frame| frame as f64);
    let gain = 1.0 / kind.sums as f64;
    let params = [(0, kind.late as f64), (1, gain), (2, dies_at)];
    let creation = Creation {
        name: "hands",
        params: &params,
        ..Creation::default()
    };
    let mut processor = built_in::processor::<Hands>(&creation, Arc::new(NoServices)).unwrap();
    let start = Start {
        format: Format {
            sample_rate_hz: RATE,
            layout: Layout::MONO,
        },
        frames_max: FRAMES_MAX as u32,
        mode: Mode::Offline,
        sidechains: &[],
        sources: &[],
    };
    let timing = processor.activate(&start).unwrap();
    assert_eq!(timing.latency_frames, kind.late);
    Occupant {
        processor,
        latency_frames: kind.late,
        held_bytes: 0,
        outputs: 0,
    }
}

const fn shape(latency_frames: u64) -> Shape {
    Shape {
        channels_in: 1,
        channels_out: 1,
        latency_frames,
        sample_rate_hz: RATE,
    }
}

/// A stage whose substitute does what it does.
fn stage(kind: Kind) -> Stage {
    let history = HistoryShape {
        inputs: 1,
        sidechains: Vec::new(),
        outputs: 1,
    };
    let warm = Kind {
        dies_at: None,
        late: 0,
        ..kind
    };
    Stage::of(occupant(kind), OnError::Fallback, shape(kind.late))
        .with_fallback(occupant(warm), 0, FRAMES_MAX)
        .with_history(History::new(history, HISTORY).unwrap())
}

/// How many instances such a stage is made with.
const INSTANCES_PER_STAGE: usize = 2;

/// One stage of a random file: who it is, and what it reads.
#[derive(Debug, Clone)]
struct Pick {
    /// One that has an odd number sums two signals.
    id: usize,
    inputs: [usize; 2],
    late: u64,
}

/// A random file.
#[derive(Debug, Clone)]
struct Version {
    picks: Vec<Pick>,
    output: usize,
}

/// How a new instance comes in.
#[derive(Debug, Clone, Copy)]
struct Swap {
    stage: usize,
    late: u64,
    /// How much it has missed since it was primed, where it was.
    missed: Option<u64>,
    is_handed_over: bool,
    rings: bool,
    /// In how many frames it dies.
    dies_in: Option<u64>,
}

#[derive(Debug, Clone)]
enum Act {
    Run(Vec<usize>),
    Swap(Swap),
    /// A new instance for a stage that is out.
    Restart(usize),
    Reverse(usize),
    Event(usize, u32),
    Rewire(Version, u64),
    /// Whoever reads the rings reads them.
    Read,
}

/// What a sequence may hold besides fades and handoffs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// Instances that fail, and changes that are called back.
    Failures,
    /// Tails, whose parts sum up to their input to the last bit but one.
    Tails,
}

fn late() -> impl Strategy<Value = u64> {
    prop_oneof![2 => Just(0u64), 2 => 1u64..9, 1 => 9u64..60]
}

fn version() -> impl Strategy<Value = Version> {
    let pick = (0usize..6, any::<[usize; 2]>(), late());
    let pick = pick.prop_map(|(id, inputs, late)| Pick { id, inputs, late });
    let picks = prop::collection::vec(pick, 1..6);
    (picks, any::<usize>()).prop_map(|(picks, output)| Version { picks, output })
}

fn act(trouble: Trouble) -> impl Strategy<Value = Act> {
    let fails = trouble == Trouble::Failures;
    let dies_in = prop::option::weighted(0.3, 1u64..1_500);
    let swap = (
        any::<usize>(),
        late(),
        prop::option::weighted(0.8, 0u64..300),
        any::<[bool; 2]>(),
        dies_in,
    );
    let swap = swap.prop_map(
        move |(stage, late, missed, [is_handed_over, rings], dies_in)| {
            Act::Swap(Swap {
                stage,
                late,
                missed,
                is_handed_over,
                rings: rings && !fails,
                dies_in: dies_in.filter(|_| fails),
            })
        },
    );
    let reverse = any::<usize>().prop_map(move |stage| match fails {
        true => Act::Reverse(stage),
        false => Act::Read,
    });
    prop_oneof![
        6 => prop::collection::vec(1usize..=FRAMES_MAX, 1..12).prop_map(Act::Run),
        5 => swap,
        1 => any::<usize>().prop_map(Act::Restart),
        2 => reverse,
        2 => (any::<usize>(), 0u32..200).prop_map(|(stage, offset)| Act::Event(stage, offset)),
        3 => (version(), 0u64..100).prop_map(|(version, more)| Act::Rewire(version, more)),
        2 => Just(Act::Read),
    ]
}

/// The network of a file, and who each of its stages is.
fn network(version: &Version) -> (Network, Vec<usize>) {
    let (mut there, mut ids) = (vec![Source::Input], Vec::new());
    let mut stages = Vec::new();
    for pick in &version.picks {
        if ids.contains(&pick.id) {
            continue;
        }
        let inputs = pick.inputs.iter().map(|at| there[at % there.len()]);
        stages.push(Wiring {
            inputs: inputs.take(sums(pick.id)).collect(),
            sidechains: Vec::new(),
            channels_out: 1,
            latency_frames: pick.late,
        });
        there.push(Source::Stage(ids.len()));
        ids.push(pick.id);
    }
    let network = Network {
        channels_in: 1,
        stages,
        wires: Vec::new(),
        taps: Vec::new(),
        output: there[version.output % there.len()],
    };
    (network, ids)
}

const fn sums(id: usize) -> usize {
    1 + id % 2
}

/// Whole numbers, so that their sums are exact.
fn signal(frame: u64) -> f32 {
    let mixed = (frame as u32).wrapping_mul(2_654_435_761) >> 22;
    mixed as f32 - 512.0
}

/// An engine, and whoever sends it changes.
struct World {
    engine: Engine,
    rings: Rings,
    laid: Laid,
    /// Who the stages of `laid` are.
    ids: Vec<usize>,
    /// Whether the total stays what it is.
    is_live: bool,
    total_frames: u64,
    position_frames: u64,
    output: Vec<f32>,
    made: usize,
    left: Vec<Departure>,
}

impl World {
    fn new(version: &Version, reserve_frames: Option<u64>) -> Self {
        let (network, ids) = network(version);
        let kinds = network.stages.iter().zip(&ids).map(|(stage, id)| Kind {
            late: stage.latency_frames,
            sums: sums(*id),
            dies_at: None,
        });
        let stages: Vec<_> = kinds.map(stage).collect();
        let made = INSTANCES_PER_STAGE * stages.len();
        let graph = Graph::of(network.clone());
        let (schedule, laid) = lay(graph, reserve_frames.unwrap_or(0)).unwrap();
        let (engine, rings) = Engine::new(&network, schedule, stages, FRAMES_MAX);
        Self {
            engine,
            rings,
            total_frames: laid.latency_frames,
            laid,
            ids,
            is_live: reserve_frames.is_some(),
            position_frames: 0,
            output: Vec::new(),
            made,
            left: Vec::new(),
        }
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Run(blocks) => blocks.iter().for_each(|frames| self.block(*frames)),
            Act::Swap(swap) => self.swap(*swap),
            Act::Restart(stage) => self.restart(*stage),
            Act::Reverse(stage) => self.tell(*stage, |number, change| change.reversed.push(number)),
            Act::Event(stage, offset_frames) => self.event(*stage, *offset_frames),
            Act::Rewire(version, more) => self.rewire(version, *more),
            Act::Read => self.read(),
        }
    }

    fn block(&mut self, frames: usize) {
        let input: Vec<_> = (0..frames as u64)
            .map(|at| signal(self.position_frames + at))
            .collect();
        let mut output = vec![GAP; frames];
        let span = Span {
            channels: 1,
            stride: frames,
            start: 0,
            frames,
        };
        let mut lent = Lent {
            position_frames: self.position_frames,
            flags: Flags::NONE,
            input: AudioView::new(&input, span),
            output: AudioViewMut::new(&mut output, span),
        };
        self.engine.process(&mut lent).unwrap();
        assert_eq!(
            DROPPED_IN_PROCESS.get(),
            0,
            "an instance ended in `process`"
        );
        self.output.extend(&output[self.engine.withheld_frames()..]);
        self.position_frames += frames as u64;
    }

    fn read(&mut self) {
        while let Some(departure) = self.rings.receive() {
            if let Departure::Change(change) = &departure {
                assert!(change.over_at_frames >= change.applied_at_frames);
            }
            self.left.push(departure);
        }
    }

    /// Sends a change, where there is room for it.
    fn send(&mut self, change: Change) {
        let change = Arrival::Change(Box::new(change));
        assert!(self.rings.send(change).is_ok());
    }

    /// One of the stages there will be once everything sent so far was taken.
    fn number(&self, stage: usize) -> Option<usize> {
        let numbers = &self.laid.graph.numbers;
        (!numbers.is_empty()).then(|| numbers[stage % numbers.len()])
    }

    fn has_room(&self) -> bool {
        // As a session, which lets few changes be under way at once.
        self.rings.room() > 48
    }

    fn tell(&mut self, stage: usize, with: impl FnOnce(usize, &mut Change)) {
        let Some(number) = self.number(stage).filter(|_| self.has_room()) else {
            return;
        };
        let mut change = Change::default();
        with(number, &mut change);
        self.send(change);
    }

    fn event(&mut self, stage: usize, offset_frames: u32) {
        let Some(number) = self.number(stage) else {
            return;
        };
        let at = self
            .laid
            .graph
            .numbers
            .iter()
            .position(|own| *own == number);
        let event = ParamEvent {
            offset_frames,
            index: 1,
            value: 1.0 / sums(self.ids[at.unwrap()]) as f64,
        };
        self.tell(stage, |number, change| {
            change.param_events.push((number, event));
        });
    }

    fn restart(&mut self, stage: usize) {
        let Some(number) = self.number(stage).filter(|_| self.has_room()) else {
            return;
        };
        let is_out = |stage: &&Stage| matches!(stage.state(), StageState::Out(_));
        let Some(out) = self.engine.stage(number).filter(is_out) else {
            return;
        };
        let at = self
            .laid
            .graph
            .numbers
            .iter()
            .position(|own| *own == number);
        let kind = Kind {
            late: 0,
            sums: sums(self.ids[at.unwrap()]),
            dies_at: None,
        };
        let candidate = Box::new(StageCandidate::new(
            occupant(kind),
            &out.shape(),
            FRAMES_MAX,
        ));
        let stage = number;
        assert!(
            self.rings
                .send(Arrival::Candidate { stage, candidate })
                .is_ok()
        );
        self.made += 1;
    }

    /// Whether the output may get so late; then what leads there is what is laid.
    fn is_refused(&self, after: &Laid) -> bool {
        self.is_live && after.latency_frames > self.total_frames
    }

    fn swap(&mut self, swap: Swap) {
        let Some(number) = self.number(swap.stage).filter(|_| self.has_room()) else {
            return;
        };
        let mut graph = self.laid.graph.clone();
        let at = graph.numbers.iter().position(|own| *own == number).unwrap();
        let place = &mut graph.network.stages[at].latency_frames;
        let (before, after) = (*place, swap.late.max(*place));
        *place = after;
        let mut change_of = Change::default();
        if after > before {
            let transition = change(&self.laid, graph).unwrap();
            if self.is_refused(&transition.laid) {
                return;
            }
            change_of.schedule = Some(Box::new(Reschedule {
                next: LoadedSchedule::new(transition.after, FRAMES_MAX),
                fade: None,
                larger_slots: Vec::new(),
                added: Vec::new(),
                removed: Vec::new(),
                gone: Vec::new(),
            }));
            self.laid = transition.laid;
        }
        let mut occupant = occupant(Kind {
            late: swap.late,
            sums: sums(self.ids[at]),
            dies_at: swap.dies_in.map(|frames| self.position_frames + frames),
        });
        self.made += 1;
        // One that begins beside an old tail begins fresh.
        let missed = swap.missed.filter(|_| !swap.rings);
        let primed_to_frames = missed.and_then(|missed| {
            let stage = self.engine.stage(number)?;
            prime(&mut occupant, stage, missed)
        });
        let candidate = StageCandidate::swap(CandidateSetup {
            occupant,
            shape: shape(after),
            frames_max: FRAMES_MAX,
            fade: match swap.rings {
                true => PlannedFade::Tail {
                    fade_frames: FADE,
                    tail_frames: 150,
                },
                false => PlannedFade::Crossfade { frames: FADE },
            },
            growth: (after > before).then(|| LatencyGrowth::new(after - before, &shape(after))),
            handoff: swap.is_handed_over.then(|| Handoff::new(1_024)),
            primed_to_frames,
            sidechain_channels: Vec::new(),
        });
        change_of.candidates.push((number, Box::new(candidate)));
        self.send(change_of);
    }

    fn rewire(&mut self, version: &Version, more: u64) {
        if !self.has_room() {
            return;
        }
        let (network, ids) = network(version);
        let before = &self.laid.graph;
        let old = |id: &usize| self.ids.iter().position(|own| own == id);
        let kept: Vec<_> = ids
            .iter()
            .map(|id| Some(before.numbers[old(id)?]))
            .collect();
        let moved = moved(before, &network, &kept).unwrap();
        let most = self.engine.numbers_max();
        let is_free = |number: &usize| {
            !before.numbers.contains(number) && self.engine.stage(*number).is_none()
        };
        let mut free = (0..most).filter(is_free);
        let number = |(at, kept): (usize, &Option<usize>)| {
            let kept = kept.filter(|_| !moved.contains(&at));
            kept.or_else(|| free.next())
        };
        let numbers: Option<Vec<_>> = kept.iter().enumerate().map(number).collect();
        let mut graph = Graph {
            network,
            numbers: numbers.unwrap(),
        };
        // An instance that goes on is as late as it was.
        for (number, stage) in graph.numbers.iter().zip(&mut graph.network.stages) {
            if let Some(at) = before.numbers.iter().position(|own| own == number) {
                stage.latency_frames = before.network.stages[at].latency_frames;
            }
        }
        let transition = change(&self.laid, graph).unwrap();
        // Numbers are given again only once whoever had them is known to be gone.
        let is_pending = self.rings.room() < 64 || self.engine.is_switching();
        if self.is_refused(&transition.laid) || is_pending {
            return;
        }
        self.laid = transition.laid;
        self.ids = ids;
        let graph = &self.laid.graph;
        let place = |number: &usize| graph.numbers.iter().position(|own| own == number).unwrap();
        let added = transition.added.iter().map(|number| {
            let at = place(number);
            let kind = Kind {
                late: graph.network.stages[at].latency_frames,
                sums: sums(self.ids[at]),
                dies_at: None,
            };
            (*number, stage(kind))
        });
        let added: Vec<_> = added.collect();
        self.made += INSTANCES_PER_STAGE * added.len();
        let most = added
            .iter()
            .map(|(number, _)| number + 1)
            .max()
            .unwrap_or(0);
        let is_more = most > self.engine.numbers();
        let after = LoadedSchedule::new(transition.after, FRAMES_MAX);
        let (next, fade) = match transition.during {
            None => (after, None),
            Some(during) => {
                let passing = ScheduleFade {
                    begins_at_frames: during.settled_frames + more,
                    fade: Fade::of(FADE),
                    after,
                };
                (LoadedSchedule::new(during, FRAMES_MAX), Some(passing))
            }
        };
        let reschedule = Reschedule {
            next,
            fade,
            larger_slots: Vec::with_capacity(if is_more { most } else { 0 }),
            added,
            gone: Vec::with_capacity(transition.removed.len()),
            removed: transition.removed,
        };
        self.send(Change {
            schedule: Some(Box::new(reschedule)),
            ..Change::default()
        });
    }

    /// Goes on until nothing is under way, and ends everything.
    fn settle(mut self, exact: f32) {
        for _ in 0..SETTLED / FRAMES_MAX {
            self.block(FRAMES_MAX);
            self.read();
        }
        while self.rings.room() < 64 {
            assert!(self.position_frames < 1_000_000, "a change is never taken");
            self.block(FRAMES_MAX);
            self.read();
        }
        for _ in 0..SETTLED / FRAMES_MAX {
            self.block(FRAMES_MAX);
            self.read();
        }
        assert!(!self.engine.is_switching());
        for (at, heard) in self.output.iter().enumerate() {
            let expected = (at as u64)
                .checked_sub(self.total_frames)
                .map_or(0.0, signal);
            assert!(
                (heard - expected).abs() <= exact,
                "frame {at}: {heard}, expected {expected}"
            );
        }
        let out = self.left.into_iter().flat_map(Departure::into_processors);
        let all: Vec<_> = out.chain(self.engine.into_processors()).collect();
        assert_eq!(all.len(), self.made, "whatever went in comes out");
        assert_eq!(ALIVE.get(), self.made as i64);
        drop(all);
        assert_eq!(ALIVE.get(), 0);
    }
}

/// Primes an instance with what its stage read lately, but for the last so many frames.
fn prime(occupant: &mut Occupant, stage: &Stage, missed: u64) -> Option<u64> {
    let history = stage.history()?;
    let to = stage.gauges().frames_in().saturating_sub(missed);
    let from = to.saturating_sub(PRIMED);
    let first = history.first_frames();
    let mut room = Buffer::new(1, FRAMES_MAX);
    for at in (from..to).step_by(FRAMES_MAX) {
        let frames = (to - at).min(FRAMES_MAX as u64) as usize;
        let past = history.read_input(at, frames)?;
        assert_eq!((past.from_frames, past.frames), (at, frames));
        let outcome = occupant.processor.process(Block {
            position_frames: first + at,
            flags: Flags::NONE,
            input: view(&past.input, frames),
            output: view_mut(&mut room, frames),
            sidechains: &[],
            events: &[],
            outputs: &mut [],
            records: &mut [],
        });
        // It may die before it is sent: then it dies again.
        if !outcome.status.is_ok() {
            return None;
        }
    }
    Some(to)
}

fn go(version: &Version, reserve_frames: Option<u64>, acts: &[Act], exact: f32) {
    ALIVE.set(0);
    DROPPED_IN_PROCESS.set(0);
    let mut world = World::new(version, reserve_frames);
    acts.iter().for_each(|act| world.act(act));
    world.settle(exact);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn whoever_fails_and_whatever_is_called_back_the_stream_goes_on(
        version in version(), reserve_frames in prop::option::of(0u64..200),
        acts in prop::collection::vec(act(Trouble::Failures), 1..40),
    ) {
        go(&version, reserve_frames, &acts, 0.0);
    }

    #[test]
    fn with_tails_the_stream_goes_on_too(
        version in version(), reserve_frames in prop::option::of(0u64..200),
        acts in prop::collection::vec(act(Trouble::Tails), 1..40),
    ) {
        go(&version, reserve_frames, &acts, 0.001);
    }
}

#[test]
fn stages_that_go_with_a_trial_in_them_leave_room_for_the_next() {
    // More often than there is room for what may leave.
    let there = |id: usize| Version {
        picks: vec![Pick {
            id,
            inputs: [0, 0],
            late: 0,
        }],
        output: 1,
    };
    let swap = Act::Swap(Swap {
        stage: 0,
        late: 0,
        missed: None,
        is_handed_over: false,
        rings: false,
        dies_in: None,
    });
    let mut acts = Vec::new();
    for round in 0..160 {
        acts.push(swap.clone());
        acts.push(Act::Run(vec![1]));
        acts.push(Act::Rewire(there(2 * (round % 2)), 0));
        acts.push(Act::Run(vec![FRAMES_MAX; 3]));
        acts.push(Act::Read);
    }
    go(&there(4), None, &acts, 0.0);
}

#[test]
fn a_trial_whose_stage_went_meanwhile_comes_back_with_its_change() {
    ALIVE.set(0);
    let of = |id: usize| Version {
        picks: vec![Pick {
            id,
            inputs: [0, 0],
            late: 0,
        }],
        output: 1,
    };
    let mut world = World::new(&of(0), None);
    world.rewire(&of(2), 0);
    (0..10).for_each(|_| world.block(FRAMES_MAX));
    // Its stage is gone; another one waits behind it.
    let kind = Kind {
        late: 0,
        sums: 1,
        dies_at: None,
    };
    for number in [0, 1] {
        let candidate = StageCandidate::new(occupant(kind), &shape(0), FRAMES_MAX);
        world.made += 1;
        world.send(Change {
            candidates: vec![(number, Box::new(candidate))],
            ..Change::default()
        });
    }
    world.settle(0.0);
}

#[test]
fn more_values_than_a_call_can_take_wait_for_the_next() {
    ALIVE.set(0);
    let one = Version {
        picks: vec![Pick {
            id: 0,
            inputs: [0, 0],
            late: 0,
        }],
        output: 1,
    };
    let mut world = World::new(&one, None);
    // The last value is what the stage has anyway: nothing is heard of any of them.
    let value = ParamEvent {
        offset_frames: 0,
        index: 1,
        value: 1.0,
    };
    let free = world.rings.room();
    for _ in 0..3 {
        world.send(Change {
            param_events: vec![(0, value); 600],
            ..Change::default()
        });
    }
    for left in [2, 1, 0, 0] {
        world.block(FRAMES_MAX);
        assert_eq!(free - world.rings.room(), left);
    }
    world.settle(0.0);
}
