//! Values: parameters and settings of a running configuration, held against another manifest.
//!
//! In: what is wanted. Out: the component with its values by wire index; or every mistake at once.

use segue_plugin::declare::{Heap, Kind};
use segue_plugin::manifest::Component;

use crate::config::mistake::Mistakes;
use crate::config::model::PartConfig;
use crate::config::values::SettingValues;
use crate::id::ComponentAddress;
use crate::session::bind::{Bound, too_many_sidechains};
use crate::session::candidate::{
    Implementation, PrepareRequest, Refused, ResolvedStage, ValueOrigin,
};
use crate::session::instance::accepts;
use crate::session::values::{self, Judge};

/// A component bound to its place.
pub(super) struct Values {
    pub(super) bound: Bound,
    /// What did not apply.
    pub(super) notes: Vec<String>,
}

impl Values {
    /// Binds the component that is wanted.
    pub(super) fn of(request: &PrepareRequest) -> Result<Self, Refused> {
        let Implementation::Component {
            found,
            part,
            values,
        } = &request.implementation
        else {
            return Err(Refused::Text("a bypass has no values".to_owned()));
        };
        let component = component(found)?;
        let mut mistakes = request.config.mistakes();
        fits(request, found, component, &mut mistakes)?;
        let judge = Judge {
            component,
            sample_rate_hz: Some(request.placement.format.sample_rate_hz),
        };
        let (params, part, notes) = match values {
            ValueOrigin::Own => own(request, judge, part, &mut mistakes),
            ValueOrigin::OfAnother => of_another(found, judge, part),
        };
        let settings = values::settings(component, &part, &request.config.folder, &mut mistakes);
        if mistakes.has_errors() {
            return Err(Refused::Mistakes(mistakes));
        }
        let manifest = found.library.generation.manifest();
        let old = request.old.as_ref();
        let bound = Bound {
            id: request.stage.clone(),
            plugin: found.component.plugin().clone(),
            version: manifest.version.clone(),
            component: component.clone(),
            heap: manifest.heap,
            params,
            settings,
            fallback: old.and_then(|old| old.bound.fallback.clone()),
        };
        Ok(Self { bound, notes })
    }
}

fn component(found: &ResolvedStage) -> Result<&Component, Refused> {
    let manifest = found.library.generation.manifest();
    let name = found.component.component().unwrap_or_default();
    let component = manifest.component(name);
    let component = component.ok_or_else(|| {
        let (id, version) = (&manifest.id, &manifest.version);
        Refused::Text(format!("{id} {version} has no component `{name}`"))
    })?;
    if component.kind != Kind::Processor {
        let (address, kind) = (&found.component, component.kind.name());
        let text = format!("a stage is filled by a processor, {address} is of kind {kind}");
        return Err(Refused::Text(text));
    }
    Ok(component)
}

/// Holds what the place gives and allows to what the component takes.
fn fits(
    request: &PrepareRequest,
    found: &ResolvedStage,
    component: &Component,
    mistakes: &mut Mistakes,
) -> Result<(), Refused> {
    let address = &found.component;
    let refused = |text: String| Err(Refused::Text(format!("{address} {text}")));
    if let Err(refusal) = accepts(
        &component.capabilities.layouts,
        request.placement.format.layout,
    ) {
        return refused(refusal.to_string());
    }
    let mut stages = request.config.stages.iter();
    let stage = stages.find(|stage| stage.id.value.as_str() == request.stage);
    let too_many =
        stage.and_then(|stage| too_many_sidechains(stage, &address.to_string(), component));
    too_many
        .into_iter()
        .for_each(|mistake| mistakes.push(mistake));
    let heap = found.library.generation.manifest().heap;
    if stage.is_some_and(|stage| stage.budget.memory.is_some()) && heap != Heap::Metered {
        let text = "brings its own allocator, so the stage's budget for memory cannot be kept";
        return refused(text.to_owned());
    }
    Ok(())
}

/// What applies of values that were written for this component, and a note of each override that is
/// not for it.
fn own(
    request: &PrepareRequest,
    judge: Judge<'_>,
    part: &PartConfig,
    mistakes: &mut Mistakes,
) -> (Vec<(u32, f64)>, PartConfig, Vec<String>) {
    let sources = request.config.sources();
    let (own, others) = values::applicable(judge.component, &part.params, sources);
    let params = judge.params(&own, mistakes);
    let notes = others
        .iter()
        .map(|id| format!("the override of {id} is for another component and did not apply"));
    (params, part.clone(), notes.collect())
}

/// What applies of values that were written for another component, and a note of what does not.
fn of_another(
    found: &ResolvedStage,
    judge: Judge<'_>,
    part: &PartConfig,
) -> (Vec<(u32, f64)>, PartConfig, Vec<String>) {
    let (address, component) = (&found.component, judge.component);
    let (params, others) = judge.fitting(&part.params);
    let (part, settings) = known_settings(component, part);
    let has_param = |id: &String| component.params().any(|flat| flat.id == *id);
    let has_setting = |id: &String| component.setting(id).is_some();
    let (misfits, unknown): (Vec<_>, Vec<_>) = others.into_iter().partition(has_param);
    let (others, strange): (Vec<_>, Vec<_>) = settings.into_iter().partition(has_setting);
    let notes = [
        ignored(address, "parameter", &unknown),
        ignored(address, "setting", &strange),
        out_of_range(address, &[misfits, others].concat()),
    ];
    (params, part, notes.into_iter().flatten().collect())
}

/// What a component does not have of what the file says for another one.
fn ignored(address: &ComponentAddress, kind: &str, names: &[String]) -> Option<String> {
    match names {
        [] => None,
        [name] => Some(format!(
            "{address} has no {kind} {name}; the file's value was ignored"
        )),
        _ => {
            let names = names.join(", ");
            Some(format!(
                "{address} has no {kind}s {names}; the file's values were ignored"
            ))
        }
    }
}

/// What a component does have, with other bounds than the value that the file says for another one.
fn out_of_range(address: &ComponentAddress, names: &[String]) -> Option<String> {
    let does_not = format!(
        "{address} does not take the file's value of {}; its default is used",
        names.join(", ")
    );
    (!names.is_empty()).then_some(does_not)
}

/// The settings that a component has under the same ids, with values that fit it; and the ids of the
/// others.
fn known_settings(component: &Component, part: &PartConfig) -> (PartConfig, Vec<String>) {
    let (mut kept, mut others) = (SettingValues::default(), Vec::new());
    for (name, value) in &part.settings.entries {
        let fits = component
            .setting(&name.value)
            .is_some_and(|declared| values::fits(declared, value));
        if fits {
            kept.entries.push((name.clone(), value.clone()));
        } else {
            others.push(name.value.clone());
        }
    }
    let part = PartConfig {
        settings: kept,
        ..part.clone()
    };
    (part, others)
}
