//! Silence: a candidate on silence, on a thread that has never called it.
//!
//! In: an activated instance. Out: what it did on the heap in its first calls, and whether its
//! state can be handed over; or why it is not let in. The instance ends here: those that are heard
//! start fresh.

use std::thread;

use segue_plugin::declare::Heap;
use segue_plugin::setup::Mode;

use crate::loading::exercise::{self, ExerciseBuffers};
use crate::observe::StepKind;
use crate::session::candidate::Refused;
use crate::session::candidate::call::{CallFault, passed};
use crate::session::candidate::factory::Factory;
use crate::session::candidate::rehearse::{Rehearsed, StateFault, rehearse};
use crate::session::candidate::work::Watch;
use crate::session::instance::{Made, Placement};

/// What the exercise showed.
pub(super) struct Exercised {
    /// What its state takes, where that was asked.
    pub(super) state: Option<Result<Rehearsed, StateFault>>,
    /// What a reader of the receipt should know.
    pub(super) note: Option<String>,
}

/// What is tried beside silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Also {
    /// Nothing.
    Nothing,
    /// Handing over state.
    State,
}

/// Tries an instance, and ends it. What a thread-local of its library allocates at the first touch
/// it allocates here too: the thread is new to it.
pub(super) fn try_out(
    factory: &Factory,
    made: Made,
    also: Also,
    watch: &Watch,
) -> Result<Exercised, Refused> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("plugin-trial".to_owned());
        let running = thread.spawn_scoped(scope, || tried(factory, made, also, watch));
        let running = running.map_err(|error| {
            factory.refused(format!("the system gives no thread to try it on: {error}"))
        })?;
        // The thread runs foreign code inside its plugin's guard, and ours, which does not panic.
        let ended = running.join();
        ended.unwrap_or_else(|_| Err(factory.refused("its trial ended without an answer")))
    })
}

fn tried(
    factory: &Factory,
    mut made: Made,
    also: Also,
    watch: &Watch,
) -> Result<Exercised, Refused> {
    watch.step(StepKind::Silence);
    let heap_calls = silence(&factory.placement, &mut made);
    let state = match also {
        Also::State if heap_calls.is_ok() => {
            watch.step(StepKind::Rehearse);
            Some(rehearse(&mut made.occupant.processor, &factory.placement))
        }
        Also::State | Also::Nothing => None,
    };
    watch.end();
    made.end();
    let heap_calls =
        heap_calls.map_err(|fault| factory.refused(format!("it failed on silence: {fault}")))?;
    if heap_calls > 0 && factory.placement.mode == Mode::RealTime {
        return Err(factory.refused(format!(
            "it made {heap_calls} heap calls in its first calls on a new thread; what the audio \
             thread runs makes none: it may enter a session off line, or be there at its start"
        )));
    }
    let note = match (heap_calls, factory.declared.heap) {
        (1.., _) => Some(format!(
            "it makes {heap_calls} heap calls in its first blocks"
        )),
        (0, Heap::Unmetered) => {
            Some("its heap is not counted: it brings its own allocator".to_owned())
        }
        (0, Heap::Metered) => None,
    };
    Ok(Exercised { state, note })
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
