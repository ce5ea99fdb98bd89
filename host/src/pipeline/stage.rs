//! Stage: one place in the pipeline, its instance, and what is heard when it fails.
//!
//! In: blocks. Out: blocks of the instance, or of its substitute from the block on in which it
//! failed. Where a new instance was sent, its trial goes on beside what is heard, then a fade, and
//! then it is heard alone. Latency and layout stay as they were, unless a trial makes the place
//! later.
//!
//! `run` and what it calls is the audio thread's; what allocates or says so is not.

mod alone;
mod block;
mod busy;
mod control;
mod facts;
mod handoff;
mod ledger;
mod out;
mod pair;
mod seam;
mod turns;

use std::sync::Arc;

use segue_plugin::link::{AudioView, AudioViewMut, Processor};

use crate::audio::FloatMode;
use crate::observe::Spread;
use crate::pipeline::budget::{Budget, Gauge};
use crate::pipeline::events::Events;
use crate::pipeline::exchange::TurnKind;
use crate::pipeline::fault::{Fault, FaultKind, OnError};
use crate::pipeline::history::History;
use crate::pipeline::seat::{Call, Occupant, Seat, Shape};
use crate::pipeline::spare::Spare;
use crate::pipeline::stage::ledger::Ledger;
use crate::pipeline::stage::seam::Seam;
use crate::pipeline::stage::turns::Turns;
use crate::pipeline::substitute::Substitute;
use crate::pipeline::trial::Trial;

pub use block::OutputUse;
pub(super) use block::{Ran, StageBlock};

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
    seat: Seat,
    substitute: Substitute,
    gauge: Option<Box<Gauge>>,
    /// Whether a block is more than one call of the instance.
    is_busy: bool,
    /// How far the instance's stream is behind the session's: its input stalled for so long.
    lag_frames: u64,
    ledger: Ledger,
    output_spreads: Box<[Spread]>,
    rest: Box<Rest>,
}

/// What is used while a stage is busy, and what never changes.
#[derive(Debug)]
struct Rest {
    shape: Shape,
    /// Why the instance is out, while it is.
    fault: Option<Fault>,
    /// A new instance beside what is heard; or an old one whose tail is heard.
    trial: Option<Box<Trial>>,
    /// An instance that is no longer used and waits to be sent away.
    leaving: Option<Box<Trial>>,
    turns: Turns,
    /// Parameter changes for the next call.
    events: Events,
    history: Option<Arc<History>>,
    seam: Seam,
    /// Frames of output that are still to be held, since the place became later.
    held_frames: u64,
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
            output_spreads: vec![Spread::default(); occupant.outputs].into(),
            seat: Seat::new(occupant, &shape),
            substitute: Substitute::new(on_error, &shape),
            gauge: None,
            is_busy: false,
            lag_frames: 0,
            ledger: Ledger::default(),
            rest: Box::new(Rest {
                shape,
                fault: None,
                trial: None,
                leaving: None,
                turns: Turns::default(),
                events: Events::new(),
                history: None,
                seam: Seam::new(shape.channels_out, shape.sample_rate_hz),
                held_frames: 0,
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
        let spare = Spare::new(occupant, sidechains, &self.rest.shape);
        self.substitute.set_spare(spare, frames_max);
        self
    }

    /// With a budget. Allocates; not for the audio thread.
    #[must_use]
    pub fn with_budget(mut self, budget: Budget) -> Self {
        self.gauge = Some(Box::new(Gauge::new(budget, self.rest.shape.sample_rate_hz)));
        self
    }

    pub(super) fn record_time(&mut self, position_frames: u64, took_ns: u64) {
        // A stage with a budget is timed at every call.
        if self.gauge.is_none() {
            self.ledger.times.record(position_frames, took_ns);
        }
    }

    pub(super) fn charge_heap(&mut self, calls: u64) {
        self.ledger.heap_calls += calls;
    }

    /// Fills the output of one block, by the instance or by its substitute.
    ///
    /// What is lent stays in registers where all is well: calls that are out of line are given
    /// copies, so that no view has to lie in memory for them.
    #[inline(always)]
    pub(super) fn run(&mut self, block: StageBlock<'_>, mode: &FloatMode) -> Ran {
        let StageBlock {
            position_frames,
            flags,
            input,
            mut output,
            sidechains,
            records,
            use_of_output,
        } = block;
        let call = Call {
            position_frames: position_frames - self.lag_frames,
            lag_frames: self.lag_frames,
            flags,
            input,
            sidechains,
            events: &[],
            use_of_output: OutputUse::Taken,
        };
        if self.is_busy {
            let call = Call {
                use_of_output,
                ..call
            };
            let output = output.part(0, output.frames());
            return self.run_busy(&{ call }, output, records, mode);
        }
        debug_assert_eq!(
            use_of_output,
            OutputUse::Taken,
            "only a growth holds output"
        );
        let gauge = self.gauge.as_deref_mut();
        let called = self.seat.call(&call, &mut output, records, mode, gauge);
        self.ledger.count(called, position_frames);
        self.ledger.frames_in += input.frames() as u64;
        let turned = match called.fault {
            Some(kind) => {
                let mut output = output.part(0, output.frames());
                self.fail(kind, &{ call }, &mut output, mode)
            }
            None => self.follow(&call, output.shared(), mode),
        };
        Ran {
            records: called.records,
            failed: called.fault.is_some(),
            turned,
        }
    }

    /// Keeps what a later substitute needs, and the outputs of this block; answers whether there
    /// are turns.
    #[inline(always)]
    fn follow(&mut self, call: &Call<'_>, output: AudioView<'_>, mode: &FloatMode) -> bool {
        let fault = self.substitute.follow(call, output, mode);
        if fault.is_some() {
            self.tell_fallback(fault, call.stream_frames());
        }
        for (spread, value) in self.output_spreads.iter_mut().zip(self.seat.outputs()) {
            spread.record(*value);
        }
        fault.is_some()
    }

    /// Goes over to the substitute, from the first frame of this block on; that is a turn.
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
        self.ledger.blocks_out += 1;
        self.fill(call, output, mode);
        self.substitute.settle(output.shared());
        true
    }

    /// The substitute begins where what was heard ends.
    fn go_out(&mut self, fault: Fault) {
        self.is_busy = true;
        self.rest.fault = Some(fault);
        self.rest.turns.push(TurnKind::Failed(fault));
        self.rest.seam.end();
        self.seat.clear_outputs();
        self.substitute.begin();
    }

    /// The substitute's block.
    fn fill(&mut self, call: &Call<'_>, output: &mut AudioViewMut<'_>, mode: &FloatMode) {
        let fault = self.substitute.fill(call, output, mode);
        self.tell_fallback(fault, call.stream_frames());
        self.substitute.add_step(output);
    }

    #[cold]
    fn tell_fallback(&mut self, fault: Option<FaultKind>, position_frames: u64) {
        if let Some(kind) = fault {
            self.rest.turns.push(TurnKind::FallbackFailed(Fault {
                position_frames,
                kind,
            }));
        }
    }
}

#[cfg(test)]
mod tests;
