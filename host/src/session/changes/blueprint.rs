//! Blueprint: what a thread of its own is given to make instances from.
//!
//! In: what is wanted, and everything that runs. Out: a job under way.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::config::model::Config;
use crate::config::words::{SwapState, SwapTail};
use crate::loading::begin;
use crate::session::candidate::{Aim, Question, Runs, Standing, Values};
use crate::session::cast::{Heard, Member, address};
use crate::session::changes::job::{Claims, Job, Phase};
use crate::session::changes::landing::Landing;
use crate::session::changes::prepare::{Blueprint, Known, With};
use crate::session::changes::wish::claims;
use crate::session::changes::{Changes, Context, Wish};
use crate::swap::ask::Insert;

/// How long finding, opening and making the instances of one change may take.
const PREPARE_DEADLINE: Duration = Duration::from_secs(60);

/// Whether what bypassed stages would run counts as running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bypasses {
    /// It does: they are heard with it again.
    Told,
    /// It does not: nobody hears it.
    LeftOut,
}

impl Changes {
    /// What resolution is asked.
    pub(super) fn question(&self, aim: Aim, config: &Config) -> Question {
        let standing = match aim {
            Aim::Stages(_) => self.standing(Bypasses::Told),
            Aim::Plugin { .. } => self.standing(Bypasses::LeftOut),
        };
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

    /// Every stage as it runs.
    pub(super) fn standing(&self, bypasses: Bypasses) -> impl Iterator<Item = Standing> {
        self.cast.members().map(move |(_, member)| {
            let is_told = member.heard == Heard::Processed || bypasses == Bypasses::Told;
            Standing {
                stage: member.id.to_string(),
                component: address(member.bound()),
                runs: is_told.then(|| member.runs()),
            }
        })
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

    pub(super) fn blueprint(
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
