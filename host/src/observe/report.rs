//! Report: everything known of a run when it is over, as plain values that serialize.
//!
//! Units stand in the names. Fields are only ever added; `schema_version` is raised when one
//! changes its meaning or goes.

use serde::Serialize;

use crate::observe::estimate::{StageEstimate, TotalEstimate};
use crate::observe::kinds::{ActionOutcome, DecisionAction, FailureKind, ReadingBetter, TapKind};
use crate::observe::machine::MachineReport;
use crate::observe::priority::PriorityReport;
use crate::observe::receipt::Receipt;
use crate::observe::slowest::SlowCall;
use crate::observe::spread::Spread;
use crate::observe::stall::{Lateness, Stalls};
use crate::observe::states::{AttemptOutcome, OnError, Pace, RestartState, SubstituteKind};

/// The version of the report's shape.
pub const SCHEMA_VERSION: u32 = 1;

/// A whole run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RunReport {
    /// The version of this shape.
    pub schema_version: u32,
    /// The version of the host.
    pub segue: String,
    /// The name of the pipeline.
    pub pipeline: String,
    /// Whether the stream was processed to its end.
    pub complete: bool,
    /// Why it was not, or what was degraded; empty when all went well.
    pub degraded: Vec<String>,
    /// What went in and out.
    pub stream: StreamReport,
    /// Stages in the order of the schedule.
    pub stages: Vec<StageReport>,
    /// Changes of the pipeline while it ran, in the order in which they ended.
    pub changes: Vec<Receipt>,
    /// How many more changes there were.
    pub changes_left_out: u64,
    /// Optional stages that the pipeline ran without, in the order in which they were given up.
    pub left_out: Vec<LeftOutReport>,
    /// Taps in the order of the file.
    pub taps: Vec<TapReport>,
    /// Decisions in the order of the file.
    pub decides: Vec<DecideReport>,
    /// Where the time of processing went.
    pub processing: ProcessingReport,
    /// What the run was expected to cost and to get wrong, and what it did.
    pub estimate: TotalEstimate,
    /// What the process took.
    pub process: ProcessReport,
    /// What it was measured on.
    pub machine: MachineReport,
    /// Libraries that are mapped.
    pub generations: Vec<GenerationReport>,
    /// What people should know about input and output.
    pub notices: Vec<Notice>,
}

/// What the process took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ProcessReport {
    /// The most memory that was resident; null where the system does not say.
    pub peak_memory_bytes: Option<u64>,
}

/// Where the time of processing went. Reading, writing and waiting for taps are no part of it:
/// they are what `elapsed_ns` has beyond `total_ns`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ProcessingReport {
    /// One block in so many was timed.
    pub timed_every_blocks: u64,
    /// Frames that went through, the padding that flushes latency among them.
    pub frames: u64,
    /// All stages and the host, over all blocks; from those that were timed.
    pub total_ns: u64,
    /// The host's own time per block, between the stages: sums, delays, taps, rings.
    pub host: TimeReport,
}

/// What went in and out, and how fast.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StreamReport {
    /// Where it came from.
    pub input: String,
    /// Where it went, if anywhere.
    pub output: Option<String>,
    /// SHA-256 of the input's bytes, where keys were asked for.
    pub input_sha256: Option<String>,
    /// What the output was made of, as one number: outputs of one key are the same samples.
    pub output_key: Option<String>,
    /// Frames per second.
    pub sample_rate_hz: u32,
    /// The channel layout of the input, converted where the configuration says so.
    pub layout_in: String,
    /// The channel layout of the output.
    pub layout_out: String,
    /// Frames per block.
    pub block_frames: u32,
    /// Frames read, at the session's rate.
    pub frames_in: u64,
    /// Frames written.
    pub frames_out: u64,
    /// The pipeline's latency, taken out of file runs.
    pub latency_frames: u64,
    /// Whether it ran as fast as it could or at the pace of the stream.
    pub pace: Pace,
    /// Blocks processed.
    pub blocks: u64,
    /// Blocks that were handed on later than a block after they were due; 0 at pace `fast`.
    pub late_blocks: u64,
    /// How late blocks were handed on, against when each was due; null at pace `fast`.
    pub lateness: Option<Lateness>,
    /// Stretches in which the stream did not go on; none at pace `fast`.
    pub stalls: Stalls,
    /// Whether the thread that processed had real-time priority.
    pub priority: PriorityReport,
    /// From the first block to the last.
    pub elapsed_ns: u64,
    /// Stream seconds per second of that.
    pub times_real_time: f64,
    /// From the start of the process to the first block.
    pub first_block_ns: Option<u64>,
    /// Samples of the input that were not finite and became 0.
    pub non_finite_samples: u64,
    /// The frame of the first of them.
    pub non_finite_first_frame: Option<u64>,
    /// The channel of the first of them, from 0.
    pub non_finite_first_channel: Option<usize>,
    /// Samples of the output that were outside [-1, 1) and were cut.
    pub clipped_samples: u64,
}

impl StreamReport {
    /// What people should know of samples that were cut, if some were.
    #[must_use]
    pub fn clipped(&self) -> Option<String> {
        let samples = self.clipped_samples;
        let (what, were) = match samples {
            1 => ("sample", "was"),
            _ => ("samples", "were"),
        };
        let text = format!("{samples} {what} of the output {were} outside [-1, 1) and {were} cut");
        (samples > 0).then_some(text)
    }
}

/// An optional stage that the pipeline ran without: its input was passed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LeftOutReport {
    /// Its id.
    pub id: String,
    /// The component that was to fill it.
    pub component: String,
    /// Why, in a sentence.
    pub reason: String,
}

/// One stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StageReport {
    /// Its id.
    pub id: String,
    /// The component, with the plugin's version.
    pub component: String,
    /// The plugin's version.
    pub version: String,
    /// What its output was made of, as one number, where keys were asked for.
    pub key: Option<String>,
    /// Calls of `process`.
    pub calls: u64,
    /// Time per block.
    pub time: TimeReport,
    /// What it was expected to cost and to get wrong, and what it did.
    pub estimate: StageEstimate,
    /// Its latency.
    pub latency_frames: u64,
    /// Its tail.
    pub tail_frames: u64,
    /// Its heap; null where its library is not metered.
    pub heap: Option<HeapReport>,
    /// Its failures, the first hundred.
    pub faults: Vec<FaultReport>,
    /// How many more there were.
    pub faults_left_out: u64,
    /// What is heard when it fails.
    pub on_error: OnError,
    /// The frame from which that was heard first, if it was.
    pub substituted_from_frame: Option<u64>,
    /// Blocks in which it was not heard, or not alone.
    pub blocks_substituted: u64,
    /// What was heard in its place, and for how long.
    pub substitutes: Vec<SubstituteReport>,
    /// The component that is kept warm beside it, where there is one.
    pub fallback: Option<FallbackReport>,
    /// New instances after failures; null where none is ever tried.
    pub restart: Option<RestartReport>,
    /// What it used of its budget, where it has one.
    pub budget: Option<BudgetReport>,
    /// Its declared outputs.
    pub outputs: Vec<OutputReport>,
    /// Notes and events that found no room.
    pub records_lost: u64,
}

/// Time per block. Off line one block in sixteen is timed, at the pace of the stream and by
/// `segue profile` every one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TimeReport {
    /// How many blocks were timed.
    pub blocks_timed: u64,
    /// Half of them took no longer.
    pub p50_ns: u64,
    /// 99 in 100 took no longer.
    pub p99_ns: u64,
    /// The longest.
    pub max_ns: u64,
    /// The mean of those that nothing interrupted: calls of more than four times the median are left
    /// out where there is but one of them, or one in a hundred.
    pub mean_ns: f64,
    /// The mean over the frames of a block.
    pub ns_per_frame: f64,
    /// Share of real time: the mean over a full block's duration, 1 for all of it.
    pub share_of_real_time: f64,
    /// Share of the processing time of the run, 1 for all of it.
    pub share_of_processing: f64,
    /// How they are distributed: the longest duration of a bucket in ns, and how many it holds.
    pub histogram: Vec<(u64, u64)>,
    /// The slowest of them, the slowest first, at most eight.
    pub slowest: Vec<SlowCall>,
}

/// Heap calls made by one stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HeapReport {
    /// Bytes it holds: taken less given back in its creation and activation.
    pub held_bytes: i64,
    /// Heap calls inside `process`; anything but 0 is not real-time safe.
    pub process_calls: u64,
}

/// One failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FaultReport {
    /// The first frame of the block that failed.
    pub position_frames: u64,
    /// Of which kind it is.
    pub kind: FailureKind,
    /// What it said.
    pub text: String,
}

/// A signal that was heard in the place of a stage's instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SubstituteReport {
    /// Which signal.
    pub signal: SubstituteKind,
    /// How many frames of it.
    pub frames: u64,
}

/// A component that is kept warm beside a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FallbackReport {
    /// The component.
    pub component: String,
    /// The plugin's version.
    pub version: String,
    /// Its failure; it is not asked again after one, and the stage's input is heard instead.
    pub fault: Option<FaultReport>,
}

/// New instances of a stage after failures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RestartReport {
    /// How many are tried in a row.
    pub attempts_max: u32,
    /// How many were tried.
    pub tried: u64,
    /// How many of them were heard in the end.
    pub returned: u64,
    /// Where the stage was when the run was over.
    pub state: RestartState,
    /// The first hundred attempts.
    pub attempts: Vec<AttemptReport>,
    /// How many more there were.
    pub attempts_left_out: u64,
}

/// One attempt to restart a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AttemptReport {
    /// The frame at which it began.
    pub tried_at_frames: u64,
    /// The block in which its outcome was known.
    pub position_frames: u64,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// Why it failed; empty where it did not.
    pub text: String,
}

/// What a stage used of its budget.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BudgetReport {
    /// The share of a block's duration that a call may take.
    pub time_share_max: Option<f64>,
    /// The largest share that one took.
    pub time_share_worst: f64,
    /// Calls that took more.
    pub time_breaches: u64,
    /// The bytes that an instance may hold.
    pub memory_bytes_max: Option<u64>,
    /// The most that one held after a call.
    pub memory_bytes_worst: u64,
    /// Calls after which it held more.
    pub memory_breaches: u64,
}

/// One declared output of a stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OutputReport {
    /// Its id.
    pub id: String,
    /// Its unit.
    pub unit: String,
    /// Its values, one per block.
    pub values: Spread,
}

/// One tap.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TapReport {
    /// Its id.
    pub id: String,
    /// The component.
    pub component: String,
    /// The plugin's version.
    pub version: String,
    /// What its readings were made of, as one number, where keys were asked for.
    pub key: Option<String>,
    /// What listens.
    pub kind: TapKind,
    /// Where it listens.
    pub from: String,
    /// What it compares with.
    pub reference: Option<String>,
    /// The names of its signal's channels.
    pub channels: Vec<String>,
    /// Frames it looked at.
    pub frames: u64,
    /// Frames it missed because it was too slow; live only.
    pub dropped_frames: u64,
    /// Its readings.
    pub readings: Vec<ReadingReport>,
    /// Its failure; it is not asked again after one.
    pub fault: Option<FaultReport>,
}

/// One value of a reading: of the signal, or of one channel.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ReadingReport {
    /// Its id.
    pub id: String,
    /// Its unit.
    pub unit: String,
    /// The channel's name; null for the whole signal.
    pub channel: Option<String>,
    /// The value for the whole stream, where the component gives one.
    pub value: Option<f64>,
    /// The values of the hops.
    pub hops: Option<Spread>,
    /// Which values are the better ones.
    pub better: ReadingBetter,
}

/// One decision engine.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DecideReport {
    /// Its id.
    pub id: String,
    /// The component.
    pub component: String,
    /// The plugin's version.
    pub version: String,
    /// How often it was asked.
    pub decisions: u64,
    /// Whether what it wants is recorded only.
    pub dry_run: bool,
    /// What it wanted, the first thousand.
    pub actions: Vec<ActionReport>,
    /// How many more it wanted.
    pub actions_left_out: u64,
    /// Its failure; it is not asked again after one.
    pub fault: Option<FaultReport>,
}

/// One action of a decision engine.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ActionReport {
    /// The frame of the decision.
    pub position_frames: u64,
    /// What it wanted.
    pub action: DecisionAction,
    /// To whom, or empty.
    pub target: String,
    /// Why.
    pub reason: String,
    /// What became of it.
    pub outcome: ActionOutcome,
}

/// One library that is mapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GenerationReport {
    /// The plugin's id.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its file.
    pub hash: String,
    /// The bytes of its file.
    pub size_bytes: u64,
    /// The most bytes its heap held; null where it is not metered.
    pub heap_peak_bytes: Option<u64>,
    /// Panics caught inside it.
    pub panics: u64,
    /// Lines of its log that came from `process` and were dropped.
    pub logs_dropped: u64,
}

/// Something that people should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Notice {
    /// The sentence.
    pub text: String,
}
