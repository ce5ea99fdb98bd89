//! Fault: why a stage failed, and what is heard then.

use segue_media::audio::is_finite;
use segue_plugin::link::{AudioView, CallStatus, Code, Processor};

use crate::cpu::FloatMode;
use crate::observe::FailureKind;
pub use crate::observe::OnError;

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
    pub const fn word(self) -> FailureKind {
        match self {
            Self::Status(status) => failure_kind(status.code),
            Self::NonFinite => FailureKind::NonFinite,
            Self::FloatMode => FailureKind::FloatMode,
            Self::OtherShape => FailureKind::OtherShape,
            Self::OverTime { .. } => FailureKind::OverTime,
            Self::OverMemory { .. } => FailureKind::OverMemory,
        }
    }

    /// What the failure was, in a sentence, in the words of the instance where it is there. Not for
    /// the audio thread.
    #[must_use]
    pub fn describe(self, processor: Option<&Processor>) -> String {
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
            Self::Status(status) => {
                let text = processor.map(Processor::fault_text);
                let text = text.filter(|text| !text.is_empty());
                text.unwrap_or_else(|| status.code.name().to_owned())
            }
        }
    }
}

/// Of which kind a call's answer is, where it is a failure.
#[must_use]
pub const fn failure_kind(code: Code) -> FailureKind {
    match code {
        Code::INVALID_INPUT => FailureKind::InvalidInput,
        Code::WRONG_STATE => FailureKind::WrongState,
        Code::OUT_OF_BOUNDS => FailureKind::OutOfBounds,
        Code::FAILED => FailureKind::Failed,
        Code::POISONED => FailureKind::Panicked,
        _ => FailureKind::Unsupported,
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
    (!is_finite(output.iter())).then_some(FaultKind::NonFinite)
}
