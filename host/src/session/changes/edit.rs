//! Edit: what differs between the configuration that runs and the one that shall.
//!
//! In: values that were set, a file that was edited, overrides that are given back. Out: events for
//! parameters at once, or a job with a plan; the plan in words for who only wants to see it.

use std::path::Path;
use std::sync::Arc;

use segue_plugin::declare::ParamChange;
use segue_plugin::link::ParamEvent;

use crate::config;
use crate::config::Mistakes;
use crate::config::diff::diff;
use crate::config::model::Config;
use crate::config::nearest::{did_you_mean, listed};
use crate::config::overrides::{self, OverrideKey, Overrides, Rank};
use crate::config::render::Color;
use crate::id::StageId;
use crate::observe::PlannedEdit;
use crate::pipeline::{Arrival, Change};
use crate::session::cast::{Heard, Member};
use crate::session::changes::job::Job;
use crate::session::changes::plan::Plan;
use crate::session::changes::prepare::With;
use crate::session::changes::wish::Begun;
use crate::session::changes::{Changes, Context, Running, Wish};
use crate::session::optional::without_again;
use crate::session::values;
use crate::swap::ask::{Answer, Reload};

/// The most parameter events of one change: an engine takes so many for a block.
const EVENTS_MAX: usize = 1_024;

/// What becomes true of a session when a change is over.
#[derive(Default)]
pub(super) struct Landing {
    /// Another file.
    pub(super) file: Option<Arc<Config>>,
    /// Overrides.
    pub(super) wishes: Vec<overrides::Wish>,
    /// Overrides that are given back.
    pub(super) resets: Vec<overrides::Reset>,
    /// Stages that come and go.
    pub(super) plan: Option<Plan>,
}

impl Landing {
    /// Somebody's value for a key.
    pub(super) fn set(&mut self, key: OverrideKey, value: String, wish: &Wish) {
        self.wishes.push(overrides::Wish {
            key,
            value,
            who: wish.cause.who.clone(),
            rank: rank(&wish.cause.who),
            when: super::status::now(),
            why: wish.cause.why.clone(),
        });
    }
}

/// A decision's wish gives way to anybody's.
fn rank(who: &str) -> Rank {
    match who.starts_with("decision") || who.starts_with("watch") {
        true => Rank::Engine,
        false => Rank::Human,
    }
}

/// The configurations of a session as they would be.
pub(super) struct After {
    pub(super) file: Arc<Config>,
    pub(super) overrides: Overrides,
    pub(super) config: Arc<Config>,
}

impl Running {
    /// What would run.
    pub(super) fn after(&self, landing: &Landing) -> Result<After, String> {
        let mut overrides = self.overrides.clone();
        let file = landing
            .file
            .clone()
            .unwrap_or_else(|| Arc::clone(&self.file));
        if landing.file.is_some() {
            overrides.on_reload(&self.file, &file);
        }
        for wish in &landing.wishes {
            let set = overrides.set(&file, wish.clone());
            set.map_err(|refused| refused.to_string())?;
        }
        for reset in &landing.resets {
            overrides.reset(reset);
        }
        let applied = overrides.apply(&file).map_err(|mistakes| told(&mistakes))?;
        let config = Arc::new(without_again(applied, &self.config, &self.file));
        Ok(After {
            file,
            overrides,
            config,
        })
    }

    /// Makes it true.
    pub(super) fn land(&mut self, landing: &mut Landing) {
        // What was possible when it began may have been overtaken: then the rest stays true.
        if let Ok(after) = self.after(landing) {
            self.file = after.file;
            self.overrides = after.overrides;
            self.config = after.config;
        }
    }
}

/// Mistakes as people read them, with lines and columns.
pub(super) fn told(mistakes: &Mistakes) -> String {
    mistakes.render(Color::Plain, 80)
}

/// Parameters that have other values.
pub(super) struct Retuned {
    /// All of them.
    pub(super) params: Vec<(u32, f64)>,
    /// What changes, for the instance that runs.
    pub(super) events: Vec<ParamEvent>,
    /// Whether one of them takes another instance.
    pub(super) takes_another: bool,
}

impl Changes {
    /// What the parameters of a stage are to be in a configuration.
    pub(super) fn retuned(&self, member: &Member, config: &Config) -> Result<Retuned, String> {
        let component = &member.bound().component;
        let id = &*member.id;
        let stage = config
            .stages
            .iter()
            .find(|stage| stage.id.value.as_str() == id);
        let stage = stage.ok_or_else(|| format!("there is no stage `{id}`"))?;
        let mut mistakes = config.mistakes();
        let own = self.running.file.stages.iter();
        let own = own.clone().find(|stage| stage.id.value.as_str() == id);
        let is_own = own.is_none_or(|own| own.part.component.value == stage.part.component.value);
        let params = match is_own {
            true => values::params(component, &stage.part.params, &mut mistakes),
            false => values::fitting(component, &stage.part.params).0,
        };
        if mistakes.has_errors() {
            return Err(told(&mistakes));
        }
        let value = |params: &[(u32, f64)], index: u32, default: f64| {
            let mut params = params.iter();
            params
                .find(|(own, _)| *own == index)
                .map_or(default, |(_, value)| *value)
        };
        let mut retuned = Retuned {
            params,
            events: Vec::new(),
            takes_another: false,
        };
        for flat in component.params() {
            let before = value(&member.bound().params, flat.index, flat.param.default);
            let after = value(&retuned.params, flat.index, flat.param.default);
            // What lets everything through has no parameters.
            if before.to_bits() != after.to_bits() && is_heard(member) {
                retuned.takes_another |= flat.param.change == ParamChange::Reactivates;
                retuned.events.push(ParamEvent {
                    offset_frames: 0,
                    index: flat.index,
                    value: after,
                });
            }
        }
        Ok(retuned)
    }

    /// Another value of one parameter.
    pub(super) fn set(
        &mut self,
        (stage, param, value): (&StageId, &str, &str),
        wish: &Wish,
        context: &mut Context<'_>,
    ) -> Result<Begun, String> {
        let member = self.member(stage)?;
        let component = &member.bound().component;
        if !component.params().any(|flat| flat.id == param) {
            let ids: Vec<_> = component.params().map(|flat| flat.id).collect();
            let help = did_you_mean(param, ids.iter().map(String::as_str));
            let help = help.map_or_else(String::new, |help| format!("; {help}"));
            let address = member.bound().address();
            let known = listed(ids.iter().map(String::as_str).take(12));
            return Err(format!(
                "{address} has no parameter `{param}`: it has {known}{help}"
            ));
        }
        let mut landing = Landing::default();
        let key = OverrideKey::Param {
            stage: stage.clone(),
            param: param.to_owned(),
        };
        landing.set(key, value.to_owned(), wish);
        let after = self.running.after(&landing)?;
        let retuned = self.retuned(member, &after.config)?;
        if retuned.takes_another {
            let wanted = vec![(stage.to_string(), With::Found(member.found()))];
            let job = self.job("set", wish, context, (after.config, None, wanted))?;
            return Ok(Begun::Job(Box::new(Job { landing, ..job })));
        }
        if context.rings.arrivals.is_full() {
            return Err("too much is under way; ask again in a moment".to_owned());
        }
        let number = self.cast.number(stage.as_str()).unwrap_or_default();
        let events = retuned
            .events
            .iter()
            .map(|event| (number, *event))
            .collect();
        self.send_events(events, context);
        self.retune(number, retuned.params);
        self.land(&mut landing);
        self.jobs_begun += 1;
        let mut receipt = self.receipt(
            self.jobs_begun,
            stage.to_string(),
            "set",
            wish.cause.clone(),
            wish.asked_at_frames,
        );
        receipt.heard_at_frames = Some(context.position_frames);
        receipt.done_at_frames = Some(context.position_frames);
        receipt.reasons = vec![format!("{param} = {value}")];
        self.file(receipt.clone());
        Ok(Begun::Done(Answer::Changed(vec![receipt])))
    }

    /// Events for the next block.
    pub(super) fn send_events(
        &mut self,
        mut events: Vec<(usize, ParamEvent)>,
        context: &mut Context<'_>,
    ) {
        events.truncate(EVENTS_MAX);
        if !events.is_empty() {
            let change = Change {
                events,
                ..Change::default()
            };
            // There was room, or the block before took what was there.
            let _ = context
                .rings
                .arrivals
                .push(Arrival::Change(Box::new(change)));
        }
    }

    /// A stage has these parameters from now on, and so has an instance that is made again.
    pub(super) fn retune(&mut self, number: usize, params: Vec<(u32, f64)>) {
        let Some(mut member) = self.cast.member(number).cloned() else {
            return;
        };
        member.recipe.bound.params = params;
        self.recast(number, member);
    }

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
        let file = self.reread(Some(path))?;
        self.go_to(file, Reload::Apply, wish, context)
    }

    fn reread(&self, path: Option<&Path>) -> Result<Config, String> {
        let Some(reread) = &self.setup.reread else {
            return Err("this session has no configuration file to read again".to_owned());
        };
        reread(path, &self.running.file)
    }

    fn go_to(
        &mut self,
        file: Config,
        way: Reload,
        wish: &Wish,
        context: &mut Context<'_>,
    ) -> Result<Begun, String> {
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
        let key: Result<OverrideKey, _> = key.parse();
        key.map(overrides::Reset::Key)
            .map_err(|unknown| unknown.to_string())
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
        let file = &self.running.file;
        let source = file.sources().get(config::source::SourceId::FILE);
        let (path, text) = (Path::new(&*source.name), &*source.text);
        let saved = config::save(text, &self.running.overrides);
        let saved = saved.map_err(|why| why.to_string())?;
        if saved.written.is_empty() {
            return Ok(Answer::Done(words(&saved)));
        }
        config::replace(path, text, &saved.text).map_err(|why| why.to_string())?;
        self.running.overrides.saved(&saved.written);
        let file = self.reread(None)?;
        self.running.file = Arc::new(file);
        self.land(&mut Landing::default());
        Ok(Answer::Done(words(&saved)))
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

/// Whether a stage's instance hears parameters.
pub(super) fn is_heard(member: &Member) -> bool {
    member.heard == Heard::Processed
}
