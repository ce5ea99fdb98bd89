//! Prepare: the part of a change that runs on a thread of its own.
//!
//! In: what is wanted, with everything that is known of the stages. Out: instances that are ready
//! to be sent, or why there are none; what was made until then is ended here.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::model::{Config, Part};
use crate::config::source::Spanned;
use crate::config::values::{ParamValues, SettingValues};
use crate::config::words::SwapState;
use crate::id::ComponentAddress;
use crate::observe::StepTime;
use crate::pipeline::History;
use crate::session::bind::Bound;
use crate::session::candidate::{
    self, Filling, Found, Prepared, Question, Refused, Spot, Values, Wanted,
};
use crate::session::changes::past::OfStage;
use crate::session::open::Plugins;

/// Everything that is known of a stage that may be prepared.
#[derive(Clone)]
pub(super) struct Known {
    /// What it has to fit.
    pub(super) spot: Spot,
    /// Its parameters and settings, overrides applied.
    pub(super) part: Part,
    /// Whether they were written for the component that is wanted.
    pub(super) values: Values,
    /// What is heard now.
    pub(super) old: Option<Bound>,
    /// What its `swap.state` says.
    pub(super) state: SwapState,
    /// What it read of late.
    pub(super) history: Option<Arc<History>>,
}

impl Known {
    /// What is known of the fallback of such a stage: it has the defaults of its parameters.
    pub(super) fn fallback(&self, component: Spanned<ComponentAddress>) -> Self {
        Self {
            part: Part {
                span: component.span,
                component,
                params: ParamValues::default(),
                settings: SettingValues::default(),
            },
            values: Values::Own,
            ..self.clone()
        }
    }
}

/// What a stage is to be filled with.
#[derive(Clone)]
pub(super) enum With {
    /// What resolution finds for it.
    Resolved,
    /// A library that is open already.
    Found(Found),
    /// The built-in pass-through.
    Bypass,
}

/// Everything that is to be prepared as one.
pub(super) struct Blueprint {
    pub(super) plugins: Arc<Plugins>,
    pub(super) config: Arc<Config>,
    /// What is to be resolved, if anything is.
    pub(super) question: Option<Question>,
    /// The stages that are named, and with what; those that resolution adds are `Resolved`.
    pub(super) wanted: Vec<(String, With)>,
    /// Every stage, by id.
    pub(super) known: BTreeMap<String, Known>,
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

impl Blueprint {
    /// Prepares all of it, or nothing. Thread: any but audio.
    pub(super) fn prepare(mut self) -> Result<Ready, Refused> {
        let mut ready = Ready {
            prepared: Vec::new(),
            notes: Vec::new(),
            steps: Vec::new(),
        };
        let mut fillings = Vec::new();
        if let Some(question) = &self.question {
            let resolved = candidate::resolve(&self.plugins.opener, question)?;
            ready.notes = resolved.rejected;
            ready.steps = resolved.steps;
            for found in resolved.stages {
                fillings.push((found.stage.clone(), With::Found(found)));
            }
        }
        let own = std::mem::take(&mut self.wanted).into_iter();
        fillings.extend(own.filter(|(_, with)| !matches!(with, With::Resolved)));
        for (stage, with) in fillings {
            match self.one(&stage, with) {
                Ok(one) => ready.prepared.push(one),
                Err(refused) => {
                    ready.prepared.into_iter().for_each(Prepared::end);
                    return Err(refused);
                }
            }
        }
        Ok(ready)
    }

    fn one(&self, stage: &str, with: With) -> Result<Prepared, Refused> {
        let Some(known) = self.known.get(stage).cloned() else {
            return Err(Refused::Text(format!("there is no stage `{stage}`")));
        };
        let filling = match with {
            With::Found(found) => Filling::Component {
                found,
                part: known.part,
                values: known.values,
            },
            With::Bypass | With::Resolved => Filling::Bypass,
        };
        let past = known.history.map(|history| Box::new(OfStage(history)) as _);
        candidate::prepare(Wanted {
            stage: stage.to_owned(),
            filling,
            config: Arc::clone(&self.config),
            spot: known.spot,
            old: known.old,
            state: known.state,
            past,
        })
    }
}
