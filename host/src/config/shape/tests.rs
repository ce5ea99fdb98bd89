//! The graph of names against a naive look at the same graph.

use std::fmt::Write;
use std::path::Path;

use proptest::prelude::*;

use crate::config::parse;
use crate::id::Node;

/// The messages that a chain of stages, written as `id: inputs`, is answered with.
fn told(stages: &str) -> Vec<String> {
    let mut text = String::new();
    for line in stages.lines() {
        let (id, inputs) = line.trim().split_once(':').unwrap();
        write!(text, "[[stage]]\nid = \"{id}\"\ncomponent = \"a.b\"\n").unwrap();
        let inputs: Vec<_> = inputs
            .split_whitespace()
            .map(|name| format!("{name:?}"))
            .collect();
        if !inputs.is_empty() {
            writeln!(text, "after = [{}]", inputs.join(", ")).unwrap();
        }
    }
    match parse(&text, Path::new("f"), &[]) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes
            .iter()
            .map(|mistake| mistake.message.clone())
            .collect(),
    }
}

fn check(stages: &str, expected: &[&str]) {
    assert_eq!(told(stages), expected, "{stages}");
}

#[test]
fn chains_branches_and_sums_are_fine() {
    check("a:\nb:\nc:", &[]);
    check("a:\nb: input\nc: a b", &[]);
    check("sum: a b\na: input\nb: input\nout: sum", &[]);
}

#[test]
fn a_stage_that_nobody_reads_is_named() {
    check("a:\nb: input", &["nobody reads the stage `a`"]);
    check("a:\nb: input\nc: b", &["nobody reads the stage `a`"]);
}

#[test]
fn a_cycle_is_told_with_its_way() {
    check("a: a", &["`a` reads itself"]);
    check(
        "a: b\nb:",
        &["the stages wait for each other: `a` reads `b` reads `a`"],
    );
    check(
        "a: input c\nb:\nc:",
        &["the stages wait for each other: `a` reads `c` reads `b` reads `a`"],
    );
    check(
        "a: b\nb: a\nc: d\nd: c",
        &[
            "the stages wait for each other: `a` reads `b` reads `a`",
            "the stages wait for each other: `c` reads `d` reads `c`",
        ],
    );
}

#[test]
fn a_knot_of_several_ways_round_is_told_once() {
    check(
        "a: b\nb: a c\nc: b",
        &["the stages wait for each other: `a` reads `b` reads `a`"],
    );
}

#[test]
fn what_the_order_of_the_file_implies_is_filled_in() {
    let text = "[[stage]]\nid = \"a\"\ncomponent = \"a.b\"\n[[stage]]\nid = \"b\"\n\
        component = \"a.b\"\n[[tap]]\nid = \"t\"\ncomponent = \"a.b\"\n";
    let config = parse(text, Path::new("f"), &[]).unwrap();
    let inputs: Vec<_> = config
        .stages
        .iter()
        .map(|stage| stage.inputs[0].value.clone())
        .collect();
    let b = Node::Stage("b".parse().unwrap());
    assert_eq!(inputs, [Node::Input, Node::Stage("a".parse().unwrap())]);
    assert_eq!(config.stream.from.value, b);
    assert_eq!(config.taps[0].from.value, b);
    let empty = parse("", Path::new("f"), &[]).unwrap();
    assert_eq!(empty.stream.from.value, Node::Input);
}

/// Whether stages can be taken away one by one, each after all it reads.
fn can_be_ordered(reads: &[Vec<usize>]) -> bool {
    let mut done = vec![false; reads.len()];
    for _ in reads {
        for at in 0..reads.len() {
            done[at] |= reads[at].iter().all(|read| done[*read]);
        }
    }
    done.iter().all(|done| *done)
}

proptest! {
    #[test]
    fn a_cycle_is_told_exactly_when_there_is_one(
        reads in (1..12_usize).prop_flat_map(|count| {
            prop::collection::vec(prop::collection::btree_set(0..count, 1..4), count)
        })
    ) {
        let reads: Vec<Vec<usize>> = reads.into_iter().map(|set| set.into_iter().collect()).collect();
        // Every second stage reads the input only, or hardly any graph would be without a cycle.
        let of = |at: usize| if at.is_multiple_of(2) { &reads[at][..] } else { &[] };
        let stages: Vec<_> = (0..reads.len()).map(|at| {
            let names: Vec<_> = of(at).iter().map(|read| format!("s{read}")).collect();
            let names = if names.is_empty() { "input".to_owned() } else { names.join(" ") };
            format!("s{at}: {names}")
        }).collect();
        let told = told(&stages.join("\n"));
        let cycle = told.iter().any(|message| message.contains("wait") || message.contains("itself"));
        let effective: Vec<_> = (0..reads.len()).map(|at| of(at).to_vec()).collect();
        prop_assert_eq!(cycle, !can_be_ordered(&effective), "{:?}", told);
    }
}
