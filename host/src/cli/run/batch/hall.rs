//! Hall: where all files of a batch are heard at once.
//!
//! In: what happens within each file, from several threads, and what came of it. Out: one bar for
//! all on a terminal, a line per file elsewhere, and a report.

use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::batch::{Audience, Batch, Fate, Item, List};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::run::batch::bar::{BarState, FileEvents};
use crate::cli::run::batch::lines::Lines;
use crate::cli::terminal::Terminal;
use crate::observe::{
    BatchReport, BatchTotals, EventSink, FileReport, FileState, GenerationReport, Notice,
    SCHEMA_VERSION,
};
use crate::session::{self, Ended, Outcome};

/// Hears all files.
pub(super) struct Hall {
    shared: Arc<BarState>,
    lines: Lines,
    items: Vec<Item>,
    found: Mutex<FilesSoFar>,
    /// Whether the reports of single runs are wanted.
    keeps_reports: bool,
    journal_failed: AtomicBool,
}

/// What came of the files so far.
struct FilesSoFar {
    files: Vec<FileReport>,
    /// How those that failed would have ended alone.
    exits: Vec<Exit>,
    stream_seconds: f64,
}

impl Hall {
    /// For the files of a list.
    pub(super) fn new(terminal: Terminal, list: &List, keeps_reports: bool) -> Self {
        let files = list.items.iter().map(|item| {
            let output = item
                .output
                .as_deref()
                .map(|path| path.display().to_string());
            FileReport::new(item.input.display().to_string(), output)
        });
        Self {
            lines: Lines::new(terminal),
            shared: Arc::new(BarState::new(terminal, &list.items)),
            found: Mutex::new(FilesSoFar {
                files: files.collect(),
                exits: Vec::new(),
                stream_seconds: 0.0,
            }),
            items: list.items.clone(),
            keeps_reports,
            journal_failed: AtomicBool::new(false),
        }
    }

    /// How the files that failed would have ended alone.
    pub(super) fn exits(&self) -> Vec<Exit> {
        self.found().exits.clone()
    }

    /// What of a report was not said yet.
    pub(super) fn unsaid<'a>(&self, report: &'a BatchReport) -> Cow<'a, BatchReport> {
        self.lines.unsaid(report, self.items.len())
    }

    /// What is known when all files are over.
    pub(super) fn report(
        &self,
        batch: &Batch<'_>,
        list: &List,
        folder: Option<&Path>,
    ) -> BatchReport {
        let mut found = self.found();
        for (path, why) in &list.unreadable {
            let mut file = FileReport::new(path.display().to_string(), None);
            file.state = FileState::Failed;
            file.error = Some(format!("cannot be read: {why}"));
            found.files.push(file);
            found.exits.push(Exit::Failed);
        }
        let totals = self.totals(&found, batch, list);
        let name = batch.config.pipeline.name.as_ref();
        let generations = batch.plugins.generations();
        BatchReport {
            schema_version: SCHEMA_VERSION,
            segue: env!("CARGO_PKG_VERSION").to_owned(),
            pipeline: name.map_or_else(|| "pipeline".to_owned(), |name| name.value.clone()),
            output: folder.map(|folder| folder.display().to_string()),
            complete: totals.not_done == 0,
            degraded: generations.iter().filter_map(panicked).collect(),
            totals,
            files: std::mem::take(&mut found.files),
            process: session::process(),
            generations,
            notices: self.notices(),
        }
    }

    fn totals(&self, found: &FilesSoFar, batch: &Batch<'_>, list: &List) -> BatchTotals {
        let elapsed = self.shared.started().elapsed();
        let mut totals = BatchTotals {
            left_out: list.left_out,
            threads: batch.threads.min(list.items.len().max(1)) as u64,
            stream_seconds: found.stream_seconds,
            elapsed_ns: u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX),
            times_real_time: found.stream_seconds / elapsed.as_secs_f64().max(1e-9),
            ..BatchTotals::default()
        };
        totals.count(&found.files);
        totals
    }

    fn notices(&self) -> Vec<Notice> {
        let text = "the journal of outputs could not be written: --resume will do them again";
        let has_failed = self.journal_failed.load(Ordering::Relaxed);
        let notice = has_failed.then(|| Notice {
            text: text.to_owned(),
        });
        notice.into_iter().collect()
    }

    fn found(&self) -> MutexGuard<'_, FilesSoFar> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Audience for Hall {
    fn events(&self, at: usize) -> Arc<dyn EventSink> {
        let item = &self.items[at];
        Arc::new(FileEvents::new(&self.shared, at, item))
    }

    fn ended(&self, at: usize, fate: Fate) {
        let mut file = self.found().files[at].clone();
        let mut exit = None;
        let mut stream_seconds = 0.0;
        match fate {
            Fate::NotBegun => return,
            Fate::Kept(done) => {
                file.state = FileState::Kept;
                file.degraded = done.degraded;
                file.key = Some(done.key);
                file.output_bytes = Some(done.size_bytes);
                file.output_sha256 = Some(done.sha256);
            }
            Fate::Broke(text) => {
                file.state = FileState::Failed;
                file.error = Some(format!("the host itself failed: {text}"));
                exit = Some(Exit::Failed);
            }
            Fate::Ran(outcome, written) => {
                if let Some(written) = written {
                    file.output_bytes = Some(written.size_bytes);
                    file.output_sha256 = Some(written.hash.to_string());
                }
                stream_seconds = seconds(&outcome);
                exit = ran(&mut file, *outcome, self.keeps_reports);
            }
        }
        let item = &self.items[at];
        self.lines.tell(&item.input, &file);
        match file.state {
            FileState::Done | FileState::Failed => self.shared.end(at, item),
            FileState::Kept => self.shared.keep(item),
            FileState::NotDone => {}
        }
        let mut found = self.found();
        found.exits.extend(exit);
        found.stream_seconds += stream_seconds;
        found.files[at] = file;
    }

    fn journal_failed(&self, error: &io::Error) {
        tracing::debug!(%error, "the journal could not be written");
        self.journal_failed.store(true, Ordering::Relaxed);
    }
}

/// Takes over what came of a run; returns how it would have ended alone, if it failed.
fn ran(file: &mut FileReport, outcome: Outcome, keeps_report: bool) -> Option<Exit> {
    let mut exit = None;
    match outcome.result {
        Ok(Ended::Complete | Ended::ByDecision(_) | Ended::OnRequest) => {
            file.state = FileState::Done;
        }
        Ok(Ended::Interrupted(_)) => file.state = FileState::NotDone,
        Err(error) => {
            let failure = Failure::from(error);
            file.state = FileState::Failed;
            file.error = Some(failure.sentence());
            exit = Some(failure.exit());
        }
    }
    if let Some(report) = outcome.report {
        if file.state == FileState::Done {
            file.degraded.clone_from(&report.degraded);
            file.key.clone_from(&report.stream.output_key);
            let notices = report.notices.iter().map(|notice| notice.text.clone());
            file.notices = notices.chain(report.stream.clipped()).collect();
        }
        file.report = keeps_report.then_some(report);
    }
    exit
}

/// What panics of a library say of the whole: nobody knows which file it was.
fn panicked(generation: &GenerationReport) -> Option<String> {
    let plugin = &generation.plugin;
    match generation.panics {
        0 => None,
        1 => Some(format!("{plugin} panicked; it was caught inside it")),
        times => Some(format!(
            "{plugin} panicked {times} times; each was caught inside it"
        )),
    }
}

/// How much audio a run processed.
fn seconds(outcome: &Outcome) -> f64 {
    outcome.report.as_ref().map_or(0.0, |report| {
        report.stream.frames_in as f64 / f64::from(report.stream.sample_rate_hz.max(1))
    })
}
