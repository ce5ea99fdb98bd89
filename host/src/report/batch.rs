//! Batch: what is known of many files, as people and programs read it.
//!
//! In: a `BatchReport`. Out: what was not as it should be, the first of each kind by name, and a
//! line that sums it up; or JSON with everything. Pure.

use crate::config::render::Color;
use crate::escape;
use crate::observe::{BatchReport, FileReport, FileState};
use crate::report::figures::{duration, significant, stream_seconds};
use crate::report::summary::{Remarks, Tone};

/// The most files of a kind that are named: a screen is not longer. JSON has them all.
const NAMED_MAX: usize = 20;

/// The most files that are named after a signal on a terminal, where the line before it counts.
const NOT_DONE_SHOWN_MAX: usize = 10;

/// The most files that are named after a signal elsewhere: a script may want what is not done.
const NOT_DONE_NAMED_MAX: usize = 1000;

/// The report for people, within so many columns; `usize::MAX` where no terminal shows them.
#[must_use]
pub fn text(report: &BatchReport, color: Color, columns: usize) -> String {
    let remarks = Remarks { color, columns };
    let mut text = String::new();
    let failed = report
        .files
        .iter()
        .filter(|file| file.state == FileState::Failed);
    let failed = failed.map(|file| sentence(file, file.error.as_deref().unwrap_or_default()));
    for sentence in bounded(failed.collect(), "failed") {
        text.push_str(&remarks.line("failed", Tone::Failure, &sentence));
    }
    let degraded = report.files.iter().filter(|file| !file.degraded.is_empty());
    let degraded = degraded.map(|file| sentence(file, &file.degraded.join("; ")));
    let whole = report.degraded.iter().cloned();
    for sentence in bounded(whole.chain(degraded).collect(), "were degraded") {
        text.push_str(&remarks.line("degraded", Tone::Warning, &sentence));
    }
    for notice in &report.notices {
        text.push_str(&remarks.line("notice", Tone::Notice, &notice.text));
    }
    if let Some(names) = not_done(report, columns) {
        text.push_str(&remarks.line("not done", Tone::Warning, &names));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&line(report));
    text
}

/// The report for programs: JSON with its schema version inside. What is not finite is `null`.
#[must_use]
pub fn json(report: &BatchReport) -> String {
    let mut text = serde_json::to_string_pretty(report)
        .expect("a report is numbers, texts and lists of them, which JSON can say");
    text.push('\n');
    text
}

fn sentence(file: &FileReport, why: &str) -> String {
    match why.starts_with(&file.input) {
        true => why.to_owned(),
        false => format!("{}: {why}", file.input),
    }
}

/// The first sentences, and how many more there are.
fn bounded(mut sentences: Vec<String>, what: &str) -> Vec<String> {
    let more = sentences.len().saturating_sub(NAMED_MAX);
    sentences.truncate(NAMED_MAX);
    if more > 0 {
        sentences.push(format!("{more} more {what}; --report names them all"));
    }
    sentences
}

/// The files that a signal came before.
fn not_done(report: &BatchReport, columns: usize) -> Option<String> {
    let files = report
        .files
        .iter()
        .filter(|file| file.state == FileState::NotDone);
    let names: Vec<_> = files.map(|file| file.input.as_str()).collect();
    let named_max = match columns {
        usize::MAX => NOT_DONE_NAMED_MAX,
        _ => NOT_DONE_SHOWN_MAX,
    };
    let more = names.len().saturating_sub(named_max);
    let mut text = names[..names.len() - more].join(", ");
    if more > 0 {
        text.push_str(&format!(" … and {more} more; --report names them all"));
    }
    (!names.is_empty()).then_some(text)
}

/// How it went, in one line.
fn line(report: &BatchReport) -> String {
    let totals = &report.totals;
    let whole = totals.done + totals.kept;
    let begin = match (report.complete, whole) {
        (false, _) => "stopped:",
        (true, 0) => "failed:",
        (true, _) => "done:",
    };
    let mut line = format!("{begin} {whole} of {}", files(totals.files));
    for (number, what) in [
        (totals.kept, "kept from before"),
        (totals.degraded, "degraded"),
        (totals.failed, "failed"),
        (totals.not_done, "not done"),
        (totals.left_out, "left out as no audio"),
        (totals.with_notices, "with notices"),
    ] {
        if number > 0 {
            line.push_str(&format!(", {number} {what}"));
        }
    }
    if totals.done > 0 {
        line.push_str(&format!(
            "; {} in {}, {} × real time",
            stream_seconds(totals.stream_seconds),
            duration(totals.elapsed_ns),
            significant(totals.times_real_time),
        ));
    }
    match &report.output {
        Some(folder) => line.push_str(&format!(", to {}", escape::line(folder))),
        None => line.push_str(", measured only"),
    }
    if totals.not_done > 0 && report.output.is_some() {
        line.push_str("; --resume goes on");
    }
    line.push('\n');
    line
}

/// `1 file`, `3 files`.
fn files(number: u64) -> String {
    match number {
        1 => "1 file".to_owned(),
        _ => format!("{number} files"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{BatchTotals, Notice, ProcessReport, SCHEMA_VERSION};

    fn file(input: &str, state: FileState) -> FileReport {
        FileReport {
            state,
            ..FileReport::new(input.to_owned(), Some(format!("out/{input}")))
        }
    }

    fn report(files: Vec<FileReport>) -> BatchReport {
        let mut totals = BatchTotals {
            stream_seconds: 61.5,
            elapsed_ns: 1_500_000_000,
            times_real_time: 41.0,
            threads: 2,
            ..BatchTotals::default()
        };
        totals.count(&files);
        BatchReport {
            schema_version: SCHEMA_VERSION,
            segue: "1.0.0".to_owned(),
            pipeline: "studio-a".to_owned(),
            output: Some("out".to_owned()),
            complete: totals.not_done == 0,
            degraded: Vec::new(),
            totals,
            files,
            process: ProcessReport::default(),
            generations: Vec::new(),
            notices: Vec::new(),
        }
    }

    fn check(report: &BatchReport, expected: &str) {
        assert_eq!(text(report, Color::Plain, 80), expected);
    }

    #[test]
    fn what_went_well_is_one_line() {
        let files = vec![
            file("a.wav", FileState::Done),
            file("b.wav", FileState::Kept),
        ];
        check(
            &report(files),
            "done: 2 of 2 files, 1 kept from before; 1:01 min in 1.50 s, 41.0 × real time, to out\n",
        );
    }

    #[test]
    fn what_did_not_is_named_with_its_reason_and_steers_no_terminal() {
        let mut bad = file("a\u{1b}[2J\n.wav", FileState::Failed);
        bad.error = Some("is empty".to_owned());
        let mut worse = file("b.wav", FileState::Done);
        worse.degraded = vec!["stage `x` failed".to_owned(), "and again".to_owned()];
        let mut report = report(vec![bad, worse, file("c.wav", FileState::NotDone)]);
        report.notices = vec![Notice {
            text: "so it is".to_owned(),
        }];
        check(
            &report,
            "failed: a\u{fffd}[2J\u{fffd}.wav: is empty\n\
             degraded: b.wav: stage `x` failed; and again\n\
             notice: so it is\nnot done: c.wav\n\n\
             stopped: 1 of 3 files, 1 degraded, 1 failed, 1 not done; 1:01 min in 1.50 s, \
             41.0 × real time, to out; --resume goes on\n",
        );
    }

    #[test]
    fn a_flood_is_cut_short_and_json_has_it_all() {
        let files: Vec<_> = (0..5000)
            .map(|number| file(&format!("{number}.wav"), FileState::Failed))
            .collect();
        let report = report(files);
        let text = text(&report, Color::Plain, 80);
        assert_eq!(text.lines().count(), NAMED_MAX + 3, "{text}");
        assert!(text.contains("4980 more failed; --report names them all"));
        let value: serde_json::Value = serde_json::from_str(&json(&report)).unwrap();
        assert_eq!(value["files"].as_array().unwrap().len(), 5000);
        assert_eq!(value["files"][0]["state"], "failed");
        assert_eq!(value["totals"]["failed"], 5000);
    }
    #[test]
    fn notices_are_counted() {
        let mut told = file("a.wav", FileState::Done);
        told.notices = vec!["one".to_owned(), "two".to_owned()];
        let text = text(&report(vec![told]), Color::Plain, 80);
        assert!(
            text.starts_with("done: 1 of 1 file, 1 with notices; "),
            "{text}"
        );
    }

    #[test]
    fn a_terminal_shows_the_first_that_are_not_done_and_a_file_has_all() {
        let files = (10..51).map(|number| file(&format!("{number}.wav"), FileState::NotDone));
        let report = report(files.collect());
        let shown = text(&report, Color::Plain, 120);
        assert!(
            shown.contains("18.wav, 19.wav … and 31 more; --report"),
            "{shown}"
        );
        assert!(!shown.contains("20.wav") && shown.ends_with("to out; --resume goes on\n"));
        let whole = text(&report, Color::Plain, usize::MAX);
        assert!(whole.contains("49.wav, 50.wav\n"), "{whole}");
    }
}
