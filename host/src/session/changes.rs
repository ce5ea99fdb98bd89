//! Changes: what people want of a session while it runs, and how it comes about.
//!
//! In: requests from outside, a timeline, and what the engine left in its rings. Out: changes for
//! the engine, answers, receipts. Called between two blocks; long work runs on threads of its own.
//! Off line it is waited for, so that a change falls on the same frame in every run; at the pace
//! of the stream nothing waits.
//!
//! The way of a change: a [`Command`] waits until nothing else claims its stages (`requests`) and
//! becomes a change that is under way; its instances are made (`prepare`) and sent as one (`send`);
//! what the engine reports moves it on (`from_engine`, `advance`); its receipts are its end
//! (`conclude`).

mod added_stage;
mod advance;
mod bypass;
mod conclude;
mod describe;
mod dry_run;
mod edit;
mod fades_in_series;
mod files;
mod from_engine;
mod histories;
mod machine;
mod measure;
mod past;
mod plan;
mod preparation;
mod prepare;
mod refusal;
mod replayed;
mod requests;
mod save;
mod schedule_change;
mod seat;
mod second_instance;
mod send;
mod set_values;
mod status;
mod swaps;
mod timeline;
mod underway;
mod wiring;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use segue_plugin::setup::{Format, Mode};

use crate::config::mistake::Mistakes;
use crate::config::model::Config;
use crate::config::overrides::Overrides;
use crate::discovery::SearchPlan;
use crate::observe::{Cause, EventSink, FaultReport, Receipt};
use crate::pipeline::{History, HistoryFrames};
use crate::session::candidacy::Ender;
use crate::session::changes::conclude::Receipts;
use crate::session::changes::files::Files;
use crate::session::changes::histories::Histories;
use crate::session::changes::machine::{ChangeMachine, is_busy};
use crate::session::changes::measure::Measures;
use crate::session::changes::refusal::Refusal;
use crate::session::changes::timeline::Timeline;
use crate::session::context::Context;
use crate::session::open::Plugins;
use crate::session::pace::Barrier;
use crate::session::restart::{Restarts, StageLog};
use crate::session::run::Pace;
use crate::session::running_stages::RunningStages;
use crate::swap::ask::{Answer, Command, Replay, Requests, Timed};

/// Reads the configuration file again, with the flags and the environment of the start, or another
/// file in its place; beside it the configuration that runs. With it comes where its plugins are
/// looked for.
pub type Reread =
    Arc<dyn Fn(Option<&Path>, &Config) -> Result<(Config, SearchPlan), Mistakes> + Send + Sync>;

/// Who is told of every configuration that runs from then on. Called between two blocks: must not
/// block.
pub type Applied = Arc<dyn Fn(&Arc<Config>) + Send + Sync>;

/// Off line a change that is under way goes on, and what waits for it begins, at multiples of this
/// many frames or where the timeline has a change; at no other ends of blocks, so that the output is
/// the same for every block size.
const OFF_LINE_STEP_FRAMES: u64 = 64;

/// What a session is started with, as far as changes need to know it.
pub(super) struct Setup {
    pub(super) stages: RunningStages,
    pub(super) restarts: Restarts,
    pub(super) plugins: Arc<Plugins>,
    /// The configuration as it was read, and without stages that are left out.
    pub(super) file: Arc<Config>,
    pub(super) config: Arc<Config>,
    pub(super) barrier: Barrier,
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
    /// What each stage read of late, by number.
    pub(super) histories: Vec<Option<Arc<History>>>,
    /// How much of it is kept; `None` where nothing is.
    pub(super) history_frames: Option<HistoryFrames>,
}

/// A command that waits for its turn.
struct ChangeRequest {
    command: Command,
    cause: Cause,
    answer: Option<SyncSender<Answer>>,
    asked_at_frames: u64,
    /// How it came about in a run that is replayed.
    replay: Option<Arc<Replay>>,
}

/// The configurations of a session.
struct Configurations {
    /// As the file says.
    file: Arc<Config>,
    /// What differs from it.
    overrides: Overrides,
    /// Both together: what runs.
    config: Arc<Config>,
    /// How many changes became true so far.
    adoptions: u64,
}

/// Everything that changes while a session runs.
pub(super) struct Changes {
    machine: ChangeMachine,
    queue: Option<Requests>,
    /// What is still to come of itself.
    timeline: Timeline,
    waiting: VecDeque<ChangeRequest>,
    /// The command whose file is being read or written.
    files: Option<Files>,
    /// Receipts of values that were set, until they were taken and their signal is there.
    measures: Measures,
    is_paused: bool,
    is_stopped: bool,
}

/// What stays as it is.
struct FixedSetup {
    plugins: Arc<Plugins>,
    pace: Pace,
    barrier: Barrier,
    mode: Mode,
    sample_rate_hz: u32,
    frames_max: usize,
    frames: Option<u64>,
    input: String,
    format: Format,
    reread: Option<Reread>,
    applied: Option<Applied>,
    histories: Histories,
}

impl Changes {
    pub(super) fn new(setup: Setup) -> Self {
        let (pace, rate_hz) = (setup.barrier.pace, setup.sample_rate_hz);
        let timeline = Timeline::new(setup.timeline, pace, rate_hz);
        Self {
            machine: ChangeMachine {
                stages: setup.stages,
                restarts: setup.restarts,
                ender: Ender::new(setup.barrier.pace),
                setup: FixedSetup {
                    plugins: setup.plugins,
                    pace: setup.barrier.pace,
                    barrier: setup.barrier,
                    mode: setup.mode,
                    sample_rate_hz: setup.sample_rate_hz,
                    frames_max: setup.frames_max,
                    frames: setup.frames,
                    input: setup.input,
                    format: setup.format,
                    reread: setup.reread,
                    applied: setup.applied,
                    histories: Histories::new(setup.histories, setup.history_frames),
                },
                configurations: Configurations::new(setup.file, setup.config),
                changes_underway: Vec::new(),
                receipts: Receipts::new(setup.events),
                is_closed: false,
            },
            queue: setup.requests,
            timeline,
            waiting: VecDeque::new(),
            files: None,
            measures: Measures::new(),
            is_paused: false,
            is_stopped: false,
        }
    }

    /// Which component fills which stage now.
    pub(super) const fn stages(&self) -> &RunningStages {
        &self.machine.stages
    }

    /// Whether no further input is to be taken.
    pub(super) const fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Whether the stream is to end here, in order.
    pub(super) const fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// The last failure that is kept of a stage, by its number.
    pub(super) fn last_fault(&self, number: usize) -> Option<&FaultReport> {
        self.machine.restarts.last_fault(number)
    }

    /// How many of so many frames may be processed until something is due: off line it happens at
    /// exactly its frame, and what a timeline says always does.
    pub(super) fn frames_until_due(&self, position_frames: u64, frames: u64) -> u64 {
        let mut frames = self
            .machine
            .restarts
            .frames_until_due(position_frames, frames);
        if self.machine.setup.pace == Pace::Fast && self.is_at_work() {
            frames = frames.min(OFF_LINE_STEP_FRAMES - position_frames % OFF_LINE_STEP_FRAMES);
        }
        let asks = self.machine.changes_underway.iter();
        let asks = asks.filter_map(|one| one.states_at_frames());
        let asks = asks.filter_map(|at| at.checked_sub(position_frames));
        let asks = asks.filter(|left| *left > 0).min();
        frames = asks.map_or(frames, |left| left.min(frames));
        frames.min(self.timeline.frames_left(position_frames))
    }

    /// Takes note of what happened in a block, answers requests, and goes on with everything that
    /// is under way. Between two blocks.
    pub(super) fn after_block(&mut self, context: &mut Context<'_>) {
        self.hear(context);
        if self.is_idle(context) {
            return;
        }
        for (change, at_frames) in self.machine.collect(context) {
            self.measures.taken(change, at_frames);
        }
        let machine = &mut self.machine;
        let busy = |number: usize| is_busy(&machine.changes_underway, number);
        machine
            .restarts
            .after_block(context, &mut machine.ender, &busy);
        self.machine.ender.look(context.rings);
        let due = self.timeline.due(context.position_frames);
        let is_due = !due.is_empty();
        self.waiting.extend(due);
        let is_step = context.position_frames.is_multiple_of(OFF_LINE_STEP_FRAMES);
        let is_replayed = self
            .machine
            .changes_underway
            .iter()
            .any(|one| one.replay.is_some());
        if is_due || is_step || is_replayed || self.machine.setup.pace == Pace::RealTime {
            self.begin_waiting(context);
            self.advance_files(context);
            self.machine.advance(context);
            let machine = &mut self.machine;
            let histories = &machine.setup.histories;
            self.measures.file_some(histories, &mut machine.receipts);
        }
    }

    /// Whether a change is under way, or waits for one.
    pub(super) fn is_at_work(&self) -> bool {
        !self.machine.changes_underway.is_empty()
            || !self.waiting.is_empty()
            || self.files.is_some()
            || !self.measures.is_empty()
    }

    /// No further change begins: the input is over. What waits is told so.
    pub(super) fn close(&mut self) {
        self.machine.is_closed = true;
        for unbegun in self.timeline.take() {
            let why = Refusal::BeyondEnd(unbegun.asked_at_frames);
            self.refuse(unbegun, &why);
        }
        if let Some(reading) = self.files.take_if(|files| files.is_read()) {
            self.waiting.push_back(reading.request);
        }
        self.end_waiting(&Refusal::InputOver);
    }

    /// What happened to all stages that are there, in the order of the file, and every receipt.
    /// Once the run is over and everything that left has ended.
    pub(super) fn finish(&mut self, context: &mut Context<'_>) -> Finished {
        for (change, at_frames) in self.machine.collect(context) {
            self.measures.taken(change, at_frames);
        }
        self.machine.advance(context);
        self.end_files(context);
        self.machine.end_underway(context);
        self.end_waiting(&Refusal::SessionEnded);
        let machine = &mut self.machine;
        self.measures
            .end(&machine.setup.histories, &mut machine.receipts);
        let logs = self
            .machine
            .restarts
            .finish(context.position_frames, &mut self.machine.ender);
        self.machine.ender.finish();
        let order = self.machine.stages.order().iter();
        let log = |number: &usize| logs.get(*number).cloned().unwrap_or(StageLog::NEW);
        let unlike_replay = self.machine.receipts.unlike.take();
        let (receipts, receipts_left_out) = self.machine.receipts.take();
        Finished {
            logs: order.map(log).collect(),
            receipts,
            receipts_left_out,
            unlike_replay,
            config: Arc::clone(&self.machine.configurations.config),
        }
    }

    fn is_idle(&self, context: &Context<'_>) -> bool {
        let is_due = self.timeline.is_due(context.position_frames);
        !self.is_at_work()
            && !is_due
            && !self.machine.restarts.is_watching()
            && self.machine.ender.is_idle()
            && context.rings.is_empty()
    }
}

/// What is left of the changes of a run.
pub(super) struct Finished {
    pub(super) logs: Vec<StageLog>,
    pub(super) receipts: Vec<Receipt>,
    pub(super) receipts_left_out: u64,
    /// Changes that did not come about as their timeline says, one sentence each.
    pub(super) unlike_replay: Vec<String>,
    /// What ran in the end.
    pub(super) config: Arc<Config>,
}
