//! Lines: what is said of whole files while the others are still under way.
//!
//! In: what came of a file, from several threads. Out: a line on standard error for each that
//! failed and for each notice; for the others where nobody sees the bar.

use std::borrow::Cow;
use std::path::Path;
use std::sync::atomic::AtomicU32;

use crate::cli::arguments::LogFormat;
use crate::cli::progress::{ProgressSink, Weight};
use crate::cli::terminal::{Amount, Terminal};
use crate::cli::text::clean_path;
use crate::observe::{BatchReport, FileReport, FileState};

/// How many notices of files are shown; the report has them all.
const NOTICES_MAX: u32 = 20;

/// How many failures are shown on a terminal while the bar stands; the report has them all.
const FAILURES_MAX: u32 = 20;

/// Says how files ended.
pub(super) struct Lines {
    terminal: Terminal,
    progress: ProgressSink,
    notices: AtomicU32,
    failures: AtomicU32,
}

impl Lines {
    /// For one batch on this terminal.
    pub(super) fn new(terminal: Terminal) -> Self {
        Self {
            terminal,
            progress: ProgressSink::new(terminal),
            notices: AtomicU32::new(0),
            failures: AtomicU32::new(0),
        }
    }

    /// Says that a file is over: on a terminal the bar says it for those that went well.
    pub(super) fn tell(&self, input: &Path, file: &FileReport) {
        let name = clean_path(input);
        let well = match self.terminal.err.is_terminal {
            true => Weight::Detail,
            false => Weight::Note,
        };
        match file.state {
            FileState::Failed => self.failed(&name, file),
            FileState::Done => self.progress.line(well, "done", &name),
            FileState::Kept => self.progress.line(well, "kept", &name),
            FileState::NotDone => return,
        }
        for notice in &file.notices {
            if self
                .progress
                .has_room(&self.notices, NOTICES_MAX, "notices of files")
            {
                let text = format!("{name}: {notice}");
                self.progress.line(Weight::Note, "notice", &text);
            }
        }
    }

    fn failed(&self, name: &str, file: &FileReport) {
        // A file of lines is searched later and has to have them all.
        if self.terminal.err.is_terminal
            && !self
                .progress
                .has_room(&self.failures, FAILURES_MAX, "failures of files")
        {
            return;
        }
        let error = file.error.as_deref().unwrap_or_default();
        let text = match error.starts_with(&file.input) {
            true => error.to_owned(),
            false => format!("{name}: {error}"),
        };
        self.progress.line(Weight::Warning, "failed", &text);
    }

    /// What is left to say at the end of a batch whose list began with so many files: on a terminal
    /// their failures stand above already.
    pub(super) fn unsaid<'a>(&self, report: &'a BatchReport, files: usize) -> Cow<'a, BatchReport> {
        let Terminal { out, err, .. } = self.terminal;
        let was_seen = out.is_terminal
            && err.is_terminal
            && self.terminal.amount != Amount::Quiet
            && self.terminal.log == LogFormat::Text;
        if !was_seen {
            return Cow::Borrowed(report);
        }
        let mut left = report.clone();
        let mut at = 0;
        left.files.retain(|file| {
            at += 1;
            at > files || file.state != FileState::Failed
        });
        Cow::Owned(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::terminal::Look;
    use crate::config::render::Color;
    use crate::observe::{BatchTotals, ProcessReport, SCHEMA_VERSION};

    fn lines(amount: Amount, is_terminal: bool) -> Lines {
        let look = Look {
            color: Color::Plain,
            width: 80,
            is_terminal,
        };
        Lines::new(Terminal {
            out: look,
            err: look,
            amount,
            log: LogFormat::Text,
        })
    }

    fn report(states: &[FileState]) -> BatchReport {
        let files = states.iter().enumerate().map(|(at, state)| FileReport {
            state: *state,
            ..FileReport::new(format!("{at}.wav"), None)
        });
        BatchReport {
            schema_version: SCHEMA_VERSION,
            segue: String::new(),
            pipeline: String::new(),
            output: None,
            complete: true,
            degraded: Vec::new(),
            totals: BatchTotals::default(),
            files: files.collect(),
            process: ProcessReport::default(),
            generations: Vec::new(),
            notices: Vec::new(),
        }
    }

    #[test]
    fn failures_that_stand_above_are_not_said_again() {
        let report = report(&[FileState::Failed, FileState::NotDone, FileState::Failed]);
        let names = |lines: &Lines| {
            let left = lines.unsaid(&report, 2);
            let names = left.files.iter().map(|file| file.input.clone());
            names.collect::<Vec<_>>()
        };
        // The last was never begun, its folder could not be read.
        assert_eq!(names(&lines(Amount::Normal, true)), ["1.wav", "2.wav"]);
        assert_eq!(names(&lines(Amount::Normal, false)).len(), 3);
        assert_eq!(names(&lines(Amount::Quiet, true)).len(), 3);
    }
}
