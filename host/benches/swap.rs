//! What a change of the running pipeline costs, as figures beside each other in one run.
//!
//! `cargo build --release && cargo bench -p segue --bench swap`. Requests go to a session at the
//! pace of its stream, through its socket; the engine's own costs are measured without one. Each
//! line is named `step/case/size`.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use segue::control::protocol::Order;
use segue::control::{Client, sessions};
use segue::discovery::{Registry, SearchPlan, content_hash, scan};
use segue::loading::{Approved, Generation};
use segue::observe::{ChangeVerdict, Receipt, Takeover as Took};
use segue::pipeline::{
    Arrival, CandidateSetup, Change, Departure, Engine, Fade, Graph, Handoff, History,
    HistoryShape, Laid, Lent, LoadedSchedule, Network, Occupant, OnError, PlannedFade, Reschedule,
    Rings, ScheduleFade, Shape, Source, Stage, StageCandidate, StageEvent, StageEventKind,
    SwapDone, SwapMethod, Wiring, change, lay,
};
use segue::swap::ask::{Command, Insert, Swap, Target};
use segue_plugin::abi::audio::Span;
use segue_plugin::link::Start;
use segue_plugin::link::{AudioView, AudioViewMut, Block, Creation, Flags, NoServices, Processor};
use segue_plugin::prelude::*;

const CHANNELS: usize = 2;
const FRAMES: usize = 128;
const RATE: u32 = 48_000;

/// Bands of the equalizer that is swapped.
const BANDS: usize = 16;

/// Swaps of a library that is open already.
const RESIDENT: usize = 200;

/// Swaps of a library that was never seen.
const FRESH: usize = 40;

/// Questions how the session is.
const QUESTIONS: usize = 1_000;

/// Seconds of signal: more than all of it takes.
const SECONDS: usize = 300;

fn main() {
    // `cargo test --benches` and the like ask for a list of tests: there are none.
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    if !library("filters").exists() {
        return say("build the reference plugins first: cargo build --release");
    }
    say("a session at the pace of its stream, blocks of 128 frames (2.67 ms)");
    let mut session = Session::start();
    resident(&mut session);
    fresh(&mut session);
    questions(&mut session);
    drop(session);
    say("the audio thread, an equalizer of 16 bands, 128 frames");
    fading();
    say("the exchange on the audio thread");
    exchanges();
}

#[expect(clippy::print_stdout, reason = "a bench tells its figures")]
fn say(line: &str) {
    println!("{line}");
}

/// The value below which so many of a hundred lie.
fn percentile(values: &mut [f64], hundredth: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len() * hundredth).div_ceil(100).max(1) - 1;
    values[at.min(values.len() - 1)]
}

fn spread(name: &str, unit: &str, mut values: Vec<f64>) {
    let [p50, p99] = [50, 99].map(|hundredth| percentile(&mut values, hundredth));
    let most = percentile(&mut values, 100);
    let count = values.len();
    say(&format!(
        "  {name:<34} p50 {p50:9.2}  p99 {p99:9.2}  most {most:9.2} {unit}  ({count})"
    ));
}

fn library(name: &str) -> PathBuf {
    let binary = Path::new(env!("CARGO_BIN_EXE_segue"));
    let folder = binary.parent().expect("it lies in a folder");
    folder.join(format!("libsegue_{name}.so"))
}

/// A session that runs until it is dropped, and who speaks to it.
struct Session {
    home: tempfile::TempDir,
    child: Child,
    client: Client,
    content: Vec<u8>,
    versions: u64,
}

impl Session {
    fn start() -> Self {
        let home = tempfile::tempdir().expect("the machine has room");
        let path = |name: &str| home.path().join(name);
        for folder in ["plugins", "runtime", "home"] {
            fs::create_dir(path(folder)).expect("the folder is new");
        }
        let content = fs::read(library("filters")).expect("it was built");
        fs::write(path("plugins/filters.so"), &content).expect("there is room");
        fs::write(path("in.wav"), wav()).expect("there is room");
        fs::write(path("bench.toml"), file()).expect("there is room");
        let mut run = Process::new(env!("CARGO_BIN_EXE_segue"));
        run.args([
            "run",
            "in.wav",
            "out.wav",
            "--pace",
            "realtime",
            "--config",
            "bench.toml",
        ]);
        run.current_dir(home.path()).stdout(Stdio::null());
        run.stderr(fs::File::create(path("err")).expect("there is room"));
        run.env("HOME", path("home"))
            .env("XDG_RUNTIME_DIR", path("runtime"));
        for variable in ["XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"] {
            run.env(variable, path("home"));
        }
        let mut child = run.spawn().expect("it starts");
        let client = connect(&path("runtime/segue"), &mut child, &path("err"));
        Self {
            home,
            child,
            client,
            content,
            versions: 0,
        }
    }

    /// A library of other content at the same path, as an author puts it there.
    fn renew(&mut self) {
        self.versions += 1;
        let mut content = self.content.clone();
        content.extend(self.versions.to_le_bytes());
        let folder = self.home.path().join("plugins");
        fs::write(folder.join("new"), content).expect("there is room");
        fs::rename(folder.join("new"), folder.join("filters.so")).expect("it is there");
    }

    /// Another instance of the newest library; returns the receipt and how long it all took.
    fn swap(&mut self) -> (Receipt, Duration) {
        let command = Command::Swap(Swap {
            target: Target::Stage("eq".parse().expect("it is an id")),
            component: None,
            versions: None,
            insert: Insert::Refused,
        });
        let start = Instant::now();
        let reply = self.client.ask(&Order::Ask(command), "bench");
        let took = start.elapsed();
        let reply = reply.expect("the session answers");
        let receipt = reply
            .receipts
            .as_ref()
            .and_then(|receipts| receipts.first());
        let receipt = receipt.unwrap_or_else(|| panic!("{reply:?}")).clone();
        assert_eq!(receipt.verdict, ChangeVerdict::Done, "{receipt:#?}");
        assert_eq!(receipt.heap_calls, Some(0), "{receipt:#?}");
        (receipt, took)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.client.ask(&Order::Ask(Command::Stop), "bench");
        let _ = self.child.wait();
    }
}

fn connect(folder: &Path, child: &mut Child, errors: &Path) -> Client {
    loop {
        if let Some(found) = sessions(&[folder.to_owned()]).first() {
            return Client::connect(&found.path).expect("it listens");
        }
        let ended = child.try_wait().expect("it can be waited for");
        let said = || fs::read_to_string(errors).unwrap_or_default();
        assert!(ended.is_none(), "the session ended: {}", said());
        std::thread::yield_now();
    }
}

/// Noise, as 16-bit samples.
fn wav() -> Vec<u8> {
    let frames = SECONDS * RATE as usize;
    let bytes = (frames * CHANNELS * 2) as u32;
    let mut wav = Vec::with_capacity(bytes as usize + 44);
    wav.extend(b"RIFF");
    wav.extend((bytes + 36).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0");
    wav.extend((CHANNELS as u16).to_le_bytes());
    wav.extend(RATE.to_le_bytes());
    wav.extend((RATE * 4).to_le_bytes());
    wav.extend(b"\x04\0\x10\0data");
    wav.extend(bytes.to_le_bytes());
    let noise = |at: usize| (((at * 7_919) % 16_381) as i16 - 8_190).to_le_bytes();
    wav.extend((0..frames * CHANNELS).flat_map(noise));
    wav
}

fn file() -> String {
    let band = |at: usize| {
        let hz = band_hz(at);
        format!("  {{ type = \"peak\", frequency_hz = {hz:.1}, gain_db = 3 }},\n")
    };
    let bands: String = (0..BANDS).map(band).collect();
    format!(
        "[pipeline]\nname = \"bench\"\n\n[stream]\nblock_frames = {FRAMES}\n\n\
         [plugins]\npaths = [\"plugins\"]\n\n[[stage]]\nid = \"eq\"\ncomponent = \"segue.filters\"\n\
         params.band = [\n{bands}]\n"
    )
}

fn band_hz(at: usize) -> f64 {
    40.0 * 1.45f64.powi(at as i32)
}

fn blocks(receipt: &Receipt) -> f64 {
    let heard = receipt.heard_at_frames.expect("it was heard");
    (heard - receipt.asked_at_frames) as f64 / FRAMES as f64
}

fn ms(frames: f64) -> f64 {
    frames * 1e3 / f64::from(RATE)
}

/// How long the named steps took, in milliseconds; all of them where none is named.
fn steps_ms(receipt: &Receipt, names: &[&str]) -> f64 {
    let steps = receipt.steps.iter();
    let named = steps.filter(|step| names.is_empty() || names.contains(&step.step.as_str()));
    named.map(|step| step.took_ns as f64).sum::<f64>() / 1e6
}

/// From a request to the first frame of a new instance of a library that is open.
fn resident(session: &mut Session) {
    session.swap();
    let receipts: Vec<_> = (0..RESIDENT).map(|_| session.swap().0).collect();
    told("request/resident/eq", &receipts);
    let mut late = 0;
    let mut states = Vec::new();
    for receipt in &receipts {
        late += receipt.late_blocks;
        if let Some(Took::Handoff { took_ns, .. }) = receipt.takeover {
            states.push(took_ns as f64 / 1e3);
        }
    }
    assert_eq!(states.len(), RESIDENT, "its state is handed over");
    spread("state/eq/16", "us", states);
    say(&format!("  {:<34} {late} late blocks", "late/resident/eq"));
}

/// From a request to the first frame of a library that was never seen, probe included.
fn fresh(session: &mut Session) {
    let fresh = (0..FRESH).map(|_| {
        let before = session.swap().0.new.map(|new| new.sha256);
        session.renew();
        let receipt = session.swap().0;
        let after = receipt.new.as_ref().map(|new| new.sha256.clone());
        assert_ne!(before, after, "it is another library");
        receipt
    });
    let receipts: Vec<_> = fresh.collect();
    told("request/fresh/eq", &receipts);
    let probes = receipts.iter().map(|receipt| steps_ms(receipt, &["probe"]));
    spread("probe/fresh/eq", "ms", probes.collect());
}

fn told(name: &str, receipts: &[Receipt]) {
    let waits = receipts.iter().map(blocks);
    spread(name, "blocks", waits.clone().collect());
    let beyond = waits.map(|blocks| ms((blocks - 1.0) * FRAMES as f64));
    spread(&format!("{name}, beyond one block"), "ms", beyond.collect());
    let prepared = receipts.iter().map(|receipt| steps_ms(receipt, &[]));
    spread(&format!("{name}, its steps"), "ms", prepared.collect());
    if let Some(receipt) = receipts.last() {
        let step = |step: &segue::observe::StepTime| {
            format!("{} {:.2}", step.step, step.took_ns as f64 / 1e6)
        };
        let steps: Vec<_> = receipt.steps.iter().map(step).collect();
        say(&format!("  {:<34} {} ms", "the last one", steps.join(", ")));
    }
}

/// From a question to its answer, which the session gives between two blocks.
fn questions(session: &mut Session) {
    let asked = (0..QUESTIONS).map(|_| {
        let start = Instant::now();
        let reply = session.client.ask(&Order::Ask(Command::Status), "");
        let took = start.elapsed();
        let status = reply.expect("the session answers").status;
        assert_eq!(status.expect("it is a status").stages.len(), 1);
        took.as_secs_f64() * 1e3
    });
    spread("status/running/1", "ms", asked.collect());
}

/// An equalizer from its library.
fn equalizer(generation: &Arc<Generation>) -> Occupant {
    let mut params = Vec::new();
    for band in 0..BANDS {
        // Kinds are counted from `off`: the sixth is a peak.
        let values = [5.0, band_hz(band), 3.0, 1.0];
        params.extend((4 * band as u32..).zip(values));
    }
    let creation = Creation {
        params: &params,
        ..Creation::default()
    };
    let made = generation.processor("eq", &creation, Arc::new(NoServices));
    let mut processor = made.expect("the values are in range");
    let start = Start {
        format: Format {
            sample_rate_hz: RATE,
            layout: Layout::STEREO,
        },
        frames_max: FRAMES as u32,
        mode: Mode::RealTime,
        sidechains: &[],
        sources: &[],
    };
    let timing = processor.activate(&start).expect("it takes every format");
    Occupant {
        processor,
        latency_frames: timing.latency_frames,
        held_bytes: 0,
        outputs: 0,
    }
}

fn generation() -> Arc<Generation> {
    let path = library("filters");
    let mut plan = SearchPlan::default();
    plan.files.push(path.clone());
    let scan = scan(&plan, &mut Registry::in_memory(), SystemTime::now());
    let (_, found) = scan.ready().next().expect("it is a plugin");
    let mut file = fs::File::open(&path).expect("it was built");
    let hash = content_hash(&mut file).expect("it can be read");
    Generation::open(&Approved::at(&path, hash, &found.manifest)).expect("it can be opened")
}

const SHAPE: Shape = Shape {
    channels_in: CHANNELS,
    channels_out: CHANNELS,
    latency_frames: 0,
    sample_rate_hz: RATE,
};

fn kept(stage: Stage) -> Stage {
    let shape = HistoryShape {
        inputs: CHANNELS,
        sidechains: Vec::new(),
        outputs: CHANNELS,
    };
    stage.with_history(History::new(shape, 4 * RATE as usize).expect("there is memory for it"))
}

fn chain(count: usize) -> Network {
    let wiring = |at: usize| Wiring {
        inputs: vec![at.checked_sub(1).map_or(Source::Input, Source::Stage)],
        sidechains: Vec::new(),
        channels_out: CHANNELS,
        latency_frames: 0,
    };
    Network {
        channels_in: CHANNELS,
        stages: (0..count).map(wiring).collect(),
        wires: Vec::new(),
        taps: Vec::new(),
        output: Source::Stage(count - 1),
    }
}

fn engine(stages: Vec<Stage>) -> (Engine, Rings, Laid) {
    let network = chain(stages.len());
    let (schedule, laid) = lay(Graph::of(network.clone()), 0).expect("a chain has no cycle");
    let (engine, rings) = Engine::new(&network, schedule, stages, FRAMES);
    (engine, rings, laid)
}

const SPAN: Span = Span {
    channels: CHANNELS,
    stride: FRAMES,
    start: 0,
    frames: FRAMES,
};

/// An engine and its stream.
struct Player {
    engine: Engine,
    rings: Rings,
    input: Vec<f32>,
    output: Vec<f32>,
    position_frames: u64,
}

impl Player {
    fn new((engine, rings): (Engine, Rings)) -> Self {
        let noise = |at: usize| ((at * 7_919) % 1_009) as f32 / 1_009.0 - 0.5;
        Self {
            engine,
            rings,
            input: (0..CHANNELS * FRAMES).map(noise).collect(),
            output: vec![0.0; CHANNELS * FRAMES],
            position_frames: 0,
        }
    }

    fn block(&mut self) {
        let mut lent = Lent {
            position_frames: self.position_frames,
            flags: Flags::NONE,
            input: AudioView::new(black_box(&self.input), SPAN),
            output: AudioViewMut::new(&mut self.output, SPAN),
        };
        self.position_frames += FRAMES as u64;
        self.engine.process(&mut lent).expect("it does not fail");
    }

    fn send(&mut self, change: Change) {
        let sent = self.rings.send(Arrival::Change(Box::new(change)));
        assert!(sent.is_ok(), "there is room");
    }
}

fn call(processor: &mut Processor, player: &mut Player) {
    let outcome = processor.process(Block {
        position_frames: 0,
        flags: Flags::NONE,
        input: AudioView::new(black_box(&player.input), SPAN),
        output: AudioViewMut::new(&mut player.output, SPAN),
        sidechains: &[],
        events: &[],
        outputs: &mut [],
        records: &mut [],
    });
    assert!(outcome.status.is_ok());
}

fn swap(occupant: Occupant, fade_frames: u64, handoff: Option<Handoff>) -> Box<StageCandidate> {
    Box::new(StageCandidate::swap(CandidateSetup {
        occupant,
        shape: SHAPE,
        frames_max: FRAMES,
        fade: PlannedFade::Crossfade {
            frames: fade_frames,
        },
        growth: None,
        handoff,
        primed_to_frames: None,
        sidechain_channels: Vec::new(),
    }))
}

/// The time of one call in a short round.
fn round_ns(mut body: impl FnMut()) -> f64 {
    const CALLS: u32 = 64;
    let start = Instant::now();
    (0..CALLS).for_each(|_| body());
    start.elapsed().as_nanos() as f64 / f64::from(CALLS)
}

/// Rounds of each way: the least of them is taken.
const ROUNDS: usize = 2_000;

/// A block plainly, with its past kept, and with two instances in a fade.
fn fading() {
    let generation = generation();
    let stage = || Stage::of(equalizer(&generation), OnError::Bypass, SHAPE);
    let player = |stage: Stage| {
        let (engine, rings, _) = engine(vec![stage]);
        Player::new((engine, rings))
    };
    let (mut plain, mut keeping, mut fading) = (player(stage()), player(kept(stage())), {
        // A fade that lasts for longer than is measured.
        let mut fading = player(kept(stage()));
        fading.send(Change {
            candidates: vec![(0, swap(equalizer(&generation), u64::MAX / 2, None))],
            ..Change::default()
        });
        fading
    });
    // Its shadow: nobody heard it until then.
    (0..RATE as usize / FRAMES).for_each(|_| fading.block());
    let mut left = std::iter::from_fn(|| fading.rings.receive());
    let began = left.find_map(|departure| match departure {
        Departure::StageEvent(turn) => Some(turn.kind),
        _ => None,
    });
    assert!(
        matches!(began, Some(StageEventKind::FadeBegan)),
        "{began:?}"
    );
    let mut alone = equalizer(&generation).processor;
    let mut least = [f64::INFINITY; 4];
    // In turn, so that all see the same machine.
    for _ in 0..ROUNDS {
        let mut keep = |at: usize, took: f64| least[at] = least[at].min(took);
        keep(0, round_ns(|| call(&mut alone, &mut plain)));
        keep(1, round_ns(|| plain.block()));
        keep(2, round_ns(|| keeping.block()));
        keep(3, round_ns(|| fading.block()));
    }
    assert_eq!(
        fading
            .engine
            .stage(0)
            .map(|stage| stage.counters().blocks_out),
        Some(0)
    );
    let [alone, plain, keeping, fading] = least;
    let extra = fading - keeping;
    say(&format!("  {:<34} {alone:7.0} ns", "call/eq/128"));
    say(&format!("  {:<34} {plain:7.0} ns", "block/plain/128"));
    let history = keeping - plain;
    say(&format!(
        "  {:<34} {keeping:7.0} ns: {history:.0} more",
        "block/history/128"
    ));
    let more = (extra / alone - 1.0) * 100.0;
    say(&format!(
        "  {:<34} {fading:7.0} ns: {extra:.0} more, the second instance {more:+.1} % (goal +30 %)",
        "block/fading/128"
    ));
}

/// What taking a change costs before its block.
fn exchanges() {
    let generation = generation();
    let mut states = Vec::new();
    let (first, rings, _) = engine(vec![kept(Stage::of(
        equalizer(&generation),
        OnError::Bypass,
        SHAPE,
    ))]);
    let mut player = Player::new((first, rings));
    let mut candidates = Vec::new();
    for _ in 0..500 {
        let candidate = swap(equalizer(&generation), 960, Some(Handoff::new(64 * 1024)));
        player.send(Change {
            candidates: vec![(0, candidate)],
            ..Change::default()
        });
        (0..4).for_each(|_| player.block());
        while let Some(departure) = player.rings.receive() {
            match departure {
                Departure::Change(change) => candidates.push(change.exchange_ns as f64 / 1e3),
                Departure::StageEvent(turn) => states.extend(state_us(&turn)),
                _ => {}
            }
        }
    }
    assert_eq!((states.len(), candidates.len()), (500, 500));
    spread("exchange/instance/1", "us", candidates);
    spread("state/eq/16, without a session", "us", states);
    for count in [1, 10, 100] {
        schedules(&generation, count);
    }
}

/// How long it took to hand a state over, where a turn is that.
fn state_us(turn: &StageEvent) -> Option<f64> {
    match turn.kind {
        StageEventKind::Swapped(SwapDone {
            method: SwapMethod::Handoff { took_ns, .. },
            ..
        }) => Some(took_ns as f64 / 1e3),
        _ => None,
    }
}

/// Another schedule for a chain: its last stage goes, and comes again.
fn schedules(generation: &Arc<Generation>, count: usize) {
    let new = || Stage::of(equalizer(generation), OnError::Bypass, SHAPE);
    let (engine, rings, mut laid) = engine((0..=count).map(|_| new()).collect());
    let mut player = Player::new((engine, rings));
    let mut took = Vec::new();
    for round in 0..200 {
        let stages = if round % 2 == 0 { count } else { count + 1 };
        let transition = change(&laid, Graph::of(chain(stages))).expect("there is a way");
        laid = transition.laid;
        let during = transition.during.expect("a stage comes or goes");
        let added = transition.added.iter().map(|number| (*number, new()));
        let schedule = Reschedule {
            fade: Some(ScheduleFade {
                begins_at_frames: during.settled_frames,
                fade: Fade::of(FRAMES as u64),
                after: LoadedSchedule::new(transition.after, FRAMES),
            }),
            next: LoadedSchedule::new(during, FRAMES),
            larger_slots: Vec::new(),
            added: added.collect(),
            gone: Vec::with_capacity(1),
            removed: transition.removed,
        };
        player.send(Change {
            schedule: Some(Box::new(schedule)),
            ..Change::default()
        });
        (0..4).for_each(|_| player.block());
        while let Some(departure) = player.rings.receive() {
            if let Departure::Change(change) = departure {
                took.push(change.exchange_ns as f64 / 1e3);
            }
        }
    }
    assert_eq!(took.len(), 200);
    spread(&format!("exchange/schedule/{count}"), "us", took);
}
