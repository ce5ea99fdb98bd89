//! Wish: what was asked for, as soon as nothing else claims the stages it is about.
//!
//! In: commands. Out: answers at once, or jobs. What cannot begin is refused in a sentence.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TryRecvError};

use crate::id::StageId;
use crate::observe::{Cause, Receipt};
use crate::session::changes::job::{Claims, Job};
use crate::session::changes::{Changes, Context, Wish};
use crate::swap::ask::{Answer, Command, Swap, Target, Way};

/// What becomes of a wish.
pub(super) enum Begun {
    /// It is done.
    Done(Answer),
    /// It is under way.
    Job(Box<Job>),
    /// Its stage is being changed: it begins when that is over.
    Waits,
}

impl Changes {
    /// Takes requests; what needs no preparation is answered at once.
    pub(super) fn hear(&mut self, context: &mut Context<'_>) {
        loop {
            let Some(requests) = &self.requests else {
                return;
            };
            match requests.try_recv() {
                Ok(asked) => {
                    let wish = Wish {
                        command: asked.command,
                        cause: asked.cause,
                        answer: Some(asked.answer),
                        asked_at_frames: context.position_frames,
                    };
                    match claims(&wish.command) {
                        None => self.begin(wish, context),
                        Some(_) if self.is_closed => {
                            self.refuse(wish, "the input is over");
                        }
                        Some(_) => self.wishes.push_back(wish),
                    }
                }
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => self.requests = None,
            }
        }
    }

    /// Begins what nothing stands in the way of any more, in the order in which it was asked for.
    pub(super) fn begin_wishes(&mut self, context: &mut Context<'_>) {
        let mut waiting: Vec<Claims> = Vec::new();
        let wishes = std::mem::take(&mut self.wishes);
        for wish in wishes {
            let claims = claims(&wish.command);
            let jobs = self.jobs.iter().map(|job| &job.claims);
            let is_free = |claims: &Claims| {
                let mut all = jobs.clone().chain(&waiting);
                !all.any(|other| other.meet(claims))
            };
            match claims {
                Some(claims) if !is_free(&claims) => {
                    waiting.push(claims);
                    self.wishes.push_back(wish);
                }
                Some(_) | None => self.begin(wish, context),
            }
        }
    }

    fn begin(&mut self, wish: Wish, context: &mut Context<'_>) {
        let begun = self.begun(&wish, context);
        match begun {
            Ok(Begun::Done(answer)) => reply(wish.answer, answer),
            Ok(Begun::Job(mut job)) => {
                job.answer = wish.answer;
                self.jobs.push(*job);
            }
            Ok(Begun::Waits) => self.wishes.push_back(wish),
            Err(why) => self.refuse(wish, &why),
        }
    }

    fn refuse(&mut self, wish: Wish, why: &str) {
        let at = wish.asked_at_frames;
        self.refuse_unbegun(&wish.command, wish.cause, wish.answer, at, why);
    }

    /// Says that something was not even begun.
    pub(super) fn refuse_unbegun(
        &mut self,
        command: &Command,
        cause: Cause,
        answer: Option<SyncSender<Answer>>,
        asked_at_frames: u64,
        why: &str,
    ) {
        if let Some((action, stage)) = subject(command) {
            self.jobs_begun += 1;
            let receipt = Receipt {
                verdict: "refused".to_owned(),
                state: "aborted".to_owned(),
                reasons: why.lines().map(str::to_owned).collect(),
                ..self.receipt(self.jobs_begun, stage, action, cause, asked_at_frames)
            };
            self.file(receipt);
        }
        reply(answer, Answer::Refused(why.to_owned()));
    }

    fn begun(&mut self, wish: &Wish, context: &mut Context<'_>) -> Result<Begun, String> {
        Ok(match &wish.command {
            Command::Status => Begun::Done(Answer::Status(Box::new(self.status(context)))),
            Command::Pause => {
                self.is_paused = true;
                Begun::Done(Answer::Done("no further input is taken".to_owned()))
            }
            Command::Resume => {
                self.is_paused = false;
                Begun::Done(Answer::Done("input is taken again".to_owned()))
            }
            Command::Stop => {
                self.is_paused = false;
                self.is_stopped = true;
                let text = "the session ends; its output holds what came until then";
                Begun::Done(Answer::Done(text.to_owned()))
            }
            Command::Save => Begun::Done(self.save()?),
            Command::Set {
                stage,
                param,
                value,
            } => self.set((stage, param, value), wish, context)?,
            Command::Swap(swap) => Begun::Job(Box::new(self.swap(swap, wish, context)?)),
            Command::Bypass { stage, way } => {
                Begun::Job(Box::new(self.bypass(stage, *way, wish, context)?))
            }
            Command::Rollback { stage } => {
                Begun::Job(Box::new(self.rollback(stage, wish, context)?))
            }
            Command::Reload(way) => self.reload(*way, wish, context)?,
            Command::Edit { path } => self.edit(path, wish, context)?,
            Command::Reset { key } => self.reset(key.as_deref(), wish, context)?,
        })
    }
}

/// Which stages a command is about; `None` where it needs no preparation and waits for nobody.
pub(super) fn claims(command: &Command) -> Option<Claims> {
    let one = |id: &StageId| Some(Claims::Stages(vec![Arc::from(id.as_str())]));
    match command {
        Command::Status
        | Command::Set { .. }
        | Command::Save
        | Command::Pause
        | Command::Resume
        | Command::Stop => None,
        Command::Swap(Swap {
            target: Target::Stage(stage),
            ..
        })
        | Command::Bypass { stage, .. }
        | Command::Rollback { stage } => one(stage),
        Command::Swap(Swap {
            target: Target::Plugin(_),
            ..
        })
        | Command::Reload(_)
        | Command::Edit { .. }
        | Command::Reset { .. } => Some(Claims::Everything),
    }
}

/// What a receipt of a command is about, where one is written.
fn subject(command: &Command) -> Option<(&'static str, String)> {
    match command {
        Command::Swap(Swap {
            target: Target::Stage(stage),
            ..
        }) => Some(("swap", stage.to_string())),
        Command::Swap(Swap {
            target: Target::Plugin(plugin),
            ..
        }) => Some(("swap", plugin.to_string())),
        Command::Bypass {
            stage,
            way: Way::Bypassed,
        } => Some(("bypass", stage.to_string())),
        Command::Bypass {
            stage,
            way: Way::Processed,
        } => Some(("restore", stage.to_string())),
        Command::Rollback { stage } => Some(("rollback", stage.to_string())),
        Command::Set { stage, .. } => Some(("set", stage.to_string())),
        Command::Reload(_) | Command::Edit { .. } => Some(("reload", "*".to_owned())),
        Command::Reset { key } => Some(("reset", key.clone().unwrap_or_else(|| "*".to_owned()))),
        Command::Status | Command::Save | Command::Pause | Command::Resume | Command::Stop => None,
    }
}

/// Gives an answer to who waits for it.
pub(super) fn reply(to: Option<SyncSender<Answer>>, answer: Answer) {
    // Who asked may have left in the meantime.
    if let Some(to) = to {
        let _ = to.try_send(answer);
    }
}
