//! Failures: what became of stages that failed, and who used more than a budget allows.
//!
//! Pure. One line for each thing that happened to a stage; none where all went well.

use crate::config::render::Color;
use crate::observe::{BudgetReport, RestartReport, RunReport, StageReport};
use crate::report::figures::{bytes, percent, stream_time};
use crate::report::summary::{Remarks, Tone};

/// The lines of all stages; empty where there is nothing to tell.
pub(super) fn text(report: &RunReport, color: Color, columns: usize) -> String {
    let rate = report.stream.sample_rate_hz;
    let lines = report.stages.iter().flat_map(|stage| lines(stage, rate));
    let remarks = Remarks { color, columns };
    let drawn = lines.map(|(label, line)| remarks.line(label, Tone::Notice, &line));
    drawn.collect()
}

fn lines(stage: &StageReport, sample_rate_hz: u32) -> Vec<(&'static str, String)> {
    let id = &stage.id;
    let mut lines = Vec::new();
    if !stage.substitutes.is_empty() {
        let heard = stage.substitutes.iter();
        let heard = heard.map(|one| {
            let time = stream_time(one.frames, sample_rate_hz);
            format!("{} for {time}", one.signal)
        });
        let heard = heard.collect::<Vec<_>>().join(", ");
        lines.push(("out", format!("`{id}`: {heard}")));
    }
    let restart = stage.restart.as_ref().and_then(|one| restart(id, one));
    lines.extend(restart.map(|line| ("restart", line)));
    if let Some(used) = &stage.budget {
        let breaches = [time(id, used), memory(id, used)];
        lines.extend(breaches.into_iter().flatten().map(|line| ("budget", line)));
    }
    lines
}

fn restart(id: &str, restart: &RestartReport) -> Option<String> {
    if restart.tried == 0 {
        return None;
    }
    let (tried, returned) = (restart.tried, restart.returned);
    let state = &restart.state;
    let last = restart
        .attempts
        .iter()
        .rev()
        .find(|one| !one.text.is_empty());
    let why = match last {
        Some(attempt) => format!("; {}: {}", attempt.outcome, attempt.text),
        None => String::new(),
    };
    Some(format!(
        "`{id}`: {tried} tried, {returned} returned, {state} at the end{why}"
    ))
}

fn time(id: &str, used: &BudgetReport) -> Option<String> {
    let most = used.time_share_max.filter(|_| used.time_breaches > 0)?;
    let (calls, most) = (calls(used.time_breaches), percent(most));
    let worst = percent(used.time_share_worst);
    Some(format!(
        "`{id}` took longer than its budget of {most} in {calls}, {worst} at worst"
    ))
}

fn memory(id: &str, used: &BudgetReport) -> Option<String> {
    let most = used.memory_bytes_max.filter(|_| used.memory_breaches > 0)?;
    let size = |count: u64| bytes(i64::try_from(count).unwrap_or(i64::MAX));
    let (calls, most) = (calls(used.memory_breaches), size(most));
    let worst = size(used.memory_bytes_worst);
    Some(format!(
        "`{id}` held more than its budget of {most} after {calls}, {worst} at worst"
    ))
}

fn calls(count: u64) -> String {
    match count {
        1 => "1 call".to_owned(),
        count => format!("{count} calls"),
    }
}
