//! Underway: one change from the moment it begins to its receipts.
//!
//! In: what is wanted of which stages. Out: where each of them is, as plain state; the states of
//! instances that it goes on from; what the session is to adopt once it is over. What moves it on is
//! elsewhere.

use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::{SystemTime, UNIX_EPOCH};

use segue_media::utc;

use crate::config::model::Config;
use crate::config::overrides::{self, OverrideKey, Overrides};
use crate::discovery::SearchPlan;
use crate::id::StageId;
use crate::observe::{Alignment, Cause, ChangeAction, Identity, Receipt, StepTime};
use crate::pipeline::{Rings, StageCandidate, StateRequest, SwapDone};
use crate::session::candidacy::Candidacy;
use crate::session::changes::plan::Plan;
use crate::session::changes::prepare::Ready;
use crate::session::changes::refusal::Refusal;
use crate::session::changes::{ChangeRequest, Configurations};
use crate::session::optional::without_again;
use crate::session::running_stages::RunningStage;
use crate::swap::ask::{Answer, Insert, Replay};

/// One change under way.
pub(super) struct ChangeUnderway {
    /// Its number in the session.
    pub(super) number: u64,
    /// Who wants it, and why.
    pub(super) cause: Cause,
    /// Who waits for its end.
    pub(super) answer: Option<SyncSender<Answer>>,
    /// What is done.
    pub(super) action: ChangeAction,
    /// Which stages it keeps others from.
    pub(super) claims: Claims,
    /// Whether silence may be put in.
    pub(super) insert: Insert,
    /// What it is for.
    pub(super) purpose: Purpose,
    /// Where it is, as a whole: over once its change is back from the audio thread.
    pub(super) candidacy: Candidacy<Ready>,
    /// What happens to each stage.
    pub(super) stage_changes: Vec<StageChange>,
    /// What becomes true of the session when it is over.
    pub(super) adoption: Adoption,
    /// When it began.
    pub(super) asked_at_frames: u64,
    /// How it came about in a run that is replayed.
    pub(super) replay: Option<Arc<Replay>>,
    /// Late blocks until it was sent.
    pub(super) late_blocks: u64,
    /// The states of instances that run, as far as it needs them.
    pub(super) states: States,
    /// What a worker made, while states are asked for that it goes on from.
    pub(super) asking: Option<Ready>,
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
    /// When the audio thread applied it.
    pub(super) applied_at_frames: Option<u64>,
    /// When the change was over on the audio thread.
    pub(super) over_at_frames: Option<u64>,
    /// What exchanging it took there.
    pub(super) exchange_ns: u64,
}

impl ChangeUnderway {
    /// Where in the stream states of instances that run may be asked for; `None` where none were in
    /// the run that is replayed.
    pub(super) fn states_at_frames(&self) -> Option<u64> {
        let replay = self.replay.as_ref();
        replay.map_or(Some(0), |replay| replay.states_at_frames)
    }
}

/// What a change is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The stages change.
    Change,
    /// Somebody wants to know what would change: it goes as far as what is ready to be sent.
    DryRun,
}

/// Which stages a change keeps others from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Claims {
    /// These, by id.
    Stages(Vec<StageId>),
    /// All of them.
    Everything,
}

impl Claims {
    /// Whether two changes cannot be under way at once.
    pub(super) fn meet(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Stages(one), Self::Stages(other)) => one.iter().any(|id| other.contains(id)),
            (Self::Everything, _) | (_, Self::Everything) => true,
        }
    }
}

/// What happens to one stage's instance.
pub(super) struct StageChange {
    /// The stage.
    pub(super) stage: StageId,
    /// Its number.
    pub(super) number: usize,
    pub(super) old: Option<Identity>,
    pub(super) new: Option<Identity>,
    pub(super) alignment: Alignment,
    pub(super) primed_frames: u64,
    pub(super) primed_range_frames: Option<Range<u64>>,
    /// Why no state is handed over, where none is.
    pub(super) why_no_handoff: Option<String>,
    pub(super) notes: Vec<String>,
    pub(super) steps: Vec<StepTime>,
    /// What fills the stage once it is over.
    pub(super) running: Option<RunningStage>,
    /// Heap calls of the stage until it was sent.
    pub(super) heap_calls: u64,
    /// Where it is, and what comes back of it.
    pub(super) candidacy: Candidacy<Box<StageCandidate>>,
    /// How the new instance took over, once it did.
    pub(super) done: Option<SwapDone>,
    /// Why it did not last, if it did not.
    pub(super) fault: Option<String>,
}

/// What a session adopts when a change is over.
#[derive(Default)]
pub(super) struct Adoption {
    /// Another file.
    pub(super) file: Option<Arc<Config>>,
    /// Overrides that are set.
    pub(super) sets: Vec<overrides::Wish>,
    /// Overrides that are given back, before the others are set.
    pub(super) resets: Vec<overrides::Reset>,
    /// Stages that come and go.
    pub(super) plan: Option<Plan>,
    /// Where the plugins of a file are looked for that is not applied.
    pub(super) search: Option<SearchPlan>,
    /// The configurations that it leads to, once they were planned.
    pub(super) planned: Option<Arc<After>>,
}

impl Adoption {
    /// Somebody's value for a key.
    pub(super) fn set(&mut self, key: OverrideKey, value: String, request: &ChangeRequest) {
        self.sets.push(overrides::Wish {
            key,
            value,
            who: request.cause.who.clone(),
            when: now(),
            why: request.cause.why.clone(),
        });
    }
}

/// The configurations of a session as they would be.
pub(super) struct After {
    /// What ran when this was planned; another count says that something became true since.
    adoptions: u64,
    pub(super) file: Arc<Config>,
    pub(super) overrides: Overrides,
    pub(super) config: Arc<Config>,
}

impl Configurations {
    /// Those of a session that begins, of which `config` runs.
    pub(super) fn new(file: Arc<Config>, config: Arc<Config>) -> Self {
        Self {
            file,
            overrides: Overrides::default(),
            config,
            adoptions: 0,
        }
    }

    /// What would run. It is planned once for a change, and again only where another change became
    /// true meanwhile.
    pub(super) fn after(&self, adoption: &mut Adoption) -> Result<Arc<After>, Refusal> {
        let planned = adoption.planned.as_ref();
        if let Some(after) = planned.filter(|after| after.adoptions == self.adoptions) {
            return Ok(Arc::clone(after));
        }
        let after = Arc::new(self.plan(adoption)?);
        adoption.planned = Some(Arc::clone(&after));
        Ok(after)
    }

    fn plan(&self, adoption: &Adoption) -> Result<After, Refusal> {
        let mut overrides = self.overrides.clone();
        let file = adoption
            .file
            .clone()
            .unwrap_or_else(|| Arc::clone(&self.file));
        if adoption.file.is_some() {
            overrides.on_reload(&self.file, &file);
        }
        for reset in &adoption.resets {
            overrides.reset(reset);
        }
        for request in &adoption.sets {
            overrides.set(&file, request.clone())?;
        }
        let applied = overrides.apply(&file)?;
        let config = Arc::new(without_again(applied, &self.config, &self.file));
        Ok(After {
            adoptions: self.adoptions,
            file,
            overrides,
            config,
        })
    }
}

/// The states that one change waits for.
#[derive(Default)]
pub(super) struct States {
    unsent: Vec<StateRequest>,
    awaited: usize,
    found: Vec<StateRequest>,
    /// Where in the stream the first of them was written.
    written_at_frames: Option<u64>,
    /// Whether those of first instances were asked for.
    asked_for_firsts: bool,
}

impl States {
    /// Wants the state of a stage, of at most so many bytes.
    pub(super) fn ask(&mut self, change: u64, stage: usize, bytes_max: usize) {
        self.unsent.push(StateRequest {
            number: change,
            stage,
            bytes: vec![0; bytes_max],
            saved: None,
        });
    }

    /// Sends what there is room for; returns whether everything has come back.
    pub(super) fn are_there(&mut self, rings: &mut Rings) -> bool {
        while let Some(request) = self.unsent.pop() {
            match rings.request(Box::new(request)) {
                Ok(()) => self.awaited += 1,
                Err(back) => {
                    self.unsent.push(*back);
                    break;
                }
            }
        }
        self.unsent.is_empty() && self.awaited == 0
    }

    /// Where in the stream the states were written, once one was.
    pub(super) const fn written_at_frames(&self) -> Option<u64> {
        self.written_at_frames
    }

    /// Whether first instances are still to be asked; they are from now on.
    pub(super) fn begin_firsts(&mut self) -> bool {
        !std::mem::replace(&mut self.asked_for_firsts, true)
    }

    /// Takes the state of a stage out, where one was found.
    pub(super) fn take(&mut self, stage: usize) -> Option<StateRequest> {
        let at = self.found.iter().position(|one| one.stage == stage)?;
        Some(self.found.swap_remove(at))
    }
}

impl States {
    /// A request came back.
    pub(super) fn found(&mut self, request: StateRequest) {
        self.awaited = self.awaited.saturating_sub(1);
        let written = request.saved.filter(|saved| saved.written.is_ok());
        let at = written.map(|saved| saved.position_frames);
        self.written_at_frames = self.written_at_frames.or(at);
        self.found.push(request);
    }
}

/// The time as people write it down: RFC 3339 in UTC, to the second.
fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = since.map_or(0, |since| since.as_secs());
    utc(seconds)
}
