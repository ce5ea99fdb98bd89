//! Subscribers: who hears which event of which stage.
//!
//! In: what was bound where. Out: for each stage and each of its events the taps and decisions
//! that subscribed to it. Pure.

use crate::session::bind::{Bindings, Bound};
use crate::session::observers::Subscriber;

/// Who hears which event of which stage: subscriptions are `plugin/component:event`.
pub(super) fn subscribers(bindings: &Bindings) -> Subscribers {
    let taps = bindings
        .taps
        .iter()
        .enumerate()
        .map(|(at, bound)| (Subscriber::Tap(at), bound));
    let decides = bindings.decides.iter().enumerate();
    let decides = decides.map(|(at, bound)| (Subscriber::Decide(at), bound));
    let listeners: Vec<_> = taps.chain(decides).collect();
    let heard_by = |address: &str| {
        let wanted = listeners.iter().flat_map(|(by, bound)| {
            let subscriptions = bound.component.subscribes.iter().enumerate();
            subscriptions.map(move |(index, wanted)| (*by, index as u32, wanted))
        });
        let hits = wanted.filter(|(_, _, wanted)| *wanted == address);
        hits.map(|(by, index, _)| (by, index)).collect::<Vec<_>>()
    };
    let stage = |bound: &Bound| {
        let events = bound.component.events.iter();
        events
            .map(|event| heard_by(&format!("{}:{}", bound.address(), event.id)))
            .collect()
    };
    bindings.stages.iter().map(stage).collect()
}

/// Who hears which event of which stage.
pub(super) type Subscribers = Vec<Vec<Vec<(Subscriber, u32)>>>;
