//! Values: parameters and settings of a configuration, held against a manifest.
//!
//! In: what the file says, and what the component declares. Out: wire indexes with values in
//! range, settings of the right type and size; every mistake at its place. Pure, but for the
//! folder that relative paths start at, which is a value too.

use std::path::Path;

use segue_plugin::declare::{Need, SettingKind};
use segue_plugin::link::{Setting, SettingValue as Given};
use segue_plugin::manifest::Component;
use segue_plugin::manifest::model::{FlatParam, ParamEntry, Setting as Declared};

use crate::config::mistake::{Mistake, Mistakes};
use crate::config::model::Part;
use crate::config::nearest::{did_you_mean, listed};
use crate::config::source::{Origin, Sources, Spanned};
use crate::config::values::{FlatParam as Written, ParamValues, Scalar, SettingValue};

/// The parameters by wire index.
pub(super) fn params(
    component: &Component,
    values: &ParamValues,
    mistakes: &mut Mistakes,
) -> Vec<(u32, f64)> {
    let mut params = Vec::new();
    for written in values.flat() {
        match param(component, &written) {
            Ok(param) => params.push(param),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    params
}

/// Values without those that `ctl` set for parameters of another component, and their ids: they
/// stay overrides, and apply again once that component is back.
pub(super) fn applicable(
    component: &Component,
    values: &ParamValues,
    sources: &Sources,
) -> (ParamValues, Vec<String>) {
    let is_meant = |name: &Spanned<String>| {
        let is_of_file = sources.get(name.span.source).origin != Origin::Control;
        is_of_file
            || component
                .entries
                .iter()
                .any(|entry| entry.id() == name.value)
    };
    let entries = values.entries.iter().cloned();
    let (entries, others): (Vec<_>, Vec<_>) = entries.partition(|(name, _)| is_meant(name));
    let others = others.into_iter().map(|(name, _)| name.value);
    (ParamValues { entries }, others.collect())
}

/// The parameters that a component has under the same ids, with values that fit it; and the ids of
/// the others. For values that were written for another component.
pub(super) fn fitting(
    component: &Component,
    values: &ParamValues,
) -> (Vec<(u32, f64)>, Vec<String>) {
    let (mut params, mut others) = (Vec::new(), Vec::new());
    for written in values.flat() {
        match param(component, &written) {
            Ok(param) => params.push(param),
            Err(_) => others.push(written.id),
        }
    }
    (params, others)
}

fn param(component: &Component, written: &Written) -> Result<(u32, f64), Mistake> {
    let found = component
        .param(&written.id)
        .ok_or_else(|| unknown(component, written))?;
    let (param, span) = (found.param, written.value.span);
    let value = number(&found, &written.value)?;
    if !(param.min..=param.max).contains(&value) {
        let (id, unit) = (&found.id, spaced(&param.unit));
        let range = format!("{} to {}{unit}", param.min, param.max);
        let message = format!("{id} is {value}{unit}, expected {range}");
        return Err(Mistake::new(span, message).label(format!("expected {range}")));
    }
    Ok((found.index, value))
}

/// The number of a value: itself, or the place of its label.
fn number(found: &FlatParam<'_>, value: &Spanned<Scalar>) -> Result<f64, Mistake> {
    let (param, span) = (found.param, value.span);
    let choices = || listed(param.choices.iter().map(String::as_str));
    let label = match &value.value {
        Scalar::Number(number) if param.choices.is_empty() => return Ok(*number),
        Scalar::Number(number) => {
            let message = format!("{} is {number}, expected one of its labels", found.id);
            return Err(Mistake::new(span, message).label(format!("expected {}", choices())));
        }
        Scalar::Label(label) => label.as_str(),
        Scalar::Boolean(true) => "on",
        Scalar::Boolean(false) => "off",
    };
    if param.choices.is_empty() {
        let message = format!("{} is `{label}`, expected a number", found.id);
        let label = format!("expected a number{}", in_unit(&param.unit));
        return Err(Mistake::new(span, message).label(label));
    }
    let place = param.choices.iter().position(|choice| choice == label);
    place.map(|place| place as f64).ok_or_else(|| {
        let message = format!("{} is `{label}`, which is none of its labels", found.id);
        Mistake::new(span, message)
            .label(format!("expected {}", choices()))
            .help_if(did_you_mean(
                label,
                param.choices.iter().map(String::as_str),
            ))
    })
}

fn unknown(component: &Component, written: &Written) -> Mistake {
    let name = &component.name;
    let (first, rest) = match written.id.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (written.id.as_str(), None),
    };
    let entry = component.entries.iter().find(|entry| entry.id() == first);
    let names = component.entries.iter().map(ParamEntry::id);
    match (entry, rest.and_then(|rest| rest.split_once('.'))) {
        (Some(ParamEntry::Group(group)), Some((number, member))) => {
            let members = || group.members.iter().map(|param| param.id.as_str());
            if group.members.iter().any(|param| param.id == member) {
                let message = format!(
                    "{name} has {} of {first}, found number {number}",
                    group.count
                );
                return Mistake::new(written.name, message)
                    .label(format!("expected at most {}", group.count));
            }
            Mistake::new(
                written.name,
                format!("{first} of {name} has no parameter `{member}`"),
            )
            .label(format!("expected {}", listed(members())))
            .help_if(did_you_mean(member, members()))
        }
        (Some(ParamEntry::Group(_)), None) => Mistake::new(
            written.name,
            format!("{first} of {name} is a row of alike parameters"),
        )
        .label(format!(
            "expected an array of tables: {first} = [{{ … }}, {{ … }}]"
        )),
        (Some(ParamEntry::One(_)), _) => Mistake::new(
            written.name,
            format!("{first} of {name} is one parameter, not a row"),
        )
        .label("expected one value"),
        (None, _) => Mistake::new(written.name, format!("{name} has no parameter `{first}`"))
            .label(expected(names.clone()))
            .help_if(did_you_mean(first, names)),
    }
}

fn expected<'a>(names: impl Iterator<Item = &'a str> + Clone) -> String {
    if names.clone().next().is_none() {
        "it has no parameters".to_owned()
    } else {
        format!("expected {}", listed(names))
    }
}

/// The settings, checked; paths are made absolute.
pub(super) fn settings(
    component: &Component,
    part: &Part,
    folder: &Path,
    mistakes: &mut Mistakes,
) -> Vec<Setting> {
    let mut settings = Vec::new();
    for (name, value) in &part.settings.entries {
        let Some(declared) = component.setting(&name.value) else {
            let names = component.settings.iter().map(|setting| setting.id.as_str());
            let message = format!("{} has no setting `{}`", component.name, name.value);
            let label = if component.settings.is_empty() {
                "it has no settings".to_owned()
            } else {
                format!("expected {}", listed(names.clone()))
            };
            let mistake = Mistake::new(name.span, message).label(label);
            mistakes.push(mistake.help_if(did_you_mean(&name.value, names)));
            continue;
        };
        match setting(declared, value, folder) {
            Ok(value) => settings.push(Setting {
                id: declared.id.clone(),
                value,
            }),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    for declared in &component.settings {
        let given = part
            .settings
            .entries
            .iter()
            .any(|(name, _)| name.value == declared.id);
        if declared.need == Need::Required && !given {
            let message = format!("{} needs the setting `{}`", component.name, declared.id);
            let help = format!("add settings.{} = …: {}", declared.id, declared.doc);
            mistakes.push(
                Mistake::new(part.span, message)
                    .label("it is missing here")
                    .help(help),
            );
        }
    }
    settings
}

/// Whether a value is one of a setting.
pub(super) fn fits(declared: &Declared, value: &Spanned<SettingValue>) -> bool {
    setting(declared, value, Path::new("")).is_ok()
}

fn setting(
    declared: &Declared,
    value: &Spanned<SettingValue>,
    folder: &Path,
) -> Result<Given, Mistake> {
    let wrong = |expected: String| {
        let message = format!("setting `{}` is not what it should be", declared.id);
        Err(Mistake::new(value.span, message).label(format!("expected {expected}")))
    };
    match (&declared.value, &value.value) {
        (SettingKind::Text { bytes_max }, SettingValue::Text(text)) => {
            if text.len() > *bytes_max as usize {
                return wrong(format!("at most {bytes_max} bytes, found {}", text.len()));
            }
            Ok(Given::Text(text.clone()))
        }
        (SettingKind::Path, SettingValue::Text(text)) => {
            let path = folder.join(text);
            let absolute = std::path::absolute(&path).unwrap_or(path);
            Ok(Given::Path(absolute.to_string_lossy().into_owned()))
        }
        (SettingKind::Integer { min, max }, SettingValue::Integer(integer)) => {
            if !(min..=max).contains(&integer) {
                return wrong(format!("{min} to {max}, found {integer}"));
            }
            Ok(Given::Integer(*integer))
        }
        (SettingKind::Boolean, SettingValue::Boolean(yes)) => Ok(Given::Boolean(*yes)),
        (
            SettingKind::List {
                items_max,
                bytes_max,
            },
            SettingValue::List(items),
        ) => {
            if items.len() > *items_max as usize {
                return wrong(format!(
                    "at most {items_max} entries, found {}",
                    items.len()
                ));
            }
            if let Some(long) = items
                .iter()
                .find(|item| item.value.len() > *bytes_max as usize)
            {
                return wrong(format!(
                    "at most {bytes_max} bytes an entry, found {}",
                    long.value.len()
                ));
            }
            Ok(Given::List(
                items.iter().map(|item| item.value.clone()).collect(),
            ))
        }
        (SettingKind::Text { .. }, _) => wrong("a text".to_owned()),
        (SettingKind::Path, _) => wrong("a path as a text".to_owned()),
        (SettingKind::Integer { min, max }, _) => wrong(format!("an integer, {min} to {max}")),
        (SettingKind::Boolean, _) => wrong("true or false".to_owned()),
        (SettingKind::List { .. }, _) => wrong("a list of texts".to_owned()),
    }
}

fn spaced(unit: &str) -> String {
    if unit.is_empty() {
        String::new()
    } else {
        format!(" {unit}")
    }
}

fn in_unit(unit: &str) -> String {
    if unit.is_empty() {
        String::new()
    } else {
        format!(" in {unit}")
    }
}
