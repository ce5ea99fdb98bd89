//! Trial: a new instance beside what is heard, first in shadow, then faded in.
//!
//! In: the blocks that its place reads. Out: at first nothing, while it fills with recent input;
//! then a fade from what was heard to the new instance; then the new instance alone. When each
//! begins is counted in frames of the stream.
//!
//! Everything here but `new` and what is said so runs on the audio thread.

use segue_plugin::link::{AudioView, AudioViewMut, Record};
use segue_plugin::state::STATE_BYTES_MAX;

use crate::audio::Buffer;
use crate::audio::FloatMode;
use crate::pipeline::budget::Gauge;
use crate::pipeline::crossfade::Fade;
use crate::pipeline::fault::Fault;
use crate::pipeline::seat::{Call, Called, Occupant, Seat, Shape};
use crate::pipeline::store::{view, view_mut};
use crate::pipeline::swapped::Progress;

/// How long a new instance runs in shadow beside its latency, in seconds: as long as what is held
/// takes to fade, and long enough for the state of filters to settle.
const SHADOW_SECONDS: f64 = 0.1;

/// The longest tail of an old instance that is heard, in seconds: a bound, not a choice.
pub(super) const RING_SECONDS_MAX: u64 = 60;

/// What a swap's trial is made of.
#[derive(Debug)]
pub struct TrialSetup {
    /// The new instance, activated.
    pub occupant: Occupant,
    /// The place as it is after the change: channels as before, as late as before or later.
    pub shape: Shape,
    /// The longest block.
    pub frames_max: usize,
    /// How it takes over where its predecessor's state is not handed over.
    pub takeover: Takeover,
    /// What it takes to make the place later, where that is part of the change.
    pub growth: Option<Growth>,
    /// Room for the running state, where it may be handed over.
    pub handoff: Option<Handoff>,
    /// Up to which frame of the stage's input, counted as `Stage::frames_in`, it was primed.
    pub primed_to_frames: Option<u64>,
    /// Channels of each further input.
    pub sidechain_channels: Vec<usize>,
}

/// How a new instance takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takeover {
    /// Both outputs are heard together for a while.
    Fade {
        /// How long.
        frames: u64,
    },
    /// The input goes over from the old one to the new one, which begins fresh; the old one's
    /// output is added until its tail is over, for 60 s at most.
    Ring {
        /// How long the input takes to go over.
        fade_frames: u64,
        /// The old one's tail, as it declared it.
        tail_frames: u64,
    },
}

/// What it takes to make a place later: lines with room for more, which take over what the
/// present ones hold.
#[derive(Debug)]
pub struct Growth {
    frames: u64,
}

impl Growth {
    /// A place becomes so many frames later; `shape` is what it is then. Allocates; not for the
    /// audio thread.
    #[must_use]
    pub fn new(frames: u64, shape: &Shape) -> Self {
        let _ = shape;
        Self { frames }
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
    buffer: Box<[u8]>,
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

/// A new instance on its way into a place.
#[derive(Debug)]
pub struct Trial {
    seat: Seat,
    room: Buffer,
    shadow_frames: u64,
    done_frames: u64,
    fade: Fade,
    fault: Option<Fault>,
}

impl Trial {
    /// A trial of an instance in a place of this shape. Allocates; not for the audio thread.
    #[must_use]
    pub fn new(occupant: Occupant, shape: &Shape, frames_max: usize) -> Self {
        let shadow = (f64::from(shape.sample_rate_hz) * SHADOW_SECONDS).round() as u64;
        Self {
            seat: Seat::new(occupant, shape),
            room: Buffer::new(shape.channels_out, frames_max),
            shadow_frames: shadow + shape.latency_frames,
            done_frames: 0,
            fade: Fade::at(shape.sample_rate_hz),
            fault: None,
        }
    }

    /// A trial of an instance that swaps with the one in a place. Allocates; not for the audio
    /// thread.
    #[must_use]
    pub fn swap(setup: TrialSetup) -> Self {
        let fade = match setup.takeover {
            Takeover::Fade { frames } => frames,
            Takeover::Ring { fade_frames, .. } => fade_frames,
        };
        Self {
            fade: Fade::of(fade),
            ..Self::new(setup.occupant, &setup.shape, setup.frames_max)
        }
    }

    /// Frames from its first block to the first that is the new instance alone.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.shadow_frames + self.fade.frames()
    }

    /// Why the instance in it failed, if it did: the new one on trial, or the old one that the
    /// new one replaced. Not for the audio thread.
    #[must_use]
    pub fn describe_fault(&self) -> Option<(Fault, String)> {
        let fault = self.fault?;
        Some((fault, fault.kind.describe(self.seat.processor())))
    }

    /// Takes the instance out, to end it. Not for the audio thread.
    #[must_use]
    pub fn into_processor(self) -> segue_plugin::link::Processor {
        self.seat.into_processor()
    }

    pub(super) fn fail(&mut self, fault: Fault) {
        self.fault = Some(fault);
    }

    /// The instance for the place, and the trial with the one that was there.
    pub(super) fn exchange(&mut self, seat: &mut Seat, fault: Option<Fault>) {
        std::mem::swap(&mut self.seat, seat);
        self.fault = fault;
    }

    /// Whether anybody hears it, at the start of a block.
    pub(super) const fn progress(&self) -> Progress {
        if self.done_frames < self.shadow_frames {
            Progress::Shadow
        } else {
            Progress::Fading
        }
    }

    /// Processes a block into its own room; what it leaves behind counts once it is heard.
    pub(super) fn call(
        &mut self,
        call: &Call<'_>,
        records: &mut [Record],
        mode: &FloatMode,
        gauge: Option<&mut Gauge>,
    ) -> Called {
        let records = match self.progress() {
            Progress::Shadow => &mut [][..],
            Progress::Fading | Progress::Reversing | Progress::Ringing => records,
        };
        let mut room = view_mut(&mut self.room, call.input.frames());
        let mut called = self.seat.call(call, &mut room, records, mode, gauge);
        if self.progress() == Progress::Shadow {
            called.records_lost = 0;
        }
        called
    }

    /// Turns what is heard into what is heard with it, and goes on.
    pub(super) fn mix(&mut self, output: &mut AudioViewMut<'_>) {
        let frames = output.frames();
        let before = self.shadow_frames.saturating_sub(self.done_frames);
        let done = self.done_frames.saturating_sub(self.shadow_frames);
        let room: AudioView<'_> = view(&self.room, frames);
        for channel in 0..output.channels() {
            let new = room.channel(channel);
            self.fade.mix(before, done, output.channel(channel), new);
        }
        self.done_frames += frames as u64;
    }

    /// Whether the next frame is the new instance alone.
    pub(super) const fn is_over(&self) -> bool {
        self.done_frames >= self.frames()
    }
}
