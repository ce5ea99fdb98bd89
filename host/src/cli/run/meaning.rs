//! Meaning: what the arguments of a run ask for.
//!
//! In: arguments, and the configuration beside them. Out: the values in which a session is asked.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use segue_media::io::{self, Overwrite};

use crate::cli::admission;
use crate::cli::arguments::{PaceWord, Run};
use crate::cli::chain;
use crate::cli::configuration;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::run::last;
use crate::cli::search;
use crate::cli::shell::Shell;
use crate::config;
use crate::config::model::{Config, StreamPort};
use crate::config::overlay::Override;
use crate::observe::EventSink;
use crate::provenance::Content;
use crate::session::{self, Input, NonFinite, Opening, Output, Pace, Plugins, StreamPart, Timed};

/// What a pipe is called on the command line.
pub(in crate::cli) const PIPE: &str = "-";

/// Where the table goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum TableStream {
    /// To standard output.
    Here,
    /// To standard error, since standard output carries something else.
    Aside,
}

/// The configuration of a run: a chain, or a file; flags over it.
pub(in crate::cli) fn configuration(shell: &Shell, arguments: &Run) -> Result<Config, Failure> {
    let flags = flags(arguments)?;
    if arguments.stage.is_empty() {
        return configuration::read(shell, arguments.config.as_deref(), flags);
    }
    let text = chain::text(&arguments.stage).map_err(|error| Failure::of(Exit::Misused, &error))?;
    let overrides = configuration::overrides(flags);
    config::parse(&text, Path::new(chain::NAME), &overrides).map_err(Failure::mistakes)
}

pub(in crate::cli) fn flags(arguments: &Run) -> Result<Vec<Override>, Failure> {
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

pub(in crate::cli) fn input(arguments: &Run, config: &Config) -> Result<Input, Failure> {
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
        part: StreamPart::Whole,
    })
}

pub(in crate::cli) fn output(arguments: &Run, config: &Config) -> Option<Output> {
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
        overwrite: overwrite(config),
    })
}

/// What becomes of a file that has the name of an output.
pub(in crate::cli) fn overwrite(config: &Config) -> Overwrite {
    match config.stream.overwrite.value {
        true => Overwrite::Allowed,
        false => Overwrite::Refused,
    }
}

pub(in crate::cli) fn port_path(port: &StreamPort) -> PathBuf {
    match port {
        StreamPort::File(path) => path.clone(),
        StreamPort::Pipe => PathBuf::from(PIPE),
    }
}

/// The content of the input where keys are wanted: they stand in the report that is written.
pub(in crate::cli) fn content(
    arguments: &Run,
    input: &Input,
    stop: &AtomicUsize,
) -> Option<Content> {
    if arguments.report.is_none() || input.path.as_os_str() == PIPE {
        return None;
    }
    // What cannot be read is told when it is opened.
    Content::of(&input.path, stop).unwrap_or(None)
}

pub(in crate::cli) fn pace(arguments: &Run) -> Pace {
    match arguments.pace {
        PaceWord::Fast => Pace::Fast,
        PaceWord::Realtime => Pace::RealTime,
    }
}

/// At the pace of the stream there is time for the clock.
pub(in crate::cli) fn timed(arguments: &Run) -> Timed {
    match arguments.pace {
        PaceWord::Fast => Timed::Sampled,
        PaceWord::Realtime => Timed::EveryBlock,
    }
}

pub(in crate::cli) fn non_finite(arguments: &Run) -> NonFinite {
    match arguments.strict_input {
        true => NonFinite::Refuse,
        false => NonFinite::Clean,
    }
}

/// Opens the plugins of a configuration.
pub(in crate::cli) fn open(
    shell: &Shell,
    arguments: &Run,
    config: &Config,
    events: &Arc<dyn EventSink>,
) -> Result<Arc<Plugins>, Failure> {
    last::begin(shell)?;
    let opened = session::open(Opening {
        search: search::plan(shell, &arguments.search, Some(config)),
        config,
        cache: Some(shell.environment.cache()),
        admission: admission::admission(shell, Arc::clone(events)),
        events: Arc::clone(events),
    });
    Ok(Arc::new(opened?))
}
