//! Chain: from what each stage is made of to keys that tell everything before it too.
//!
//! In: what each stage is by itself, and what it reads. Out: a key per stage. Pure.

use crate::pipeline::Source;
use crate::session::key::{Key, Known, Recipe};

/// A stage by itself, and what it reads.
#[derive(Debug, Clone)]
pub(super) struct Link {
    /// What it is made of, apart from what it reads.
    pub(super) own: Key,
    /// What it reads, in the order in which it is summed.
    pub(super) inputs: Vec<Source>,
    /// Its further inputs, in the order of the component.
    pub(super) sidechains: Vec<Source>,
}

/// The key of each stage. `order` is one in which every stage comes after what it reads; `wires`
/// are the places without a stage, each after those it reads.
pub(super) fn chain(
    input: Key,
    links: &[Link],
    wires: &[Vec<Source>],
    order: &[usize],
) -> Vec<Key> {
    let mut keys = vec![input; links.len()];
    for at in order {
        let link = &links[*at];
        let known = Known {
            input,
            stages: &keys,
            wires,
        };
        let read = |source: &Source| known.of(*source);
        let key = Recipe::of("stage")
            .key("own", link.own)
            .keys("input", link.inputs.iter().map(read))
            .keys("sidechain", link.sidechains.iter().map(read))
            .end();
        keys[*at] = key;
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(number: u64) -> Key {
        Recipe::of("test").number("n", number).end()
    }

    /// What stage `at` reads: some of the stages before it, or the input.
    fn link(at: usize) -> impl Strategy<Value = Link> {
        let sources = move |least| proptest::collection::vec(0..=at, least..4);
        (sources(1), sources(0)).prop_map(move |(inputs, sidechains)| {
            let source = |number: usize| match number.checked_sub(1) {
                None => Source::Input,
                Some(stage) => Source::Stage(stage),
            };
            Link {
                own: key(at as u64),
                inputs: inputs.into_iter().map(source).collect(),
                sidechains: sidechains.into_iter().map(source).collect(),
            }
        })
    }

    fn graph() -> impl Strategy<Value = (Vec<Link>, usize)> {
        (1usize..12).prop_flat_map(|count| {
            let links: Vec<_> = (0..count).map(link).collect();
            (links, 0..count)
        })
    }

    /// Whether each stage hears that one, found by going forward until nothing is added.
    fn hear(links: &[Link], changed: usize) -> Vec<bool> {
        let mut hears = vec![false; links.len()];
        hears[changed] = true;
        loop {
            let heard = |source: &Source| matches!(source, Source::Stage(stage) if hears[*stage]);
            let next: Vec<_> = links
                .iter()
                .enumerate()
                .map(|(at, link)| {
                    at == changed || link.inputs.iter().chain(&link.sidechains).any(heard)
                })
                .collect();
            if next == hears {
                return hears;
            }
            hears = next;
        }
    }

    fn keys(input: u64, links: &[Link]) -> Vec<Key> {
        chain(
            key(input),
            links,
            &[],
            &(0..links.len()).collect::<Vec<_>>(),
        )
    }

    fn differ(before: &[Key], after: &[Key]) -> Vec<bool> {
        let pairs = before.iter().zip(after);
        pairs.map(|(before, after)| before != after).collect()
    }

    proptest! {
        #[test]
        fn a_change_of_a_stage_changes_it_and_all_that_hear_it((mut links, at) in graph()) {
            let before = keys(900, &links);
            prop_assert_eq!(&before, &keys(900, &links));
            let expected = hear(&links, at);
            links[at].own = key(1000);
            prop_assert_eq!(differ(&before, &keys(900, &links)), expected);
        }

        #[test]
        fn another_input_changes_every_key((links, _) in graph()) {
            prop_assert!(differ(&keys(900, &links), &keys(901, &links)).iter().all(|is| *is));
        }

        #[test]
        fn another_wiring_changes_it_and_all_that_hear_it((mut links, at) in graph()) {
            let before = keys(900, &links);
            let expected = hear(&links, at);
            links[at].sidechains.push(Source::Input);
            prop_assert_eq!(differ(&before, &keys(900, &links)), expected);
        }
    }

    #[test]
    fn what_is_passed_on_is_what_it_was() {
        let reads = |source| Link {
            own: key(7),
            inputs: vec![source],
            sidechains: Vec::new(),
        };
        let last = |source, wires: &[Vec<Source>]| {
            let links = [reads(Source::Input), reads(source)];
            chain(key(900), &links, wires, &[0, 1])[1]
        };
        let one = vec![Source::Stage(0)];
        let plain = last(Source::Stage(0), &[]);
        assert_eq!(last(Source::Wire(0), std::slice::from_ref(&one)), plain);
        let sum = vec![Source::Wire(0), Source::Input];
        let summed = last(Source::Wire(1), &[one.clone(), sum]);
        assert_ne!(summed, plain);
        let other = vec![Source::Input, Source::Wire(0)];
        assert_ne!(last(Source::Wire(1), &[one, other]), summed);
    }

    #[test]
    fn a_sidechain_is_no_input_and_the_order_of_a_sum_counts() {
        let link = |inputs: &[Source], sidechains: &[Source]| Link {
            own: key(7),
            inputs: inputs.to_vec(),
            sidechains: sidechains.to_vec(),
        };
        let first = link(&[Source::Input], &[]);
        let last = |link| {
            let links = [
                first.clone(),
                Link {
                    own: key(8),
                    ..first.clone()
                },
                link,
            ];
            keys(900, &links)[2]
        };
        let (one, two) = (Source::Stage(0), Source::Stage(1));
        let all = [
            last(link(&[one, two], &[])),
            last(link(&[two, one], &[])),
            last(link(&[one], &[two])),
            last(link(&[two], &[one])),
        ];
        for (at, key) in all.iter().enumerate() {
            assert!(!all[..at].contains(key), "{at}");
        }
    }
}
