//! Predecessor: whether what is heard can write its state without a gap in the stream.
//!
//! In: how it was made, and what the state of its successor takes. Out: the same, or why nothing is
//! handed over. The audio thread calls the `save_state` of the instance on the air, and that one
//! cannot be asked beforehand: another one of its kind is made, has silence processed, writes its
//! state and ends. Off line nobody waits, and no time may change what is heard: nothing is asked.

use std::time::Duration;

use segue_plugin::setup::Mode;

use crate::loading::within;
use crate::session::candidate::factory::{Factory, Source};
use crate::session::candidate::rehearse::{
    NoHandoff, Rehearsed, StateFault, in_time, rehearse_writing,
};
use crate::session::candidate::silence::silence;
use crate::session::instance::Recipe;

/// How long the other instance may take, all in all. One that hangs must not keep its successor from
/// taking its place: that one fades in, and has the rest of its own deadline.
const PREDECESSOR_DEADLINE: Duration = Duration::from_secs(10);

/// Holds what is heard to the time that a handoff may take, where its successor would read its state
/// or migrate it; `began` is called where that needs an instance. Foreign code: it runs on a thread
/// of its own, within a deadline.
pub(super) fn with_predecessor(
    successor: Result<Rehearsed, NoHandoff>,
    predecessor: Option<Recipe>,
    factory: &Factory,
    began: &dyn Fn(),
) -> Result<Rehearsed, NoHandoff> {
    let reading = match &successor {
        Ok(rehearsed) => rehearsed.reading,
        // It is turned into another and read elsewhere.
        Err(no) if no.migrates_from().is_some() => Duration::ZERO,
        Err(_) => return successor,
    };
    let Some(predecessor) = predecessor.filter(|predecessor| is_another(predecessor, factory))
    else {
        return successor;
    };
    began();
    let bound = &predecessor.bound;
    let name = format!("{} {}", bound.address(), bound.version);
    let wrote = within(PREDECESSOR_DEADLINE, move || write(&predecessor));
    let wrote = wrote.unwrap_or_else(|missed| Err(missed.into()));
    let in_time = wrote.and_then(|writing| in_time(writing + reading, &factory.placement));
    match in_time {
        Ok(()) => successor,
        Err(fault) => Err(NoHandoff::Former { name, fault }),
    }
}

/// Whether the rehearsal of the successor says nothing about what is heard: they are not made alike.
/// Off line neither is held to a time.
fn is_another(predecessor: &Recipe, factory: &Factory) -> bool {
    let Source::Library(new, library) = &factory.source else {
        return false;
    };
    let (old, place) = (&predecessor.bound, &predecessor.placement);
    let is_alike = predecessor.library.generation.hash() == library.generation.hash()
        && old.component.name == new.component.name
        && old.params == new.params
        && old.settings == new.settings
        && place.format == factory.placement.format
        && place.frames_max == factory.placement.frames_max
        && place.sidechains == factory.placement.sidechains;
    factory.placement.mode == Mode::RealTime && !is_alike
}

/// Makes another instance and has it write its state; returns how long that took.
fn write(recipe: &Recipe) -> Result<Duration, StateFault> {
    let made = recipe.make(&|_| {});
    let mut made = made.map_err(|why| StateFault::NotMade(why.to_string()))?;
    let wrote = silence(&recipe.placement, &mut made)
        .map_err(StateFault::Silence)
        .and_then(|_| rehearse_writing(&mut made.occupant.processor, &recipe.placement));
    made.end();
    wrote
}
