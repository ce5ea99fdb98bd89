//! Stage event: what can happen to a stage.
//!
//! In: nothing. Out: the words that stages leave and control code reads; whether an instance leaves
//! with one.

use crate::pipeline::fault::Fault;
use crate::pipeline::swapped::{SwapDone, SwapMethod};

/// Something that happened to a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageEvent {
    /// The stage, by its place in the file.
    pub stage: usize,
    /// Stream time of the block in which it happened.
    pub position_frames: u64,
    /// What.
    pub kind: StageEventKind,
}

/// What can happen to a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageEventKind {
    /// Its instance failed, and its substitute is heard.
    Failed(Fault),
    /// Its fallback failed, and is not asked again.
    FallbackFailed(Fault),
    /// A new instance failed beside it, and leaves.
    CandidateFailed(Fault),
    /// A new instance is heard alone, and the old one leaves.
    Returned,
    /// A new instance runs beside the old one, and nobody hears it.
    ShadowBegan,
    /// It has heard all that it had missed: the next frame may be its first that is heard.
    Aligned,
    /// A new instance begins to be heard beside the old one.
    FadeBegan,
    /// A new instance has taken the place over; the old one leaves, at once or with its tail.
    Swapped(SwapDone),
    /// The old instance is heard alone again, and the new one leaves.
    Reversed,
    /// The tail of an old instance is over, and it leaves.
    TailOver,
}

impl StageEventKind {
    /// Whether an instance leaves its stage with it.
    pub(crate) const fn is_last(self) -> bool {
        match self {
            Self::CandidateFailed(_) | Self::Returned | Self::Reversed | Self::TailOver => true,
            // A tail is told of once more.
            Self::Swapped(done) => !matches!(done.method, SwapMethod::Tail { .. }),
            Self::ShadowBegan
            | Self::Aligned
            | Self::FadeBegan
            | Self::Failed(_)
            | Self::FallbackFailed(_) => false,
        }
    }
}
