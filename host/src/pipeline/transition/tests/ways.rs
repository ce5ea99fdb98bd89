//! Ways: through which stages a signal gets to the output.
//!
//! In: schedules and graphs. Out: every way as the numbers of its stages, and how many fades lie on
//! one of them at most.

use std::collections::{BTreeMap, BTreeSet};

use super::super::*;
use crate::pipeline::schedule::Place;

/// The stages that a signal went through, in order; by whichever of their inputs.
pub(super) type Way = Vec<usize>;

/// What a schedule does.
pub(super) struct Ways {
    /// All ways from the input to the output, through either side of every fade.
    pub(super) to_output: BTreeSet<Way>,
    /// The most fades on a way to the output or to a tap.
    pub(super) fades_most: usize,
}

impl Ways {
    pub(super) fn of(schedule: &Schedule) -> Self {
        let mut places = BTreeMap::from([(Place::Input, (BTreeSet::from([Way::new()]), 0))]);
        let mut fades_most = 0;
        for step in &schedule.steps {
            let (sources, into): (Vec<Place>, Option<Place>) = match step {
                Step::Mix { terms, into } => (terms.clone(), Some(*into)),
                Step::Delay { from, into, .. } => (vec![*from], Some(*into)),
                Step::Blend { old, new, into } => (vec![*old, *new], Some(*into)),
                Step::Run {
                    input,
                    sidechains,
                    output,
                    ..
                } => {
                    let all = [*input].into_iter().chain(sidechains.iter().copied());
                    (all.collect(), Some(*output))
                }
                Step::Feed {
                    signal, reference, ..
                } => ([*signal].into_iter().chain(*reference).collect(), None),
            };
            let (mut ways, mut fades) = (BTreeSet::new(), 0);
            for source in sources {
                let (own, crossed) = &places[&source];
                ways.extend(own.iter().cloned());
                fades = fades.max(*crossed);
            }
            if let Step::Run { stage, .. } = step {
                ways = through(&ways, *stage);
            }
            fades += usize::from(matches!(step, Step::Blend { .. }));
            fades_most = fades_most.max(fades);
            if let Some(into) = into {
                places.insert(into, (ways, fades));
            }
        }
        Self {
            to_output: places.remove(&Place::Output).unwrap_or_default().0,
            fades_most,
        }
    }
}

/// Every way of a graph.
pub(super) fn ways_of(graph: &Graph) -> Vec<Way> {
    ways_to(graph, graph.network.output).into_iter().collect()
}

fn ways_to(graph: &Graph, source: Source) -> BTreeSet<Way> {
    let all = |sources: &[Source]| {
        let ways = sources.iter().flat_map(|source| ways_to(graph, *source));
        ways.collect::<BTreeSet<_>>()
    };
    match source {
        Source::Input => BTreeSet::from([Way::new()]),
        Source::Wire(wire) => all(&graph.network.wires[wire]),
        Source::Stage(stage) => {
            let wiring = &graph.network.stages[stage];
            let mut ways = all(&wiring.inputs);
            ways.extend(all(&wiring.sidechains));
            through(&ways, graph.numbers[stage])
        }
    }
}

fn through(ways: &BTreeSet<Way>, stage: usize) -> BTreeSet<Way> {
    let through = |way: &Way| way.iter().copied().chain([stage]).collect();
    ways.iter().map(through).collect()
}
