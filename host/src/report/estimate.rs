//! Estimate: what a run cost and got wrong, and what was expected of it, in one line.
//!
//! Pure. Time is processing per second of stream; wrong is the share of blocks in which some stage
//! was not heard as itself.

use crate::observe::{RunReport, TotalCost};
use crate::report::figures::{NONE, bytes, duration, percent};
use crate::text::wrapped;

/// The line; empty where nothing was found.
pub(super) fn line(report: &RunReport, columns: usize) -> String {
    let Some(found) = &report.estimate.found else {
        return String::new();
    };
    let expected = match &report.estimate.estimated {
        Some(estimated) => {
            let [time, memory, error] = costs(estimated);
            format!("expected {time}, {memory}, {error}")
        }
        None => "no earlier run to expect from".to_owned(),
    };
    let [time, memory, error] = costs(found);
    let line = format!(
        "cost: {time} per second of audio, {memory}, {error} of blocks not as meant; {expected}"
    );
    let lines = wrapped(&line, columns).into_iter();
    lines.map(|line| format!("{line}\n")).collect()
}

/// Time, memory and errors: `3.12 ms`, `9.00 MiB`, `0 %`.
fn costs(costs: &TotalCost) -> [String; 3] {
    let memory = costs.peak_memory_bytes;
    let memory = memory.and_then(|held| i64::try_from(held).ok());
    [
        duration(costs.ns_per_stream_second as u64),
        memory.map_or_else(|| NONE.to_owned(), bytes),
        percent(costs.error),
    ]
}
