//! Failures: what became of a stage that failed, and of its budget, as the report says it.

use crate::config::model::Restart;
use crate::observe::{
    BudgetReport, FallbackReport, RestartReport, SubstituteKind, SubstituteReport,
};
use crate::pipeline::Stage;
use crate::session::bind::Bound;
use crate::session::restart::StageLog;

/// What was heard in the place of the instance.
pub(super) fn substitutes(stage: &Stage) -> Vec<SubstituteReport> {
    let frames = stage.substitute_frames();
    let all = [
        (SubstituteKind::Bypass, frames.bypass),
        (SubstituteKind::Mute, frames.mute),
        (SubstituteKind::Hold, frames.hold),
        (SubstituteKind::Fallback, frames.fallback),
    ];
    let used = all.into_iter().filter(|(_, frames)| *frames > 0);
    used.map(|(signal, frames)| SubstituteReport { signal, frames })
        .collect()
}

/// The component that is kept warm.
pub(super) fn fallback(bound: &Bound, log: &StageLog) -> Option<FallbackReport> {
    let fallback = bound.fallback.as_ref()?;
    Some(FallbackReport {
        component: fallback.address(),
        version: fallback.version.to_string(),
        fault: log.fallback_fault.clone(),
    })
}

/// New instances after failures.
pub(super) fn restart(restart: &Restart, log: &StageLog) -> RestartReport {
    RestartReport {
        attempts_max: restart.attempts.value,
        tried: log.tried,
        returned: log.returned,
        state: log.life.word(),
        attempts: log.attempts.clone(),
        attempts_left_out: log.attempts_left_out,
    }
}

/// What was used of the budget.
pub(super) fn budget(stage: &Stage) -> Option<BudgetReport> {
    let (budget, used) = stage.budget()?;
    Some(BudgetReport {
        time_share_max: budget.time_share,
        time_share_worst: used.time_worst_share,
        time_breaches: used.time_breaches,
        memory_bytes_max: budget.memory_bytes,
        memory_bytes_worst: used.memory_worst_bytes,
        memory_breaches: used.memory_breaches,
    })
}
