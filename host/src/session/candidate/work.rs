//! Work: one candidate from its manifest to an instance that is ready to be sent.
//!
//! In: what is wanted. Out: the instance, or why there is none; every step timed. All of it is
//! foreign code: it runs on a thread of its own, within a deadline, and what it made ends there.
//!
//! Two instances are made. The first is tried on silence and rehearses its state; then it ends,
//! since neither silence nor a state that was read can be taken back for certain. The second, which
//! has to answer as the first did, hears the recent input and is the one that is sent. Between them,
//! what is heard now rehearses its own part of a handoff (`rehearse`), where old and new speak of the
//! same state (`agree`).

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use segue_plugin::declare::{Heap, Layout};
use segue_plugin::setup::{Mode, Timing};

use crate::config::words::SwapState;
use crate::loading::exercise::as_on_air;
use crate::loading::{CREATE_DEADLINE, within};
use crate::observe::{StepKind, StepTime};
use crate::session::bind::Bound;
use crate::session::candidate::factory::Factory;
use crate::session::candidate::prime::{Depth, Primed, Unprimed, prime, start_frames};
use crate::session::candidate::rehearse::{
    NoHandoff, Rehearsed, StateFault, rehearse, with_predecessor,
};
use crate::session::candidate::{Past, PrepareRequest, Prepared, Refused};
use crate::session::instance::{Made, end_within, passed, silence};

/// What is under way, and how long everything before it took. Shared by the thread that works and
/// the one that waits.
#[derive(Debug, Clone, Default)]
pub(super) struct Watch(Arc<Mutex<Vec<Step>>>);

/// What is done, when it began, and how long it took once it is over.
type Step = (Doing, Instant, Option<Duration>);

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    /// A step that is told.
    Work(StepKind),
    /// An instance ends, which no receipt tells.
    End,
}

impl Watch {
    /// The next step begins.
    pub(super) fn step(&self, step: StepKind) {
        self.begin(Doing::Work(step));
    }

    /// An instance ends.
    pub(super) fn end(&self) {
        self.begin(Doing::End);
    }

    fn begin(&self, doing: Doing) {
        let mut steps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if let Some((_, began, took)) = steps.last_mut() {
            *took = Some(now.duration_since(*began));
        }
        steps.push((doing, now, None));
    }

    /// The step under way.
    pub(super) fn now(&self) -> &'static str {
        let steps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        steps.last().map_or("", |(doing, ..)| match doing {
            Doing::Work(step) => step.as_str(),
            Doing::End => "end",
        })
    }

    /// The times of the steps that are told, in the order in which each came first; what was done
    /// twice is added up.
    pub(super) fn times(&self) -> Vec<StepTime> {
        let steps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut times: Vec<StepTime> = Vec::new();
        for (doing, _, took) in steps.iter() {
            let Doing::Work(step) = *doing else {
                continue;
            };
            let took_ns = took.map_or(0, |took| took.as_nanos() as u64);
            match times.iter_mut().find(|time| time.step == step) {
                Some(time) => time.took_ns += took_ns,
                None => times.push(StepTime { step, took_ns }),
            }
        }
        times
    }
}

/// Holds what is wanted against the component's manifest, and makes nothing. Thread: any but audio.
///
/// # Errors
/// Why [`prepare`] would refuse it before it made an instance.
pub(in crate::session) fn judge(request: &PrepareRequest) -> Result<(), Refused> {
    Factory::of(request).map(drop)
}

/// Makes what is wanted ready to be sent. Thread: any but audio; returns at the latest when a
/// component does not answer within its deadline.
///
/// # Errors
/// Why it is not let in. Nothing is left of it then.
pub(in crate::session) fn prepare(request: PrepareRequest) -> Result<Prepared, Refused> {
    let stage = request.stage.clone();
    let factory = Factory::of(&request)?;
    deadline(&stage, move |watch| work(factory, request, watch))
}

/// Runs a step of foreign code on a thread of its own.
pub(super) fn deadline<R: Send + 'static>(
    stage: &str,
    body: impl FnOnce(&Watch) -> Result<R, Refused> + Send + 'static,
) -> Result<R, Refused> {
    let watch = Watch::default();
    let shared = watch.clone();
    let answer = within(CREATE_DEADLINE, move || body(&shared));
    answer.unwrap_or_else(|missed| {
        let step = watch.now();
        Err(Refused::Text(format!("{step} of stage `{stage}` {missed}")))
    })
}

/// All of it, on the thread of its own.
pub(super) fn work(
    factory: Factory,
    mut request: PrepareRequest,
    watch: &Watch,
) -> Result<Prepared, Refused> {
    if let Some(text) = factory.unfit_live() {
        return Err(factory.refused(text));
    }
    let Tried {
        takes,
        answered,
        note,
    } = tried(&factory, &mut request, watch)?;
    let made = factory.make(&|step| watch.step(step))?;
    let made = alike(&factory, made, answered)?;
    watch.step(StepKind::Prime);
    let (made, primed) = primed(&factory, made, &mut request)?;
    watch.end();
    let mut notes = factory.notes.clone();
    notes.extend(note);
    let primed = primed.map_err(|gone| {
        notes.extend(gone.map(|gone| format!("{gone}: it hears what comes instead")));
    });
    let migrates_from = takes.as_ref().err().and_then(NoHandoff::migrates_from);
    let handoff_bytes = match request.replayed {
        Some(_) => takes.and(Err(NoHandoff::Replayed)),
        None => takes.map(|rehearsed| rehearsed.bytes),
    };
    Ok(Prepared {
        stage: request.stage,
        identity: factory.identity.clone(),
        migrates_from,
        handoff_bytes,
        primed: primed.ok(),
        notes,
        steps: watch.times(),
        recipe: factory.into_recipe(&made),
        made,
    })
}

/// What the first instance showed.
struct Tried {
    /// What a handoff of state would take.
    takes: Result<Rehearsed, NoHandoff>,
    /// What it said of itself.
    answered: (Layout, Timing),
    /// What a reader of the receipt should know.
    note: Option<String>,
}

/// Makes the first instance, tries it, and ends it.
fn tried(factory: &Factory, request: &mut PrepareRequest, watch: &Watch) -> Result<Tried, Refused> {
    let old = request.old.as_ref().map(|old| &old.bound);
    let agreed = agree(old, factory.bound(), request.state);
    let also = match agreed {
        Ok(()) => Also::State,
        Err(_) => Also::Nothing,
    };
    let first = factory.make(&|step| watch.step(step))?;
    let answered = (first.layout_out, first.timing);
    let Exercised { state, note } = try_out(factory, first, also, watch)?;
    let takes = agreed.and_then(|()| rehearsed(state));
    let predecessor = request.old.take();
    let predecessor = predecessor.filter(|predecessor| factory.is_another(predecessor));
    let began = || watch.step(StepKind::Rehearse);
    Ok(Tried {
        takes: with_predecessor(takes, predecessor, &factory.placement, &began),
        answered,
        note,
    })
}

/// Whether old and new speak of the same state.
fn agree(old: Option<&Bound>, new: Option<&Bound>, state: SwapState) -> Result<(), NoHandoff> {
    if state == SwapState::Fresh {
        return Err(NoHandoff::Fresh);
    }
    let (Some(old), Some(new)) = (old, new) else {
        return Err(NoHandoff::PassThrough);
    };
    let (from, to) = (old.address(), new.address());
    if from != to {
        return Err(NoHandoff::OtherComponent { old: from, new: to });
    }
    let schema = |bound: &Bound| bound.component.capabilities.state_schema;
    match (schema(old), schema(new)) {
        (_, 0) => Err(NoHandoff::NoState {
            component: to,
            version: new.version.clone(),
        }),
        (0, _) => Err(NoHandoff::NoState {
            component: from,
            version: old.version.clone(),
        }),
        (old, new) if old == new => Ok(()),
        (old, new) if old < new => Err(NoHandoff::OlderSchema { old, new }),
        (old, new) => Err(NoHandoff::NewerSchema { old, new }),
    }
}

/// What the exercise showed.
struct Exercised {
    /// What its state takes, where that was asked.
    state: Option<Result<Rehearsed, StateFault>>,
    /// What a reader of the receipt should know.
    note: Option<String>,
}

/// What is tried beside silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Also {
    /// Nothing.
    Nothing,
    /// Handing over state.
    State,
}

/// Tries an instance, and ends it. What a thread-local of its library allocates at the first touch
/// it allocates here too: the thread is new to it.
fn try_out(factory: &Factory, made: Made, also: Also, watch: &Watch) -> Result<Exercised, Refused> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("plugin-trial".to_owned());
        let running = thread.spawn_scoped(scope, || exercised(factory, made, also, watch));
        let running = running.map_err(|error| {
            factory.refused(format!("the system gives no thread to try it on: {error}"))
        })?;
        // The thread runs foreign code inside its plugin's guard, and ours, which does not panic.
        let ended = running.join();
        ended.unwrap_or_else(|_| Err(factory.refused("its trial ended without an answer")))
    })
}

/// Shows it silence, and asks for its state where that is wanted; then it ends.
fn exercised(
    factory: &Factory,
    mut made: Made,
    also: Also,
    watch: &Watch,
) -> Result<Exercised, Refused> {
    watch.step(StepKind::Silence);
    let heap_calls = silence(&factory.placement, &mut made);
    let state = match also {
        Also::State if heap_calls.is_ok() => {
            watch.step(StepKind::Rehearse);
            Some(rehearse(&mut made.occupant.processor, &factory.placement))
        }
        Also::State | Also::Nothing => None,
    };
    watch.end();
    made.end();
    let heap_calls =
        heap_calls.map_err(|fault| factory.refused(format!("it failed on silence: {fault}")))?;
    if heap_calls > 0 && factory.placement.mode == Mode::RealTime {
        return Err(factory.refused(format!(
            "it made {heap_calls} heap calls in its first calls on a new thread; what the audio \
             thread runs makes none: it may enter a session off line, or be there at its start"
        )));
    }
    let note = match (heap_calls, factory.declared.heap) {
        (1.., _) => Some(format!(
            "it makes {heap_calls} heap calls in its first blocks"
        )),
        (0, Heap::Unmetered) => {
            Some("its heap is not counted: it brings its own allocator".to_owned())
        }
        (0, Heap::Metered) => None,
    };
    Ok(Exercised { state, note })
}

/// What the exercise says about the state that it was asked about.
fn rehearsed(state: Option<Result<Rehearsed, StateFault>>) -> Result<Rehearsed, NoHandoff> {
    Ok(state.ok_or(NoHandoff::NotRehearsed)??)
}

/// The second instance has to answer as the first did.
fn alike(factory: &Factory, made: Made, expected: (Layout, Timing)) -> Result<Made, Refused> {
    if (made.layout_out, made.timing) == expected {
        return Ok(made);
    }
    let (found, before) = (made.timing, expected.1);
    made.end();
    Err(factory.refused(format!(
        "reports {} frames of latency and {} of tail, expected {} and {} as it did just before",
        found.latency_frames, found.tail_frames, before.latency_frames, before.tail_frames
    )))
}

/// Why an instance was not primed, where that is no failure; `None` where there was nothing to
/// hear.
type NotPrimed = Option<Unprimed>;

/// Has the instance hear the past, where one is kept. What was forgotten while a long tail was
/// filled is no reason to hear nothing: it begins anew with what it has to hear.
fn primed(
    factory: &Factory,
    mut made: Made,
    request: &mut PrepareRequest,
) -> Result<(Made, Result<Primed, NotPrimed>), Refused> {
    let depth = request.replayed.as_ref().map_or(Some(Depth::Tail), |fade| {
        let frames = fade.primed_frames.clone();
        frames.map(|Range { start, end }| Depth::Exactly {
            from: start,
            to: end,
        })
    });
    let (Some(mut past), Some(depth)) = (request.past.take(), depth) else {
        return Ok((made, Err(None)));
    };
    let mut heard = hear(factory, &mut made, &mut *past, depth);
    if matches!(heard, Err(Unprimed::Gone(_))) {
        heard = forget(&mut made).and_then(|()| hear(factory, &mut made, &mut *past, Depth::Least));
    }
    match heard {
        Ok(primed) => Ok((made, Ok(primed))),
        Err(gone @ Unprimed::Gone(_)) => Ok((made, Err(Some(gone)))),
        Err(failed @ Unprimed::Failed(_)) => {
            made.end();
            Err(factory.refused(failed))
        }
    }
}

fn hear(
    factory: &Factory,
    made: &mut Made,
    past: &mut dyn Past,
    depth: Depth,
) -> Result<Primed, Unprimed> {
    let from = start_frames(factory, made, past, depth)?;
    prime(factory, made, past, (from, depth))
}

/// Has the instance forget what it heard.
fn forget(made: &mut Made) -> Result<(), Unprimed> {
    let called = as_on_air(|| made.occupant.processor.reset());
    passed(&made.occupant.processor, called).map_err(Unprimed::Failed)
}

impl Prepared {
    /// Ends an instance that was not sent, on a thread of its own, and does not wait longer than
    /// a deadline. Thread: any but audio.
    pub(in crate::session) fn end(self) {
        end_within(self.made.occupant.processor);
    }
}
