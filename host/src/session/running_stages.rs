//! Running stages: which component fills which stage now, by the engine's number of each.
//!
//! In: what was bound and built at the start, then every change that came to its end.
//! Out: names for messages, subscribers for events, and in the end everything a report needs in
//! the order of the file.

use crate::config::model::PartConfig;
use crate::id::{ComponentAddress, StageId};
use crate::observe::Identity;
use crate::pipeline::{Laid, OutputValues};
use crate::session::bind::{Bindings, Bound};
use crate::session::build::StageFacts;
use crate::session::candidate::{ResolvedStage, Sameness};
use crate::session::instance::{OpenLibrary, Placement, Recipe};
use crate::session::subscribers::Subscribers;
use crate::session::subscribers::subscribers;
use crate::swap::ask::HeardSignal;

/// What filled a stage before its last swap.
#[derive(Debug, Clone)]
pub(super) struct Before {
    /// The library; `None` where its input was heard.
    pub(super) found: Option<ResolvedStage>,
    /// Its parameters and settings.
    pub(super) part: PartConfig,
    /// Until when it is kept at hand.
    pub(super) until_frames: u64,
}

/// One stage that runs.
#[derive(Debug, Clone)]
pub(super) struct RunningStage {
    /// Its id.
    pub(super) id: StageId,
    /// How its instance was made; while it is bypassed, how the one before was.
    pub(super) recipe: Recipe,
    /// Its component, parameters and settings as they were asked for.
    pub(super) part: PartConfig,
    /// What is fixed while it is active.
    pub(super) facts: StageFacts,
    /// The latency of its instance; that of the place is at least as much.
    pub(super) own_latency_frames: u64,
    /// What is heard of it.
    pub(super) heard: HeardSignal,
    /// What it was before.
    pub(super) before: Option<Before>,
}

impl RunningStage {
    /// What is bound to it.
    pub(super) const fn bound(&self) -> &Bound {
        &self.recipe.bound
    }

    /// What another instance has to fit.
    pub(super) fn placement(&self) -> Placement {
        self.recipe.placement.clone()
    }

    /// The library that fills it.
    pub(super) fn found(&self) -> ResolvedStage {
        let bound = self.bound();
        ResolvedStage {
            stage: self.id.to_string(),
            component: address(bound),
            library: self.library(),
            sameness: Sameness::Same,
        }
    }

    /// The library that fills it, with what it may ask of others.
    pub(super) fn library(&self) -> OpenLibrary {
        self.recipe.library.clone()
    }

    /// What is heard of it, by what it is made from.
    pub(super) fn identity(&self) -> Identity {
        match self.heard {
            HeardSignal::Processed => self.recipe.identity(),
            HeardSignal::Bypassed => bypass(),
        }
    }
}

/// The address of what is bound.
pub(super) fn address(bound: &Bound) -> ComponentAddress {
    let text = bound.address();
    text.parse()
        .expect("plugin and component came from a manifest that was checked")
}

/// The input instead of an instance.
pub(super) fn bypass() -> Identity {
    Identity {
        component: "bypass".to_owned(),
        version: String::new(),
        sha256: String::new(),
    }
}

/// Every stage that runs.
pub(super) struct RunningStages {
    stages: Vec<Option<RunningStage>>,
    /// Numbers in the order of the file.
    order: Vec<usize>,
    /// Which number the stage has that stood at a place of the file at the start.
    from_start: Vec<Option<usize>>,
    /// What is bound to taps and decisions; its stages are not looked at.
    listeners: Bindings,
    subscribers: Subscribers,
    names: Vec<Option<StageId>>,
    /// How the network is laid out now.
    pub(super) laid: Laid,
    /// Whether it is no longer what the session started with.
    pub(super) has_changed: bool,
}

impl RunningStages {
    /// Everybody at the start, in the order of the file: that is their number.
    pub(super) fn new(stages: Vec<RunningStage>, bindings: &Bindings, laid: Laid) -> Self {
        let count = stages.len();
        let mut stages = Self {
            stages: stages.into_iter().map(Some).collect(),
            order: (0..count).collect(),
            from_start: (0..count).map(Some).collect(),
            listeners: Bindings {
                stages: Vec::new(),
                taps: bindings.taps.clone(),
                decides: bindings.decides.clone(),
            },
            subscribers: Vec::new(),
            names: Vec::new(),
            laid,
            has_changed: false,
        };
        stages.refresh();
        stages
    }

    /// The numbers in the order of the file.
    pub(super) fn order(&self) -> &[usize] {
        &self.order
    }

    /// Places in the order of the file, in an order in which each comes after what it reads.
    pub(super) fn run_order(&self) -> Vec<usize> {
        let order = self.laid.graph.network.order();
        order.unwrap_or_else(|_| (0..self.order.len()).collect())
    }

    /// Everybody, in the order of the file.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &RunningStage)> {
        let running = |number: &usize| Some((*number, self.stages[*number].as_ref()?));
        self.order.iter().filter_map(running)
    }

    /// The stage of that number.
    pub(super) fn get(&self, number: usize) -> Option<&RunningStage> {
        self.stages.get(number)?.as_ref()
    }

    /// The stage of that number, to be changed; call [`refresh`](Self::refresh) afterwards.
    pub(super) fn get_mut(&mut self, number: usize) -> Option<&mut RunningStage> {
        self.has_changed = true;
        self.stages.get_mut(number)?.as_mut()
    }

    /// The number of the stage of that id.
    pub(super) fn number(&self, id: &str) -> Option<usize> {
        self.iter()
            .find(|(_, running)| running.id.as_str() == id)
            .map(|(number, _)| number)
    }

    /// How many stages there were at the start.
    pub(super) const fn started_with(&self) -> usize {
        self.from_start.len()
    }

    /// What a stage is called, or was.
    pub(super) fn name(&self, number: usize) -> Option<&StageId> {
        self.names.get(number)?.as_ref()
    }

    /// Who hears which event of a stage.
    pub(super) fn subscribers(&self, number: usize) -> &[Vec<(super::observers::Subscriber, u32)>] {
        self.subscribers.get(number).map_or(&[], Vec::as_slice)
    }

    /// The last values of the outputs of every stage there was at the start, for decisions.
    pub(super) fn outputs(&self, outputs: &OutputValues) -> Vec<Vec<f64>> {
        let values = |number: &Option<usize>| {
            number.map_or_else(Vec::new, |number| outputs.of(number).to_vec())
        };
        self.from_start.iter().map(values).collect()
    }

    /// Other stages, by number, and their order in the file.
    pub(super) fn replace(&mut self, stages: Vec<Option<RunningStage>>, order: Vec<usize>) {
        let number_of = |number: &Option<usize>| {
            let id = self.names[(*number)?].as_ref()?;
            let mut order = order.iter().copied();
            order.find(|number| stages[*number].as_ref().is_some_and(|one| one.id == *id))
        };
        self.from_start = self.from_start.iter().map(number_of).collect();
        self.stages = stages;
        self.order = order;
        self.has_changed = true;
        self.refresh();
    }

    /// All stages by number, as they are.
    pub(super) fn all(&self) -> Vec<Option<RunningStage>> {
        self.stages.clone()
    }

    /// Finds names and subscribers again.
    pub(super) fn refresh(&mut self) {
        self.names
            .resize(self.stages.len().max(self.names.len()), None);
        for (number, running) in self.stages.iter().enumerate() {
            if let Some(running) = running {
                self.names[number] = Some(running.id.clone());
            }
        }
        self.subscribers = vec![Vec::new(); self.stages.len()];
        let present: Vec<_> = self
            .iter()
            .map(|(number, one)| (number, one.bound().clone()))
            .collect();
        let (numbers, stages): (Vec<_>, Vec<_>) = present.into_iter().unzip();
        let bindings = Bindings {
            stages,
            ..self.listeners.clone()
        };
        for (number, heard) in numbers.into_iter().zip(subscribers(&bindings)) {
            self.subscribers[number] = heard;
        }
    }

    /// What is bound now, in the order of the file.
    pub(super) fn bindings(&self) -> Bindings {
        let stages = self.iter().map(|(_, running)| running.bound().clone());
        Bindings {
            stages: stages.collect(),
            ..self.listeners.clone()
        }
    }

    /// What is fixed about each stage, in the order of the file.
    pub(super) fn facts(&self) -> Vec<StageFacts> {
        self.iter().map(|(_, running)| running.facts).collect()
    }
}
