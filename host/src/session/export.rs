//! Export: what is known of a run, as the report says it.
//!
//! In: the configuration, what was bound to it, and the counters of a run that is over.
//! Out: a `RunReport` of plain values.

mod failures;
mod times;

use segue_media::io::{Source, Written};
use segue_plugin::declare::{Heap, Kind, Layout};

use crate::config::model::{Config, Restart};
use crate::config::words::Act;
use crate::observe::{
    DecideReport, HeapReport, LeftOutReport, Notice, OutputReport, ProcessReport, RunReport,
    SCHEMA_VERSION, StageEstimate, StageReport, StreamReport, TapKind, TapReport, TotalEstimate,
};
use crate::pipeline::{Engine, Stage};
use crate::provenance::machine;
use crate::session::bind::{Bindings, Bound};
use crate::session::build::StageFacts;
use crate::session::counters::Counters;
use crate::session::export::times::Work;
use crate::session::observers::{DecideSetup, Leave};
use crate::session::request::Request;
use crate::session::restart::StageLog;

/// Turns what is known of a configuration into reports.
pub(super) struct Exporter<'a> {
    config: &'a Config,
    bindings: &'a Bindings,
}

/// What is known when a run is over.
pub(super) struct Facts<'a> {
    pub(super) counters: &'a Counters,
    pub(super) engine: &'a Engine,
    pub(super) stages: &'a [StageFacts],
    /// The engine's number of each stage, in the order of the file.
    pub(super) numbers: &'a [usize],
    pub(super) logs: &'a [StageLog],
    pub(super) order: &'a [usize],
    pub(super) source: &'a dyn Source,
    pub(super) layout_out: Layout,
    pub(super) written: Option<Written>,
    pub(super) request: &'a Request,
}

impl<'a> Exporter<'a> {
    pub(super) const fn new(config: &'a Config, bindings: &'a Bindings) -> Self {
        Self { config, bindings }
    }

    /// A tap before anything happened.
    pub(super) fn tap(&self, at: usize, layout: Layout) -> TapReport {
        let (tap, bound) = (&self.config.taps[at], &self.bindings.taps[at]);
        TapReport {
            id: bound.id.clone(),
            component: bound.address(),
            version: bound.version.to_string(),
            key: None,
            kind: tap_kind(bound.component.kind),
            from: tap.from.value.to_string(),
            reference: tap.reference.as_ref().map(ToString::to_string),
            channels: (0..layout.channels())
                .map(|channel| layout.channel_name(channel))
                .collect(),
            frames: 0,
            dropped_frames: 0,
            readings: Vec::new(),
            fault: None,
        }
    }

    /// A decision before anything happened, and what it may do.
    pub(super) fn decide(&self, at: usize) -> DecideSetup {
        let (decide, bound) = (&self.config.decides[at], &self.bindings.decides[at]);
        let leave = |act: Act| {
            let listed = decide.may.iter().any(|may| may.value == act);
            match (listed, decide.dry_run.value) {
                (false, _) => Leave::NotListed,
                (true, true) => Leave::DryRun,
                (true, false) => Leave::Granted,
            }
        };
        DecideSetup {
            report: DecideReport {
                id: bound.id.clone(),
                component: bound.address(),
                version: bound.version.to_string(),
                decisions: 0,
                dry_run: decide.dry_run.value,
                actions: Vec::new(),
                actions_left_out: 0,
                fault: None,
            },
            may_alert: leave(Act::Alert),
            may_stop: leave(Act::Stop),
        }
    }

    /// The report but for taps, decisions and generations.
    pub(super) fn report(&self, facts: &Facts<'_>) -> RunReport {
        let work = Work::of(facts);
        let stages = facts.order.iter();
        let stages = stages.filter_map(|at| self.stage(*at, facts, &work));
        let name = self.config.pipeline.name.as_ref();
        // What is missing of the input is a reason why the run is degraded, and stands there.
        let notices = facts.source.notices().iter();
        let notices = notices.filter(|notice| !notice.is_loss());
        RunReport {
            schema_version: SCHEMA_VERSION,
            segue: env!("CARGO_PKG_VERSION").to_owned(),
            pipeline: name.map_or_else(|| "pipeline".to_owned(), |name| name.value.clone()),
            complete: false,
            degraded: Vec::new(),
            stream: stream(facts),
            stages: stages.collect(),
            changes: Vec::new(),
            changes_left_out: 0,
            left_out: left_out(self.config),
            taps: Vec::new(),
            decides: Vec::new(),
            processing: work.report(facts),
            estimate: TotalEstimate::default(),
            process: process(),
            machine: machine(),
            generations: Vec::new(),
            notices: notices
                .map(|notice| Notice {
                    text: notice.to_string(),
                })
                .collect(),
        }
    }

    /// The report of the stage at a place of the file, where it is there still.
    fn stage(&self, at: usize, facts: &Facts<'_>, work: &Work) -> Option<StageReport> {
        let bound = &self.bindings.stages[at];
        let stage = facts.engine.stage(facts.numbers[at])?;
        // An edit that was under way at the end has brought stages that the configuration of then
        // does not have, so places in the two are not the same.
        let mut parts = self.config.stages.iter();
        let part = parts.find(|part| part.id.value.as_str() == bound.id);
        let known = ReportedStage {
            bound,
            stage,
            fixed: &facts.stages[at],
            log: &facts.logs[at],
            restart: part.and_then(|part| part.restart.as_ref()),
        };
        Some(stage_report(&known, work))
    }
}

/// What is known of one stage.
struct ReportedStage<'a> {
    bound: &'a Bound,
    stage: &'a Stage,
    fixed: &'a StageFacts,
    log: &'a StageLog,
    restart: Option<&'a Restart>,
}

fn stage_report(known: &ReportedStage<'_>, work: &Work) -> StageReport {
    let ReportedStage {
        bound,
        stage,
        fixed,
        log,
        restart,
    } = *known;
    StageReport {
        id: bound.id.clone(),
        component: bound.address(),
        version: bound.version.to_string(),
        key: None,
        calls: stage.counters().calls,
        time: work.stage(stage),
        estimate: StageEstimate {
            estimated: None,
            found: None,
        },
        latency_frames: fixed.timing.latency_frames,
        tail_frames: fixed.timing.tail_frames,
        heap: (bound.heap == Heap::Metered).then(|| HeapReport {
            held_bytes: fixed.held_bytes,
            process_calls: stage.gauges().heap_calls(),
        }),
        substituted_from_frame: log.faults.first().map(|fault| fault.position_frames),
        faults: log.faults.clone(),
        faults_left_out: log.faults_left_out,
        on_error: stage.on_error(),
        blocks_substituted: stage.counters().blocks_out,
        substitutes: failures::substitutes(stage),
        fallback: failures::fallback(bound, log),
        restart: restart.map(|restart| failures::restart(restart, log)),
        budget: failures::budget(stage),
        outputs: outputs(bound, stage),
        records_lost: stage.counters().records_lost,
    }
}

fn outputs(bound: &Bound, stage: &Stage) -> Vec<OutputReport> {
    let outputs = bound.component.outputs.iter().zip(stage.outputs());
    let outputs = outputs.map(|(declared, values)| OutputReport {
        id: declared.id.clone(),
        unit: declared.unit.clone(),
        values: *values,
    });
    outputs.collect()
}

/// What listens: only metrics and analyzers are bound to taps.
const fn tap_kind(kind: Kind) -> TapKind {
    match kind {
        Kind::Metric => TapKind::Metric,
        Kind::Analyzer | Kind::Processor | Kind::Decision => TapKind::Analyzer,
    }
}

fn left_out(config: &Config) -> Vec<LeftOutReport> {
    let left_out = config.left_out.iter();
    let left_out = left_out.map(|stage| LeftOutReport {
        id: stage.id.to_string(),
        component: stage.component.to_string(),
        reason: stage.reason.clone(),
    });
    left_out.collect()
}

fn stream(facts: &Facts<'_>) -> StreamReport {
    let (counters, request) = (facts.counters, facts.request);
    let format = facts.source.format();
    let seconds = counters.frames_in as f64 / f64::from(format.sample_rate_hz());
    let elapsed = counters.elapsed.as_secs_f64();
    let output = request.output.as_ref();
    StreamReport {
        input: request.input.path.display().to_string(),
        output: output.map(|output| output.path.display().to_string()),
        input_sha256: None,
        output_key: None,
        sample_rate_hz: format.sample_rate_hz(),
        layout_in: format.layout().to_string(),
        layout_out: facts.layout_out.to_string(),
        block_frames: request.config.stream.block_frames.value,
        frames_in: counters.frames_in,
        frames_out: counters.frames_out,
        latency_frames: facts.engine.latency_frames(),
        pace: request.pace,
        blocks: facts.engine.blocks(),
        late_blocks: counters.late_blocks,
        lateness: counters.lateness.clone(),
        stalls: counters.stalls.clone(),
        priority: counters.priority.clone(),
        elapsed_ns: nanoseconds(counters.elapsed),
        times_real_time: if elapsed > 0.0 {
            seconds / elapsed
        } else {
            0.0
        },
        first_block_ns: counters.first_block.map(nanoseconds),
        non_finite_samples: counters.non_finite,
        non_finite_first_frame: counters.first_non_finite.map(|(frame, _)| frame),
        non_finite_first_channel: counters.first_non_finite.map(|(_, channel)| channel),
        clipped_samples: facts.written.map_or(0, |written| written.clipped),
    }
}

fn nanoseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// What this process took so far.
#[must_use]
pub fn process() -> ProcessReport {
    ProcessReport {
        peak_memory_bytes: peak_memory_bytes(),
    }
}

/// The high-water mark of resident memory, as Linux keeps it.
fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
