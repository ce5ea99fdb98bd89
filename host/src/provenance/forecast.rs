//! Forecast: what a run is expected to cost, before it; and what it did cost, after.
//!
//! In: the stages of a run and the history, then the report of the run. Out: estimates in the
//! report, and a history that knows one run more.
//!
//! A pipeline is estimated when all of its stages are known. The host's own time and memory are
//! known from an earlier run of the same stages, in whatever order, or else from the last run of
//! any stages at the same rate, block size and pace.

use segue_plugin::declare::Layout;

use crate::observe::{RunReport, StageCost, StageReport, TotalCost};
use crate::provenance::estimate::{CostSample, held_bytes, total};
use crate::provenance::history::CostHistory;
use crate::provenance::ingredients::Ingredient;
use crate::provenance::key::{Conditions, Likeness};

/// What is expected of a run.
#[derive(Debug)]
pub struct Forecast {
    /// Stages in the order of the file, with what is known of each.
    stages: Vec<(Likeness, Option<StageCost>)>,
    /// The host with these stages, and with any.
    host: [Likeness; 2],
    estimated: Option<TotalCost>,
}

impl Forecast {
    /// What is expected of these stages, each of which reads such channels, in the order of the file.
    #[must_use]
    pub fn new<'a>(
        history: &CostHistory,
        conditions: Conditions,
        stages: impl Iterator<Item = (Ingredient<'a>, Layout)>,
    ) -> Self {
        let likenesses: Vec<_> = stages
            .map(|(part, layout_in)| conditions.stage(&part, layout_in))
            .collect();
        let host = [conditions.host(&likenesses), conditions.host(&[])];
        let stages: Vec<_> = likenesses
            .into_iter()
            .map(|likeness| (likeness, history.cost(likeness)))
            .collect();
        let known: Option<Vec<_>> = stages.iter().map(|(_, cost)| *cost).collect();
        let own = host.iter().find_map(|likeness| history.cost(*likeness));
        let estimated = known.zip(own).map(|(stages, host)| total(&stages, &host));
        Self {
            stages,
            host,
            estimated,
        }
    }

    /// Writes estimates beside what was found, and takes that for the next time. The report is of
    /// a run that is over; its stages stand in the order of the schedule, which is `order`. `peak`
    /// is what the process held at most, where that belongs to this run alone.
    pub fn close(
        &self,
        report: &mut RunReport,
        order: &[usize],
        peak: Option<u64>,
        history: &CostHistory,
    ) {
        let rate = f64::from(report.stream.sample_rate_hz);
        let length = RunLength {
            blocks: report.stream.blocks,
            seconds: report.processing.frames as f64 / rate,
        };
        for (stage, at) in report.stages.iter_mut().zip(order) {
            stage.estimate.estimated = self.stages[*at].1;
            stage.estimate.found = length.stage(stage);
        }
        let known = self.stages.iter().filter(|(_, cost)| cost.is_some());
        report.estimate.stages_known = known.count() as u64;
        report.estimate.estimated = self.estimated;
        let found = report.stages.iter().map(|stage| stage.estimate.found);
        let Some(found) = found.collect::<Option<Vec<_>>>() else {
            return;
        };
        let Some(host) = length.host(report, peak, &found) else {
            return;
        };
        report.estimate.found = Some(TotalCost {
            peak_memory_bytes: peak,
            ..total(&found, &host)
        });
        let seconds = length.seconds;
        let stages = order.iter().zip(&found);
        let stages = stages.map(|(at, cost)| (self.stages[*at].0, *cost));
        let hosts = self.host.iter().map(|likeness| (*likeness, host));
        let learned: Vec<_> = stages
            .chain(hosts)
            .map(|(likeness, cost)| (likeness, CostSample { cost, seconds }))
            .collect();
        history.learn(&learned);
    }
}

/// How long a run was.
struct RunLength {
    blocks: u64,
    seconds: f64,
}

impl RunLength {
    /// What a stage cost, if that was measured.
    fn stage(&self, stage: &StageReport) -> Option<StageCost> {
        let blocks = match stage.budget {
            // Timed at each call of its instance, and only then.
            Some(_) => stage.calls,
            None => self.blocks,
        };
        (stage.time.blocks_timed > 0).then(|| StageCost {
            error: stage.blocks_substituted as f64 / self.blocks.max(1) as f64,
            ns_per_stream_second: stage.time.mean_ns * blocks as f64 / self.seconds,
            held_bytes: stage.heap.map(|heap| heap.held_bytes as f64),
        })
    }

    /// What the host cost beside these stages, if that was measured.
    fn host(
        &self,
        report: &RunReport,
        peak_memory_bytes: Option<u64>,
        stages: &[StageCost],
    ) -> Option<StageCost> {
        let time = &report.processing.host;
        (time.blocks_timed > 0).then(|| StageCost {
            error: 0.0,
            ns_per_stream_second: time.mean_ns * self.blocks as f64 / self.seconds,
            held_bytes: peak_memory_bytes.map(|peak| peak as f64 - held_bytes(stages)),
        })
    }
}
