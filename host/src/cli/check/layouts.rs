//! Layouts: whether what one stage gives is what the next one takes, by their manifests.
//!
//! In: a configuration, and what was bound to it. Out: mistakes where no layout of the input could
//! ever fit. What depends on the input is found out when a run opens it.
//!
//! Pure.

use std::collections::HashMap;

use segue_plugin::declare::Layout;
use segue_plugin::manifest::model::Layouts;

use crate::config::mistake::{Mistake, Mistakes};
use crate::config::model::{Config, PartConfig};
use crate::config::source::{Span, Spanned};
use crate::id::Node;
use crate::session::{Bindings, Bound};

/// What a signal may be.
#[derive(Debug, Clone, PartialEq, Eq)]
enum May {
    /// Nothing is known yet.
    Anything,
    /// One of these.
    OneOf(Vec<Layout>),
}

/// Follows the layouts from the input to every stage and tap.
pub(super) fn check(config: &Config, bindings: &Bindings, mistakes: &mut Mistakes) {
    let mut known: HashMap<Node, May> = HashMap::new();
    let input = config.stream.layout.as_ref();
    let input = input.map_or(May::Anything, |layout| May::OneOf(vec![layout.value]));
    known.insert(Node::Input, input);
    // A stage may stand above what it reads, so go round until nothing more is found.
    let mut open: Vec<_> = config.stages.iter().zip(&bindings.stages).collect();
    loop {
        let before = open.len();
        open.retain(|(stage, bound)| {
            let Some(input) = common(&stage.inputs, &known) else {
                return true;
            };
            let output = pass(&input, bound, &stage.part, mistakes);
            known.insert(Node::Stage(stage.id.value.clone()), output);
            false
        });
        if open.is_empty() || open.len() == before {
            break;
        }
    }
    for (tap, bound) in config.taps.iter().zip(&bindings.taps) {
        let sources: Vec<_> = [Some(&tap.from), tap.reference.as_ref()]
            .into_iter()
            .flatten()
            .cloned()
            .collect();
        if let Some(signal) = common(&sources, &known) {
            pass(&signal, bound, &tap.part, mistakes);
        }
    }
}

/// What all of these may be at once; `None` while one of them is not known.
fn common(sources: &[Spanned<Node>], known: &HashMap<Node, May>) -> Option<May> {
    let mut common = May::Anything;
    for source in sources {
        common = match (common, known.get(&source.value)?) {
            (May::Anything, other) => other.clone(),
            (own, May::Anything) => own,
            (May::OneOf(own), May::OneOf(other)) => {
                let both = own.into_iter().filter(|layout| other.contains(layout));
                May::OneOf(both.collect())
            }
        };
    }
    Some(common)
}

/// What comes out; a mistake if nothing that goes in would do.
fn pass(input: &May, bound: &Bound, part: &PartConfig, mistakes: &mut Mistakes) -> May {
    let layouts = &bound.component.capabilities.layouts;
    let output = match (input, layouts) {
        (May::Anything, Layouts::Any) => return May::Anything,
        (May::Anything, Layouts::Same(same)) => same.clone(),
        (May::Anything, Layouts::Pairs(pairs)) => pairs.iter().map(|(_, to)| *to).collect(),
        (May::OneOf(one_of), layouts) => {
            let outputs = one_of.iter().filter_map(|layout| layouts.output(*layout));
            outputs.collect()
        }
    };
    if output.is_empty() {
        mistakes.push(misfit(input, bound, part.component.span));
        return May::Anything;
    }
    May::OneOf(output)
}

fn misfit(input: &May, bound: &Bound, span: Span) -> Mistake {
    let takes = &bound.component.capabilities.layouts;
    let address = bound.address();
    match input {
        May::OneOf(one_of) if !one_of.is_empty() => {
            let words: Vec<_> = one_of.iter().map(ToString::to_string).collect();
            let gives = words.join(" or ");
            let message = format!("{address} takes {takes}, and what it reads is {gives}");
            Mistake::new(span, message).label(format!("expected {takes}"))
        }
        _ => {
            let message = format!("{address} reads signals that never have the same layout");
            Mistake::new(span, message).label("expected signals of one layout")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use segue_plugin::declare::Kind;

    use super::*;
    use crate::cli::tests::specimen::{component, found};
    use crate::config::parse;

    const FIVE: Layout = Layout::SURROUND_5_1;

    fn bound(id: &str, kind: Kind, layouts: &Layouts) -> Bound {
        let mut component = component("x", kind);
        component.capabilities.layouts = layouts.clone();
        Bound {
            id: id.to_owned(),
            plugin: "a.x".parse().unwrap(),
            version: found("a.x", "1.0.0").manifest.version,
            component,
            heap: segue_plugin::declare::Heap::Metered,
            params: Vec::new(),
            settings: Vec::new(),
            fallback: None,
        }
    }

    fn messages(text: &str, stages: &[Layouts], tap: &Layouts) -> Vec<String> {
        let config = parse(text, Path::new("f.toml"), &[]).unwrap();
        let stages = config.stages.iter().zip(stages);
        let stages =
            stages.map(|(stage, layouts)| bound(stage.id.value.as_str(), Kind::Processor, layouts));
        let bindings = Bindings {
            stages: stages.collect(),
            taps: config
                .taps
                .iter()
                .map(|_| bound("t", Kind::Metric, tap))
                .collect(),
            decides: Vec::new(),
        };
        let mut mistakes = config.mistakes();
        check(&config, &bindings, &mut mistakes);
        mistakes
            .iter()
            .map(|mistake| mistake.message.clone())
            .collect()
    }

    const CHAIN: &str = "[[stage]]\nid = \"a\"\ncomponent = \"a.x\"\n\
        [[stage]]\nid = \"b\"\ncomponent = \"a.x\"\n\
        [[tap]]\nid = \"t\"\ncomponent = \"a.x\"\n";

    #[test]
    fn a_stage_that_never_gets_what_it_takes_is_a_mistake() {
        let up = Layouts::Pairs(vec![(Layout::STEREO, FIVE)]);
        let two = Layouts::Same(vec![Layout::MONO, Layout::STEREO]);
        assert_eq!(
            messages(CHAIN, &[up.clone(), two.clone()], &Layouts::Any),
            ["a.x/x takes mono, stereo, and what it reads is 5.1"]
        );
        assert_eq!(
            messages(CHAIN, &[up, Layouts::Any], &two),
            ["a.x/x takes mono, stereo, and what it reads is 5.1"]
        );
    }

    #[test]
    fn what_depends_on_the_input_is_no_mistake() {
        let mono = Layouts::Same(vec![Layout::MONO]);
        let two = Layouts::Same(vec![Layout::MONO, Layout::STEREO]);
        assert_eq!(messages(CHAIN, &[two, mono.clone()], &mono), [""; 0]);
    }

    #[test]
    fn signals_that_are_summed_need_a_layout_in_common() {
        let text = "[[stage]]\nid = \"c\"\ncomponent = \"a.x\"\nafter = [\"a\", \"b\"]\n\
            [[stage]]\nid = \"a\"\ncomponent = \"a.x\"\nafter = [\"input\"]\n\
            [[stage]]\nid = \"b\"\ncomponent = \"a.x\"\nafter = [\"input\"]\n\
            [stream]\nfrom = \"c\"\n";
        let only = |layout| Layouts::Same(vec![layout]);
        assert_eq!(
            messages(
                text,
                &[Layouts::Any, only(FIVE), only(Layout::MONO)],
                &Layouts::Any
            ),
            ["a.x/x reads signals that never have the same layout"]
        );
        assert_eq!(
            messages(
                text,
                &[Layouts::Any, only(FIVE), Layouts::Any],
                &Layouts::Any
            ),
            [""; 0]
        );
    }
}
