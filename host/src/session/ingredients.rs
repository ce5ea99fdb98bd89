//! Ingredients: what a pipeline is put together from, for its keys and estimates.
//!
//! In: what is bound where, and the open libraries. Out: plain values.

use crate::config::model::Config;
use crate::provenance::{Ingredient, Ingredients};
use crate::session::bind::{Bindings, Bound};
use crate::session::build::Opened;
use crate::session::wires::Wires;

/// All of a pipeline.
pub(super) fn ingredients<'a>(
    config: &Config,
    bindings: &'a Bindings,
    opened: &Opened,
) -> Ingredients<'a> {
    let all = |bound: &'a [Bound]| bound.iter().map(|one| ingredient(one, opened)).collect();
    let wires = Wires::of(config);
    Ingredients {
        stages: all(&bindings.stages),
        taps: all(&bindings.taps),
        decides: all(&bindings.decides),
        network: wires.bare(1),
        reads: wires.reads,
    }
}

/// One component in its place.
pub(super) fn ingredient<'a>(bound: &'a Bound, opened: &Opened) -> Ingredient<'a> {
    let library = &opened[&bound.plugin];
    let fallback = bound.fallback.as_deref();
    Ingredient {
        id: &bound.id,
        address: bound.address(),
        component: &bound.component,
        params: &bound.params,
        settings: &bound.settings,
        library: library.generation.hash(),
        providers: library.providers.contents(),
        fallback: fallback.map(|fallback| Box::new(ingredient(fallback, opened))),
    }
}
