//! Prepare: what a thread of its own is given to make the instances of a change, and what it gives
//! back.
//!
//! In: what is wanted, with everything that is known of the stages. Out: instances that are ready
//! to be sent. How the one becomes the other says `preparation`.

use std::collections::BTreeMap;
use std::sync::Arc;

use segue_plugin::link::Processor;

use crate::config::mistake::Mistakes;
use crate::config::model::{Config, PartConfig};
use crate::config::source::Spanned;
use crate::config::values::{ParamValues, SettingValues};
use crate::config::words::SwapState;
use crate::id::ComponentAddress;
use crate::observe::StepTime;
use crate::pipeline::History;
use crate::session::candidacy::IntoProcessors;
use crate::session::candidate::{Prepared, ResolveRequest, ResolvedStage, ValueOrigin};
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
    /// What is wrong with stages of which nothing is to be prepared.
    pub(super) mistakes: Mistakes,
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
