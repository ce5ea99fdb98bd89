//! Summary: what decisions wanted, what was not as it should be, and how it went in one line.
//!
//! Pure.

use crate::config::render::Color;
use crate::observe::{ActionReport, RunReport};
use crate::report::figures::{duration, significant, stream_time};
use crate::report::table::{Side, clean, draw};

/// How many actions are shown; the report for programs has more.
const ACTIONS_MAX: usize = 20;

const HEADER: [(&str, Side); 5] = [
    ("decision", Side::Left),
    ("at", Side::Right),
    ("action", Side::Left),
    ("reason", Side::Left),
    ("outcome", Side::Left),
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
        "" => action.action.clone(),
        target => format!("{} {target}", action.action),
    };
    vec![
        id.to_owned(),
        stream_time(action.position_frames, sample_rate_hz),
        what,
        action.reason.clone(),
        action.outcome.clone(),
    ]
}

/// What people should know: notices, and why the run is degraded.
pub(super) fn remarks(report: &RunReport, color: Color, columns: usize) -> String {
    let notices = report.notices.iter();
    let mut text: String = notices
        .map(|notice| remark("notice", "36", &notice.text, color, columns))
        .collect();
    if let Some(clipped) = report.stream.clipped() {
        text.push_str(&remark("notice", "36", &clipped, color, columns));
    }
    if report.stream.late_blocks > 0 {
        let (late, blocks) = (report.stream.late_blocks, report.stream.blocks);
        let late = format!("{late} of {blocks} blocks took longer than they last");
        text.push_str(&remark("notice", "36", &late, color, columns));
    }
    for reason in &report.degraded {
        text.push_str(&remark("degraded", "33", reason, color, columns));
    }
    text
}

/// A labelled sentence, wrapped.
pub(super) fn remark(label: &str, style: &str, text: &str, color: Color, columns: usize) -> String {
    let indent = label.len() + 2;
    let mut lines = wrapped(&clean(text), columns.saturating_sub(indent)).into_iter();
    let first = lines.next().unwrap_or_default();
    let mut drawn = match color {
        Color::Ansi => format!("\u{1b}[1;{style}m{label}:\u{1b}[0m {first}\n"),
        Color::Plain => format!("{label}: {first}\n"),
    };
    for line in lines {
        drawn.push_str(&format!("{:indent$}{line}\n", ""));
    }
    drawn
}

/// A text in lines of at most so many columns; single words may be longer.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines
            .last_mut()
            .expect("there is a first line, and none is taken away");
        let length = line.chars().count();
        match length {
            0 => line.push_str(word),
            _ if length + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
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
        Some(path) => format!("{} frames to {}", stream.frames_out, clean(path)),
        None => format!("{} frames, measured only", stream.frames_out),
    };
    match what.chars().count() + 2 + to.chars().count() <= columns {
        true => format!("{what}, {to}\n"),
        false => format!("{what},\n{to}\n"),
    }
}
