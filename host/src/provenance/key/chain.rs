//! Chain: from what each stage is made of to keys that tell everything before it too.
//!
//! In: what each stage is by itself, and what it reads. Out: a key per stage. Pure.

use crate::pipeline::Source;
use crate::provenance::key::{Key, KeyHasher};

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

/// The keys of all stages, and of what is passed on where a stage was left out.
#[derive(Debug)]
pub(super) struct Chain<'a> {
    input: Key,
    stages: Vec<Key>,
    wires: &'a [Vec<Source>],
    /// The keys of wires that were asked for.
    sums: Vec<Option<Key>>,
}

impl<'a> Chain<'a> {
    /// Works out the key of each stage. `order` is one in which every stage comes after what it
    /// reads; each wire comes after the wires it reads.
    pub(super) fn of(
        input: Key,
        links: &[Link],
        wires: &'a [Vec<Source>],
        order: &[usize],
    ) -> Self {
        let mut chain = Self {
            input,
            stages: vec![input; links.len()],
            wires,
            sums: vec![None; wires.len()],
        };
        for at in order {
            let link = &links[*at];
            let hasher = KeyHasher::of("stage").key("own", link.own);
            let hasher = hasher.keys("input", chain.all(&link.inputs));
            let hasher = hasher.keys("sidechain", chain.all(&link.sidechains));
            chain.stages[*at] = hasher.end();
        }
        chain
    }

    /// Every stage, in the order of the file.
    pub(super) fn stages(&self) -> &[Key] {
        &self.stages
    }

    /// The keys of sources.
    pub(super) fn all(&mut self, sources: &[Source]) -> Vec<Key> {
        sources.iter().map(|source| self.key(*source)).collect()
    }

    /// The key of a source. A wire that passes on one signal is that signal.
    pub(super) fn key(&mut self, source: Source) -> Key {
        let wire = match source {
            Source::Input => return self.input,
            Source::Stage(stage) => return self.stages[stage],
            Source::Wire(wire) => wire,
        };
        if let Some(key) = self.sums[wire] {
            return key;
        }
        let key = match self.wires[wire].as_slice() {
            [one] => self.key(*one),
            several => KeyHasher::of("sum").keys("input", self.all(several)).end(),
        };
        self.sums[wire] = Some(key);
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(number: u64) -> Key {
        KeyHasher::of("test").number("n", number).end()
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
        let order: Vec<_> = (0..links.len()).collect();
        Chain::of(key(input), links, &[], &order).stages().to_vec()
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
    fn a_wire_is_what_it_passes_on() {
        let wires = [
            vec![Source::Input],
            vec![Source::Wire(0), Source::Stage(0)],
            vec![Source::Wire(1), Source::Wire(1)],
        ];
        let first = Link {
            own: key(1),
            inputs: vec![Source::Wire(0)],
            sidechains: Vec::new(),
        };
        let mut chain = Chain::of(key(900), &[first], &wires, &[0]);
        let mut key = |source| chain.key(source);
        let [input, stage] = [Source::Input, Source::Stage(0)].map(&mut key);
        let [one, sum, twice] = [0, 1, 2].map(|wire| key(Source::Wire(wire)));
        assert_eq!(one, input);
        assert_eq!(
            sum,
            KeyHasher::of("sum").keys("input", [input, stage]).end()
        );
        assert!(![input, stage, sum].contains(&twice));
        let plain = Link {
            own: self::key(1),
            inputs: vec![Source::Input],
            sidechains: Vec::new(),
        };
        assert_eq!(keys(900, &[plain]), [stage]);
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
