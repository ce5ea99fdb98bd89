//! Order: each plugin after all it needs.
//!
//! In: what each plugin needs. Out: an order, or a circle in which they wait for each other.

use std::collections::BTreeMap;

use crate::id::PluginId;

/// How far the walk is with a plugin.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WalkMark {
    /// What it needs is being placed.
    Open,
    /// It has its place.
    Placed,
}

/// Orders `needs` so that each id comes after all it needs; among equals the lowest id first.
///
/// The error is a circle: each of its ids needs the next, the last one the first, which is the
/// lowest id of the circle.
pub(crate) fn after_needs(
    needs: &BTreeMap<&PluginId, Vec<PluginId>>,
) -> Result<Vec<PluginId>, Vec<PluginId>> {
    let mut order = Vec::with_capacity(needs.len());
    let mut marks = BTreeMap::new();
    for &id in needs.keys() {
        if !marks.contains_key(id) {
            place(id, needs, &mut marks, &mut order)?;
        }
    }
    Ok(order)
}

/// Places `first` and all it needs. The path is a list, not the call stack: its length comes from
/// outside.
fn place<'a>(
    first: &'a PluginId,
    needs: &'a BTreeMap<&PluginId, Vec<PluginId>>,
    marks: &mut BTreeMap<&'a PluginId, WalkMark>,
    order: &mut Vec<PluginId>,
) -> Result<(), Vec<PluginId>> {
    let mut path = vec![(first, needs[first].iter())];
    marks.insert(first, WalkMark::Open);
    while let Some((id, rest)) = path.last_mut() {
        let Some(next) = rest.next() else {
            marks.insert(id, WalkMark::Placed);
            order.push((*id).clone());
            path.pop();
            continue;
        };
        match marks.get(next) {
            Some(WalkMark::Placed) => {}
            Some(WalkMark::Open) => return Err(circle(path.iter().map(|(id, _)| *id), next)),
            None => {
                marks.insert(next, WalkMark::Open);
                path.push((next, needs[next].iter()));
            }
        }
    }
    Ok(())
}

/// The part of `path` from `start` on, turned so that the lowest id comes first.
fn circle<'a>(path: impl Iterator<Item = &'a PluginId>, start: &PluginId) -> Vec<PluginId> {
    let mut circle: Vec<_> = path.skip_while(|&id| id != start).cloned().collect();
    let lowest = (0..circle.len()).min_by_key(|&at| &circle[at]).unwrap_or(0);
    circle.rotate_left(lowest);
    circle
}
