//! Changes: what people want of a session while it runs, and how it comes about.
//!
//! In: requests from outside, a timeline, and what the engine left in its rings. Out: changes for
//! the engine, answers, receipts. Called between two blocks; long work runs on threads of its own.
//! Off line it is waited for, so that a change falls on the same frame in every run; at the pace
//! of the stream nothing waits.
//!
//! The way of a change: a [`Command`] becomes a job, if nothing else claims its stages
//! (`wish`); its instances are made (`prepare`); they are sent as one (`send`); the turns of the
//! engine move it on; its receipts are its end (`settle`).

mod binding;
mod blueprint;
mod edit;
mod go;
mod job;
mod land;
mod landing;
mod newcomer;
mod past;
mod plan;
mod prepare;
mod rebind;
mod seat;
mod send;
mod settle;
mod status;
mod tune;
mod turns;
mod wiring;
mod wish;
mod words;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use segue_plugin::setup::{Format, Mode};

use crate::config::model::Config;
use crate::config::overrides::Overrides;
use crate::discovery::SearchPlan;
use crate::observe::{Cause, EventSink, Receipt};
use crate::pipeline::{Engine, History, Rings};
use crate::session::cast::Cast;
use crate::session::changes::job::Job;
use crate::session::open::Plugins;
use crate::session::restart::{Restarts, StageLog};
use crate::session::run::Pace;
use crate::swap::ask::{Answer, At, Command, Requests, Timed};

/// Reads the configuration file again, with the flags and the environment of the start, or another
/// file in its place; beside it the configuration that runs. What is wrong is a text with lines and
/// columns. With it comes where its plugins are looked for.
pub type Reread =
    Arc<dyn Fn(Option<&Path>, &Config) -> Result<(Config, SearchPlan), String> + Send + Sync>;

/// Who is told of every configuration that runs from then on. Called between two blocks: must not
/// block.
pub type Applied = Arc<dyn Fn(&Arc<Config>) + Send + Sync>;

/// The first receipts that are kept of a session, and the newest ones; those between are counted. A
/// session may go on for months.
const RECEIPTS_FIRST: usize = 256;
const RECEIPTS_NEWEST: usize = 3_840;

/// How long the session waits at most before it looks again whether it is to stop.
const PATIENCE: Duration = Duration::from_millis(20);

/// Off line a change that is under way goes on, and what waits for it begins, at multiples of this
/// many frames or where the timeline has a change; at no other ends of blocks, so that the output is
/// the same for every block size.
const OFF_LINE_STEP_FRAMES: u64 = 64;

/// What is told, and to whom.
pub(super) struct Context<'a> {
    pub(super) engine: &'a Engine,
    pub(super) rings: &'a mut Rings,
    pub(super) events: &'a dyn EventSink,
    /// Stream time of the block to come.
    pub(super) position_frames: u64,
    /// Blocks so far that took longer than they last.
    pub(super) late_blocks: u64,
}

/// What a session is started with, as far as changes need to know it.
pub(super) struct Setup {
    pub(super) cast: Cast,
    pub(super) restarts: Restarts,
    pub(super) plugins: Arc<Plugins>,
    /// The configuration as it was read, and without stages that are left out.
    pub(super) file: Arc<Config>,
    pub(super) config: Arc<Config>,
    pub(super) pace: Pace,
    pub(super) mode: Mode,
    pub(super) sample_rate_hz: u32,
    pub(super) frames_max: usize,
    pub(super) frames: Option<u64>,
    pub(super) input: String,
    pub(super) format: Format,
    /// Reads the configuration again, or another file in its place.
    pub(super) reread: Option<Reread>,
    /// Who is told of another configuration.
    pub(super) applied: Option<Applied>,
    pub(super) events: Arc<dyn EventSink>,
    pub(super) requests: Option<Requests>,
    pub(super) timeline: Vec<Timed>,
    pub(super) stop: Arc<AtomicUsize>,
    /// What each stage read of late, by number.
    pub(super) histories: Vec<Option<Arc<History>>>,
    /// How much of it is kept; `None` where nothing is.
    pub(super) history_frames: Option<usize>,
}

/// A command that waits for its turn.
struct Wish {
    command: Command,
    cause: Cause,
    answer: Option<SyncSender<Answer>>,
    asked_at_frames: u64,
}

/// The configurations of a session.
struct Running {
    /// As the file says.
    file: Arc<Config>,
    /// What differs from it.
    overrides: Overrides,
    /// Both together: what runs.
    config: Arc<Config>,
}

/// Everything that changes while a session runs.
pub(super) struct Changes {
    pub(super) cast: Cast,
    restarts: Restarts,
    setup: Around,
    running: Running,
    requests: Option<Requests>,
    /// What is still to come, the next one first.
    timeline: VecDeque<(u64, Command, Cause)>,
    wishes: VecDeque<Wish>,
    jobs: Vec<Job>,
    receipts: VecDeque<Receipt>,
    receipts_left_out: u64,
    jobs_begun: u64,
    is_paused: bool,
    is_stopped: bool,
    is_closed: bool,
}

/// What stays as it is.
struct Around {
    plugins: Arc<Plugins>,
    pace: Pace,
    mode: Mode,
    sample_rate_hz: u32,
    frames_max: usize,
    frames: Option<u64>,
    input: String,
    format: Format,
    reread: Option<Reread>,
    applied: Option<Applied>,
    events: Arc<dyn EventSink>,
    stop: Arc<AtomicUsize>,
    histories: Vec<Option<Arc<History>>>,
    history_frames: Option<usize>,
}

impl Changes {
    pub(super) fn new(setup: Setup) -> Self {
        let rate = f64::from(setup.sample_rate_hz);
        let frame = |at: At| match at {
            At::Frames(frames) => frames,
            At::Time(time) => (time.as_secs_f64() * rate).round() as u64,
        };
        let mut timeline: Vec<_> = setup
            .timeline
            .into_iter()
            .map(|timed| (frame(timed.at), timed.command, timed.cause))
            .collect();
        timeline.sort_by_key(|(at, _, _)| *at);
        Self {
            cast: setup.cast,
            restarts: setup.restarts,
            setup: Around {
                plugins: setup.plugins,
                pace: setup.pace,
                mode: setup.mode,
                sample_rate_hz: setup.sample_rate_hz,
                frames_max: setup.frames_max,
                frames: setup.frames,
                input: setup.input,
                format: setup.format,
                reread: setup.reread,
                applied: setup.applied,
                events: setup.events,
                stop: setup.stop,
                histories: setup.histories,
                history_frames: setup.history_frames,
            },
            running: Running {
                file: setup.file,
                overrides: Overrides::default(),
                config: setup.config,
            },
            requests: setup.requests,
            timeline: timeline.into(),
            wishes: VecDeque::new(),
            jobs: Vec::new(),
            receipts: VecDeque::new(),
            receipts_left_out: 0,
            jobs_begun: 0,
            is_paused: false,
            is_stopped: false,
            is_closed: false,
        }
    }

    /// Whether no further input is to be taken.
    pub(super) const fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Whether the stream is to end here, in order.
    pub(super) const fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// How many of so many frames may be processed until something is due: off line it happens at
    /// exactly its frame, and what a timeline says always does.
    pub(super) fn frames_until_due(&self, position_frames: u64, frames: u64) -> u64 {
        let mut frames = self.restarts.frames_until_due(position_frames, frames);
        if self.setup.pace == Pace::Fast && self.is_at_work() {
            frames = frames.min(OFF_LINE_STEP_FRAMES - position_frames % OFF_LINE_STEP_FRAMES);
        }
        let next = self.timeline.front();
        let left = next.and_then(|(at, _, _)| at.checked_sub(position_frames));
        left.filter(|left| *left > 0)
            .map_or(frames, |left| left.min(frames))
    }

    /// Takes note of what happened in a block, answers requests, and goes on with everything that
    /// is under way. Between two blocks.
    pub(super) fn after_block(&mut self, context: &mut Context<'_>) {
        self.hear(context);
        if self.is_idle(context) {
            return;
        }
        self.collect(context);
        let busy = |number: usize| {
            let mut pieces = self.jobs.iter().flat_map(|job| &job.pieces);
            pieces.any(|piece| piece.number == number && !piece.state.is_over())
        };
        self.restarts.after_block(context, &busy);
        let is_due = self.due(context.position_frames);
        let is_step = context.position_frames.is_multiple_of(OFF_LINE_STEP_FRAMES);
        if is_due || is_step || self.setup.pace == Pace::RealTime {
            self.begin_wishes(context);
            self.go_on(context);
        }
    }

    /// Whether a change is under way, or waits for one.
    fn is_at_work(&self) -> bool {
        !self.jobs.is_empty() || !self.wishes.is_empty()
    }

    /// No further change begins: the input is over. What waits is told so.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
        for (at, command, cause) in std::mem::take(&mut self.timeline) {
            let why = format!("frame {at} is beyond the end of the input");
            self.refuse_unbegun(&command, cause, None, at, &why);
        }
        for wish in std::mem::take(&mut self.wishes) {
            let why = "the input is over";
            self.refuse_unbegun(
                &wish.command,
                wish.cause,
                wish.answer,
                wish.asked_at_frames,
                why,
            );
        }
    }

    /// What happened to all stages that are there, in the order of the file, and every receipt.
    /// Once the run is over and everything that left has ended.
    pub(super) fn finish(&mut self, context: &mut Context<'_>) -> Finished {
        self.collect(context);
        self.go_on(context);
        self.end_jobs(context);
        let logs = self.restarts.finish();
        let order = self.cast.order().iter();
        let log = |number: &usize| logs.get(*number).cloned().unwrap_or(StageLog::NEW);
        Finished {
            logs: order.map(log).collect(),
            receipts: std::mem::take(&mut self.receipts).into(),
            receipts_left_out: self.receipts_left_out,
            config: Arc::clone(&self.running.config),
        }
    }

    fn is_idle(&self, context: &Context<'_>) -> bool {
        let is_due = self.timeline.front();
        let is_due = is_due.is_some_and(|(at, _, _)| *at <= context.position_frames);
        self.jobs.is_empty()
            && self.wishes.is_empty()
            && !is_due
            && !self.restarts.is_watching()
            && context.rings.turns.is_empty()
            && context.rings.departures.is_empty()
    }

    /// Takes from the timeline what has its time now; answers whether anything had.
    fn due(&mut self, position_frames: u64) -> bool {
        let before = self.timeline.len();
        while self
            .timeline
            .front()
            .is_some_and(|(at, _, _)| *at <= position_frames)
        {
            let Some((_, command, cause)) = self.timeline.pop_front() else {
                break;
            };
            self.wishes.push_back(Wish {
                command,
                cause,
                answer: None,
                asked_at_frames: position_frames,
            });
        }
        self.timeline.len() < before
    }
}

/// What is left of the changes of a run.
pub(super) struct Finished {
    pub(super) logs: Vec<StageLog>,
    pub(super) receipts: Vec<Receipt>,
    pub(super) receipts_left_out: u64,
    /// What ran in the end.
    pub(super) config: Arc<Config>,
}
