//! Trial: a new instance beside what is heard, first in shadow, then faded in.
//!
//! In: the blocks that its place reads, and before them what it missed of them. Out: at first
//! nothing, while it fills with recent input; then a fade from what was heard to the new instance;
//! then the new instance alone. When each begins is counted in frames of the stream.
//!
//! Everything here but `new`, `swap` and what is said so runs on the audio thread.

mod past;
mod setup;

use std::mem;

use segue_plugin::link::{AudioView, AudioViewMut, Flags, ParamEvent, Processor, Record};

use crate::audio::{Buffer, FloatMode};
use crate::observe::Spread;
use crate::pipeline::budget::Gauge;
use crate::pipeline::course::Course;
use crate::pipeline::crossfade::{Decay, Fade};
use crate::pipeline::events::Events;
use crate::pipeline::fault::Fault;
use crate::pipeline::seat::{Call, Called, Occupant, Seat, Shape};
use crate::pipeline::stage::OutputUse;
use crate::pipeline::store::{view, view_mut};
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

    /// Begins at a moment: finds out what it missed and how long its shadow is. `held_frames` is
    /// for how long nothing is heard of the stage in any case.
    pub(super) fn begin(&mut self, at: Moment, held_frames: u64, recent: Recent<'_>) {
        self.has_begun = true;
        self.done.begun_at_frames = at.stream_frames;
        let full = shadow_frames(&self.shape);
        let shadow = match (self.purpose, self.way, self.primed_to_frames) {
            (Purpose::Restart, _, _) => full,
            (Purpose::Swap, Way::Input, _) => 0,
            (Purpose::Swap, Way::Output, None) => full,
            (Purpose::Swap, Way::Output, Some(primed_to)) => {
                let missed = recent.at_frames.saturating_sub(primed_to);
                self.past.behind_frames = missed;
                // Twice as fast as the stream, what was missed takes as long again; what is held
                // back has to fill with output of its own.
                missed.max((self.seat.pad_frames() as u64).saturating_sub(missed))
            }
        };
        self.course.begin_shadow(shadow.max(held_frames));
    }

    /// There is no old instance, so that its output goes over from what stands in for that.
    pub(super) fn become_fade(&mut self) {
        if self.way == Way::Input {
            self.way = Way::Output;
            self.course.drop_ring();
            self.course.begin_shadow(shadow_frames(&self.shape));
        }
    }

    /// It is not heard for so many frames more.
    pub(super) fn wait(&mut self, frames: u64) {
        if !self.is_heard && self.course.until_heard() < frames {
            self.course.begin_shadow(frames);
        }
    }

    /// Takes in the parameter changes of a block, for when it has come to it.
    pub(super) fn hear(&mut self, events: &[ParamEvent]) {
        let behind = u32::try_from(self.past.behind_frames).unwrap_or(u32::MAX);
        for event in events {
            let event = ParamEvent {
                offset_frames: event.offset_frames.saturating_add(behind),
                ..*event
            };
            if self.events.push(event).is_ok() {
                continue;
            }
            // More than one call can take: what is oldest comes true now, heard by nobody.
            if let Some(first) = self.events.pop() {
                let _ = self
                    .seat
                    .processor_mut()
                    .set_param(first.index, first.value);
                let _ = self.events.push(event);
            }
        }
    }

    /// Processes a block into its own room, and before it some of what it missed.
    pub(super) fn call(
        &mut self,
        call: &Call<'_>,
        records: &mut [Record],
        mode: &FloatMode,
        mut gauge: Option<&mut Gauge>,
        recent: Recent<'_>,
    ) -> Called {
        let (frames, behind) = (call.frames(), self.past.behind_frames);
        if behind == 0 {
            return self.call_live(call, records, mode, gauge);
        }
        let most = frames as u64;
        let called = self.catch_up(behind.min(most), call, mode, gauge.as_deref_mut(), recent);
        self.past.behind_frames = behind.saturating_sub(most).min(self.past.behind_frames);
        if called.fault.is_some() {
            return called;
        }
        if self.past.behind_frames == 0 {
            return self.call_live(call, records, mode, gauge);
        }
        // The second stretch, as long as the block, may reach into the block itself: after it
        // the instance is behind by a block less than before.
        let called = self.catch_up(most, call, mode, gauge.as_deref_mut(), recent);
        if called.fault.is_none() && self.past.behind_frames == 0 {
            return self.call_live(call, records, mode, gauge);
        }
        called
    }

    fn call_live(
        &mut self,
        call: &Call<'_>,
        records: &mut [Record],
        mode: &FloatMode,
        gauge: Option<&mut Gauge>,
    ) -> Called {
        let frames = call.frames();
        let jumped = mem::take(&mut self.past.has_jumped);
        let call = Call {
            input: match (self.way, &self.parts) {
                (Way::Input, Some((_, new))) => view(new, frames),
                _ => call.input,
            },
            flags: if jumped {
                with_jump(call.flags)
            } else {
                call.flags
            },
            events: self.events.due(frames),
            use_of_output: OutputUse::Taken,
            ..*call
        };
        let mut room = view_mut(&mut self.room, frames);
        let called = self.seat.call(&call, &mut room, records, mode, gauge);
        self.events.advance(frames);
        called
    }

    /// Processes so many frames that it missed; where they are lost, it goes on with the present.
    fn catch_up(
        &mut self,
        frames: u64,
        live: &Call<'_>,
        mode: &FloatMode,
        gauge: Option<&mut Gauge>,
        recent: Recent<'_>,
    ) -> Called {
        let frames = frames as usize;
        if !self.past.fetch(frames, recent) {
            self.lose_past();
            return Called::NOTHING;
        }
        let (seat, events, room) = (&mut self.seat, &mut self.events, &mut self.room);
        let called = self.past.lend(frames, live, events.due(frames), |call| {
            seat.call(call, &mut view_mut(room, frames), &mut [], mode, gauge)
        });
        events.advance(frames);
        called
    }

    /// What it missed is lost: it fills with what comes from now on.
    fn lose_past(&mut self) {
        self.past.behind_frames = 0;
        self.past.has_jumped = true;
        self.course.begin_shadow(shadow_frames(&self.shape));
    }

    /// Parts the input of a block, where it goes over.
    pub(super) fn part(&mut self, input: AudioView<'_>) {
        let (Way::Input, Some((old, new))) = (self.way, &mut self.parts) else {
            return;
        };
        let frames = input.frames();
        for (channel, (old, new)) in old.iter_mut().zip(new.iter_mut()).enumerate() {
            let (old, new) = (&mut old[..frames], &mut new[..frames]);
            self.course.part(input.channel(channel), new, old);
        }
    }

    /// The part of a block's input that the old instance reads.
    pub(super) fn old_input<'a>(&'a self, input: AudioView<'a>) -> AudioView<'a> {
        match (self.way, &self.parts) {
            (Way::Input, Some((old, _))) => view(old, input.frames()),
            _ => input,
        }
    }

    /// Processes a block of its part of the input, where its tail is heard.
    pub(super) fn ring(
        &mut self,
        call: &Call<'_>,
        mode: &FloatMode,
        gauge: Option<&mut Gauge>,
    ) -> Called {
        self.part(call.input);
        let frames = call.frames();
        let input = match &self.parts {
            Some((old, _)) => view(old, frames),
            None => call.input,
        };
        let call = Call {
            input,
            events: &[],
            use_of_output: OutputUse::Taken,
            ..*call
        };
        let mut room = view_mut(&mut self.room, frames);
        self.seat.call(&call, &mut room, &mut [], mode, gauge)
    }

    /// Adds as much of its tail as is heard, and goes on.
    pub(super) fn add_ring(&mut self, output: &mut AudioViewMut<'_>) {
        let frames = output.frames();
        let room = view(&self.room, frames);
        for channel in 0..output.channels() {
            let into = output.channel(channel);
            self.course.add_ring(room.channel(channel), into);
        }
        self.course.advance(frames);
    }

    /// What it made of a block.
    pub(super) fn made(&self, frames: usize) -> AudioView<'_> {
        view(&self.room, frames)
    }

    /// It makes nothing of a block any more.
    pub(super) fn make_nothing(&mut self, frames: usize) {
        self.room.clear_frames(0..frames);
    }

    /// Turns what is heard into what is heard with it, and goes on.
    pub(super) fn mix(&mut self, output: &mut AudioViewMut<'_>, at: Moment) {
        let frames = output.frames();
        let room = view(&self.room, frames);
        for channel in 0..output.channels() {
            let (into, new) = (output.channel(channel), room.channel(channel));
            if self.is_ring() {
                into.iter_mut().zip(new).for_each(|(sum, new)| *sum += new);
            } else {
                self.course.mix(into, new);
            }
        }
        self.go_on(frames, at);
    }

    /// Goes on by a block that begins at this moment.
    pub(super) fn go_on(&mut self, frames: usize, at: Moment) {
        let (heard, alone) = (self.course.until_heard(), self.course.until_alone());
        let is_forward = self.course.progress() != Progress::Reversing;
        if !self.is_heard && heard < frames as u64 {
            self.be_heard_at(at.after(heard));
        }
        if is_forward && alone <= frames as u64 {
            self.be_alone_at(at.after(alone));
        }
        self.course.advance(frames);
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

/// A block that does not follow the one before.
const fn with_jump(flags: Flags) -> Flags {
    Flags(flags.0 | Flags::DISCONTINUITY.0)
}
