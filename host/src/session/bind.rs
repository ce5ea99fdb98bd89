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
use crate::config::model::{Config, PartConfig, StageConfig, Tap};
use crate::config::nearest::{did_you_mean, listed};
use crate::config::values::{ParamValues, SettingValues};
use crate::id::PluginId;
use crate::pipeline::SIDECHAINS_MAX;
use crate::session::catalogue::Choice;
use crate::session::values::{self, Judge};

/// A component in its place.
#[derive(Debug, Clone)]
pub struct Bound {
    /// The id of the stage, tap or decision.
    pub id: String,
    /// The plugin that provides the component.
    pub plugin: PluginId,
    /// The version of the plugin that was chosen.
    pub version: Version,
    /// What its manifest says about the component.
    pub component: Component,
    /// Whether its library's heap is counted.
    pub heap: Heap,
    /// Parameters by wire index; those not named keep their defaults.
    pub params: Vec<(u32, f64)>,
    /// Settings as they are handed to the component, paths made absolute.
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
    /// Stages with their components, in the order of the file.
    pub stages: Vec<Bound>,
    /// Taps with their components, in the order of the file.
    pub taps: Vec<Bound>,
    /// Decisions with their components, in the order of the file.
    pub decides: Vec<Bound>,
}

/// Holds a configuration against the manifests of what was chosen for it, and against the sample rate
/// of its session where that is known already.
///
/// # Errors
/// Every mistake, each with its place.
pub fn bind(
    config: &Config,
    choices: &[Choice],
    sample_rate_hz: Option<u32>,
) -> Result<Bindings, Mistakes> {
    let mut binder = Binder {
        choices,
        folder: &config.folder,
        sample_rate_hz,
        mistakes: config.mistakes(),
    };
    let (stages, taps) = (config.stages.iter(), config.taps.iter());
    let decides = config.decides.iter();
    let bindings = Bindings {
        stages: stages.filter_map(|one| binder.stage(one)).collect(),
        taps: taps.filter_map(|one| binder.tap(one)).collect(),
        decides: decides
            .filter_map(|one| binder.bind(one.id.value.as_str(), &one.part, Place::Decide))
            .collect(),
    };
    match binder.mistakes.has_errors() {
        true => Err(binder.mistakes),
        false => Ok(bindings),
    }
}

/// Holds what was bound to what only the sample rate bounds, once the input is known.
///
/// # Errors
/// Every mistake, each with its place.
pub fn bind_at(config: &Config, bindings: &Bindings, sample_rate_hz: u32) -> Result<(), Mistakes> {
    let mut mistakes = config.mistakes();
    let stages = config.stages.iter().map(|stage| &stage.part);
    let taps = config.taps.iter().map(|tap| &tap.part);
    let decides = config.decides.iter().map(|decide| &decide.part);
    let bound = bindings.stages.iter().chain(&bindings.taps);
    let bound = bound.chain(&bindings.decides);
    for (part, bound) in stages.chain(taps).chain(decides).zip(bound) {
        let component = &bound.component;
        values::at_rate(component, &part.params, sample_rate_hz, &mut mistakes);
    }
    match mistakes.has_errors() {
        true => Err(mistakes),
        false => Ok(()),
    }
}

/// What a stage's sidechains are too many for, by their names, if they are.
pub(super) fn too_many_sidechains(
    stage: &StageConfig,
    address: &str,
    component: &Component,
) -> Option<Mistake> {
    let most = usize::from(component.capabilities.sidechains).min(SIDECHAINS_MAX);
    let (first, _) = stage.sidechains.get(most)?;
    let names: Vec<_> = stage
        .sidechains
        .iter()
        .map(|(name, _)| &*name.value)
        .collect();
    let (found, names) = (names.len(), names.join(", "));
    let takes = match most {
        0 => "no sidechain".to_owned(),
        1 => "1 sidechain".to_owned(),
        _ => format!("{most} sidechains"),
    };
    let message = format!("{address} takes {takes}, found {found}: {names}");
    let mistake = Mistake::new(first.span, message).label("one too many");
    Some(mistake.help(
        "sidechains are told apart by their order: the component's first is the first one here",
    ))
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
    sample_rate_hz: Option<u32>,
    mistakes: Mistakes,
}

impl Binder<'_> {
    fn stage(&mut self, stage: &StageConfig) -> Option<Bound> {
        let mut bound = self.bind(stage.id.value.as_str(), &stage.part, Place::Stage)?;
        self.sidechains(stage, &bound);
        self.fallback(stage, &mut bound);
        self.budget(stage, &bound);
        Some(bound)
    }

    fn tap(&mut self, tap: &Tap) -> Option<Bound> {
        let bound = self.bind(tap.id.value.as_str(), &tap.part, Place::Tap)?;
        self.reference(tap, &bound);
        Some(bound)
    }

    fn bind(&mut self, id: &str, part: &PartConfig, place: Place) -> Option<Bound> {
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
        let judge = Judge {
            component,
            sample_rate_hz: self.sample_rate_hz,
        };
        let params = judge.params(&part.params, &mut self.mistakes);
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

    fn sidechains(&mut self, stage: &StageConfig, bound: &Bound) {
        let mistake = too_many_sidechains(stage, &bound.address(), &bound.component);
        mistake
            .into_iter()
            .for_each(|mistake| self.mistakes.push(mistake));
    }

    /// Binds the fallback, which has the defaults of its parameters, where it is used.
    fn fallback(&mut self, stage: &StageConfig, bound: &mut Bound) {
        let Some(component) = stage.fallback_in_use() else {
            return;
        };
        let part = PartConfig {
            component: component.clone(),
            params: ParamValues::default(),
            settings: SettingValues::default(),
            span: component.span,
        };
        let fallback = self.bind(stage.id.value.as_str(), &part, Place::Fallback);
        bound.fallback = fallback.map(Box::new);
    }

    /// A budget for memory needs a library whose heap is counted.
    fn budget(&mut self, stage: &StageConfig, bound: &Bound) {
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
fn which(part: &PartConfig, choice: &Choice) -> Mistake {
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

fn wrong_kind(part: &PartConfig, component: &Component, place: Place) -> Mistake {
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
