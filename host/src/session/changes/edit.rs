//! Edit: what differs between the configuration that runs and the one that shall.
//!
//! In: values that were set, a file that was edited, overrides that are given back. Out: events for
//! parameters at once, or a job with a plan; the plan in words for who only wants to see it.

use std::path::Path;
use std::sync::Arc;

use crate::config;
use crate::config::diff::diff;
use crate::config::model::Config;
use crate::config::overrides::{self, OverrideKey, Overrides, UnknownOverride};
use crate::discovery::SearchPlan;
use crate::id::StageId;
use crate::observe::PlannedEdit;
use crate::session::changes::job::Job;
use crate::session::changes::landing::{Landing, told};
use crate::session::changes::plan::Plan;
use crate::session::changes::wish::Begun;
use crate::session::changes::{Changes, Context, Wish};
use crate::session::values;
use crate::swap::ask::{Answer, Reload};

impl Changes {
    /// The configuration as it is on disk now.
    pub(super) fn reload(
        &mut self,
        way: Reload,
        wish: &Wish,
        context: &mut Context<'_>,
    ) -> Result<Begun, String> {
        let file = self.reread(None)?;
        self.go_to(file, way, wish, context)
    }

    /// The configuration of another file.
    pub(super) fn edit(
        &mut self,
        path: &Path,
        wish: &Wish,
        context: &mut Context<'_>,
    ) -> Result<Begun, String> {
        // It is read as if it were the running file, and messages call it so.
        let file = self
            .reread(Some(path))
            .map_err(|why| format!("{}: {why}", path.display()))?;
        self.go_to(file, Reload::Apply, wish, context)
    }

    fn reread(&self, path: Option<&Path>) -> Result<(Config, SearchPlan), String> {
        let Some(reread) = &self.setup.reread else {
            return Err("this session has no configuration file to read again".to_owned());
        };
        reread(path, &self.running.file)
    }

    fn go_to(
        &mut self,
        (file, search): (Config, SearchPlan),
        way: Reload,
        wish: &Wish,
        context: &mut Context<'_>,
    ) -> Result<Begun, String> {
        if way == Reload::Apply {
            // Whatever becomes of the edit: who looks in more places refuses no less.
            self.setup.plugins.opener.look_in(search);
        }
        let landing = Landing {
            file: Some(Arc::new(file)),
            ..Landing::default()
        };
        self.approach(landing, way, "reload", wish, context)
    }

    /// What the file says again.
    pub(super) fn reset(
        &mut self,
        key: Option<&str>,
        wish: &Wish,
        context: &mut Context<'_>,
    ) -> Result<Begun, String> {
        let which = match key {
            None => overrides::Reset::All,
            Some(key) => self.which(key)?,
        };
        let held = self.running.overrides.clone().reset(&which);
        if held.is_empty() {
            return Ok(Begun::Done(Answer::Done(
                "nothing was overridden there".to_owned(),
            )));
        }
        let landing = Landing {
            resets: vec![which],
            ..Landing::default()
        };
        self.approach(landing, Reload::Apply, "reset", wish, context)
    }

    fn which(&self, key: &str) -> Result<overrides::Reset, String> {
        if let Ok(stage) = key.parse::<StageId>()
            && self.running.file.stage(&stage).is_some()
        {
            return Ok(overrides::Reset::Stage(stage));
        }
        let key: OverrideKey = key
            .parse()
            .map_err(|unknown: UnknownOverride| unknown.to_string())?;
        if self.running.overrides.get(&key).is_none() {
            // A word that nothing is called is a slip; one that is not overridden is none.
            let member = self.member(key.stage())?;
            if let OverrideKey::Param { param, .. } = &key
                && !member
                    .bound()
                    .component
                    .params()
                    .any(|flat| flat.id == *param)
            {
                let address = member.bound().address();
                return Err(format!("{address} has no parameter `{param}`"));
            }
        }
        Ok(overrides::Reset::Key(key))
    }

    /// Goes from what runs to what shall.
    fn approach(
        &mut self,
        mut landing: Landing,
        way: Reload,
        action: &'static str,
        wish: &Wish,
        context: &mut Context<'_>,
    ) -> Result<Begun, String> {
        let after = self.running.after(&landing)?;
        let edits = diff(&self.running.config, &after.config);
        let edits = edits.map_err(|mistakes| told(&mistakes))?;
        let plan = self.plan(&edits, &after)?;
        let words = plan.words.clone();
        if way == Reload::DryRun {
            return Ok(Begun::Done(Answer::Planned(words)));
        }
        if !plan.needs_instances() {
            self.apply_at_once(&plan, &mut landing, context);
            return Ok(Begun::Done(
                self.without_instances(&plan, action, wish, context),
            ));
        }
        let (question, wanted, known) = plan.orders(self, &after);
        let job = self.job_knowing(
            action,
            wish,
            context,
            (after.config, question, wanted),
            known,
        )?;
        landing.plan = Some(plan);
        Ok(Begun::Job(Box::new(Job { landing, ..job })))
    }

    /// What takes no instance: parameters, and what holds for later.
    fn apply_at_once(&mut self, plan: &Plan, landing: &mut Landing, context: &mut Context<'_>) {
        let mut events = Vec::new();
        for (number, params, changed) in &plan.retuned {
            events.extend(changed.iter().map(|event| (*number, *event)));
            self.retune(*number, params.clone());
        }
        self.send_events(events, context);
        self.land(landing);
        self.renew_policies();
    }

    /// Makes true what a change was for, and tells who wants to know.
    pub(super) fn land(&mut self, landing: &mut Landing) {
        self.running.land(landing);
        if let Some(applied) = &self.setup.applied {
            applied(&self.running.config);
        }
    }

    /// Receipts of a change that took no instance.
    fn without_instances(
        &mut self,
        plan: &Plan,
        action: &'static str,
        wish: &Wish,
        context: &Context<'_>,
    ) -> Answer {
        if plan.words.is_empty() {
            return Answer::Done("nothing differs from what runs".to_owned());
        }
        self.jobs_begun += 1;
        let number = self.jobs_begun;
        let receipt = |edit: &PlannedEdit| {
            let mut receipt = self.receipt(
                number,
                edit.stage.clone(),
                &edit.action,
                wish.cause.clone(),
                wish.asked_at_frames,
            );
            receipt.heard_at_frames = Some(context.position_frames);
            receipt.done_at_frames = Some(context.position_frames);
            receipt.reasons = vec![edit.what.clone()];
            receipt
        };
        let receipts: Vec<_> = plan.words.iter().map(receipt).collect();
        tracing::debug!(action, changes = receipts.len(), "applied");
        receipts
            .iter()
            .for_each(|receipt| self.file(receipt.clone()));
        Answer::Changed(receipts)
    }

    /// Writes overrides into the file.
    pub(super) fn save(&mut self) -> Result<Answer, String> {
        if self.setup.reread.is_none() {
            return Err("this session has no configuration file to write to".to_owned());
        }
        let file = &self.running.file;
        let source = file.sources().get(config::source::SourceId::FILE);
        let (path, text) = (Path::new(&*source.name), &*source.text);
        let (overrides, kept) = self.fit_to_save();
        let saved = config::save(text, &overrides);
        let mut saved = saved.map_err(|why| why.to_string())?;
        saved.kept.extend(kept);
        if saved.written.is_empty() {
            return Ok(Answer::Done(words(&saved)));
        }
        config::replace(path, text, &saved.text).map_err(|why| why.to_string())?;
        self.running.overrides.saved(&saved.written);
        let (file, _) = self.reread(None)?;
        self.running.file = Arc::new(file);
        self.land(&mut Landing::default());
        Ok(Answer::Done(words(&saved)))
    }
}

impl Changes {
    /// The overrides that the file can take, and why it cannot take the others: a component whose
    /// parameters are not those that the file has for the stage would make it one that does not
    /// start.
    fn fit_to_save(&self) -> (Overrides, Vec<(OverrideKey, String)>) {
        let mut overrides = self.running.overrides.clone();
        let mut kept = Vec::new();
        for (_, member) in self.cast.members() {
            let Ok(stage) = member.id.parse::<StageId>() else {
                continue;
            };
            let file = self.running.file.stage(&stage);
            let (Some(part), true) = (file, overrides.component(&stage).is_some()) else {
                continue;
            };
            let component = &member.bound().component;
            let (_, others) = values::fitting(component, &part.part.params);
            if others.is_empty() {
                continue;
            }
            let why = format!(
                "the file has parameters for the stage that {} does not: {}",
                component.name,
                others.join(", ")
            );
            let held = overrides.reset(&overrides::Reset::Stage(stage));
            kept.extend(held.into_iter().map(|held| (held.key, why.clone())));
        }
        (overrides, kept)
    }
}

/// What became of overrides, for who asked.
fn words(saved: &config::save::Saved) -> String {
    let written: Vec<_> = saved.written.iter().map(ToString::to_string).collect();
    let kept = saved
        .kept
        .iter()
        .map(|(key, why)| format!("{key} stays an override: {why}"));
    let written = match written.is_empty() {
        true => "nothing was written".to_owned(),
        false => format!("written: {}", written.join(", ")),
    };
    std::iter::once(written)
        .chain(kept)
        .collect::<Vec<_>>()
        .join("\n")
}
