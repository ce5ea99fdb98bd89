//! Log: what `tracing` says, on standard error.
//!
//! In: `-q`, `-v`, `--log` and `SEGUE_LOG`. Out: lines of text or of JSON, above the progress bar.
//! The filter language, which is slow to set up, is used only where `SEGUE_LOG` is set.

use std::io;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::cli::arguments::LogFormat;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::shell::Shell;
use crate::cli::terminal::{Amount, Terminal, say};
use crate::config::render::Color;

/// Starts logging.
///
/// # Errors
/// When `SEGUE_LOG` cannot be read.
pub(super) fn start(shell: &Shell) -> Result<(), Failure> {
    let terminal = &shell.terminal;
    let is_ansi = terminal.err.color == Color::Ansi;
    let builder = tracing_subscriber::fmt()
        .with_writer(LogWriter)
        .with_ansi(is_ansi)
        .with_max_level(level(terminal));
    let filter = match shell.environment.variable("SEGUE_LOG") {
        None => None,
        Some(text) => Some(filter(&text.to_string_lossy())?),
    };
    match (terminal.log, filter) {
        (LogFormat::Text, None) => builder.without_time().with_target(false).init(),
        (LogFormat::Text, Some(filter)) => builder.with_env_filter(filter).init(),
        (LogFormat::Json, None) => builder.json().finish().with(plugins(terminal)).init(),
        (LogFormat::Json, Some(filter)) => builder.json().with_env_filter(filter).init(),
    }
    Ok(())
}

fn filter(text: &str) -> Result<EnvFilter, Failure> {
    EnvFilter::try_new(text).map_err(|error| {
        let message = format!("SEGUE_LOG is {text:?}, which is no filter: {error}");
        Failure::new(Exit::Misused, message).help("as in SEGUE_LOG=debug or SEGUE_LOG=segue=trace")
    })
}

/// What is logged. What people usually want to know, changes that are done say, is a record of a log
/// of JSON, and a line for people beside one of text.
fn level(terminal: &Terminal) -> LevelFilter {
    match (terminal.amount, terminal.log) {
        (Amount::Quiet, _) => LevelFilter::ERROR,
        (Amount::Normal, LogFormat::Text) => LevelFilter::WARN,
        (Amount::Normal, LogFormat::Json) | (Amount::Verbose(1), _) => LevelFilter::INFO,
        (Amount::Verbose(2), _) => LevelFilter::DEBUG,
        (Amount::Verbose(_), _) => LevelFilter::TRACE,
    }
}

/// The same, but for what plugins log: that is for those who ask for more.
fn plugins(terminal: &Terminal) -> Targets {
    let level = level(terminal);
    let of_plugins = match terminal.amount {
        Amount::Quiet | Amount::Normal => level.min(LevelFilter::WARN),
        Amount::Verbose(_) => level,
    };
    let all = Targets::new().with_default(level);
    all.with_target("plugin", of_plugins)
}

/// Makes writers that hand on whole lines.
#[derive(Debug, Clone, Copy)]
struct LogWriter;

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = LogLine;

    fn make_writer(&'a self) -> LogLine {
        LogLine(Vec::new())
    }
}

/// One line under way; said when it is dropped.
struct LogLine(Vec<u8>);

impl io::Write for LogLine {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LogLine {
    fn drop(&mut self) {
        say(&String::from_utf8_lossy(&self.0));
    }
}
