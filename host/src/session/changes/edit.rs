//! Edit: what differs between the configuration that runs and the one that shall.
//!
//! In: values that were set, a file that was edited, overrides that are given back. Out: events for
//! parameters at once, or a change with a plan; the plan in words for who only wants to see it.

use std::sync::Arc;

use crate::config::diff::diff;
use crate::config::overrides::{self, OverrideKey};
use crate::id::StageId;
use crate::observe::{ChangeAction, PlannedEdit};
use crate::pipeline::Change;
use crate::session::changes::conclude::receipt;
use crate::session::changes::files::Reading;
use crate::session::changes::machine::Planner;
use crate::session::changes::measure::{Measure, took_effect};
use crate::session::changes::plan::Plan;
use crate::session::changes::prepare::Preparation;
use crate::session::changes::refusal::Refusal;
use crate::session::changes::requests::Begun;
use crate::session::changes::set_values::{Sent, send_events};
use crate::session::changes::underway::{Adoption, After, ChangeUnderway, Purpose};
use crate::session::changes::{ChangeRequest, Changes};
use crate::session::context::Context;
use crate::swap::ask::{Answer, Command, Insert, Reload};

impl Changes {
    /// Goes to the configuration of a file that was read.
    pub(super) fn read(
        &mut self,
        read: Result<Reading, Refusal>,
        request: &ChangeRequest,
        context: &mut Context<'_>,
    ) -> Result<Begun, Refusal> {
        match &request.command {
            Command::Edit { path } => {
                // It is read as if it were the running file, and messages call it so.
                let file = read.map_err(|why| Refusal::OtherFile {
                    path: path.clone(),
                    why: Box::new(why),
                })?;
                self.apply_file(file, Reload::Apply(Insert::Refused), request, context)
            }
            Command::Reload(way) => self.apply_file(read?, *way, request, context),
            _ => Err(Refusal::ReadsNoFile),
        }
    }

    fn apply_file(
        &mut self,
        (file, search): Reading,
        way: Reload,
        request: &ChangeRequest,
        context: &mut Context<'_>,
    ) -> Result<Begun, Refusal> {
        let search = match way {
            Reload::Apply(_) => {
                // Whatever becomes of the edit: who looks in more places refuses no less.
                self.machine.setup.plugins.opener.look_in(search);
                None
            }
            Reload::DryRun(_) => Some(search),
        };
        let adoption = Adoption {
            file: Some(Arc::new(file)),
            search,
            ..Adoption::default()
        };
        self.apply(adoption, way, request, context)
    }

    /// What the file says again.
    pub(super) fn reset(
        &mut self,
        key: Option<&str>,
        request: &ChangeRequest,
        context: &mut Context<'_>,
    ) -> Result<Begun, Refusal> {
        let which = match key {
            None => overrides::Reset::All,
            Some(key) => self.machine.planner().which(key)?,
        };
        let held = self.machine.configurations.overrides.clone().reset(&which);
        if held.is_empty() {
            return Ok(Begun::Done(Answer::Done(
                "nothing was overridden there".to_owned(),
            )));
        }
        let adoption = Adoption {
            resets: vec![which],
            ..Adoption::default()
        };
        self.apply(adoption, Reload::Apply(Insert::Refused), request, context)
    }

    /// Goes from what runs to what shall.
    fn apply(
        &mut self,
        mut adoption: Adoption,
        way: Reload,
        request: &ChangeRequest,
        context: &mut Context<'_>,
    ) -> Result<Begun, Refusal> {
        let after = self.machine.configurations.after(&mut adoption)?;
        let edits = diff(&self.machine.configurations.config, &after.config);
        let plan = self.machine.planner().plan(&edits?, &after)?;
        let (purpose, insert) = match way {
            Reload::Apply(insert) => (Purpose::Change, insert),
            Reload::DryRun(insert) => (Purpose::DryRun, insert),
        };
        match (plan.needs_instances(), purpose) {
            (false, _) if plan.mistakes.has_errors() => Err(plan.mistakes.into()),
            (false, Purpose::DryRun) => Ok(Begun::Done(Answer::Planned(plan.lines))),
            (false, Purpose::Change) => {
                let number = self.machine.receipts.next_number();
                let sent = self.apply_at_once(number, &plan, &mut adoption, context)?;
                Ok(self.without_instances((number, sent), &plan, request, context))
            }
            (true, _) => {
                let underway = self.begin_plan((&plan, &after), &mut adoption, request, context)?;
                adoption.plan = Some(plan);
                Ok(Begun::Underway(Box::new(ChangeUnderway {
                    adoption,
                    purpose,
                    insert,
                    ..underway
                })))
            }
        }
    }

    /// Has the instances of a plan made.
    fn begin_plan(
        &mut self,
        (plan, after): (&Plan, &After),
        adoption: &mut Adoption,
        request: &ChangeRequest,
        context: &Context<'_>,
    ) -> Result<ChangeUnderway, Refusal> {
        let (mut resolve_request, fills, terms) = plan.to_prepare(&self.machine.planner(), after);
        let search = adoption.search.take();
        resolve_request
            .iter_mut()
            .for_each(|one| one.search.clone_from(&search));
        let preparation = Preparation {
            plugins: Arc::clone(&self.machine.setup.plugins),
            config: Arc::clone(&after.config),
            resolve_request,
            fills,
            terms,
            mistakes: plan.mistakes.clone(),
            replay: None,
        };
        self.machine
            .begin_prepared(action_of(request), request, context, preparation)
    }

    /// What takes no instance: parameters, and what holds for later.
    fn apply_at_once(
        &mut self,
        number: u64,
        plan: &Plan,
        adoption: &mut Adoption,
        context: &mut Context<'_>,
    ) -> Result<Sent, Refusal> {
        if !context.rings.has_room() {
            return Err(Refusal::Busy);
        }
        let mut events = Vec::new();
        for (number, params, changed) in &plan.new_values {
            events.extend(changed.iter().map(|event| (*number, *event)));
            self.machine.keep_values(*number, params.clone());
        }
        let change = Change {
            number,
            param_events: events,
            ..Change::default()
        };
        let sent = send_events(change, context);
        self.machine.adopt(adoption)?;
        self.machine.renew_policies();
        Ok(sent)
    }

    /// Receipts of a change that took no instance.
    fn without_instances(
        &mut self,
        (number, sent): (u64, Sent),
        plan: &Plan,
        request: &ChangeRequest,
        context: &Context<'_>,
    ) -> Begun {
        if plan.lines.is_empty() {
            let text = "nothing differs from what runs";
            return Begun::Done(Answer::Done(text.to_owned()));
        }
        let receipt = |edit: &PlannedEdit| {
            let mut receipt = receipt(
                number,
                (edit.stage.clone(), edit.action),
                request.cause.clone(),
                request.asked_at_frames,
            );
            receipt.reasons = vec![edit.what.clone()];
            receipt
        };
        let mut receipts: Vec<_> = plan.lines.iter().map(receipt).collect();
        let action = action_of(request);
        tracing::debug!(%action, changes = receipts.len(), "applied");
        if sent == Sent::Values {
            return Begun::Measured(Box::new(Measure::of(receipts, None)));
        }
        for receipt in &mut receipts {
            took_effect(receipt, context.position_frames);
            self.machine.receipts.file(receipt.clone());
        }
        Begun::Done(Answer::Changed(receipts))
    }
}

impl Planner<'_> {
    pub(super) fn which(&self, key: &str) -> Result<overrides::Reset, Refusal> {
        if let Ok(stage) = key.parse::<StageId>()
            && self.configurations.file.stage(&stage).is_some()
        {
            return Ok(overrides::Reset::Stage(stage));
        }
        let key: OverrideKey = key.parse()?;
        if self.configurations.overrides.get(&key).is_none() {
            // A word that nothing is called is a slip; one that is not overridden is none.
            let running = self.running(key.stage())?;
            if let OverrideKey::Param { param, .. } = &key
                && !running
                    .bound()
                    .component
                    .params()
                    .any(|flat| flat.id == *param)
            {
                let address = running.bound().address();
                return Err(Refusal::NoParam {
                    address,
                    param: param.clone(),
                    known: String::new(),
                });
            }
        }
        Ok(overrides::Reset::Key(key))
    }
}

/// What a request does that leads from one configuration to another.
const fn action_of(request: &ChangeRequest) -> ChangeAction {
    match &request.command {
        Command::Reset { .. } => ChangeAction::Reset,
        _ => ChangeAction::Reload,
    }
}
