//! Key: which value of a stage is overridden, as people write it.
//!
//! Pure.

use std::fmt;
use std::str::FromStr;

use crate::config::check::clipped;
use crate::id::StageId;

/// The longest key, in bytes: an id of a stage, `params`, and a parameter of a group.
const KEY_BYTES_MAX: usize = 512;

/// One value of a stage.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum OverrideKey {
    /// `tube.params.drive_db`.
    Param {
        /// The stage.
        stage: StageId,
        /// The parameter's whole id: `drive_db`, `band.1.q`.
        param: String,
    },
    /// `tube.component`.
    Component {
        /// The stage.
        stage: StageId,
    },
    /// `tube.version`: which versions of the component's plugin will do.
    Version {
        /// The stage.
        stage: StageId,
    },
    /// `tube.bypass`: whether its input is heard in its place.
    Bypass {
        /// The stage.
        stage: StageId,
    },
}

/// Which overrides are given back to the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reset {
    /// All of them.
    All,
    /// All of one stage.
    Stage(StageId),
    /// One.
    Key(OverrideKey),
}

/// Why a text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` is no key of a stage, expected one as in `tube.params.drive_db`, `tube.component`, \
     `tube.version` or `tube.bypass`"
)]
pub struct UnknownOverride {
    /// What was found.
    pub found: String,
}

impl OverrideKey {
    /// The stage.
    #[must_use]
    pub fn stage(&self) -> &StageId {
        match self {
            Self::Param { stage, .. }
            | Self::Component { stage }
            | Self::Version { stage }
            | Self::Bypass { stage } => stage,
        }
    }

    /// Whether two keys are held together: the same one, or component and version of a stage.
    pub(super) fn shares_claim(&self, other: &Self) -> bool {
        let is_instance = |key: &Self| matches!(key, Self::Component { .. } | Self::Version { .. });
        self == other || (self.stage() == other.stage() && is_instance(self) && is_instance(other))
    }

    /// Whether another key's new value makes this one meaningless: a version is one of a component.
    pub(super) fn is_replaced_by(&self, other: &Self) -> bool {
        matches!(other, Self::Component { stage } if self.is_version_of(stage))
    }

    pub(super) fn is_version_of(&self, stage: &StageId) -> bool {
        matches!(self, Self::Version { stage: own } if own == stage)
    }
}

impl Reset {
    /// Whether an override is given back.
    #[must_use]
    pub fn covers(&self, key: &OverrideKey) -> bool {
        match self {
            Self::All => true,
            Self::Stage(stage) => key.stage() == stage,
            Self::Key(own) => own == key,
        }
    }
}

impl fmt::Display for OverrideKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Param { stage, param } => write!(out, "{stage}.params.{param}"),
            Self::Component { stage } => write!(out, "{stage}.component"),
            Self::Version { stage } => write!(out, "{stage}.version"),
            Self::Bypass { stage } => write!(out, "{stage}.bypass"),
        }
    }
}

impl FromStr for OverrideKey {
    type Err = UnknownOverride;

    fn from_str(text: &str) -> Result<Self, UnknownOverride> {
        let unknown = || UnknownOverride {
            found: clipped(text),
        };
        if text.len() > KEY_BYTES_MAX {
            return Err(unknown());
        }
        let (stage, rest) = text.split_once('.').ok_or_else(unknown)?;
        let stage: StageId = stage.parse().map_err(|_| unknown())?;
        match (rest, rest.strip_prefix("params.")) {
            ("component", _) => Ok(Self::Component { stage }),
            ("version", _) => Ok(Self::Version { stage }),
            ("bypass", _) => Ok(Self::Bypass { stage }),
            (_, Some(param)) if !param.is_empty() => Ok(Self::Param {
                stage,
                param: param.to_owned(),
            }),
            _ => Err(unknown()),
        }
    }
}

/// `tube` is a stage, `tube.params.drive_db` a key of it.
impl FromStr for Reset {
    type Err = UnknownOverride;

    fn from_str(text: &str) -> Result<Self, UnknownOverride> {
        match text.parse::<StageId>() {
            Ok(stage) => Ok(Self::Stage(stage)),
            Err(_) => text.parse().map(Self::Key),
        }
    }
}
