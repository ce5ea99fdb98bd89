//! Rig: processors, engines of them, and blocks of a signal through those.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Once};

use segue::discovery::{Registry, SearchPlan, content_hash, scan};
use segue::loading::{Approved, Generation, Providers, meter};
use segue::pipeline::{
    Arrival, Breach, Budget, Engine, Graph, History, HistoryShape, Laid, Lent, Network, Occupant,
    OnError, Rings, Shape, Source, Stage, StageCandidate, TapWiring, Wiring, lay,
};
use segue_plugin::abi::audio::Span;
use segue_plugin::link::built_in;
use segue_plugin::link::{AudioView, AudioViewMut, Creation, Flags, NoServices, Processor, Start};
use segue_plugin::prelude::*;
use segue_plugin::state::{StateReader, StateWriter};

pub(crate) const CHANNELS: usize = 2;
pub(crate) const FRAMES: usize = 128;
pub(crate) const BLOCKS: usize = 200;
pub(crate) const RATE: u32 = 48_000;

/// What a planted violation does inside `process`.
#[derive(Clone, Copy, Debug, PartialEq, Choices)]
pub(crate) enum Deed {
    Nothing,
    Allocate,
    Lock,
    AllocateSaving,
    AllocateLoading,
    LockLoading,
}

/// Does what it must not.
#[derive(Params)]
struct Planted {
    /// What.
    #[param(default = Deed::Nothing)]
    deed: Deed,
}

impl AudioProcessor for Planted {
    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.copy();
        match self.deed {
            Deed::Allocate => allocate(),
            Deed::Lock => lock(),
            Deed::Nothing | Deed::AllocateSaving | Deed::AllocateLoading | Deed::LockLoading => {}
        }
        Ok(Status::Continue)
    }

    fn state_bytes(&self) -> usize {
        8
    }

    fn save_state(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
        if self.deed == Deed::AllocateSaving {
            allocate();
        }
        state.u64(1)
    }

    fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<(), Fault> {
        match self.deed {
            Deed::AllocateLoading => allocate(),
            Deed::LockLoading => lock(),
            Deed::Nothing | Deed::Allocate | Deed::Lock | Deed::AllocateSaving => {}
        }
        state.u64().map(|_| ())
    }
}

fn allocate() {
    drop(std::hint::black_box(vec![0u8; 64]));
}

fn lock() {
    segue::loading::with_all_locks(|| ());
}

/// Fails in the block that it is told, and in all that follow.
#[derive(Params)]
struct Mortal {
    /// Which block of the stream; the last one there is means never.
    #[param(range = 0.0..=1e9, default = 1e9)]
    dies_in_block: f64,
}

impl AudioProcessor for Mortal {
    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.copy();
        if (context.position_frames() / FRAMES as u64) as f64 >= self.dies_in_block {
            return Err(Fault::new(1, "as told"));
        }
        Ok(Status::Continue)
    }
}

/// Where the libraries of this build are; built first where they are not.
pub(crate) fn libraries() -> PathBuf {
    static BUILT: Once = Once::new();
    if let Some(folder) = std::env::var_os("SEGUE_PLUGIN_FOLDER") {
        return folder.into();
    }
    let executable = std::env::current_exe().unwrap();
    let folder = executable
        .parent()
        .and_then(Path::parent)
        .unwrap()
        .to_owned();
    BUILT.call_once(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.arg("build");
        for plugin in ["gain", "filters", "delay", "denoise", "dynamics"] {
            cargo.args(["-p", &format!("segue-{plugin}")]);
        }
        if !folder.ends_with("debug") {
            cargo.arg("--release");
        }
        assert!(cargo.status().unwrap().success());
    });
    folder
}

pub(crate) fn start() -> Start<'static> {
    Start {
        format: Format {
            sample_rate_hz: RATE,
            layout: Layout::STEREO,
        },
        frames_max: FRAMES as u32,
        mode: Mode::RealTime,
        sidechains: &[],
        sources: &[],
    }
}

/// The processor of a library that was built, by its name behind a `:` where it is not the first.
pub(crate) fn hosted(address: &str, params: &[(&str, f64)]) -> Occupant {
    let (name, component) = address.split_once(':').unwrap_or((address, ""));
    let mut plan = SearchPlan::default();
    plan.files.push(libraries().join(name));
    let found = scan(
        &plan,
        &mut Registry::in_memory(),
        std::time::SystemTime::now(),
    );
    let (path, found) = found
        .ready()
        .next()
        .unwrap_or_else(|| panic!("{:?}", found.entries));
    let hash = content_hash(&mut std::fs::File::open(path).unwrap()).unwrap();
    let generation = Generation::open(&Approved::at(path, hash, &found.manifest)).unwrap();
    let mut components = found.manifest.components.iter();
    let component = components
        .find(|found| found.name.ends_with(component))
        .unwrap();
    let params: Vec<_> = params
        .iter()
        .map(|(id, value)| (component.param(id).unwrap().index, *value))
        .collect();
    let creation = Creation {
        name,
        params: &params,
        ..Creation::default()
    };
    let services = Providers::none();
    let mut processor = generation
        .processor(&component.name, &creation, services)
        .unwrap();
    let timing = processor.activate(&start()).unwrap();
    Occupant {
        processor,
        latency_frames: timing.latency_frames,
        held_bytes: 0,
        outputs: component.outputs.len(),
    }
}

/// One that does a deed.
pub(crate) fn planted(deed: Deed) -> Occupant {
    let creation = Creation {
        params: &[(0, f64::from(deed as u8))],
        ..Creation::default()
    };
    activated(built_in::processor::<Planted>(&creation, Arc::new(NoServices)).unwrap())
}

fn activated(mut processor: Processor) -> Occupant {
    processor.activate(&start()).unwrap();
    Occupant {
        processor,
        latency_frames: 0,
        held_bytes: 0,
        outputs: 0,
    }
}

/// A chain with a branch that is summed, and a tap.
pub(crate) fn engine(occupants: Vec<Occupant>) -> Engine {
    let stage = |occupant| Stage::of(occupant, OnError::Bypass, shape(0));
    chain(occupants.into_iter().map(stage).collect(), 0).engine
}

/// The place of every stage here, so many frames late.
pub(crate) const fn shape(latency_frames: u64) -> Shape {
    Shape {
        channels_in: CHANNELS,
        channels_out: CHANNELS,
        latency_frames,
        sample_rate_hz: RATE,
    }
}

/// One that fails from a block on.
pub(crate) fn mortal(dies_in_block: f64) -> Occupant {
    let creation = Creation {
        params: &[(0, dies_in_block)],
        ..Creation::default()
    };
    activated(built_in::processor::<Mortal>(&creation, Arc::new(NoServices)).unwrap())
}

/// Stages that all fail, each with another substitute and each with a new instance that fails on
/// its trial, and one that does not.
pub(crate) fn failing() -> Live {
    let budget = Budget {
        time_share: Some(1_000.0),
        block_frames: FRAMES,
        memory_bytes: Some(1 << 30),
        breach: Breach::Fails,
    };
    let stages = [
        OnError::Bypass,
        OnError::Mute,
        OnError::Hold,
        OnError::Fallback,
        OnError::Fallback,
    ];
    let stages = stages.iter().enumerate().map(|(at, on_error)| {
        let stage = Stage::of(mortal(20.0), *on_error, shape(100 * at as u64 % 200));
        let stage = stage.with_budget(budget);
        match at {
            3 => stage.with_fallback(mortal(1e9), 0, FRAMES),
            4 => stage.with_fallback(mortal(40.0), 0, FRAMES),
            _ => stage,
        }
    });
    let stages: Vec<Stage> = stages.collect();
    let shapes: Vec<_> = stages.iter().map(Stage::shape).collect();
    let mut live = chain(stages, 0);
    for (stage, shape) in shapes.iter().enumerate() {
        let dies = if stage.is_multiple_of(2) { 30.0 } else { 1e9 };
        let candidate = Box::new(StageCandidate::new(mortal(dies), shape, FRAMES));
        live.send(Arrival::Candidate { stage, candidate });
    }
    live
}

/// An engine, what it is sent and when, and what came back.
pub(crate) struct Live {
    pub(crate) engine: Engine,
    pub(crate) rings: Rings,
    pub(crate) laid: Laid,
    /// The last one comes first.
    pub(crate) script: Vec<(usize, Arrival)>,
    block: usize,
}

impl Live {
    pub(crate) fn send(&mut self, arrival: Arrival) {
        assert!(self.rings.send(arrival).is_ok());
    }

    /// Runs so many blocks; returns the heap calls of this thread inside `process`.
    pub(crate) fn run(&mut self, blocks: usize) -> u64 {
        let mut calls = 0;
        for block in self.block..self.block + blocks {
            while self.script.last().is_some_and(|(at, _)| *at == block) {
                let (_, arrival) = self.script.pop().unwrap();
                self.send(arrival);
            }
            calls += run_block(&mut self.engine, block);
        }
        self.block += blocks;
        calls
    }
}

/// The wiring of a chain whose last stage sums the input too, with a tap.
pub(crate) fn wired(latencies: &[u64]) -> Network {
    let count = latencies.len();
    let wiring = |at: usize| {
        let before = at.checked_sub(1).map_or(Source::Input, Source::Stage);
        let mut inputs = vec![before];
        if at == count - 1 {
            inputs.push(Source::Input);
        }
        Wiring {
            inputs,
            sidechains: Vec::new(),
            channels_out: CHANNELS,
            latency_frames: latencies[at],
        }
    };
    Network {
        channels_in: CHANNELS,
        wires: Vec::new(),
        stages: (0..count).map(wiring).collect(),
        taps: vec![TapWiring {
            from: Source::Stage(count - 1),
            reference: Some(Source::Input),
        }],
        output: Source::Stage(count - 1),
    }
}

/// A chain of stages, later by so many frames than it has to be.
pub(crate) fn chain(stages: Vec<Stage>, reserve_frames: u64) -> Live {
    let latencies = stages.iter().map(|stage| stage.shape().latency_frames);
    let network = wired(&latencies.collect::<Vec<_>>());
    let graph = Graph::of(network.clone());
    let (schedule, laid) = lay(graph, reserve_frames).unwrap();
    let (engine, rings) = Engine::new(&network, schedule, stages, FRAMES);
    Live {
        engine,
        rings,
        laid,
        script: Vec::new(),
        block: 0,
    }
}

/// A stage of a live session: it keeps what it read lately.
pub(crate) fn kept(occupant: Occupant) -> Stage {
    let shape = shape(occupant.latency_frames);
    let history = HistoryShape {
        inputs: CHANNELS,
        sidechains: Vec::new(),
        outputs: CHANNELS,
    };
    let history = History::new(history, RATE as usize / 4).unwrap();
    Stage::of(occupant, OnError::Bypass, shape).with_history(history)
}

/// Runs so many blocks; returns the heap calls of this thread meanwhile.
pub(crate) fn run(engine: &mut Engine) -> u64 {
    (0..BLOCKS).map(|block| run_block(engine, block)).sum()
}

fn run_block(engine: &mut Engine, block: usize) -> u64 {
    let span = Span {
        channels: CHANNELS,
        stride: FRAMES,
        start: 0,
        frames: FRAMES,
    };
    let input: [f32; CHANNELS * FRAMES] = std::array::from_fn(|at| (at as f32 * 0.01).sin());
    let mut output = [f32::NAN; CHANNELS * FRAMES];
    let mut lent = Lent {
        position_frames: (block * FRAMES) as u64,
        flags: Flags::NONE,
        input: AudioView::new(&input, span),
        output: AudioViewMut::new(&mut output, span),
    };
    let before = meter::heap_calls();
    engine.process(&mut lent).unwrap();
    let calls = meter::heap_calls() - before;
    assert!(output.iter().all(|sample| sample.is_finite()));
    calls
}

/// Heap calls of each stage.
pub(crate) fn heap_calls(engine: &Engine) -> Vec<u64> {
    let stages = (0..engine.numbers()).filter_map(|number| engine.stage(number));
    stages.map(|stage| stage.gauges().heap_calls()).collect()
}
