//! Run: the blocks of a trial.
//!
//! In: blocks, and before them what was missed of them. Out: what the new instance makes of them,
//! mixed into what is heard as far as its course is. On the audio thread.

use std::mem;

use segue_plugin::link::{AudioView, AudioViewMut, Flags, ParamEvent, Record};

use crate::audio::FloatMode;
use crate::pipeline::budget::Gauge;
use crate::pipeline::seat::{Call, Called};
use crate::pipeline::stage::OutputUse;
use crate::pipeline::store::{view, view_mut};
use crate::pipeline::swapped::Progress;
use crate::pipeline::trial::{Moment, Purpose, Recent, Trial, Way, shadow_frames};

impl Trial {
    /// Begins at a moment: finds out what it missed and how long its shadow is. `held_frames` is
    /// for how long nothing is heard of the stage in any case.
    pub(in crate::pipeline) fn begin(&mut self, at: Moment, held_frames: u64, recent: Recent<'_>) {
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
    pub(in crate::pipeline) fn become_fade(&mut self) {
        if self.way == Way::Input {
            self.way = Way::Output;
            self.course.drop_ring();
            self.course.begin_shadow(shadow_frames(&self.shape));
        }
    }

    /// It is not heard for so many frames more.
    pub(in crate::pipeline) fn wait(&mut self, frames: u64) {
        if !self.is_heard && self.course.until_heard() < frames {
            self.course.begin_shadow(frames);
        }
    }

    /// Takes in the parameter changes of a block, for when it has come to it.
    pub(in crate::pipeline) fn hear(&mut self, events: &[ParamEvent]) {
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
    pub(in crate::pipeline) fn call(
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
    pub(in crate::pipeline) fn part(&mut self, input: AudioView<'_>) {
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
    pub(in crate::pipeline) fn old_input<'a>(&'a self, input: AudioView<'a>) -> AudioView<'a> {
        match (self.way, &self.parts) {
            (Way::Input, Some((old, _))) => view(old, input.frames()),
            _ => input,
        }
    }

    /// Processes a block of its part of the input, where its tail is heard.
    pub(in crate::pipeline) fn ring(
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
    pub(in crate::pipeline) fn add_ring(&mut self, output: &mut AudioViewMut<'_>) {
        let frames = output.frames();
        let room = view(&self.room, frames);
        for channel in 0..output.channels() {
            let into = output.channel(channel);
            self.course.add_ring(room.channel(channel), into);
        }
        self.course.advance(frames);
    }

    /// What it made of a block.
    pub(in crate::pipeline) fn made(&self, frames: usize) -> AudioView<'_> {
        view(&self.room, frames)
    }

    /// It makes nothing of a block any more.
    pub(in crate::pipeline) fn make_nothing(&mut self, frames: usize) {
        self.room.clear_frames(0..frames);
    }

    /// Turns what is heard into what is heard with it, and goes on.
    pub(in crate::pipeline) fn mix(&mut self, output: &mut AudioViewMut<'_>, at: Moment) {
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
    pub(in crate::pipeline) fn go_on(&mut self, frames: usize, at: Moment) {
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
}

/// A block that does not follow the one before.
const fn with_jump(flags: Flags) -> Flags {
    Flags(flags.0 | Flags::DISCONTINUITY.0)
}
