//! What the host costs per stage and block, as ratios within one run.
//!
//! `cargo bench -p segue --bench engine`. Every component is linked in, so that the code is the
//! same; what differs is who calls it. `nothing` does nothing: its time is the host's own.

use std::hint::black_box;
use std::sync::Arc;

use divan::Bencher;
use segue::pipeline::{
    Engine, Graph, Lent, Network, OnError, Source, Stage, StageSetup, Wiring, lay,
};
use segue_plugin::abi::audio::Span;
use segue_plugin::link::{AudioView, AudioViewMut, Block, Creation, Flags, NoServices, Processor};
use segue_plugin::link::{Start, built_in};
use segue_plugin::prelude::*;

const CHANNELS: usize = 2;
const BLOCKS: [usize; 3] = [64, 128, 1024];

/// Leaves the output as it is.
#[derive(Params)]
struct Nothing;

impl AudioProcessor for Nothing {
    fn process(&mut self, _: &mut Context<'_>, _: &mut Io<'_>) -> Result<Status, Fault> {
        Ok(Status::Continue)
    }
}

/// A gain, as little as a component can do with each sample.
#[derive(Params)]
struct Half;

impl AudioProcessor for Half {
    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.map(|_, sample| sample * 0.5);
        Ok(Status::Continue)
    }
}

fn main() {
    divan::main();
}

fn processor<T: AudioProcessor>(frames: usize) -> Processor {
    let made = built_in::processor::<T>(&Creation::default(), Arc::new(NoServices));
    let mut processor = made.expect("it needs nothing");
    let start = Start {
        format: Format {
            sample_rate_hz: 48_000,
            layout: Layout::STEREO,
        },
        frames_max: frames as u32,
        mode: Mode::Offline,
        sidechains: &[],
        sources: &[],
    };
    processor.activate(&start).expect("it takes every format");
    processor
}

fn engine<T: AudioProcessor>(stages: usize, frames: usize) -> Engine {
    let wiring = |at: usize| Wiring {
        inputs: vec![at.checked_sub(1).map_or(Source::Input, Source::Stage)],
        sidechains: Vec::new(),
        channels_out: CHANNELS,
        latency_frames: 0,
    };
    let network = Network {
        channels_in: CHANNELS,
        stages: (0..stages).map(wiring).collect(),
        wires: Vec::new(),
        taps: Vec::new(),
        output: Source::Stage(stages - 1),
    };
    let stage = |_| {
        Stage::new(StageSetup {
            processor: processor::<T>(frames),
            on_error: OnError::Bypass,
            channels_in: CHANNELS,
            channels_out: CHANNELS,
            latency_frames: 0,
            outputs: 0,
            sample_rate_hz: 48_000,
        })
    };
    let graph = Graph::of(network.clone());
    let (schedule, _) = lay(graph, 0).expect("a chain has no cycle");
    Engine::new(&network, schedule, (0..stages).map(stage).collect(), frames).0
}

const fn span(frames: usize) -> Span {
    Span {
        channels: CHANNELS,
        stride: frames,
        start: 0,
        frames,
    }
}

/// One block through an engine of so many stages; divide by their number.
fn run<T: AudioProcessor>(bencher: Bencher<'_, '_>, stages: usize, frames: usize) {
    let mut engine = engine::<T>(stages, frames);
    let input = vec![0.25f32; CHANNELS * frames];
    let mut output = vec![0.0f32; CHANNELS * frames];
    let mut position = 0;
    bencher
        .counter(divan::counter::ItemsCount::new(stages))
        .bench_local(|| {
            let mut lent = Lent {
                position_frames: position,
                flags: Flags::NONE,
                input: AudioView::new(black_box(&input), span(frames)),
                output: AudioViewMut::new(&mut output, span(frames)),
            };
            position += frames as u64;
            engine.process(&mut lent)
        });
    assert!(
        (0..engine.numbers())
            .filter_map(|number| engine.stage(number))
            .all(|stage| stage.counters().calls == engine.blocks())
    );
    assert!(output.iter().all(|sample| sample.is_finite()));
}

/// The host with stages that do nothing: counters, policies, sampled timing, finite check.
#[divan::bench(args = [1, 10, 100, 1000], consts = BLOCKS)]
fn host_nothing<const FRAMES: usize>(bencher: Bencher<'_, '_>, stages: usize) {
    run::<Nothing>(bencher, stages, FRAMES);
}

/// The host with stages that halve, to be set against `direct_half`.
#[divan::bench(args = [10], consts = BLOCKS)]
fn host_half<const FRAMES: usize>(bencher: Bencher<'_, '_>, stages: usize) {
    run::<Half>(bencher, stages, FRAMES);
}

/// The same component called through its trait object alone.
fn call<T: AudioProcessor>(bencher: Bencher<'_, '_>, frames: usize) {
    let mut processor = processor::<T>(frames);
    let input = vec![0.25f32; CHANNELS * frames];
    let mut output = vec![0.0f32; CHANNELS * frames];
    bencher
        .counter(divan::counter::ItemsCount::new(1usize))
        .bench_local(|| {
            processor.process(Block {
                position_frames: 0,
                flags: Flags::NONE,
                input: AudioView::new(black_box(&input), span(frames)),
                output: AudioViewMut::new(&mut output, span(frames)),
                sidechains: &[],
                events: &[],
                outputs: &mut [],
                records: &mut [],
            })
        });
    assert!(output.iter().all(|sample| sample.is_finite()));
}

/// One guarded call through the boundary that does nothing.
#[divan::bench(args = BLOCKS)]
fn call_nothing(bencher: Bencher<'_, '_>, frames: usize) {
    call::<Nothing>(bencher, frames);
}

/// The component without a host: a guarded call through the boundary.
#[divan::bench(args = BLOCKS)]
fn call_half(bencher: Bencher<'_, '_>, frames: usize) {
    call::<Half>(bencher, frames);
}

/// The arithmetic alone, compiled in.
#[divan::bench(args = BLOCKS)]
fn direct_half(bencher: Bencher<'_, '_>, frames: usize) {
    let input = vec![0.25f32; CHANNELS * frames];
    let mut output = vec![0.0f32; CHANNELS * frames];
    bencher
        .counter(divan::counter::ItemsCount::new(1usize))
        .bench_local(|| {
            for (out, sample) in output.iter_mut().zip(black_box(&input)) {
                *out = sample * 0.5;
            }
            black_box(&output);
        });
    assert!(output.iter().all(|sample| *sample == 0.125));
}

/// The finite check alone, which the host does behind every call.
#[divan::bench(args = BLOCKS)]
fn check_finite(bencher: Bencher<'_, '_>, frames: usize) {
    let samples = vec![0.25f32; frames];
    bencher
        .counter(divan::counter::ItemsCount::new(1usize))
        .bench_local(|| {
            (0..CHANNELS)
                .any(|_| segue_media::audio::first_non_finite(black_box(&samples)).is_some())
        });
}
