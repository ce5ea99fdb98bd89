//! Applied: the file's configuration with overrides in their places.
//!
//! Pure.

use crate::config::build;
use crate::config::entries::{Entries, Value};
use crate::config::mistake::{Mistake, Mistakes};
use crate::config::model::Config;
use crate::config::overlay::params::{Assignment, ValueForm};
use crate::config::overrides::{HeldValue, OverrideKey, values};
use crate::config::source::{SourceText, Span, Spanned, TextOrigin};
use crate::id::StageId;

/// The configuration with these values, in this order.
///
/// # Errors
/// A mistake for each that does not fit.
pub(super) fn apply(held: &[HeldValue], file: &Config) -> Result<Config, Mistakes> {
    let mut sources = file.sources.clone();
    let mut entries = file.entries.clone();
    let mut wrong = Vec::new();
    for one in held {
        let source = sources.add(SourceText {
            name: format!("ctl {}", one.key).into(),
            text: one.value.as_str().into(),
            origin: TextOrigin::Control,
        });
        let span = Span::new(source, 0..one.value.len());
        wrong.extend(put(one, span, &mut entries).err());
    }
    let mut mistakes = Mistakes::new(sources.clone());
    wrong.into_iter().for_each(|mistake| mistakes.push(mistake));
    if mistakes.has_errors() {
        return Err(mistakes);
    }
    let Some(mut config) = build::build(entries, sources, &file.folder) else {
        mistakes.push(Mistake::nowhere(
            "the overrides do not go together with the file",
        ));
        return Err(mistakes);
    };
    // What the file's pipeline runs without, it runs without now too.
    config.left_out.clone_from(&file.left_out);
    let is_out = |id: &StageId| file.left_out.iter().any(|left| left.id == *id);
    config.stages.retain(|stage| !is_out(&stage.id.value));
    Ok(config)
}

fn put(one: &HeldValue, span: Span, root: &mut Entries) -> Result<(), Mistake> {
    match &one.key {
        OverrideKey::Param { stage, param } => Assignment {
            part: stage.as_str(),
            param,
            value: &one.value,
            form: ValueForm::Toml,
            span,
        }
        .apply(root),
        OverrideKey::Component { stage } => {
            let is_meant = |table: &&mut Entries| {
                table
                    .text("id")
                    .is_some_and(|id| id.value == stage.as_str())
            };
            let mut tables = root.tables_mut("stage").iter_mut();
            let (Some(table), Some(text)) = (tables.find(is_meant), values::content(&one.value))
            else {
                return Err(Mistake::new(span, format!("`{stage}` is not in the file")));
            };
            table.set("component", Spanned::new(Value::Text(text), span));
            Ok(())
        }
        OverrideKey::Version { .. } | OverrideKey::Bypass { .. } => Ok(()),
    }
}
