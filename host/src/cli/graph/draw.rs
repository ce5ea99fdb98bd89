//! Draw: a pipeline for people, from the input down to the output.
//!
//! A chain is a line from stage to stage. A stage that reads something else than the one above it
//! says so.

use segue_plugin::declare::Span;

use crate::cli::graph::{Picture, StageBox};
use crate::cli::terminal::Look;
use crate::cli::text::{clean, columns, cut};

/// The name of the pipeline's input.
const INPUT: &str = "input";

/// The whole pipeline.
pub(super) fn text(picture: &Picture, look: &Look) -> String {
    let mut text = format!("{}\n\n", look.bold(&clean(&picture.name)));
    let mut rows = vec![vec![
        INPUT.to_owned(),
        port(picture.input.as_ref()),
        String::new(),
    ]];
    let mut above = INPUT;
    listeners(picture, INPUT, &mut rows);
    for stage in &picture.stages {
        rows.push(line());
        if let Some(wiring) = wiring(stage, above) {
            rows.push(vec![format!("├─ {wiring}")]);
        }
        let about = stage.filling.about();
        rows.push(vec![stage.id.clone(), about, latency(stage.latency)]);
        listeners(picture, &stage.id, &mut rows);
        above = &stage.id;
    }
    rows.push(line());
    if picture.from != above {
        rows.push(vec![format!("├─ reads {}", picture.from)]);
    }
    rows.push(vec!["output".to_owned(), port(picture.output.as_ref())]);
    for line in aligned(&rows) {
        text.push_str(&format!(
            "{}\n",
            cut(&format!("  {}", clean(&line)), look.width)
        ));
    }
    text.push_str(&decisions(picture, look));
    text
}

/// Columns for rows of several cells; a row of one cell is as long as it likes.
fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let tabular: Vec<_> = rows.iter().filter(|row| row.len() > 1).cloned().collect();
    let mut lines = columns(&tabular).into_iter();
    let line = |row: &Vec<String>| match row.as_slice() {
        [alone] => alone.clone(),
        _ => lines.next().unwrap_or_default(),
    };
    rows.iter().map(line).collect()
}

fn line() -> Vec<String> {
    vec!["│".to_owned()]
}

fn port(name: Option<&String>) -> String {
    match name.map(String::as_str) {
        None => "given on the command line".to_owned(),
        Some("-") => "a pipe".to_owned(),
        Some(path) => path.to_owned(),
    }
}

/// What a stage reads, unless it is just the one above.
fn wiring(stage: &StageBox, above: &str) -> Option<String> {
    let mut parts = Vec::new();
    if stage.inputs != [above] {
        parts.push(format!("reads {}", stage.inputs.join(" + ")));
    }
    for (name, from) in &stage.sidechains {
        parts.push(format!("sidechain {name} reads {from}"));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The taps that listen there.
fn listeners(picture: &Picture, node: &str, rows: &mut Vec<Vec<String>>) {
    for tap in picture.taps.iter().filter(|tap| tap.from == node) {
        let reference = match &tap.reference {
            Some(reference) => format!("against {reference}"),
            None => String::new(),
        };
        rows.push(vec![
            format!("├┄ {}", tap.id),
            tap.filling.about(),
            reference,
        ]);
    }
}

fn latency(latency: Option<Span>) -> String {
    match latency {
        None | Some(Span::Frames(0)) => String::new(),
        Some(Span::Frames(frames)) => format!("latency {frames} frames"),
        Some(Span::Seconds(seconds)) => format!("latency {seconds} s"),
        Some(Span::Varies) => "latency known once it runs".to_owned(),
    }
}

fn decisions(picture: &Picture, look: &Look) -> String {
    let rows: Vec<_> = picture
        .decides
        .iter()
        .map(|decide| {
            let may = match decide.may.is_empty() {
                true => "may do nothing".to_owned(),
                false => format!("may {}", decide.may.join(", ")),
            };
            let reads = format!("reads {}", decide.reads.join(", "));
            vec![
                format!("  {}", decide.id),
                decide.filling.about(),
                reads,
                may,
            ]
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", look.bold("decisions"));
    for line in columns(&rows) {
        text.push_str(&format!("{}\n", cut(&clean(&line), look.width)));
    }
    text
}
