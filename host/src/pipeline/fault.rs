//! Fault: why a stage failed, and what is heard then.

use segue_plugin::link::CallStatus;

/// What is heard when a stage fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    /// Its input, as late as its output would have been.
    Bypass,
    /// Nothing.
    Mute,
    /// The session ends.
    Stop,
}

impl OnError {
    /// The word for it in files and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bypass => "bypass",
            Self::Mute => "mute",
            Self::Stop => "stop",
        }
    }
}

/// Why a stage failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// It answered so.
    Status(CallStatus),
    /// Its output was not finite while its input was.
    NonFinite,
    /// It left the processor in another floating-point mode.
    FloatMode,
}

/// The failure of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Stream time of the block that failed.
    pub position_frames: u64,
    /// Why.
    pub kind: FaultKind,
}
