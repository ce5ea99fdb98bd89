//! Error: why a session did not start, or did not come to its end.

use std::io;
use std::path::PathBuf;

use segue_media::io::{CreateError, Notice, OpenError, ReadError, WriteError};
use segue_plugin::declare::Layout;

use crate::admission::AdmissionError;
use crate::config::mistake::Mistakes;
use crate::loading::Missed;
use crate::pipeline::Cycle;
use crate::resolve::Conflict;

/// Why a session did not start, or did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The configuration and the plugins do not go together.
    #[error("the configuration has mistakes")]
    Mistakes(Mistakes),
    /// No choice of versions satisfies everybody.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// A binary was not admitted.
    #[error(transparent)]
    Admission(#[from] AdmissionError),
    /// A component would not be created or activated.
    #[error("{who} ({component}): {text}")]
    Refused {
        /// Stage, tap or decision.
        who: String,
        /// The component.
        component: String,
        /// What it says.
        text: String,
    },
    /// A stage was left out that would have summed what has no layout in common.
    #[error("a stage that is left out reads signals of different layouts, {first} and {other}")]
    Unlike {
        /// The layout of the first.
        first: Layout,
        /// The other one.
        other: Layout,
    },
    /// Foreign code did not answer.
    #[error("{step} {why}")]
    Missed {
        /// What was under way.
        step: String,
        /// Why there is no answer.
        why: Missed,
    },
    /// Taps and decisions do not go on.
    #[error("taps and decisions do not go on: {who} {why}")]
    Observers {
        /// The tap or decision that keeps them, or their thread.
        who: String,
        /// Why there is no answer.
        why: Missed,
    },
    /// Stages wait for each other.
    #[error(transparent)]
    Cycle(#[from] Cycle),
    /// Aligning the paths would take too much memory.
    #[error(
        "aligning the latencies of parallel paths would take {bytes} bytes, expected at most {max}"
    )]
    Delays {
        /// What it would take.
        bytes: u64,
        /// What may be taken.
        max: u64,
    },
    /// The latency of a path is longer than can be kept.
    #[error("{who} reports {found} frames of latency, expected at most {max}")]
    Latency {
        /// The stage.
        who: String,
        /// What it reports.
        found: u64,
        /// What can be kept.
        max: u64,
    },
    /// The input cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The input cannot be read on.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The output cannot be opened.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// The output cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The folder of an output cannot be made.
    #[error("the folder {} cannot be made", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Samples that are not finite, where none are allowed.
    #[error(
        "sample {frame} of channel {channel} is not finite; without --strict-input such samples \
         become 0"
    )]
    NotFinite {
        /// The frame.
        frame: u64,
        /// The channel, from 1.
        channel: usize,
    },
    /// An input that has not all that it was to have, where that is not allowed.
    #[error(
        "the input is not whole: {found}; without --strict-input it is processed as far as it goes"
    )]
    Incomplete {
        /// What is missing.
        found: Notice,
    },
    /// Real-time priority is required, and nobody grants it.
    #[error("`host.realtime` is `require`, and there is no real-time priority: {reason}")]
    Priority {
        /// Why not.
        reason: String,
    },
    /// The end was asked for, and a stage does not come back from a call.
    #[error(
        "{who} has not come back from a call for {seconds} s; the run ended without it, and its \
         thread was left behind"
    )]
    Hung {
        /// The stage, with its component and version.
        who: &'static str,
        /// How long it was in that call.
        seconds: u64,
        /// The output and its frames per second, where one was open.
        output: Option<(String, u32)>,
    },
    /// A stage failed whose `on_error` is `stop`.
    #[error("stage `{stage}` failed at frame {frame} and its on_error is `stop`: {text}")]
    Stopped {
        /// The stage.
        stage: String,
        /// Where.
        frame: u64,
        /// What it said.
        text: String,
    },
}

impl SessionError {
    /// Observers that do not go on.
    pub(super) fn observers(who: &str, why: Missed) -> Self {
        let who = who.to_owned();
        Self::Observers { who, why }
    }

    /// Whether it may have come of a wait that ended because somebody asked for the end: one for
    /// the input, the output or the observers.
    pub(super) fn is_of_a_wait(&self) -> bool {
        match self {
            Self::Write(error) => !matches!(error, WriteError::Gone { .. }),
            Self::Open(_) | Self::Read(_) | Self::Create(_) | Self::Observers { .. } => true,
            _ => false,
        }
    }
}
