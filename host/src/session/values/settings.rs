//! Settings: what a component is created with, held against its manifest.
//!
//! In: what the file says, and what the component declares. Out: settings of the right type and size,
//! paths made absolute; every mistake at its place. Pure, but for the folder that relative paths
//! start at, which is a value too.

use std::path::Path;

use segue_plugin::declare::{Need, SettingKind};
use segue_plugin::link::{Setting, SettingValue as Given};
use segue_plugin::manifest::Component;
use segue_plugin::manifest::model::Setting as Declared;

use crate::config::mistake::{Mistake, Mistakes};
use crate::config::model::PartConfig;
use crate::config::nearest::{did_you_mean, listed};
use crate::config::source::Spanned;
use crate::config::values::SettingValue;
use crate::process::start;

/// The settings, checked; paths are made absolute.
pub(in crate::session) fn settings(
    component: &Component,
    part: &PartConfig,
    folder: &Path,
    mistakes: &mut Mistakes,
) -> Vec<Setting> {
    let mut settings = Vec::new();
    for (name, value) in &part.settings.entries {
        let Some(declared) = component.setting(&name.value) else {
            mistakes.push(unknown(component, name));
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
    let is_given = |declared: &Declared| {
        let mut given = part.settings.entries.iter();
        given.any(|(name, _)| name.value == declared.id)
    };
    for declared in &component.settings {
        if declared.need == Need::Required && !is_given(declared) {
            mistakes.push(missing(component, declared, part));
        }
    }
    settings
}

fn unknown(component: &Component, name: &Spanned<String>) -> Mistake {
    let names = component.settings.iter().map(|setting| setting.id.as_str());
    let message = format!("{} has no setting `{}`", component.name, name.value);
    let label = match component.settings.is_empty() {
        true => "it has no settings".to_owned(),
        false => format!("expected {}", listed(names.clone())),
    };
    let mistake = Mistake::new(name.span, message).label(label);
    mistake.help_if(did_you_mean(&name.value, names))
}

fn missing(component: &Component, declared: &Declared, part: &PartConfig) -> Mistake {
    let message = format!("{} needs the setting `{}`", component.name, declared.id);
    let help = format!("add settings.{} = …: {}", declared.id, declared.doc);
    Mistake::new(part.span, message)
        .label("it is missing here")
        .help(help)
}

/// Whether a value is one of a setting.
pub(in crate::session) fn fits(declared: &Declared, value: &Spanned<SettingValue>) -> bool {
    setting(declared, value, Path::new("")).is_ok()
}

/// What was expected of a value that is another.
struct Expected(String);

fn setting(
    declared: &Declared,
    value: &Spanned<SettingValue>,
    folder: &Path,
) -> Result<Given, Mistake> {
    given(&declared.value, &value.value, folder).map_err(|Expected(expected)| {
        let message = format!("setting `{}` is not what it should be", declared.id);
        Mistake::new(value.span, message).label(format!("expected {expected}"))
    })
}

/// A value of this kind, or what was expected.
fn given(kind: &SettingKind, value: &SettingValue, folder: &Path) -> Result<Given, Expected> {
    match (kind, value) {
        (SettingKind::Text { bytes_max }, SettingValue::Text(text)) => {
            match text.len() > *bytes_max as usize {
                true => Err(Expected(format!(
                    "at most {bytes_max} bytes, found {}",
                    text.len()
                ))),
                false => Ok(Given::Text(text.clone())),
            }
        }
        (SettingKind::Path, SettingValue::Text(text)) => {
            let absolute = start::absolute(&folder.join(text));
            Ok(Given::Path(absolute.to_string_lossy().into_owned()))
        }
        (SettingKind::Integer { min, max }, SettingValue::Integer(integer)) => {
            match (min..=max).contains(&integer) {
                true => Ok(Given::Integer(*integer)),
                false => Err(Expected(format!("{min} to {max}, found {integer}"))),
            }
        }
        (SettingKind::Boolean, SettingValue::Boolean(yes)) => Ok(Given::Boolean(*yes)),
        (
            SettingKind::List {
                items_max,
                bytes_max,
            },
            SettingValue::List(items),
        ) => list(items, *items_max as usize, *bytes_max as usize),
        (SettingKind::Text { .. }, _) => Err(Expected("a text".to_owned())),
        (SettingKind::Path, _) => Err(Expected("a path as a text".to_owned())),
        (SettingKind::Integer { min, max }, _) => {
            Err(Expected(format!("an integer, {min} to {max}")))
        }
        (SettingKind::Boolean, _) => Err(Expected("true or false".to_owned())),
        (SettingKind::List { .. }, _) => Err(Expected("a list of texts".to_owned())),
    }
}

fn list(items: &[Spanned<String>], items_max: usize, bytes_max: usize) -> Result<Given, Expected> {
    let found = items.len();
    if found > items_max {
        return Err(Expected(format!(
            "at most {items_max} entries, found {found}"
        )));
    }
    if let Some(long) = items.iter().find(|item| item.value.len() > bytes_max) {
        let found = long.value.len();
        return Err(Expected(format!(
            "at most {bytes_max} bytes an entry, found {found}"
        )));
    }
    let items = items.iter().map(|item| item.value.clone());
    Ok(Given::List(items.collect()))
}
