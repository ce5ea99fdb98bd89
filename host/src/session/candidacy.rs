//! Candidacy: new instances on their way through the table of a change, whoever has them.
//!
//! In: work that makes them, and what happens to them. Out: where they are; what the table owes for
//! each step is paid at once. One of a whole change holds all that was prepared for it; one of a
//! stage, in a change or after a failure, holds that stage's candidate.
//!
//! The [`Ender`] pays: instances are ended on threads of their own, away from the audio thread,
//! workers that nobody waits for are let go, candidates are called back. What cannot be done now is
//! done at the next look: where no thread is to be had an instance waits, and so does a recall while
//! the ring is full. Nothing is ended twice, and nothing on the thread that asks for it.

use std::time::Duration;

use segue_plugin::link::Processor;

use crate::loading::{Missed, Pending, begin, begin_with};
use crate::pipeline::{Arrival, Change, Rings, StageCandidate};
use crate::session::candidate::Refused;
use crate::session::instance::{DROP_DEADLINE, end};
use crate::session::pace::Barrier;
use crate::session::run::Pace;
use crate::swap::record::record;
use crate::swap::table::{Event, Owes, Place, State, Wait};

/// What holds instances, to be ended one by one.
pub(super) trait IntoProcessors: Send + 'static {
    /// Takes them out.
    fn into_processors(self) -> Vec<Processor>;
}

impl IntoProcessors for Box<StageCandidate> {
    fn into_processors(self) -> Vec<Processor> {
        (*self).into_processor().into_iter().collect()
    }
}

/// What control has of the instances.
pub(super) enum Holding<M> {
    /// A worker's answer, once it is there.
    Worker(Pending<Result<M, Refused>>),
    /// The instances, before they are sent.
    Control(M),
    /// Nothing: the engine has them, or a stage, or nobody any more.
    Engine,
    /// What came back, to be ended.
    Back(Vec<Processor>),
}

/// Instances on their way.
pub(super) struct Candidacy<M> {
    lifecycle: Lifecycle,
    held: Holding<M>,
    /// Whose they are, where it is one stage.
    stage: Option<usize>,
    /// Whether the engine told all that becomes of it: it is on its way back.
    is_leaving: bool,
}

/// Ends what is no longer used.
pub(super) struct Ender {
    pace: Pace,
    /// Instances that are being ended.
    ending: Vec<Pending<()>>,
    /// Instances that no thread was to be had for.
    waiting: Vec<Processor>,
    abandoned: Vec<Abandoned>,
    /// Stages whose candidates are to leave again.
    recalled: Vec<usize>,
    /// Stages in which the engine has an instance that nobody waits for.
    forgotten: Vec<usize>,
}

/// How long a state may last that a worker works in.
pub(super) const fn clock(state: State) -> Duration {
    match state.wait() {
        Wait::Clock(most) | Wait::Stream(most) => most,
        Wait::Ever => Duration::MAX,
    }
}

impl<M: IntoProcessors> Candidacy<M> {
    /// Has a worker make instances, at most for `longest` and for as long as the table says.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn begin(
        stage: Option<usize>,
        at_frames: u64,
        longest: Duration,
        work: impl FnOnce() -> Result<M, Refused> + Send + 'static,
    ) -> Result<Self, Missed> {
        let pending = begin(longest.min(clock(State::Preparing)), work)?;
        Ok(Self {
            lifecycle: Lifecycle::begun_at(at_frames),
            held: Holding::Worker(pending),
            stage,
            is_leaving: false,
        })
    }

    /// One stage's part of a change that is on its way to the engine.
    pub(super) fn of_stage<N>(change: &Candidacy<N>, stage: usize) -> Self {
        Self {
            lifecycle: change.lifecycle,
            held: Holding::Engine,
            stage: Some(stage),
            is_leaving: false,
        }
    }

    /// Where it is.
    pub(super) const fn state(&self) -> State {
        self.lifecycle.state()
    }

    /// Whether it is over.
    pub(super) const fn is_over(&self) -> bool {
        self.state().is_over()
    }

    /// Whether the engine has it.
    pub(super) const fn is_in_engine(&self) -> bool {
        matches!(self.state().place(), Some(Place::Engine))
    }

    /// Whether the engine has told all that becomes of it.
    pub(super) const fn is_leaving(&self) -> bool {
        self.is_leaving
    }

    /// The engine has told all that becomes of it.
    pub(super) const fn leave(&mut self) {
        self.is_leaving = true;
    }

    /// The worker's answer, if it is there; off line it is waited for.
    pub(super) fn answer(&self, barrier: &Barrier) -> Option<Result<Result<M, Refused>, Missed>> {
        match &self.held {
            Holding::Worker(pending) => barrier.look(pending),
            Holding::Control(_) | Holding::Engine | Holding::Back(_) => None,
        }
    }

    /// Takes the instances, to send them; something else has to be held at once.
    pub(super) fn take(&mut self) -> Option<M> {
        match std::mem::replace(&mut self.held, Holding::Engine) {
            Holding::Control(made) => Some(made),
            other => {
                self.held = other;
                None
            }
        }
    }

    /// Somebody else has the instances now, because something happened.
    pub(super) fn hand_over(
        &mut self,
        held: Holding<M>,
        events: &[Event],
        at_frames: u64,
        ender: &mut Ender,
    ) {
        self.held = held;
        for event in events {
            let owes = self.lifecycle.after(*event, at_frames);
            ender.pay(owes, &mut self.held, self.stage);
        }
        if self.is_over() {
            // What comes when nobody waits any more is ended all the same.
            ender.pay(Owes::End, &mut self.held, self.stage);
        }
        debug_assert!(self.is_where_the_table_says(), "{:?}", self.state());
    }

    /// Something happened, and who has the instances stays as it is, but for what is owed.
    pub(super) fn after(&mut self, event: Event, at_frames: u64, ender: &mut Ender) {
        let held = std::mem::replace(&mut self.held, Holding::Engine);
        self.hand_over(held, &[event], at_frames, ender);
    }

    /// Moves it on where it has been for too long where it is; returns where that was.
    pub(super) fn hold_to_bounds(
        &mut self,
        at_frames: u64,
        sample_rate_hz: u32,
        ender: &mut Ender,
    ) -> Option<State> {
        let state = self.state();
        let is_overdue = self.lifecycle.is_overdue(at_frames, sample_rate_hz);
        is_overdue.then(|| {
            self.after(Event::DeadlineOver, at_frames, ender);
            state
        })
    }

    fn is_where_the_table_says(&self) -> bool {
        match (&self.held, self.state().place()) {
            (Holding::Worker(_), place) => place == Some(Place::Worker),
            (Holding::Control(_), place) => place == Some(Place::Control),
            (Holding::Engine, place) => matches!(place, Some(Place::Engine) | None),
            (Holding::Back(_), _) => false,
        }
    }
}

/// Work that nobody waits for; what comes of it after all, once it comes.
type Abandoned = Box<dyn FnMut() -> Option<Vec<Processor>> + Send>;

impl Ender {
    /// Nothing has to be ended yet.
    pub(super) const fn new(pace: Pace) -> Self {
        Self {
            pace,
            ending: Vec::new(),
            waiting: Vec::new(),
            abandoned: Vec::new(),
            recalled: Vec::new(),
            forgotten: Vec::new(),
        }
    }

    /// Does what a transition left to be done about what a change holds; `stage` is whose
    /// candidate it is, where it is one stage's.
    pub(super) fn pay<M: IntoProcessors>(
        &mut self,
        owes: Owes,
        held: &mut Holding<M>,
        stage: Option<usize>,
    ) {
        match owes {
            Owes::Nothing => {}
            Owes::Recall => self.recalled.extend(stage),
            Owes::Abandon => {
                if let Holding::Worker(pending) = std::mem::replace(held, Holding::Engine) {
                    self.abandon(pending);
                }
            }
            Owes::End => match std::mem::replace(held, Holding::Engine) {
                Holding::Control(made) => self.end_all(made.into_processors()),
                Holding::Back(processors) => self.end_all(processors),
                // A worker that said that it made nothing holds nothing; and what the engine has,
                // its own end gives to whoever ends it.
                Holding::Worker(_) | Holding::Engine => {}
            },
            Owes::Forget => {
                *held = Holding::Engine;
                self.forgotten.extend(stage);
            }
        }
    }

    /// Whether what the engine tells of a stage is about an instance that nobody waits for.
    pub(super) fn has_forgotten(&self, stage: usize) -> bool {
        self.forgotten.contains(&stage)
    }

    /// An instance left a stage; returns whether nobody waited for it.
    pub(super) fn remember(&mut self, stage: usize) -> bool {
        let at = self.forgotten.iter().position(|other| *other == stage);
        at.map(|at| self.forgotten.swap_remove(at)).is_some()
    }

    /// Ends an instance on a thread of its own; off line that is waited for.
    pub(super) fn end(&mut self, processor: Processor) {
        match (begin_with(DROP_DEADLINE, processor, end), self.pace) {
            (Ok(ending), Pace::Fast) => drop(ending.wait()),
            (Ok(ending), Pace::RealTime) => self.ending.push(ending),
            (Err((_, processor)), _) => self.waiting.push(processor),
        }
    }

    /// Ends instances, each on a thread of its own.
    pub(super) fn end_all(&mut self, processors: impl IntoIterator<Item = Processor>) {
        for processor in processors {
            self.end(processor);
        }
    }

    fn abandon<M: IntoProcessors, E: Send + 'static>(&mut self, pending: Pending<Result<M, E>>) {
        self.abandoned.push(Box::new(move || {
            let answer = pending.late()?;
            let made = answer.ok().and_then(Result::ok);
            Some(made.map(M::into_processors).unwrap_or_default())
        }));
    }

    /// Whether something waits for the next look.
    pub(super) const fn is_idle(&self) -> bool {
        self.ending.is_empty()
            && self.waiting.is_empty()
            && self.abandoned.is_empty()
            && self.recalled.is_empty()
    }

    /// Goes on with what could not be done before. Between two blocks.
    pub(super) fn look(&mut self, rings: &mut Rings) {
        self.ending
            .retain(|ending| ending.look(Duration::ZERO).is_none());
        let late = self.late();
        let waiting = std::mem::take(&mut self.waiting);
        self.end_all(waiting.into_iter().chain(late));
        if !self.recalled.is_empty() && rings.has_room() {
            let change = Change {
                reversed: std::mem::take(&mut self.recalled),
                ..Change::default()
            };
            let sent = rings.send(Arrival::Change(Box::new(change)));
            debug_assert!(sent.is_ok(), "there was room");
        }
    }

    /// What abandoned workers made after all.
    fn late(&mut self) -> Vec<Processor> {
        let mut late = Vec::new();
        self.abandoned.retain_mut(|work| match work() {
            None => true,
            Some(processors) => {
                late.extend(processors);
                false
            }
        });
        late
    }

    /// Ends all that is left, and waits for it within the deadline. Once the engine has stopped.
    pub(super) fn finish(&mut self) {
        let late = self.late();
        let waiting = std::mem::take(&mut self.waiting);
        self.end_all(waiting.into_iter().chain(late));
        // What is made after all from here on ends where it is made, or with this.
        let abandoned = std::mem::take(&mut self.abandoned);
        self.ending
            .extend(begin_with(DROP_DEADLINE, abandoned, drop).ok());
        for ending in self.ending.drain(..) {
            let _ = ending.wait();
        }
        // There is still no thread: nothing plays any more that this one could disturb.
        self.waiting.drain(..).for_each(end);
    }
}

/// Where a change is, and since when. Nobody moves it past the table; under debug assertions every
/// transition is written down where tests ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lifecycle {
    state: State,
    /// In stream time.
    since_frames: u64,
}

impl Lifecycle {
    /// A change that begins.
    const fn begun_at(frames: u64) -> Self {
        Self {
            state: State::Preparing,
            since_frames: frames,
        }
    }

    /// Where it is.
    const fn state(&self) -> State {
        self.state
    }

    /// Moves it on by what happened at a place of the stream; returns what is owed for that.
    fn after(&mut self, event: Event, at_frames: u64) -> Owes {
        let step = self.state.after(event);
        if step.state != self.state {
            record(self.state, event);
            (self.state, self.since_frames) = (step.state, at_frames);
        }
        step.owes
    }

    /// Whether it has been where it is for longer than it may be, as far as the stream says so.
    fn is_overdue(&self, at_frames: u64, sample_rate_hz: u32) -> bool {
        match self.state.wait() {
            Wait::Stream(most) => {
                let most = (most.as_secs_f64() * f64::from(sample_rate_hz)) as u64;
                at_frames.saturating_sub(self.since_frames) > most
            }
            Wait::Clock(_) | Wait::Ever => false,
        }
    }
}
