//! Id: the names that everything in Segue is called by, checked once and then believed.
//!
//! In: text from files, manifests, the command line and the control socket.
//! Out: a type per kind of name, or an `IdError` that names what was found and what was expected.
//!
//! Pure: no files, no clock, no threads. All types may be used on any thread; a clone shares text.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::id::error::{check_text, shown};

mod error;

pub use crate::id::error::IdError;

/// The most bytes of any one name. It has to fit a table's column, a log line and a file name.
pub const NAME_BYTES_MAX: usize = 64;

/// The names that no stage, tap or decision may have: they mean the two ends of the pipeline.
pub const RESERVED_NAMES: [&str; 2] = ["input", "output"];

const PLUGIN_EXPECTED: &str =
    "two or more parts of `a-z`, `0-9` and `-` joined by dots, as in `acme.warmth`";
const COMPONENT_EXPECTED: &str = "`a-z`, `0-9` and `-`, as in `tube`";
const NAME_EXPECTED: &str = "`a-z`, `0-9`, `_` and `-`, as in `voice_eq`";

/// The id of a plugin: `acme.warmth`.
///
/// That `segue.` is reserved for the reference plugins is checked where binaries are admitted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PluginId(Arc<str>);

impl PluginId {
    /// The rule as a regular expression, for schemas. The length is `NAME_BYTES_MAX` besides.
    pub const PATTERN: &str = r"^[a-z0-9-]+(\.[a-z0-9-]+)+$";

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PluginId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        const KIND: &str = "the plugin id";
        check_text(KIND, PLUGIN_EXPECTED, text, |c| is_plain(c) || c == '.')?;
        let whole = text.contains('.') && text.split('.').all(|part| !part.is_empty());
        if !whole {
            return Err(IdError::Incomplete {
                kind: KIND,
                found: shown(text),
                expected: PLUGIN_EXPECTED,
            });
        }
        Ok(Self(text.into()))
    }
}

/// Where a component is found: `acme.warmth/tube`, or `acme.warmth` where it is the only one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ComponentAddress {
    plugin: PluginId,
    component: Option<Arc<str>>,
}

impl ComponentAddress {
    /// The rule as a regular expression, for schemas.
    pub const PATTERN: &str = r"^[a-z0-9-]+(\.[a-z0-9-]+)+(/[a-z0-9-]+)?$";

    /// The address of a component of a plugin, by its name.
    ///
    /// # Errors
    /// When the name is not `[a-z0-9-]+` or has more than `NAME_BYTES_MAX` bytes.
    pub fn new(plugin: PluginId, component: &str) -> Result<Self, IdError> {
        check_text(
            "the component's name",
            COMPONENT_EXPECTED,
            component,
            is_plain,
        )?;
        Ok(Self {
            plugin,
            component: Some(component.into()),
        })
    }

    /// The plugin that provides it.
    #[must_use]
    pub fn plugin(&self) -> &PluginId {
        &self.plugin
    }

    /// The part after the slash; `None` asks for the only component there is.
    #[must_use]
    pub fn component(&self) -> Option<&str> {
        self.component.as_deref()
    }
}

impl FromStr for ComponentAddress {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match text.split_once('/') {
            None => Ok(Self {
                plugin: text.parse()?,
                component: None,
            }),
            Some((plugin, component)) => Self::new(plugin.parse()?, component),
        }
    }
}

impl fmt::Display for ComponentAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.component {
            None => write!(out, "{}", self.plugin),
            Some(component) => write!(out, "{}/{component}", self.plugin),
        }
    }
}

/// One input of a stage or tap: the pipeline's input, or what a stage makes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Node {
    /// The stream that comes into the pipeline, written `input`.
    Input,
    /// The output of the stage with this id.
    Stage(StageId),
}

impl FromStr for Node {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match text {
            "input" => Ok(Self::Input),
            _ => text.parse().map(Self::Stage),
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input => out.write_str("input"),
            Self::Stage(id) => id.fmt(out),
        }
    }
}

/// A name that an operator gives to a part of the pipeline.
macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(Arc<str>);

        impl $type {
            /// The rule as a regular expression, for schemas; `RESERVED_NAMES` are out besides.
            pub const PATTERN: &str = "^[a-z0-9_-]+$";

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                check_name($kind, text)?;
                Ok(Self(text.into()))
            }
        }
    };
}

name!(
    /// The id of a stage, unique among all ids of a configuration.
    StageId,
    "the stage id"
);
name!(
    /// The id of a tap, unique among all ids of a configuration.
    TapId,
    "the tap id"
);
name!(
    /// The id of a decision, unique among all ids of a configuration.
    DecideId,
    "the decision id"
);

/// The text forms that every plain name shares.
macro_rules! text_forms {
    ($($type:ident),*) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }
    )*};
}
text_forms!(PluginId, StageId, TapId, DecideId);

/// Conversions that serde goes through, for every name.
macro_rules! serde_forms {
    ($($type:ident),*) => {$(
        impl TryFrom<String> for $type {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(id: $type) -> Self {
                id.to_string()
            }
        }
    )*};
}
serde_forms!(PluginId, ComponentAddress, StageId, TapId, DecideId, Node);

/// A name prints as itself in debug output too, where a tuple of an `Arc` would only distract.
macro_rules! debug_forms {
    ($($type:ident),*) => {$(
        impl fmt::Debug for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, "`{self}`")
            }
        }
    )*};
}
debug_forms!(PluginId, ComponentAddress, StageId, TapId, DecideId);

fn check_name(kind: &'static str, text: &str) -> Result<(), IdError> {
    check_text(kind, NAME_EXPECTED, text, |c| is_plain(c) || c == '_')?;
    match RESERVED_NAMES.iter().find(|reserved| **reserved == text) {
        Some(found) => Err(IdError::Reserved { kind, found }),
        None => Ok(()),
    }
}

fn is_plain(character: char) -> bool {
    matches!(character, 'a'..='z' | '0'..='9' | '-')
}

#[cfg(test)]
mod tests;
