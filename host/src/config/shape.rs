//! Shape: whether the names in a configuration make a graph: each known, unique and read by
//! somebody, and no cycle.
//!
//! In: checked entries. Out: a mistake for each name that does not fit, with both places where
//! two belong to it, and the way round for a cycle.
//!
//! Pure. Layouts, rates and latencies need manifests and are looked at by the pipeline.

use std::collections::{HashMap, HashSet};

use crate::config::check::clipped;
use crate::config::entries::Entries;
use crate::config::mistake::{Mistake, Mistakes};
use crate::config::nearest::nearest;
use crate::config::source::{Span, Spanned};

mod cycles;

/// Keys that say who reads whom. If one of them had a mistake, who is read is not certain.
const READING_KEYS: [&str; 5] = ["after", "sidechain", "from", "reference", "reads"];

/// One reference to a node, by the key it is written in.
#[derive(Debug, Clone)]
struct Reference {
    /// Who is read, and where that is written.
    node: Spanned<String>,
    /// In which key; `None` for what is implied by the order of the file.
    key: Option<&'static str>,
}

/// A stage as a node of the graph.
#[derive(Debug)]
struct StageNode {
    id: Spanned<String>,
    reads: Vec<Reference>,
}

/// Everything that has a name, and everything that reads.
#[derive(Debug)]
struct ShapeNames {
    stages: Vec<StageNode>,
    taps: Vec<Spanned<String>>,
    /// What taps, decisions and the output read.
    outside: Vec<Reference>,
    /// How much of this had mistakes already.
    certainty: Certainty,
}

/// What may be concluded from something not being there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Certainty {
    /// Some ids had mistakes: an unknown name may be one of them.
    Nothing,
    /// Every id is at hand: an unknown name is a mistake.
    Names,
    /// Every reference too: a stage that is not read is a mistake.
    Readers,
}

/// Checks all names of a configuration.
pub(crate) fn check(root: &Entries, mistakes: &mut Mistakes) {
    let before = mistakes.len();
    check_unique(root, mistakes);
    let are_unique = mistakes.len() == before;
    let names = names(root);
    if names.certainty >= Certainty::Names {
        check_known(&names, mistakes);
    }
    // Of two stages with one id nobody can tell which is meant.
    if are_unique {
        cycles::check(&names.stages, mistakes);
        if names.certainty >= Certainty::Readers {
            check_read(&names, mistakes);
        }
    }
}

fn names(root: &Entries) -> ShapeNames {
    let mut stages = Vec::new();
    let mut above: Option<String> = None;
    for table in root.tables("stage") {
        let implied = above.take().unwrap_or_else(|| "input".to_owned());
        let Some(id) = table.text("id") else {
            continue;
        };
        above = Some(id.value.clone());
        stages.push(StageNode {
            reads: stage_reads(table, &id, implied),
            id,
        });
    }
    let taps = root.tables("tap").iter().filter_map(|tap| tap.text("id"));
    ShapeNames {
        outside: outside(root, stages.last()),
        taps: taps.collect(),
        certainty: certainty(root),
        stages,
    }
}

fn certainty(root: &Entries) -> Certainty {
    let parts = ["stage", "tap", "decide"];
    let tables = || parts.into_iter().flat_map(|key| root.tables(key));
    let no_tables = |key| root.is_spoiled(&[key]) && root.tables(key).is_empty();
    if tables().any(|table| table.is_spoiled(&["id"])) || parts.into_iter().any(no_tables) {
        return Certainty::Nothing;
    }
    let stream = root.table("stream");
    if stream.is_spoiled(&READING_KEYS) || tables().any(|table| table.is_spoiled(&READING_KEYS)) {
        return Certainty::Names;
    }
    Certainty::Readers
}

fn stage_reads(table: &Entries, id: &Spanned<String>, implied: String) -> Vec<Reference> {
    let mut reads = references(table, "after");
    if table.get("after").is_none() {
        reads.push(Reference {
            node: Spanned::new(implied, id.span),
            key: None,
        });
    }
    let sidechains: Vec<(Spanned<String>, Spanned<String>)> = table.map("sidechain");
    reads.extend(sidechains.into_iter().map(|(_, node)| Reference {
        node,
        key: Some("sidechain"),
    }));
    reads
}

/// What is read from outside the chain of stages: by taps, decisions and the pipeline's output.
fn outside(root: &Entries, last: Option<&StageNode>) -> Vec<Reference> {
    let mut reads = Vec::new();
    for tap in root.tables("tap") {
        reads.extend(single(tap, "from"));
        reads.extend(single(tap, "reference"));
    }
    for decide in root.tables("decide") {
        reads.extend(references(decide, "reads"));
    }
    let output = single(&root.table("stream"), "from");
    reads.extend(output.or_else(|| {
        last.map(|stage| Reference {
            node: stage.id.clone(),
            key: None,
        })
    }));
    reads
}

fn single(table: &Entries, key: &'static str) -> Option<Reference> {
    let node = table.text(key)?;
    Some(Reference {
        node,
        key: Some(key),
    })
}

fn references(table: &Entries, key: &'static str) -> Vec<Reference> {
    let nodes = table.list(key).into_iter();
    nodes
        .map(|node| Reference {
            node,
            key: Some(key),
        })
        .collect()
}

fn check_unique(root: &Entries, mistakes: &mut Mistakes) {
    let mut first: HashMap<String, Span> = HashMap::new();
    for table in ["stage", "tap", "decide"]
        .into_iter()
        .flat_map(|key| root.tables(key))
    {
        let Some(id) = table.text("id") else {
            continue;
        };
        match first.get(&id.value) {
            None => drop(first.insert(id.value, id.span)),
            Some(before) => mistakes.push(
                Mistake::new(id.span, format!("the id `{}` is taken", clipped(&id.value)))
                    .label("expected another name")
                    .also(*before, "first here")
                    .note("stages, taps and decisions share one set of names"),
            ),
        }
    }
}

fn check_known(names: &ShapeNames, mistakes: &mut Mistakes) {
    let stages: HashSet<&str> = names.stages.iter().map(|s| s.id.value.as_str()).collect();
    let taps: HashSet<&str> = names.taps.iter().map(|tap| tap.value.as_str()).collect();
    let inside = names.stages.iter().flat_map(|stage| &stage.reads);
    for reference in inside.chain(&names.outside) {
        let name = reference.node.value.as_str();
        let known = match reference.key {
            Some("reads") => stages.contains(name) || taps.contains(name),
            _ => name == "input" || stages.contains(name),
        };
        if !known {
            mistakes.push(unknown(reference, names, taps.contains(name)));
        }
    }
}

fn unknown(reference: &Reference, names: &ShapeNames, is_tap: bool) -> Mistake {
    let name = clipped(&reference.node.value);
    let key = reference.key.unwrap_or("after");
    let reads = key == "reads";
    let message = match is_tap {
        true => format!("`{name}` is a tap, expected \"input\" or a stage"),
        false if reads => format!("`{name}` is unknown, expected the id of a tap or of a stage"),
        false => format!("`{name}` is unknown, expected \"input\" or the id of a stage"),
    };
    let stages = names.stages.iter().map(|stage| stage.id.value.as_str());
    let taps = names.taps.iter().map(|tap| tap.value.as_str());
    let mut candidates: Vec<&str> = stages.collect();
    match reads {
        true => candidates.extend(taps),
        false => candidates.push("input"),
    }
    let help =
        nearest(&reference.node.value, candidates).map(|near| format!("did you mean `{near}`?"));
    Mistake::new(reference.node.span, message)
        .label(format!("named by `{key}`"))
        .help_if(help)
}

fn check_read(names: &ShapeNames, mistakes: &mut Mistakes) {
    let inside = names.stages.iter().flat_map(|stage| {
        let others = stage.reads.iter().map(|read| read.node.value.as_str());
        others.filter(|name| *name != stage.id.value)
    });
    let outside = names.outside.iter().map(|read| read.node.value.as_str());
    let read: HashSet<&str> = inside.chain(outside).collect();
    for stage in &names.stages {
        if !read.contains(stage.id.value.as_str()) {
            let message = format!("nobody reads the stage `{}`", clipped(&stage.id.value));
            let help = "name it in `after` or `sidechain` of a stage, in `from` of a tap or of \
                        `[stream]`, or remove it";
            mistakes.push(
                Mistake::new(stage.id.span, message)
                    .label("it would run for nothing")
                    .help(help),
            );
        }
    }
}

#[cfg(test)]
mod tests;
