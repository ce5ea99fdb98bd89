//! Failure: why a command did not do what it was asked, and what to do about it.
//!
//! In: errors of all lower floors. Out: words on standard error, and an exit code.

use std::error::Error;

use segue_media::io::CreateError;

use crate::admission::AdmissionError;
use crate::cli::arguments::LogFormat;
use crate::cli::exit::Exit;
use crate::cli::records;
use crate::cli::terminal::{Look, Terminal, say};
use crate::cli::text::{clean, entry};
use crate::config::mistake::Mistakes;
use crate::config::render::Color;
use crate::resolve::Conflict;
use crate::session::SessionError;

/// Where the text behind `cause:` and `help:` begins, in columns.
const INDENT: usize = 9;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(super) struct Failure {
    exit: Exit,
    story: Story,
}

#[derive(Debug)]
enum Story {
    /// A sentence, what caused it, and what to do.
    Told {
        message: String,
        causes: Vec<String>,
        help: Option<String>,
    },
    /// What is wrong with a configuration, each with its place.
    Mistakes(Box<Mistakes>),
}

impl Failure {
    /// The failure that a sentence tells: lower case, no final dot.
    pub(super) fn new(exit: Exit, message: impl Into<String>) -> Self {
        let story = Story::Told {
            message: message.into(),
            causes: Vec::new(),
            help: None,
        };
        Self { exit, story }
    }

    /// The failure that an error tells, with all that caused it.
    pub(super) fn of(exit: Exit, error: &dyn Error) -> Self {
        let mut causes = Vec::new();
        let mut cause = error.source();
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        // Some sentences end with what the system said; it is not said twice.
        let message = error.to_string();
        causes.retain(|cause| !message.ends_with(cause.as_str()));
        let story = Story::Told {
            message,
            causes,
            help: None,
        };
        Self { exit, story }
    }

    /// A configuration that cannot be used.
    pub(super) fn mistakes(mistakes: Mistakes) -> Self {
        Self {
            exit: Exit::Misused,
            story: Story::Mistakes(Box::new(mistakes)),
        }
    }

    /// Says what to do about it.
    pub(super) fn help(mut self, text: impl Into<String>) -> Self {
        if let Story::Told { help, .. } = &mut self.story {
            *help = Some(text.into());
        }
        self
    }

    /// The exit code.
    pub(super) const fn exit(&self) -> Exit {
        self.exit
    }

    /// All of it in one line: the sentence, and what caused it.
    pub(super) fn sentence(&self) -> String {
        match &self.story {
            Story::Told {
                message, causes, ..
            } => {
                let parts = std::iter::once(message).chain(causes);
                parts.map(String::as_str).collect::<Vec<_>>().join(": ")
            }
            Story::Mistakes(mistakes) => {
                let text = mistakes.render(Color::Plain, usize::MAX);
                let first = text.lines().next().unwrap_or_default();
                first.trim_start_matches("error: ").to_owned()
            }
        }
    }

    /// Says it on standard error and returns the exit code.
    pub(super) fn tell(&self, terminal: &Terminal) -> Exit {
        match (&self.story, terminal.log) {
            (Story::Mistakes(mistakes), _) => tell_mistakes(mistakes, terminal),
            (
                Story::Told {
                    message,
                    causes,
                    help,
                },
                LogFormat::Json,
            ) => {
                let help = help.as_deref().unwrap_or_default();
                tracing::error!(causes = causes.join("; "), help, "{message}");
            }
            (Story::Told { .. }, LogFormat::Text) => say(&self.text(&terminal.err)),
        }
        self.exit
    }

    /// The sentence, what caused it, and what to do, in lines.
    fn text(&self, look: &Look) -> String {
        let Story::Told {
            message,
            causes,
            help,
        } = &self.story
        else {
            return String::new();
        };
        let mut text = format!("{} {}\n", label(look), clean(message));
        for cause in causes {
            text.push_str(&entry("  cause:", INDENT, &clean(cause), look.line_width()));
        }
        if let Some(help) = help {
            text.push_str(&entry("  help:", INDENT, help, look.line_width()));
        }
        text
    }
}

/// Says on standard error what is wrong with a configuration.
pub(super) fn tell_mistakes(mistakes: &Mistakes, terminal: &Terminal) {
    match terminal.log {
        LogFormat::Text => say(&mistakes.render(terminal.err.color, terminal.err.width)),
        LogFormat::Json => records::mistakes(mistakes),
    }
}

fn label(look: &Look) -> &'static str {
    match look.color {
        Color::Ansi => "\u{1b}[1;31merror:\u{1b}[0m",
        Color::Plain => "error:",
    }
}

impl From<Conflict> for Failure {
    fn from(conflict: Conflict) -> Self {
        Self::of(Exit::Plugin, &conflict).help("`segue list --why` shows every file and its reason")
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        let exit = exit(&error);
        match error {
            SessionError::Mistakes(mistakes) => Self::mistakes(mistakes),
            SessionError::Conflict(conflict) => conflict.into(),
            error => Self::of(exit, &error),
        }
    }
}

/// The exit code that belongs to an error of a session.
fn exit(error: &SessionError) -> Exit {
    match error {
        SessionError::Mistakes(_) | SessionError::Cycle(_) | SessionError::Priority { .. } => {
            Exit::Misused
        }
        SessionError::Conflict(_)
        | SessionError::Refused { .. }
        | SessionError::Unlike { .. }
        | SessionError::Missed { .. }
        | SessionError::Observers { .. }
        | SessionError::Delays { .. }
        | SessionError::Latency { .. } => Exit::Plugin,
        SessionError::Admission(error) => admission(error),
        SessionError::Create(
            CreateError::Exists { .. }
            | CreateError::Recorded { .. }
            | CreateError::SameAsInput { .. }
            | CreateError::NotAFile { .. }
            | CreateError::Channels { .. }
            | CreateError::RawFormat { .. }
            | CreateError::SampleRate { .. }
            | CreateError::Samples { .. }
            | CreateError::NeedsRaw { .. }
            | CreateError::Unsupported { .. },
        ) => Exit::Misused,
        SessionError::Create(_)
        | SessionError::Open(_)
        | SessionError::Read(_)
        | SessionError::Write(_)
        | SessionError::Folder { .. }
        | SessionError::NotFinite { .. }
        | SessionError::Incomplete { .. }
        | SessionError::Hung { .. }
        | SessionError::Stopped { .. } => Exit::Failed,
    }
}

fn admission(error: &AdmissionError) -> Exit {
    match error {
        AdmissionError::Rejected(_) | AdmissionError::Load { .. } => Exit::Plugin,
        AdmissionError::NoHelper
        | AdmissionError::Helper(_)
        | AdmissionError::Store(_)
        | AdmissionError::Full { .. }
        | AdmissionError::Note { .. } => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(failure: &Failure, expected: &str) {
        let look = Look {
            color: Color::Plain,
            width: 40,
            is_terminal: true,
        };
        assert_eq!(failure.text(&look), expected);
    }

    #[test]
    fn an_error_is_told_with_its_cause_and_what_to_do() {
        let source = std::io::Error::from(std::io::ErrorKind::NotFound);
        let error = CreateError::Io {
            name: "out.wav".to_owned(),
            source,
        };
        let failure =
            Failure::of(Exit::Failed, &error).help("make the folder it is to be in first");
        check(
            &failure,
            "error: out.wav cannot be opened for writing\n  cause: entity not found\n  help:  make \
             the folder it is to be in\n         first\n",
        );
    }

    #[test]
    fn what_is_wrong_with_the_command_line_is_told_apart_from_what_fails() {
        let exists = CreateError::Exists {
            name: "out.wav".to_owned(),
        };
        assert_eq!(exit(&SessionError::Create(exists)), Exit::Misused);
        let frame = 7;
        let not_finite = SessionError::NotFinite { frame, channel: 1 };
        assert_eq!(exit(&not_finite), Exit::Failed);
    }

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        check(
            &Failure::new(Exit::Failed, "\u{1b}[2Jx"),
            "error: \u{fffd}[2Jx\n",
        );
    }
}
