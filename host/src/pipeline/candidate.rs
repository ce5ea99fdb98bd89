//! Candidate: a new instance beside what is heard, first in shadow, then faded in.
//!
//! In: the blocks that its place reads, and before them what it missed of them. Out: at first
//! nothing, while it fills with recent input; then a fade from what was heard to the new instance;
//! then the new instance alone. When each begins is counted in frames of the stream.
//!
//! Everything here but `new`, `swap` and what is said so runs on the audio thread.

mod input_split;
mod missed_input;
mod run;
mod setup;

use std::mem;

use segue_media::audio::Buffer;
use segue_plugin::link::Processor;

use crate::observe::Spread;
use crate::pipeline::candidate::input_split::InputSplit;
use crate::pipeline::candidate::missed_input::MissedInput;
use crate::pipeline::decay::Decay;
use crate::pipeline::fade_in::{Fade, FadeIn};
use crate::pipeline::fault::Fault;
use crate::pipeline::param_events::ParamEvents;
use crate::pipeline::placed_instance::{Occupant, PlacedInstance, Shape};
use crate::pipeline::swapped::{Progress, SwapDone, SwapMethod};

pub(super) use missed_input::RecentInput;
pub use setup::{CandidateSetup, Handoff, LatencyGrowth, PlannedFade};

/// How long a new instance runs in shadow beside its latency, in seconds: as long as what is held
/// takes to fade, and long enough for the state of filters to settle.
const SHADOW_SECONDS: f64 = 0.1;

/// The longest tail of an old instance that is heard, in seconds: a bound, not a choice.
const TAIL_SECONDS_MAX: u64 = 60;

/// A new instance on its way into a place.
#[derive(Debug)]
pub struct StageCandidate {
    instance: PlacedInstance,
    output: Buffer,
    shape: Shape,
    fade_in: FadeIn,
    purpose: Purpose,
    /// Where the input goes over instead of the output.
    input_split: InputSplit,
    missed: MissedInput,
    primed_to_frames: Option<u64>,
    param_events: ParamEvents,
    spreads: Box<[Spread]>,
    growth: Option<LatencyGrowth>,
    handoff: Option<Handoff>,
    done: SwapDone,
    has_begun: bool,
    is_heard: bool,
    /// What was told of it: that it is aligned, that it is heard.
    reported: (bool, bool),
    /// Why the instance in it failed.
    fault: Option<Fault>,
}

/// What a candidate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A stage that is out gets a new instance of what it had.
    Restart,
    /// An instance takes the place of another.
    Swap,
}

/// A frame of the stream, and of a stage's output.
#[derive(Debug, Clone, Copy)]
pub(super) struct StagePosition {
    pub(super) stream_frames: u64,
    pub(super) output_frames: u64,
}

impl StagePosition {
    pub(super) const fn after(self, frames: u64) -> Self {
        Self {
            stream_frames: self.stream_frames + frames,
            output_frames: self.output_frames + frames,
        }
    }
}

impl StageCandidate {
    /// A candidate of an instance in a place of this shape whose own has failed. Allocates; not for
    /// the audio thread.
    #[must_use]
    pub fn new(occupant: Occupant, shape: &Shape, frames_max: usize) -> Self {
        let fade = Fade::at(shape.sample_rate_hz);
        Self {
            output: Buffer::new(shape.channels_out, frames_max),
            shape: *shape,
            fade_in: FadeIn::new(shadow_frames(shape), fade),
            purpose: Purpose::Restart,
            input_split: InputSplit::default(),
            missed: MissedInput::new(shape.channels_in, &[], 0),
            primed_to_frames: None,
            param_events: ParamEvents::new(),
            spreads: vec![Spread::default(); occupant.outputs].into(),
            instance: PlacedInstance::new(occupant, shape),
            growth: None,
            handoff: None,
            done: not_done(fade),
            has_begun: false,
            is_heard: false,
            reported: (false, false),
            fault: None,
        }
    }

    /// A candidate of an instance that swaps with the one in a place. Allocates; not for the audio
    /// thread.
    #[must_use]
    pub fn swap(setup: CandidateSetup) -> Self {
        let (shape, frames_max) = (setup.shape, setup.frames_max);
        let mut candidate = Self {
            purpose: Purpose::Swap,
            missed: MissedInput::new(shape.channels_in, &setup.sidechain_channels, frames_max),
            primed_to_frames: setup.primed_to_frames,
            growth: setup.growth,
            handoff: setup.handoff,
            ..Self::new(setup.occupant, &shape, frames_max)
        };
        match setup.fade {
            PlannedFade::Crossfade { frames } => {
                candidate.fade_in = FadeIn::new(0, Fade::of(frames));
            }
            PlannedFade::Tail {
                fade_frames,
                tail_frames,
            } => candidate.plan_tail(Fade::of(fade_frames), tail_frames, frames_max),
        }
        candidate
    }

    /// Its input fades in, and what was there before is heard to its end.
    fn plan_tail(&mut self, fade: Fade, tail_frames: u64, frames_max: usize) {
        let shape = self.shape;
        let most = TAIL_SECONDS_MAX * u64::from(shape.sample_rate_hz);
        let tail = tail_frames.saturating_add(shape.latency_frames).min(most);
        let decay = u64::from(Decay::at(shape.sample_rate_hz).frames());
        self.fade_in = FadeIn::new(0, fade).with_tail(tail, decay);
        self.input_split = InputSplit::new(shape.channels_in, frames_max);
        self.done.method = SwapMethod::Tail {
            frames: fade.frames(),
            tail_frames: tail,
        };
    }

    /// Its parameters are not those of the instance that is there: changes of those are not for
    /// it. Not for the audio thread.
    #[must_use]
    pub fn without_param_events(mut self) -> Self {
        self.param_events = ParamEvents::default();
        self
    }

    /// Why the instance in it failed, if it did: the new one beside it, or the old one that the
    /// new one replaced. Not for the audio thread.
    #[must_use]
    pub fn describe_fault(&self) -> Option<(Fault, String)> {
        let fault = self.fault?;
        Some((fault, fault.kind.describe(self.instance.processor())))
    }

    /// Takes the instance out, to end it; one that failed while it was heard went before. Not for the audio thread.
    #[must_use]
    pub fn into_processor(self) -> Option<Processor> {
        self.instance.into_processor()
    }

    pub(super) const fn shape(&self) -> Shape {
        self.shape
    }

    pub(super) const fn purpose(&self) -> Purpose {
        self.purpose
    }

    pub(super) const fn fade_in(&self) -> &FadeIn {
        &self.fade_in
    }

    pub(super) const fn fade_in_mut(&mut self) -> &mut FadeIn {
        &mut self.fade_in
    }

    pub(super) const fn growth_mut(&mut self) -> &mut Option<LatencyGrowth> {
        &mut self.growth
    }

    pub(super) const fn fault(&self) -> Option<Fault> {
        self.fault
    }

    pub(super) const fn fail(&mut self, fault: Fault) {
        self.fault = Some(fault);
    }

    pub(super) const fn done_mut(&mut self) -> &mut SwapDone {
        &mut self.done
    }

    /// Its part of the input, where that goes over instead of the output.
    pub(super) const fn input_split(&self) -> &InputSplit {
        &self.input_split
    }

    pub(super) const fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Whether any of it was heard.
    pub(super) const fn is_heard(&self) -> bool {
        self.is_heard
    }

    /// Whether it is aligned, and heard, since the last time that this was asked.
    pub(super) const fn unreported(&mut self) -> (bool, bool) {
        let (aligned, heard) = self.reported;
        let is_aligned = self.is_heard || !matches!(self.progress(), Progress::Shadow);
        self.reported = (is_aligned, self.is_heard);
        (is_aligned && !aligned, self.is_heard && !heard)
    }

    pub(super) const fn progress(&self) -> Progress {
        if self.has_begun {
            self.fade_in.progress()
        } else {
            Progress::Shadow
        }
    }

    /// From this moment on it is heard.
    pub(super) const fn mark_heard(&mut self, at: StagePosition) {
        self.is_heard = true;
        self.done.heard_at_frames = at.stream_frames;
        self.done.heard_at_output_frames = at.output_frames;
    }

    /// From this moment on it is heard alone.
    pub(super) const fn mark_alone(&mut self, at: StagePosition) {
        self.done.done_at_frames = at.stream_frames;
        self.done.done_at_output_frames = at.output_frames;
    }

    /// The instance for the place, and the candidate with the one that was there.
    pub(super) fn exchange(&mut self, instance: &mut PlacedInstance, spreads: &mut Box<[Spread]>) {
        mem::swap(&mut self.instance, instance);
        self.exchange_spreads(spreads);
    }

    /// What was measured goes on where there are as many outputs as before.
    pub(super) fn exchange_spreads(&mut self, spreads: &mut Box<[Spread]>) {
        if self.spreads.len() != spreads.len() {
            mem::swap(&mut self.spreads, spreads);
        }
    }

    /// What became of it, as far as it is known.
    pub(super) fn done(&self) -> SwapDone {
        let mut done = self.done;
        if let SwapMethod::Fade {
            frames,
            shadow_frames,
        } = &mut done.method
        {
            *frames = self.fade_in.fade().frames();
            *shadow_frames = self.fade_in.shadow_frames();
        }
        done
    }
}

/// How long an instance that was not primed is in shadow in a place.
fn shadow_frames(shape: &Shape) -> u64 {
    let shadow = (f64::from(shape.sample_rate_hz) * SHADOW_SECONDS).round() as u64;
    shadow + shape.latency_frames
}

/// Nothing became of it yet.
const fn not_done(fade: Fade) -> SwapDone {
    SwapDone {
        method: SwapMethod::Fade {
            frames: fade.frames(),
            shadow_frames: 0,
        },
        refused: None,
        begun_at_frames: 0,
        heard_at_frames: 0,
        done_at_frames: 0,
        heard_at_output_frames: 0,
        done_at_output_frames: 0,
        old_fault: None,
    }
}
