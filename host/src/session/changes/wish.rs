//! Wish: what was asked for, as soon as nothing else claims the stages it is about.
//!
//! In: commands. Out: answers at once, or jobs. What cannot begin is refused in a sentence.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TryRecvError};
use std::time::Duration;

use semver::VersionReq;

use crate::config::model::Config;
use crate::config::nearest::{did_you_mean, listed};
use crate::config::overrides::{OverrideKey, Reset};
use crate::config::words::{SwapState, SwapTail};
use crate::id::{ComponentAddress, PluginId, StageId};
use crate::loading::begin;
use crate::observe::{Cause, Receipt};
use crate::session::candidate::{Aim, Question, Runs, Standing, Values, Wish as Bind};
use crate::session::cast::{Heard, Member, address};
use crate::session::changes::edit::Landing;
use crate::session::changes::job::{Claims, Job, Phase};
use crate::session::changes::prepare::{Blueprint, Known, With};
use crate::session::changes::{Changes, Context, Wish};
use crate::swap::ask::{Answer, Command, Insert, Swap, Target, Way};

/// How long finding, opening and making the instances of one change may take.
const PREPARE_DEADLINE: Duration = Duration::from_secs(60);

/// The signal that `stop` is taken as.
const SIGTERM: usize = 15;

/// What becomes of a wish.
pub(super) enum Begun {
    /// It is done.
    Done(Answer),
    /// It is under way.
    Job(Box<Job>),
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
                self.setup.stop.store(SIGTERM, Ordering::Relaxed);
                Begun::Done(Answer::Done("the session ends".to_owned()))
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

    /// Another instance for one stage, or for all of a plugin.
    fn swap(&mut self, swap: &Swap, wish: &Wish, context: &Context<'_>) -> Result<Job, String> {
        let versions = swap.versions.clone();
        let mut landing = Landing::default();
        let (aim, wanted) = match &swap.target {
            Target::Stage(id) => {
                let member = self.member(id)?;
                let now = address(member.bound());
                let component = swap.component.clone().unwrap_or(now.clone());
                if !same_component(&component, member) {
                    let key = OverrideKey::Component { stage: id.clone() };
                    landing.set(key, component.to_string(), wish);
                }
                if let Some(versions) = &versions {
                    let key = OverrideKey::Version { stage: id.clone() };
                    landing.set(key, versions.to_string(), wish);
                }
                let bind = Bind {
                    stage: id.to_string(),
                    component,
                    versions,
                };
                (
                    Aim::Stages(vec![bind]),
                    vec![(id.to_string(), With::Resolved)],
                )
            }
            Target::Plugin(id) => (self.plugin(id, versions)?, Vec::new()),
        };
        let config = self.running.after(&landing)?.config;
        let question = self.question(aim, &config);
        let job = self.job("swap", wish, context, (config, Some(question), wanted))?;
        Ok(Job {
            insert: swap.insert,
            landing,
            ..job
        })
    }

    /// Every stage of a plugin that runs.
    fn plugin(&self, id: &PluginId, versions: Option<VersionReq>) -> Result<Aim, String> {
        let mut plugins: Vec<_> = self
            .cast
            .members()
            .map(|(_, member)| member.bound().plugin.to_string())
            .collect();
        if plugins.contains(&id.to_string()) {
            let id = id.clone();
            return Ok(Aim::Plugin { id, versions });
        }
        plugins.sort_unstable();
        plugins.dedup();
        let names = || plugins.iter().map(String::as_str);
        Err(unknown(
            &format!("no stage is filled by `{id}`"),
            id.as_str(),
            "plugins",
            names,
        ))
    }

    /// The input instead of the output, or the output again.
    fn bypass(
        &mut self,
        stage: &StageId,
        way: Way,
        wish: &Wish,
        context: &Context<'_>,
    ) -> Result<Job, String> {
        let member = self.member(stage)?;
        let (action, with) = match (way, member.heard) {
            (Way::Bypassed, Heard::Processed) => ("bypass", With::Bypass),
            (Way::Processed, Heard::Bypassed) => ("restore", With::Found(member.found())),
            (Way::Bypassed, Heard::Bypassed) => {
                return Err(format!("stage `{stage}` is bypassed already"));
            }
            (Way::Processed, Heard::Processed) => {
                return Err(format!("stage `{stage}` is not bypassed"));
            }
        };
        let key = OverrideKey::Bypass {
            stage: stage.clone(),
        };
        let mut landing = Landing::default();
        match way {
            Way::Bypassed => landing.set(key, "true".to_owned(), wish),
            Way::Processed => landing.resets.push(Reset::Key(key)),
        }
        let config = self.running.after(&landing)?.config;
        let wanted = vec![(stage.to_string(), with)];
        let job = self.job(action, wish, context, (config, None, wanted))?;
        Ok(Job { landing, ..job })
    }

    /// What the stage was before its last swap.
    fn rollback(
        &mut self,
        stage: &StageId,
        wish: &Wish,
        context: &Context<'_>,
    ) -> Result<Job, String> {
        let member = self.member(stage)?;
        let Some(before) = &member.before else {
            return Err(format!(
                "stage `{stage}` was not swapped, so there is nothing to go back to"
            ));
        };
        if before.until_frames < context.position_frames {
            return Err(format!(
                "what stage `{stage}` was before is no longer kept at hand; `swap.rollback` of the \
                 stage says for how long"
            ));
        }
        let with = before.found.clone().map_or(With::Bypass, With::Found);
        let part = before.part.clone();
        let config = Arc::clone(&self.running.config);
        let wanted = vec![(stage.to_string(), with)];
        let mut blueprint = self.blueprint((config, None, wanted));
        if let Some(known) = blueprint.known.get_mut(stage.as_str()) {
            known.part = part;
            known.values = Values::OfAnother;
        }
        self.begin_job("rollback", wish, context, blueprint)
    }

    pub(super) fn member(&self, id: &StageId) -> Result<&Member, String> {
        let number = self.cast.number(id.as_str());
        let member = number.and_then(|number| self.cast.member(number));
        let ids: Vec<_> = self
            .cast
            .members()
            .map(|(_, one)| one.id.to_string())
            .collect();
        member.ok_or_else(|| {
            unknown(
                &format!("there is no stage `{id}`"),
                id.as_str(),
                "stages",
                || ids.iter().map(String::as_str),
            )
        })
    }

    /// What resolution is asked.
    pub(super) fn question(&self, aim: Aim, config: &Config) -> Question {
        let standing = self.cast.members().map(|(_, member)| Standing {
            stage: member.id.to_string(),
            component: address(member.bound()),
            runs: Some(member.runs()),
        });
        let opened = &self.setup.plugins.opened;
        let listeners = self.cast.bindings();
        let fallbacks = listeners
            .stages
            .iter()
            .filter_map(|bound| bound.fallback.as_deref());
        let others = listeners
            .taps
            .iter()
            .chain(&listeners.decides)
            .chain(fallbacks);
        let others = others.filter_map(|bound| {
            let (generation, providers) = opened.get(&bound.plugin)?;
            Some(Runs {
                generation: Arc::clone(generation),
                providers: Arc::clone(providers),
            })
        });
        let require = config.plugins.require.iter();
        let require = require.map(|(id, versions)| (id.value.clone(), versions.value.clone()));
        Question {
            aim,
            standing: standing.collect(),
            others: others.collect(),
            require: require.collect(),
        }
    }

    /// A job whose instances are being made.
    pub(super) fn job(
        &mut self,
        action: &'static str,
        wish: &Wish,
        context: &Context<'_>,
        plan: (Arc<Config>, Option<Question>, Vec<(String, With)>),
    ) -> Result<Job, String> {
        let blueprint = self.blueprint(plan);
        self.begin_job(action, wish, context, blueprint)
    }

    /// As [`job`](Self::job), with stages that do not run yet.
    pub(super) fn job_knowing(
        &mut self,
        action: &'static str,
        wish: &Wish,
        context: &Context<'_>,
        plan: (Arc<Config>, Option<Question>, Vec<(String, With)>),
        known: BTreeMap<String, Known>,
    ) -> Result<Job, String> {
        let blueprint = Blueprint {
            known,
            ..self.blueprint(plan)
        };
        self.begin_job(action, wish, context, blueprint)
    }

    pub(super) fn begin_job(
        &mut self,
        action: &'static str,
        wish: &Wish,
        context: &Context<'_>,
        blueprint: Blueprint,
    ) -> Result<Job, String> {
        let preparing = begin(PREPARE_DEADLINE, move || blueprint.prepare());
        let preparing = preparing.map_err(|missed| format!("the change {missed}"))?;
        self.jobs_begun += 1;
        Ok(Job {
            number: self.jobs_begun,
            cause: wish.cause.clone(),
            answer: None,
            action,
            claims: claims(&wish.command).unwrap_or(Claims::Everything),
            insert: Insert::Refused,
            phase: Phase::Preparing(preparing),
            pieces: Vec::new(),
            landing: Landing::default(),
            asked_at_frames: wish.asked_at_frames,
            late_blocks: context.late_blocks,
            steps: Vec::new(),
            notes: Vec::new(),
            further: Vec::new(),
            removed: Vec::new(),
            inserted_frames: 0,
            over_at_frames: None,
            exchange_ns: 0,
            is_back: false,
        })
    }

    fn blueprint(
        &self,
        (config, question, wanted): (Arc<Config>, Option<Question>, Vec<(String, With)>),
    ) -> Blueprint {
        Blueprint {
            plugins: Arc::clone(&self.setup.plugins),
            known: self.known(&config),
            config,
            question,
            wanted,
        }
    }

    /// What is known of every stage that runs.
    pub(super) fn known(&self, config: &Config) -> BTreeMap<String, Known> {
        let known = |(number, member): (usize, &Member)| {
            let stage = config
                .stages
                .iter()
                .find(|one| *one.id.value.as_str() == *member.id);
            let part = stage.map_or_else(|| member.part.clone(), |stage| stage.part.clone());
            let state = stage.map(|stage| stage.swap.state.value);
            let rings = stage.is_some_and(|stage| stage.swap.tail.value == SwapTail::Ring);
            let history = self.setup.histories.get(number).cloned().flatten();
            let values = self.values(member, config);
            let known = Known {
                spot: member.spot(),
                part,
                values,
                old: (member.heard == Heard::Processed).then(|| member.bound().clone()),
                state: state.unwrap_or(SwapState::Handoff),
                // One that begins beside an old tail begins fresh.
                history: history.filter(|_| !rings),
            };
            (member.id.to_string(), known)
        };
        self.cast.members().map(known).collect()
    }

    /// Whether the values of a stage were written for the component that fills it.
    fn values(&self, member: &Member, config: &Config) -> Values {
        let of = |config: &Config| {
            let mut stages = config.stages.iter();
            let stage = stages.find(|one| *one.id.value.as_str() == *member.id);
            stage.map(|stage| stage.part.component.value.clone())
        };
        match of(&self.running.file) == of(config) {
            true => Values::Own,
            false => Values::OfAnother,
        }
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

fn same_component(wanted: &ComponentAddress, member: &Member) -> bool {
    let bound = member.bound();
    let component = wanted
        .component()
        .is_none_or(|name| name == bound.component.name);
    *wanted.plugin() == bound.plugin && component
}

fn unknown<'a, N: Iterator<Item = &'a str>>(
    what: &str,
    word: &str,
    kind: &str,
    names: impl Fn() -> N,
) -> String {
    let found = did_you_mean(word, names());
    let found = found.map_or_else(String::new, |found| format!("; {found}"));
    format!("{what}; the {kind} are {}{found}", listed(names()))
}
