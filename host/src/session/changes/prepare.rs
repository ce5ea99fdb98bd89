//! Prepare: the part of a change that runs on a thread of its own.
//!
//! In: what is wanted, with everything that is known of the stages. Out: instances that are ready
//! to be sent, or why there are none; what was made until then is ended here.

use std::collections::BTreeMap;
use std::sync::Arc;

use segue_plugin::link::Processor;

use crate::config::model::{Config, PartConfig};
use crate::config::source::Spanned;
use crate::config::values::{ParamValues, SettingValues};
use crate::config::words::SwapState;
use crate::id::ComponentAddress;
use crate::observe::StepTime;
use crate::pipeline::History;
use crate::session::candidacy::IntoProcessors;
use crate::session::candidate::{
    self, Implementation, PrepareRequest, Prepared, Refused, ResolveRequest, ResolvedStage,
    ValueOrigin,
};
use crate::session::changes::past::OfStage;
use crate::session::instance::{Placement, Recipe};
use crate::session::open::Plugins;
use crate::swap::ask::Replay;

/// Everything that is known of a stage that may be prepared.
#[derive(Clone)]
pub(super) struct StageTerms {
    /// What it has to fit.
    pub(super) placement: Placement,
    /// Its parameters and settings, overrides applied.
    pub(super) part: PartConfig,
    /// Whether they were written for the component that is wanted.
    pub(super) values: ValueOrigin,
    /// How what is heard now was made.
    pub(super) old: Option<Recipe>,
    /// What its `swap.state` says.
    pub(super) state: SwapState,
    /// What it read of late.
    pub(super) history: Option<Arc<History>>,
}

impl StageTerms {
    /// What is known of the fallback of such a stage: it has the defaults of its parameters.
    pub(super) fn fallback(&self, component: Spanned<ComponentAddress>) -> Self {
        Self {
            part: PartConfig {
                span: component.span,
                component,
                params: ParamValues::default(),
                settings: SettingValues::default(),
            },
            values: ValueOrigin::Own,
            ..self.clone()
        }
    }
}

/// What a stage is to be filled with.
#[derive(Clone)]
pub(super) enum StageFill {
    /// What resolution finds for it.
    Resolved,
    /// A library that is open already.
    Library(ResolvedStage),
    /// The built-in pass-through.
    Bypass,
}

/// Everything that is to be prepared as one.
pub(super) struct Preparation {
    pub(super) plugins: Arc<Plugins>,
    pub(super) config: Arc<Config>,
    /// What is to be resolved, if anything is.
    pub(super) resolve_request: Option<ResolveRequest>,
    /// The stages that are named, and with what; those that resolution adds are `Resolved`.
    pub(super) fills: Vec<(String, StageFill)>,
    /// Every stage, by id.
    pub(super) terms: BTreeMap<String, StageTerms>,
    /// How it came about in a run that is replayed.
    pub(super) replay: Option<Arc<Replay>>,
}

/// What came of it.
pub(super) struct Ready {
    /// The instances, each after those whose plugin its own uses.
    pub(super) prepared: Vec<Prepared>,
    /// What a reader of the receipts should know.
    pub(super) notes: Vec<String>,
    /// What it took to find the versions.
    pub(super) steps: Vec<StepTime>,
}

impl IntoProcessors for Ready {
    fn into_processors(self) -> Vec<Processor> {
        let prepared = self.prepared.into_iter();
        prepared.map(|one| one.made.occupant.processor).collect()
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
            let resolved = candidate::resolve(&self.plugins.opener, resolve_request)?;
            ready.notes = resolved.rejected;
            ready.steps = resolved.steps;
            for found in resolved.stages {
                fills.push((found.stage.clone(), StageFill::Library(found)));
            }
        }
        let own = std::mem::take(&mut self.fills).into_iter();
        fills.extend(own.filter(|(_, fill)| !matches!(fill, StageFill::Resolved)));
        for (stage, fill) in fills {
            match self.one(&stage, fill) {
                Ok(one) => ready.prepared.push(one),
                Err(refused) => {
                    ready.prepared.into_iter().for_each(Prepared::end);
                    return Err(refused);
                }
            }
        }
        Ok(ready)
    }

    fn one(&self, stage: &str, fill: StageFill) -> Result<Prepared, Refused> {
        let Some(terms) = self.terms.get(stage).cloned() else {
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
        let replayed = replay.and_then(|replay| replay.fade(stage)).cloned();
        let past = terms.history.map(|history| Box::new(OfStage(history)) as _);
        candidate::prepare(PrepareRequest {
            stage: stage.to_owned(),
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
