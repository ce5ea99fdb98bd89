//! Values: parameters and settings of a running configuration, held against another manifest.
//!
//! In: what is wanted. Out: the component with its values by wire index; or every mistake at once.

use segue_plugin::declare::{Heap, Kind};
use segue_plugin::manifest::Component;

use crate::config::model::Part;
use crate::config::values::SettingValues;
use crate::pipeline::SIDECHAINS_MAX;
use crate::session::bind::Bound;
use crate::session::candidate::{Filling, Found, Refused, Values as Whose, Wanted};
use crate::session::takes::takes;
use crate::session::values;

/// A component bound to its place.
pub(super) struct Values {
    pub(super) bound: Bound,
    /// What did not apply.
    pub(super) notes: Vec<String>,
}

impl Values {
    /// Binds the component that is wanted.
    pub(super) fn of(wanted: &Wanted) -> Result<Self, Refused> {
        let Filling::Component {
            found,
            part,
            values,
        } = &wanted.filling
        else {
            return Err(Refused::Text("a bypass has no values".to_owned()));
        };
        let component = component(found)?;
        fits(wanted, found, component)?;
        let mut mistakes = wanted.config.mistakes();
        let (params, part, notes) = match values {
            Whose::Own => {
                let sources = wanted.config.sources();
                let (own, others) = values::applicable(component, &part.params, sources);
                let params = values::params(component, &own, &mut mistakes);
                let notes = others.iter().map(|id| {
                    format!("the override of {id} is for another component and did not apply")
                });
                (params, part.clone(), notes.collect())
            }
            Whose::OfAnother => of_another(found, component, part),
        };
        let settings = values::settings(component, &part, &wanted.config.folder, &mut mistakes);
        if mistakes.has_errors() {
            return Err(Refused::Mistakes(mistakes));
        }
        let manifest = found.runs.generation.manifest();
        let old = wanted.old.as_ref();
        let bound = Bound {
            id: wanted.stage.clone(),
            plugin: found.component.plugin().clone(),
            version: manifest.version.clone(),
            component: component.clone(),
            heap: manifest.heap,
            params,
            settings,
            fallback: old.and_then(|old| old.fallback.clone()),
        };
        Ok(Self { bound, notes })
    }
}

fn component(found: &Found) -> Result<&Component, Refused> {
    let manifest = found.runs.generation.manifest();
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
fn fits(wanted: &Wanted, found: &Found, component: &Component) -> Result<(), Refused> {
    let address = &found.component;
    let refused = |text: String| Err(Refused::Text(format!("{address} {text}")));
    if let Err(refusal) = takes(&component.capabilities.layouts, wanted.spot.format.layout) {
        return refused(refusal.to_string());
    }
    let most = usize::from(component.capabilities.sidechains).min(SIDECHAINS_MAX);
    let given = wanted.spot.sidechains.len();
    if given > most {
        return refused(format!(
            "takes {most} sidechains, and the stage has {given}"
        ));
    }
    let mut stages = wanted.config.stages.iter();
    let stage = stages.find(|stage| stage.id.value.as_str() == wanted.stage);
    let heap = found.runs.generation.manifest().heap;
    if stage.is_some_and(|stage| stage.budget.memory.is_some()) && heap != Heap::Metered {
        let text = "brings its own allocator, so the stage's budget for memory cannot be kept";
        return refused(text.to_owned());
    }
    Ok(())
}

/// What applies of values that were written for another component, and a note of what does not.
fn of_another(
    found: &Found,
    component: &Component,
    part: &Part,
) -> (Vec<(u32, f64)>, Part, Vec<String>) {
    let (params, mut others) = values::fitting(component, &part.params);
    let part = known_settings(component, part, &mut others);
    let (address, names) = (&found.component, others.join(", "));
    let note = format!(
        "{address} has its own values where the file's are for another component: {names} did not \
         apply"
    );
    let notes = (!others.is_empty()).then_some(note);
    (params, part, notes.into_iter().collect())
}

/// The settings that a component has under the same ids, with values that fit it.
fn known_settings(component: &Component, part: &Part, others: &mut Vec<String>) -> Part {
    let mut kept = SettingValues::default();
    for (name, value) in &part.settings.entries {
        let fits = component
            .setting(&name.value)
            .is_some_and(|declared| values::fits(declared, value));
        if fits {
            kept.entries.push((name.clone(), value.clone()));
        } else {
            others.push(format!("settings.{}", name.value));
        }
    }
    Part {
        settings: kept,
        ..part.clone()
    }
}
