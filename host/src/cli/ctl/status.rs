//! Status: how a session is, within so many columns.
//!
//! Pure.

use crate::cli::terminal::Look;
use crate::cli::text::{clean, columns, count, cut, entry};
use crate::observe::{Receipt, StageStatus, Status};

/// How many of the newest receipts are shown; `--json` has more.
const RECEIPTS_MAX: usize = 5;

/// What stands where there is nothing.
const NONE: &str = "–";

/// How a receipt becomes a line.
type Essence = fn(&Receipt, u32) -> String;

/// The page: the session, its stages, what differs from the file, and what changed last.
pub(super) fn text(status: &Status, look: &Look, essence: Essence) -> String {
    let parts = [
        session(status, look),
        stages(status, look),
        overrides(status, look),
        receipts(status, look, essence),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n")
}

fn session(status: &Status, look: &Look) -> String {
    let rate = status.sample_rate_hz;
    let mut words = vec![
        status.config.clone(),
        status.state.clone(),
        position(status),
        format!("{rate} Hz"),
        format!("pace {}", status.pace),
        latency(status),
    ];
    if status.late_blocks > 0 {
        words.push(count(status.late_blocks as usize, "late block"));
    }
    let label = format!("session {}:", plain(&status.session));
    let text = entry(
        &label,
        label.chars().count() + 1,
        &plain(&words.join(", ")),
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
    let state = stage.pending.as_ref().unwrap_or(&stage.state);
    let cells = [
        stage.id.clone(),
        stage.component.clone(),
        stage.version.clone(),
        state.clone(),
        stage.latency_frames.to_string(),
        changed(status, &stage.id),
        rollback(stage),
    ];
    cells.iter().map(|cell| plain(cell)).collect()
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
        let key = plain(&one.key);
        let file = match &one.file {
            Some(file) => format!("the file says {file}"),
            None => "not in the file".to_owned(),
        };
        let mut line = format!("{key} = {} ({file})", one.value);
        for more in [&one.who, &one.when, &one.why] {
            if !more.is_empty() {
                line.push_str(&format!(", {more}"));
            }
        }
        text.push_str(&entry("override:", 10, &plain(&line), look.line_width()));
    }
    text
}

/// The newest receipts, a line each.
fn receipts(status: &Status, look: &Look, essence: Essence) -> String {
    let first = status.receipts.len().saturating_sub(RECEIPTS_MAX);
    let mut text = String::new();
    for receipt in &status.receipts[first..] {
        let label = format!("{} {}:", plain(&receipt.action), plain(&receipt.verdict));
        let line = plain(&essence(receipt, status.sample_rate_hz));
        let who = plain(&receipt.cause.who);
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

/// Rows below a header; on a terminal a row is one line.
fn table(header: &[&str], rows: Vec<Vec<String>>, look: &Look) -> String {
    let header: Vec<String> = header.iter().map(|&word| word.to_owned()).collect();
    let rows: Vec<_> = std::iter::once(header).chain(rows).collect();
    let mut text = String::new();
    for (at, line) in columns(&rows).into_iter().enumerate() {
        let line = cut(&line, look.line_width());
        let line = if at == 0 { look.bold(&line) } else { line };
        text.push_str(&format!("{line}\n"));
    }
    text
}

/// A text as one line that steers no terminal.
fn plain(text: &str) -> String {
    clean(text).replace(['\n', '\t'], " ")
}
