//! Status: how a session is, within so many columns.
//!
//! Pure.

use crate::cli::ctl::table::table;
use crate::cli::terminal::Look;
use crate::cli::text::{count, entry, one_line, seconds};
use crate::observe::{StageStatus, Status, Waiting};
use crate::report::receipt::essence;

/// How many of the newest receipts are shown; `--json` has more.
const RECEIPTS_MAX: usize = 5;

/// What stands where there is nothing.
const NONE: &str = "–";

/// The page: the session, its stages, what differs from the file, and what changed last.
pub(super) fn text(status: &Status, look: &Look) -> String {
    let parts = [
        session(status, look),
        stages(status, look),
        overrides(status, look),
        receipts(status, look),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n")
}

fn session(status: &Status, look: &Look) -> String {
    let rate = status.sample_rate_hz;
    let mut words = vec![
        status.config.clone(),
        status.state.to_string(),
        position(status),
        format!("{rate} Hz"),
        format!("pace {}", status.pace),
        latency(status),
    ];
    if status.late_blocks > 0 {
        words.push(count(status.late_blocks as usize, "late block"));
    }
    if status.stalls.count > 0 {
        let stalls = count(status.stalls.count as usize, "stall");
        words.push(format!("{stalls} of {}", seconds(status.stalls.total_ns)));
    }
    if let Some(Waiting { side, waited_ns }) = &status.waiting {
        let (side, long) = (side.words(), seconds(*waited_ns));
        words.push(format!("waits for {side} since {long}"));
    }
    let label = format!("session {}:", one_line(&status.session));
    let text = entry(
        &label,
        label.chars().count() + 1,
        &one_line(&words.join(", ")),
        look.line_width(),
    );
    text.replacen(&label, &look.bold(&label), 1)
}

fn position(status: &Status) -> String {
    let seconds = |frames: u64| frames as f64 / f64::from(status.sample_rate_hz.max(1));
    match status.frames {
        Some(frames) => format!(
            "{:.1} of {:.1} s",
            seconds(status.position_frames),
            seconds(frames)
        ),
        None => format!("{:.1} s", seconds(status.position_frames)),
    }
}

fn latency(status: &Status) -> String {
    let (latency, reserve) = (status.latency_frames, status.reserve_frames);
    match reserve {
        0 => format!("{} late", count(latency as usize, "frame")),
        _ => format!(
            "{} late, {reserve} of them in reserve",
            count(latency as usize, "frame")
        ),
    }
}

fn stages(status: &Status, look: &Look) -> String {
    if status.stages.is_empty() {
        return String::new();
    }
    let rows = status.stages.iter().map(|one| stage(status, one));
    let header = [
        "stage",
        "component",
        "version",
        "state",
        "latency",
        "changed",
        "rollback",
    ];
    table(&header, rows.collect(), look)
}

fn stage(status: &Status, stage: &StageStatus) -> Vec<String> {
    let state = match stage.pending {
        Some(action) => action.as_str(),
        None => stage.state.as_str(),
    };
    let cells = [
        stage.id.clone(),
        stage.component.clone(),
        stage.version.clone(),
        state.to_owned(),
        stage.latency_frames.to_string(),
        changed(status, &stage.id),
        rollback(stage),
    ];
    cells.iter().map(|cell| one_line(cell)).collect()
}

/// What a stage would go back to: the version where it is one of the same component.
fn rollback(stage: &StageStatus) -> String {
    let Some(to) = &stage.rollback else {
        return NONE.to_owned();
    };
    let version = to.strip_prefix(&stage.component);
    let version = version.and_then(|rest| rest.strip_prefix(' '));
    version.unwrap_or(to).to_owned()
}

/// How many keys of a stage differ from the file.
fn changed(status: &Status, stage: &str) -> String {
    let keys = status.overrides.iter().map(|one| one.key.as_str());
    let own = keys.filter_map(|key| key.strip_prefix(stage));
    match own.filter(|rest| rest.starts_with('.')).count() {
        0 => NONE.to_owned(),
        keys => count(keys, "key"),
    }
}

/// What differs from the file, and who wanted it.
fn overrides(status: &Status, look: &Look) -> String {
    let mut text = String::new();
    for one in &status.overrides {
        let key = one_line(&one.key);
        let file = match &one.file {
            Some(file) => format!("the file says {file}"),
            None => "not in the file".to_owned(),
        };
        let mut line = format!("{key} = {} ({file})", one.value);
        for more in [&one.who.to_string(), &one.when, &one.why] {
            if !more.is_empty() {
                line.push_str(&format!(", {more}"));
            }
        }
        text.push_str(&entry("override:", 10, &one_line(&line), look.line_width()));
    }
    text
}

/// The newest receipts, a line each.
fn receipts(status: &Status, look: &Look) -> String {
    let first = status.receipts.len().saturating_sub(RECEIPTS_MAX);
    let mut text = String::new();
    for receipt in &status.receipts[first..] {
        let label = format!("{}:", receipt.action);
        let line = one_line(&essence(receipt, status.sample_rate_hz));
        let who = one_line(&receipt.cause.who.to_string());
        let line = format!("{line} ({who})");
        text.push_str(&entry(
            &label,
            label.chars().count() + 1,
            &line,
            look.line_width(),
        ));
    }
    text
}
