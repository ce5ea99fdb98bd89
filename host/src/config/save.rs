//! Save: overrides written into the text of `plugins.toml`.
//!
//! In: the text as it is, and the overrides. Out: a text that says the same with their values in
//! it, what was written, and what stays an override and why. Comments, order and formatting stay
//! byte for byte everywhere else.
//!
//! Pure. Only places come from the parsed document; the text is spliced, since a document that is
//! written out again loses what it does not keep, as the ends of lines.

use semver::VersionReq;
use toml_edit::{Document, Item, Value};

use crate::config::limits::FILE_BYTES_MAX;
use crate::config::overrides::{HeldValue, OverrideKey, Overrides};
use crate::config::save::place::{PathStep, place};
use crate::config::syntax;
use crate::id::{ComponentAddress, PluginId, StageId};

mod insert;
mod place;

/// What became of the overrides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedOverrides {
    /// The new text.
    pub text: String,
    /// What stands in it now, in the order in which it was set.
    pub written: Vec<OverrideKey>,
    /// What stays an override, each with the reason.
    pub kept: Vec<(OverrideKey, String)>,
}

/// Why nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsaved {
    /// The text cannot be read.
    #[error("the file is not TOML, so nothing is written into it: {why}")]
    NotToml {
        /// The first line of what the parser says.
        why: String,
    },
    /// The file would be longer than any that is read.
    #[error("the file would have {found} bytes, expected at most {FILE_BYTES_MAX}")]
    TooLong {
        /// How long it would be.
        found: usize,
    },
}

/// A piece of text that takes the place of a range of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Splice {
    start: usize,
    end: usize,
    text: String,
}

/// The text with the overrides in it: parameters and components where their stage has them or
/// would have them, in the style that is there; a version in `[plugins.require]`, if all stages of
/// the plugin agree on it. `bypass` is no key of the file and stays an override.
///
/// # Errors
/// When the text cannot be read, or would become too long.
pub fn save(text: &str, overrides: &Overrides) -> Result<SavedOverrides, Unsaved> {
    let mut saved = SavedOverrides {
        text: text.to_owned(),
        written: Vec::new(),
        kept: Vec::new(),
    };
    document(text)?;
    let is_version = |held: &&HeldValue| matches!(held.key, OverrideKey::Version { .. });
    for held in overrides.iter().filter(|held| !is_version(held)) {
        saved.one(held)?;
    }
    // Which plugin a version belongs to, the components decide.
    for held in overrides.iter().filter(is_version) {
        saved.version(held, overrides)?;
    }
    match saved.text.len() {
        found if found > FILE_BYTES_MAX => Err(Unsaved::TooLong { found }),
        _ => Ok(saved),
    }
}

impl SavedOverrides {
    fn one(&mut self, held: &HeldValue) -> Result<(), Unsaved> {
        let steps = match &held.key {
            OverrideKey::Param { param, .. } => param_steps(param),
            OverrideKey::Component { .. } => Some(vec![PathStep::key("component")]),
            OverrideKey::Version { .. } | OverrideKey::Bypass { .. } => {
                let why =
                    "the file has no such key; it holds until it is reset, or the session ends";
                self.keep(held, why.to_owned());
                return Ok(());
            }
        };
        let document = document(&self.text)?;
        let at = stage_number(document.as_item(), held.key.stage());
        let (Some(at), Some(steps)) = (at, steps) else {
            self.keep(
                held,
                format!("the file has no stage `{}`", held.key.stage()),
            );
            return Ok(());
        };
        let mut path = vec![PathStep::key("stage"), PathStep::Row(at)];
        path.extend(steps);
        self.write(held, &path)
    }

    fn version(&mut self, held: &HeldValue, overrides: &Overrides) -> Result<(), Unsaved> {
        let document = document(&self.text)?;
        let stages = stages(document.as_item());
        let own = stages.iter().find(|(id, _)| id == held.key.stage());
        let Some((_, component)) = own else {
            self.keep(
                held,
                format!("the file has no stage `{}`", held.key.stage()),
            );
            return Ok(());
        };
        let plugin = component.plugin();
        let wanted = overrides.version(held.key.stage());
        let others = stages
            .iter()
            .filter(|(_, component)| component.plugin() == plugin);
        let other = others
            .map(|(id, _)| (id, overrides.version(id)))
            .find(|(_, version)| *version != wanted);
        if let Some((id, version)) = other {
            let why = disagreement(plugin, id, version.as_ref());
            self.keep(held, why);
            return Ok(());
        }
        let path = [
            PathStep::key("plugins"),
            PathStep::key("require"),
            PathStep::key(plugin.as_str()),
        ];
        self.write(held, &path)
    }

    /// Puts a value at a path, and looks whether it is there then.
    fn write(&mut self, held: &HeldValue, path: &[PathStep]) -> Result<(), Unsaved> {
        let splices = {
            let document = document(&self.text)?;
            place(&self.text, document.as_table(), path, &held.value)
        };
        let splices = match splices {
            Ok(splices) => splices,
            Err(why) => {
                self.keep(held, why.to_string());
                return Ok(());
            }
        };
        let text = spliced(&self.text, splices);
        let is_there =
            document(&text).is_ok_and(|document| says(document.as_item(), path, &held.value));
        match is_there {
            true => {
                self.text = text;
                self.written.push(held.key.clone());
            }
            false => self.keep(held, "its place in the file could not be found".to_owned()),
        }
        Ok(())
    }

    fn keep(&mut self, held: &HeldValue, why: String) {
        self.kept.push((held.key.clone(), why));
    }
}

fn disagreement(plugin: &PluginId, other: &StageId, version: Option<&VersionReq>) -> String {
    let found = match version {
        Some(version) => format!("is to have {version}"),
        None => "has the version that the file gives it".to_owned(),
    };
    format!(
        "the stage `{other}` is of {plugin} too and {found}, and the file names one version for \
         all stages of a plugin"
    )
}

fn document(text: &str) -> Result<Document<&str>, Unsaved> {
    let not_toml = |why: &str| Unsaved::NotToml {
        why: why.to_owned(),
    };
    if syntax::is_too_deep(text) {
        return Err(not_toml("tables and lists are nested too deep"));
    }
    Document::parse(text)
        .map_err(|error| not_toml(error.message().lines().next().unwrap_or_default()))
}

/// The way from a stage to one of its parameters; `None` for what is no parameter's id.
fn param_steps(param: &str) -> Option<Vec<PathStep>> {
    let parts: Vec<_> = param.split('.').collect();
    let mut steps = vec![PathStep::key("params")];
    match parts[..] {
        [name] => steps.push(PathStep::key(name)),
        [group, number, member] => {
            steps.extend([
                PathStep::key(group),
                PathStep::Row(number.parse().ok()?),
                PathStep::key(member),
            ]);
        }
        _ => return None,
    }
    Some(steps)
}

/// The tables of stages, one way or the other.
fn stage_tables(root: &Item) -> impl Iterator<Item = Option<&dyn toml_edit::TableLike>> {
    let stages = root.get("stage");
    let tables = stages.and_then(Item::as_array_of_tables);
    let values = stages.and_then(Item::as_array);
    let tables = tables.into_iter().flat_map(|tables| tables.iter());
    let tables = tables.map(|table| Some(table as &dyn toml_edit::TableLike));
    let values = values.into_iter().flat_map(|values| values.iter());
    tables.chain(values.map(|value| {
        let table = value.as_inline_table()?;
        Some(table as &dyn toml_edit::TableLike)
    }))
}

fn text_of<'t>(table: Option<&'t dyn toml_edit::TableLike>, key: &str) -> Option<&'t str> {
    table?.get(key)?.as_str()
}

/// Which stage of the file has that id, counted from 1.
fn stage_number(root: &Item, id: &StageId) -> Option<usize> {
    let mut tables = stage_tables(root);
    let at = tables.position(|table| text_of(table, "id") == Some(id.as_str()))?;
    Some(at + 1)
}

/// Every stage with what fills it.
fn stages(root: &Item) -> Vec<(StageId, ComponentAddress)> {
    let pairs = stage_tables(root).filter_map(|table| {
        let id = text_of(table, "id")?.parse().ok()?;
        Some((id, text_of(table, "component")?.parse().ok()?))
    });
    pairs.collect()
}

/// The text with pieces of it replaced; they do not overlap.
fn spliced(text: &str, mut splices: Vec<Splice>) -> String {
    splices.sort_by_key(|splice| splice.start);
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for splice in splices {
        out.push_str(text.get(done..splice.start).unwrap_or_default());
        out.push_str(&splice.text);
        done = splice.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// Whether a document says that value there.
fn says(root: &Item, path: &[PathStep], value: &str) -> bool {
    let mut item = root.clone();
    for step in path {
        let next = match step {
            PathStep::Key(key) => item.get(key.as_str()).cloned(),
            PathStep::Row(number) => item.get(number.wrapping_sub(1)).cloned(),
        };
        let Some(next) = next else {
            return false;
        };
        item = next;
    }
    let (Some(found), Ok(wanted)) = (item.as_value(), value.parse::<Value>()) else {
        return false;
    };
    match (found, &wanted) {
        (Value::String(found), Value::String(wanted)) => found.value() == wanted.value(),
        (Value::Integer(found), Value::Integer(wanted)) => found.value() == wanted.value(),
        (Value::Float(found), Value::Float(wanted)) => found.value() == wanted.value(),
        (Value::Boolean(found), Value::Boolean(wanted)) => found.value() == wanted.value(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
