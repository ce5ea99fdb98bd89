//! Go: every job from one phase to the next, as far as it goes now.
//!
//! In: jobs, and the time between two blocks. Out: jobs in a later phase, or over. What lasts longer
//! than its bound is called back.

use crate::audio::FloatMode;
use crate::loading::begin;
use crate::pipeline::{Arrival, Change};
use crate::session::candidate::{Past, Refused, Saved};
use crate::session::changes::job::{Job, Phase};
use crate::session::changes::landing::told;
use crate::session::changes::past::{Nothing, OfStage};
use crate::session::changes::prepare::Ready;
use crate::session::changes::{Changes, Context, PATIENCE};
use crate::session::run::Pace;
use crate::swap::table::{Event, Wait};
use segue_plugin::state::STATE_BYTES_MAX;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long states of an older schema may take to become ones of the newer.
const MIGRATE_DEADLINE: Duration = Duration::from_secs(60);

/// Where a job is next.
pub(super) enum Next {
    /// Elsewhere.
    Goes(Phase),
    /// Where it is, until something happens.
    Stays(Phase),
}

impl Changes {
    /// Moves every job on as far as it goes now.
    pub(super) fn go_on(&mut self, context: &mut Context<'_>) {
        let mut jobs = std::mem::take(&mut self.jobs);
        jobs.retain_mut(|job| !self.step(job, context));
        // What a step began comes after.
        jobs.append(&mut self.jobs);
        self.jobs = jobs;
    }

    /// One job; answers whether it is over.
    pub(super) fn step(&mut self, job: &mut Job, context: &mut Context<'_>) -> bool {
        loop {
            let next = match std::mem::replace(&mut job.phase, Phase::Sent) {
                Phase::Sent => {
                    self.hold_to_bounds(job, context);
                    return self.settle(job, context);
                }
                Phase::Preparing(pending) => match self.look(&pending) {
                    None => Ok(Next::Stays(Phase::Preparing(pending))),
                    Some(Ok(Ok(ready))) => Ok(Next::Goes(self.migrate(ready, context))),
                    Some(Ok(Err(Refused::Mistakes(mistakes)))) => Err(told(&mistakes)),
                    Some(Ok(Err(refused))) => Err(refused.to_string()),
                    Some(Err(missed)) => Err(format!("the change {missed}")),
                },
                Phase::Migrating(pending) => match self.look(&pending) {
                    None => Ok(Next::Stays(Phase::Migrating(pending))),
                    Some(Ok(ready)) => Ok(Next::Goes(Phase::Waiting(ready))),
                    Some(Err(missed)) => Err(format!("the change {missed}")),
                },
                Phase::Waiting(ready) => self.send(job, ready, context),
            };
            match next {
                Ok(Next::Goes(phase)) => job.phase = phase,
                Ok(Next::Stays(phase)) => {
                    job.phase = phase;
                    return false;
                }
                Err(why) => {
                    self.refuse_job(job, &why);
                    return true;
                }
            }
        }
    }

    /// What a thread of its own has to say: waited for off line, looked for otherwise.
    pub(super) fn look<R>(
        &self,
        pending: &crate::loading::Pending<R>,
    ) -> Option<Result<R, crate::loading::Missed>> {
        if self.setup.pace == Pace::RealTime {
            return pending.look(Duration::ZERO);
        }
        while self.setup.stop.load(Ordering::Relaxed) == 0 {
            if let Some(answer) = pending.look(PATIENCE) {
                return Some(answer);
            }
        }
        None
    }

    /// Lets new instances go on from the states of old ones, where their schema is an older one.
    pub(super) fn migrate(&self, mut ready: Ready, context: &Context<'_>) -> Phase {
        let mut all = Vec::new();
        for prepared in std::mem::take(&mut ready.prepared) {
            let number = self.cast.number(&prepared.stage);
            let stage = number.and_then(|number| context.engine.stage(number));
            let saved = match (prepared.migrates_from, stage) {
                (Some(schema), Some(stage)) => {
                    let mut bytes = vec![0; STATE_BYTES_MAX];
                    let written = stage.save_state(&mut bytes, &FloatMode::enter());
                    written.ok().map(|written| {
                        bytes.truncate(written);
                        Saved {
                            schema,
                            bytes,
                            at_frames: stage.frames_in(),
                        }
                    })
                }
                _ => None,
            };
            let history = number.and_then(|number| self.setup.histories.get(number)?.clone());
            let at_frames = stage.map_or(0, |stage| stage.frames_in());
            let past: Box<dyn Past> = match history {
                Some(history) => Box::new(OfStage(history)),
                None => Box::new(Nothing(at_frames)),
            };
            all.push((prepared, saved, past));
        }
        if all.iter().all(|(_, saved, _)| saved.is_none()) {
            ready.prepared = all.into_iter().map(|(prepared, ..)| prepared).collect();
            return Phase::Waiting(ready);
        }
        let migrating = begin(MIGRATE_DEADLINE, move || {
            let migrated = all.into_iter().map(|(prepared, saved, past)| {
                let Some(saved) = saved else { return prepared };
                match prepared.migrate(saved, past) {
                    Ok(prepared) => prepared,
                    Err((mut prepared, why)) => {
                        prepared
                            .notes
                            .push(format!("the old state was of no use: {why}"));
                        *prepared
                    }
                }
            });
            ready.prepared = migrated.collect();
            ready
        });
        match migrating {
            Ok(pending) => Phase::Migrating(pending),
            Err(_) => Phase::Waiting(Ready {
                prepared: Vec::new(),
                notes: vec!["the system gives no more threads".to_owned()],
                steps: Vec::new(),
            }),
        }
    }

    /// What lasts longer than its bound is called back.
    pub(super) fn hold_to_bounds(&mut self, job: &mut Job, context: &mut Context<'_>) {
        let at = context.position_frames;
        let mut recalled = Vec::new();
        for piece in &mut job.pieces {
            let Wait::Stream(most) = piece.state.wait() else {
                continue;
            };
            let most = (most.as_secs_f64() * f64::from(self.setup.sample_rate_hz)) as u64;
            if at.saturating_sub(piece.since_frames) > most {
                let step = piece.state.after(Event::DeadlineOver);
                piece.fault.get_or_insert_with(|| {
                    format!("it was {} for longer than it may be", piece.state.name())
                });
                (piece.state, piece.since_frames) = (step.state, at);
                recalled.push(piece.number);
            }
        }
        if !recalled.is_empty() && !context.rings.arrivals.is_full() {
            let change = Change {
                reversed: recalled,
                ..Change::default()
            };
            let pushed = context
                .rings
                .arrivals
                .push(Arrival::Change(Box::new(change)));
            debug_assert!(pushed.is_ok(), "there was room");
        }
    }
}
