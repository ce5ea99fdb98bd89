//! Probe: a child process that opens a library first, so that it is not us who crash.
//!
//! In: how to start the helper, and what it is to open. Out: whether it went well, or one sentence
//! with the last lines that came; always within the deadline, whatever the library does.

mod signals;
mod tail;
mod watch;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::admission::error::HelperError;
use crate::admission::helper::{self, Order};
use crate::admission::probe::watch::{Ending, Watched, watch};
use crate::admission::verdicts::Objection;
use crate::admission::wire::{Cause, Line};

/// How long a library and all it uses may take to be opened and tried. A plugin is opened in
/// 0.2 ms; one that reads a model of hundreds of megabytes takes a second or two.
pub const PROBE_DEADLINE: Duration = Duration::from_secs(5);

/// How to start the helper process: it calls [`serve`](crate::admission::serve) with the arguments
/// that come behind these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Helper {
    /// The program, as a path; it is not searched for. The host's own executable, usually.
    pub program: PathBuf,
    /// Its first arguments, which tell it that it is the helper.
    pub arguments: Vec<OsString>,
}

/// What a probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Nothing against it. The notes say what could not be tried.
    Passed {
        /// What the components refused, say.
        notes: Vec<String>,
    },
    /// It failed.
    Failed {
        /// How.
        objection: Objection,
        /// Whether it would fail again.
        cause: Cause,
    },
}

/// Opens the libraries in a child process, in this order, and tries the last one.
///
/// Thread: any but audio; it waits. The child dies with the thread that called this.
///
/// # Errors
/// When the helper itself is no use; then nothing is known of the library.
pub(super) fn probe(
    helper: &Helper,
    deadline: Duration,
    orders: &[Order],
) -> Result<Outcome, HelperError> {
    let program = &helper.program;
    let mut command = Command::new(program);
    command.args(&helper.arguments).args(helper::encode(orders));
    let watched = watch(&mut command, deadline).map_err(|failure| {
        let program = program.clone();
        match failure {
            watch::Failure::Start(source) => HelperError::Start { program, source },
            watch::Failure::Watch(source) => HelperError::Watch { program, source },
        }
    })?;
    if !watched.lines.is_ready {
        return Err(HelperError::NotAHelper {
            program: program.clone(),
            ending: watched.ending.to_string(),
            evidence: watched.evidence,
        });
    }
    Ok(outcome(watched))
}

/// What an ending means for the library.
fn outcome(watched: Watched) -> Outcome {
    let Watched {
        ending,
        lines,
        evidence,
    } = watched;
    let (reason, cause) = match (lines.last, &ending) {
        (Some(Line::Done), _) => return Outcome::Passed { notes: lines.notes },
        (Some(Line::Failed(failure)), _) => (failure.reason, failure.cause),
        _ => {
            let step = lines.step.as_deref().unwrap_or("starting");
            let cause = match ending {
                Ending::Exited(_) | Ending::Crashed(_) => Cause::Content,
                // The machine may have been busy, or short of memory.
                Ending::Late(_) | Ending::Killed(_) => Cause::Circumstance,
            };
            (format!("its probe {ending} while {step}"), cause)
        }
    };
    let objection = Objection { reason, evidence };
    Outcome::Failed { objection, cause }
}
