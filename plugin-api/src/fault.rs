//! Fault: how a component returns from a call, and how it refuses.

use crate::abi::status::{RawCode, RawStatus, process_detail};

/// What the output of a block holds, so that the host can spare work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Sound, or more to come.
    Continue,
    /// Sound without input: the tail rings.
    Tail,
    /// Zeros, and only zeros until the input sounds again.
    Silent,
}

impl Status {
    pub(crate) const fn detail(self) -> u32 {
        match self {
            Self::Continue => process_detail::CONTINUE,
            Self::Tail => process_detail::TAIL,
            Self::Silent => process_detail::SILENT,
        }
    }

    pub(crate) const fn from_detail(detail: u32) -> Self {
        match detail {
            process_detail::TAIL => Self::Tail,
            process_detail::SILENT => Self::Silent,
            _ => Self::Continue,
        }
    }

    /// The status of two parts of one block: the livelier of the two.
    pub(crate) const fn merge(self, other: Self) -> Self {
        match (self, other) {
            (Self::Continue, _) | (_, Self::Continue) => Self::Continue,
            (Self::Tail, _) | (_, Self::Tail) => Self::Tail,
            (Self::Silent, Self::Silent) => Self::Silent,
        }
    }
}

/// A failure on the audio thread: a number and a fixed text, nothing that allocates.
///
/// ```
/// use segue_plugin::prelude::*;
///
/// const LOST_LOCK: Fault = Fault::new(7, "the pitch follower lost its lock");
/// assert_eq!(LOST_LOCK.code, 7);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The component's own number for it, shown beside the text.
    pub code: u32,
    /// What went wrong, for people.
    pub text: &'static str,
    raw: RawCode,
}

impl Fault {
    /// The component does not do this.
    pub const UNSUPPORTED: Self =
        Self::with(RawCode::UNSUPPORTED, "the component does not do this");

    /// A failure with the component's own number and a fixed text.
    #[must_use]
    pub const fn new(code: u32, text: &'static str) -> Self {
        Self {
            code,
            text,
            raw: RawCode::FAILED,
        }
    }

    /// The input is not what the component said it takes.
    #[must_use]
    pub const fn invalid_input(text: &'static str) -> Self {
        Self::with(RawCode::INVALID_INPUT, text)
    }

    pub(crate) const fn with(raw: RawCode, text: &'static str) -> Self {
        Self { code: 0, text, raw }
    }

    pub(crate) const fn status(self) -> RawStatus {
        RawStatus {
            code: self.raw,
            detail: self.code,
        }
    }
}

/// Why a component will not be created or activated; may say it at length.
///
/// ```
/// use segue_plugin::prelude::*;
///
/// let refusal = Refusal::new(format!("{} is not a model file", "el84.bin"));
/// assert_eq!(refusal.to_string(), "el84.bin is not a model file");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    text: String,
    raw: RawCode,
}

impl Refusal {
    /// A refusal with a sentence for people: lower case, no final dot.
    pub fn new(text: impl Into<String>) -> Self {
        Self::with(RawCode::FAILED, text)
    }

    /// The signal is not one that the component takes.
    pub fn invalid_input(text: impl Into<String>) -> Self {
        Self::with(RawCode::INVALID_INPUT, text)
    }

    pub(crate) fn with(raw: RawCode, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            raw,
        }
    }

    /// Whether the component panicked, so that it is not called again.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        self.raw == RawCode::POISONED
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for crate::abi::setup::RawRefusal {
    fn from(refusal: Refusal) -> Self {
        Self {
            code: refusal.raw,
            text: refusal.text.into(),
        }
    }
}

impl From<crate::abi::setup::RawRefusal> for Refusal {
    fn from(raw: crate::abi::setup::RawRefusal) -> Self {
        Self {
            text: raw.text.into(),
            raw: raw.code,
        }
    }
}
