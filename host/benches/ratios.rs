//! The figures of the README, as ratios within one run.
//!
//! `cargo build --release && cargo bench -p segue --bench ratios`. Absolute times belong to this
//! machine and this minute; what stands beside them was measured in the same minute. Each figure is
//! the least of many rounds, since a shared machine only ever adds.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use segue::discovery::{Registry, SearchPlan, content_hash, scan};
use segue::loading::{Approved, Generation};
use segue::pipeline::{
    Engine, Graph, Lent, Network, OnError, Source, Stage, StageSetup, Wiring, lay,
};
use segue_dsp::biquad;
use segue_dsp::eq::{Bank, Fade, Planes};
use segue_media::audio::is_finite;
use segue_plugin::abi::audio::Span;
use segue_plugin::link::{AudioView, AudioViewMut, Block, Creation, Flags, NoServices, Processor};
use segue_plugin::link::{Start, built_in};
use segue_plugin::prelude::*;

const CHANNELS: usize = 2;

/// Leaves the output as it is: what is left is the host.
#[derive(Params)]
struct Nothing;

impl AudioProcessor for Nothing {
    fn process(&mut self, _: &mut Context<'_>, _: &mut Io<'_>) -> Result<Status, Fault> {
        Ok(Status::Continue)
    }
}

fn main() {
    // `cargo test --benches` and the like ask for a list of tests: there are none.
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    say("host cost per stage and block, beside the finite check (goal: 10 ns, the call included)");
    for frames in [64, 128, 1024] {
        stage(frames);
    }
    say("the same equalizer compiled in and hosted (goals: 2 % at 128 frames, 0.5 % at 1024)");
    hosted();
    say("listing 100 plugins (goals: 5 ms without registry, 2 ms with)");
    listing();
    say("opening a library with its checks, once its content is known (goal: 0.25 ms)");
    opening();
    say("first block of a run with five plugins (goal: 10 ms after process start)");
    first_block();
}

#[expect(clippy::print_stdout, reason = "a bench tells its figures")]
fn say(line: &str) {
    println!("{line}");
}

/// The least time of one call, over many rounds of many calls.
fn least_ns(calls: u32, mut body: impl FnMut()) -> f64 {
    let round = |body: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..calls).for_each(|_| body());
        start.elapsed()
    };
    let least = (0..200).map(|_| round(&mut body)).min().unwrap_or_default();
    least.as_nanos() as f64 / f64::from(calls)
}

fn processor(frames: usize) -> Processor {
    let made = built_in::processor::<Nothing>(&Creation::default(), Arc::new(NoServices));
    activated(made.expect("it needs nothing"), frames)
}

fn activated(mut processor: Processor, frames: usize) -> Processor {
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

fn engine(stages: usize, frames: usize) -> Engine {
    engine_of((0..stages).map(|_| processor(frames)).collect(), frames)
}

/// A chain of processors, each bypassed should it fail.
fn engine_of(processors: Vec<Processor>, frames: usize) -> Engine {
    let wiring = |at: usize| Wiring {
        inputs: vec![at.checked_sub(1).map_or(Source::Input, Source::Stage)],
        sidechains: Vec::new(),
        channels_out: CHANNELS,
        latency_frames: 0,
    };
    let network = Network {
        channels_in: CHANNELS,
        stages: (0..processors.len()).map(wiring).collect(),
        wires: Vec::new(),
        taps: Vec::new(),
        output: Source::Stage(processors.len() - 1),
    };
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
    let graph = Graph::of(network.clone());
    let (schedule, _) = lay(graph, 0).expect("a chain has no cycle");
    let stages = processors.into_iter().map(stage).collect();
    Engine::new(&network, schedule, stages, frames).0
}

const fn span(frames: usize) -> Span {
    Span {
        channels: CHANNELS,
        stride: frames,
        start: 0,
        frames,
    }
}

fn block_ns(stages: usize, frames: usize) -> f64 {
    let mut engine = engine(stages, frames);
    let input = vec![0.25f32; CHANNELS * frames];
    let mut output = vec![0.0f32; CHANNELS * frames];
    let mut position = 0;
    let calls = (20_000 / stages).max(32) as u32;
    let least = least_ns(calls, || {
        let mut lent = Lent {
            position_frames: position,
            flags: Flags::NONE,
            input: AudioView::new(black_box(&input), span(frames)),
            output: AudioViewMut::new(&mut output, span(frames)),
        };
        position += frames as u64;
        engine.process(&mut lent).expect("it does not fail");
    });
    assert!(
        (0..engine.numbers())
            .filter_map(|number| engine.stage(number))
            .all(|stage| stage.counters().calls == engine.blocks())
    );
    least
}

fn stage(frames: usize) {
    let mut alone = processor(frames);
    let input = vec![0.25f32; CHANNELS * frames];
    let mut output = vec![0.0f32; CHANNELS * frames];
    let call = least_ns(20_000, || {
        let outcome = alone.process(Block {
            position_frames: 0,
            flags: Flags::NONE,
            input: AudioView::new(black_box(&input), span(frames)),
            output: AudioViewMut::new(&mut output, span(frames)),
            sidechains: &[],
            events: &[],
            outputs: &mut [],
            records: &mut [],
        });
        black_box(outcome);
    });
    let audio = AudioView::new(&input, span(frames));
    let check = least_ns(20_000, || {
        black_box(is_finite(black_box(audio).iter()));
    });
    for stages in [1, 10, 100, 1000] {
        // Two lengths, so that what a block costs once is left out.
        let per_stage = (block_ns(2 * stages, frames) - block_ns(stages, frames)) / stages as f64;
        let host = per_stage - check - call;
        say(&format!(
            "  {frames:>4} frames, {stages:>4} stages: {per_stage:5.1} ns a stage = call {call:4.1} \
             + host {host:5.1} ({:4.1} together) + check {check:5.1}",
            host + call
        ));
    }
}

/// Sections of the equalizer that is compared: peaks all over the spectrum.
const PEAKS: usize = 16;

fn peak_hz(section: usize) -> f64 {
    40.0 * 1.5f64.powi(section as i32)
}

/// Two channels of the equalizer's own buffers.
struct Planar<'a> {
    input: &'a [f32],
    output: &'a mut [f32],
}

impl Planes for Planar<'_> {
    fn frames(&self) -> usize {
        self.input.len() / CHANNELS
    }

    fn input(&self, channel: usize) -> &[f32] {
        &self.input[channel * self.frames()..][..self.frames()]
    }

    fn output(&mut self, channel: usize) -> &mut [f32] {
        let frames = self.frames();
        &mut self.output[channel * frames..][..frames]
    }
}

/// The kernel alone, as a program would use it that has it compiled in.
fn compiled_in() -> Bank {
    let mut bank = Bank::new(segue_dsp::cpu::arch(), CHANNELS);
    for section in 0..PEAKS {
        let band = biquad::Band {
            shape: biquad::Shape::Peak { gain_db: 3.0 },
            frequency_hz: peak_hz(section),
            q: 1.0,
        };
        let peak = biquad::Coefficients::design(&band, 48_000.0).expect("it is in range");
        bank.insert(section).expect("there is room");
        bank.fade(section, peak, Fade::AT_ONCE)
            .expect("it is there");
    }
    bank
}

/// The same from the library of the reference plugin, in an engine.
fn equalizer(frames: usize) -> Option<Engine> {
    let path = built().1.join("libsegue_filters.so");
    let mut plan = SearchPlan::default();
    plan.files.push(path.clone());
    let scan = scan(&plan, &mut Registry::in_memory(), SystemTime::now());
    let (_, found) = scan.ready().next()?;
    let hash = content_hash(&mut std::fs::File::open(&path).ok()?).ok()?;
    let opened = Generation::open(&Approved::at(&path, hash, &found.manifest));
    let generation = opened.expect("the reference plugin can be opened");
    let mut params = Vec::new();
    for section in 0..PEAKS {
        let first = 4 * section as u32;
        // Kinds are counted from `off`: the sixth is a peak.
        let values = [5.0, peak_hz(section), 3.0, 1.0];
        params.extend((first..).zip(values));
    }
    let creation = Creation {
        params: &params,
        ..Creation::default()
    };
    let made = generation.processor("eq", &creation, Arc::new(NoServices));
    let made = activated(made.expect("the values are in range"), frames);
    Some(engine_of(vec![made], frames))
}

fn hosted() {
    for frames in [128, 1024] {
        let Some(mut engine) = equalizer(frames) else {
            return say("  build the reference plugins first: cargo build --release");
        };
        let mut bank = compiled_in();
        let noise = |at: usize| ((at * 7919) % 1009) as f32 / 1009.0 - 0.5;
        let input: Vec<f32> = (0..CHANNELS * frames).map(noise).collect();
        let (mut alone, mut within) = (vec![0.0f32; input.len()], vec![0.0f32; input.len()]);
        let (mut alone_ns, mut within_ns) = (f64::INFINITY, f64::INFINITY);
        // In turn, so that both see the same machine.
        for _ in 0..HOSTED_ROUNDS {
            alone_ns = alone_ns.min(round_ns(|| {
                bank.process(&mut Planar {
                    input: black_box(&input),
                    output: &mut alone,
                });
            }));
            within_ns = within_ns.min(round_ns(|| {
                let mut lent = Lent {
                    position_frames: 0,
                    flags: Flags::NONE,
                    input: AudioView::new(black_box(&input), span(frames)),
                    output: AudioViewMut::new(&mut within, span(frames)),
                };
                engine.process(&mut lent).expect("it does not fail");
            }));
        }
        assert_eq!(alone, within, "both are the same equalizer");
        say(&format!(
            "  {frames:>4} frames: {alone_ns:.0} ns compiled in, {within_ns:.0} hosted: {:.2} % more",
            (within_ns / alone_ns - 1.0) * 100.0
        ));
    }
}

/// Rounds of each way: the least of them is taken.
const HOSTED_ROUNDS: u32 = 2_000;

/// The time of one call in a short round.
fn round_ns(mut body: impl FnMut()) -> f64 {
    const CALLS: u32 = 64;
    let start = Instant::now();
    (0..CALLS).for_each(|_| body());
    start.elapsed().as_nanos() as f64 / f64::from(CALLS)
}

/// The binary, and the folder of the reference plugins beside it.
fn built() -> (&'static Path, PathBuf) {
    let binary = Path::new(env!("CARGO_BIN_EXE_segue"));
    (
        binary,
        binary.parent().expect("it lies in a folder").to_owned(),
    )
}

/// The least wall time of a process, over many rounds.
fn process_ms(command: &mut Command) -> f64 {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let round = |command: &mut Command| {
        let start = Instant::now();
        let status = command.status().expect("it starts");
        assert!(status.success(), "{command:?} ends with {status}");
        start.elapsed()
    };
    let least: Option<Duration> = (0..40).map(|_| round(command)).min();
    least.unwrap_or_default().as_secs_f64() * 1e3
}

fn listing() {
    let (binary, folder) = built();
    let Ok(library) = std::fs::read(folder.join("libsegue_gain.so")) else {
        return say("  build the reference plugins first: cargo build --release");
    };
    let home = tempfile::tempdir().expect("the machine has room");
    let plugins = home.path().join("plugins");
    std::fs::create_dir(&plugins).expect("the folder is new");
    for number in 0..100 {
        let id = format!("segue.g{number:03}");
        let renamed = replace(&library, b"segue.gain", id.as_bytes());
        std::fs::write(plugins.join(format!("{number}.so")), renamed).expect("there is room");
    }
    let mut list = Command::new(binary);
    list.args(["list", "--plugin-path"])
        .arg(&plugins)
        .env("HOME", home.path());
    let cache = home.path().join("cache");
    let mut without = 0.0f64;
    for round in 0..20 {
        let _ = std::fs::remove_dir_all(&cache);
        let start = Instant::now();
        list.env("XDG_CACHE_HOME", &cache).stdout(Stdio::null());
        assert!(list.status().expect("it starts").success());
        let took = start.elapsed().as_secs_f64() * 1e3;
        without = if round == 0 { took } else { without.min(took) };
    }
    // What was written within the last two seconds is not trusted: files have to be older.
    let settled = Instant::now() + Duration::from_secs(3);
    while Instant::now() < settled {
        std::thread::yield_now();
    }
    let with = process_ms(&mut list);
    let nothing = process_ms(&mut Command::new("true"));
    say(&format!(
        "  without registry {without:.2} ms, with it {with:.2} ms, a process that does nothing \
         {nothing:.2} ms"
    ));
}

/// Opens so many libraries of different content, each for the first time.
const OPENED: usize = 20;

fn opening() {
    let (_, folder) = built();
    let Ok(library) = std::fs::read(folder.join("libsegue_gain.so")) else {
        return say("  build the reference plugins first: cargo build --release");
    };
    let home = tempfile::tempdir().expect("the machine has room");
    let copy = |number: usize| {
        let id = format!("segue.o{number:03}");
        let path = home.path().join(format!("{number}.so"));
        let renamed = replace(&library, b"segue.gain", id.as_bytes());
        std::fs::write(&path, renamed).expect("there is room");
        path
    };
    let (mut bare, mut checked) = (f64::INFINITY, f64::INFINITY);
    for number in 0..OPENED {
        let path = copy(number);
        let start = Instant::now();
        map(&path);
        bare = bare.min(start.elapsed().as_secs_f64() * 1e3);
        let path = copy(OPENED + number);
        let mut plan = SearchPlan::default();
        plan.files.push(path.clone());
        let scan = scan(&plan, &mut Registry::in_memory(), SystemTime::now());
        let (_, found) = scan.ready().next().expect("the copy is a plugin");
        let mut file = std::fs::File::open(&path).expect("the copy is there");
        let hash = content_hash(&mut file).expect("the copy can be read");
        let start = Instant::now();
        let opened = Generation::open(&Approved::at(&path, hash, &found.manifest));
        checked = checked.min(start.elapsed().as_secs_f64() * 1e3);
        assert!(opened.is_ok(), "{opened:?}");
    }
    say(&format!(
        "  {checked:.2} ms, of which the system's loader alone takes {bare:.2} ms ({:.1} of it)",
        checked / bare
    ));
}

#[expect(
    unsafe_code,
    reason = "the system's loader alone, to set the host's beside it"
)]
fn map(path: &Path) {
    // SAFETY: the reference plugin has no initializers that do harm, and is never closed.
    let opened = unsafe { libloading::Library::new(path) };
    std::mem::forget(opened.expect("the copy can be opened"));
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut renamed = bytes.to_vec();
    let places: Vec<_> = bytes
        .windows(from.len())
        .enumerate()
        .filter(|(_, at)| *at == from)
        .collect();
    for (at, _) in places {
        renamed[at..at + to.len()].copy_from_slice(to);
    }
    renamed
}

fn first_block() {
    let (binary, _) = built();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let home = tempfile::tempdir().expect("the machine has room");
    let report = home.path().join("report.json");
    let mut run = Command::new(binary);
    run.args(["run", "-q", "--config"])
        .arg(root.join("plugins.toml"));
    run.arg(root.join("assets/voice.wav"))
        .arg(home.path().join("out.wav"));
    run.args(["--overwrite", "--report"]).arg(&report);
    for variable in ["XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"] {
        run.env(variable, home.path());
    }
    run.stdout(Stdio::null()).stderr(Stdio::null());
    let mut least = f64::INFINITY;
    for _ in 0..20 {
        assert!(run.status().expect("it starts").code().is_some());
        let text = std::fs::read_to_string(&report).expect("the report was written");
        let report: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        let first = report["stream"]["first_block_ns"]
            .as_f64()
            .expect("a block was processed");
        least = least.min(first / 1e6);
    }
    say(&format!(
        "  {least:.2} ms, all plugins known to registry, store and verdicts"
    ));
}
