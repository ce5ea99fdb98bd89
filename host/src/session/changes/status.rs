//! Status: how the session is, for who asks.

use crate::clock::Lookout;
use crate::observe::{ChangeAction, SessionState, StageCondition, StageStatus, Status};
use crate::pipeline::{StageGauges, StageSound};
use crate::session::candidate::generations;
use crate::session::changes::Changes;
use crate::session::changes::machine::{ChangeMachine, Seating};
use crate::session::changes::preparation::Bypasses;
use crate::session::changes::set_values::value;
use crate::session::changes::underway::{ChangeUnderway, Claims};
use crate::session::context::Context;
use crate::session::running_stages::RunningStage;
use crate::swap::ask::HeardSignal;

/// How many of the newest receipts are shown.
const RECEIPTS_SHOWN: usize = 16;

impl Changes {
    /// How the session is now.
    pub(super) fn status(&self, context: &Context<'_>) -> Status {
        let config = &self.machine.configurations.config;
        let name = config.pipeline.name.as_ref().map(|name| name.value.clone());
        let source = config.sources().get(crate::config::source::SourceId::FILE);
        let planner = self.machine.planner();
        let current_stages: Vec<_> = planner.current_stages(Bypasses::LeftOut).collect();
        let stalls = context.lookout.map(|lookout| lookout.face().stalls());
        Status {
            session: name.unwrap_or_else(|| self.machine.setup.input.clone()),
            config: source.name.to_string(),
            state: match (self.machine.is_closed, self.is_paused) {
                (true, _) => SessionState::Ending,
                (false, true) => SessionState::Paused,
                (false, false) => SessionState::Running,
            },
            pace: self.machine.setup.pace,
            position_frames: context.position_frames,
            frames: self.machine.setup.frames,
            sample_rate_hz: self.machine.setup.sample_rate_hz,
            latency_frames: context.rings.engine().latency_frames(),
            reserve_frames: self.machine.seating().reserve_frames(),
            late_blocks: context.late_blocks,
            lateness: context.lookout.map(|lookout| lookout.face().lateness()),
            stalls: stalls.unwrap_or_default(),
            waiting: context.lookout.and_then(Lookout::waiting),
            priority: context.priority.report(),
            stages: self
                .machine
                .stages
                .iter()
                .map(|(number, running)| stage_status(&self.machine, (number, running), context))
                .collect(),
            overrides: self.machine.configurations.overrides.status(),
            receipts: self.machine.receipts.newest(RECEIPTS_SHOWN),
            generations: generations(&current_stages),
        }
    }
}

/// How one stage is now.
fn stage_status(
    machine: &ChangeMachine,
    (number, running): (usize, &RunningStage),
    context: &Context<'_>,
) -> StageStatus {
    let stage = context.rings.stage(number);
    let bound = running.bound();
    let outputs = bound.component.outputs.iter();
    let outputs = outputs.zip(stage.map_or_else(Vec::new, StageGauges::output_values));
    let params = bound.component.params();
    let latency_frames = machine.seating().place_latency_frames(number);
    StageStatus {
        id: running.id.to_string(),
        component: bound.address(),
        version: bound.version.to_string(),
        state: condition(stage, running),
        latency_frames: latency_frames.unwrap_or(0),
        params: params
            .map(|flat| {
                let now = value(&bound.params, &flat);
                (flat.id, now)
            })
            .collect(),
        outputs: outputs
            .filter(|(_, value)| value.is_finite())
            .map(|(declared, value)| (declared.id.clone(), value))
            .collect(),
        rollback: rollback(running, context.position_frames),
        pending: pending(&machine.changes_underway, running),
    }
}

/// What is under way for a stage.
fn pending(all: &[ChangeUnderway], running: &RunningStage) -> Option<ChangeAction> {
    let own = Claims::Stages(vec![running.id.clone()]);
    let found = all.iter().find(|underway| underway.claims.meet(&own));
    found.map(|underway| underway.action)
}

/// What is heard of a stage.
fn condition(stage: Option<&StageGauges>, running: &RunningStage) -> StageCondition {
    match (stage.map(StageGauges::sound), running.heard) {
        (Some(StageSound::Shadow), _) => StageCondition::Shadow,
        (Some(StageSound::Fading), _) => StageCondition::Fading,
        (Some(StageSound::Out), _) => StageCondition::Out,
        (Some(StageSound::Own) | None, HeardSignal::Bypassed) => StageCondition::Bypassed,
        (Some(StageSound::Own) | None, HeardSignal::Processed) => StageCondition::Heard,
    }
}

/// What a stage can be rolled back to.
fn rollback(running: &RunningStage, at_frames: u64) -> Option<String> {
    let before = running.before.as_ref();
    let before = before.filter(|before| before.until_frames >= at_frames)?;
    Some(match &before.found {
        Some(found) => {
            let usage = found.library.generation.usage();
            format!("{} {}", found.component, usage.version)
        }
        None => "bypass".to_owned(),
    })
}

impl Seating<'_> {
    /// What of the total is in no stage's latency: how much later stages may become, live.
    pub(super) fn reserve_frames(&self) -> u64 {
        self.stages.laid.reserve_frames()
    }
}
