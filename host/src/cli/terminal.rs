//! Terminal: where words go, how wide it is there, and whether it knows colours.
//!
//! Nothing else but `out` writes to standard output or standard error. While a progress bar stands,
//! lines for people go above it. Whoever does not read standard error keeps nobody waiting.

pub(super) mod screen;
pub(super) mod voice;

use std::io::{IsTerminal, stderr, stdout};
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};

use indicatif::ProgressBar;

use crate::cli::arguments::LogFormat;
use crate::cli::environment::Environment;
use crate::config::render::Color;
use crate::escape;
use crate::system::screens;

/// How wide text is where nobody says, in columns.
const COLUMNS: usize = 80;

/// The widest that text is drawn, in columns: longer lines are harder to read.
const COLUMNS_MAX: usize = 120;

/// The narrowest that text is drawn for, in columns: tables need that much.
const COLUMNS_MIN: usize = 80;

/// The progress bar that stands on standard error.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amount {
    /// Errors only.
    Quiet,
    /// What people usually want to know.
    Normal,
    /// More, the more often it is asked for.
    Verbose(u8),
}

impl Amount {
    /// What the flags say; `-v` outweighs `-q`.
    pub(super) fn of(quiet: bool, verbose: u8) -> Self {
        match (verbose, quiet) {
            (0, true) => Self::Quiet,
            (0, false) => Self::Normal,
            (times, _) => Self::Verbose(times),
        }
    }
}

/// One of the two streams.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// Whether it knows colours.
    pub(super) color: Color,
    /// How wide it is, in columns.
    pub(super) width: usize,
    /// Whether a person sits there.
    pub(super) is_terminal: bool,
}

impl Look {
    fn new(stream: &(impl IsTerminal + AsFd), environment: &Environment) -> Self {
        let is_terminal = stream.is_terminal();
        let is_plain = environment.variable("NO_COLOR").is_some()
            || environment
                .variable("TERM")
                .is_some_and(|term| term == "dumb");
        let columns = is_terminal.then(|| screens::columns(stream)).flatten();
        let columns = columns.map_or(COLUMNS, usize::from);
        Self {
            color: if is_terminal && !is_plain {
                Color::Ansi
            } else {
                Color::Plain
            },
            width: columns.clamp(COLUMNS_MIN, COLUMNS_MAX),
            is_terminal,
        }
    }

    /// How wide a line for people may be: in a file or a pipe it is whole, so that it can be found.
    pub(super) fn line_width(&self) -> usize {
        match self.is_terminal {
            true => self.width,
            false => usize::MAX,
        }
    }

    /// The text in the terminal's bold, if it has colours.
    pub(super) fn bold(&self, text: &str) -> String {
        match self.color {
            Color::Ansi => format!("\u{1b}[1m{text}\u{1b}[0m"),
            Color::Plain => text.to_owned(),
        }
    }
}

/// Both streams, and how much is said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terminal {
    /// Standard output.
    pub(super) out: Look,
    /// Standard error.
    pub(super) err: Look,
    /// How much is said.
    pub(super) amount: Amount,
    /// In which form things are said on standard error.
    pub(super) log: LogFormat,
}

impl Terminal {
    /// That of this process.
    pub(super) fn new(environment: &Environment, amount: Amount, log: LogFormat) -> Self {
        Self {
            out: Look::new(&stdout(), environment),
            err: Look::new(&stderr(), environment),
            amount,
            log,
        }
    }
}

/// Writes lines for people to standard error, above the progress bar if there is one.
pub(super) fn say(text: &str) {
    let bar = BAR.lock().unwrap_or_else(PoisonError::into_inner);
    let write = || voice::write(escape::screen(text));
    match &*bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// Lets a progress bar stand below what is said.
pub(super) fn set_bar(bar: ProgressBar) {
    *BAR.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar);
}

/// Takes the progress bar away, if there is one.
pub(super) fn clear_bar() {
    let bar = BAR.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}
