//! Written: the line that asks for something, as a client sends it.
//!
//! In: what is asked. Out: one line of JSON, which [`read`](crate::control::request::read) reads.
//!
//! Pure.

use serde_json::{Map, Value};

use crate::control::request::Order;
use crate::swap::ask::{Command, HeardSignal, Insert, Reload, Swap, Target};

/// The line that asks for it.
#[must_use]
pub fn written(id: u64, order: &Order, why: &str) -> String {
    let mut fields = match order {
        Order::Hello => named("hello"),
        Order::Events => named("events"),
        Order::Ask(command) => asked(command),
    };
    fields.insert("id".to_owned(), id.into());
    if !why.is_empty() {
        fields.insert("why".to_owned(), why.into());
    }
    Value::Object(fields).to_string()
}

fn named(command: &str) -> Map<String, Value> {
    Map::from_iter([("command".to_owned(), command.into())])
}

fn asked(command: &Command) -> Map<String, Value> {
    let (name, fields): (&str, Vec<(&str, Value)>) = match command {
        Command::Status => ("status", vec![]),
        Command::Swap(swap) => ("swap", swapped(swap)),
        Command::Set {
            stage,
            param,
            value,
        } => {
            let texts = [
                ("stage", stage.as_str()),
                ("param", param),
                ("value", value),
            ];
            let fields = texts.map(|(name, text)| (name, text.into()));
            ("set", fields.to_vec())
        }
        Command::Bypass { stage, way } => {
            let off = *way == HeardSignal::Processed;
            let stage = stage.as_str().into();
            ("bypass", vec![("stage", stage), ("off", off.into())])
        }
        Command::Reload(reload) => ("reload", reloaded(*reload)),
        Command::Edit { path } => {
            let path = path.to_string_lossy().into_owned();
            ("edit", vec![("path", path.into())])
        }
        Command::Rollback { stage } => ("rollback", vec![("stage", stage.as_str().into())]),
        Command::Reset { key } => ("reset", vec![("key", key.clone().into())]),
        Command::Save => ("save", vec![]),
        Command::Pause => ("pause", vec![]),
        Command::Resume => ("resume", vec![]),
        Command::Stop => ("stop", vec![]),
    };
    let fields = fields.into_iter();
    let fields = fields.map(|(name, value)| (name.to_owned(), value));
    named(name).into_iter().chain(fields).collect()
}

fn reloaded(reload: Reload) -> Vec<(&'static str, Value)> {
    let (dry_run, insert) = match reload {
        Reload::Apply(insert) => (false, insert),
        Reload::DryRun(insert) => (true, insert),
    };
    let mut fields = vec![("dry_run", dry_run.into())];
    if insert == Insert::Allowed {
        fields.push(("insert", true.into()));
    }
    fields
}

fn swapped(swap: &Swap) -> Vec<(&'static str, Value)> {
    let mut fields = vec![match &swap.target {
        Target::Stage(stage) => ("stage", stage.as_str().into()),
        Target::Plugin(plugin) => ("plugin", plugin.as_str().into()),
    }];
    if let Some(component) = &swap.component {
        fields.push(("component", component.to_string().into()));
    }
    if let Some(versions) = &swap.versions {
        fields.push(("version", versions.to_string().into()));
    }
    if swap.insert == Insert::Allowed {
        fields.push(("insert", true.into()));
    }
    fields
}
