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

/// The most bytes of any one name. It has to fit a table's column, a log line and a file name.
pub const NAME_BYTES_MAX: usize = 64;

/// The names that no stage, tap or decision may have: they mean the two ends of the pipeline.
pub const RESERVED_NAMES: [&str; 2] = ["input", "output"];

/// The most characters of a wrong name that an error repeats; names come from outside.
const SHOWN_CHARS_MAX: usize = 80;

/// Why a text is not the name it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// There is no text at all.
    #[error("{kind} is empty, expected {expected}")]
    Empty {
        /// What the name is for: "the stage id".
        kind: &'static str,
        /// What such a name looks like.
        expected: &'static str,
    },
    /// The text is longer than any name may be.
    #[error("{kind} `{found}` has {found_bytes} bytes, expected at most {NAME_BYTES_MAX}")]
    TooLong {
        /// What the name is for.
        kind: &'static str,
        /// The beginning of the text.
        found: String,
        /// Its whole length, in bytes.
        found_bytes: usize,
    },
    /// A character does not belong there.
    #[error("{kind} `{found}` contains `{}`, expected {expected}", character.escape_debug())]
    Character {
        /// What the name is for.
        kind: &'static str,
        /// The beginning of the text.
        found: String,
        /// The first character that does not belong.
        character: char,
        /// What such a name looks like.
        expected: &'static str,
    },
    /// The characters are right and their order is not: no dot, or nothing between two.
    #[error("{kind} `{found}` is incomplete, expected {expected}")]
    Incomplete {
        /// What the name is for.
        kind: &'static str,
        /// The beginning of the text.
        found: String,
        /// What such a name looks like.
        expected: &'static str,
    },
    /// The name means one end of the pipeline.
    #[error("{kind} `{found}` is reserved for the pipeline's own {found}, expected another name")]
    Reserved {
        /// What the name is for.
        kind: &'static str,
        /// The reserved name.
        found: &'static str,
    },
}

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

/// What every name has to hold to: something, not too much, and of the right characters.
fn check_text(
    kind: &'static str,
    expected: &'static str,
    text: &str,
    belongs: impl Fn(char) -> bool,
) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty { kind, expected });
    }
    if let Some(character) = text.chars().find(|c| !belongs(*c)) {
        return Err(IdError::Character {
            kind,
            found: shown(text),
            character,
            expected,
        });
    }
    if text.len() > NAME_BYTES_MAX {
        return Err(IdError::TooLong {
            kind,
            found: shown(text),
            found_bytes: text.len(),
        });
    }
    Ok(())
}

fn is_plain(character: char) -> bool {
    matches!(character, 'a'..='z' | '0'..='9' | '-')
}

/// The beginning of a text from outside, without control characters, fit for one line.
fn shown(text: &str) -> String {
    let mut beginning: String = text
        .chars()
        .take(SHOWN_CHARS_MAX)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(SHOWN_CHARS_MAX).is_some() {
        beginning.push('…');
    }
    beginning
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check<T: FromStr<Err = IdError> + fmt::Display>(text: &str, expected: Result<(), &str>) {
        match text.parse::<T>() {
            Ok(id) => {
                assert_eq!(Ok(()), expected, "{text} was accepted");
                assert_eq!(id.to_string(), text);
            }
            Err(error) => assert_eq!(Err(error.to_string().as_str()), expected),
        }
    }

    #[test]
    fn good_names_are_kept_as_they_are() {
        check::<PluginId>("acme.warmth", Ok(()));
        check::<PluginId>("a.b-c.9", Ok(()));
        check::<ComponentAddress>("acme.warmth", Ok(()));
        check::<ComponentAddress>("acme.warmth/tube-2", Ok(()));
        check::<StageId>("voice_eq-2", Ok(()));
        check::<TapId>("loudness", Ok(()));
        check::<DecideId>("guard", Ok(()));
        check::<Node>("input", Ok(()));
        check::<Node>("eq", Ok(()));
        check::<StageId>(&"x".repeat(NAME_BYTES_MAX), Ok(()));
    }

    #[test]
    fn a_plugin_id_says_what_it_should_look_like() {
        check::<PluginId>(
            "Acme.warmth",
            Err(
                "the plugin id `Acme.warmth` contains `A`, expected two or more parts of `a-z`, \
                 `0-9` and `-` joined by dots, as in `acme.warmth`",
            ),
        );
        check::<PluginId>(
            "warmth",
            Err(
                "the plugin id `warmth` is incomplete, expected two or more parts of `a-z`, \
                 `0-9` and `-` joined by dots, as in `acme.warmth`",
            ),
        );
        check::<PluginId>(
            "acme..warmth",
            Err(
                "the plugin id `acme..warmth` is incomplete, expected two or more parts of `a-z`, \
                 `0-9` and `-` joined by dots, as in `acme.warmth`",
            ),
        );
    }

    #[test]
    fn an_address_names_the_part_that_is_wrong() {
        check::<ComponentAddress>(
            "acme.warmth/",
            Err("the component's name is empty, expected `a-z`, `0-9` and `-`, as in `tube`"),
        );
        check::<ComponentAddress>(
            "acme.warmth/tube/x",
            Err(
                "the component's name `tube/x` contains `/`, expected `a-z`, `0-9` and `-`, \
                 as in `tube`",
            ),
        );
    }

    #[test]
    fn the_two_ends_of_the_pipeline_are_no_names_of_stages() {
        check::<StageId>(
            "input",
            Err(
                "the stage id `input` is reserved for the pipeline's own input, \
                 expected another name",
            ),
        );
        check::<Node>(
            "output",
            Err(
                "the stage id `output` is reserved for the pipeline's own output, \
                 expected another name",
            ),
        );
    }

    #[test]
    fn a_hostile_name_is_repeated_only_in_part_and_on_one_line() {
        let long = "x".repeat(5_000);
        let error = long.parse::<StageId>().unwrap_err().to_string();
        assert!(error.len() < 300, "{error}");
        assert!(
            error.contains("has 5000 bytes, expected at most 64"),
            "{error}"
        );
        let error = "a\n\u{1b}[31mb".parse::<TapId>().unwrap_err().to_string();
        assert!(!error.contains(['\n', '\u{1b}']), "{error}");
    }

    #[test]
    fn serde_checks_as_parsing_does() {
        let address: ComponentAddress = serde_json::from_str("\"acme.warmth/tube\"").unwrap();
        assert_eq!(
            serde_json::to_string(&address).unwrap(),
            "\"acme.warmth/tube\""
        );
        assert!(serde_json::from_str::<PluginId>("\"warmth\"").is_err());
    }

    proptest! {
        #[test]
        fn what_is_accepted_obeys_the_written_rule(text in "[a-zA-Z0-9_./ -]{0,70}") {
            let rule = |part: &str, more: &str| {
                !part.is_empty()
                    && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()
                        || c == '-' || more.contains(c))
            };
            let short = text.len() <= NAME_BYTES_MAX;
            let parts: Vec<_> = text.split('.').collect();
            let plugin = short && parts.len() > 1 && parts.iter().all(|part| rule(part, ""));
            prop_assert_eq!(text.parse::<PluginId>().is_ok(), plugin);
            let name = short && rule(&text, "_") && !RESERVED_NAMES.contains(&text.as_str());
            prop_assert_eq!(text.parse::<StageId>().is_ok(), name);
        }

        #[test]
        fn no_text_panics(text in ".{0,200}") {
            if let Ok(address) = text.parse::<ComponentAddress>() {
                prop_assert_eq!(address.to_string(), text);
            }
        }
    }
}
