//! Trial: a new instance beside what is heard, first in shadow, then faded in.
//!
//! In: the blocks that its place reads, and before them what it missed of them. Out: at first
//! nothing, while it fills with recent input; then a fade from what was heard to the new instance;
//! then the new instance alone. When each begins is counted in frames of the stream.
//!
//! Everything here but `new`, `swap` and what is said so runs on the audio thread.

mod past;
mod run;
mod setup;

use std::mem;

use segue_plugin::link::Processor;

use crate::audio::Buffer;
use crate::observe::Spread;
use crate::pipeline::course::Course;
use crate::pipeline::crossfade::{Decay, Fade};
use crate::pipeline::events::Events;
use crate::pipeline::fault::Fault;
use crate::pipeline::seat::{Occupant, Seat, Shape};
use crate::pipeline::swapped::{Progress, SwapDone, TakenOver};
use crate::pipeline::trial::past::Past;

pub(super) use past::Recent;
pub use setup::{Growth, Handoff, Takeover, TrialSetup};

/// How long a new instance runs in shadow beside its latency, in seconds: as long as what is held
/// takes to fade, and long enough for the state of filters to settle.
const SHADOW_SECONDS: f64 = 0.1;

/// The longest tail of an old instance that is heard, in seconds: a bound, not a choice.
const RING_SECONDS_MAX: u64 = 60;

/// A new instance on its way into a place.
#[derive(Debug)]
pub struct Trial {
    seat: Seat,
    room: Buffer,
    shape: Shape,
    course: Course,
    purpose: Purpose,
    way: Way,
    /// Parts of the input, for the old and the new instance, where it goes over.
    parts: Option<(Buffer, Buffer)>,
    past: Past,
    primed_to_frames: Option<u64>,
    events: Events,
    spreads: Box<[Spread]>,
    growth: Option<Growth>,
    handoff: Option<Handoff>,
    done: SwapDone,
    has_begun: bool,
    is_heard: bool,
    /// Why the instance in it failed.
    fault: Option<Fault>,
}

/// What a trial is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A stage that is out gets a new instance of what it had.
    Restart,
    /// An instance takes the place of another.
    Swap,
}

/// What goes over from the old instance to the new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// What is heard.
    Output,
    /// What is read.
    Input,
}

/// A frame of the stream, and of a stage's output.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) stream_frames: u64,
    pub(super) output_frames: u64,
}

impl Moment {
    pub(super) const fn after(self, frames: u64) -> Self {
        Self {
            stream_frames: self.stream_frames + frames,
            output_frames: self.output_frames + frames,
        }
    }
}

impl Trial {
    /// A trial of an instance in a place of this shape whose own has failed. Allocates; not for
    /// the audio thread.
    #[must_use]
    pub fn new(occupant: Occupant, shape: &Shape, frames_max: usize) -> Self {
        let fade = Fade::at(shape.sample_rate_hz);
        Self {
            room: Buffer::new(shape.channels_out, frames_max),
            shape: *shape,
            course: Course::new(shadow_frames(shape), fade),
            purpose: Purpose::Restart,
            way: Way::Output,
            parts: None,
            past: Past::new(shape.channels_in, &[], 0),
            primed_to_frames: None,
            events: Events::new(),
            spreads: vec![Spread::default(); occupant.outputs].into(),
            seat: Seat::new(occupant, shape),
            growth: None,
            handoff: None,
            done: SwapDone {
                takeover: TakenOver::Fade {
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
            },
            has_begun: false,
            is_heard: false,
            fault: None,
        }
    }

    /// A trial of an instance that swaps with the one in a place. Allocates; not for the audio
    /// thread.
    #[must_use]
    pub fn swap(setup: TrialSetup) -> Self {
        let (shape, frames_max) = (setup.shape, setup.frames_max);
        let mut trial = Self {
            purpose: Purpose::Swap,
            past: Past::new(shape.channels_in, &setup.sidechain_channels, frames_max),
            primed_to_frames: setup.primed_to_frames,
            growth: setup.growth,
            handoff: setup.handoff,
            ..Self::new(setup.occupant, &shape, frames_max)
        };
        match setup.takeover {
            Takeover::Fade { frames } => {
                trial.course = Course::new(0, Fade::of(frames));
            }
            Takeover::Ring {
                fade_frames,
                tail_frames,
            } => {
                let fade = Fade::of(fade_frames);
                let most = RING_SECONDS_MAX * u64::from(shape.sample_rate_hz);
                let tail = tail_frames.saturating_add(shape.latency_frames).min(most);
                let decay = u64::from(Decay::at(shape.sample_rate_hz).frames());
                trial.course = Course::new(0, fade).with_ring(tail, decay);
                let part = || Buffer::new(shape.channels_in, frames_max);
                trial.parts = Some((part(), part()));
                trial.way = Way::Input;
                trial.done.takeover = TakenOver::Ring {
                    frames: fade.frames(),
                    tail_frames: tail,
                };
            }
        }
        trial
    }

    /// Its parameters are not those of the instance that is there: changes of those are not for
    /// it. Not for the audio thread.
    #[must_use]
    pub fn without_events(mut self) -> Self {
        self.events = Events::default();
        self
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
    pub fn into_processor(self) -> Processor {
        self.seat.into_processor()
    }

    pub(super) const fn shape(&self) -> Shape {
        self.shape
    }

    pub(super) const fn purpose(&self) -> Purpose {
        self.purpose
    }

    pub(super) const fn course(&self) -> &Course {
        &self.course
    }

    pub(super) const fn course_mut(&mut self) -> &mut Course {
        &mut self.course
    }

    pub(super) const fn growth_mut(&mut self) -> &mut Option<Growth> {
        &mut self.growth
    }

    pub(super) const fn seat_mut(&mut self) -> &mut Seat {
        &mut self.seat
    }

    pub(super) const fn take_handoff(&mut self) -> Option<Handoff> {
        self.handoff.take()
    }

    pub(super) fn put_back(&mut self, handoff: Handoff) {
        self.handoff = Some(handoff);
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

    /// Whether the input goes over instead of the output.
    pub(super) const fn is_ring(&self) -> bool {
        matches!(self.way, Way::Input)
    }

    pub(super) const fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Whether any of it was heard.
    pub(super) const fn is_heard(&self) -> bool {
        self.is_heard
    }

    pub(super) const fn progress(&self) -> Progress {
        if self.has_begun {
            self.course.progress()
        } else {
            Progress::Shadow
        }
    }

    /// From this moment on it is heard.
    pub(super) const fn be_heard_at(&mut self, at: Moment) {
        self.is_heard = true;
        self.done.heard_at_frames = at.stream_frames;
        self.done.heard_at_output_frames = at.output_frames;
    }

    /// From this moment on it is heard alone.
    pub(super) const fn be_alone_at(&mut self, at: Moment) {
        self.done.done_at_frames = at.stream_frames;
        self.done.done_at_output_frames = at.output_frames;
    }

    /// The instance for the place, and the trial with the one that was there.
    pub(super) fn exchange(&mut self, seat: &mut Seat, spreads: &mut Box<[Spread]>) {
        mem::swap(&mut self.seat, seat);
        self.exchange_spreads(spreads);
    }

    /// As `exchange`, but what is held back stays where it is.
    pub(super) fn exchange_instances(&mut self, seat: &mut Seat, spreads: &mut Box<[Spread]>) {
        self.seat.exchange_instances(seat);
        self.exchange_spreads(spreads);
    }

    /// What was measured goes on where there are as many outputs as before.
    fn exchange_spreads(&mut self, spreads: &mut Box<[Spread]>) {
        if self.spreads.len() != spreads.len() {
            mem::swap(&mut self.spreads, spreads);
        }
    }

    /// What became of it, as far as it is known.
    pub(super) fn done(&self) -> SwapDone {
        let mut done = self.done;
        if let TakenOver::Fade {
            frames,
            shadow_frames,
        } = &mut done.takeover
        {
            *frames = self.course.fade().frames();
            *shadow_frames = self.course.shadow_frames();
        }
        done
    }
}

/// How long an instance that was not primed is in shadow in a place.
fn shadow_frames(shape: &Shape) -> u64 {
    let shadow = (f64::from(shape.sample_rate_hz) * SHADOW_SECONDS).round() as u64;
    shadow + shape.latency_frames
}
