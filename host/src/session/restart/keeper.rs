//! Keeper: one stage, and the new instance that is made for it after a failure.
//!
//! In: what happened to the stage, block by block. Out: a new instance on its way to the engine,
//! and what became of it. When one is tried is the policy's to say (`supervise::Life`); how that
//! goes is the table's, as for any other change.

use crate::id::StageId;
use crate::loading::{CREATE_DEADLINE, Missed};
use crate::observe::{AttemptOutcome, Event as Told, FaultReport};
use crate::pipeline::{Arrival, Fault, Rings, StageCandidate};
use crate::session::candidacy::{Candidacy, Ender, Holding};
use crate::session::candidate::Refused;
use crate::session::instance::{NotMade, RestartTerms};
use crate::session::pace::Barrier;
use crate::session::restart::log::StageLog;
use crate::supervise::{Attempts, Life, LifeEvent};
use crate::swap::table::{Event as Step, State};

/// One stage.
pub(super) struct Keeper {
    pub(super) id: StageId,
    number: usize,
    pub(super) terms: Option<RestartTerms>,
    /// The new instance, from when it is made until it is heard or gone.
    pub(super) candidacy: Option<Candidacy<Box<StageCandidate>>>,
    pub(super) log: StageLog,
}

impl Keeper {
    pub(super) const fn new(id: StageId, number: usize, terms: Option<RestartTerms>) -> Self {
        Self {
            id,
            number,
            terms,
            candidacy: None,
            log: StageLog::NEW,
        }
    }

    /// The policy hears of an event.
    pub(super) fn after(&mut self, event: LifeEvent) {
        let terms = self.terms.as_ref();
        let attempts = terms.map_or(&Attempts::NONE, |terms| &terms.attempts);
        self.log.life = self.log.life.after(event, attempts);
    }

    /// Whether something goes on, or is due, that the engine does not tell of.
    pub(super) const fn is_watching(&self) -> bool {
        let is_due = matches!(self.log.life, Life::Waiting { .. } | Life::Making { .. });
        is_due || self.candidacy.is_some()
    }

    /// Begins to make a new instance, where one is due.
    pub(super) fn begin_where_due(&mut self, at_frames: u64) {
        let before = self.log.life;
        self.after(LifeEvent::Reached(at_frames));
        let Some(terms) = self.terms.clone().filter(|_| self.log.life != before) else {
            return;
        };
        self.log.tried += 1;
        self.log.tried_at_frames = at_frames;
        let work = move || terms.make().map_err(refused);
        match Candidacy::begin(Some(self.number), at_frames, CREATE_DEADLINE, work) {
            Ok(candidacy) => self.candidacy = Some(candidacy),
            Err(missed) => self.refuse(at_frames, format!("a new instance {missed}")),
        }
    }

    /// Takes a new instance over from the worker, once it is made. It hears its input in shadow:
    /// there is nothing to prime it with.
    pub(super) fn take_prepared(&mut self, barrier: &Barrier, ender: &mut Ender, at_frames: u64) {
        let Some(candidacy) = &mut self.candidacy else {
            return;
        };
        let (event, text) = match candidacy.answer(barrier) {
            None => return,
            Some(Ok(Ok(candidate))) => {
                let made = [Step::Prepared, Step::Primed];
                candidacy.hand_over(Holding::Control(candidate), &made, at_frames, ender);
                self.after(LifeEvent::Made);
                return;
            }
            Some(Ok(Err(refused))) => (Step::Refused, refused.to_string()),
            Some(Err(missed @ Missed::Deadline(_))) => {
                (Step::DeadlineOver, format!("a new instance {missed}"))
            }
            Some(Err(missed)) => (Step::Refused, format!("a new instance {missed}")),
        };
        candidacy.after(event, at_frames, ender);
        self.candidacy = None;
        self.refuse(at_frames, text);
    }

    /// Sends a new instance, where the ring has room for it.
    pub(super) fn send(&mut self, rings: &mut Rings, ender: &mut Ender, at_frames: u64) {
        let ready = self.candidacy.as_mut();
        let Some(candidacy) = ready.filter(|one| one.state() == State::Primed) else {
            return;
        };
        if !rings.has_room() {
            return;
        }
        let Some(candidate) = candidacy.take() else {
            return;
        };
        let stage = self.number;
        let sent = rings.send(Arrival::Candidate { stage, candidate });
        debug_assert!(sent.is_ok(), "there was room");
        candidacy.hand_over(Holding::Engine, &[Step::Sent], at_frames, ender);
    }

    /// Calls a new instance back that is on its way for longer than it may be.
    pub(super) fn hold_to_bounds(&mut self, rate_hz: u32, ender: &mut Ender, at_frames: u64) {
        let candidacy = self.candidacy.as_mut();
        let overdue = candidacy.and_then(|one| one.hold_to_bounds(at_frames, rate_hz, ender));
        if let Some(state) = overdue {
            let text = format!("it was {} for longer than it may be", state.word());
            self.fail_on_trial(at_frames, text);
        }
        self.let_go();
    }

    /// The stage's instance failed; returns what is said about that.
    pub(super) fn fail(&mut self, fault: Fault, text: Option<String>) -> String {
        let text = said(fault, text);
        self.log.fault(report(fault, text.clone()));
        self.after(LifeEvent::Failed(fault.position_frames));
        text
    }

    /// The fallback failed as well; returns what is said about that.
    pub(super) fn fail_over(&mut self, fault: Fault, text: Option<String>) -> String {
        let text = said(fault, text);
        self.log.fallback_fault = Some(report(fault, text.clone()));
        text
    }

    /// The new instance has the place.
    pub(super) fn come_back(&mut self, at_frames: u64) -> Told {
        self.log.returned += 1;
        self.log
            .attempt(at_frames, AttemptOutcome::Returned, String::new());
        self.after(LifeEvent::Returned(at_frames));
        Told::Returned {
            stage: self.id.to_string(),
            position_frames: at_frames,
        }
    }

    /// A new instance failed before it had the place, or was called back.
    pub(super) fn fail_on_trial(&mut self, at_frames: u64, text: String) {
        if matches!(self.log.life, Life::Trial { .. }) {
            self.log
                .attempt(at_frames, AttemptOutcome::FailedOnTrial, text);
            self.after(LifeEvent::TrialFailed(at_frames));
        }
    }

    /// Forgets a new instance that has come to its end.
    pub(super) fn let_go(&mut self) {
        self.candidacy.take_if(|candidacy| candidacy.is_over());
    }

    /// Nobody wants the new instance any longer that is not yet on its way to the engine.
    pub(super) fn cancel(&mut self, ender: &mut Ender, at_frames: u64) {
        if let Some(candidacy) = &mut self.candidacy {
            candidacy.after(Step::Cancelled, at_frames, ender);
        }
        self.let_go();
    }

    fn refuse(&mut self, at_frames: u64, text: String) {
        self.log.attempt(at_frames, AttemptOutcome::Refused, text);
        self.after(LifeEvent::Refused(at_frames));
    }
}

/// Why there is no new instance; what it says itself is told as it is.
fn refused(why: NotMade) -> Refused {
    Refused::Text(match why {
        NotMade::Refused(refusal) => refusal.to_string(),
        NotMade::Layout { .. } | NotMade::Latency { .. } => format!("a new instance {why}"),
    })
}

/// What an instance said when it failed, or else the kind of its fault.
pub(super) fn said(fault: Fault, text: Option<String>) -> String {
    text.unwrap_or_else(|| fault.kind.word().to_string())
}

fn report(fault: Fault, text: String) -> FaultReport {
    FaultReport {
        position_frames: fault.position_frames,
        kind: fault.kind.word(),
        text,
    }
}
