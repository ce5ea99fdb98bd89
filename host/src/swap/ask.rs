//! Ask: what can be asked of a running session, and what it answers.
//!
//! One path for everybody who may ask: the control socket, signals, watched files, a timeline.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use semver::VersionReq;

use crate::id::{ComponentAddress, PluginId, StageId};
use crate::observe::{Cause, EventSink, PlannedEdit, Receipt, Status, Who};
use crate::swap::events::{Broadcast, EventSubscription, SharedSink};

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
        way: HeardSignal,
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
pub enum HeardSignal {
    /// Its input.
    Bypassed,
    /// Its output.
    Processed,
}

/// What a reload does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// Applies the plan.
    Apply(Insert),
    /// Goes the same way up to the point of applying it, and returns the plan; what would be refused
    /// is refused. What is new is opened and made for it, and ended again.
    DryRun(Insert),
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

/// Whether a swap or a reload may put silence into the stream.
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
    /// How it came about before, where an earlier run is replayed.
    pub replay: Option<Arc<Replay>>,
}

/// How a change came about in another run, as its receipts say: at pace fast it comes about the same
/// way, to the last bit of the output.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replay {
    /// When it was applied (`applied_at_frames` of its receipts).
    pub applied_at_frames: u64,
    /// When states were written that new instances went on from (`states_at_frames`).
    pub states_at_frames: Option<u64>,
    /// The stages whose new instance was faded in; that of any other took over the state of the old.
    pub fades: Vec<ReplayedFade>,
}

/// How the new instance of one stage was faded in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayedFade {
    /// The stage.
    pub stage: StageId,
    /// The recent input that the instance heard before it was sent (from `primed_from_frames` to
    /// `primed_to_frames`); `None` where it heard none. The change has to begin where that ends, or
    /// later.
    pub primed_frames: Option<Range<u64>>,
}

impl Replay {
    /// How the instance of a stage was faded in, if it was.
    #[must_use]
    pub fn fade(&self, stage: &str) -> Option<&ReplayedFade> {
        self.fades.iter().find(|fade| fade.stage.as_str() == stage)
    }

    /// How far back from where the change begins the new instances hear, in frames.
    #[must_use]
    pub fn heard_frames(&self) -> u64 {
        let heard = || {
            let fades = self.fades.iter();
            fades.filter_map(|fade| fade.primed_frames.as_ref())
        };
        let begin = heard().map(|frames| frames.start).min();
        let end = heard().map(|frames| frames.end).max();
        end.zip(begin)
            .map_or(0, |(end, begin)| end.saturating_sub(begin))
    }
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

/// Both ends of a queue of requests; `wake` is called after each.
#[must_use]
pub fn ends(wake: fn()) -> (ControlEnd, Requests) {
    let (sender, requests) = sync_channel(ASKED_MAX);
    let control = ControlEnd {
        sender,
        wake,
        events: Arc::default(),
    };
    (control, requests)
}

/// The end of a session that is asked: every command there is, from any thread, any number of clones;
/// and what happens in the session, for who subscribes to it.
#[derive(Debug, Clone)]
pub struct ControlEnd {
    sender: SyncSender<Asked>,
    /// Lets the session look at once.
    wake: fn(),
    events: Arc<Broadcast>,
}

/// Why a request was not even taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// Too many wait already.
    #[error("{ASKED_MAX} requests wait already; ask again in a moment")]
    Busy,
    /// There is no session any more.
    #[error("the session has ended")]
    Ended,
}

impl ControlEnd {
    /// Asks for something without waiting; the answer comes where it is received: when the change is
    /// over, or refused. Where the session ends first none comes, and the receiver says so.
    ///
    /// # Errors
    /// When the request is not taken.
    pub fn ask(&self, command: Command, cause: Cause) -> Result<Receiver<Answer>, NotTaken> {
        let (asked, answered) = asked(command, cause);
        self.sender.try_send(asked).map_err(|error| match error {
            TrySendError::Full(_) => NotTaken::Busy,
            TrySendError::Disconnected(_) => NotTaken::Ended,
        })?;
        (self.wake)();
        Ok(answered)
    }

    /// As [`ask`](Self::ask), but waits until there is room, and for the answer; `None` where the
    /// session ends first. Thread: one that may wait for as long as a change takes.
    #[must_use]
    pub fn ask_and_wait(&self, command: Command, cause: Cause) -> Option<Answer> {
        let (asked, answered) = asked(command, cause);
        self.sender.send(asked).ok()?;
        (self.wake)();
        answered.recv().ok()
    }

    /// Every event of the session from now on.
    #[must_use]
    pub fn events(&self) -> EventSubscription {
        self.events.follow()
    }

    /// A sink for the session's events: each goes to `first`, and to everybody who subscribed.
    /// A session that is begun by a program uses it by itself.
    #[must_use]
    pub fn sharing(&self, first: Arc<dyn EventSink>) -> Arc<dyn EventSink> {
        let broadcast = Arc::clone(&self.events);
        Arc::new(SharedSink { broadcast, first })
    }

    /// Frames per second of the stream; 0 before it begins.
    #[must_use]
    pub fn sample_rate_hz(&self) -> u32 {
        self.events.sample_rate_hz()
    }

    /// No event comes any more: every subscription ends behind those that wait in it.
    pub fn end_events(&self) {
        self.events.end();
    }

    /// How the session is; `None` where it has ended. Waits for the conductor's next look.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        let cause = Cause {
            who: Who::Program {
                name: "embedder".to_owned(),
            },
            why: String::new(),
        };
        match self.ask(Command::Status, cause).ok()?.recv().ok()? {
            Answer::Status(status) => Some(*status),
            _ => None,
        }
    }
}

/// A request on its way, and where its answer comes.
fn asked(command: Command, cause: Cause) -> (Asked, Receiver<Answer>) {
    let (answer, answered) = sync_channel(1);
    let asked = Asked {
        command,
        cause,
        answer,
    };
    (asked, answered)
}
