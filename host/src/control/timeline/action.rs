//! Action: what a change does: exactly one of `swap`, `set`, `bypass` and so on.
//!
//! Pure.

use toml::de::DeValue;

use crate::config::check::found;
use crate::config::limits::TEXT_BYTES_MAX;
use crate::config::mistake::{Mistake, Mistakes};
use crate::config::nearest::listed;
use crate::config::source::Span;
use crate::control::timeline::fields::Fields;
use crate::control::timeline::{File, span};
use crate::control::version;
use crate::id::{PluginId, StageId};
use crate::swap::ask::{Command, HeardSignal, Insert, Reload, Swap, Target};

/// Every action with its keys.
const ACTIONS: [(&str, &[&str]); 8] = [
    (
        "swap",
        &["stage", "plugin", "component", "version", "insert"],
    ),
    ("set", &["stage", "param", "value"]),
    ("bypass", &["stage"]),
    ("restore", &["stage"]),
    ("rollback", &["stage"]),
    ("reset", &["key"]),
    ("edit", &["config"]),
    ("reload", &[]),
];

/// What may stand in a change beside its action.
const BESIDE: [&str; 4] = ["at_frames", "at", "why", "replay"];

/// Reads the action of a change, and says what else stands there that should not.
pub(super) fn command(
    change: &mut Fields<'_>,
    file: &File<'_>,
    mistakes: &mut Mistakes,
) -> Option<Command> {
    let names = ACTIONS.map(|(name, _)| name);
    let there = change.among(&names);
    let known: Vec<_> = names.into_iter().chain(BESIDE).collect();
    let action = there.first().copied();
    let value = action.and_then(|(name, place)| Some((name, place, change.take(name)?)));
    for (name, place) in there.iter().skip(1) {
        change.take(name);
        let first = action.map(|(_, first)| first);
        mistakes.push(second(name, *place, first));
    }
    let whole = change.span;
    std::mem::replace(change, Fields::none(whole)).nothing_else(&known, mistakes);
    let Some((name, place, value)) = value else {
        let expected = format!("expected one of {}", listed(names));
        mistakes.push(Mistake::new(whole, "a change does nothing").help(expected));
        return None;
    };
    let (label, keys) = ACTIONS.into_iter().find(|(known, _)| *known == name)?;
    let DeValue::Table(table) = value.get_ref() else {
        let kind = found(value.get_ref());
        let message = format!("`{name}` is {kind}, expected a table");
        let key = keys.first();
        let key = key.map_or_else(String::new, |key| format!(" {key} = \"…\" "));
        let help = format!("write {name} = {{{key}}}");
        mistakes.push(Mistake::new(span(value.span()), message).help(help));
        return None;
    };
    let mut fields = Fields::new(table, place, label);
    let command = of(name, &mut fields, file, mistakes);
    fields.nothing_else(keys, mistakes);
    command
}

/// A change does one thing.
fn second(name: &str, place: Span, first: Option<Span>) -> Mistake {
    let message = format!("`{name}` is a second action of one change");
    let mistake = Mistake::new(place, message).help("write another [[change]] at that place");
    match first {
        Some(first) => mistake.also(first, "the first one"),
        None => mistake,
    }
}

fn of(
    name: &str,
    fields: &mut Fields<'_>,
    file: &File<'_>,
    mistakes: &mut Mistakes,
) -> Option<Command> {
    let bypass = |stage: StageId, way| Command::Bypass { stage, way };
    match name {
        "swap" => swap(fields, mistakes).map(Command::Swap),
        "set" => set(fields, file, mistakes),
        "bypass" => Some(bypass(
            fields.needed("stage", mistakes)?,
            HeardSignal::Bypassed,
        )),
        "restore" => Some(bypass(
            fields.needed("stage", mistakes)?,
            HeardSignal::Processed,
        )),
        "rollback" => Some(Command::Rollback {
            stage: fields.needed("stage", mistakes)?,
        }),
        "reset" => Some(Command::Reset {
            key: fields.text("key", mistakes).map(|key| key.value),
        }),
        "edit" => {
            fields.need("config", mistakes)?;
            let config = fields.text("config", mistakes)?;
            Some(Command::Edit {
                path: file.folder.join(config.value),
            })
        }
        "reload" => Some(Command::Reload(Reload::Apply(Insert::Refused))),
        _ => None,
    }
}

fn set(fields: &mut Fields<'_>, file: &File<'_>, mistakes: &mut Mistakes) -> Option<Command> {
    let stage = fields.needed("stage", mistakes);
    let param = fields.need("param", mistakes);
    let param = param.and_then(|()| fields.text("param", mistakes));
    fields.need("value", mistakes)?;
    let value = fields.take("value")?;
    let place = span(value.span());
    match value.get_ref() {
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) => {}
        other => {
            let kind = found(other);
            let message = format!("`value` is {kind}, expected a number, a text, true or false");
            mistakes.push(Mistake::new(place, message));
            return None;
        }
    }
    let written = file.written(value);
    if written.len() > TEXT_BYTES_MAX {
        let bytes = written.len();
        let message = format!("the value has {bytes} bytes, expected at most {TEXT_BYTES_MAX}");
        mistakes.push(Mistake::new(place, message));
        return None;
    }
    Some(Command::Set {
        stage: stage?,
        param: param?.value,
        value: written.to_owned(),
    })
}

fn swap(fields: &mut Fields<'_>, mistakes: &mut Mistakes) -> Option<Swap> {
    let target = target(fields, mistakes);
    let places = fields.among(&["component", "version"]);
    let named = match fields.text("component", mistakes) {
        None => Ok((None, None)),
        Some(text) => version::component(&text.value)
            .map_err(|why| mistakes.push(Mistake::new(text.span, why.to_string()))),
    };
    let versions = fields.read("version", mistakes, version::requirement);
    let insert = fields.is_on("insert", mistakes)?;
    let (component, named_versions) = named.ok()?;
    if let (Some(_), Some((_, place))) = (&named_versions, places.get(1)) {
        let message = "the version is said twice";
        mistakes.push(Mistake::new(*place, message).help("leave one of them out"));
        return None;
    }
    let target = target?;
    if component.is_some() && matches!(target, Target::Plugin(_)) {
        let place = places.first().map_or(fields.span, |(_, place)| *place);
        let message = "a swap of a whole plugin names no component";
        mistakes.push(Mistake::new(place, message).help("name a `stage` in the place of `plugin`"));
        return None;
    }
    Some(Swap {
        target,
        component,
        versions: versions.or(named_versions),
        insert: match insert {
            true => Insert::Allowed,
            false => Insert::Refused,
        },
    })
}

fn target(fields: &mut Fields<'_>, mistakes: &mut Mistakes) -> Option<Target> {
    let there: Vec<(&str, Span)> = fields.among(&["stage", "plugin"]);
    match there[..] {
        [] => {
            let mistake = Mistake::new(fields.span, "swap has neither `stage` nor `plugin`");
            mistakes.push(mistake);
            None
        }
        [(_, first), (_, second)] => {
            let mistake = Mistake::new(second, "swap has both `stage` and `plugin`");
            mistakes.push(mistake.also(first, "the other one"));
            fields.take("stage");
            fields.take("plugin");
            None
        }
        _ => match fields.parsed::<PluginId>("plugin", mistakes) {
            Some(plugin) => Some(Target::Plugin(plugin)),
            None => fields.parsed("stage", mistakes).map(Target::Stage),
        },
    }
}
