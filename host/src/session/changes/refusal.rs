//! Refusal: why a change does not begin, or is given up before it is sent.
//!
//! In: what stands in its way. Out: a sentence, or mistakes in a file with the text that they stand
//! in; drawn where they leave the session, in receipts and in what is returned to who asked.

use std::path::{Path, PathBuf};

use crate::config::mistake::Mistakes;
use crate::config::overrides::{UnknownOverride, ValueRefused};
use crate::config::render::Color;
use crate::config::{NotReplaced, Unsaved};
use crate::id::StageId;
use crate::loading::Missed;
use crate::observe::{FileMistake, Who};
use crate::pipeline::{Cycle, HandoffRefusal, Refused as NoWay};
use crate::session::candidate::{NoHandoff, Refused};

/// How wide mistakes are drawn, in columns.
const COLUMNS: usize = 80;

/// Why a change does not begin, or is given up.
#[derive(Debug, thiserror::Error)]
pub(in crate::session) enum Refusal {
    /// A configuration has mistakes.
    #[error("{}", .0.render(Color::Plain, COLUMNS))]
    Mistakes(Box<Mistakes>),
    /// Another file than the running one has them, or cannot be read.
    #[error("{}", of_other_file(path, why))]
    OtherFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: Box<Self>,
    },
    /// The stages would read each other in a circle.
    #[error(transparent)]
    Cycle(#[from] Cycle),
    /// There is no way from this schedule to that one.
    #[error(transparent)]
    NoWay(#[from] NoWay),
    /// An override is not taken.
    #[error(transparent)]
    Override(#[from] ValueRefused),
    /// There is no such key.
    #[error(transparent)]
    Key(#[from] UnknownOverride),
    /// Nothing is written into the file.
    #[error(transparent)]
    Unsaved(#[from] Unsaved),
    /// The file is not replaced.
    #[error(transparent)]
    NotReplaced(#[from] NotReplaced),
    /// There is no candidate.
    #[error(transparent)]
    Candidate(Refused),
    /// The workers of the change do not answer.
    #[error("the change {0}")]
    Missed(Missed),
    /// The disk does not answer.
    #[error("the work on files {0}")]
    Files(Missed),
    /// Somebody of a higher rank wants another version.
    #[error("{key} is held at {value} by {who}")]
    Held {
        /// The key.
        key: String,
        /// The value that they want.
        value: String,
        /// Who they are.
        who: Who,
    },
    /// The session has no configuration file.
    #[error("this session has no configuration file to {0}")]
    NoFile(&'static str),
    /// The command reads no file.
    #[error("nothing but a reload or an edit reads a file")]
    ReadsNoFile,
    /// Nothing is called so; with what is.
    #[error("{0}")]
    Unknown(String),
    /// The plan speaks of a stage that is not there.
    #[error("there is no stage `{0}`")]
    NoStage(StageId),
    /// The component has no such parameter.
    #[error("{address} has no parameter `{param}`{known}")]
    NoParam {
        /// The component.
        address: String,
        /// What was asked for.
        param: String,
        /// What it has, if that is told.
        known: String,
    },
    /// It is bypassed already.
    #[error("stage `{0}` is bypassed already")]
    Bypassed(StageId),
    /// It is not bypassed.
    #[error("stage `{0}` is not bypassed")]
    NotBypassed(StageId),
    /// It is bypassed and cannot be swapped.
    #[error("stage `{0}` is bypassed; `segue ctl bypass {0} --off` lets it be heard")]
    SwapsNothing(StageId),
    /// It was not swapped.
    #[error("stage `{0}` was not swapped, so there is nothing to go back to")]
    NothingBefore(StageId),
    /// What it was is gone.
    #[error(
        "what stage `{0}` was before is no longer kept at hand; `swap.rollback` of the stage says for \
         how long"
    )]
    BeforeIsGone(StageId),
    /// There is no number left for it.
    #[error(
        "{found} stages at once, expected at most {most} in a session that started with {began}; \
         restart it"
    )]
    TooManyStages {
        /// How many there would be.
        found: usize,
        /// How many there may be.
        most: usize,
        /// How many there were at the start.
        began: usize,
    },
    /// The output would be later than it may be.
    #[error(
        "it makes the output {needed} frames later, and {left} frames of the reserve are left; \
         {help}, or put {more} frames of silence into the stream with `--insert` of `segue ctl swap` \
         and `segue ctl reload`"
    )]
    TooLate {
        /// How much later it would be.
        needed: u64,
        /// How much of the reserve is left.
        left: u64,
        /// How much more is needed.
        more: u64,
        /// Which reserve would do.
        help: String,
    },
    /// The ring to the audio thread is full.
    #[error("too much is under way; ask again in a moment")]
    Busy,
    /// The schedule is still on its way from an earlier change.
    #[error("the change before it did not come to its end")]
    Blocked,
    /// What was made is gone.
    #[error("its instances are gone")]
    Gone,
    /// The input is over.
    #[error("the input is over")]
    InputOver,
    /// A timeline speaks of a frame that never comes.
    #[error("frame {0} is beyond the end of the input")]
    BeyondEnd(u64),
    /// The session is over.
    #[error("the session ended first")]
    SessionEnded,
}

impl Refusal {
    /// The mistakes in a file that are the reason, without the text that they stand in.
    pub(in crate::session) fn mistakes(&self) -> Vec<FileMistake> {
        match self {
            Self::Mistakes(mistakes) => mistakes.brief(),
            Self::OtherFile { why, .. } => why.mistakes(),
            _ => Vec::new(),
        }
    }

    /// The reasons of a receipt: a line each.
    pub(in crate::session) fn lines(&self) -> Vec<String> {
        self.to_string().lines().map(str::to_owned).collect()
    }
}

/// Mistakes name the file that they stand in, and one that cannot be read is named as well.
fn of_other_file(path: &Path, why: &Refusal) -> String {
    match why {
        Refusal::Mistakes(_) => why.to_string(),
        why => format!("{}: {why}", path.display()),
    }
}

impl From<Mistakes> for Refusal {
    fn from(mistakes: Mistakes) -> Self {
        Self::Mistakes(Box::new(mistakes))
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Mistakes(mistakes) => mistakes.into(),
            refused @ Refused::Text(_) => Self::Candidate(refused),
        }
    }
}

/// Why the second instance of a stage does not go on from the state of the first.
#[derive(Debug, thiserror::Error)]
pub(in crate::session) enum NotHandedOn {
    /// They do not agree on a state.
    #[error(transparent)]
    NoHandoff(#[from] NoHandoff),
    /// Much of the state would be of the old place.
    #[error(
        "its state holds up to {tail_frames} frames of the signal at the old place, expected at most \
         {max_frames}"
    )]
    Long {
        /// How much of the signal it holds.
        tail_frames: u64,
        /// How much of it is no longer heard when the second one is.
        max_frames: u64,
    },
    /// The first one is not there.
    #[error("the first instance is gone")]
    Gone,
    /// The first one did not write it.
    #[error("{}", .0.describe())]
    Unwritten(HandoffRefusal),
    /// The second one did not read it.
    #[error("the state of the first was not taken")]
    NotTaken,
}
