//! Request: one line that a client sends, and what it asks for.
//!
//! In: bytes of at most `REQUEST_BYTES_MAX`. Out: what is wanted, or the answer that says why it
//! cannot be read, with the request's `id` wherever one can be made out.
//!
//! Pure.

mod written;

use std::path::PathBuf;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::config::limits::TEXT_BYTES_MAX;
use crate::config::nearest::did_you_mean;
use crate::control::protocol::{ProblemKind, Reply, WHY_BYTES_MAX};
use crate::control::version::{VersionError, requirement};
use crate::id::IdError;
use crate::swap::ask::{Command, HeardSignal, Insert, Reload, Swap, Target};

pub use crate::control::request::written::written;

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

/// Why a field cannot be read.
#[derive(Debug, thiserror::Error)]
enum Wrong {
    #[error("`{0}` is no command")]
    Command(String),
    #[error("`{0}` is missing")]
    Missing(String),
    #[error("`{name}` has {found_bytes} bytes, expected at most {bytes_max}")]
    TooLong {
        name: String,
        found_bytes: usize,
        bytes_max: usize,
    },
    #[error("`{0}` is no text")]
    NoText(String),
    #[error("`{0}` is neither true nor false")]
    NoSwitch(String),
    #[error("`value` is no number, text, true or false")]
    NoValue,
    #[error("`path` is relative, expected an absolute path")]
    RelativePath,
    #[error("`stage` or `plugin` is missing")]
    NoTarget,
    #[error("`stage` and `plugin` are both there, expected one of them")]
    TwoTargets,
    #[error("`component` cannot stand beside `plugin`, only beside `stage`")]
    ComponentOfAll,
    #[error(transparent)]
    Id(#[from] IdError),
    #[error(transparent)]
    Version(#[from] VersionError),
}

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
        Err(wrong) => return refuse(id, ProblemKind::Misused, wrong.to_string()),
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
            way: way(fields)?,
        },
        "reload" => Command::Reload(reload(fields)?),
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
        other => return Err(Wrong::Command(other.to_owned())),
    };
    Ok(Order::Ask(command))
}

fn way(fields: &Fields<'_>) -> Result<HeardSignal, Wrong> {
    Ok(match fields.is_on("off")? {
        true => HeardSignal::Processed,
        false => HeardSignal::Bypassed,
    })
}

fn reload(fields: &Fields<'_>) -> Result<Reload, Wrong> {
    let insert = insert(fields)?;
    Ok(match fields.is_on("dry_run")? {
        true => Reload::DryRun(insert),
        false => Reload::Apply(insert),
    })
}

fn swap(fields: &Fields<'_>) -> Result<Swap, Wrong> {
    let target = match (fields.optional("stage")?, fields.optional("plugin")?) {
        (Some(stage), None) => Target::Stage(parsed(stage)?),
        (None, Some(plugin)) => Target::Plugin(parsed(plugin)?),
        (None, None) => return Err(Wrong::NoTarget),
        (Some(_), Some(_)) => return Err(Wrong::TwoTargets),
    };
    let component = fields.optional("component")?.map(parsed).transpose()?;
    if component.is_some() && matches!(target, Target::Plugin(_)) {
        return Err(Wrong::ComponentOfAll);
    }
    Ok(Swap {
        target,
        component,
        versions: fields.optional("version")?.map(requirement).transpose()?,
        insert: insert(fields)?,
    })
}

fn insert(fields: &Fields<'_>) -> Result<Insert, Wrong> {
    Ok(match fields.is_on("insert")? {
        true => Insert::Allowed,
        false => Insert::Refused,
    })
}

/// A value as TOML has it; numbers and truth values may stand bare.
fn value(fields: &Fields<'_>) -> Result<String, Wrong> {
    match fields.0.get("value") {
        Some(Value::String(_)) => fields.text("value").map(str::to_owned),
        Some(bare @ (Value::Number(_) | Value::Bool(_))) => Ok(bare.to_string()),
        Some(_) => Err(Wrong::NoValue),
        None => Err(Wrong::Missing("value".to_owned())),
    }
}

/// The session may have another working folder than who asks.
fn path(fields: &Fields<'_>) -> Result<PathBuf, Wrong> {
    let path = PathBuf::from(fields.text("path")?);
    match path.is_absolute() {
        true => Ok(path),
        false => Err(Wrong::RelativePath),
    }
}

fn why(fields: &Fields<'_>) -> Result<String, Wrong> {
    let why = fields.optional("why")?.unwrap_or_default();
    match why.len() > WHY_BYTES_MAX {
        true => Err(Wrong::TooLong {
            name: "why".to_owned(),
            found_bytes: why.len(),
            bytes_max: WHY_BYTES_MAX,
        }),
        false => Ok(why.to_owned()),
    }
}

fn parsed<T: FromStr<Err = IdError>>(text: &str) -> Result<T, Wrong> {
    Ok(text.parse()?)
}

/// The fields of a request.
struct Fields<'f>(&'f Map<String, Value>);

impl<'f> Fields<'f> {
    /// A text that has to be there.
    fn text(&self, name: &str) -> Result<&'f str, Wrong> {
        let text = self.optional(name)?;
        text.ok_or_else(|| Wrong::Missing(name.to_owned()))
    }

    /// A text that may be there; `null` is as good as nothing.
    fn optional(&self, name: &str) -> Result<Option<&'f str>, Wrong> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.len() > TEXT_BYTES_MAX => Err(Wrong::TooLong {
                name: name.to_owned(),
                found_bytes: text.len(),
                bytes_max: TEXT_BYTES_MAX,
            }),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Wrong::NoText(name.to_owned())),
        }
    }

    /// A text that has to be there and has a form.
    fn parsed<T: FromStr<Err = IdError>>(&self, name: &str) -> Result<T, Wrong> {
        parsed(self.text(name)?)
    }

    /// Whether something is wished for; it is not where nothing is said.
    fn is_on(&self, name: &str) -> Result<bool, Wrong> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(is_on)) => Ok(*is_on),
            Some(_) => Err(Wrong::NoSwitch(name.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests;
