//! The audio thread neither allocates, frees nor blocks, in host and plugins.
//!
//! Three witnesses: the counting allocators of the libraries and of this executable, a contention
//! run in which another thread holds every lock of the host, and, under `--cfg rtsan`,
//! RealtimeSanitizer, which stops the process at the first such call. `.ci/realtime` runs this
//! file plainly, and under the sanitizer with plugins that are instrumented and with plugins that
//! are not. Each witness is shown to speak up when its violation is planted.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, where a failure is a panic"
)]

use std::alloc::{GlobalAlloc, System};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Once};
use std::time::Duration;

use segue::discovery::{Registry, SearchPlan, content_hash, scan};
use segue::loading::{Generation, Providers, meter, with_all_locks};
use segue::pipeline::{
    Arrival, Breach, Budget, Engine, Graph, Lent, Network, Occupant, OnError, lay,
};
use segue::pipeline::{
    Rings, Shape, Source, Stage, StageSetup, TapWiring, Trial, TurnKind, Wiring,
};
use segue_plugin::abi::audio::Span;
use segue_plugin::link::built_in;
use segue_plugin::link::{AudioView, AudioViewMut, Creation, Flags, NoServices, Processor, Start};
use segue_plugin::prelude::*;

const CHANNELS: usize = 2;
const FRAMES: usize = 128;
const BLOCKS: usize = 200;

/// Set in the process that commits a planted violation.
const PLANTED: &str = "SEGUE_PLANTED_VIOLATION";

struct Counting;

#[expect(unsafe_code, reason = "counts what this executable allocates")]
// SAFETY: every call goes to `System` with the arguments it came with.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: std::alloc::Layout) -> *mut u8 {
        meter::count_allocation(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`, which is `System`'s.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: std::alloc::Layout) {
        meter::count_free(layout.size());
        // SAFETY: the caller got `pointer` from this allocator, and so from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// What a planted violation does inside `process`.
#[derive(Clone, Copy, Debug, PartialEq, Choices)]
enum Deed {
    Nothing,
    Allocate,
    Lock,
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
            Deed::Nothing => {}
            Deed::Allocate => drop(std::hint::black_box(vec![0u8; 64])),
            Deed::Lock => drop(segue::loading::resident()),
        }
        Ok(Status::Continue)
    }
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
fn libraries() -> PathBuf {
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

fn start() -> Start<'static> {
    Start {
        format: Format {
            sample_rate_hz: 48_000,
            layout: Layout::STEREO,
        },
        frames_max: FRAMES as u32,
        mode: Mode::RealTime,
        sidechains: &[],
        sources: &[],
    }
}

/// The processor of a library that was built, by its name behind a `:` where it is not the first.
fn hosted(address: &str, params: &[(&str, f64)]) -> Processor {
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
    let folder = path.parent().unwrap();
    let generation = Generation::open(path, hash, &found.manifest, folder).unwrap();
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
    processor.activate(&start()).unwrap();
    processor
}

fn planted(deed: Deed) -> Processor {
    let creation = Creation {
        params: &[(0, f64::from(deed as u8))],
        ..Creation::default()
    };
    let made = built_in::processor::<Planted>(&creation, Arc::new(NoServices));
    let mut processor = made.unwrap();
    processor.activate(&start()).unwrap();
    processor
}

/// A chain with a branch that is summed, and a tap.
fn engine(processors: Vec<Processor>) -> Engine {
    let stage = |processor| {
        Stage::new(StageSetup {
            processor,
            on_error: OnError::Bypass,
            channels_in: CHANNELS,
            channels_out: CHANNELS,
            latency_frames: 0,
            outputs: 0,
            sample_rate_hz: 48_000,
        })
    };
    chain(processors.into_iter().map(stage).collect()).0
}

/// The place of every stage here, so many frames late.
const fn shape(latency_frames: u64) -> Shape {
    Shape {
        channels_in: CHANNELS,
        channels_out: CHANNELS,
        latency_frames,
        sample_rate_hz: 48_000,
    }
}

fn mortal(dies_in_block: f64) -> Occupant {
    let creation = Creation {
        params: &[(0, dies_in_block)],
        ..Creation::default()
    };
    let made = built_in::processor::<Mortal>(&creation, Arc::new(NoServices));
    let mut processor = made.unwrap();
    processor.activate(&start()).unwrap();
    Occupant {
        processor,
        latency_frames: 0,
        held_bytes: 0,
        outputs: 0,
    }
}

/// Stages that all fail, each with another substitute and each with a new instance that fails on
/// its trial, and one that does not.
fn failing() -> (Engine, Rings) {
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
    let (engine, mut rings) = chain(stages);
    for (stage, shape) in shapes.iter().enumerate() {
        let dies = if stage.is_multiple_of(2) { 30.0 } else { 1e9 };
        let trial = Box::new(Trial::new(mortal(dies), shape, FRAMES));
        rings
            .arrivals
            .push(Arrival::Trial { stage, trial })
            .unwrap();
    }
    (engine, rings)
}

/// A chain of stages with a branch that is summed, and a tap.
fn chain(stages: Vec<Stage>) -> (Engine, Rings) {
    let count = stages.len();
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
            latency_frames: stages[at].shape().latency_frames,
        }
    };
    let network = Network {
        channels_in: CHANNELS,
        wires: Vec::new(),
        stages: (0..count).map(wiring).collect(),
        taps: vec![TapWiring {
            from: Source::Stage(count - 1),
            reference: Some(Source::Input),
        }],
        output: Source::Stage(count - 1),
    };
    let graph = Graph::of(network.clone());
    let (schedule, _) = lay(graph, 0).unwrap();
    Engine::new(&network, schedule, stages, FRAMES)
}

/// Runs so many blocks; answers the heap calls of this thread meanwhile.
fn run(engine: &mut Engine) -> u64 {
    let span = Span {
        channels: CHANNELS,
        stride: FRAMES,
        start: 0,
        frames: FRAMES,
    };
    let input: Vec<f32> = (0..CHANNELS * FRAMES)
        .map(|at| (at as f32 * 0.01).sin())
        .collect();
    let mut output = vec![0.0; CHANNELS * FRAMES];
    let before = meter::heap_calls();
    for block in 0..BLOCKS {
        let mut lent = Lent {
            position_frames: (block * FRAMES) as u64,
            flags: Flags::NONE,
            input: AudioView::new(&input, span),
            output: AudioViewMut::new(&mut output, span),
        };
        engine.process(&mut lent).unwrap();
    }
    let calls = meter::heap_calls() - before;
    assert!(output.iter().all(|sample| sample.is_finite()));
    calls
}

/// The reference processors with every kind of work switched on.
fn reference() -> Engine {
    let bands = [
        ("band.1.type", 1.0),
        ("band.1.frequency_hz", 80.0),
        ("band.2.type", 5.0),
        ("band.2.frequency_hz", 3_000.0),
        ("band.2.gain_db", 3.0),
    ];
    engine(vec![
        hosted("libsegue_filters.so", &bands),
        hosted("libsegue_gain.so", &[("gain_db", -6.0)]),
        hosted("libsegue_dynamics.so:compressor", &[("link", 0.5)]),
        hosted("libsegue_dynamics.so:gate", &[]),
        hosted("libsegue_dynamics.so:limiter", &[("ceiling_dbtp", -9.0)]),
        planted(Deed::Nothing),
    ])
}

/// Heap calls of each stage.
fn heap_calls(engine: &Engine) -> Vec<u64> {
    let stages = (0..engine.numbers()).filter_map(|number| engine.stage(number));
    stages.map(Stage::heap_calls).collect()
}

#[test]
fn no_heap_call_happens_on_the_audio_thread() {
    let mut engine = reference();
    assert_eq!(run(&mut engine), 0);
    assert!(heap_calls(&engine).iter().all(|calls| *calls == 0));
}

/// Processors that work in frames or hold a past: their first call is on another thread than the
/// one they were activated on, as a thread's own storage would allocate there.
#[test]
fn no_heap_call_happens_on_a_thread_that_is_new_to_a_library() {
    let mut engine = engine(vec![
        hosted("libsegue_denoise.so", &[("mix", 0.8)]),
        hosted(
            "libsegue_delay.so",
            &[("delay_ms", 20.0), ("feedback", 0.5)],
        ),
    ]);
    let audio = std::thread::spawn(move || {
        let calls = run(&mut engine);
        (calls, heap_calls(&engine))
    });
    assert_eq!(audio.join().unwrap(), (0, vec![0, 0]));
}

#[test]
fn no_heap_call_happens_while_stages_fail_and_come_back() {
    let (mut engine, mut rings) = failing();
    assert_eq!(run(&mut engine), 0);
    let turns: Vec<_> = std::iter::from_fn(|| rings.turns.pop().ok()).collect();
    let count = |is: fn(&TurnKind) -> bool| turns.iter().filter(|turn| is(&turn.kind)).count();
    assert_eq!(count(|kind| matches!(kind, TurnKind::Failed(_))), 5);
    assert_eq!(count(|kind| matches!(kind, TurnKind::TrialFailed(_))), 3);
    assert_eq!(count(|kind| matches!(kind, TurnKind::Returned)), 2);
    assert_eq!(count(|kind| matches!(kind, TurnKind::FallbackFailed(_))), 1);
    assert_eq!(rings.departures.slots(), 5);
}

#[test]
fn a_planted_allocation_is_counted_and_charged_to_its_stage() {
    if cfg!(rtsan) {
        return; // There it ends the process: see `the_sanitizer_stops_a_planted_allocation`.
    }
    let mut engine = engine(vec![planted(Deed::Nothing), planted(Deed::Allocate)]);
    assert_eq!(run(&mut engine), 2 * BLOCKS as u64);
    assert_eq!(heap_calls(&engine), [0, 2 * BLOCKS as u64]);
}

/// Runs an engine while another thread holds every lock of the host; answers whether it came to
/// its end before they were released.
fn ends_while_locks_are_held(mut engine: Engine) -> bool {
    let done = Arc::new(AtomicBool::new(false));
    let (began, beginning) = mpsc::channel();
    let (ended, end) = mpsc::channel();
    let (ended_before_release, audio) = with_all_locks(|| {
        let flag = Arc::clone(&done);
        let audio = std::thread::spawn(move || {
            began.send(()).unwrap();
            run(&mut engine);
            flag.store(true, Ordering::SeqCst);
            ended.send(()).unwrap();
        });
        beginning.recv().unwrap();
        // An engine that waits for a lock waits here too: until the deadline of the test.
        let in_time = end.recv_timeout(Duration::from_secs(5)).is_ok();
        (in_time && done.load(Ordering::SeqCst), audio)
    });
    audio.join().unwrap();
    ended_before_release
}

#[test]
fn no_lock_of_the_host_is_waited_for() {
    assert!(ends_while_locks_are_held(reference()));
    assert!(ends_while_locks_are_held(failing().0));
}

#[test]
fn a_planted_lock_is_waited_for() {
    if cfg!(rtsan) {
        return; // An uncontended lock is no call; a contended one ends the process there.
    }
    assert!(!ends_while_locks_are_held(engine(vec![planted(
        Deed::Lock
    )])));
}

/// Not a test by itself: the process in which the next test plants its violation.
#[test]
fn commit_the_planted_violation() {
    if std::env::var_os(PLANTED).is_some() {
        run(&mut engine(vec![planted(Deed::Allocate)]));
    }
}

#[test]
fn the_sanitizer_stops_a_planted_allocation() {
    if !cfg!(rtsan) {
        return;
    }
    let executable = std::env::current_exe().unwrap();
    let output = Command::new(executable)
        .args(["--exact", "commit_the_planted_violation", "--nocapture"])
        .env(PLANTED, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert!(
        said.contains("RealtimeSanitizer: unsafe-library-call"),
        "{said}"
    );
}
