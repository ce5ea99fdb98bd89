//! Run: a pipeline over a stream, from the command line to the exit code.
//!
//! In: arguments, a configuration or a chain. Out: audio, a report, and words about both.

mod batch;
mod kept;
mod last;
mod live;
pub(super) mod meaning;
mod save;

use std::path::Path;
use std::sync::Arc;

use segue_media::io::Stop;

use crate::cli::arguments::{LogFormat, Run};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::progress::ProgressSink;
use crate::cli::records;
use crate::cli::run::live::{Live, RunReached};
use crate::cli::run::meaning::{
    PIPE, TableStream, configuration, content, input, non_finite, open, output, pace, timed,
};
use crate::cli::shell::Shell;
use crate::cli::signals;
use crate::cli::terminal::{Amount, Look, clear_bar, say};
use crate::cli::text::clean;
use crate::config::model::Config;
use crate::observe::{EventSink, RunReport};
use crate::report;
use crate::session::{
    self, CallWatch, Company, Ended, Input, Outcome, Output, Plugins, Request, Reread, SessionError,
};
use crate::swap::ask::Timed;

/// What one stream is read from and written to, and what changes on the way.
struct Course {
    input: Input,
    output: Option<Output>,
    timeline: Vec<Timed>,
    reread: Option<Reread>,
}

/// Runs what the command line says.
///
/// # Errors
/// Why it did not start, or did not come to its end.
pub(super) fn run(shell: &Shell, arguments: &Run) -> Result<Exit, Failure> {
    let config = configuration(shell, arguments)?;
    if let Some(many) = batch::many(arguments, &config)? {
        return batch::run(shell, arguments, config, &many);
    }
    let input = input(arguments, &config)?;
    let output = output(arguments, &config);
    let words = words(shell, arguments, &input, output.as_ref())?;
    let course = Course {
        input,
        output,
        timeline: live::timeline(arguments)?,
        reread: live::reread(shell, arguments, &config)?,
    };
    let outcome = play(shell, arguments, config, course)?;
    clear_bar();
    tell(shell, words, arguments.report.as_deref(), outcome)
}

/// Runs one stream, and ends whatever reached it meanwhile.
fn play(
    shell: &Shell,
    arguments: &Run,
    config: Config,
    course: Course,
) -> Result<Outcome, Failure> {
    let stop = signals::listen()?;
    let events: Arc<dyn EventSink> =
        Arc::new(ProgressSink::new(shell.terminal).at(pace(arguments)));
    let config = Arc::new(config);
    let watch = CallWatch::default();
    let around = RunReached {
        shell,
        arguments,
        config: &config,
        input: &course.input.path.clone(),
        events: &events,
        stop: &stop,
        watch: &watch,
    };
    let live = Live::watching(&around);
    let plugins = open(shell, arguments, &config, &events)?;
    let mut live = live.open(&around);
    let outcome = session::run(request(&around, &mut live, plugins, course));
    live.end(&outcome.result);
    Ok(outcome)
}

/// What the session is asked for.
fn request(
    around: &RunReached<'_>,
    live: &mut Live,
    plugins: Arc<Plugins>,
    course: Course,
) -> Request {
    let arguments = around.arguments;
    Request {
        config: Arc::clone(around.config),
        plugins,
        content: content(arguments, &course.input, around.stop),
        input: course.input,
        output: course.output,
        company: Company::Alone,
        pace: pace(arguments),
        timed: timed(arguments),
        non_finite: non_finite(arguments),
        events: live.events(Arc::clone(around.events)),
        stop: Stop::when(Arc::clone(around.stop)),
        born: around.shell.born,
        requests: live.requests.take(),
        timeline: course.timeline,
        reread: course.reread,
        applied: Some(live.applied()),
        watch: around.watch.clone(),
    }
}

/// Where words go, once it is clear that everything that is written has a place of its own.
fn words(
    shell: &Shell,
    arguments: &Run,
    input: &Input,
    output: Option<&Output>,
) -> Result<TableStream, Failure> {
    let report = arguments.report.as_deref();
    let piped = |path: Option<&Path>| path.is_some_and(|path| path.as_os_str() == PIPE);
    let out = output.map(|output| output.path.as_path());
    if piped(out) && piped(report) {
        let message = "OUT and the report cannot both go to standard output";
        return Err(Failure::new(Exit::Misused, message));
    }
    if piped(out) && shell.terminal.out.is_terminal {
        let message = "OUT is - and standard output is a terminal; send it to a file or a pipe";
        return Err(Failure::new(Exit::Misused, message));
    }
    save::check(report, &input.path, out)?;
    save::check_name(report)?;
    save::make_folder(out)?;
    Ok(match piped(out) || piped(report) {
        true => TableStream::Aside,
        false => TableStream::Here,
    })
}

/// Writes the report, shows the table, and says how it went.
fn tell(
    shell: &Shell,
    words: TableStream,
    path: Option<&Path>,
    outcome: Outcome,
) -> Result<Exit, Failure> {
    let saved = match (&outcome.report, path) {
        (Some(report), Some(path)) => save::save(shell, path, &report::json(report)),
        _ => Ok(()),
    };
    if let Some(report) = &outcome.report {
        show(shell, words, report);
    }
    let stream = outcome.report.as_ref().map(|report| &report.stream);
    let ended = match outcome.result {
        Ok(ended) => ended,
        Err(error) => {
            let kept = kept::behind(&error, stream, outcome.written);
            let kept = kept
                .into_iter()
                .chain(unreported(path, &outcome.report, &error));
            for sentence in kept {
                end_line(shell, &sentence);
            }
            return Err(error.into());
        }
    };
    saved?;
    if let Some(text) = kept::early(shell.terminal.amount, &ended, stream, outcome.written) {
        end_line(shell, &text);
    }
    Ok(exit(&ended, outcome.report.as_ref()))
}

/// What became of a report that was asked for, where a stage hung.
fn unreported(
    path: Option<&Path>,
    report: &Option<RunReport>,
    error: &SessionError,
) -> Option<String> {
    let (None, SessionError::Hung { .. }) = (report, error) else {
        return None;
    };
    let path = path?.display();
    Some(format!(
        "{path} was not written: what it would say was left behind with the thread"
    ))
}

/// The exit code of a run that did not fail.
fn exit(ended: &Ended, report: Option<&RunReport>) -> Exit {
    let is_degraded = report.is_some_and(|report| !report.degraded.is_empty());
    match ended {
        Ended::Interrupted(signal) => Exit::Signal(*signal),
        Ended::ByDecision(_) => Exit::Degraded,
        Ended::OnRequest | Ended::Complete if is_degraded => Exit::Degraded,
        Ended::OnRequest | Ended::Complete => Exit::Done,
    }
}

/// One line about how a run ended.
fn end_line(shell: &Shell, text: &str) {
    match shell.terminal.log {
        LogFormat::Text => say(&clean(&format!("{text}\n"))),
        LogFormat::Json => records::lines(&clean(text)),
    }
}

fn show(shell: &Shell, words: TableStream, report: &RunReport) {
    let terminal = &shell.terminal;
    let text = |look: &Look| report::text(report, look.color, look.width);
    if terminal.log == LogFormat::Json {
        records::lines(&report::lines(report));
    }
    match (terminal.amount, words, terminal.log) {
        (Amount::Quiet, _, LogFormat::Text) => {
            for reason in &report.degraded {
                end_line(shell, &format!("degraded: {reason}"));
            }
        }
        // A log of JSON has what it says already.
        (Amount::Quiet, _, LogFormat::Json) | (_, TableStream::Aside, LogFormat::Json) => {}
        (_, TableStream::Here, _) => terminal.print(&text(&terminal.out)),
        (_, TableStream::Aside, LogFormat::Text) => say(&text(&terminal.err)),
    }
}
