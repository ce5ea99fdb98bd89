//! Id: the names that everyone shares.
//!
//! In: text from files, manifests and the command line. Out: values that are known to be names.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest plugin id, in bytes.
pub const PLUGIN_ID_BYTES_MAX: usize = 64;

/// The id of a plugin, `acme.warmth`: `[a-z0-9-]+(\.[a-z0-9-]+)+`, at most 64 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PluginId(String);

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// It is not words of lower-case letters, digits and hyphens, joined by dots.
    #[error(
        "`{found}` is not a plugin id: two or more words of a-z, 0-9 and -, joined by dots, as in `acme.warmth`"
    )]
    Shape {
        /// The text, shortened.
        found: String,
    },
    /// It is too long.
    #[error("a plugin id of {found} bytes: expected at most {PLUGIN_ID_BYTES_MAX}")]
    Long {
        /// Its length, in bytes.
        found: usize,
    },
}

impl PluginId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PluginId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.len() > PLUGIN_ID_BYTES_MAX {
            return Err(IdError::Long { found: text.len() });
        }
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let word = |word: &str| !word.is_empty() && word.bytes().all(plain);
        if text.contains('.') && text.split('.').all(word) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::Shape {
                found: text.to_owned(),
            })
        }
    }
}

impl TryFrom<String> for PluginId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<PluginId> for String {
    fn from(id: PluginId) -> Self {
        id.0
    }
}

impl fmt::Display for PluginId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_words_joined_by_dots() {
        for good in ["acme.warmth", "a-1.b.c"] {
            assert_eq!(good.parse::<PluginId>().unwrap().as_str(), good);
        }
        let long = format!("a.{}", "b".repeat(63));
        for bad in [
            "",
            "acme",
            "Acme.warmth",
            "acme.",
            ".warmth",
            "a..b",
            "a b.c",
            &long,
        ] {
            assert!(bad.parse::<PluginId>().is_err(), "{bad}");
        }
    }
}
