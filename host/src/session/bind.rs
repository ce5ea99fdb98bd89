//! Bind: each stage, tap and decision with the component that fills it.
//!
//! In: a configuration, and the versions chosen for it. Out: components with parameters by wire
//! index and checked settings, or every mistake at once. Nothing is opened.

use std::path::Path;

use segue_plugin::declare::{Heap, Kind, Reference};
use segue_plugin::link::Setting;
use segue_plugin::manifest::Component;
use semver::Version;

use crate::config::mistake::{Mistake, Mistakes};
use crate::config::model::{Config, Part, Stage, Tap};
use crate::config::nearest::{did_you_mean, listed};
use crate::config::values::{ParamValues, SettingValues};
use crate::id::PluginId;
use crate::session::catalogue::Choice;
use crate::session::values;

/// A component in its place.
#[derive(Debug, Clone)]
pub struct Bound {
    /// The id of the stage, tap or decision.
    pub id: String,
    /// The plugin.
    pub plugin: PluginId,
    /// Its version.
    pub version: Version,
    /// What its manifest says about the component.
    pub component: Component,
    /// Whether its library's heap is counted.
    pub heap: Heap,
    /// Parameters by wire index; those not named keep their defaults.
    pub params: Vec<(u32, f64)>,
    /// Settings, paths made absolute.
    pub settings: Vec<Setting>,
    /// The component that is heard when a stage's own fails.
    pub fallback: Option<Box<Bound>>,
}

impl Bound {
    /// The component's address: `acme.warmth/tube`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}/{}", self.plugin, self.component.name)
    }
}

/// All of a configuration, in the order of the file.
#[derive(Debug, Clone)]
pub struct Bindings {
    /// Stages.
    pub stages: Vec<Bound>,
    /// Taps.
    pub taps: Vec<Bound>,
    /// Decisions.
    pub decides: Vec<Bound>,
}

/// Holds a configuration against the manifests of what was chosen for it.
///
/// # Errors
/// Every mistake, each with its place.
pub fn bind(config: &Config, choices: &[Choice]) -> Result<Bindings, Mistakes> {
    let mut binder = Binder {
        choices,
        folder: &config.folder,
        mistakes: config.mistakes(),
    };
    let mut stages = Vec::new();
    for stage in &config.stages {
        let mut bound = binder.bind(stage.id.value.as_str(), &stage.part, Place::Stage);
        if let Some(bound) = &mut bound {
            binder.sidechains(stage, bound);
            binder.fallback(stage, bound);
            binder.budget(stage, bound);
        }
        stages.push(bound);
    }
    let mut taps = Vec::new();
    for tap in &config.taps {
        let bound = binder.bind(tap.id.value.as_str(), &tap.part, Place::Tap);
        if let Some(bound) = &bound {
            binder.reference(tap, bound);
        }
        taps.push(bound);
    }
    let mut decides = Vec::new();
    for decide in &config.decides {
        decides.push(binder.bind(decide.id.value.as_str(), &decide.part, Place::Decide));
    }
    if binder.mistakes.has_errors() {
        return Err(binder.mistakes);
    }
    Ok(Bindings {
        stages: stages.into_iter().flatten().collect(),
        taps: taps.into_iter().flatten().collect(),
        decides: decides.into_iter().flatten().collect(),
    })
}

/// What a component is to fill.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Stage,
    Fallback,
    Tap,
    Decide,
}

impl Place {
    /// The kinds that fit there.
    const fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Stage | Self::Fallback => &[Kind::Processor],
            Self::Tap => &[Kind::Analyzer, Kind::Metric],
            Self::Decide => &[Kind::Decision],
        }
    }
}

struct Binder<'a> {
    choices: &'a [Choice],
    folder: &'a Path,
    mistakes: Mistakes,
}

impl Binder<'_> {
    fn bind(&mut self, id: &str, part: &Part, place: Place) -> Option<Bound> {
        let address = &part.component.value;
        let choice = self
            .choices
            .iter()
            .find(|choice| choice.chosen.id == *address.plugin())?;
        let components = &choice.found.manifest.components;
        let component = match address.component() {
            Some(name) => components.iter().find(|component| component.name == name),
            None if components.len() == 1 => components.first(),
            None => None,
        };
        let Some(component) = component else {
            self.mistakes.push(which(part, choice));
            return None;
        };
        if !place.kinds().contains(&component.kind) {
            self.mistakes.push(wrong_kind(part, component, place));
            return None;
        }
        let params = values::params(component, &part.params, &mut self.mistakes);
        let settings = values::settings(component, part, self.folder, &mut self.mistakes);
        Some(Bound {
            id: id.to_owned(),
            plugin: choice.chosen.id.clone(),
            version: choice.chosen.version.clone(),
            component: component.clone(),
            heap: choice.found.manifest.heap,
            params,
            settings,
            fallback: None,
        })
    }

    fn sidechains(&mut self, stage: &Stage, bound: &Bound) {
        let most = usize::from(bound.component.capabilities.sidechains);
        if let Some((name, _)) = stage.sidechains.get(most) {
            let (address, found) = (bound.address(), stage.sidechains.len());
            let message = format!("{address} takes {most} sidechains, found {found}");
            let mistake = Mistake::new(name.span, message).label("one too many");
            self.mistakes.push(mistake);
        }
    }

    /// Binds the fallback, which has the defaults of its parameters, where it is used.
    fn fallback(&mut self, stage: &Stage, bound: &mut Bound) {
        let Some(component) = stage.fallback_in_use() else {
            return;
        };
        let part = Part {
            component: component.clone(),
            params: ParamValues::default(),
            settings: SettingValues::default(),
            span: component.span,
        };
        let fallback = self.bind(stage.id.value.as_str(), &part, Place::Fallback);
        bound.fallback = fallback.map(Box::new);
    }

    /// A budget for memory needs a library whose heap is counted.
    fn budget(&mut self, stage: &Stage, bound: &Bound) {
        let Some(memory) = &stage.budget.memory else {
            return;
        };
        if bound.heap != Heap::Metered {
            let plugin = &bound.plugin;
            let message =
                format!("the heap of {plugin} is not counted: it brings its own allocator");
            let mistake = Mistake::new(memory.span, message).label("remove this budget");
            self.mistakes.push(mistake);
        }
    }

    fn reference(&mut self, tap: &Tap, bound: &Bound) {
        let address = bound.address();
        match (bound.component.reference, &tap.reference) {
            (Reference::Required, None) => {
                let message = format!("{address} compares its signal with a reference");
                let mistake = Mistake::new(tap.id.span, message)
                    .label("no `reference`")
                    .help("add reference = \"input\", or the id of a stage");
                self.mistakes.push(mistake);
            }
            (Reference::Unused, Some(reference)) => {
                let message = format!("{address} compares with nothing");
                let mistake = Mistake::new(reference.span, message).label("remove this reference");
                self.mistakes.push(mistake);
            }
            (Reference::Required, Some(_)) | (Reference::Unused, None) => {}
        }
    }
}

/// The plugin has several components, or not the one that is named.
fn which(part: &Part, choice: &Choice) -> Mistake {
    let address = &part.component.value;
    let names: Vec<_> = choice
        .found
        .manifest
        .components
        .iter()
        .map(|one| &*one.name)
        .collect();
    let id = &choice.chosen.id;
    let known = listed(names.iter().copied());
    match address.component() {
        Some(name) => {
            let version = &choice.chosen.version;
            let message = format!("{id} {version} has no component `{name}`");
            Mistake::new(part.component.span, message)
                .label(format!("expected {known}"))
                .help_if(did_you_mean(name, names.iter().copied()))
        }
        None => {
            let message = format!(
                "{id} has {} components, so it does not stand alone",
                names.len()
            );
            let first = names.first().copied().unwrap_or_default();
            Mistake::new(part.component.span, message)
                .label(format!("which of {known}?"))
                .help(format!("write \"{id}/{first}\""))
        }
    }
}

fn wrong_kind(part: &Part, component: &Component, place: Place) -> Mistake {
    let (kind, expected) = (component.kind.name(), place.kinds()[0].name());
    if place == Place::Fallback {
        let address = &part.component.value;
        let (kind, expected) = (with_article(kind), with_article(expected));
        let message = format!("a fallback is {expected}, {address} is {kind}");
        return Mistake::new(part.component.span, message);
    }
    let table = match component.kind {
        Kind::Processor => "[[stage]]",
        Kind::Analyzer | Kind::Metric => "[[tap]]",
        Kind::Decision => "[[decide]]",
    };
    let message = format!(
        "{} is {}, expected {}",
        part.component.value,
        with_article(kind),
        with_article(expected)
    );
    Mistake::new(part.component.span, message).label(format!(
        "{} has its place under {table}",
        with_article(kind)
    ))
}

/// `a processor`, `an analyzer`.
fn with_article(kind: &str) -> String {
    let article = if kind.starts_with('a') { "an" } else { "a" };
    format!("{article} {kind}")
}
