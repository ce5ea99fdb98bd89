//! Summary: what decisions wanted, what was not as it should be, and how it went in one line.
//!
//! Pure.

use crate::config::render::Color;
use crate::escape;
use crate::observe::{ActionReport, PriorityState, RunReport};
use crate::report::figures::{duration, significant, stream_time};
use crate::report::table::{CellSide, draw};
use crate::text::wrapped;

/// How many actions are shown; the report for programs has more.
const ACTIONS_MAX: usize = 20;

const HEADER: [(&str, CellSide); 5] = [
    ("decision", CellSide::Left),
    ("at", CellSide::Right),
    ("action", CellSide::Left),
    ("reason", CellSide::Left),
    ("outcome", CellSide::Left),
];

/// The table of actions; empty where no decision wanted anything.
pub(super) fn actions(report: &RunReport, color: Color, columns: usize) -> String {
    let rate = report.stream.sample_rate_hz;
    let all = report
        .decides
        .iter()
        .flat_map(|decide| decide.actions.iter().map(|action| (&decide.id, action)));
    let rows: Vec<_> = all
        .clone()
        .take(ACTIONS_MAX)
        .map(|(id, action)| row(id, action, rate))
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let mut text = draw(&HEADER, &rows, color, columns);
    let left_out: u64 = report.decides.iter().map(|one| one.actions_left_out).sum();
    let more = all.count() as u64 + left_out - rows.len() as u64;
    if more > 0 {
        text.push_str(&format!("… and {more} more\n"));
    }
    text
}

fn row(id: &str, action: &ActionReport, sample_rate_hz: u32) -> Vec<String> {
    let what = match action.target.as_str() {
        "" => action.action.to_string(),
        target => format!("{} {target}", action.action),
    };
    vec![
        id.to_owned(),
        stream_time(action.position_frames, sample_rate_hz),
        what,
        action.reason.clone(),
        action.outcome.to_string(),
    ]
}

/// What people should know: notices, and why the run is degraded.
pub(super) fn remarks(report: &RunReport, color: Color, columns: usize) -> String {
    let remarks = Remarks { color, columns };
    let notice = |text: &str| remarks.line("notice", Tone::Notice, text);
    let notices = report.notices.iter();
    let mut text: String = notices.map(|one| notice(&one.text)).collect();
    if let Some(clipped) = report.stream.clipped() {
        text.push_str(&notice(&clipped));
    }
    let priority = &report.stream.priority;
    if let (PriorityState::Lost, Some(lost)) = (priority.state, priority.sentence()) {
        text.push_str(&notice(&lost));
    }
    if report.stream.late_blocks > 0 {
        let (late, blocks) = (report.stream.late_blocks, report.stream.blocks);
        let late = format!("{late} of {blocks} blocks came more than a block late");
        text.push_str(&notice(&late));
    }
    if let Some(stalls) = stalls(report) {
        text.push_str(&notice(&stalls));
    }
    for reason in &report.degraded {
        text.push_str(&remarks.line("degraded", Tone::Warning, reason));
    }
    text
}

/// How often the stream did not go on, and the worst of it.
fn stalls(report: &RunReport) -> Option<String> {
    let stalls = &report.stream.stalls;
    let worst = stalls.worst()?;
    let times = match stalls.count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    };
    Some(format!(
        "the stream stalled {times}, {} in all; longest for {} ({} at {})",
        duration(stalls.total_ns),
        worst.side.words(),
        duration(worst.worst_ns),
        stream_time(worst.worst_position_frames, report.stream.sample_rate_hz),
    ))
}

/// How much a remark asks for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Notice,
    Warning,
    Failure,
}

impl Tone {
    /// The number of its color on a terminal.
    const fn color(self) -> u8 {
        match self {
            Self::Notice => 36,
            Self::Warning => 33,
            Self::Failure => 31,
        }
    }
}

/// Where remarks are drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Remarks {
    pub(super) color: Color,
    pub(super) columns: usize,
}

impl Remarks {
    /// A labelled sentence, wrapped.
    pub(super) fn line(self, label: &str, tone: Tone, text: &str) -> String {
        let indent = label.len() + 2;
        let columns = self.columns.saturating_sub(indent);
        let mut lines = wrapped(&escape::line(text), columns).into_iter();
        let first = lines.next().unwrap_or_default();
        let mut drawn = match self.color {
            Color::Ansi => format!("\u{1b}[1;{}m{label}:\u{1b}[0m {first}\n", tone.color()),
            Color::Plain => format!("{label}: {first}\n"),
        };
        for line in lines {
            drawn.push_str(&format!("{:indent$}{line}\n", ""));
        }
        drawn
    }
}

/// How it went, in one or two lines.
pub(super) fn line(report: &RunReport, columns: usize) -> String {
    let stream = &report.stream;
    let rate = stream.sample_rate_hz;
    let what = format!(
        "{} {} of {} at {rate} Hz in {}, {} × real time",
        if report.complete {
            "done:"
        } else {
            "stopped after"
        },
        stream_time(stream.frames_in, rate),
        stream.layout_in,
        duration(stream.elapsed_ns),
        significant(stream.times_real_time),
    );
    let to = match &stream.output {
        // Whether an output holds what came until then, whoever stopped the run knows.
        _ if !report.complete => return format!("{what}\n"),
        Some(path) => format!("{} frames to {}", stream.frames_out, escape::line(path)),
        None => format!("{} frames, measured only", stream.frames_out),
    };
    match what.chars().count() + 2 + to.chars().count() <= columns {
        true => format!("{what}, {to}\n"),
        false => format!("{what},\n{to}\n"),
    }
}
