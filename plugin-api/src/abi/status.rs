//! Status: what a method of the audio thread returns.
//!
//! A code and a detail number, never text: text is fetched later, off that thread, with
//! `fault_text`.

use abi_stable::StableAbi;

/// How a call ended. Open: a number this side does not know means [`RawCode::UNSUPPORTED`].
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, StableAbi)]
pub struct RawCode(pub u32);

impl RawCode {
    /// It did what was asked.
    pub const OK: Self = Self(0);
    /// The input is not what the component said it takes.
    pub const INVALID_INPUT: Self = Self(1);
    /// The component does not do this.
    pub const UNSUPPORTED: Self = Self(2);
    /// Not in this state: processing before activation, say.
    pub const WRONG_STATE: Self = Self(3);
    /// An index or a length is too large.
    pub const OUT_OF_BOUNDS: Self = Self(4);
    /// The component failed and says so; the detail is its own number.
    pub const FAILED: Self = Self(5);
    /// The component panicked, now or earlier; nothing more is asked of it.
    pub const POISONED: Self = Self(6);

    /// The code's word for people and for logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OK => "ok",
            Self::INVALID_INPUT => "invalid input",
            Self::WRONG_STATE => "wrong state",
            Self::OUT_OF_BOUNDS => "out of bounds",
            Self::FAILED => "failed",
            Self::POISONED => "panicked",
            _ => "unsupported",
        }
    }
}

/// A code with its detail: an index, a number of bytes, a plugin's own number.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, StableAbi)]
pub struct RawStatus {
    /// How the call ended: done, or why not.
    pub code: RawCode,
    /// What the detail means is said at each method.
    pub detail: u32,
}

impl RawStatus {
    /// It did what was asked; nothing more to say.
    pub const OK: Self = Self::ok(0);

    /// It did what was asked, with a number.
    #[must_use]
    pub const fn ok(detail: u32) -> Self {
        Self {
            code: RawCode::OK,
            detail,
        }
    }

    /// It did not; the detail is 0.
    #[must_use]
    pub const fn err(code: RawCode) -> Self {
        Self { code, detail: 0 }
    }

    /// Whether the call did what was asked.
    #[must_use]
    pub const fn is_ok(self) -> bool {
        self.code.0 == RawCode::OK.0
    }
}

/// `RawStatus::detail` of a `process` that went well: what the output holds.
pub mod process_detail {
    /// Sound, and more to come.
    pub const CONTINUE: u32 = 0;
    /// Sound without input: the tail.
    pub const TAIL: u32 = 1;
    /// Zeros, and only zeros until the input sounds again.
    pub const SILENT: u32 = 2;
}
