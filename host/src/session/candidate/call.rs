//! Call: whether a call of an instance that nobody hears was one that a stage would let pass.
//!
//! In: how the call ended, or an instance that is called on silence. Out: nothing, or how often it
//! went to the heap; or why a stage would count a call as failed. Foreign code: away from the audio
//! thread, within a deadline.

use segue_plugin::link::Processor;

use crate::loading::exercise::{self, CallOutcome, ExerciseBuffers};
use crate::observe::FailureKind;
use crate::pipeline::failure_kind;
use crate::session::instance::{Made, Placement};

/// Why a stage would count a call as failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::session) enum CallFault {
    /// The component says why.
    #[error("{0}")]
    Said(String),
    /// The component does not say why.
    #[error("{0}")]
    Status(FailureKind),
    /// It left another floating-point mode.
    #[error("it left the processor in another floating-point mode")]
    FloatMode,
    /// Its output was not finite.
    #[error("its output was not finite while its input was")]
    NonFinite,
}

/// Whether a call went well.
///
/// # Errors
/// What the component says, or what was found.
pub(super) fn passed(processor: &Processor, outcome: CallOutcome) -> Result<(), CallFault> {
    if !outcome.status.is_ok() {
        return Err(match processor.fault_text() {
            text if text.is_empty() => CallFault::Status(failure_kind(outcome.status.code)),
            text => CallFault::Said(text),
        });
    }
    if outcome.mode_changed {
        return Err(CallFault::FloatMode);
    }
    match outcome.is_finite {
        true => Ok(()),
        false => Err(CallFault::NonFinite),
    }
}

/// Has blocks of silence processed; returns how many heap calls that took.
pub(super) fn silence(placement: &Placement, made: &mut Made) -> Result<u64, CallFault> {
    let (start, outputs) = (placement.start(), made.occupant.outputs);
    let mut buffers = ExerciseBuffers::new(&start, made.layout_out, outputs);
    let mut heap_calls = 0;
    exercise::silence(
        &mut made.occupant.processor,
        &mut buffers,
        |processor, call| {
            heap_calls += call.heap.calls();
            passed(processor, call)
        },
    )?;
    Ok(heap_calls)
}
