//! Refusal: why a value is not taken.

use crate::observe::Who;

/// Why a value is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueRefused {
    /// The file has no such stage.
    #[error("`{stage}` is unknown, expected the id of a stage{}", said(help.as_deref()))]
    NoStage {
        /// What was asked for.
        stage: String,
        /// Which one was most likely meant.
        help: Option<String>,
    },
    /// Somebody of a higher rank wants another value.
    #[error(
        "`{key}` is held by {who}, whom no engine overrides; `segue ctl reset {key}` gives it back"
    )]
    Held {
        /// What is held.
        key: String,
        /// By whom.
        who: Who,
    },
    /// It is no value of that key.
    #[error("`{key}` cannot be `{found}`: {why}")]
    Value {
        /// The key.
        key: String,
        /// What was given.
        found: String,
        /// What was expected.
        why: String,
    },
    /// There are too many already.
    #[error(
        "the session has {} overrides already, the most there can be; `segue ctl save` writes them \
         into the file, `segue ctl reset` drops them",
        crate::config::overrides::OVERRIDDEN_MAX
    )]
    TooMany,
}

fn said(help: Option<&str>) -> String {
    help.map_or_else(String::new, |help| format!(", {help}"))
}
