//! Cast: which component fills which stage now, by the numbers that the engine knows stages by.
//!
//! In: what was bound and built at the start, then every change that came to its end.
//! Out: names for messages, subscribers for events, and in the end everything a report needs in
//! the order of the file.

use std::sync::Arc;

use crate::config::model::Part;
use crate::id::ComponentAddress;
use crate::observe::Identity;
use crate::pipeline::{Engine, Laid};
use crate::session::bind::{Bindings, Bound};
use crate::session::build::StageFacts;
use crate::session::candidate::{Found, Runs, Sameness, Spot};
use crate::session::recipe::Recipe;
use crate::session::run::Subscribers;
use crate::session::subscribers::subscribers;

/// What is heard of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// What its component makes.
    Processed,
    /// Its input.
    Bypassed,
}

/// What filled a stage before its last swap.
#[derive(Debug, Clone)]
pub(super) struct Before {
    /// The library; `None` where its input was heard.
    pub(super) found: Option<Found>,
    /// Its parameters and settings.
    pub(super) part: Part,
    /// Until when it is kept at hand.
    pub(super) until_frames: u64,
}

/// One stage that runs.
#[derive(Debug, Clone)]
pub(super) struct Member {
    /// Its id.
    pub(super) id: Arc<str>,
    /// How its instance was made; while it is bypassed, how the one before was.
    pub(super) recipe: Recipe,
    /// Its component, parameters and settings as they were asked for.
    pub(super) part: Part,
    /// What is fixed while it is active.
    pub(super) facts: StageFacts,
    /// The latency of its instance; that of the place is at least as much.
    pub(super) own_latency_frames: u64,
    /// What is heard of it.
    pub(super) heard: Heard,
    /// What it was before.
    pub(super) before: Option<Before>,
}

impl Member {
    /// What is bound to it.
    pub(super) const fn bound(&self) -> &Bound {
        &self.recipe.bound
    }

    /// What another instance has to fit.
    pub(super) fn spot(&self) -> Spot {
        let recipe = &self.recipe;
        Spot {
            format: recipe.format,
            layout_out: Some(self.facts.layout_out),
            frames_max: recipe.frames_max,
            mode: recipe.mode,
            sidechains: recipe.sidechains.clone(),
        }
    }

    /// The library that fills it.
    pub(super) fn found(&self) -> Found {
        let bound = self.bound();
        Found {
            stage: self.id.to_string(),
            component: address(bound),
            runs: self.runs(),
            sameness: Sameness::Same,
        }
    }

    /// The library that fills it, with what it may ask of others.
    pub(super) fn runs(&self) -> Runs {
        Runs {
            generation: Arc::clone(&self.recipe.generation),
            providers: Arc::clone(&self.recipe.providers),
        }
    }

    /// What is heard of it, by what it is made from.
    pub(super) fn identity(&self) -> Identity {
        match self.heard {
            Heard::Processed => identity(&self.recipe),
            Heard::Bypassed => bypass(),
        }
    }
}

/// The address of what is bound.
pub(super) fn address(bound: &Bound) -> ComponentAddress {
    let text = bound.address();
    text.parse()
        .expect("plugin and component came from a manifest that was checked")
}

/// By what an instance is made from.
pub(super) fn identity(recipe: &Recipe) -> Identity {
    Identity {
        component: recipe.bound.address(),
        version: recipe.bound.version.to_string(),
        sha256: recipe.generation.usage().hash.to_string(),
    }
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
pub(super) struct Cast {
    members: Vec<Option<Member>>,
    /// Numbers in the order of the file.
    order: Vec<usize>,
    /// Which number the stage has that stood at a place of the file at the start.
    from_start: Vec<Option<usize>>,
    /// What is bound to taps and decisions; its stages are not looked at.
    listeners: Bindings,
    subscribers: Subscribers,
    names: Vec<Arc<str>>,
    /// How the network is laid out now.
    pub(super) laid: Laid,
    /// Whether it is no longer what the session started with.
    pub(super) has_changed: bool,
}

impl Cast {
    /// Everybody at the start, in the order of the file: that is their number.
    pub(super) fn new(members: Vec<Member>, bindings: &Bindings, laid: Laid) -> Self {
        let count = members.len();
        let mut cast = Self {
            members: members.into_iter().map(Some).collect(),
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
        cast.refresh();
        cast
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
    pub(super) fn members(&self) -> impl Iterator<Item = (usize, &Member)> {
        let member = |number: &usize| Some((*number, self.members[*number].as_ref()?));
        self.order.iter().filter_map(member)
    }

    /// The stage of that number.
    pub(super) fn member(&self, number: usize) -> Option<&Member> {
        self.members.get(number)?.as_ref()
    }

    /// The stage of that number, to be changed; call [`refresh`](Self::refresh) afterwards.
    pub(super) fn member_mut(&mut self, number: usize) -> Option<&mut Member> {
        self.has_changed = true;
        self.members.get_mut(number)?.as_mut()
    }

    /// The number of the stage of that id.
    pub(super) fn number(&self, id: &str) -> Option<usize> {
        self.members()
            .find(|(_, member)| &*member.id == id)
            .map(|(number, _)| number)
    }

    /// How many stages there were at the start.
    pub(super) const fn started_with(&self) -> usize {
        self.from_start.len()
    }

    /// What a stage is called, or was.
    pub(super) fn name(&self, number: usize) -> &Arc<str> {
        &self.names[number]
    }

    /// Who hears which event of a stage.
    pub(super) fn subscribers(&self, number: usize) -> &[Vec<(super::observers::HeardBy, u32)>] {
        self.subscribers.get(number).map_or(&[], Vec::as_slice)
    }

    /// The last values of the outputs of every stage there was at the start, for decisions.
    pub(super) fn outputs(&self, engine: &Engine) -> Vec<Vec<f64>> {
        let values = |number: &Option<usize>| {
            let stage = number.and_then(|number| engine.stage(number));
            stage.map_or_else(Vec::new, |stage| stage.output_values().to_vec())
        };
        self.from_start.iter().map(values).collect()
    }

    /// Other stages, by number, and their order in the file.
    pub(super) fn replace(&mut self, members: Vec<Option<Member>>, order: Vec<usize>) {
        let number_of = |number: &Option<usize>| {
            let id = &self.names[(*number)?];
            let mut order = order.iter().copied();
            order.find(|number| members[*number].as_ref().is_some_and(|one| one.id == *id))
        };
        self.from_start = self.from_start.iter().map(number_of).collect();
        self.members = members;
        self.order = order;
        self.has_changed = true;
        self.refresh();
    }

    /// All stages by number, as they are.
    pub(super) fn all(&self) -> Vec<Option<Member>> {
        self.members.clone()
    }

    /// Finds names and subscribers again.
    pub(super) fn refresh(&mut self) {
        let unnamed: Arc<str> = Arc::from("");
        self.names
            .resize(self.members.len().max(self.names.len()), unnamed);
        for (number, member) in self.members.iter().enumerate() {
            if let Some(member) = member {
                self.names[number] = Arc::clone(&member.id);
            }
        }
        self.subscribers = vec![Vec::new(); self.members.len()];
        let present: Vec<_> = self
            .members()
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
        let stages = self.members().map(|(_, member)| member.bound().clone());
        Bindings {
            stages: stages.collect(),
            ..self.listeners.clone()
        }
    }

    /// What is fixed about each stage, in the order of the file.
    pub(super) fn facts(&self) -> Vec<StageFacts> {
        self.members().map(|(_, member)| member.facts).collect()
    }
}
