//! Stages: what each stage took, in one table.
//!
//! Pure.

use crate::config::render::Color;
use crate::observe::{RunReport, StageReport};
use crate::report::figures::{NONE, bytes, duration, percent};
use crate::report::table::{CellSide, draw};

/// Time is per block, latency in frames.
const HEADER: [(&str, CellSide); 9] = [
    ("stage", CellSide::Left),
    ("calls", CellSide::Right),
    ("p50", CellSide::Right),
    ("p99", CellSide::Right),
    ("max", CellSide::Right),
    ("share", CellSide::Right),
    ("latency", CellSide::Right),
    ("heap", CellSide::Right),
    ("faults", CellSide::Right),
];

/// The table of stages; empty without any.
pub(super) fn text(report: &RunReport, color: Color, columns: usize) -> String {
    if report.stages.is_empty() {
        return String::new();
    }
    let rows: Vec<_> = report.stages.iter().map(row).collect();
    let mut text = draw(&HEADER, &rows, color, columns);
    text.push_str(&legend(report));
    text
}

fn row(stage: &StageReport) -> Vec<String> {
    let time = &stage.time;
    let timed = |nanoseconds| match time.blocks_timed {
        0 => NONE.to_owned(),
        _ => duration(nanoseconds),
    };
    vec![
        stage.id.clone(),
        stage.calls.to_string(),
        timed(time.p50_ns),
        timed(time.p99_ns),
        timed(time.max_ns),
        match time.blocks_timed {
            0 => NONE.to_owned(),
            _ => percent(time.share_of_real_time),
        },
        stage.latency_frames.to_string(),
        heap(stage),
        match stage.faults.len() {
            0 => NONE.to_owned(),
            count => count.to_string(),
        },
    ]
}

/// What a stage holds; a mark where it touches the heap while it processes.
pub(super) fn heap(stage: &StageReport) -> String {
    match stage.heap {
        None => NONE.to_owned(),
        Some(heap) if heap.process_calls == 0 => bytes(heap.held_bytes),
        Some(heap) => format!("{} *", bytes(heap.held_bytes)),
    }
}

/// What the figures mean.
fn legend(report: &RunReport) -> String {
    let timed = match report.processing.timed_every_blocks {
        0 | 1 => String::new(),
        every => format!(", 1 in {every} timed"),
    };
    let frames = report.stream.block_frames;
    let text =
        format!("per block of {frames} frames{timed}; share of real time; latency in frames\n");
    text + &marks(report)
}

/// What the mark means, for each stage that has one.
pub(super) fn marks(report: &RunReport) -> String {
    let mut text = String::new();
    for stage in &report.stages {
        if let Some(heap) = stage.heap.filter(|heap| heap.process_calls > 0) {
            let calls = heap.process_calls;
            let id = &stage.id;
            text.push_str(&format!(
                "* `{id}` made {calls} heap calls while it processed\n"
            ));
        }
    }
    text
}
