//! Stage: one place in the pipeline, its instance, and what is heard when it fails.
//!
//! In: blocks. Out: blocks of the instance, or of its substitute from the block on in which it
//! failed; then, where a new instance was sent, its trial beside the substitute, a fade, and the
//! new instance. Latency and layout stay as they were.
//!
//! `run` and what it calls is the audio thread's; what allocates or says so is not.

mod block;
mod control;
mod facts;
mod ledger;

use segue_plugin::link::{AudioView, AudioViewMut, Processor, Record};

use crate::audio::FloatMode;
use crate::observe::Spread;
use crate::pipeline::budget::{Budget, Gauge};
use crate::pipeline::exchange::TurnKind;
use crate::pipeline::fault::{Fault, FaultKind, OnError};
use crate::pipeline::seat::{Call, Occupant, Seat, Shape};
use crate::pipeline::spare::Spare;
use crate::pipeline::stage::ledger::Ledger;
use crate::pipeline::substitute::{Return, Substitute};
use crate::pipeline::swapped::Progress;
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
    is_out: bool,
    ledger: Ledger,
    output_spreads: Box<[Spread]>,
    rest: Box<Rest>,
}

/// What is used while a stage is out, and what never changes.
#[derive(Debug)]
struct Rest {
    shape: Shape,
    /// Why the instance is out, while it is.
    fault: Option<Fault>,
    /// A new instance beside the substitute.
    trial: Option<Box<Trial>>,
    /// An instance that is no longer used and waits to be sent away.
    leaving: Option<Box<Trial>>,
    /// What happened in this block to the instance or the one on trial, and to the fallback.
    turns: [Option<TurnKind>; 2],
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
            is_out: false,
            ledger: Ledger::default(),
            rest: Box::new(Rest {
                shape,
                fault: None,
                trial: None,
                leaving: None,
                turns: [None; 2],
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

    pub(super) fn take_turns(&mut self) -> [Option<TurnKind>; 2] {
        std::mem::take(&mut self.rest.turns)
    }

    pub(super) fn take_leaving(&mut self) -> Option<Box<Trial>> {
        self.rest.leaving.take()
    }

    pub(super) fn put_back(&mut self, leaving: Box<Trial>) {
        self.rest.leaving = Some(leaving);
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
            use_of_output: _,
        } = block;
        let call = Call {
            position_frames,
            flags,
            input,
            sidechains,
        };
        if self.is_out {
            let mut output = output.part(0, output.frames());
            return self.run_out(&{ call }, &mut output, records, mode);
        }
        let gauge = self.gauge.as_deref_mut();
        let called = self.seat.call(&call, &mut output, records, mode, gauge);
        self.ledger.count(called, position_frames);
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
            self.tell_fallback(fault, call.position_frames);
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
        let fault = Fault {
            position_frames: call.position_frames,
            kind,
        };
        self.is_out = true;
        self.ledger.blocks_out += 1;
        self.rest.fault = Some(fault);
        self.rest.turns[0] = Some(TurnKind::Failed(fault));
        self.seat.clear_outputs();
        self.substitute.begin();
        self.fill(call, output, mode);
        self.substitute.add_step(output);
        self.substitute.settle(output.shared());
        true
    }

    /// The substitute's block, but for the step.
    fn fill(&mut self, call: &Call<'_>, output: &mut AudioViewMut<'_>, mode: &FloatMode) {
        let fault = self.substitute.fill(call, output, mode);
        self.tell_fallback(fault, call.position_frames);
    }

    #[cold]
    fn tell_fallback(&mut self, fault: Option<FaultKind>, position_frames: u64) {
        if let Some(kind) = fault {
            self.rest.turns[1] = Some(TurnKind::FallbackFailed(Fault {
                position_frames,
                kind,
            }));
        }
    }

    /// A block of the substitute, with what is heard of a new instance.
    #[cold]
    fn run_out(
        &mut self,
        call: &Call<'_>,
        output: &mut AudioViewMut<'_>,
        records: &mut [Record],
        mode: &FloatMode,
    ) -> Ran {
        self.ledger.blocks_out += 1;
        let mut trial = self.rest.trial.take();
        let mut written = 0;
        if let Some(new) = &mut trial {
            let called = new.call(call, records, mode, self.gauge.as_deref_mut());
            self.ledger.count(called, call.position_frames);
            written = called.records;
            if let Some(kind) = called.fault {
                self.fail_trial(kind, call.position_frames, &mut trial);
            }
        }
        self.fill(call, output, mode);
        self.substitute.add_step(output);
        if let Some(new) = trial {
            self.go_on(new, output);
        }
        self.substitute.settle(output.shared());
        Ran {
            records: written,
            failed: false,
            turned: self.rest.turns.iter().any(Option::is_some) || self.rest.leaving.is_some(),
        }
    }

    /// A new instance leaves; where it was heard already, the substitute begins anew.
    fn fail_trial(
        &mut self,
        kind: FaultKind,
        position_frames: u64,
        trial: &mut Option<Box<Trial>>,
    ) {
        let Some(mut failed) = trial.take() else {
            return;
        };
        let fault = Fault {
            position_frames,
            kind,
        };
        if failed.progress() == Progress::Fading {
            self.substitute.begin();
        }
        failed.fail(fault);
        self.rest.turns[0] = Some(TurnKind::TrialFailed(fault));
        self.rest.leaving = Some(failed);
    }

    /// Mixes a new instance in as far as it is heard, and gives it the place once it is alone.
    fn go_on(&mut self, mut trial: Box<Trial>, output: &mut AudioViewMut<'_>) {
        let before = trial.progress();
        trial.mix(output);
        match (before, trial.progress()) {
            (_, Progress::Shadow) => {}
            (Progress::Shadow, _) => {
                self.substitute.keep_return(output.shared(), Return::First);
            }
            _ => {
                self.substitute.keep_return(output.shared(), Return::Later);
            }
        }
        if !trial.is_over() {
            self.rest.trial = Some(trial);
            return;
        }
        trial.exchange(&mut self.seat, self.rest.fault.take());
        self.is_out = false;
        self.rest.turns[0] = Some(TurnKind::Returned);
        self.rest.leaving = Some(trial);
    }
}
