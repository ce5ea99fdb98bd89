//! World: a conductor with changes and restarts under way, workers that do as they are told, and an
//! engine that is none.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use segue_plugin::declare::Layout;
use segue_plugin::link::{Creation, NoServices, Processor, Start, built_in};
use segue_plugin::prelude::*;
use segue_plugin::setup::Timing;
use segue_plugin::state::StateWriter;

use crate::config::parse;
use crate::loading::{begin_with, starved};
use crate::observe::{Cause, ChangeAction, NoSink};
use crate::pipeline::{
    Engine, Graph, Network, Occupant, OnError, Rings, Shape, Source, Stage, StageCandidate, Wiring,
    lay,
};
use crate::realtime::Priority;
use crate::session::bind::Bindings;
use crate::session::build::StageFacts;
use crate::session::candidacy::{Candidacy, Holding};
use crate::session::candidate::{NoHandoff, Prepared, Refused, stories};
use crate::session::changes::prepare::Ready;
use crate::session::changes::tests::Dice;
use crate::session::changes::tests::engine::{FakeEngine, Move};
use crate::session::changes::underway::{ChangeUnderway, Claims, Purpose};
use crate::session::changes::{ChangeRequest, Changes, Setup};
use crate::session::context::Context;
use crate::session::instance::{Made, Recipe};
use crate::session::open::Plugins;
use crate::session::pace::Barrier;
use crate::session::restart::Restarts;
use crate::session::run::Pace;
use crate::session::running_stages::{RunningStage, RunningStages, bypass};
use crate::swap::ask::{Answer, Command, HeardSignal};
use crate::swap::table::{Event, State};

const RATE: u32 = 1_000;
const STAGES: usize = 3;
const FILE: &str = "[[stage]]\nid = \"a\"\ncomponent = \"acme.specimen/part\"\n\
                    [[stage]]\nid = \"b\"\ncomponent = \"acme.specimen/part\"\n\
                    [[stage]]\nid = \"c\"\ncomponent = \"acme.specimen/part\"\n";

/// A guard against hanging.
const LONGEST: Duration = Duration::from_secs(60);

/// Instances that were made, that ended, and that ended on the conductor's thread.
static MADE: AtomicU64 = AtomicU64::new(0);
static ENDED: AtomicU64 = AtomicU64::new(0);
static ENDED_HERE: AtomicU64 = AtomicU64::new(0);

/// How long a walk gives its workers between two acts at most.
const WORKERS_WAIT: Duration = Duration::from_millis(20);

/// Workers that may still make one.
static WORKERS: AtomicU64 = AtomicU64::new(0);

static CONDUCTOR: Mutex<Option<ThreadId>> = Mutex::new(None);

/// One world at a time: its instances are counted.
static ALONE: Mutex<()> = Mutex::new(());

/// Is counted.
struct Token;

impl Default for Token {
    fn default() -> Self {
        MADE.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        ENDED.fetch_add(1, Ordering::Relaxed);
        let conductor = *CONDUCTOR.lock().unwrap_or_else(PoisonError::into_inner);
        if conductor == Some(thread::current().id()) {
            ENDED_HERE.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A worker that is counted for as long as it may make an instance.
struct Worker;

impl Worker {
    fn new() -> Self {
        WORKERS.fetch_add(1, Ordering::Release);
        Self
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        WORKERS.fetch_sub(1, Ordering::Release);
    }
}

/// Hands its input on.
#[derive(Params)]
struct Counted {
    _token: Token,
}

impl AudioProcessor for Counted {
    fn process(
        &mut self,
        _: &mut segue_plugin::prelude::Context<'_>,
        audio: &mut Io<'_>,
    ) -> Result<Status, Fault> {
        audio.copy();
        Ok(Status::Continue)
    }

    fn state_bytes(&self) -> usize {
        4
    }

    fn save_state(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
        state.f32s(&[1.0])
    }
}

fn instance() -> Occupant {
    let made = built_in::processor::<Counted>(&Creation::default(), Arc::new(NoServices));
    let mut processor = made.unwrap();
    let start = Start {
        format: format(),
        frames_max: 64,
        mode: Mode::RealTime,
        sidechains: &[],
        sources: &[],
    };
    processor.activate(&start).unwrap();
    Occupant {
        processor,
        latency_frames: 0,
        held_bytes: 0,
        outputs: 0,
    }
}

const fn format() -> Format {
    Format {
        sample_rate_hz: RATE,
        layout: Layout::STEREO,
    }
}

const SHAPE: Shape = Shape {
    channels_in: 2,
    channels_out: 2,
    latency_frames: 0,
    sample_rate_hz: RATE,
};

/// What a worker is to do, once it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Makes,
    Refuses,
    Dies,
}

pub(super) struct World {
    changes: Changes,
    rings: Rings,
    priority: Priority,
    engine: Engine,
    fake: FakeEngine,
    at: u64,
    /// Workers that wait until these are dropped.
    gates: Vec<Sender<()>>,
    answers: Vec<Receiver<Answer>>,
}

/// Keeps other worlds away; this thread is the conductor's.
pub(super) fn alone() -> MutexGuard<'static, ()> {
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    *CONDUCTOR.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current().id());
    alone
}

/// How the stages of all worlds are made: it opens a library.
pub(super) fn recipe() -> Recipe {
    stories::recipe("healthy conductor")
}

impl World {
    pub(super) fn new(recipe: &Recipe) -> Self {
        let (engine, mut rings, changes) = session(recipe);
        let fake = FakeEngine::behind(&mut rings, STAGES);
        Self {
            changes,
            rings,
            priority: Priority::not_asked(),
            engine,
            fake,
            at: 0,
            gates: Vec::new(),
            answers: Vec::new(),
        }
    }

    /// Something happens.
    pub(super) fn act(&mut self, dice: &mut Dice) {
        let stage = dice.below(STAGES);
        match dice.below(16) {
            0 | 1 => self.begin(stage, dice),
            2 => self.restart(stage, dice),
            3 => self.migrate(dice),
            4 => drop(self.gates.pop()),
            5 if dice.below(3) == 0 => self.pass(u64::from(RATE) * [61, 400][dice.below(2)]),
            6 => starved::set(dice.below(3) == 0),
            7 | 8 => {
                let gone = dice.below(20);
                self.fake.take(self.at, |stage| stage == gone);
            }
            9 => self.fake.send_late(),
            10..=13 => {
                let step = Move::ALL[dice.below(Move::ALL.len())];
                let is_late = dice.below(4) == 0;
                self.fake.step(stage, step, is_late, self.at);
            }
            _ => {
                if dice.below(2) == 0 {
                    self.let_workers_run();
                }
                self.pass(1 + dice.below(64) as u64);
            }
        }
    }

    /// Gives workers that wait at no gate the time to come to their end, on a busy machine too: else
    /// few changes would come as far as the engine.
    fn let_workers_run(&self) {
        let (begun, gated) = (Instant::now(), self.gates.len() as u64);
        while WORKERS.load(Ordering::Acquire) > gated && begun.elapsed() < WORKERS_WAIT {
            thread::yield_now();
        }
    }

    /// A block, of whatever length.
    fn pass(&mut self, frames: u64) {
        self.at += frames;
        let (changes, mut context) = self.context();
        changes.after_block(&mut context);
    }

    fn context(&mut self) -> (&mut Changes, Context<'_>) {
        let context = Context {
            rings: &mut self.rings,
            events: &NoSink,
            position_frames: self.at,
            late_blocks: 0,
            lookout: None,
            priority: &self.priority,
        };
        (&mut self.changes, context)
    }

    /// A change of a stage that nobody changes, whose worker does something at once or later.
    fn begin(&mut self, stage: usize, dice: &mut Dice) {
        let id = ["a", "b", "c"][stage];
        let claims = Claims::Stages(vec![id.parse().unwrap()]);
        if self
            .changes
            .machine
            .changes_underway
            .iter()
            .any(|underway| underway.claims.meet(&claims))
        {
            return;
        }
        let outcome = outcome(dice);
        let (migrates, is_late) = (dice.below(3) == 0, dice.below(8) == 0);
        let work = gated(&mut self.gates, dice, move || {
            made(outcome, || Ready {
                prepared: vec![prepared(id, migrates, is_late)],
                notes: Vec::new(),
                steps: Vec::new(),
            })
        });
        let longest = patience(dice);
        let Ok(candidacy) = Candidacy::begin(None, self.at, longest, work) else {
            return;
        };
        let request = ChangeRequest {
            command: Command::Rollback {
                stage: id.parse().unwrap(),
            },
            cause: Cause::default(),
            answer: None,
            asked_at_frames: self.at,
            replay: None,
        };
        let (answer, answered) = sync_channel(2);
        let purpose = match dice.below(6) {
            0 => Purpose::DryRun,
            _ => Purpose::Change,
        };
        let (changes, context) = self.context();
        let underway =
            changes
                .machine
                .new_underway(ChangeAction::Swap, &request, &context, candidacy);
        changes.machine.changes_underway.push(ChangeUnderway {
            answer: Some(answer),
            purpose,
            ..underway
        });
        self.answers.push(answered);
    }

    /// A new instance for a stage that is taken to have failed.
    fn restart(&mut self, stage: usize, dice: &mut Dice) {
        if self.changes.machine.restarts.candidacy(stage).is_some() {
            return;
        }
        let outcome = outcome(dice);
        let work = gated(&mut self.gates, dice, move || {
            made(outcome, || {
                Box::new(StageCandidate::new(instance(), &SHAPE, 64))
            })
        });
        let longest = patience(dice);
        if let Ok(candidacy) = Candidacy::begin(Some(stage), self.at, longest, work) {
            self.changes.machine.restarts.begin(stage, candidacy);
        }
        if dice.below(20) == 0 {
            let ender = &mut self.changes.machine.ender;
            self.changes
                .machine
                .restarts
                .forget(&[stage], self.at, ender);
        }
    }

    /// A change that is prepared has another worker, which returns, refuses, or has no more time.
    fn migrate(&mut self, dice: &mut Dice) {
        let at = self.at;
        let mut changes_underway = self.changes.machine.changes_underway.iter_mut();
        let Some(underway) =
            changes_underway.find(|underway| underway.candidacy.state() == State::Primed)
        else {
            return;
        };
        let Ok(mut candidacy) = Candidacy::begin(None, at, LONGEST, || Err(refused())) else {
            return;
        };
        let Some(ready) = underway.candidacy.take() else {
            return;
        };
        // It is as if the conductor had come to it a moment earlier.
        let outcome = outcome(dice);
        let wait = gated(&mut self.gates, dice, || ());
        let pending = begin_with(patience(dice), ready, move |ready| {
            wait();
            made(outcome, || ready)
        });
        let ender = &mut self.changes.machine.ender;
        match pending {
            Ok(pending) => {
                candidacy.hand_over(Holding::Worker(pending), &[Event::Prepared], at, ender);
                underway.candidacy = candidacy;
            }
            Err((_, ready)) => {
                underway
                    .candidacy
                    .hand_over(Holding::Control(ready), &[], at, ender);
            }
        }
    }

    /// Loses a candidate that is ready while no thread is to be had.
    pub(super) fn lose_an_instance_without_threads(&mut self) {
        let mut dice = Dice(1);
        while self.changes.machine.changes_underway.is_empty() {
            self.begin(0, &mut dice);
        }
        self.gates.clear();
        while MADE.load(Ordering::Relaxed) == ENDED.load(Ordering::Relaxed) {
            thread::yield_now();
        }
        starved::set(true);
        self.pass(1);
    }

    /// The session ends; everything that was made is ended, elsewhere.
    pub(super) fn finish(mut self, what: &str) {
        starved::set(false);
        let (changes, mut context) = self.context();
        changes.close();
        let _ = changes.finish(&mut context);
        let Self {
            changes,
            rings,
            engine,
            fake,
            gates,
            answers,
            ..
        } = self;
        let left = fake.into_processors();
        let left: Vec<Processor> = left.into_iter().chain(engine.into_processors()).collect();
        thread::spawn(move || drop(left)).join().unwrap();
        thread::spawn(move || drop(rings)).join().unwrap();
        drop(changes);
        drop(gates);
        let begun = Instant::now();
        let count = || (MADE.load(Ordering::Relaxed), ENDED.load(Ordering::Relaxed));
        let is_at_work = || WORKERS.load(Ordering::Acquire) > 0;
        while (is_at_work() || count().0 != count().1) && begun.elapsed() < LONGEST {
            thread::yield_now();
        }
        let (made, ended) = count();
        assert_eq!(made, ended, "{what}: made, ended");
        let here = ENDED_HERE.load(Ordering::Relaxed);
        assert_eq!(here, 0, "{what}: ended on the conductor's thread");
        for answer in answers {
            assert!(answer.try_recv().is_ok(), "{what}: a change has no answer");
            let end = answer.try_recv().unwrap_err();
            assert_eq!(end, TryRecvError::Disconnected, "{what}: two answers");
        }
    }
}

fn outcome(dice: &mut Dice) -> Outcome {
    match dice.below(10) {
        0 => Outcome::Refuses,
        1 => Outcome::Dies,
        _ => Outcome::Makes,
    }
}

/// What a worker has: enough, or nothing.
fn patience(dice: &mut Dice) -> Duration {
    match dice.below(8) {
        0 => Duration::ZERO,
        _ => LONGEST,
    }
}

fn refused() -> Refused {
    Refused::Text("as told".to_owned())
}

fn made<M>(outcome: Outcome, make: impl FnOnce() -> M) -> Result<M, Refused> {
    let made = make();
    match outcome {
        Outcome::Makes => Ok(made),
        Outcome::Refuses => Err(refused()),
        // Ends the thread as a panic does, without its message.
        Outcome::Dies => std::panic::resume_unwind(Box::new(())),
    }
}

/// Work that waits at a gate, perhaps.
fn gated<M>(
    gates: &mut Vec<Sender<()>>,
    dice: &mut Dice,
    work: impl FnOnce() -> M + Send + 'static,
) -> impl FnOnce() -> M + Send + 'static {
    let (gate, opened) = channel::<()>();
    if dice.below(3) == 0 {
        gates.push(gate);
    }
    let worker = Worker::new();
    move || {
        let _worker = worker;
        let _ = opened.recv();
        work()
    }
}

/// A candidate; one that is late is refused, since nothing is in reserve.
fn prepared(stage: &str, migrates: bool, is_late: bool) -> Prepared {
    let timing = Timing {
        latency_frames: if is_late { 50 } else { 0 },
        tail_frames: 0,
    };
    Prepared {
        stage: stage.to_owned(),
        made: Made {
            occupant: instance(),
            layout_out: Layout::STEREO,
            timing,
        },
        recipe: None,
        identity: bypass(),
        handoff_bytes: Err(NoHandoff::NotRehearsed),
        migrates_from: migrates.then_some(1),
        primed: None,
        notes: Vec::new(),
        steps: Vec::new(),
    }
}

/// A session of three stages in a row, that only its conductor knows of.
fn session(recipe: &Recipe) -> (Engine, Rings, Changes) {
    let config = Arc::new(parse(FILE, std::path::Path::new("test.toml"), &[]).unwrap());
    let wiring = |stage: usize| Wiring {
        inputs: vec![stage.checked_sub(1).map_or(Source::Input, Source::Stage)],
        sidechains: Vec::new(),
        channels_out: 2,
        latency_frames: 0,
    };
    let network = Network {
        channels_in: 2,
        stages: (0..STAGES).map(wiring).collect(),
        wires: Vec::new(),
        taps: Vec::new(),
        output: Source::Stage(STAGES - 1),
    };
    let (schedule, laid) = lay(Graph::of(network.clone()), 0).unwrap();
    let stages = (0..STAGES).map(|_| Stage::of(instance(), OnError::Bypass, SHAPE));
    let (engine, rings) = Engine::new(&network, schedule, stages.collect(), 64);
    let facts = StageFacts {
        layout_in: Layout::STEREO,
        layout_out: Layout::STEREO,
        timing: Timing::NONE,
        held_bytes: 0,
    };
    let stages = config.stages.iter().map(|part| RunningStage {
        id: part.id.value.clone(),
        recipe: recipe.clone(),
        part: part.part.clone(),
        facts,
        own_latency_frames: 0,
        heard: HeardSignal::Processed,
        before: None,
    });
    let stages: Vec<_> = stages.collect();
    let bindings = Bindings {
        stages: stages
            .iter()
            .map(|running| running.bound().clone())
            .collect(),
        taps: Vec::new(),
        decides: Vec::new(),
    };
    let ids: Vec<_> = stages.iter().map(|running| running.id.clone()).collect();
    let barrier = Barrier {
        pace: Pace::RealTime,
        stop: Arc::new(AtomicUsize::new(0)),
    };
    let places = ids.iter().map(|_| None).collect();
    let changes = Changes::new(Setup {
        stages: RunningStages::new(stages, &bindings, laid),
        restarts: Restarts::new(&ids, places, barrier.clone(), RATE),
        plugins: Arc::new(Plugins::none()),
        file: Arc::clone(&config),
        config,
        barrier,
        mode: Mode::RealTime,
        sample_rate_hz: RATE,
        frames_max: 64,
        frames: None,
        input: String::new(),
        format: format(),
        reread: None,
        applied: None,
        events: Arc::new(NoSink),
        requests: None,
        timeline: Vec::new(),
        histories: vec![None; STAGES],
        history_frames: None,
    });
    (engine, rings, changes)
}
