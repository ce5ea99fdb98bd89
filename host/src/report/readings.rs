//! Readings: what taps measured and stages put out, in one table.
//!
//! Pure.

use crate::config::render::Color;
use crate::observe::{ReadingReport, RunReport, Spread, StageReport, TapReport};
use crate::report::figures::{NONE, reading};
use crate::report::table::{CellSide, draw};

/// How many channels of a reading are shown; the report for programs has all of them.
const CHANNELS_MAX: usize = 8;

const HEADER: [(&str, CellSide); 7] = [
    ("tap", CellSide::Left),
    ("reading", CellSide::Left),
    ("whole", CellSide::Right),
    ("min", CellSide::Right),
    ("mean", CellSide::Right),
    ("max", CellSide::Right),
    ("unit", CellSide::Left),
];

/// The table of readings and outputs; empty without any.
pub(super) fn text(report: &RunReport, color: Color, columns: usize) -> String {
    let taps = report.taps.iter().flat_map(tap);
    let stages = report.stages.iter().flat_map(stage);
    let mut rows: Vec<_> = taps.chain(stages).collect();
    if rows.is_empty() {
        return String::new();
    }
    name_once(&mut rows);
    draw(&HEADER, &rows, color, columns)
}

fn tap(tap: &TapReport) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut at = 0;
    while at < tap.readings.len() {
        let id = &tap.readings[at].id;
        let alike = tap.readings[at..]
            .iter()
            .take_while(|one| one.id == *id)
            .count();
        let shown = &tap.readings[at..at + alike.min(CHANNELS_MAX)];
        rows.extend(shown.iter().map(|one| row(&tap.id, one)));
        if alike > CHANNELS_MAX {
            let more = format!("… {} more channels", alike - CHANNELS_MAX);
            let mut cells = vec![tap.id.clone(), more];
            cells.resize(HEADER.len(), String::new());
            rows.push(cells);
        }
        at += alike;
    }
    rows
}

fn row(tap: &str, one: &ReadingReport) -> Vec<String> {
    let name = match &one.channel {
        Some(channel) => format!("{} {channel}", one.id),
        None => one.id.clone(),
    };
    let whole = one.value.map_or_else(|| NONE.to_owned(), reading);
    let mut row = vec![tap.to_owned(), name, whole];
    row.extend(spread(one.hops.as_ref()));
    row.push(one.unit.clone());
    row
}

fn stage(stage: &StageReport) -> Vec<Vec<String>> {
    let outputs = stage.outputs.iter().map(|output| {
        let mut row = vec![stage.id.clone(), output.id.clone(), NONE.to_owned()];
        row.extend(spread(Some(&output.values)));
        row.push(output.unit.clone());
        row
    });
    outputs.collect()
}

/// Least, mean and greatest.
fn spread(values: Option<&Spread>) -> [String; 3] {
    match values.filter(|values| values.count > 0) {
        Some(values) => [values.min, values.mean, values.max].map(reading),
        None => [const { String::new() }; 3].map(|_| NONE.to_owned()),
    }
}

/// Leaves out the first cell where it says what the row above says.
fn name_once(rows: &mut [Vec<String>]) {
    let mut last = String::new();
    for row in rows {
        if row[0] == last {
            row[0].clear();
        } else {
            last.clone_from(&row[0]);
        }
    }
}
