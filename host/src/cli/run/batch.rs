//! Batch: many files through one pipeline, from the command line to the exit code.
//!
//! In: a folder, a pattern or several paths, and a folder for the outputs. Out: an output for each
//! file, one report for all, and words about what did not go well.

mod bar;
mod hall;
mod lines;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::available_parallelism;

use segue_media::io::{self, Overwrite};

use crate::batch::{
    self, Batch, BatchWanted, Holds, JOURNAL_NAME, Journal, JournalError, List, ListError, Resume,
};
use crate::cli::arguments::{LogFormat, PaceWord, Run};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::progress::ProgressSink;
use crate::cli::records;
use crate::cli::run::batch::hall::Hall;
use crate::cli::run::meaning::{PIPE, TableStream, non_finite, open, overwrite, port_path};
use crate::cli::run::save;
use crate::cli::shell::Shell;
use crate::cli::signals;
use crate::cli::terminal::{Amount, Look, clear_bar, say};
use crate::config::model::{Config, StreamPort};
use crate::config::render::Color;
use crate::config::source::Spanned;
use crate::observe::{BatchReport, Event, EventSink, FileState};
use crate::report;

/// What a batch reads, and where its outputs go.
#[derive(Debug)]
pub(super) struct Many {
    sources: Vec<PathBuf>,
    folder: Option<PathBuf>,
}

/// Whether the command line is about many files, and which.
///
/// # Errors
/// When what is said of many files is said of one, or the other way round.
pub(super) fn many(arguments: &Run, config: &Config) -> Result<Option<Many>, Failure> {
    let Some(many) = named(arguments, config) else {
        for (flag, name) in [
            (arguments.resume, "--resume"),
            (arguments.format.is_some(), "--format"),
        ] {
            if flag {
                let message = format!("{name} is for many files, and this is one");
                return Err(Failure::new(Exit::Misused, message).help(
                    "as in `segue run takes/ done/`; the name of OUT says what one becomes",
                ));
            }
        }
        return Ok(None);
    };
    let refuse = |message: String| Err(Failure::new(Exit::Misused, message));
    let folder = many.folder.as_deref();
    let piped = |path: &Path| path.as_os_str() == PIPE;
    if many.sources.iter().any(|path| piped(path)) || folder.is_some_and(piped) {
        return refuse("a pipe is one file, expected files and folders where many are run".into());
    }
    if let Some(file) = folder.filter(|path| !path.exists() && batch::is_audio_name(path)) {
        let message = format!("{} is to hold many outputs", file.display());
        return refuse(format!("{message}, expected a folder"));
    }
    let control = &arguments.control;
    for (flag, name) in [
        (control.timeline.is_some(), "--timeline"),
        (control.name.is_some(), "--name"),
    ] {
        if flag {
            return refuse(format!("{name} is for one file, and these are many"));
        }
    }
    if arguments.pace == PaceWord::Realtime {
        return refuse("many files are run as fast as they can, expected no --pace".into());
    }
    Ok(Some(many))
}

/// Many files, if that is what is named; the command line outweighs the configuration.
fn named(arguments: &Run, config: &Config) -> Option<Many> {
    let mut paths: Vec<_> = [&arguments.input, &arguments.output]
        .into_iter()
        .flatten()
        .chain(&arguments.more)
        .cloned()
        .collect();
    if !arguments.more.is_empty() {
        let folder = paths.pop();
        return Some(Many {
            sources: paths,
            folder,
        });
    }
    let of = |port: &Option<Spanned<StreamPort>>| port.as_ref().map(|port| port_path(&port.value));
    let source = arguments
        .input
        .clone()
        .or_else(|| of(&config.stream.input))?;
    let output = &arguments.output;
    let folder = output.clone().or_else(|| of(&config.stream.output));
    let is_folder = folder
        .as_deref()
        .is_some_and(|path| path.is_dir() || ends_as_folder(path));
    (batch::is_many(&source) || (is_folder && source.as_os_str() != PIPE)).then(|| Many {
        sources: vec![source],
        folder,
    })
}

/// Whether a path is spelled as only a folder's is.
fn ends_as_folder(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/")
}

/// Runs many files and tells what came of it.
///
/// # Errors
/// Why none was begun.
pub(super) fn run(
    shell: &Shell,
    arguments: &Run,
    config: Config,
    many: &Many,
) -> Result<Exit, Failure> {
    let list = list(arguments, many)?;
    let report = arguments.report.as_deref();
    save::check_name(report)?;
    check_report(report, &list)?;
    let overwrite = overwrite(&config);
    if !arguments.resume {
        check_existing(&list, overwrite, None)?;
    }
    let events: Arc<dyn EventSink> = Arc::new(ProgressSink::new(shell.terminal));
    let plugins = open(shell, arguments, &config, &events)?;
    let journal = many.folder.as_deref().map(Journal::open).transpose()?;
    tidy(&list, journal.as_ref(), &*events);
    let known = journal.as_ref().filter(|_| arguments.resume);
    check_existing(&list, overwrite, known)?;
    let batch = Batch {
        items: &list.items,
        journal: journal.as_ref(),
        resume: resume(arguments),
        raw: arguments.raw,
        overwrite,
        non_finite: non_finite(arguments),
        threads: threads(&config),
        stop: signals::listen()?,
        config: Arc::new(config),
        plugins,
    };
    let hall = Hall::new(shell.terminal, &list, report.is_some());
    batch.run(&hall);
    clear_bar();
    let told = hall.report(&batch, &list, many.folder.as_deref());
    tell(shell, report, &told, &hall.unsaid(&told))?;
    let signal = batch.stop.load(Ordering::Relaxed);
    Ok(exit(&told, &hall.exits(), signal))
}

/// Removes outputs that earlier runs never finished from every folder that is written to, and tells
/// what the journal has left out.
fn tidy(list: &List, journal: Option<&Journal>, events: &dyn EventSink) {
    let tell = |text: String| events.event(Event::Notice { text });
    let outputs = list.items.iter().filter_map(|item| item.output.as_deref());
    let folders: BTreeMap<_, _> = outputs.map(|output| (output.parent(), output)).collect();
    let swept = folders.into_values().filter_map(io::sweep);
    swept.for_each(|swept| tell(swept.to_string()));
    match journal.map_or(0, Journal::skipped_lines) {
        0 => {}
        lines => tell(format!(
            "{lines} lines of the journal {JOURNAL_NAME} are longer than any that is written there; \
             what they are about is done again"
        )),
    }
}

fn resume(arguments: &Run) -> Resume {
    match arguments.resume {
        true => Resume::Yes,
        false => Resume::No,
    }
}

/// How many files are under way at once.
fn threads(config: &Config) -> usize {
    match config.host.threads.value {
        0 => available_parallelism().map_or(1, usize::from),
        threads => threads as usize,
    }
}

fn list(arguments: &Run, many: &Many) -> Result<List, Failure> {
    let wanted = BatchWanted {
        sources: &many.sources,
        folder: many.folder.as_deref(),
        ending: arguments.format.as_deref().unwrap_or("wav"),
        holds: match arguments.raw {
            Some(_) => Holds::Samples,
            None => Holds::Headers,
        },
    };
    Ok(batch::list(&wanted)?)
}

/// Refuses a report that would take the place of an input or an output.
fn check_report(report: Option<&Path>, list: &List) -> Result<(), Failure> {
    let name = report.and_then(Path::file_name);
    let has_name = |path: &Path| path.file_name() == name || path.is_symlink();
    for item in &list.items {
        let output = item.output.as_deref();
        if has_name(&item.input) || output.and_then(Path::file_name) == name {
            save::check(report, &item.input, output)?;
        }
    }
    Ok(())
}

/// Refuses outputs that exist, unless they may be replaced or are of an earlier batch.
fn check_existing(
    list: &List,
    overwrite: Overwrite,
    journal: Option<&Journal>,
) -> Result<(), Failure> {
    if overwrite == Overwrite::Allowed {
        return Ok(());
    }
    let items = list.existing.iter().map(|at| &list.items[*at]);
    let mut foreign = items
        .filter(|item| !journal.is_some_and(|journal| journal.knows(&item.relative)))
        .filter_map(|item| item.output.as_deref());
    let Some(first) = foreign.next() else {
        return Ok(());
    };
    let more = match foreign.count() {
        0 => "exists".to_owned(),
        more => format!("and {more} more outputs exist"),
    };
    let message = format!("{} {more}", first.display());
    let help = match journal {
        None => {
            "--resume keeps those that are whole and made of the same; --overwrite replaces all"
        }
        Some(_) => "no earlier run of many files wrote that; --overwrite replaces it",
    };
    Err(Failure::new(Exit::Misused, message).help(help))
}

/// Writes the report and says how it went.
fn tell(
    shell: &Shell,
    path: Option<&Path>,
    report: &BatchReport,
    unsaid: &BatchReport,
) -> Result<(), Failure> {
    let piped = path.is_some_and(|path| path.as_os_str() == PIPE);
    let words = if piped {
        TableStream::Aside
    } else {
        TableStream::Here
    };
    let terminal = &shell.terminal;
    let saved = match path {
        Some(path) => save::save(shell, path, &report::batch::json(report)),
        None => Ok(()),
    };
    let text = |look: &Look| report::batch::text(unsaid, look.color, look.line_width());
    let is_well = report.files.iter().all(|file| {
        file.degraded.is_empty() && matches!(file.state, FileState::Done | FileState::Kept)
    });
    if terminal.log == LogFormat::Json {
        records::lines(&report::batch::text(unsaid, Color::Plain, usize::MAX));
    }
    match (terminal.amount, words) {
        // A log of JSON has what it says already.
        (Amount::Quiet, _) | (_, TableStream::Aside) if terminal.log == LogFormat::Json => {}
        (Amount::Quiet, _) if is_well && report.degraded.is_empty() => {}
        (Amount::Quiet, _) | (_, TableStream::Aside) => say(&text(&terminal.err)),
        (_, TableStream::Here) => terminal.print(&text(&terminal.out)),
    }
    saved
}

/// What the exit code tells of all files together.
fn exit(report: &BatchReport, failed: &[Exit], signal: usize) -> Exit {
    let totals = &report.totals;
    let is_degraded = totals.degraded > 0 || !report.degraded.is_empty();
    match (signal, totals.done + totals.kept, failed) {
        (1.., _, _) => Exit::Signal(signal),
        // Where all failed alike, it is told like one that did.
        (0, 0, [first, rest @ ..]) if rest.iter().all(|exit| exit == first) => *first,
        (0, 0, _) => Exit::Failed,
        (0, _, [_, ..]) => Exit::Degraded,
        (0, _, []) if is_degraded => Exit::Degraded,
        (0, _, []) => Exit::Done,
    }
}

impl From<ListError> for Failure {
    fn from(error: ListError) -> Self {
        let failure = Self::of(Exit::Misused, &error);
        match error {
            ListError::Empty { .. } => failure.help("audio is known by names as a.wav and b.flac"),
            ListError::Collision { .. } => {
                failure.help("run them one after the other, into two folders")
            }
            _ => failure,
        }
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        Self::of(Exit::Failed, &error)
    }
}
