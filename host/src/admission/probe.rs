//! Probe: a child process that opens a library first, so that it is not us who crash.
//!
//! In: how to start the helper, and what it is to open. Out: whether it went well, or one sentence
//! with the last lines that came; always within the deadline, whatever the library does.

mod signals;
mod tail;
mod watch;

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::admission::error::HelperError;
use crate::admission::helper::{self, OpenOrder};
use crate::admission::probe::watch::{ChildWatched, Ending, watch};
use crate::admission::store::Store;
use crate::admission::verdicts::Objection;
use crate::admission::wire::{FailureCause, HelperLine};
use crate::process::start;

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
pub(super) enum ProbeOutcome {
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
        cause: FailureCause,
    },
}

/// What all probes of one admission have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prober<'a> {
    helper: &'a Helper,
    deadline: Duration,
    store: &'a Store,
}

impl<'a> Prober<'a> {
    /// Libraries of this store are opened by this helper, within this time.
    pub(super) const fn new(helper: &'a Helper, deadline: Duration, store: &'a Store) -> Self {
        Self {
            helper,
            deadline,
            store,
        }
    }

    /// The command that opens these libraries. The folder of the store goes along as its standard
    /// input: a path could lead elsewhere by the time it is opened.
    fn command(&self, orders: &[OpenOrder]) -> io::Result<Command> {
        let mut command = Command::new(&self.helper.program);
        command
            .args(&self.helper.arguments)
            .args(helper::encode(orders))
            .stdin(self.store.folder().try_clone_to_owned()?)
            // The child is started as this process was, whatever plugins did to this one since.
            .env_clear()
            .envs(start::variables());
        if let Some(folder) = start::folder() {
            command.current_dir(folder);
        }
        Ok(command)
    }
}

/// Opens the libraries in a child process, in this order, and tries the last one.
///
/// Thread: any but audio; it waits. The child dies with the thread that called this.
///
/// # Errors
/// When the helper itself is no use; then nothing is known of the library.
pub(super) fn probe(trial: &Prober<'_>, orders: &[OpenOrder]) -> Result<ProbeOutcome, HelperError> {
    let program = &trial.helper.program;
    let command = trial.command(orders).map_err(watch::WatchFailure::Start);
    let watched = command.and_then(|mut command| watch(&mut command, trial.deadline));
    let watched = watched.map_err(|failure| {
        let program = program.clone();
        match failure {
            watch::WatchFailure::Start(source) => HelperError::Start { program, source },
            watch::WatchFailure::Watch(source) => HelperError::Watch { program, source },
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
fn outcome(watched: ChildWatched) -> ProbeOutcome {
    let ChildWatched {
        ending,
        lines,
        evidence,
    } = watched;
    let (reason, cause) = match (lines.last, &ending) {
        (Some(HelperLine::Done), _) => return ProbeOutcome::Passed { notes: lines.notes },
        (Some(HelperLine::Failed(failure)), _) => (failure.reason, failure.cause),
        _ => {
            let step = lines.step.as_deref().unwrap_or("starting");
            let cause = match ending {
                Ending::Exited(_) | Ending::Crashed(_) => FailureCause::Content,
                // The machine may have been busy, or short of memory.
                Ending::Late(_) | Ending::Killed(_) => FailureCause::Circumstance,
            };
            (format!("its probe {ending} while {step}"), cause)
        }
    };
    let objection = Objection {
        reason,
        evidence,
        again: forgotten(),
    };
    ProbeOutcome::Failed { objection, cause }
}

/// When a library is tried again whose failure was the machine's or the moment's.
fn forgotten() -> String {
    "it is tried again at the next start".to_owned()
}
