//! Error: why bytes are not a manifest that this SDK can read.
//!
//! In: what was found and what was expected. Out: one sentence that names the field.

use std::error::Error;
use std::fmt;

use crate::abi::AbiVersion;

/// Why a manifest cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ManifestError {
    /// The bytes do not start with the magic.
    NotAManifest,
    /// There are fewer bytes than the header says.
    Truncated {
        /// How many there are.
        found: usize,
        /// How many it takes.
        expected: usize,
    },
    /// It is larger than any manifest.
    TooLarge {
        /// How many bytes the header announces, itself included.
        found: usize,
        /// The bound.
        max: usize,
    },
    /// Something follows that is not padding.
    Trailing {
        /// How long the manifest is, in bytes.
        after: usize,
    },
    /// The body is in a format of the future.
    HeaderVersion {
        /// The version in the header.
        found: u16,
        /// The version this SDK reads.
        expected: u16,
    },
    /// The body is that of another ABI major.
    Abi {
        /// The plugin's.
        found: AbiVersion,
        /// This SDK's.
        expected: AbiVersion,
    },
    /// The plugin needs another host.
    Host {
        /// The least that will do.
        min_host: AbiVersion,
        /// What this one speaks.
        host: AbiVersion,
    },
    /// A field of the body is wrong.
    Field {
        /// Where it is: `components[0].params[2].range`.
        field: String,
        /// What is wrong with it.
        problem: Problem,
    },
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// It has to be there.
    Missing,
    /// It may be there once only.
    Repeated,
    /// A record in it ends after the end.
    Cut,
    /// The text or list has another length than may be.
    Length {
        /// How many bytes it has.
        found: usize,
        /// How many it should have.
        expected: usize,
    },
    /// There are too many of them.
    TooMany {
        /// The bound.
        max: usize,
    },
    /// The bytes of a text are not UTF-8.
    NotUtf8,
    /// A text breaks its rule.
    Text {
        /// The text, shortened.
        found: String,
        /// The rule.
        expected: &'static str,
    },
    /// It names a case that this SDK does not know and cannot do without.
    Unknown {
        /// The case's number.
        found: u8,
    },
    /// It is there twice, under one name.
    Duplicate {
        /// The name.
        name: String,
    },
    /// Its numbers make no sense together.
    Rule {
        /// The rule that is broken.
        broken: &'static str,
    },
}

impl fmt::Display for ManifestError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAManifest => {
                formatter.write_str("the manifest does not start with the bytes of a Segue plugin")
            }
            Self::Truncated { found, expected } => write!(
                formatter,
                "the manifest is cut off: it has {found} bytes, expected {expected}"
            ),
            Self::TooLarge { found, max } => write!(
                formatter,
                "the manifest says it has {found} bytes, expected {max} at most"
            ),
            Self::Trailing { after } => write!(
                formatter,
                "the manifest ends after {after} bytes and more follows: \
                 a library holds one plugin, expected zeros"
            ),
            Self::HeaderVersion { found, expected } => write!(
                formatter,
                "the manifest is written in format {found}, this version reads {expected}: update Segue"
            ),
            Self::Abi { found, expected } => write!(
                formatter,
                "the plugin was built for plugin ABI {found}, this version speaks {expected}: {}",
                remedy(*found, *expected)
            ),
            Self::Host { min_host, host } => write!(
                formatter,
                "the plugin needs a host that speaks plugin ABI {min_host} or a later {}.x, \
                 this one speaks {host}: {}",
                min_host.major,
                remedy(*min_host, *host)
            ),
            Self::Field { field, problem } => {
                write!(formatter, "the manifest's `{field}` {problem}")
            }
        }
    }
}

/// What to do about a plugin that needs `plugin` on a host that speaks `host`.
fn remedy(plugin: AbiVersion, host: AbiVersion) -> String {
    if plugin < host {
        format!("rebuild the plugin with a segue-plugin of ABI {host}")
    } else {
        format!("update Segue, or ask for a build of the plugin for ABI {host}")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => formatter.write_str("is missing"),
            Self::Repeated => formatter.write_str("is there more than once, expected once"),
            Self::Cut => formatter.write_str("is cut off: a record in it ends after its end"),
            Self::Length { found, expected } => {
                write!(formatter, "has {found} bytes, expected {expected}")
            }
            Self::TooMany { max } => write!(formatter, "has more than {max} entries"),
            Self::NotUtf8 => formatter.write_str("is not UTF-8"),
            // Escaped, since a text from outside could steer a terminal.
            Self::Text { found, expected } => {
                write!(formatter, "is {found:?}, expected {expected}")
            }
            Self::Unknown { found } => write!(
                formatter,
                "is of kind {found}, which this version does not know: update Segue"
            ),
            Self::Duplicate { name } => write!(formatter, "has {name:?} twice, expected it once"),
            Self::Rule { broken } => write!(formatter, "is wrong: {broken}"),
        }
    }
}

impl Error for ManifestError {}
