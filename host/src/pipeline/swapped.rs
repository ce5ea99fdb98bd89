//! Swapped: what the audio thread tells of a swap once it is over.
//!
//! Plain values of fixed size: they pass through the ring of departures. Positions of the stream say
//! when; positions of the stage's own output say where to look in its `History`.

use segue_plugin::link::CallStatus;

use crate::pipeline::fault::Fault;

/// A new instance has taken a place over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SwapDone {
    /// How.
    pub method: SwapMethod,
    /// Why its running state was not handed over, where that was tried.
    pub refused: Option<HandoffRefusal>,
    /// Stream time of the candidate's first block.
    pub begun_at_frames: u64,
    /// Stream time of the first frame of the fade, or the first of the new instance.
    pub heard_at_frames: u64,
    /// Stream time of the first frame that is the new instance alone, the end of a tail aside.
    pub done_at_frames: u64,
    /// The frame of the stage's output, counted as `StageGauges::frames_out`, that was heard first.
    pub heard_at_output_frames: u64,
    /// The frame of the stage's output that was the first of the new instance alone.
    pub done_at_output_frames: u64,
    /// Why the old instance failed while both were heard; then the new one was heard at once.
    pub old_fault: Option<Fault>,
}

/// How a new instance took over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwapMethod {
    /// It went on from the old one's running state.
    Handoff {
        /// Bytes of state.
        bytes: usize,
        /// How long writing and reading them took.
        took_ns: u64,
    },
    /// Both were heard together.
    Fade {
        /// How long.
        frames: u64,
        /// How many frames it had processed beside the old one before, those that it had missed
        /// included.
        shadow_frames: u64,
    },
    /// The input went over from one to the other, and the old one's tail was heard to its end.
    Tail {
        /// How long the input took to go over.
        frames: u64,
        /// How long the old one was to be heard from then on.
        tail_frames: u64,
    },
}

/// Why a running state was not handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandoffRefusal {
    /// The stage was out: its instance has no state worth having.
    OldIsOut,
    /// Old and new are not equally late, so that one cannot go on where the other was.
    OtherLatency,
    /// The old one did not write it.
    Save(CallStatus),
    /// The old one answered more bytes than there was room for.
    TooLong {
        /// What it answered.
        bytes: usize,
        /// What there was room for.
        most_bytes: usize,
    },
    /// The new one did not read it.
    Load(CallStatus),
    /// One of them left the processor in another floating-point mode.
    FloatMode,
}

impl HandoffRefusal {
    /// Why, in a clause for receipts. Not for the audio thread.
    #[must_use]
    pub fn describe(self) -> String {
        match self {
            Self::OldIsOut => "the stage was out".to_owned(),
            Self::OtherLatency => "the new instance's latency is another".to_owned(),
            Self::Save(status) => {
                format!(
                    "the old instance did not write its state: {}",
                    status.code.name()
                )
            }
            Self::TooLong { bytes, most_bytes } => {
                format!(
                    "the old instance wrote {bytes} bytes of state, expected at most {most_bytes}"
                )
            }
            Self::Load(status) => {
                format!(
                    "the new instance did not read the state: {}",
                    status.code.name()
                )
            }
            Self::FloatMode => "the processor was left in another floating-point mode".to_owned(),
        }
    }
}

/// How far a candidate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nobody hears it yet.
    Shadow,
    /// It is being faded in.
    Fading,
    /// It is being faded out again.
    Reversing,
    /// It is heard; the tail of the one before it is heard too.
    Tail,
}

/// What a wish to go back to the old instance came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reversal {
    /// Nobody had heard the new one: it leaves in the next block.
    Left,
    /// It fades back from where it is, and then leaves.
    Begun,
    /// There is no candidate, or the new instance is in its place already.
    TooLate,
}
