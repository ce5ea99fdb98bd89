//! Bypass: a stage's input instead of its output, and the ways back: the output again, or what the
//! stage was before its last swap.
//!
//! In: what somebody wants of a stage. Out: a change that brings it about, with what becomes true
//! when it is over; or why it cannot begin.

use std::sync::Arc;

use crate::config::model::Config;
use crate::config::overrides::{OverrideKey, Reset};
use crate::id::StageId;
use crate::observe::ChangeAction;
use crate::session::candidate::{ResolveRequest, ResolveScope, StageRequest, ValueOrigin, exactly};
use crate::session::changes::machine::Planner;
use crate::session::changes::prepare::StageFill;
use crate::session::changes::refusal::Refusal;
use crate::session::changes::swaps::same_component;
use crate::session::changes::underway::{Adoption, ChangeUnderway};
use crate::session::changes::{ChangeRequest, Changes};
use crate::session::context::Context;
use crate::session::running_stages::{Before, RunningStage};
use crate::swap::ask::HeardSignal;

impl Changes {
    /// The input instead of the output, or the output again.
    pub(super) fn bypass(
        &mut self,
        stage: &StageId,
        way: HeardSignal,
        request: &ChangeRequest,
        context: &Context<'_>,
    ) -> Result<ChangeUnderway, Refusal> {
        let planner = self.machine.planner();
        let (action, fill) = planner.heard_otherwise(stage, way)?;
        let key = OverrideKey::Bypass {
            stage: stage.clone(),
        };
        let mut adoption = Adoption::default();
        match way {
            HeardSignal::Bypassed => adoption.set(key, "true".to_owned(), request),
            HeardSignal::Processed => adoption.resets.push(Reset::Key(key)),
        }
        let config = Arc::clone(&self.machine.configurations.after(&mut adoption)?.config);
        let resolve_request = self
            .machine
            .planner()
            .resolve_request_of(stage, &fill, &config);
        let fills = vec![(stage.to_string(), fill)];
        let underway = self.machine.begin_underway(
            action,
            request,
            context,
            (config, resolve_request, fills),
        )?;
        Ok(ChangeUnderway {
            adoption,
            ..underway
        })
    }

    /// What the stage was before its last swap.
    pub(super) fn rollback(
        &mut self,
        stage: &StageId,
        request: &ChangeRequest,
        context: &Context<'_>,
    ) -> Result<ChangeUnderway, Refusal> {
        let running = self.machine.planner().running(stage)?;
        let Some(before) = &running.before else {
            return Err(Refusal::NothingBefore(stage.clone()));
        };
        if before.until_frames < context.position_frames {
            return Err(Refusal::BeforeIsGone(stage.clone()));
        }
        let fill = before
            .found
            .clone()
            .map_or(StageFill::Bypass, StageFill::Library);
        let part = before.part.clone();
        let mut adoption = self.machine.planner().back_to(stage, before, request);
        let config = Arc::clone(&self.machine.configurations.after(&mut adoption)?.config);
        let fills = vec![(stage.to_string(), fill)];
        let mut preparation = self.machine.planner().preparation((config, None, fills));
        let terms = preparation.terms.get_mut(stage.as_str());
        if let Some(terms) = terms.filter(|terms| terms.values == ValueOrigin::OfAnother) {
            terms.part = part;
        }
        let underway =
            self.machine
                .begin_prepared(ChangeAction::Rollback, request, context, preparation)?;
        Ok(ChangeUnderway {
            adoption,
            ..underway
        })
    }
}

impl Planner<'_> {
    /// What has to be resolved for a stage, if that is what it is filled with.
    fn resolve_request_of(
        &self,
        stage: &StageId,
        fill: &StageFill,
        config: &Config,
    ) -> Option<ResolveRequest> {
        let part = config
            .stage(stage)
            .filter(|_| matches!(fill, StageFill::Resolved))?;
        let bind = StageRequest {
            stage: stage.to_string(),
            component: part.part.component.value.clone(),
            versions: self.configurations.overrides.version(stage),
        };
        Some(self.resolve_request(ResolveScope::Stages(vec![bind]), config))
    }

    /// What fills a stage of which another signal is to be heard.
    fn heard_otherwise(
        &self,
        stage: &StageId,
        way: HeardSignal,
    ) -> Result<(ChangeAction, StageFill), Refusal> {
        use HeardSignal::{Bypassed, Processed};
        let running = self.running(stage)?;
        match (way, running.heard) {
            (Bypassed, Processed) => Ok((ChangeAction::Bypass, StageFill::Bypass)),
            (Processed, Bypassed) => Ok((ChangeAction::Restore, self.restored(running))),
            (Bypassed, Bypassed) => Err(Refusal::Bypassed(stage.clone())),
            (Processed, Processed) => Err(Refusal::NotBypassed(stage.clone())),
        }
    }

    /// What a bypassed stage is heard with again: what it was, unless another component was wanted
    /// of it meanwhile.
    fn restored(&self, running: &RunningStage) -> StageFill {
        let part = self.configurations.config.stage(&running.id);
        match part {
            Some(part) if !same_component(&part.part.component.value, running) => {
                StageFill::Resolved
            }
            _ => StageFill::Library(running.found()),
        }
    }

    /// A stage as it was before its last swap: to no newer version, until somebody says so.
    fn back_to(&self, stage: &StageId, before: &Before, request: &ChangeRequest) -> Adoption {
        let mut adoption = Adoption::default();
        let id = || stage.clone();
        let (component, version) = (
            OverrideKey::Component { stage: id() },
            OverrideKey::Version { stage: id() },
        );
        let bypass = OverrideKey::Bypass { stage: id() };
        let Some(found) = &before.found else {
            adoption.set(bypass, "true".to_owned(), request);
            return adoption;
        };
        adoption.resets.push(Reset::Key(bypass));
        match self.is_of_file(stage, &found.component) {
            true => adoption.resets.push(Reset::Key(component)),
            false => adoption.set(component, found.component.to_string(), request),
        }
        let exactly = exactly(&found.library.generation.manifest().version);
        adoption.set(version, exactly.to_string(), request);
        adoption
    }
}
