//! Records: what is said in lines for people, as records of a log of JSON.
//!
//! In: lines, and mistakes in a configuration. Out: an event of `tracing` for each.

use crate::config::mistake::{Mistake, Mistakes, Severity};

/// How a run went, line by line: the label of a line is its event. Why a run does not end with 0 is
/// an error, so that `-q` tells it too.
pub(super) fn lines(text: &str) {
    for line in text.lines().filter(|line| !line.is_empty()) {
        match line.split_once(": ") {
            Some((label @ ("degraded" | "failed" | "not done"), text)) => {
                tracing::error!(event = label, "{text}");
            }
            Some((label @ ("notice" | "done" | "stopped"), text)) => {
                tracing::info!(event = label, "{text}");
            }
            _ => tracing::info!(event = "end", "{line}"),
        }
    }
}

/// Every mistake with its place.
pub(super) fn mistakes(mistakes: &Mistakes) {
    for mistake in mistakes.iter() {
        let place = mistakes.position(mistake);
        let place = place.map_or_else(String::new, |place| place.to_string());
        let text = sentence(mistake);
        let help = mistake.help.as_deref().unwrap_or_default();
        match mistake.severity {
            Severity::Error => tracing::error!(event = "mistake", place, help, "{text}"),
            Severity::Warning => tracing::warn!(event = "mistake", place, help, "{text}"),
        }
    }
    if mistakes.left_out() > 0 {
        tracing::error!(event = "mistake", "… and {} more", mistakes.left_out());
    }
}

/// What is wrong, and why it is.
fn sentence(mistake: &Mistake) -> String {
    let label = mistake.place.as_ref().map(|place| &*place.text);
    let label = label.filter(|label| !label.is_empty());
    let parts = [label, mistake.note.as_deref()].into_iter().flatten();
    let all = std::iter::once(&*mistake.message).chain(parts);
    all.collect::<Vec<_>>().join("; ")
}
