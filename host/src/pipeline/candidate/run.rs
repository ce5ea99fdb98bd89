//! Run: the blocks of a candidate.
//!
//! In: blocks, and before them what was missed of them; or the running state of the instance in the
//! place. Out: what the new instance makes of them, mixed into what is heard as far as its fade-in
//! is; or the two exchanged before the first block. On the audio thread.

use std::mem;
use std::time::Instant;

use segue_plugin::link::{AudioView, AudioViewMut, Flags, ParamEvent, Record};

use crate::cpu::FloatMode;
use crate::pipeline::block::OutputUse;
use crate::pipeline::call::{Call, CallLimits, CallResult};
use crate::pipeline::candidate::{
    Purpose, RecentInput, StageCandidate, StagePosition, shadow_frames,
};
use crate::pipeline::fault::Fault;
use crate::pipeline::history::History;
use crate::pipeline::placed_instance::PlacedInstance;
use crate::pipeline::store::{view, view_mut};
use crate::pipeline::swapped::{HandoffRefusal, Progress, SwapMethod};

impl StageCandidate {
    /// Begins at a moment: finds out what it missed and how long its shadow is. `withheld_frames` is
    /// for how long nothing is heard of the stage in any case.
    pub(in crate::pipeline) fn begin(
        &mut self,
        at: StagePosition,
        withheld_frames: u64,
        recent: RecentInput<'_>,
    ) {
        self.has_begun = true;
        self.done.begun_at_frames = at.stream_frames;
        let full = shadow_frames(&self.shape);
        let shadow = match (
            self.purpose,
            self.input_split.is_active(),
            self.primed_to_frames,
        ) {
            (Purpose::Restart, _, _) => full,
            (Purpose::Swap, true, _) => 0,
            (Purpose::Swap, false, None) => full,
            (Purpose::Swap, false, Some(primed_to)) => {
                let missed = recent.at_frames.saturating_sub(primed_to);
                match missed <= recent.history.map_or(0, History::reach_frames) {
                    true => {
                        self.missed.behind_frames = missed;
                        // Twice as fast as the stream, what was missed takes as long again; what
                        // is held back has to fill with output of its own.
                        missed.max((self.instance.pad_frames() as u64).saturating_sub(missed))
                    }
                    false => {
                        self.missed.has_jumped = true;
                        full
                    }
                }
            }
        };
        self.fade_in.begin_shadow(shadow.max(withheld_frames));
    }

    /// Goes on from the running state of the old instance and takes its place, where that was
    /// prepared and can be; the old one may have failed before. Whether it has the place.
    pub(in crate::pipeline) fn hand_over(
        &mut self,
        old: &mut PlacedInstance,
        old_fault: Option<Fault>,
        mode: &FloatMode,
        at: StagePosition,
    ) -> bool {
        let begun = Instant::now();
        // The memory for the state stays here, and is given back where the instance leaves.
        let Some(handoff) = &mut self.handoff else {
            return false;
        };
        let new = &mut self.instance;
        let moved = match old_fault {
            _ if new.latency_frames() != old.latency_frames() => Err(HandoffRefusal::OtherLatency),
            Some(_) => Err(HandoffRefusal::OldIsOut),
            None => old.save_state(&mut handoff.buffer, mode).and_then(|bytes| {
                new.load_state(&handoff.buffer[..bytes], mode)
                    .map(|()| bytes)
            }),
        };
        let bytes = match moved {
            Ok(bytes) => bytes,
            Err(refusal) => {
                self.done.refused = Some(refusal);
                return false;
            }
        };
        new.exchange_instances(old);
        self.mark_heard(at);
        self.mark_alone(at);
        self.done.method = SwapMethod::Handoff {
            bytes,
            took_ns: begun.elapsed().as_nanos() as u64,
        };
        true
    }

    /// There is no old instance, so that its output goes over from what stands in for that.
    pub(in crate::pipeline) fn become_fade(&mut self) {
        if self.input_split.is_active() {
            self.input_split.end();
            self.fade_in.drop_tail();
            self.fade_in.begin_shadow(shadow_frames(&self.shape));
        }
    }

    /// It is not heard for so many frames more.
    pub(in crate::pipeline) fn delay_hearing(&mut self, frames: u64) {
        if !self.is_heard && self.fade_in.until_heard() < frames {
            self.fade_in.begin_shadow(frames);
        }
    }

    /// Takes in the parameter changes of a block, for when it has come to it.
    pub(in crate::pipeline) fn take_param_events(&mut self, events: &[ParamEvent]) {
        let behind = u32::try_from(self.missed.behind_frames).unwrap_or(u32::MAX);
        for event in events {
            let event = ParamEvent {
                offset_frames: event.offset_frames.saturating_add(behind),
                ..*event
            };
            if self.param_events.push(event).is_ok() {
                continue;
            }
            // More than one call can take: what is oldest comes true now, heard by nobody.
            if let Some(first) = self.param_events.pop() {
                if let Some(processor) = self.instance.processor_mut() {
                    let _ = processor.set_param(first.index, first.value);
                }
                let _ = self.param_events.push(event);
            }
        }
    }

    /// Processes a block into its own output, and before it some of what it missed.
    pub(in crate::pipeline) fn call(
        &mut self,
        call: &Call<'_>,
        records: &mut [Record],
        mut limits: CallLimits<'_>,
        recent: RecentInput<'_>,
    ) -> CallResult {
        let (frames, behind) = (call.frames(), self.missed.behind_frames);
        if behind == 0 {
            return self.call_live(call, records, limits);
        }
        let most = frames as u64;
        let called = self.catch_up(behind.min(most), call, limits.reborrow(), recent);
        self.missed.behind_frames = behind.saturating_sub(most).min(self.missed.behind_frames);
        if called.fault.is_some() {
            return called;
        }
        if self.missed.behind_frames == 0 {
            return self.call_live(call, records, limits);
        }
        // The second stretch, as long as the block, may reach into the block itself: after it
        // the instance is behind by a block less than before.
        let called = self.catch_up(most, call, limits.reborrow(), recent);
        if called.fault.is_none() && self.missed.behind_frames == 0 {
            return self.call_live(call, records, limits);
        }
        called
    }

    fn call_live(
        &mut self,
        call: &Call<'_>,
        records: &mut [Record],
        limits: CallLimits<'_>,
    ) -> CallResult {
        let frames = call.frames();
        let jumped = mem::take(&mut self.missed.has_jumped);
        let call = Call {
            input: self.input_split.new_part(call.input),
            flags: if jumped {
                with_jump(call.flags)
            } else {
                call.flags
            },
            events: self.param_events.due(frames),
            use_of_output: OutputUse::Taken,
            ..*call
        };
        let mut output = view_mut(&mut self.output, frames);
        let called = self.instance.call(&call, &mut output, records, limits);
        self.param_events.advance(frames);
        called
    }

    /// Processes so many frames that it missed; where they are lost, it goes on with the present.
    fn catch_up(
        &mut self,
        frames: u64,
        live: &Call<'_>,
        limits: CallLimits<'_>,
        recent: RecentInput<'_>,
    ) -> CallResult {
        let frames = frames as usize;
        if !self.missed.fetch(frames, recent) {
            self.lose_past();
            return CallResult::NOTHING;
        }
        let (instance, events, output) =
            (&mut self.instance, &mut self.param_events, &mut self.output);
        let called = self.missed.lend(frames, live, events.due(frames), |call| {
            instance.call(call, &mut view_mut(output, frames), &mut [], limits)
        });
        events.advance(frames);
        called
    }

    /// What it missed is lost: it fills with what comes from now on.
    fn lose_past(&mut self) {
        self.missed.behind_frames = 0;
        self.missed.has_jumped = true;
        self.fade_in.begin_shadow(shadow_frames(&self.shape));
    }

    /// Splits the input of a block, where it goes over.
    pub(in crate::pipeline) fn split_input(&mut self, input: AudioView<'_>) {
        self.input_split.split(&self.fade_in, input);
    }

    /// Processes a block of its part of the input, where its tail is heard.
    pub(in crate::pipeline) fn call_tail(
        &mut self,
        call: &Call<'_>,
        limits: CallLimits<'_>,
    ) -> CallResult {
        self.split_input(call.input);
        let frames = call.frames();
        let call = Call {
            input: self.input_split.old(call.input),
            events: &[],
            use_of_output: OutputUse::Taken,
            ..*call
        };
        let mut output = view_mut(&mut self.output, frames);
        self.instance.call(&call, &mut output, &mut [], limits)
    }

    /// Adds as much of its tail as is heard, and goes on.
    pub(in crate::pipeline) fn add_tail(&mut self, output: &mut AudioViewMut<'_>) {
        let frames = output.frames();
        let own = view(&self.output, frames);
        for channel in 0..output.channels() {
            let into = output.channel(channel);
            self.fade_in.add_tail(own.channel(channel), into);
        }
        self.fade_in.advance(frames);
    }

    /// What it made of a block.
    pub(in crate::pipeline) fn output(&self, frames: usize) -> AudioView<'_> {
        view(&self.output, frames)
    }

    /// It makes nothing of a block any more.
    pub(in crate::pipeline) fn clear_output(&mut self, frames: usize) {
        self.output.clear_frames(0..frames);
    }

    /// Turns what is heard into what is heard with it, and goes on.
    pub(in crate::pipeline) fn mix(&mut self, output: &mut AudioViewMut<'_>, at: StagePosition) {
        let frames = output.frames();
        let own = view(&self.output, frames);
        for channel in 0..output.channels() {
            let (into, new) = (output.channel(channel), own.channel(channel));
            if self.input_split.is_active() {
                into.iter_mut().zip(new).for_each(|(sum, new)| *sum += new);
            } else {
                self.fade_in.mix(into, new);
            }
        }
        self.go_on(frames, at);
    }

    /// Goes on by a block that begins at this moment.
    pub(in crate::pipeline) fn go_on(&mut self, frames: usize, at: StagePosition) {
        let (heard, alone) = (self.fade_in.until_heard(), self.fade_in.until_alone());
        let is_forward = self.fade_in.progress() != Progress::Reversing;
        if !self.is_heard && heard < frames as u64 {
            self.mark_heard(at.after(heard));
        }
        if is_forward && alone <= frames as u64 {
            self.mark_alone(at.after(alone));
        }
        self.fade_in.advance(frames);
    }
}

/// A block that does not follow the one before.
const fn with_jump(flags: Flags) -> Flags {
    Flags(flags.0 | Flags::DISCONTINUITY.0)
}
