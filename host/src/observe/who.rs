//! Who: who asked for a change, and whose wish outranks whose.
//!
//! In: what the kernel, a timeline or a watcher says. Out: a value with one spelling, the same in
//! receipts, status and events. Pure.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Who asked for a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Who {
    /// Somebody at the control socket: `ctl: ada (pid 7)`.
    Person {
        /// The user, as far as the machine knows a name.
        user: String,
        /// The process that asked; `None` where the kernel does not tell.
        pid: Option<u32>,
    },
    /// The program that the session runs in: `program: mixer`.
    Program {
        /// What it calls itself.
        name: String,
    },
    /// A signal to the process: `signal: SIGHUP`.
    Signal {
        /// Its name.
        name: String,
    },
    /// A file of changes: `timeline: changes.toml line 3`.
    Timeline {
        /// The file.
        file: String,
        /// The line on which the change begins, from 1.
        line: usize,
    },
    /// The configuration was saved, and the host applies every valid edit: `on-save`.
    OnSave,
    /// A library appeared: `watch`.
    Watch,
    /// A decision engine: `decision: guard`.
    Decision {
        /// Its id.
        id: String,
    },
    /// Somebody whom only a later version knows, or nobody: as they are spelled.
    Other(String),
}

/// Who may put whose value aside: the greater one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// A decision engine, or a rule that watches.
    Engine,
    /// A person, by `ctl`, a timeline, a signal or a program of theirs.
    Human,
}

impl Who {
    /// Their rank.
    #[must_use]
    pub const fn rank(&self) -> Rank {
        match self {
            Self::Watch | Self::Decision { .. } => Rank::Engine,
            Self::Person { .. }
            | Self::Program { .. }
            | Self::Signal { .. }
            | Self::Timeline { .. }
            | Self::OnSave
            | Self::Other(_) => Rank::Human,
        }
    }

    /// Whether nobody is named.
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        matches!(self, Self::Other(text) if text.is_empty())
    }
}

impl Default for Who {
    /// Nobody.
    fn default() -> Self {
        Self::Other(String::new())
    }
}

impl fmt::Display for Who {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person {
                user,
                pid: Some(pid),
            } => write!(out, "ctl: {user} (pid {pid})"),
            Self::Person { user, pid: None } => write!(out, "ctl: {user}"),
            Self::Program { name } => write!(out, "program: {name}"),
            Self::Signal { name } => write!(out, "signal: {name}"),
            Self::Timeline { file, line } => write!(out, "timeline: {file} line {line}"),
            Self::OnSave => out.write_str("on-save"),
            Self::Watch => out.write_str("watch"),
            Self::Decision { id } => write!(out, "decision: {id}"),
            Self::Other(text) => out.write_str(text),
        }
    }
}

impl From<Who> for String {
    fn from(who: Who) -> Self {
        who.to_string()
    }
}

impl From<String> for Who {
    fn from(text: String) -> Self {
        known(&text).unwrap_or(Self::Other(text))
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Who {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Who".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Who asked: `ctl: USER (pid N)`, `program: NAME`, `signal: NAME`, \
                            `timeline: FILE line N`, `on-save`, `watch`, `decision: ID`.",
            "type": "string"
        })
    }
}

impl FromStr for Who {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::from(text.to_owned()))
    }
}

/// Who is meant, where this version knows them.
fn known(text: &str) -> Option<Who> {
    let Some((kind, rest)) = text.split_once(": ") else {
        return match text {
            "on-save" => Some(Who::OnSave),
            "watch" => Some(Who::Watch),
            _ => None,
        };
    };
    let name = || rest.to_owned();
    match kind {
        "ctl" => Some(person(rest)),
        "program" => Some(Who::Program { name: name() }),
        "signal" => Some(Who::Signal { name: name() }),
        "timeline" => {
            let (file, line) = rest.rsplit_once(" line ")?;
            let file = file.to_owned();
            number(line).map(|line| Who::Timeline { file, line })
        }
        "decision" => Some(Who::Decision { id: name() }),
        _ => None,
    }
}

fn person(text: &str) -> Who {
    let with_pid = || {
        let (user, pid) = text.strip_suffix(')')?.rsplit_once(" (pid ")?;
        Some((user, number(pid)?))
    };
    match with_pid() {
        Some((user, pid)) => Who::Person {
            user: user.to_owned(),
            pid: Some(pid),
        },
        None => Who::Person {
            user: text.to_owned(),
            pid: None,
        },
    }
}

/// A number in the one spelling that is written.
fn number<N: FromStr + ToString>(text: &str) -> Option<N> {
    text.parse()
        .ok()
        .filter(|number: &N| number.to_string() == text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(who: &Who, text: &str) {
        assert_eq!(who.to_string(), text);
        assert_eq!(Who::from(text.to_owned()), *who);
    }

    #[test]
    fn everybody_has_one_spelling_and_is_known_by_it() {
        let name = || "x y".to_owned();
        let (user, pid) = ("ada".to_owned(), Some(7));
        check(&Who::Person { user, pid }, "ctl: ada (pid 7)");
        let (user, pid) = ("user 12".to_owned(), None);
        check(&Who::Person { user, pid }, "ctl: user 12");
        check(&Who::Program { name: name() }, "program: x y");
        check(&Who::Signal { name: name() }, "signal: x y");
        let (file, line) = ("a line 2".to_owned(), 3);
        check(&Who::Timeline { file, line }, "timeline: a line 2 line 3");
        check(&Who::OnSave, "on-save");
        check(&Who::Watch, "watch");
        check(&Who::Decision { id: name() }, "decision: x y");
        check(&Who::Other("the moon".to_owned()), "the moon");
        check(&Who::default(), "");
    }

    #[test]
    fn an_engine_and_a_rule_give_way_to_everybody_else() {
        for (text, rank) in [
            ("decision: guard", Rank::Engine),
            ("watch", Rank::Engine),
            ("on-save", Rank::Human),
            ("ctl: watch", Rank::Human),
            ("signal: SIGHUP", Rank::Human),
            ("program: decision", Rank::Human),
            ("", Rank::Human),
        ] {
            assert_eq!(Who::from(text.to_owned()).rank(), rank, "{text}");
        }
        assert!(Rank::Human > Rank::Engine);
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_written_as_it_was(
            text in "(ctl|timeline|decision|signal|x)?(: )?[a-z0-9 ()]{0,12}( line 0?[0-9]| \\(pid 0?[0-9]\\))?"
        ) {
            prop_assert_eq!(Who::from(text.clone()).to_string(), text);
        }
    }
}
