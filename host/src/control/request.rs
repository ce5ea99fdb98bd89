//! Request: one line that a client sends, and what it asks for.
//!
//! In: bytes of at most `REQUEST_BYTES_MAX`. Out: what is wanted, or the answer that says why it
//! cannot be read, with the request's `id` wherever one can be made out.
//!
//! Pure.

use std::path::PathBuf;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::config::limits::TEXT_BYTES_MAX;
use crate::config::nearest::did_you_mean;
use crate::control::protocol::{ProblemKind, Reply, WHY_BYTES_MAX};
use crate::control::version::requirement;
use crate::swap::ask::{Command, Insert, Reload, Swap, Target, Way};

/// Every command, for those who write one that is not among them.
const COMMANDS: [&str; 14] = [
    "hello", "events", "status", "swap", "set", "bypass", "reload", "edit", "rollback", "reset",
    "save", "pause", "resume", "stop",
];

/// What a line asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The request's `id`; it stands in the answer.
    pub id: Value,
    /// Why, as far as they said.
    pub why: String,
    /// What.
    pub order: Order,
}

/// What can be asked of a control socket.
#[derive(Debug, Clone, PartialEq)]
pub enum Order {
    /// Who is there.
    Hello,
    /// Every event from now on, until the client goes.
    Events,
    /// Something of the session.
    Ask(Command),
}

/// Why a field cannot be read: a sentence.
type Wrong = String;

/// Reads a line.
///
/// # Errors
/// The answer that says what is wrong with it.
pub fn read(line: &[u8]) -> Result<Wanted, Box<Reply>> {
    let refuse = |id, kind, text| Err(Box::new(Reply::problem(id, kind, text)));
    let mut fields: Map<String, Value> = match serde_json::from_slice(line) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => {
            let text =
                "the line is JSON and no object, expected one as in {\"command\":\"status\"}";
            return refuse(Value::Null, ProblemKind::Malformed, text.to_owned());
        }
        Err(error) => {
            let text = format!("the line is no JSON object: {error}");
            return refuse(Value::Null, ProblemKind::Malformed, text);
        }
    };
    let id = fields.remove("id").unwrap_or(Value::Null);
    let fields = Fields(&fields);
    let command = match fields.text("command") {
        Ok(command) => command,
        Err(wrong) => return refuse(id, ProblemKind::Misused, wrong),
    };
    if !COMMANDS.contains(&command) {
        let help = did_you_mean(command, COMMANDS).unwrap_or_else(|| {
            let known = COMMANDS.join(", ");
            format!("expected one of {known}")
        });
        let shown: String = command.chars().take(64).collect();
        let text = format!("`{}` is no command; {help}", shown.escape_debug());
        return refuse(id, ProblemKind::UnknownCommand, text);
    }
    let read = order(command, &fields).and_then(|order| Ok((order, why(&fields)?)));
    match read {
        Ok((order, why)) => Ok(Wanted { id, why, order }),
        Err(wrong) => refuse(id, ProblemKind::Misused, format!("`{command}`: {wrong}")),
    }
}

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

fn order(command: &str, fields: &Fields<'_>) -> Result<Order, Wrong> {
    let command = match command {
        "hello" => return Ok(Order::Hello),
        "events" => return Ok(Order::Events),
        "status" => Command::Status,
        "swap" => Command::Swap(swap(fields)?),
        "set" => Command::Set {
            stage: fields.parsed("stage")?,
            param: fields.text("param")?.to_owned(),
            value: value(fields)?,
        },
        "bypass" => Command::Bypass {
            stage: fields.parsed("stage")?,
            way: match fields.is_on("off")? {
                true => Way::Processed,
                false => Way::Bypassed,
            },
        },
        "reload" => Command::Reload(match fields.is_on("dry_run")? {
            true => Reload::DryRun,
            false => Reload::Apply,
        }),
        "edit" => Command::Edit {
            path: path(fields)?,
        },
        "rollback" => Command::Rollback {
            stage: fields.parsed("stage")?,
        },
        "reset" => Command::Reset {
            key: fields.optional("key")?.map(str::to_owned),
        },
        "save" => Command::Save,
        "pause" => Command::Pause,
        "resume" => Command::Resume,
        "stop" => Command::Stop,
        other => return Err(format!("`{other}` is no command")),
    };
    Ok(Order::Ask(command))
}

fn swap(fields: &Fields<'_>) -> Result<Swap, Wrong> {
    let target = match (fields.optional("stage")?, fields.optional("plugin")?) {
        (Some(stage), None) => Target::Stage(parsed(stage)?),
        (None, Some(plugin)) => Target::Plugin(parsed(plugin)?),
        (None, None) => return Err("`stage` or `plugin` is missing".to_owned()),
        (Some(_), Some(_)) => {
            return Err("`stage` and `plugin` are both there, expected one of them".to_owned());
        }
    };
    let component = fields.optional("component")?.map(parsed).transpose()?;
    if component.is_some() && matches!(target, Target::Plugin(_)) {
        return Err("`component` cannot stand beside `plugin`, only beside `stage`".to_owned());
    }
    Ok(Swap {
        target,
        component,
        versions: fields.optional("version")?.map(requirement).transpose()?,
        insert: match fields.is_on("insert")? {
            true => Insert::Allowed,
            false => Insert::Refused,
        },
    })
}

/// A value as TOML has it; numbers and truth values may stand bare.
fn value(fields: &Fields<'_>) -> Result<String, Wrong> {
    match fields.0.get("value") {
        Some(Value::String(_)) => fields.text("value").map(str::to_owned),
        Some(bare @ (Value::Number(_) | Value::Bool(_))) => Ok(bare.to_string()),
        Some(_) => Err("`value` is no number, text, true or false".to_owned()),
        None => Err("`value` is missing".to_owned()),
    }
}

/// The session may have another working folder than who asks.
fn path(fields: &Fields<'_>) -> Result<PathBuf, Wrong> {
    let path = PathBuf::from(fields.text("path")?);
    match path.is_absolute() {
        true => Ok(path),
        false => Err("`path` is relative, expected an absolute path".to_owned()),
    }
}

fn why(fields: &Fields<'_>) -> Result<String, Wrong> {
    let why = fields.optional("why")?.unwrap_or_default();
    match why.len() > WHY_BYTES_MAX {
        true => Err(format!(
            "`why` has {} bytes, expected at most {WHY_BYTES_MAX}",
            why.len()
        )),
        false => Ok(why.to_owned()),
    }
}

fn parsed<T: FromStr<Err: ToString>>(text: &str) -> Result<T, Wrong> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

/// The fields of a request.
struct Fields<'f>(&'f Map<String, Value>);

impl<'f> Fields<'f> {
    /// A text that has to be there.
    fn text(&self, name: &str) -> Result<&'f str, Wrong> {
        let text = self.optional(name)?;
        text.ok_or_else(|| format!("`{name}` is missing"))
    }

    /// A text that may be there; `null` is as good as nothing.
    fn optional(&self, name: &str) -> Result<Option<&'f str>, Wrong> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.len() > TEXT_BYTES_MAX => Err(format!(
                "`{name}` has {} bytes, expected at most {TEXT_BYTES_MAX}",
                text.len()
            )),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("`{name}` is no text")),
        }
    }

    /// A text that has to be there and has a form.
    fn parsed<T: FromStr<Err: ToString>>(&self, name: &str) -> Result<T, Wrong> {
        parsed(self.text(name)?)
    }

    /// Whether something is wished for; it is not where nothing is said.
    fn is_on(&self, name: &str) -> Result<bool, Wrong> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(is_on)) => Ok(*is_on),
            Some(_) => Err(format!("`{name}` is neither true nor false")),
        }
    }
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
            (
                "set",
                texts.map(|(name, text)| (name, text.into())).to_vec(),
            )
        }
        Command::Bypass { stage, way } => {
            let off = *way == Way::Processed;
            let stage = stage.as_str().into();
            ("bypass", vec![("stage", stage), ("off", off.into())])
        }
        Command::Reload(reload) => {
            let dry = *reload == Reload::DryRun;
            ("reload", vec![("dry_run", dry.into())])
        }
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
    let mut all = named(name);
    all.extend(
        fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value)),
    );
    all
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

#[cfg(test)]
mod tests;
