//! Control: what a stage is told between two blocks.
//!
//! In: candidates, parameter events, stalls. Out: nothing at once; the next block shows it. Everything
//! here but `with_history` runs on the audio thread, at the start of a block.

use std::sync::Arc;

use segue_plugin::link::ParamEvent;

use crate::pipeline::candidate::StageCandidate;
use crate::pipeline::failed::FailedInstance;
use crate::pipeline::gauges::StageSound;
use crate::pipeline::history::History;
use crate::pipeline::placed_instance::Shape;
use crate::pipeline::stage::Stage;
use crate::pipeline::stage::outbox::Outgoing;
use crate::pipeline::stage_event::StageEventKind;
use crate::pipeline::swapped::{Progress, Reversal};

impl Stage {
    /// With a history that it writes. Not for the audio thread.
    #[must_use]
    pub fn with_history(mut self, history: Arc<History>) -> Self {
        self.rest.history = Some(history);
        self.is_busy = true;
        self
    }

    /// Whether a candidate can begin.
    pub(in crate::pipeline) fn takes_candidate(&self) -> bool {
        self.rest.candidate.is_none() && self.rest.outbox.leaving.is_none()
    }

    /// How many candidates are in it.
    pub(in crate::pipeline) fn candidates_inside(&self) -> usize {
        usize::from(self.rest.candidate.is_some()) + usize::from(self.rest.outbox.leaving.is_some())
    }

    /// Begins a candidate with the next block; where it makes the place later, that is so at once.
    pub(in crate::pipeline) fn begin_candidate(&mut self, mut candidate: Box<StageCandidate>) {
        self.is_busy = true;
        let (before, after) = (self.rest.shape, candidate.shape());
        if let Some(growth) = candidate.growth_mut() {
            let grown = Shape {
                latency_frames: before.latency_frames + growth.frames(),
                ..before
            };
            if grown == after {
                self.own.instance.grow(&mut growth.pad);
                self.substitute.grow(growth);
                self.rest.withheld_frames += growth.frames();
                self.rest.shape = grown;
            }
        }
        self.rest.outbox.push(StageEventKind::ShadowBegan);
        self.rest.candidate = Some(candidate);
    }

    /// Goes back to what was heard before the candidate.
    pub fn reverse(&mut self) -> Reversal {
        let Some(mut candidate) = self.rest.candidate.take() else {
            return Reversal::TooLate;
        };
        match candidate.progress() {
            // Where the fade would begin with the next frame, nobody has heard it either.
            Progress::Shadow => self.rest.outbox.leave(candidate, StageEventKind::Reversed),
            Progress::Fading if !candidate.is_heard() => {
                self.rest.outbox.leave(candidate, StageEventKind::Reversed);
            }
            Progress::Fading | Progress::Reversing => {
                candidate.fade_in_mut().reverse();
                self.rest.candidate = Some(candidate);
                return Reversal::Begun;
            }
            Progress::Tail => {
                self.rest.candidate = Some(candidate);
                return Reversal::TooLate;
            }
        }
        Reversal::Left
    }

    /// Cuts the tail of an old instance that is still heard; what is left of it decays.
    pub fn end_tail(&mut self) {
        let ringing = |candidate: &&mut Box<StageCandidate>| candidate.progress() == Progress::Tail;
        if let Some(candidate) = self.rest.candidate.as_mut().filter(ringing) {
            candidate.fade_in_mut().end_tail();
        }
    }

    /// A parameter takes a value in the next call, or in a later one where its offset says so;
    /// the offset counts from the next call's first frame. The instance and the one beside it hear
    /// of it, a fallback does not.
    ///
    /// # Errors
    /// The event, when 1,024 wait already.
    pub fn push_param_event(&mut self, event: ParamEvent) -> Result<(), ParamEvent> {
        self.is_busy = true;
        self.rest.param_events.push(event)
    }

    /// How many more changes of parameters the next call can take.
    pub(in crate::pipeline) fn param_events_free(&self) -> usize {
        self.rest.param_events.room()
    }

    /// The stage's stream is late by so many frames more: its input stalls.
    pub const fn lag(&mut self, frames: u64) {
        self.lag_frames += frames;
    }

    /// Takes all that the last block did to it.
    pub(in crate::pipeline) fn take_outgoing(&mut self) -> Outgoing {
        let own = self.rest.fault.and_then(|fault| {
            let processor = self.own.instance.take_failed()?;
            Some((FailedInstance::Own(processor), fault))
        });
        let fallback = self.substitute.fallback_mut().and_then(|fallback| {
            let fault = fallback.fault()?;
            let processor = fallback.instance_mut().take_failed()?;
            Some((FailedInstance::Fallback(processor), fault))
        });
        let (events, leaving) = self.rest.outbox.take();
        Outgoing {
            events,
            failed: [own, fallback],
            leaving,
        }
    }

    /// What is heard of it now, for control code.
    pub(super) fn publish(&self) {
        let sound = match (self.progress(), self.rest.fault) {
            (Some(Progress::Shadow), _) => StageSound::Shadow,
            (Some(Progress::Fading | Progress::Reversing), _) => StageSound::Fading,
            (Some(Progress::Tail) | None, Some(_)) => StageSound::Out,
            (Some(Progress::Tail) | None, None) => StageSound::Own,
        };
        self.own.gauges.set_sound(sound);
        self.own.gauges.renew_outputs(self.own.instance.outputs());
    }
}
