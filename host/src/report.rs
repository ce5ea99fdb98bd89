//! Report: what is known of a run, as people and programs read it.
//!
//! In: a `RunReport`. Out: tables within so many columns, or JSON. Pure.

pub mod batch;
mod estimate;
mod failures;
mod figures;
pub mod profile;
mod readings;
pub mod receipt;
mod stages;
mod summary;
mod table;

#[cfg(test)]
mod tests;

use crate::config::render::Color;
use crate::observe::RunReport;

/// The report for people, within so many columns (80 at least): stages, changes, readings, actions, what
/// was not as it should be, and a line that sums it up.
#[must_use]
pub fn text(report: &RunReport, color: Color, columns: usize) -> String {
    let parts = [
        stages::text(report, color, columns),
        failures::text(report, color, columns),
        receipt::list(report, color, columns),
        readings::text(report, color, columns),
        summary::actions(report, color, columns),
        summary::remarks(report, color, columns),
        estimate::line(report, columns) + &summary::line(report, columns),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n")
}

/// The end of a run for a log, a line each: what was not as it should be, and how it went.
#[must_use]
pub fn lines(report: &RunReport) -> String {
    summary::remarks(report, Color::Plain, usize::MAX) + &summary::line(report, usize::MAX)
}

/// The report for programs: JSON with its schema version inside. What is not finite is `null`.
#[must_use]
pub fn json(report: &RunReport) -> String {
    let mut text = serde_json::to_string_pretty(report)
        .expect("a report is numbers, texts and lists of them, which JSON can say");
    text.push('\n');
    text
}
