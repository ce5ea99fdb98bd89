//! Requests: what was asked for, begun as soon as nothing else claims the stages it is about.
//!
//! In: commands. Out: what is returned at once, or changes that begin. What cannot begin is refused
//! in a sentence.

use std::sync::mpsc::TryRecvError;

use crate::id::StageId;
use crate::observe::{ChangeAction, ChangeState, ChangeVerdict, Receipt};
use crate::session::changes::conclude::{receipt, reply};
use crate::session::changes::files::FileWork;
use crate::session::changes::measure::Measure;
use crate::session::changes::refusal::Refusal;
use crate::session::changes::replayed::{Unlike, difference};
use crate::session::changes::underway::{ChangeUnderway, Claims};
use crate::session::changes::{ChangeRequest, Changes};
use crate::session::context::Context;
use crate::swap::ask::{Answer, Command, HeardSignal, Reload, Swap, Target};

/// What becomes of a request.
pub(super) enum Begun {
    /// It is done.
    Done(Answer),
    /// It is done, and its receipt waits for the signal it is about.
    Measured(Box<Measure>),
    /// It is under way.
    Underway(Box<ChangeUnderway>),
    /// Its file is being read or written.
    Files(FileWork),
    /// Its stage is being changed: it begins when that is over.
    Waits,
}

impl Changes {
    /// Takes requests; what needs no preparation is answered at once.
    pub(in crate::session) fn hear(&mut self, context: &mut Context<'_>) {
        loop {
            let Some(requests) = &self.queue else {
                return;
            };
            match requests.try_recv() {
                Ok(asked) => {
                    let request = ChangeRequest {
                        command: asked.command,
                        cause: asked.cause,
                        answer: Some(asked.answer),
                        asked_at_frames: context.position_frames,
                        replay: None,
                    };
                    match claims(&request.command) {
                        None => self.begin(request, context),
                        Some(_) if self.machine.is_closed => {
                            self.refuse(request, &Refusal::InputOver);
                        }
                        Some(_) => self.waiting.push_back(request),
                    }
                }
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => self.queue = None,
            }
        }
    }

    /// Begins what nothing stands in the way of any more, in the order in which it was asked for.
    pub(super) fn begin_waiting(&mut self, context: &mut Context<'_>) {
        let mut claimed: Vec<Claims> = Vec::new();
        let requests = std::mem::take(&mut self.waiting);
        for request in requests {
            let claims = claims(&request.command);
            let changes_underway = self
                .machine
                .changes_underway
                .iter()
                .map(|underway| &underway.claims);
            let is_free = |claims: &Claims| {
                let mut all = changes_underway.clone().chain(&claimed);
                self.files.is_none() && !all.any(|other| other.meet(claims))
            };
            match claims {
                Some(claims) if !is_free(&claims) => {
                    claimed.push(claims);
                    self.waiting.push_back(request);
                }
                Some(_) | None => self.begin(request, context),
            }
        }
    }

    fn begin(&mut self, request: ChangeRequest, context: &mut Context<'_>) {
        let begun = self.begun(&request, context);
        self.proceed(request, begun, context);
    }

    /// Goes on with a request as far as it has come.
    pub(super) fn proceed(
        &mut self,
        request: ChangeRequest,
        begun: Result<Begun, Refusal>,
        context: &mut Context<'_>,
    ) {
        match begun {
            Ok(Begun::Done(answer)) => {
                compare_at_once(&mut self.machine.receipts.unlike, &request, &answer);
                reply(request.answer, answer);
            }
            Ok(Begun::Measured(mut measure)) => {
                measure.answer = request.answer;
                measure.replay = request.replay;
                self.measures.push(*measure);
            }
            Ok(Begun::Underway(mut underway)) => {
                underway.answer = request.answer;
                self.machine.changes_underway.push(*underway);
            }
            Ok(Begun::Files(task)) => self.hold_for_files(request, task, context),
            Ok(Begun::Waits) => self.waiting.push_back(request),
            Err(why) => self.refuse(request, &why),
        }
    }

    /// What waits does not begin any more.
    pub(super) fn end_waiting(&mut self, why: &Refusal) {
        for request in std::mem::take(&mut self.waiting) {
            self.refuse(request, why);
        }
    }

    /// Says that something was not even begun.
    pub(super) fn refuse(&mut self, request: ChangeRequest, why: &Refusal) {
        let ChangeRequest {
            command,
            cause,
            answer,
            asked_at_frames,
            ..
        } = request;
        if let Some((action, stage)) = subject(&command) {
            let number = self.machine.receipts.next_number();
            let receipt = Receipt {
                verdict: ChangeVerdict::Refused,
                state: ChangeState::Aborted,
                reasons: why.lines(),
                mistakes: why.mistakes(),
                ..receipt(number, (stage, action), cause, asked_at_frames)
            };
            self.machine.receipts.file(receipt);
        }
        reply(answer, Answer::Refused(why.to_string()));
    }

    fn begun(
        &mut self,
        request: &ChangeRequest,
        context: &mut Context<'_>,
    ) -> Result<Begun, Refusal> {
        Ok(match &request.command {
            Command::Status => Begun::Done(Answer::Status(Box::new(self.status(context)))),
            Command::Pause => self.pause(),
            Command::Resume => {
                self.is_paused = false;
                Begun::Done(Answer::Done("input is taken again".to_owned()))
            }
            Command::Stop => self.stop(),
            Command::Save => self.save()?,
            Command::Set {
                stage,
                param,
                value,
            } => self.set((stage, param, value), request, context)?,
            Command::Swap(swap) => Begun::Underway(Box::new(self.swap(swap, request, context)?)),
            Command::Bypass { stage, way } => {
                Begun::Underway(Box::new(self.bypass(stage, *way, request, context)?))
            }
            Command::Rollback { stage } => {
                Begun::Underway(Box::new(self.rollback(stage, request, context)?))
            }
            Command::Reload(_) => self.reread(None)?,
            Command::Edit { path } => self.reread(Some(path.clone()))?,
            Command::Reset { key } => self.reset(key.as_deref(), request, context)?,
        })
    }

    fn pause(&mut self) -> Begun {
        self.is_paused = true;
        let machine = &mut self.machine;
        self.measures
            .pause(&machine.setup.histories, &mut machine.receipts);
        Begun::Done(Answer::Done("no further input is taken".to_owned()))
    }

    /// A session that is paused ends, too.
    fn stop(&mut self) -> Begun {
        self.is_paused = false;
        self.is_stopped = true;
        let text = "the session ends; its output holds what came until then";
        Begun::Done(Answer::Done(text.to_owned()))
    }
}

/// Which stages a command is about; `None` where it needs no preparation and waits for nobody.
pub(super) fn claims(command: &Command) -> Option<Claims> {
    let one = |id: &StageId| Some(Claims::Stages(vec![id.clone()]));
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
fn subject(command: &Command) -> Option<(ChangeAction, String)> {
    match command {
        Command::Swap(Swap {
            target: Target::Stage(stage),
            ..
        }) => Some((ChangeAction::Swap, stage.to_string())),
        Command::Swap(Swap {
            target: Target::Plugin(plugin),
            ..
        }) => Some((ChangeAction::Swap, plugin.to_string())),
        Command::Bypass {
            stage,
            way: HeardSignal::Bypassed,
        } => Some((ChangeAction::Bypass, stage.to_string())),
        Command::Bypass {
            stage,
            way: HeardSignal::Processed,
        } => Some((ChangeAction::Restore, stage.to_string())),
        Command::Rollback { stage } => Some((ChangeAction::Rollback, stage.to_string())),
        Command::Set { stage, .. } => Some((ChangeAction::Set, stage.to_string())),
        Command::Reload(Reload::Apply(_)) | Command::Edit { .. } => {
            Some((ChangeAction::Reload, "*".to_owned()))
        }
        Command::Reset { key } => Some((
            ChangeAction::Reset,
            key.clone().unwrap_or_else(|| "*".to_owned()),
        )),
        Command::Reload(Reload::DryRun(_))
        | Command::Status
        | Command::Save
        | Command::Pause
        | Command::Resume
        | Command::Stop => None,
    }
}

/// Holds what is done at once against what a timeline says of it.
fn compare_at_once(unlike: &mut Unlike, request: &ChangeRequest, answer: &Answer) {
    let (Some(replay), Some((action, stage))) = (&request.replay, subject(&request.command)) else {
        return;
    };
    let found = match answer {
        Answer::Changed(receipts) => difference(replay, receipts),
        Answer::Done(text) => Some(format!("{text}, expected a change")),
        Answer::Status(_) | Answer::Planned(_) | Answer::Refused(_) => None,
    };
    if let Some(found) = found {
        unlike.tell((action, &stage), &request.cause.who, &found);
    }
}
