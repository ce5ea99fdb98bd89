//! Tests of the engine with components that are linked in.

mod changes;
mod events;
mod graphs;

use std::sync::Arc;

use proptest::prelude::*;
use segue_plugin::abi::audio::Span;
use segue_plugin::link::{AudioView, AudioViewMut, Creation, Flags, NoServices, Start, built_in};
use segue_plugin::prelude::*;

use super::*;
use crate::pipeline::fault::FaultKind;
use crate::pipeline::fault::OnError;
use crate::pipeline::network::{Source, TapWiring, Wiring};
use crate::pipeline::stage::{StageSetup, StageState};
use crate::pipeline::transition::{Graph, lay};

/// Lags behind by 64 frames, and fails as told at a frame.
#[derive(Params)]
struct Late {
    /// The frame to fail at.
    #[param(range = -1.0..=1e9, default = -1.0)]
    fails_at: f64,
    /// How.
    #[param(default = Way::Fault)]
    way: Way,
    ring: Vec<f32>,
    at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Choices)]
enum Way {
    Fault,
    Panic,
    NotANumber,
}

const LATENCY: usize = 64;

impl AudioProcessor for Late {
    const CAPABILITIES: Capabilities = Capabilities {
        latency: Span64::FRAMES,
        ..Capabilities::DEFAULT
    };

    fn activate(&mut self, _: &Activation<'_>) -> Result<Timing, Refusal> {
        self.ring = vec![0.0; LATENCY];
        Ok(Timing {
            latency_frames: LATENCY as u64,
            tail_frames: 0,
        })
    }

    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let position = context.position_frames();
        let end = position + context.frames() as u64;
        let failing =
            (position..end).contains(&(self.fails_at.max(-1.0) as u64)) && self.fails_at >= 0.0;
        if failing && self.way == Way::Panic {
            panic!("as told");
        }
        if failing && self.way == Way::Fault {
            return Err(Fault::new(3, "as told"));
        }
        let (input, output) = audio.channel(0);
        for (out, sample) in output.iter_mut().zip(input) {
            *out = std::mem::replace(&mut self.ring[self.at], *sample);
            self.at = (self.at + 1) % LATENCY;
        }
        if failing {
            output[0] = f32::NAN;
        }
        Ok(Status::Continue)
    }
}

struct Span64;

impl Span64 {
    const FRAMES: segue_plugin::declare::Span = segue_plugin::declare::Span::Frames(64);
}

const RATE: u32 = 8_000;
const FRAMES_MAX: usize = 512;

fn stage(params: &[(u32, f64)], on_error: OnError) -> Stage {
    let creation = Creation {
        name: "late",
        params,
        ..Creation::default()
    };
    let mut processor = built_in::processor::<Late>(&creation, Arc::new(NoServices)).unwrap();
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
    Stage::new(StageSetup {
        processor,
        on_error,
        channels_in: 1,
        channels_out: 1,
        latency_frames: timing.latency_frames,
        outputs: 0,
        sample_rate_hz: RATE,
    })
}

fn network(inputs: &[Source]) -> Network {
    Network {
        channels_in: 1,
        stages: vec![Wiring {
            inputs: inputs.to_vec(),
            sidechains: Vec::new(),
            channels_out: 1,
            latency_frames: LATENCY as u64,
        }],
        wires: Vec::new(),
        taps: vec![TapWiring {
            from: Source::Stage(0),
            reference: Some(Source::Input),
        }],
        output: Source::Stage(0),
    }
}

struct Ran {
    output: Vec<f32>,
    engine: Engine,
    rings: Rings,
    stopped: Option<Stopped>,
}

/// Runs one stage over a signal, cut into blocks of these sizes again and again.
fn run(stage: Stage, input: &[f32], cuts: &[usize]) -> Ran {
    let network = network(&[Source::Input]);
    let graph = Graph::of(network.clone());
    let (schedule, _) = lay(graph, 0).unwrap();
    let (mut engine, rings) = Engine::new(&network, schedule, vec![stage], FRAMES_MAX);
    let mut output = vec![f32::NAN; input.len()];
    let (mut start, mut stopped) = (0, None);
    for cut in cuts.iter().cycle() {
        let frames = (*cut).min(input.len() - start);
        if frames == 0 || stopped.is_some() {
            break;
        }
        let span = Span {
            channels: 1,
            stride: input.len(),
            start,
            frames,
        };
        let mut lent = Lent {
            position_frames: start as u64,
            flags: Flags::NONE,
            input: AudioView::new(input, span),
            output: AudioViewMut::new(&mut output, span),
        };
        stopped = engine.process(&mut lent).err();
        start += frames;
    }
    engine.flush_taps();
    Ran {
        output,
        engine,
        rings,
        stopped,
    }
}

fn sine(frames: usize) -> Vec<f32> {
    (0..frames)
        .map(|frame| (frame as f32 * 0.05).sin() * 0.5)
        .collect()
}

/// The input as late as the stage makes it.
fn dry(input: &[f32]) -> Vec<f32> {
    let mut late = vec![0.0; LATENCY];
    late.extend_from_slice(input);
    late.truncate(input.len());
    late
}

#[test]
fn what_is_bypassed_is_the_input_as_late_as_the_output_was() {
    let input = sine(2_000);
    for way in [0.0, 1.0, 2.0] {
        let failing = stage(&[(0, 1_000.0), (1, way)], OnError::Bypass);
        let ran = run(failing, &input, &[100]);
        // The stage gives its input back late, so its substitute is the very same signal.
        assert_eq!(ran.output, dry(&input), "way {way}");
        let StageState::Out(fault) = ran.engine.stage(0).unwrap().state() else {
            panic!("the stage should be out");
        };
        assert_eq!(fault.position_frames, 1_000);
        assert_eq!(fault.kind == FaultKind::NonFinite, way == 2.0);
        assert_eq!(ran.engine.stage(0).unwrap().counters().calls, 11);
    }
}

#[test]
fn what_is_muted_decays_within_5_ms_and_has_no_step() {
    let input = sine(2_000);
    let ran = run(stage(&[(0, 1_000.0)], OnError::Mute), &input, &[100]);
    let expected = dry(&input);
    assert_eq!(ran.output[..1_000], expected[..1_000]);
    let decay = (RATE / 200) as usize;
    assert_eq!(ran.output[1_000], expected[999]);
    assert!(
        ran.output[1_000 + decay..]
            .iter()
            .all(|sample| *sample == 0.0)
    );
    let largest = ran
        .output
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .fold(0.0, f32::max);
    assert!(largest < 0.03, "{largest}");
}

#[test]
fn a_stage_that_must_not_fail_stops_the_engine() {
    let ran = run(stage(&[(0, 1_000.0)], OnError::Stop), &sine(2_000), &[100]);
    assert_eq!(ran.stopped, Some(Stopped { stage: 0 }));
}

#[test]
fn a_tap_sees_signal_and_reference_of_the_same_frames_from_frame_0() {
    let input = sine(10_000);
    let mut ran = run(stage(&[], OnError::Bypass), &input, &[100]);
    let feeds = ran.rings.feeds.as_mut().unwrap();
    let mut position = 0;
    while let Ok(chunk) = feeds.full.pop() {
        assert_eq!(chunk.position_frames, position as u64);
        let expected = &input[position..position + chunk.frames];
        assert_eq!(&chunk.signal.channel(0)[..chunk.frames], expected);
        assert_eq!(&chunk.reference.channel(0)[..chunk.frames], expected);
        position += chunk.frames;
    }
    assert_eq!(position + LATENCY, input.len());
}

#[test]
fn every_tap_knows_all_of_the_stream_and_nothing_behind_it() {
    let mut network = network(&[Source::Input]);
    network.taps.push(TapWiring {
        from: Source::Input,
        reference: None,
    });
    let graph = Graph::of(network.clone());
    let (schedule, _) = lay(graph, 0).unwrap();
    let stages = vec![stage(&[], OnError::Bypass)];
    let (mut engine, mut rings) = Engine::new(&network, schedule, stages, FRAMES_MAX);
    let input = sine(1_000);
    let process = |engine: &mut Engine, samples: &[f32], position: usize| {
        let mut output = vec![0.0; samples.len()];
        let span = Span {
            channels: 1,
            stride: samples.len(),
            start: 0,
            frames: samples.len(),
        };
        let mut lent = Lent {
            position_frames: position as u64,
            flags: Flags::NONE,
            input: AudioView::new(samples, span),
            output: AudioViewMut::new(&mut output, span),
        };
        engine.process(&mut lent).unwrap();
    };
    for (block, samples) in input.chunks(500).enumerate() {
        process(&mut engine, samples, block * 500);
    }
    let padding = engine.end_at(1_000) as usize;
    assert_eq!(padding, LATENCY);
    process(&mut engine, &vec![0.0; padding], 1_000);
    engine.flush_taps();
    let feeds = rings.feeds.as_mut().unwrap();
    let mut seen = [Vec::new(), Vec::new()];
    while let Ok(chunk) = feeds.full.pop() {
        seen[chunk.tap].extend_from_slice(&chunk.signal.channel(0)[..chunk.frames]);
    }
    assert_eq!(seen[0], input);
    assert_eq!(seen[1], input);
}

/// A part of planar samples, channel after channel.
fn planar(signal: &[Vec<f32>], part: &std::ops::Range<usize>) -> Vec<f32> {
    let parts = signal.iter().map(|channel| &channel[part.clone()]);
    parts.flatten().copied().collect()
}

proptest! {
    #[test]
    fn cutting_the_stream_otherwise_changes_no_sample_before_the_failure(
        cuts in prop::collection::vec(1usize..FRAMES_MAX, 1..6),
        fails in prop::option::of(0usize..3_000),
    ) {
        let input = sine(3_000);
        let params = fails.map(|frame| (0, frame as f64));
        let params: Vec<_> = params.into_iter().collect();
        let ran = run(stage(&params, OnError::Bypass), &input, &cuts);
        prop_assert_eq!(ran.output, dry(&input));
    }
}
