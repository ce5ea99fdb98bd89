//! Moved: which stages cannot go on where they are.
//!
//! In: the graph that runs, the one that shall run, and which of its stages could be kept. Out:
//! those that need a new instance. Pure.
//!
//! During a change old and new wiring run side by side, so together they may not wait for each
//! other: when two stages change places, one goes on and the other starts anew. Stages that come
//! in the same order in both graphs cannot be in such a cycle; so of those that may be in one the
//! longest common order is kept, and then whatever else fits. Of what is left, whoever would stand
//! in front of a second fade starts anew as well; and whoever fits again without these is kept.

use std::collections::BTreeMap;

use crate::pipeline::network::{Cycle, Network, order};
use crate::pipeline::transition::graph::Graph;
use crate::pipeline::transition::series::{apart, is_apart};

/// The stages of `after`, by their place in the file, that cannot be the running stage whose
/// number `kept` has for them (none for one that is new anyway): they would wait for themselves,
/// have other channels or another number of sidechains, or would hear a fade and be heard through
/// another. Empty where all can stay.
///
/// # Errors
/// When one of the graphs has a cycle of its own: its stages, by their place in its file.
pub fn moved(before: &Graph, after: &Network, kept: &[Option<usize>]) -> Result<Vec<usize>, Cycle> {
    let first = ranks(&before.network.order()?);
    after.order()?;
    let wished = wished(before, after, kept);
    let unlooped = unlooped(before, after, &first, &wished)?;
    let mut stays = apart(before, after, unlooped.clone());
    if stays != unlooped {
        put_back(before, after, &wished, &mut stays);
    }
    let moved =
        |stage: &usize| kept.get(*stage).copied().flatten().is_some() && stays[*stage].is_none();
    Ok((0..after.stages.len()).filter(moved).collect())
}

/// Of the stages that could stay, those that do not wait for themselves.
fn unlooped(
    before: &Graph,
    after: &Network,
    first: &[usize],
    wished: &[Option<usize>],
) -> Result<Vec<Option<usize>>, Cycle> {
    let joined = Joined::new(before, after);
    let mut stays = wished.to_vec();
    if order(&joined.needs(&stays)).is_err() {
        let looping = looping(&joined.needs(&stays));
        let last = joined.order_like(wished, first)?;
        let wish = |stage: &usize| Some((*stage, wished[*stage]?));
        let both = last.iter().filter_map(wish).filter(|(_, at)| looping[*at]);
        let both: Vec<(usize, usize)> = both.collect();
        both.iter().for_each(|(stage, _)| stays[*stage] = None);
        let places: Vec<_> = both.iter().map(|(_, at)| first[*at]).collect();
        for at in longest_rising(&places) {
            let (stage, there) = both[at];
            stays[stage] = Some(there);
        }
        for (stage, there) in both {
            let stayed = stays[stage].replace(there);
            if stayed.is_none() && order(&joined.needs(&stays)).is_err() {
                stays[stage] = None;
            }
        }
    }
    Ok(stays)
}

/// Puts back whoever can stay because others do not: a cycle is open where one of its stages starts
/// anew for the sake of the fades, and a fade is not there where its stage starts anew.
fn put_back(
    before: &Graph,
    after: &Network,
    wished: &[Option<usize>],
    stays: &mut [Option<usize>],
) {
    let joined = Joined::new(before, after);
    let fits = |stays: &[Option<usize>]| {
        order(&joined.needs(stays)).is_ok() && is_apart(before, after, stays)
    };
    let mut is_changed = true;
    while std::mem::take(&mut is_changed) {
        for stage in 0..stays.len() {
            if stays[stage].is_some() || wished[stage].is_none() {
                continue;
            }
            stays[stage] = wished[stage];
            if fits(stays) {
                is_changed = true;
            } else {
                stays[stage] = None;
            }
        }
    }
}

/// For each stage of the new graph the one of the old that it could be, by places in the files.
fn wished(before: &Graph, after: &Network, kept: &[Option<usize>]) -> Vec<Option<usize>> {
    let places = before.numbers.iter().enumerate();
    let places: BTreeMap<usize, usize> = places.map(|(place, number)| (*number, place)).collect();
    let old = &before.network;
    let wish = |stage: usize| {
        let number = kept.get(stage).copied().flatten()?;
        let there = *places.get(&number)?;
        (shape(old, there) == shape(after, stage)).then_some(there)
    };
    (0..after.stages.len()).map(wish).collect()
}

/// The channels of a stage's output, its input, and its sidechains.
fn shape(network: &Network, stage: usize) -> Vec<usize> {
    let wiring = &network.stages[stage];
    let inputs = wiring.inputs.iter().take(1).chain(&wiring.sidechains);
    let inputs = inputs.map(|source| network.channels(*source));
    [wiring.channels_out].into_iter().chain(inputs).collect()
}

/// What each stage of two graphs waits for.
struct Joined {
    old: Vec<Vec<usize>>,
    new: Vec<Vec<usize>>,
}

impl Joined {
    fn new(before: &Graph, after: &Network) -> Self {
        let needs = |network: &Network| {
            let stages = 0..network.stages.len();
            stages.map(|stage| network.needs(stage)).collect()
        };
        Self {
            old: needs(&before.network),
            new: needs(after),
        }
    }

    /// The new stages in an order in which they can run, as close to the old ranks as it can be.
    fn order_like(&self, wished: &[Option<usize>], old: &[usize]) -> Result<Vec<usize>, Cycle> {
        let mut stages: Vec<usize> = (0..self.new.len()).collect();
        stages.sort_by_key(|stage| wished[*stage].map_or(usize::MAX, |there| old[there]));
        let place = ranks(&stages);
        let renamed = |stage: &usize| self.new[*stage].iter().map(|one| place[*one]).collect();
        let needs: Vec<_> = stages.iter().map(renamed).collect();
        Ok(order(&needs)?.into_iter().map(|at| stages[at]).collect())
    }

    /// The two laid over each other where stages stay: the old ones, then the new ones, of which
    /// those that stay are empty.
    fn needs(&self, stays: &[Option<usize>]) -> Vec<Vec<usize>> {
        let mut needs = self.old.clone();
        needs.resize(self.old.len() + self.new.len(), Vec::new());
        let place = |stage: usize| stays[stage].unwrap_or(self.old.len() + stage);
        for (stage, needed) in self.new.iter().enumerate() {
            needs[place(stage)].extend(needed.iter().map(|needed| place(*needed)));
        }
        needs
    }
}

/// The rank of each place in an order.
fn ranks(order: &[usize]) -> Vec<usize> {
    let mut ranks = vec![0; order.len()];
    for (rank, place) in order.iter().enumerate() {
        ranks[*place] = rank;
    }
    ranks
}

/// What may be in a cycle: neither before all of them nor behind all of them.
fn looping(needs: &[Vec<usize>]) -> Vec<bool> {
    let mut needed_by = vec![Vec::new(); needs.len()];
    for (place, needed) in needs.iter().enumerate() {
        needed
            .iter()
            .for_each(|needed| needed_by[*needed].push(place));
    }
    let mut looping = vec![true; needs.len()];
    for (towards, from) in [(needs, &needed_by[..]), (&needed_by[..], needs)] {
        let inside = |place: &&usize, looping: &[bool]| looping[**place];
        let mut missing: Vec<usize> = towards
            .iter()
            .map(|needed| {
                needed
                    .iter()
                    .filter(|place| inside(place, &looping))
                    .count()
            })
            .collect();
        let mut open: Vec<usize> = (0..needs.len())
            .filter(|place| looping[*place] && missing[*place] == 0)
            .collect();
        while let Some(place) = open.pop() {
            looping[place] = false;
            for waiting in &from[place] {
                missing[*waiting] = missing[*waiting].saturating_sub(1);
                if looping[*waiting] && missing[*waiting] == 0 {
                    open.push(*waiting);
                }
            }
        }
    }
    looping
}

/// The positions of a longest rising selection.
fn longest_rising<T: Ord>(items: &[T]) -> Vec<usize> {
    // The best selection that ends with each item: its length, and who comes before.
    let mut best: Vec<(usize, Option<usize>)> = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        let before = (0..at).filter(|before| items[*before] < *item);
        let before = before.max_by_key(|before| best[*before].0);
        best.push((before.map_or(1, |before| best[before].0 + 1), before));
    }
    let mut next = (0..items.len()).max_by_key(|at| best[*at].0);
    let mut rising = Vec::new();
    while let Some(at) = next {
        rising.push(at);
        next = best[at].1;
    }
    rising.reverse();
    rising
}
