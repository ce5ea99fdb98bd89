//! Ender: who obeys what the table of a change owes: instances are ended away from the audio
//! thread, workers that nobody waits for are let go, candidates are called back.
//!
//! In: what is owed, and what is held. Out: threads that end instances; a change that calls back.
//! What cannot be done now is done at the next look: where no thread is to be had an instance waits,
//! and so does a recall while the ring is full. Nothing is ended twice, and nothing on the thread
//! that asks for it.

use std::time::Duration;

use segue_plugin::link::Processor;

use crate::loading::{Pending, begin_with};
use crate::pipeline::{Arrival, Change, Rings};
use crate::session::candidacy::{Holding, IntoProcessors};
use crate::session::instance::end;
use crate::session::run::Pace;
use crate::swap::table::Owes;

/// How long the end of an instance may take; after that its thread is abandoned.
pub(super) const DROP_DEADLINE: Duration = Duration::from_secs(10);

/// Work that nobody waits for; what comes of it after all, once it comes.
type Abandoned = Box<dyn FnMut() -> Option<Vec<Processor>> + Send>;

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

/// Ends an instance on a thread of its own; not waited for longer than a deadline. Thread: any but
/// audio.
pub(super) fn end_within(processor: Processor) {
    match begin_with(DROP_DEADLINE, processor, end) {
        Ok(ending) => drop(ending.wait()),
        Err((_, processor)) => end(processor),
    }
}
