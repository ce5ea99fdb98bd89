//! Tests of stages that fail, fall back and come back, with components that are linked in.

use std::sync::Arc;

use proptest::prelude::*;
use segue_plugin::abi::audio::Span;
use segue_plugin::link::{AudioView, AudioViewMut, Creation, Flags, NoServices, Start, built_in};
use segue_plugin::prelude::*;

use super::*;
use crate::pipeline::budget::{Breach, Budget};
use crate::pipeline::candidate::StageCandidate;
use crate::pipeline::exchange::{Arrival, Departure};
use crate::pipeline::failed::FailedInstance;
use crate::pipeline::fault::OnError;
use crate::pipeline::fault::{Fault as Found, FaultKind};
use crate::pipeline::network::{Source, Wiring};
use crate::pipeline::placed_instance::{Occupant, Shape};
use crate::pipeline::stage::StageState;
use crate::pipeline::stage_event::StageEventKind;
use crate::pipeline::transition::{Graph, lay};

const RATE: u32 = 8_000;
const FRAMES_MAX: usize = 256;
const DECAY: usize = 40;
const SHADOW: usize = 800;
const FADE: usize = 160;
const FAULT: usize = 1_000;
const ARRIVAL: usize = 1_600;

/// A gain that is late, and dies as told at a frame of the stream.
#[derive(Params)]
struct Frail {
    /// How late.
    #[param(range = 0.0..=1_000.0, default = 0.0, reactivates)]
    late_frames: f64,
    /// What every sample is multiplied with.
    #[param(range = -4.0..=4.0, default = 1.0)]
    gain: f64,
    /// The frame it dies at.
    #[param(range = -1.0..=1e9, default = -1.0)]
    dies_at: f64,
    /// What it counts as heap calls in every block, in bytes.
    #[param(range = 0.0..=1e9, default = 0.0)]
    takes_bytes: f64,
    ring: Vec<f32>,
    at: usize,
}

impl AudioProcessor for Frail {
    const CAPABILITIES: Capabilities = Capabilities {
        latency: segue_plugin::declare::Span::Varies,
        ..Capabilities::DEFAULT
    };

    fn activate(&mut self, _: &Activation<'_>) -> Result<Timing, Refusal> {
        self.ring = vec![0.0; self.late_frames as usize];
        Ok(Timing {
            latency_frames: self.late_frames as u64,
            tail_frames: 0,
        })
    }

    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let end = context.position_frames() + context.frames() as u64;
        if self.takes_bytes > 0.0 {
            meter::count_allocation(self.takes_bytes as usize);
        }
        let gain = self.gain as f32;
        let (input, output) = audio.channel(0);
        for (out, sample) in output.iter_mut().zip(input) {
            *out = match self.ring.get_mut(self.at) {
                Some(place) => std::mem::replace(place, *sample) * gain,
                None => *sample * gain,
            };
            self.at = (self.at + 1) % self.ring.len().max(1);
        }
        if self.dies_at >= 0.0 && end as f64 > self.dies_at {
            return Err(Fault::new(3, "as told"));
        }
        Ok(Status::Continue)
    }
}

/// An instance with these parameters: latency, gain, the frame it dies at.
#[derive(Clone, Copy)]
struct Kind(usize, f64, i64);

fn occupant(Kind(late, gain, dies_at): Kind, takes_bytes: f64) -> Occupant {
    let params = [
        (0, late as f64),
        (1, gain),
        (2, dies_at as f64),
        (3, takes_bytes),
    ];
    let creation = Creation {
        name: "frail",
        params: &params,
        ..Creation::default()
    };
    let mut processor = built_in::processor::<Frail>(&creation, Arc::new(NoServices)).unwrap();
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
    Occupant {
        processor,
        latency_frames: timing.latency_frames,
        held_bytes: 0,
        outputs: 0,
    }
}

const fn shape(late: usize) -> Shape {
    Shape {
        channels_in: 1,
        channels_out: 1,
        latency_frames: late as u64,
        sample_rate_hz: RATE,
    }
}

/// An engine of one stage, and the signal through it.
struct Rig {
    engine: Engine,
    rings: Rings,
    /// Whatever left.
    left: Vec<Departure>,
    shape: Shape,
    input: Vec<f32>,
    output: Vec<f32>,
    done: usize,
}

impl Rig {
    fn new(stage: Stage) -> Self {
        let shape = stage.shape();
        let network = Network {
            channels_in: 1,
            wires: Vec::new(),
            stages: vec![Wiring {
                inputs: vec![Source::Input],
                sidechains: Vec::new(),
                channels_out: 1,
                latency_frames: shape.latency_frames,
            }],
            taps: Vec::new(),
            output: Source::Stage(0),
        };
        let graph = Graph::of(network.clone());
        let (schedule, _) = lay(graph, 0).unwrap();
        let (engine, rings) = Engine::new(&network, schedule, vec![stage], FRAMES_MAX);
        let input: Vec<_> = (0..6_000).map(sine).collect();
        Self {
            engine,
            rings,
            left: Vec::new(),
            shape,
            output: vec![f32::NAN; input.len()],
            input,
            done: 0,
        }
    }

    /// A stage with this instance, and this fallback where it falls back on one.
    fn of(kind: Kind, on_error: OnError, fallback: Option<Kind>) -> Self {
        let late = fallback.map_or(kind.0, |fallback| fallback.0.max(kind.0));
        let stage = Stage::of(occupant(kind, 0.0), on_error, shape(late));
        Self::new(match fallback {
            Some(fallback) => stage.with_fallback(occupant(fallback, 0.0), 0, FRAMES_MAX),
            None => stage,
        })
    }

    fn send(&mut self, kind: Kind) {
        let candidate = StageCandidate::new(occupant(kind, 0.0), &self.shape, FRAMES_MAX);
        let candidate = Box::new(candidate);
        self.rings
            .send(Arrival::Candidate {
                stage: 0,
                candidate,
            })
            .unwrap();
    }

    /// Goes on to a frame, in blocks of these sizes again and again.
    fn until(&mut self, end: usize, cuts: &[usize]) -> &mut Self {
        let stride = self.input.len();
        for cut in cuts.iter().cycle() {
            let frames = (*cut).min(end - self.done);
            if frames == 0 {
                break;
            }
            let span = Span {
                channels: 1,
                stride,
                start: self.done,
                frames,
            };
            let mut lent = Lent {
                position_frames: self.done as u64,
                flags: Flags::NONE,
                input: AudioView::new(&self.input, span),
                output: AudioViewMut::new(&mut self.output, span),
            };
            self.engine.process(&mut lent).unwrap();
            self.done += frames;
        }
        self
    }

    /// Failures and ends.
    fn events(&mut self) -> Vec<(u64, &'static str)> {
        let name = |kind| match kind {
            StageEventKind::Failed(_) => "failed",
            StageEventKind::FallbackFailed(_) => "fallback failed",
            StageEventKind::CandidateFailed(_) => "candidate failed",
            StageEventKind::Returned => "returned",
            StageEventKind::ShadowBegan => "shadow began",
            StageEventKind::Aligned => "aligned",
            StageEventKind::FadeBegan => "fade began",
            StageEventKind::Swapped(_) => "swapped",
            StageEventKind::Reversed => "reversed",
            StageEventKind::TailOver => "tail over",
        };
        let mut events = Vec::new();
        while let Some(departure) = self.rings.receive() {
            match departure {
                Departure::StageEvent(event) => {
                    events.push((event.position_frames, name(event.kind)));
                }
                other => self.left.push(other),
            }
        }
        let on_the_way = ["shadow began", "aligned", "fade began"];
        events.retain(|(_, name)| !on_the_way.contains(name));
        events
    }

    /// What the first instance that left was blamed for.
    fn fault_of_first(&self) -> Option<(crate::pipeline::Fault, String)> {
        self.left.iter().find_map(fault_of)
    }

    /// The largest step so far, and the largest of the input.
    fn steps(&self) -> (f32, f32) {
        let step = |pair: &[f32]| (pair[1] - pair[0]).abs();
        let largest = |part: &[f32]| part.windows(2).map(step).fold(0.0, f32::max);
        (largest(&self.output[..self.done]), largest(&self.input))
    }
}

fn sine(frame: usize) -> f32 {
    (frame as f32 * 0.05).sin() * 0.5
}

/// The input times a factor, so many frames late, in a range of frames.
fn late(range: std::ops::Range<usize>, late: usize, factor: f32) -> Vec<f32> {
    let sample = |frame: usize| frame.checked_sub(late).map_or(0.0, sine);
    range.map(|frame| sample(frame) * factor).collect()
}

#[test]
fn a_new_instance_runs_in_shadow_is_faded_in_and_is_itself_from_then_on() {
    for on_error in [OnError::Bypass, OnError::Mute, OnError::Hold] {
        for lag in [0, 64] {
            let mut rig = Rig::of(Kind(lag, 1.5, FAULT as i64), on_error, None);
            rig.until(ARRIVAL, &[100]).send(Kind(lag, 1.5, -1));
            rig.until(5_000, &[100]);
            let fade = ARRIVAL + lag + SHADOW;
            let dry = if on_error == OnError::Bypass {
                1.0
            } else {
                0.0
            };
            let out = FAULT + 800..fade;
            assert_eq!(rig.output[out.clone()], late(out, lag, dry), "{on_error:?}");
            let back = fade + FADE..5_000;
            assert_eq!(
                rig.output[back.clone()],
                late(back, lag, 1.5),
                "{on_error:?}"
            );
            // The block in which the last frame of the fade lies is the one it returns in.
            let last = (fade + FADE - 1) / 100 * 100;
            let events = [(FAULT as u64, "failed"), (last as u64, "returned")];
            assert_eq!(rig.events(), events, "{on_error:?}");
            let (fault, text) = rig.fault_of_first().unwrap();
            assert_eq!(
                (fault.position_frames, text.as_str()),
                (FAULT as u64, "as told")
            );
            let (largest, own) = rig.steps();
            assert!(
                largest <= own * 1.5 + 0.75 / DECAY as f32,
                "{on_error:?} {largest}"
            );
        }
    }
}

#[test]
fn a_new_instance_that_fails_in_shadow_is_heard_by_nobody_and_leaves() {
    let mut rig = Rig::of(Kind(64, 1.5, FAULT as i64), OnError::Bypass, None);
    rig.until(ARRIVAL, &[100]).send(Kind(64, -4.0, 2_000));
    rig.until(5_000, &[100]);
    let out = FAULT + DECAY..5_000;
    assert_eq!(rig.output[out.clone()], late(out, 64, 1.0));
    assert_eq!(
        rig.events(),
        [(1_000, "failed"), (2_000, "candidate failed")]
    );
    let faults: Vec<_> = rig.left.iter().filter_map(fault_of).collect();
    let texts: Vec<_> = faults.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["as told", "as told"]);
    let StageState::Out(fault) = rig.engine.stage(0).unwrap().state() else {
        panic!("its substitute is heard");
    };
    assert_eq!(fault.kind.word().as_str(), "failed");
}

#[test]
fn a_new_instance_that_fails_while_it_is_faded_in_leaves_no_step() {
    for on_error in [OnError::Bypass, OnError::Mute, OnError::Hold] {
        for at in (ARRIVAL + SHADOW..ARRIVAL + SHADOW + FADE).step_by(40) {
            let mut rig = Rig::of(Kind(0, 1.5, FAULT as i64), on_error, None);
            rig.until(ARRIVAL, &[40]).send(Kind(0, 1.5, at as i64));
            rig.until(5_000, &[40]);
            assert_eq!(
                rig.events(),
                [(1_000, "failed"), (at as u64, "candidate failed")]
            );
            let (largest, own) = rig.steps();
            assert!(
                largest <= own * 1.5 + 0.75 / DECAY as f32,
                "{on_error:?} {at} {largest}"
            );
            let dry = if on_error == OnError::Bypass {
                1.0
            } else {
                0.0
            };
            let out = at + 800..5_000;
            assert_eq!(
                rig.output[out.clone()],
                late(out, 0, dry),
                "{on_error:?} {at}"
            );
        }
    }
}

#[test]
fn a_fallback_is_warm_and_as_late_as_the_stage_whichever_of_them_is_later() {
    for (own, other) in [(0, 0), (64, 0), (0, 64), (30, 64)] {
        let kind = Kind(own, 1.5, FAULT as i64);
        let mut rig = Rig::of(kind, OnError::Fallback, Some(Kind(other, -1.0, -1)));
        rig.until(ARRIVAL, &[100]).send(Kind(own, 1.5, -1));
        rig.until(5_000, &[100]);
        let lag = own.max(other);
        assert_eq!(
            rig.output[..FAULT],
            late(0..FAULT, lag, 1.5),
            "{own} {other}"
        );
        let fade = ARRIVAL + lag + SHADOW;
        let out = FAULT + DECAY..fade;
        assert_eq!(
            rig.output[out.clone()],
            late(out, lag, -1.0),
            "{own} {other}"
        );
        let back = fade + FADE..5_000;
        assert_eq!(
            rig.output[back.clone()],
            late(back, lag, 1.5),
            "{own} {other}"
        );
        let frames = rig.engine.stage(0).unwrap().substitute_frames();
        assert_eq!(
            (frames.bypass, frames.fallback),
            (0, (fade + FADE).div_ceil(100) as u64 * 100 - 1_000)
        );
        let (largest, own_step) = rig.steps();
        assert!(
            largest <= own_step * 1.5 + 1.25 / DECAY as f32,
            "{own} {other} {largest}"
        );
    }
}

#[test]
fn where_the_fallback_fails_too_the_input_is_heard_without_a_step() {
    // Before, with, and after the instance; the input is what is heard in the end.
    for (at, events) in [
        (500, [(500, "fallback failed"), (1_000, "failed")]),
        (1_000, [(1_000, "failed"), (1_000, "fallback failed")]),
        (1_500, [(1_000, "failed"), (1_500, "fallback failed")]),
    ] {
        let kind = Kind(64, 1.5, FAULT as i64);
        let mut rig = Rig::of(kind, OnError::Fallback, Some(Kind(64, -1.0, at)));
        rig.until(5_000, &[100]);
        assert_eq!(rig.events(), events);
        let out = FAULT.max(at as usize) + DECAY..5_000;
        assert_eq!(rig.output[out.clone()], late(out, 64, 1.0), "{at}");
        let (largest, own) = rig.steps();
        assert!(largest <= own * 1.5 + 1.25 / DECAY as f32, "{at} {largest}");
        let is_fallback = |left: &&Departure| {
            matches!(
                left,
                Departure::Failed {
                    instance: FailedInstance::Fallback(_),
                    ..
                }
            )
        };
        let left = rig.left.iter().find(is_fallback).unwrap();
        let (fault, text) = fault_of(left).unwrap();
        assert_eq!(
            (fault.position_frames, text.as_str()),
            (at as u64, "as told")
        );
    }
}

#[test]
fn nothing_is_lost_while_nobody_reads_the_rings() {
    let mut rig = Rig::of(Kind(0, 1.0, 0), OnError::Bypass, None);
    // Each new instance fails in its first block; what left is not taken away.
    let mut sent = 0;
    for _ in 0..400 {
        let candidate = StageCandidate::new(occupant(Kind(0, 1.0, 0), 0.0), &rig.shape, FRAMES_MAX);
        let candidate = Box::new(candidate);
        // A full ring gives back what it cannot take.
        let pushed = rig.rings.send(Arrival::Candidate {
            stage: 0,
            candidate,
        });
        sent += usize::from(pushed.is_ok());
        let end = rig.done + 2;
        rig.until(end, &[1]);
    }
    assert!(sent < 400, "the ring of arrivals is full in the end");
    let events = rig.events().len();
    // One is the instance of the start.
    let departed = rig.left.len() - 1;
    assert_eq!(events, departed + 1);
    assert!(departed >= 1);
    let waiting = rig.engine.into_processors().len();
    assert_eq!(
        sent,
        departed + waiting,
        "the others wait until there is room"
    );
}

#[test]
fn a_breach_of_the_budget_changes_the_audio_only_where_it_is_a_fault() {
    let run = |breach| {
        let budget = Budget {
            time_share: None,
            block_frames: FRAMES_MAX,
            memory_bytes: Some(10_000),
            breach,
        };
        let kind = occupant(Kind(0, 1.5, -1), 1_000.0);
        let stage = Stage::of(kind, OnError::Bypass, shape(0)).with_budget(budget);
        let mut rig = Rig::new(stage);
        rig.until(3_000, &[100]);
        rig
    };
    let mut counted = run(Breach::Counts);
    assert_eq!(counted.output[..3_000], late(0..3_000, 0, 1.5));
    let (_, used) = counted.engine.stage(0).unwrap().budget().unwrap();
    assert_eq!(
        (used.memory_breaches, used.memory_worst_bytes),
        (20, 30_000)
    );
    assert_eq!(counted.events(), []);
    let mut failed = run(Breach::Fails);
    assert_eq!(failed.events(), [(1_000, "failed")]);
    assert_eq!(failed.output[..1_000], late(0..1_000, 0, 1.5));
    let StageState::Out(Found { kind, .. }) = failed.engine.stage(0).unwrap().state() else {
        panic!("the stage should be out");
    };
    let over = FaultKind::OverMemory {
        held_bytes: 11_000,
        allowed_bytes: 10_000,
    };
    assert_eq!(kind, over);
}

proptest! {
    #[test]
    fn cutting_the_stream_otherwise_changes_no_sample_of_what_is_heard(
        cuts in prop::collection::vec(1usize..FRAMES_MAX, 1..6),
        on_error in prop::sample::select(vec![
            OnError::Bypass, OnError::Mute, OnError::Hold, OnError::Fallback,
        ]),
        lags in (0usize..80, 0usize..80),
    ) {
        let run = |cuts: &[usize]| {
            let fallback = (on_error == OnError::Fallback).then_some(Kind(lags.1, -1.0, -1));
            let mut rig = Rig::of(Kind(lags.0, 1.5, FAULT as i64), on_error, fallback);
            rig.until(FAULT, cuts).until(ARRIVAL, cuts).send(Kind(lags.0, 1.5, -1));
            rig.until(4_000, cuts);
            rig.output.truncate(4_000);
            rig.output
        };
        prop_assert_eq!(run(&cuts), run(&[FRAMES_MAX]));
    }
}

fn fault_of(departure: &Departure) -> Option<(crate::pipeline::Fault, String)> {
    match departure {
        Departure::Candidate { candidate, .. } => candidate.describe_fault(),
        Departure::Failed {
            instance, fault, ..
        } => Some((*fault, fault.kind.describe(Some(instance.processor())))),
        Departure::Change(_) | Departure::StageEvent(_) | Departure::State(_) => None,
    }
}
