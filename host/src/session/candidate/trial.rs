//! Trial: a candidate on silence, on a thread that has never called it.
//!
//! In: an activated instance. Out: what it did on the heap in its first calls, and whether its
//! state can be handed over; or why it is not let in. The instance ends here: those that are heard
//! start fresh.

use std::thread;

use segue_plugin::declare::Heap;
use segue_plugin::setup::Mode;

use crate::session::candidate::Refused;
use crate::session::candidate::factory::{Factory, end};
use crate::session::candidate::rehearse::rehearse;
use crate::session::candidate::rooms::Rooms;
use crate::session::recipe::Made;

/// What a trial says.
pub(super) struct Tried {
    /// How many bytes of state it hands over, where that was asked.
    pub(super) state: Option<Result<usize, String>>,
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
    step: &(dyn Fn(&str) + Sync),
) -> Result<Tried, Refused> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("plugin-trial".to_owned());
        let running = thread.spawn_scoped(scope, || tried(factory, made, also, step));
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
    step: &(dyn Fn(&str) + Sync),
) -> Result<Tried, Refused> {
    step("silence");
    let heap_calls = silence(factory, &mut made);
    let state = match also {
        Also::State if heap_calls.is_ok() => {
            step("rehearse");
            Some(rehearse(&mut made.processor, &factory.spot))
        }
        Also::State | Also::Nothing => None,
    };
    step("end");
    end(made.processor);
    let heap_calls = heap_calls.map_err(|text| factory.refused(text))?;
    if heap_calls > 0 && factory.spot.mode == Mode::RealTime {
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
    Ok(Tried { state, note })
}

/// Has blocks of silence processed, the shortest and the longest among them; answers the heap
/// calls.
fn silence(factory: &Factory, made: &mut Made) -> Result<u64, String> {
    let most = factory.spot.frames_max as usize;
    let channels_out = made.layout_out.channels();
    let mut rooms = Rooms::new(&factory.spot, channels_out, factory.declared.outputs);
    let (mut position_frames, mut heap_calls) = (0, 0);
    for frames in [1, most.div_ceil(2), most, 1] {
        let counts = rooms.process(&mut made.processor, position_frames, frames);
        heap_calls += counts
            .map_err(|text| format!("it failed on silence: {text}"))?
            .calls();
        position_frames += frames as u64;
    }
    Ok(heap_calls)
}
