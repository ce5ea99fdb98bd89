//! Places: which buffer each value of a schedule lies in.
//!
//! In: steps over values, each written once. Out: the same steps over places, and the buffers they
//! need: a slot is used again as soon as nobody reads it any more. Pure.

use crate::pipeline::schedule::draft::Draft;
use crate::pipeline::schedule::{Place, Step};

/// Gives every value a place: a slot is free again after the last step that reads it.
pub(in crate::pipeline) fn places(
    drafts: &[Draft],
    values: &[usize],
    output: usize,
) -> (Vec<Step>, Vec<usize>) {
    let mut last_read = vec![0; values.len()];
    for (step, draft) in drafts.iter().enumerate() {
        for value in draft.reads().into_iter().chain(draft.writes()) {
            last_read[value] = step;
        }
    }
    let mut place = vec![Place::Input; values.len()];
    let mut slots = Vec::new();
    let mut free: Vec<usize> = Vec::new();
    let mut steps = Vec::with_capacity(drafts.len());
    for (step, draft) in drafts.iter().enumerate() {
        if let Some(value) = draft.writes() {
            place[value] = if value == output {
                Place::Output
            } else {
                Place::Slot(take(&mut free, &mut slots, values[value]))
            };
        }
        steps.push(draft.placed(|value| place[value]));
        let mut done: Vec<_> = draft.reads().into_iter().chain(draft.writes()).collect();
        done.sort_unstable();
        done.dedup();
        for value in done {
            if let (true, Place::Slot(slot)) = (last_read[value] == step, place[value]) {
                free.push(slot);
            }
        }
    }
    (steps, slots)
}

fn take(free: &mut Vec<usize>, slots: &mut Vec<usize>, channels: usize) -> usize {
    match free.iter().position(|slot| slots[*slot] == channels) {
        Some(at) => free.swap_remove(at),
        None => {
            slots.push(channels);
            slots.len() - 1
        }
    }
}
