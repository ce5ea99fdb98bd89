//! Work: one candidate from its manifest to an instance that is ready to be sent.
//!
//! In: what is wanted. Out: the instance, or why there is none; every step timed. All of it is
//! foreign code: it runs on a thread of its own, within a deadline, and what it made ends there.
//!
//! Two instances are made. The first is tried on silence and rehearses its state; then it ends,
//! since neither silence nor a state that was read can be taken back for certain. The second, which
//! has to answer as the first did, hears the recent input and is the one that is sent.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use segue_plugin::declare::Layout;
use segue_plugin::link::Processor;
use segue_plugin::setup::Timing;

use crate::loading::{CREATE_DEADLINE, begin, within};
use crate::observe::StepTime;
use crate::pipeline::Occupant;
use crate::session::bind::Bound;
use crate::session::candidate::factory::{Factory, Source, end};
use crate::session::candidate::prime::{Primed, Unprimed, prime, start_frames};
use crate::session::candidate::rehearse::{NoHandoff, agree};
use crate::session::candidate::trial::{Also, Tried, try_out};
use crate::session::candidate::{Past, Prepared, Refused, Wanted};
use crate::session::recipe::Made;

/// How long the end of an instance may take; after that its thread is abandoned.
const DROP_DEADLINE: Duration = Duration::from_secs(10);

/// What is under way, and how long everything before it took. Shared by the thread that works and
/// the one that waits.
#[derive(Debug, Clone, Default)]
pub(super) struct Watch(Arc<Mutex<Vec<Step>>>);

/// A step, when it began, and how long it took once it is over.
type Step = (String, Instant, Option<Duration>);

impl Watch {
    /// The next step begins.
    pub(super) fn step(&self, step: &str) {
        let mut steps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if let Some((_, began, took)) = steps.last_mut() {
            *took = Some(now.duration_since(*began));
        }
        steps.push((step.to_owned(), now, None));
    }

    /// The step under way.
    pub(super) fn now(&self) -> String {
        let steps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        steps
            .last()
            .map_or_else(String::new, |(step, ..)| step.clone())
    }

    /// The times of the steps that are told, in the order in which each came first; what was done
    /// twice is added up.
    pub(super) fn times(&self) -> Vec<StepTime> {
        let steps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut times: Vec<StepTime> = Vec::new();
        for (step, _, took) in steps.iter().filter(|(step, ..)| step != "end") {
            let took_ns = took.map_or(0, |took| took.as_nanos() as u64);
            match times.iter_mut().find(|time| time.step == *step) {
                Some(time) => time.took_ns += took_ns,
                None => times.push(StepTime {
                    step: step.clone(),
                    took_ns,
                }),
            }
        }
        times
    }
}

/// Makes what is wanted ready to be sent. Thread: any but audio; returns at the latest when a
/// component does not answer within its deadline.
///
/// # Errors
/// Why it is not let in. Nothing is left of it then.
pub(in crate::session) fn prepare(wanted: Wanted) -> Result<Prepared, Refused> {
    let stage = wanted.stage.clone();
    let factory = Factory::of(&wanted)?;
    deadline(&stage, move |watch| work(factory, wanted, watch))
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
    mut wanted: Wanted,
    watch: &Watch,
) -> Result<Prepared, Refused> {
    if let Some(text) = factory.unfit_live() {
        return Err(factory.refused(text));
    }
    let agreed = agree(wanted.old.as_ref(), bound(&factory), wanted.state);
    let also = match agreed {
        Ok(()) => Also::State,
        Err(_) => Also::Nothing,
    };
    let step = |step: &str| watch.step(step);
    let first = factory.make(&step)?;
    let expected = (first.layout_out, first.timing);
    let Tried { state, note } = try_out(&factory, first, also, &step)?;
    let made = alike(&factory, factory.make(&step)?, expected)?;
    watch.step("prime");
    let (made, primed) = primed(&factory, made, wanted.past.take())?;
    watch.step("end");
    let mut notes = factory.notes.clone();
    notes.extend(note);
    let primed = primed.map_err(|gone| {
        notes.extend(gone.map(|gone| format!("{gone}: it hears what comes instead")));
    });
    let (handoff_bytes, migrates_from) = match (agreed, state) {
        (Err(NoHandoff { why, migrates_from }), _) => (Err(why), migrates_from),
        (Ok(()), Some(state)) => (state, None),
        (Ok(()), None) => (Err("its state was not rehearsed".to_owned()), None),
    };
    Ok(Prepared {
        handoff_bytes,
        migrates_from,
        notes,
        steps: watch.times(),
        ..prepared(factory, wanted.stage, made, primed.ok())
    })
}

/// The second instance has to answer as the first did.
fn alike(factory: &Factory, made: Made, expected: (Layout, Timing)) -> Result<Made, Refused> {
    if (made.layout_out, made.timing) == expected {
        return Ok(made);
    }
    let (found, before) = (made.timing, expected.1);
    end(made.processor);
    Err(factory.refused(format!(
        "reports {} frames of latency and {} of tail, expected {} and {} as it did just before",
        found.latency_frames, found.tail_frames, before.latency_frames, before.tail_frames
    )))
}

/// Why an instance was not primed, where that is no failure; `None` where there was nothing to
/// hear.
type NotPrimed = Option<Unprimed>;

/// Has the instance hear the past, where one is kept.
fn primed(
    factory: &Factory,
    mut made: Made,
    past: Option<Box<dyn Past>>,
) -> Result<(Made, Result<Primed, NotPrimed>), Refused> {
    let Some(mut past) = past else {
        return Ok((made, Err(None)));
    };
    let from = start_frames(factory, &made, &*past);
    match from.and_then(|from| prime(factory, &mut made, &mut *past, from)) {
        Ok(primed) => Ok((made, Ok(primed))),
        Err(gone @ Unprimed::Gone(_)) => Ok((made, Err(Some(gone)))),
        Err(failed @ Unprimed::Failed(_)) => {
            end(made.processor);
            Err(factory.refused(failed))
        }
    }
}

fn bound(factory: &Factory) -> Option<&Bound> {
    match &factory.source {
        Source::Library(recipe) => Some(&recipe.bound),
        Source::BuiltIn(_) => None,
    }
}

fn prepared(factory: Factory, stage: String, made: Made, primed: Option<Primed>) -> Prepared {
    Prepared {
        stage,
        occupant: occupant(made.processor, &made.timing, made.held_bytes, &factory),
        layout_out: made.layout_out,
        timing: made.timing,
        identity: factory.identity,
        recipe: match factory.source {
            Source::Library(recipe) => Some(*recipe),
            Source::BuiltIn(_) => None,
        },
        handoff_bytes: Err(String::new()),
        migrates_from: None,
        primed_to_frames: primed.map(|primed| primed.to_frames),
        primed_frames: primed.map_or(0, |primed| primed.frames),
        notes: Vec::new(),
        steps: Vec::new(),
    }
}

fn occupant(processor: Processor, timing: &Timing, held_bytes: i64, factory: &Factory) -> Occupant {
    Occupant {
        processor,
        latency_frames: timing.latency_frames,
        held_bytes,
        outputs: factory.declared.outputs,
    }
}

/// Ends an instance on a thread of its own; not waited for longer than a deadline.
pub(super) fn end_within(processor: Processor) {
    if let Ok(ending) = begin(DROP_DEADLINE, move || end(processor)) {
        let _ = ending.wait();
    }
}

impl Prepared {
    /// Ends an instance that was not sent, on a thread of its own, and does not wait longer than
    /// a deadline. Thread: any but audio.
    pub(in crate::session) fn end(self) {
        end_within(self.occupant.processor);
    }
}
