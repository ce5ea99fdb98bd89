//! Estimate: what a run was expected to cost and to get wrong, and what it did, in one line.
//!
//! Pure. Time is processing per second of stream: `1.86 ms/s`.

use crate::observe::{RunReport, TotalCost};
use crate::report::figures::{NONE, bytes, duration, percent};
use crate::report::summary::wrapped;

/// The line; empty where nothing was found.
pub(super) fn line(report: &RunReport, columns: usize) -> String {
    let Some(found) = &report.estimate.found else {
        return String::new();
    };
    let estimated = match &report.estimate.estimated {
        Some(estimated) => format!("estimated {}", costs(estimated)),
        None => "estimated: no earlier run".to_owned(),
    };
    let line = format!("{estimated}; found {}", costs(found));
    let lines = wrapped(&line, columns).into_iter();
    lines.map(|line| format!("{line}\n")).collect()
}

/// Time, memory and errors: `3.12 ms/s, 9.00 MiB, 0 % wrong`.
fn costs(costs: &TotalCost) -> String {
    let memory = costs.peak_memory_bytes;
    let memory = memory.and_then(|held| i64::try_from(held).ok());
    format!(
        "{}/s, {}, {} wrong",
        duration(costs.ns_per_stream_second as u64),
        memory.map_or_else(|| NONE.to_owned(), bytes),
        percent(costs.error)
    )
}
