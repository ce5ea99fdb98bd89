//! Values: what an override may be, as TOML, and what the file says for its key.
//!
//! Pure.

use semver::VersionReq;
use toml_edit::Value;

use crate::config::check::clipped;
use crate::config::limits::TEXT_BYTES_MAX;
use crate::config::model::Config;
use crate::config::overrides::{OverrideKey, Overrides, ValueRefused};
use crate::config::values::Scalar;
use crate::escape;
use crate::id::ComponentAddress;

/// What the file says for a key; two are equal where they mean the same.
#[derive(Debug, Clone)]
pub(super) struct FileValue {
    /// As it is written; `None` where the file says nothing.
    pub(super) text: Option<String>,
    /// What it means.
    meaning: Option<Meaning>,
}

#[derive(Debug, Clone, PartialEq)]
enum Meaning {
    Param(Scalar),
    Component(ComponentAddress),
    /// Of the file's component, and what is required of the plugin that fills the stage.
    Version(ComponentAddress, Option<VersionReq>),
}

impl PartialEq for FileValue {
    fn eq(&self, other: &Self) -> bool {
        self.meaning == other.meaning
    }
}

impl FileValue {
    /// What a file says for a key. Which plugin a version belongs to, the overrides may say.
    pub(super) fn of(file: &Config, key: &OverrideKey, overrides: &Overrides) -> Self {
        let nothing = Self {
            text: None,
            meaning: None,
        };
        let Some(stage) = file.stage(key.stage()) else {
            return nothing;
        };
        let component = &stage.part.component;
        match key {
            OverrideKey::Param { param, .. } => {
                let flat = stage.part.params.flat().into_iter();
                let found = flat.rev().find(|one| one.id == *param);
                found.map_or(nothing, |one| Self {
                    text: Some(file.sources().text(one.value.span).to_owned()),
                    meaning: Some(Meaning::Param(one.value.value)),
                })
            }
            OverrideKey::Component { .. } => Self {
                text: Some(file.sources().text(component.span).to_owned()),
                meaning: Some(Meaning::Component(component.value.clone())),
            },
            OverrideKey::Version { stage } => {
                let filled = overrides.component(stage);
                let filled = filled.unwrap_or_else(|| component.value.clone());
                let mut require = file.plugins.require.iter();
                let found = require.find(|(plugin, _)| plugin.value == *filled.plugin());
                let version = found.map(|(_, version)| version);
                Self {
                    text: version.map(|version| file.sources().text(version.span).to_owned()),
                    meaning: Some(Meaning::Version(
                        component.value.clone(),
                        version.map(|version| version.value.clone()),
                    )),
                }
            }
            OverrideKey::Bypass { .. } => nothing,
        }
    }
}

/// A text as people give it at a shell, as TOML on one line: a number or boolean stays as it is
/// written, everything else is a text.
#[must_use]
pub fn value(text: &str) -> String {
    match text.parse::<Value>() {
        Ok(Value::String(text)) => quoted(text.value()),
        Ok(mut number @ (Value::Integer(_) | Value::Float(_) | Value::Boolean(_))) => {
            number.decor_mut().clear();
            number.to_string()
        }
        _ => quoted(text),
    }
}

/// A text as TOML on one line.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            steers if escape::steers(steers) => {
                quoted.push_str(&format!("\\u{:04X}", u32::from(steers)));
            }
            plain => quoted.push(plain),
        }
    }
    quoted + "\""
}

/// The text in a TOML text.
pub(super) fn content(value: &str) -> Option<String> {
    match value.parse::<Value>().ok()? {
        Value::String(text) => Some(text.into_value()),
        _ => None,
    }
}

/// The value as it is held, if it is one that the key may have.
pub(super) fn checked(key: &OverrideKey, text: &str) -> Result<String, ValueRefused> {
    let refuse = |why: String| ValueRefused::Value {
        key: key.to_string(),
        found: clipped(text),
        why,
    };
    if text.len() > TEXT_BYTES_MAX {
        let why = format!(
            "it has {} bytes, expected at most {TEXT_BYTES_MAX}",
            text.len()
        );
        return Err(refuse(why));
    }
    let value = value(text.trim());
    match key {
        // Past what a number can be, TOML has none either, and it would be taken as a text.
        OverrideKey::Param { .. } => match text.trim().parse::<f64>() {
            Ok(number) if !number.is_finite() => {
                Err(refuse("it is not a finite number".to_owned()))
            }
            _ => Ok(value),
        },
        OverrideKey::Component { .. } => match content(&value).map(|text| text.parse()) {
            Some(Ok(ComponentAddress { .. })) => Ok(value),
            Some(Err(error)) => Err(refuse(error.to_string())),
            None => Err(refuse("expected the address of a component".to_owned())),
        },
        OverrideKey::Version { .. } => {
            // A bare number is a version here: `1.2` is no fraction.
            let value = content(&value).map_or_else(|| quoted(&value), |_| value.clone());
            match content(&value).unwrap_or_default().parse::<VersionReq>() {
                Ok(_) => Ok(value),
                Err(error) => Err(refuse(error.to_string())),
            }
        }
        OverrideKey::Bypass { .. } => match value.as_str() {
            "true" | "false" => Ok(value),
            _ => Err(refuse("expected `true` or `false`".to_owned())),
        },
    }
}
