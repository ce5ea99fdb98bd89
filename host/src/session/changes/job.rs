//! Job: one change from the moment it begins to its receipts.
//!
//! In: what is wanted of which stages. Out: where each of them is, as plain state; what moves it on
//! is elsewhere.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use crate::loading::Pending;
use crate::observe::{Alignment, Cause, Identity, Receipt, StepTime};
use crate::pipeline::SwapDone;
use crate::session::candidate::Refused;
use crate::session::cast::Member;
use crate::session::changes::landing::Landing;
use crate::session::changes::prepare::Ready;
use crate::swap::ask::{Answer, Insert};
use crate::swap::table::{Event, State};

/// One change under way.
pub(super) struct Job {
    /// Its number in the session.
    pub(super) number: u64,
    /// Who wants it, and why.
    pub(super) cause: Cause,
    /// Who waits for its end.
    pub(super) answer: Option<SyncSender<Answer>>,
    /// What is done, as receipts call it.
    pub(super) action: &'static str,
    /// Which stages it keeps others from.
    pub(super) claims: Claims,
    /// Whether silence may be put in.
    pub(super) insert: Insert,
    /// Where it is.
    pub(super) phase: Phase,
    /// What happens to each stage.
    pub(super) pieces: Vec<Piece>,
    /// What becomes true of the session when it is over.
    pub(super) landing: Landing,
    /// When it began.
    pub(super) asked_at_frames: u64,
    /// Late blocks until it was sent.
    pub(super) late_blocks: u64,
    /// What it took to find versions.
    pub(super) steps: Vec<StepTime>,
    /// What a reader of the receipts should know.
    pub(super) notes: Vec<String>,
    /// Receipts of stages that no instance is exchanged for.
    pub(super) further: Vec<Receipt>,
    /// Numbers of stages that go with it.
    pub(super) removed: Vec<usize>,
    /// Frames of silence that it puts in, with leave.
    pub(super) inserted_frames: u64,
    /// When the change was over on the audio thread.
    pub(super) over_at_frames: Option<u64>,
    /// What exchanging it took there.
    pub(super) exchange_ns: u64,
    /// Whether the change itself came back from the audio thread, as far as one was sent.
    pub(super) is_back: bool,
}

/// Which stages a job keeps others from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Claims {
    /// These, by id.
    Stages(Vec<Arc<str>>),
    /// All of them.
    Everything,
}

impl Claims {
    /// Whether two jobs cannot be under way at once.
    pub(super) fn meet(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Stages(one), Self::Stages(other)) => one.iter().any(|id| other.contains(id)),
            (Self::Everything, _) | (_, Self::Everything) => true,
        }
    }
}

/// Where a job is.
pub(super) enum Phase {
    /// Instances are made.
    Preparing(Pending<Result<Ready, Refused>>),
    /// States of an older schema become ones of the newer.
    Migrating(Pending<Ready>),
    /// Instances are there; the schedule that runs has to be through with an earlier change.
    Waiting(Ready),
    /// The audio thread has it.
    Sent,
}

impl Piece {
    /// What the table makes of an event, at a place of the stream.
    pub(super) fn after(&mut self, event: Event, at_frames: u64) {
        let next = self.state.after(event).state;
        if next != self.state {
            (self.state, self.since_frames) = (next, at_frames);
        }
    }
}

/// What happens to one stage's instance.
pub(super) struct Piece {
    /// The stage.
    pub(super) stage: Arc<str>,
    /// Its number.
    pub(super) number: usize,
    pub(super) old: Option<Identity>,
    pub(super) new: Option<Identity>,
    pub(super) alignment: Alignment,
    pub(super) primed_frames: u64,
    /// Why no state is handed over, where none is.
    pub(super) why_no_handoff: Option<String>,
    pub(super) notes: Vec<String>,
    pub(super) steps: Vec<StepTime>,
    /// What fills the stage once it is over.
    pub(super) member: Option<Member>,
    /// Heap calls of the stage until it was sent.
    pub(super) heap_calls: u64,
    /// Where it is.
    pub(super) state: State,
    /// Since when, in stream time.
    pub(super) since_frames: u64,
    /// How the new instance took over, once it did.
    pub(super) done: Option<SwapDone>,
    /// Why it did not last, if it did not.
    pub(super) fault: Option<String>,
}
