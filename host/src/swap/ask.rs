//! Ask: what can be asked of a running session, and what it answers.
//!
//! One path for everybody who may ask: the control socket, signals, watched files, a timeline.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::Duration;

use semver::VersionReq;

use crate::id::{ComponentAddress, PluginId, StageId};
use crate::observe::{Cause, PlannedEdit, Receipt, Status};

/// The most requests that wait for a session; who asks when there is no room is told so.
pub const ASKED_MAX: usize = 64;

/// What a session is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// How it is.
    Status,
    /// Another instance for one stage or for all stages of a plugin.
    Swap(Swap),
    /// Another value of a parameter, as it would be written in the file.
    Set {
        /// The stage.
        stage: StageId,
        /// The parameter's full id, as in `segue inspect`: `gain_db`, `band.1.q`.
        param: String,
        /// The value as TOML; a bare word is taken as a text.
        value: String,
    },
    /// The stage's input, as late as the stage, instead of its output; or its output again.
    Bypass {
        /// The stage.
        stage: StageId,
        /// Which of the two.
        way: Way,
    },
    /// The configuration as it is on disk now.
    Reload(Reload),
    /// The configuration of another file, as if the running one had been edited to be it.
    Edit {
        /// The file.
        path: PathBuf,
    },
    /// What the stage was before its last swap.
    Rollback {
        /// The stage.
        stage: StageId,
    },
    /// What the file says again, for one key (`tube.params.drive_db`), one stage (`tube`) or all.
    Reset {
        /// Which; `None` is all.
        key: Option<String>,
    },
    /// Overrides into the file.
    Save,
    /// No further input is taken until `Resume`.
    Pause,
    /// Input is taken again.
    Resume,
    /// The session ends in order; its output holds what came until then.
    Stop,
}

/// Which signal is heard in a stage's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Its input.
    Bypassed,
    /// Its output.
    Processed,
}

/// What a reload does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// Applies the plan.
    Apply,
    /// Answers the plan only.
    DryRun,
}

/// A swap that somebody wants.
#[derive(Debug, Clone, PartialEq)]
pub struct Swap {
    /// Which stages.
    pub target: Target,
    /// The component; `None` keeps the one that is there.
    pub component: Option<ComponentAddress>,
    /// Which versions will do; `None` is the newest that may be taken.
    pub versions: Option<VersionReq>,
    /// Whether silence may be put into the stream where the reserve does not suffice.
    pub insert: Insert,
}

/// The stages of a swap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// One stage.
    Stage(StageId),
    /// Every stage of a plugin, and every stage that depends on it, as one change.
    Plugin(PluginId),
}

/// Whether a swap may put silence into the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Insert {
    /// It is refused instead.
    Refused,
    /// With the operator's leave.
    Allowed,
}

/// A request on its way.
#[derive(Debug)]
pub struct Asked {
    /// What.
    pub command: Command,
    /// By whom, and why.
    pub cause: Cause,
    /// Where the answer goes; exactly one is sent, when the change is over or refused.
    pub answer: SyncSender<Answer>,
}

/// What a session answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// How it is.
    Status(Box<Status>),
    /// What changed, one receipt for each stage; its verdicts say how it went.
    Changed(Vec<Receipt>),
    /// What a reload would do, or did before the receipts.
    Planned(Vec<PlannedEdit>),
    /// It is done, in a sentence.
    Done(String),
    /// It is not done, and why: one or more lines.
    Refused(String),
}

/// A request at a place of the stream, for runs that are to repeat.
#[derive(Debug, Clone, PartialEq)]
pub struct Timed {
    /// When.
    pub at: At,
    /// What.
    pub command: Command,
    /// By whom: the file and line.
    pub cause: Cause,
}

/// A place of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// Stream time.
    Frames(u64),
    /// Stream time as a duration; it becomes the nearest frame.
    Time(Duration),
}

impl At {
    /// The frame it is at such a rate: of a time the nearest one.
    #[must_use]
    pub fn frames(self, sample_rate_hz: u32) -> u64 {
        match self {
            Self::Frames(frames) => frames,
            Self::Time(time) => {
                let second = 1_000_000_000;
                let scaled = time.as_nanos() * u128::from(sample_rate_hz);
                u64::try_from((scaled + second / 2) / second).unwrap_or(u64::MAX)
            }
        }
    }
}

/// The session's end.
pub type Requests = Receiver<Asked>;
