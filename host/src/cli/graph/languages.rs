//! Languages: a pipeline for Graphviz, for Mermaid, and for programs.

use std::collections::BTreeMap;

use segue_plugin::declare::Span;
use serde_json::{Value, json};

use crate::cli::graph::{Picture, PlaceFilling, StageBox};

/// The version of the JSON's shape. Fields are only ever added.
const SCHEMA_VERSION: u32 = 1;

/// How an edge is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EdgeStyle {
    /// Audio.
    Solid,
    /// What is listened to.
    Dotted,
}

/// One arrow.
pub(super) struct Edge {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) label: String,
    pub(super) line: EdgeStyle,
}

/// A drawing in Graphviz's language.
pub(super) fn dot(picture: &Picture) -> String {
    let mut text = format!(
        "digraph {} {{\n  node [shape=box];\n",
        quoted(&picture.name)
    );
    for end in ["input", "output"] {
        text.push_str(&format!("  {} [shape=plaintext];\n", quoted(end)));
    }
    for (id, filling, is_stage) in nodes(picture) {
        let label = quoted(&format!("{id}\n{}", filling.about()));
        let style = if is_stage { "" } else { ", style=rounded" };
        text.push_str(&format!("  {} [label={label}{style}];\n", quoted(id)));
    }
    for edge in edges(picture) {
        let mut options = Vec::new();
        if !edge.label.is_empty() {
            options.push(format!("label={}", quoted(&edge.label)));
        }
        if edge.line == EdgeStyle::Dotted {
            options.push("style=dotted".to_owned());
        }
        let options = match options.is_empty() {
            true => String::new(),
            false => format!(" [{}]", options.join(", ")),
        };
        let (from, to) = (quoted(&edge.from), quoted(&edge.to));
        text.push_str(&format!("  {from} -> {to}{options};\n"));
    }
    text.push_str("}\n");
    text
}

/// A drawing in Mermaid's language, as Markdown shows it.
pub(super) fn mermaid(picture: &Picture) -> String {
    let mut text = "flowchart TD\n  n_input([input])\n  n_output([output])\n".to_owned();
    for (id, filling, is_stage) in nodes(picture) {
        let (open, close) = if is_stage { ("[", "]") } else { ("(", ")") };
        let label = format!("\"{id}<br/>{}\"", filling.about());
        text.push_str(&format!("  n_{id}{open}{label}{close}\n"));
    }
    for edge in edges(picture) {
        let arrow = match edge.line {
            EdgeStyle::Solid => "-->",
            EdgeStyle::Dotted => "-.->",
        };
        let label = match edge.label.as_str() {
            "" => String::new(),
            label => format!("|{label}|"),
        };
        text.push_str(&format!("  n_{} {arrow}{label} n_{}\n", edge.from, edge.to));
    }
    text
}

/// The pipeline for programs.
pub(super) fn json(picture: &Picture) -> String {
    let stages = picture.stages.iter().map(stage);
    let taps = picture.taps.iter().map(|tap| {
        json!({
            "id": tap.id,
            "component": tap.filling.address,
            "version": tap.filling.version,
            "from": tap.from,
            "reference": tap.reference,
        })
    });
    let decides = picture.decides.iter().map(|decide| {
        json!({
            "id": decide.id,
            "component": decide.filling.address,
            "version": decide.filling.version,
            "reads": decide.reads,
            "may": decide.may,
        })
    });
    let value = json!({
        "schema_version": SCHEMA_VERSION,
        "pipeline": picture.name,
        "input": picture.input,
        "output": picture.output,
        "from": picture.from,
        "stages": stages.collect::<Vec<_>>(),
        "taps": taps.collect::<Vec<_>>(),
        "decides": decides.collect::<Vec<_>>(),
    });
    format!("{value:#}\n")
}

fn stage(stage: &StageBox) -> Value {
    let sidechains = stage.sidechains.iter();
    json!({
        "id": stage.id,
        "component": stage.filling.address,
        "version": stage.filling.version,
        "inputs": stage.inputs,
        "sidechains": sidechains.cloned().collect::<BTreeMap<_, _>>(),
        "latency": stage.latency.and_then(latency),
    })
}

/// `{"frames": 240}`, `{"seconds": 1.5}`, or nothing where it is known at activation only.
fn latency(span: Span) -> Option<Value> {
    match span {
        Span::Frames(frames) => Some(json!({ "frames": frames })),
        Span::Seconds(seconds) => Some(json!({ "seconds": seconds })),
        Span::Varies => None,
    }
}

/// Everything that has a place, and whether it is a stage.
fn nodes(picture: &Picture) -> impl Iterator<Item = (&str, &PlaceFilling, bool)> {
    let stages = picture.stages.iter();
    let stages = stages.map(|stage| (stage.id.as_str(), &stage.filling, true));
    let taps = picture.taps.iter();
    let taps = taps.map(|tap| (tap.id.as_str(), &tap.filling, false));
    let decides = picture.decides.iter();
    let decides = decides.map(|decide| (decide.id.as_str(), &decide.filling, false));
    stages.chain(taps).chain(decides)
}

/// Every arrow: audio and sidechains, the output, then what is listened to.
pub(super) fn edges(picture: &Picture) -> Vec<Edge> {
    let edge = |from: &str, to: &str, label: &str, line| Edge {
        from: from.to_owned(),
        to: to.to_owned(),
        label: label.to_owned(),
        line,
    };
    let mut edges = Vec::new();
    for stage in &picture.stages {
        let inputs = stage.inputs.iter();
        edges.extend(inputs.map(|from| edge(from, &stage.id, "", EdgeStyle::Solid)));
        let keys = stage.sidechains.iter();
        edges.extend(keys.map(|(name, from)| edge(from, &stage.id, name, EdgeStyle::Solid)));
    }
    edges.push(edge(&picture.from, "output", "", EdgeStyle::Solid));
    for tap in &picture.taps {
        edges.push(edge(&tap.from, &tap.id, "", EdgeStyle::Dotted));
        let reference = tap.reference.iter();
        edges.extend(reference.map(|from| edge(from, &tap.id, "reference", EdgeStyle::Dotted)));
    }
    for decide in &picture.decides {
        let reads = decide.reads.iter();
        edges.extend(reads.map(|from| edge(from, &decide.id, "", EdgeStyle::Dotted)));
    }
    edges
}

/// A name in quotes, whatever it holds.
fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}
