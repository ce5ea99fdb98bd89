//! Stage: one place in the pipeline, its instance, and what is heard when it fails.
//!
//! In: blocks; candidates, which begin at the start of a block and may be called back. Out: blocks of
//! the instance, or of its substitute from the block on in which it failed. Where a new instance was
//! sent, its candidate goes on beside what is heard, then a fade, and then it is heard alone. Latency
//! and layout stay as they were, unless a candidate makes the place later.
//!
//! `run` and what it calls is the audio thread's; what allocates or says so is not.

mod alone;
mod block;
mod busy;
mod control;
mod counters;
mod facts;
mod out;
mod outbox;
mod own;
mod pair;
mod seam;

use std::sync::Arc;

use segue_plugin::link::{AudioView, AudioViewMut, Processor};

use crate::cpu::FloatMode;
use crate::pipeline::block::OutputUse;
use crate::pipeline::budget::{Budget, BudgetMeter};
use crate::pipeline::call::Call;
use crate::pipeline::candidate::StageCandidate;
use crate::pipeline::fallback::Fallback;
use crate::pipeline::fault::{Fault, FaultKind, OnError};
use crate::pipeline::history::History;
use crate::pipeline::param_events::ParamEvents;
use crate::pipeline::placed_instance::{Occupant, PlacedInstance, Shape};
use crate::pipeline::stage::outbox::Outbox;
use crate::pipeline::stage::own::OwnInstance;
use crate::pipeline::stage::seam::Seam;
use crate::pipeline::stage_event::StageEventKind;
use crate::pipeline::substitute::Substitute;
use crate::pipeline::swapped::{Progress, Reversal};

pub(super) use block::{StageBlock, StageResult};
pub use counters::StageCounters;
pub(super) use outbox::{Outgoing, STAGE_EVENTS_PER_BLOCK};

/// Whether a stage is heard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StageState {
    /// The instance is heard.
    Running,
    /// Its substitute is, or a new instance is being faded in.
    Out(Fault),
}

/// What a stage is made of.
#[derive(Debug)]
pub struct StageSetup {
    /// The instance, activated.
    pub processor: Processor,
    /// What is heard when it fails.
    pub on_error: OnError,
    /// Channels of its input.
    pub channels_in: usize,
    /// Channels of its output.
    pub channels_out: usize,
    /// Its latency.
    pub latency_frames: u64,
    /// How many outputs it declares.
    pub outputs: usize,
    /// Frames per second.
    pub sample_rate_hz: u32,
}

/// One place in the pipeline. What every block touches lies together; the rest is out of the way.
#[derive(Debug)]
pub struct Stage {
    own: OwnInstance,
    substitute: Substitute,
    /// Whether a block is more than one call of the instance.
    is_busy: bool,
    /// How far the instance's stream is behind the session's: its input stalled for so long.
    lag_frames: u64,
    rest: Box<Rest>,
}

/// What is used while a stage is busy, and what never changes.
#[derive(Debug)]
struct Rest {
    shape: Shape,
    /// Why the instance is out, while it is.
    fault: Option<Fault>,
    /// A new instance beside what is heard; or an old one whose tail is heard.
    candidate: Option<Box<StageCandidate>>,
    outbox: Outbox,
    /// Parameter changes for the next call.
    param_events: ParamEvents,
    history: Option<Arc<History>>,
    seam: Seam,
    /// Frames of output that are still to be held, since the place became later.
    withheld_frames: u64,
}

impl Stage {
    /// A stage that runs. Allocates; not for the audio thread.
    #[must_use]
    pub fn new(setup: StageSetup) -> Self {
        let shape = Shape {
            channels_in: setup.channels_in,
            channels_out: setup.channels_out,
            latency_frames: setup.latency_frames,
            sample_rate_hz: setup.sample_rate_hz,
        };
        let occupant = Occupant {
            processor: setup.processor,
            latency_frames: setup.latency_frames,
            held_bytes: 0,
            outputs: setup.outputs,
        };
        Self::of(occupant, setup.on_error, shape)
    }

    /// A stage of a given shape, its instance held back where the shape is later than it.
    /// Allocates; not for the audio thread.
    #[must_use]
    pub fn of(occupant: Occupant, on_error: OnError, shape: Shape) -> Self {
        Self {
            own: OwnInstance::new(PlacedInstance::new(occupant, &shape)),
            substitute: Substitute::new(on_error, &shape),
            is_busy: false,
            lag_frames: 0,
            rest: Box::new(Rest {
                shape,
                fault: None,
                candidate: None,
                outbox: Outbox::default(),
                param_events: ParamEvents::new(),
                history: None,
                seam: Seam::new(shape.channels_out, shape.sample_rate_hz),
                withheld_frames: 0,
            }),
        }
    }

    /// With another component, kept warm for `OnError::Fallback`, that takes so many sidechains.
    /// Allocates; not for the audio thread.
    #[must_use]
    pub fn with_fallback(
        mut self,
        occupant: Occupant,
        sidechains: usize,
        frames_max: usize,
    ) -> Self {
        let fallback = Fallback::new(occupant, sidechains, &self.rest.shape);
        self.substitute.set_fallback(fallback, frames_max);
        self
    }

    /// With a budget. Allocates; not for the audio thread.
    #[must_use]
    pub fn with_budget(mut self, budget: Budget) -> Self {
        let meter = BudgetMeter::new(budget, self.rest.shape.sample_rate_hz);
        self.own.budget_meter = Some(Box::new(meter));
        self
    }

    pub(super) fn record_time(&mut self, position_frames: u64, took_ns: u64) {
        self.own.record_time(position_frames, took_ns);
    }

    /// Whether a candidate can begin.
    pub(super) fn takes_candidate(&self) -> bool {
        self.rest.candidate.is_none() && self.rest.outbox.leaving.is_none()
    }

    /// How many candidates are in it.
    pub(super) fn candidates_inside(&self) -> usize {
        usize::from(self.rest.candidate.is_some()) + usize::from(self.rest.outbox.leaving.is_some())
    }

    /// Begins a candidate with the next block; where it makes the place later, that is so at once.
    pub(super) fn begin_candidate(&mut self, mut candidate: Box<StageCandidate>) {
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

    /// Fills the output of one block, by the instance or by its substitute.
    ///
    /// What is lent stays in registers where all is well: calls that are out of line are given
    /// copies, so that no view has to lie in memory for them.
    #[inline(always)]
    pub(super) fn run(&mut self, block: StageBlock<'_>, mode: &FloatMode) -> StageResult {
        let (call, mut output, records) = block.into_call(self.lag_frames);
        if self.is_busy {
            let output = output.part(0, output.frames());
            return self.run_busy(&{ call }, output, records, mode);
        }
        debug_assert_eq!(
            call.use_of_output,
            OutputUse::Taken,
            "only a growth withholds output"
        );
        let call = Call {
            use_of_output: OutputUse::Taken,
            ..call
        };
        let called = self.own.call(&call, &mut output, records, mode);
        self.own.gauges.count_in(call.frames() as u64);
        let has_events = match called.fault {
            Some(kind) => {
                let mut output = output.part(0, output.frames());
                self.fail(kind, &{ call }, &mut output, mode)
            }
            None => self.follow(&call, output.shared(), mode),
        };
        StageResult {
            records: called.records,
            failed: called.fault.is_some(),
            has_events,
        }
    }

    /// Keeps what a later substitute needs, and the outputs of this block; whether there are events.
    #[inline(always)]
    fn follow(&mut self, call: &Call<'_>, output: AudioView<'_>, mode: &FloatMode) -> bool {
        let fault = self.substitute.follow(call, output, mode);
        if fault.is_some() {
            self.rest.outbox.push_fallback(fault, call.stream_frames());
        }
        self.own.keep_outputs();
        fault.is_some()
    }

    /// Goes over to the substitute, from the first frame of this block on; that is an event.
    #[cold]
    fn fail(
        &mut self,
        kind: FaultKind,
        call: &Call<'_>,
        output: &mut AudioViewMut<'_>,
        mode: &FloatMode,
    ) -> bool {
        self.go_out(Fault {
            position_frames: call.stream_frames(),
            kind,
        });
        self.own.counters.blocks_out += 1;
        self.fill(call, output, mode);
        self.substitute.settle(output.shared());
        self.publish();
        true
    }

    /// The substitute begins where what was heard ends.
    fn go_out(&mut self, fault: Fault) {
        self.is_busy = true;
        self.rest.fault = Some(fault);
        self.rest.outbox.push(StageEventKind::Failed(fault));
        self.rest.seam.end();
        self.own.instance.clear_outputs();
        self.substitute.begin();
    }

    /// The substitute's block.
    fn fill(&mut self, call: &Call<'_>, output: &mut AudioViewMut<'_>, mode: &FloatMode) {
        let fault = self.substitute.fill(call, output, mode);
        self.rest.outbox.push_fallback(fault, call.stream_frames());
        self.substitute.add_step(output);
    }
}

#[cfg(test)]
mod tests;
