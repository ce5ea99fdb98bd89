//! Preparation: the instances of a change, made on a thread of its own.
//!
//! In: what is wanted, and everything that runs. Out: a change under way; then, on that thread,
//! instances that are ready to be sent, or why there are none: what was made until then is ended
//! here.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::mistake::{Mistake, Mistakes};
use crate::config::model::Config;
use crate::config::words::{SwapState, SwapTail};
use crate::observe::ChangeAction;
use crate::session::candidacy::{Candidacy, clock};
use crate::session::candidate::{
    self, CurrentStage, Implementation, PrepareRequest, Prepared, Refused, ResolveRequest,
    ResolveScope, ValueOrigin,
};
use crate::session::changes::ChangeRequest;
use crate::session::changes::machine::{ChangeMachine, Planner};
use crate::session::changes::past::OfStage;
use crate::session::changes::prepare::{Preparation, Ready, StageFill, StageTerms};
use crate::session::changes::refusal::Refusal;
use crate::session::changes::requests::claims;
use crate::session::changes::underway::{Adoption, ChangeUnderway, Claims, Purpose, States};
use crate::session::context::Context;
use crate::session::running_stages::{RunningStage, address};
use crate::swap::ask::{HeardSignal, Insert};
use crate::swap::table::State;

/// Whether what bypassed stages would run counts as running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bypasses {
    /// It does: they are heard with it again.
    Told,
    /// It does not: nobody hears it.
    LeftOut,
}

impl Planner<'_> {
    /// What resolution is asked.
    pub(super) fn resolve_request(&self, scope: ResolveScope, config: &Config) -> ResolveRequest {
        let current_stages = match scope {
            ResolveScope::Stages(_) => self.current_stages(Bypasses::Told),
            ResolveScope::Plugin { .. } => self.current_stages(Bypasses::LeftOut),
        };
        let opened = &self.setup.plugins.opened;
        let listeners = self.stages.bindings();
        let fallbacks = listeners
            .stages
            .iter()
            .filter_map(|bound| bound.fallback.as_deref());
        let others = listeners
            .taps
            .iter()
            .chain(&listeners.decides)
            .chain(fallbacks);
        let others = others.filter_map(|bound| opened.get(&bound.plugin).cloned());
        let require = config.plugins.require.iter();
        let require = require.map(|(id, versions)| (id.value.clone(), versions.value.clone()));
        ResolveRequest {
            scope,
            current: current_stages.collect(),
            others: others.collect(),
            require: require.collect(),
            search: None,
        }
    }

    /// Every stage as it runs.
    pub(super) fn current_stages(&self, bypasses: Bypasses) -> impl Iterator<Item = CurrentStage> {
        self.stages.iter().map(move |(_, running)| {
            let is_told = running.heard == HeardSignal::Processed || bypasses == Bypasses::Told;
            CurrentStage {
                stage: running.id.to_string(),
                component: address(running.bound()),
                library: is_told.then(|| running.library()),
            }
        })
    }

    pub(super) fn preparation(
        &self,
        (config, resolve_request, fills): (
            Arc<Config>,
            Option<ResolveRequest>,
            Vec<(String, StageFill)>,
        ),
    ) -> Preparation {
        Preparation {
            plugins: Arc::clone(&self.setup.plugins),
            terms: self.stage_terms(&config),
            mistakes: config.mistakes(),
            config,
            resolve_request,
            fills,
            replay: None,
        }
    }

    /// What is known of every stage that runs.
    pub(super) fn stage_terms(&self, config: &Config) -> BTreeMap<String, StageTerms> {
        let terms = |(number, running): (usize, &RunningStage)| {
            let stage = config.stage(&running.id);
            let part = stage.map_or_else(|| running.part.clone(), |stage| stage.part.clone());
            let state = stage.map(|stage| stage.swap.state.value);
            let rings = stage.is_some_and(|stage| stage.swap.tail.value == SwapTail::Ring);
            let history = self.setup.histories.of(number);
            let values = self.values(running, config);
            let terms = StageTerms {
                placement: running.placement(),
                part,
                values,
                old: (running.heard == HeardSignal::Processed).then(|| running.recipe.clone()),
                state: state.unwrap_or(SwapState::Handoff),
                // One that begins beside an old tail begins fresh.
                history: history.filter(|_| !rings),
            };
            (running.id.to_string(), terms)
        };
        self.stages.iter().map(terms).collect()
    }

    /// Whether the values of a stage were written for the component that fills it.
    pub(super) fn values(&self, running: &RunningStage, config: &Config) -> ValueOrigin {
        let of = |config: &Config| {
            let stage = config.stage(&running.id);
            stage.map(|stage| stage.part.component.value.clone())
        };
        match of(&self.configurations.file) == of(config) {
            true => ValueOrigin::Own,
            false => ValueOrigin::OfAnother,
        }
    }
}

impl Preparation {
    /// Prepares all of it, or nothing. Thread: any but audio.
    pub(super) fn prepare(mut self) -> Result<Ready, Refused> {
        let mut ready = Ready {
            prepared: Vec::new(),
            notes: Vec::new(),
            steps: Vec::new(),
        };
        let mut fills = Vec::new();
        if let Some(resolve_request) = &self.resolve_request {
            let resolved = candidate::resolve(&self.plugins.opener, resolve_request)
                .map_err(|why| all(self.mistakes.clone(), vec![why]))?;
            ready.notes = resolved.rejected;
            ready.steps = resolved.steps;
            for found in resolved.stages {
                fills.push((found.stage.clone(), StageFill::Library(found)));
            }
        }
        let own = std::mem::take(&mut self.fills).into_iter();
        fills.extend(own.filter(|(_, fill)| !matches!(fill, StageFill::Resolved)));
        let requests = fills.into_iter().map(|(stage, fill)| self.one(stage, fill));
        let requests: Vec<_> = requests.collect::<Result<_, _>>()?;
        self.judge(&requests)?;
        for request in requests {
            match candidate::prepare(request) {
                Ok(one) => ready.prepared.push(one),
                Err(refused) => {
                    ready.prepared.into_iter().for_each(Prepared::end);
                    return Err(refused);
                }
            }
        }
        Ok(ready)
    }

    /// Judges all stages before the first instance is made, so that every mistake is told at once.
    fn judge(&self, requests: &[PrepareRequest]) -> Result<(), Refused> {
        let refusals = requests
            .iter()
            .filter_map(|one| candidate::judge(one).err());
        let refusals: Vec<_> = refusals.collect();
        match self.mistakes.has_errors() || !refusals.is_empty() {
            true => Err(all(self.mistakes.clone(), refusals)),
            false => Ok(()),
        }
    }

    /// What is wanted of one stage.
    fn one(&self, stage: String, fill: StageFill) -> Result<PrepareRequest, Refused> {
        let Some(terms) = self.terms.get(&stage).cloned() else {
            return Err(Refused::Text(format!("there is no stage `{stage}`")));
        };
        let implementation = match fill {
            StageFill::Library(found) => Implementation::Component {
                found,
                part: terms.part,
                values: terms.values,
            },
            StageFill::Bypass | StageFill::Resolved => Implementation::Bypass,
        };
        let replay = self.replay.as_ref();
        let replayed = replay.and_then(|replay| replay.fade(&stage)).cloned();
        let past = terms.history.map(|history| Box::new(OfStage(history)) as _);
        Ok(PrepareRequest {
            stage,
            implementation,
            config: Arc::clone(&self.config),
            placement: terms.placement,
            old: terms.old,
            state: terms.state,
            past,
            replayed,
        })
    }
}

/// All that is wrong as one refusal.
fn all(mut mistakes: Mistakes, refusals: Vec<Refused>) -> Refused {
    let mut texts = Vec::new();
    for refusal in refusals {
        match refusal {
            Refused::Mistakes(found) => mistakes.extend(found),
            Refused::Text(text) => texts.push(text),
        }
    }
    if !mistakes.has_errors() {
        return Refused::Text(texts.join("\n"));
    }
    for text in texts {
        mistakes.push(match text.split_once('\n') {
            Some((first, rest)) => Mistake::nowhere(first).note(rest),
            None => Mistake::nowhere(text),
        });
    }
    Refused::Mistakes(mistakes)
}

impl ChangeMachine {
    /// A change whose instances are being made.
    pub(super) fn begin_underway(
        &mut self,
        action: ChangeAction,
        request: &ChangeRequest,
        context: &Context<'_>,
        plan: (
            Arc<Config>,
            Option<ResolveRequest>,
            Vec<(String, StageFill)>,
        ),
    ) -> Result<ChangeUnderway, Refusal> {
        let preparation = self.planner().preparation(plan);
        self.begin_prepared(action, request, context, preparation)
    }

    /// As [`begin_underway`](Self::begin_underway), of what was put together already.
    pub(super) fn begin_prepared(
        &mut self,
        action: ChangeAction,
        request: &ChangeRequest,
        context: &Context<'_>,
        mut preparation: Preparation,
    ) -> Result<ChangeUnderway, Refusal> {
        preparation.replay.clone_from(&request.replay);
        let (at, longest) = (context.position_frames, clock(State::Preparing));
        let candidacy = Candidacy::begin(None, at, longest, move || preparation.prepare());
        let candidacy = candidacy.map_err(Refusal::Missed)?;
        Ok(self.new_underway(action, request, context, candidacy))
    }

    /// A change whose instances are on their way.
    pub(super) fn new_underway(
        &mut self,
        action: ChangeAction,
        request: &ChangeRequest,
        context: &Context<'_>,
        candidacy: Candidacy<Ready>,
    ) -> ChangeUnderway {
        ChangeUnderway {
            number: self.receipts.next_number(),
            cause: request.cause.clone(),
            answer: None,
            action,
            claims: claims(&request.command).unwrap_or(Claims::Everything),
            insert: Insert::Refused,
            purpose: Purpose::Change,
            candidacy,
            stage_changes: Vec::new(),
            adoption: Adoption::default(),
            asked_at_frames: request.asked_at_frames,
            replay: request.replay.clone(),
            late_blocks: context.late_blocks,
            states: States::default(),
            asking: None,
            steps: Vec::new(),
            notes: Vec::new(),
            further: Vec::new(),
            removed: Vec::new(),
            inserted_frames: 0,
            applied_at_frames: None,
            over_at_frames: None,
            exchange_ns: 0,
        }
    }
}
