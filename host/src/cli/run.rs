//! Run: a pipeline over a stream, from the command line to the exit code.
//!
//! In: arguments, a configuration or a chain. Out: audio, a report, and words about both.

mod batch;
mod live;
mod save;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use crate::cli::Shell;
use crate::cli::admission;
use crate::cli::arguments::{PaceWord, Run};
use crate::cli::chain;
use crate::cli::configuration;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::progress::Progress;
use crate::cli::run::live::{Around, Live};
use crate::cli::search;
use crate::cli::signals;
use crate::cli::terminal::{Amount, Look, clear_bar, say};
use crate::cli::text::clean;
use crate::config;
use crate::config::model::{Config, Port};
use crate::config::overlay::Override;
use crate::io::{self, Overwrite};
use crate::observe::{EventSink, RunReport};
use crate::session::{
    self, Company, Content, Ended, Input, NonFinite, Opening, Outcome, Output, Pace, Part, Plugins,
    Request, Timed,
};

/// What a pipe is called on the command line.
const PIPE: &str = "-";

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
    let timeline = live::timeline(arguments)?;
    let reread = live::reread(shell, arguments, &config)?;
    let stop = listen()?;
    let progress = Progress::new(shell.terminal).with_receipts(shell.renderers.receipt_line);
    let events: Arc<dyn EventSink> = Arc::new(progress);
    let config = Arc::new(config);
    let around = Around {
        shell,
        arguments,
        config: &config,
        input: &input.path,
        events: &events,
        stop: &stop,
    };
    let live = Live::watching(&around);
    let plugins = open(shell, arguments, &config, &events)?;
    let mut live = live.open(&around);
    let outcome = session::run(Request {
        config: Arc::clone(&config),
        plugins,
        content: content(arguments, &input, &stop),
        input,
        output,
        company: Company::Alone,
        pace: pace(arguments),
        timed: timed(arguments),
        non_finite: non_finite(arguments),
        events: live.events(Arc::clone(&events)),
        stop: Arc::clone(&stop),
        born: shell.born,
        requests: live.requests.take(),
        timeline,
        reread,
        applied: Some(live.applied()),
    });
    live.stop();
    clear_bar();
    tell(shell, words, arguments.report.as_deref(), outcome)
}

/// Where words go, once it is clear that everything that is written has a place of its own.
fn words(
    shell: &Shell,
    arguments: &Run,
    input: &Input,
    output: Option<&Output>,
) -> Result<Words, Failure> {
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
        true => Words::Aside,
        false => Words::Here,
    })
}

/// Listens to signals; the answer becomes the number of the first.
pub(super) fn listen() -> Result<Arc<AtomicUsize>, Failure> {
    let heard = signals::listen();
    heard.map_err(|error| Failure::new(Exit::Failed, format!("signals cannot be heard: {error}")))
}

/// Where the table goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Words {
    /// To standard output.
    Here,
    /// To standard error, since standard output carries something else.
    Aside,
}

/// The configuration of a run: a chain, or a file; flags over it.
pub(super) fn configuration(shell: &Shell, arguments: &Run) -> Result<Config, Failure> {
    let flags = flags(arguments)?;
    if arguments.stage.is_empty() {
        return configuration::read(shell, arguments.config.as_deref(), flags);
    }
    let text = chain::text(&arguments.stage).map_err(|error| Failure::of(Exit::Misused, &error))?;
    let overrides = configuration::overrides(flags);
    config::parse(&text, Path::new(chain::NAME), &overrides).map_err(Failure::mistakes)
}

fn flags(arguments: &Run) -> Result<Vec<Override>, Failure> {
    let values = [
        ("host.threads", &arguments.threads, "--threads"),
        ("stream.output_bits", &arguments.bits, "--bits"),
        ("stream.dither", &arguments.dither, "--dither"),
        (
            "stream.block_frames",
            &arguments.block_frames,
            "--block-frames",
        ),
    ];
    let mut flags: Vec<_> = values
        .into_iter()
        .filter_map(|(key, value, name)| Some(Override::flag(key, value.as_deref()?, name)))
        .collect();
    if arguments.overwrite {
        flags.push(Override::flag("stream.overwrite", "true", "--overwrite"));
    }
    for text in &arguments.set {
        let set = Override::param(text, "--set");
        flags.push(set.map_err(|error| Failure::of(Exit::Misused, &error))?);
    }
    Ok(flags)
}

pub(super) fn input(arguments: &Run, config: &Config) -> Result<Input, Failure> {
    let configured = config
        .stream
        .input
        .as_ref()
        .map(|port| port_path(&port.value));
    let path = arguments.input.clone().or(configured).ok_or_else(|| {
        Failure::new(
            Exit::Misused,
            "nothing says what to read: there is no IN and no [stream] input",
        )
        .help("as in `segue run in.wav out.wav`")
    })?;
    // Where only OUT has no header, that is what the flag describes.
    let out = arguments.output.as_deref();
    let is_of_output = out.is_some_and(io::is_raw) && io::has_header(&path);
    Ok(Input {
        raw: arguments.raw.filter(|_| !is_of_output),
        path,
        part: Part::Whole,
    })
}

fn output(arguments: &Run, config: &Config) -> Option<Output> {
    let configured = config
        .stream
        .output
        .as_ref()
        .map(|port| port_path(&port.value));
    let path = arguments.output.clone().or(configured)?;
    let is_raw = path.as_os_str() == PIPE || io::is_raw(&path);
    Some(Output {
        raw: arguments.raw.filter(|_| is_raw),
        path,
        overwrite: match config.stream.overwrite.value {
            true => Overwrite::Allowed,
            false => Overwrite::Refused,
        },
    })
}

fn port_path(port: &Port) -> PathBuf {
    match port {
        Port::File(path) => path.clone(),
        Port::Pipe => PathBuf::from(PIPE),
    }
}

/// The content of the input where keys are wanted: they stand in the report that is written.
fn content(arguments: &Run, input: &Input, stop: &AtomicUsize) -> Option<Content> {
    if arguments.report.is_none() || input.path.as_os_str() == PIPE {
        return None;
    }
    // What cannot be read is told when it is opened.
    Content::of(&input.path, stop).unwrap_or(None)
}

pub(super) fn pace(arguments: &Run) -> Pace {
    match arguments.pace {
        PaceWord::Fast => Pace::Fast,
        PaceWord::Realtime => Pace::RealTime,
    }
}

/// At the pace of the stream there is time for the clock.
fn timed(arguments: &Run) -> Timed {
    match arguments.pace {
        PaceWord::Fast => Timed::Sampled,
        PaceWord::Realtime => Timed::EveryBlock,
    }
}

fn non_finite(arguments: &Run) -> NonFinite {
    match arguments.strict_input {
        true => NonFinite::Refuse,
        false => NonFinite::Clean,
    }
}

/// Opens the plugins of a configuration.
pub(super) fn open(
    shell: &Shell,
    arguments: &Run,
    config: &Config,
    events: &Arc<dyn EventSink>,
) -> Result<Arc<Plugins>, Failure> {
    let opened = session::open(Opening {
        search: search::plan(shell, &arguments.search, Some(config)),
        config,
        cache: Some(shell.environment.cache()),
        admission: admission::admission(shell, Arc::clone(events)),
        events: Arc::clone(events),
    });
    Ok(Arc::new(opened?))
}

/// Writes the report, shows the table, and says how it went.
fn tell(
    shell: &Shell,
    words: Words,
    path: Option<&Path>,
    outcome: Outcome,
) -> Result<Exit, Failure> {
    let terminal = &shell.terminal;
    let saved = match (&outcome.report, path) {
        (Some(report), Some(path)) => save::save(shell, path, &(shell.renderers.json)(report)),
        _ => Ok(()),
    };
    if let Some(report) = &outcome.report {
        show(shell, words, report);
    }
    let ended = outcome.result.map_err(Failure::from)?;
    saved?;
    let output = outcome.report.as_ref();
    let output = output.and_then(|report| report.stream.output.as_deref());
    Ok(match (ended, &outcome.report) {
        (Ended::Interrupted(signal), _) => {
            let kept = output.map_or_else(String::new, |path| format!("; {path} was not written"));
            say(&clean(&format!(
                "stopped by {}{kept}\n",
                signals::name(signal)
            )));
            Exit::Signal(signal)
        }
        (Ended::ByDecision(_), _) => {
            if let (Some(path), true) = (output, terminal.amount != Amount::Quiet) {
                say(&clean(&format!("{path} holds what came until then\n")));
            }
            Exit::Degraded
        }
        (Ended::OnRequest, report) => {
            if let (Some(path), true) = (output, terminal.amount != Amount::Quiet) {
                let path = match path {
                    PIPE => "standard output",
                    path => path,
                };
                let text = format!("stopped on request; {path} holds what came until then\n");
                say(&clean(&text));
            }
            match report {
                Some(report) if !report.degraded.is_empty() => Exit::Degraded,
                Some(_) | None => Exit::Done,
            }
        }
        (Ended::Complete, Some(report)) if !report.degraded.is_empty() => Exit::Degraded,
        (Ended::Complete, _) => Exit::Done,
    })
}

fn show(shell: &Shell, words: Words, report: &RunReport) {
    let terminal = &shell.terminal;
    if terminal.amount == Amount::Quiet {
        for reason in &report.degraded {
            say(&clean(&format!("degraded: {reason}\n")));
        }
        return;
    }
    let text = |look: &Look| (shell.renderers.text)(report, look.color, look.width);
    match words {
        Words::Here => terminal.print(&text(&terminal.out)),
        Words::Aside => say(&text(&terminal.err)),
    }
}
