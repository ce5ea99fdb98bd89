//! Fault: why a stage failed, and what is heard then.

use segue_plugin::link::{AudioView, CallStatus, Processor};

use crate::audio::FloatMode;
use crate::audio::is_finite;

/// What is heard when a stage fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    /// Its input, as late as its output would have been.
    Bypass,
    /// Nothing.
    Mute,
    /// The last good audio, fading to silence.
    Hold,
    /// Another component; its input where that fails too.
    Fallback,
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
            Self::Hold => "hold",
            Self::Fallback => "fallback",
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
    /// It was made for a place of another shape than the one it was sent to.
    OtherShape,
    /// It took longer than its budget allows.
    OverTime {
        /// What it took.
        took_ns: u64,
        /// What it may take.
        allowed_ns: u64,
    },
    /// It holds more memory than its budget allows.
    OverMemory {
        /// What it holds.
        held_bytes: u64,
        /// What it may hold.
        allowed_bytes: u64,
    },
}

impl FaultKind {
    /// The words for it in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Status(status) => status.code.name(),
            Self::NonFinite => "non-finite output",
            Self::FloatMode => "changed floating-point mode",
            Self::OtherShape => "made for another place",
            Self::OverTime { .. } => "over time budget",
            Self::OverMemory { .. } => "over memory budget",
        }
    }

    /// What the failure was, in a sentence. Not for the audio thread.
    #[must_use]
    pub fn describe(self, processor: &Processor) -> String {
        match self {
            Self::NonFinite => "its output was not finite while its input was".to_owned(),
            Self::FloatMode => "it left the processor in another floating-point mode".to_owned(),
            Self::OtherShape => {
                "it was made for other channels or another latency than its stage has now"
                    .to_owned()
            }
            Self::OverTime {
                took_ns,
                allowed_ns,
            } => format!("it took {took_ns} ns for a block, its budget allows {allowed_ns}"),
            Self::OverMemory {
                held_bytes,
                allowed_bytes,
            } => format!("it holds {held_bytes} bytes, its budget allows {allowed_bytes}"),
            Self::Status(status) => match processor.fault_text() {
                text if text.is_empty() => status.code.name().to_owned(),
                text => text,
            },
        }
    }
}

/// The failure of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Stream time of the block that failed.
    pub position_frames: u64,
    /// Why.
    pub kind: FaultKind,
}

/// Why a call counts as failed, if it does.
#[inline(always)]
pub(super) fn failure(
    status: CallStatus,
    mode: &FloatMode,
    output: AudioView<'_>,
) -> Option<FaultKind> {
    if !status.is_ok() {
        let _ = mode.was_changed();
        return Some(FaultKind::Status(status));
    }
    if mode.was_changed() {
        return Some(FaultKind::FloatMode);
    }
    (!is_finite(output)).then_some(FaultKind::NonFinite)
}
