//! Setup: what a swap's candidate is made of.
//!
//! In: a new instance and how it shall take over. Out: plain parts, every piece of memory that the
//! audio thread will need among them. Nothing here is for the audio thread.

use segue_plugin::state::STATE_BYTES_MAX;

use crate::pipeline::delay::DelayLine;
use crate::pipeline::placed_instance::{Occupant, Shape};

/// What a swap's candidate is made of.
#[derive(Debug)]
pub struct CandidateSetup {
    /// The new instance, activated.
    pub occupant: Occupant,
    /// The place as it is after the change: channels as before, as late as before or later.
    pub shape: Shape,
    /// The longest block.
    pub frames_max: usize,
    /// How it takes over where its predecessor's state is not handed over.
    pub fade: PlannedFade,
    /// What it takes to make the place later, where that is part of the change.
    pub growth: Option<LatencyGrowth>,
    /// Room for the running state, where it may be handed over.
    pub handoff: Option<Handoff>,
    /// Up to which frame of the stage's input, counted as `StageGauges::frames_in`, it was primed; what
    /// it misses is read from the stage's `History`. `None` where it was not primed.
    pub primed_to_frames: Option<u64>,
    /// Channels of each further input.
    pub sidechain_channels: Vec<usize>,
}

/// How a new instance takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlannedFade {
    /// Both outputs are heard together for a while.
    Crossfade {
        /// How long.
        frames: u64,
    },
    /// The input goes over from the old one to the new one, which begins fresh; the old one's
    /// output is added until its tail is over, for 60 s at most.
    Tail {
        /// How long the input takes to go over.
        fade_frames: u64,
        /// The old one's tail, as it declared it.
        tail_frames: u64,
    },
}

/// What it takes to make a place later: lines with room for more, which take over what the
/// present ones hold.
#[derive(Debug)]
pub struct LatencyGrowth {
    frames: u64,
    /// For the instance that is there.
    pub(in crate::pipeline) pad: Option<Box<DelayLine>>,
    /// For the input, as late as the output.
    pub(in crate::pipeline) dry: Option<DelayLine>,
    /// For the fallback.
    pub(in crate::pipeline) fallback_pad: Option<Box<DelayLine>>,
}

impl LatencyGrowth {
    /// A place becomes so many frames later; `shape` is what it is then. Allocates; not for the
    /// audio thread.
    #[must_use]
    pub fn new(frames: u64, shape: &Shape) -> Self {
        let line = |channels| DelayLine::with_capacity(channels, 0, shape.latency_frames as usize);
        Self {
            frames,
            pad: Some(Box::new(line(shape.channels_out))),
            dry: Some(line(shape.channels_in)),
            fallback_pad: Some(Box::new(line(shape.channels_out))),
        }
    }

    /// How many frames later.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.frames
    }
}

/// Room for a running state, made before the audio thread needs it.
#[derive(Debug)]
pub struct Handoff {
    pub(in crate::pipeline) buffer: Box<[u8]>,
}

impl Handoff {
    /// Room for so many bytes, at most what a state may have. Allocates; not for the audio thread.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self {
            buffer: vec![0; bytes.min(STATE_BYTES_MAX)].into(),
        }
    }
}
