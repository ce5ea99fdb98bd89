//! Times: where the time of processing went, as the report says it.
//!
//! In: what was timed of stages and host. Out: figures, extended from the blocks that were timed
//! to all of them.

use crate::observe::{ProcessingReport, TimeReport, Times};
use crate::pipeline::Stage;
use crate::session::export::Facts;

/// What all shares are shares of.
pub(super) struct Work {
    /// Blocks of the run.
    blocks: u64,
    /// Their frames, on average: the last of a stretch may be short.
    frames_per_block: f64,
    /// What a full block lasts.
    block_ns: f64,
    /// All stages and the host.
    total_ns: f64,
}

impl Work {
    pub(super) fn of(facts: &Facts<'_>) -> Self {
        let block_frames = f64::from(facts.request.config.stream.block_frames.value);
        let rate = f64::from(facts.source.format().sample_rate_hz());
        let blocks = facts.engine.blocks();
        let numbers = facts.numbers.iter();
        let stages = numbers.filter_map(|number| facts.engine.stage(*number));
        let stages_ns: f64 = stages.map(|stage| all_ns(stage, blocks)).sum();
        let host = facts.engine.host_times().histogram();
        Self {
            blocks,
            frames_per_block: facts.counters.frames_processed as f64 / blocks.max(1) as f64,
            block_ns: block_frames / rate * 1e9,
            total_ns: stages_ns + host.mean_ns() * blocks as f64,
        }
    }

    /// The figures of one stage.
    pub(super) fn stage(&self, stage: &Stage) -> TimeReport {
        self.times(&stage.counters().times, all_ns(stage, self.blocks))
    }

    /// Where the time went.
    pub(super) fn report(&self, facts: &Facts<'_>) -> ProcessingReport {
        let host = facts.engine.host_times();
        ProcessingReport {
            timed_every_blocks: facts.engine.timed().every_blocks(),
            frames: facts.counters.frames_processed,
            total_ns: self.total_ns as u64,
            host: self.times(host, host.histogram().mean_ns() * self.blocks as f64),
        }
    }

    fn times(&self, times: &Times, all_ns: f64) -> TimeReport {
        let histogram = times.histogram();
        let mean_ns = histogram.mean_ns();
        TimeReport {
            blocks_timed: histogram.count(),
            p50_ns: histogram.quantile_ns(0.5),
            p99_ns: histogram.quantile_ns(0.99),
            max_ns: histogram.max_ns(),
            mean_ns,
            ns_per_frame: share(mean_ns, self.frames_per_block),
            share_of_real_time: mean_ns / self.block_ns,
            share_of_processing: share(all_ns, self.total_ns),
            histogram: histogram.buckets().collect(),
            slowest: times.slowest().calls().to_vec(),
        }
    }
}

/// What a stage took in all blocks. One with a budget is timed whenever its instance is called, and
/// then alone; others in every block that is timed, whatever is heard of them.
fn all_ns(stage: &Stage, blocks: u64) -> f64 {
    let times = match stage.budget() {
        Some(_) => stage.counters().calls,
        None => blocks,
    };
    stage.counters().times.histogram().mean_ns() * times as f64
}

/// A part of a whole; 0 of nothing.
fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}
