//! Save: overrides that become what the file says.
//!
//! In: overrides, and the stages that run. Out: a file that the next start accepts, written away
//! from the thread that plays; overrides that are the file's from then on, and why others stay.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config;
use crate::config::overrides::{self, OverrideKey, Overrides};
use crate::config::save::SavedOverrides;
use crate::config::source::SourceId;
use crate::id::StageId;
use crate::session::changes::files::{FileWork, Reading, away};
use crate::session::changes::machine::Planner;
use crate::session::changes::refusal::Refusal;
use crate::session::changes::requests::Begun;
use crate::session::changes::underway::{Adoption, Claims};
use crate::session::changes::{Changes, Reread};
use crate::session::running_stages::RunningStage;
use crate::swap::ask::Answer;

/// What was written into the file.
pub(super) struct Written {
    saved: SavedOverrides,
    /// The overrides as they were when the writing began.
    overrides: Overrides,
    /// The file as it is now; `None` where nothing had to be written.
    file: Option<Reading>,
}

/// What is to be written.
struct Draft {
    path: PathBuf,
    file: Arc<config::model::Config>,
    overrides: Overrides,
    kept: Vec<(OverrideKey, String)>,
    reread: Reread,
}

impl Changes {
    /// Begins to write overrides into the file, once nothing else is about to replace it.
    pub(super) fn save(&mut self) -> Result<Begun, Refusal> {
        let Some(reread) = self.machine.setup.reread.clone() else {
            return Err(Refusal::NoFile("write to"));
        };
        let mut changes_underway = self.machine.changes_underway.iter();
        if self.files.is_some()
            || changes_underway.any(|underway| underway.claims == Claims::Everything)
        {
            return Ok(Begun::Waits);
        }
        let file = Arc::clone(&self.machine.configurations.file);
        let (overrides, kept) = self.machine.planner().fit_to_save();
        let draft = Draft {
            path: PathBuf::from(&*file.sources().get(SourceId::FILE).name),
            file,
            overrides,
            kept,
            reread,
        };
        Ok(Begun::Files(FileWork::Writing(away(|| draft.write())?)))
    }

    /// Makes true what was written.
    pub(super) fn saved(&mut self, written: Result<Written, Refusal>) -> Result<Begun, Refusal> {
        let written = written?;
        let words = words(&written.saved);
        if let Some((file, _)) = written.file {
            // What was set meanwhile is not what stands in the file.
            let own = &mut self.machine.configurations.overrides;
            own.saved(&written.saved.written, &written.overrides);
            self.machine.configurations.file = Arc::new(file);
            self.machine.adopt(&mut Adoption::default())?;
        }
        Ok(Begun::Done(Answer::Done(words)))
    }
}

impl Draft {
    /// Writes it, and reads it again. Thread: any but audio; it touches files.
    fn write(self) -> Result<Written, Refusal> {
        let text = &*self.file.sources().get(SourceId::FILE).text;
        let saved = config::save(text, &self.overrides);
        let mut saved = saved?;
        saved.kept.extend(self.kept);
        let file = match saved.written.is_empty() {
            true => None,
            false => {
                let path: &Path = &self.path;
                config::replace(path, text, &saved.text)?;
                Some((self.reread)(None, &self.file)?)
            }
        };
        Ok(Written {
            saved,
            overrides: self.overrides,
            file,
        })
    }
}

impl Planner<'_> {
    /// The overrides that the file can take, and why it cannot take the others: what is written has
    /// to be a file that the next start accepts.
    pub(super) fn fit_to_save(&self) -> (Overrides, Vec<(OverrideKey, String)>) {
        let mut overrides = self.configurations.overrides.clone();
        let mut kept = Vec::new();
        for (_, running) in self.stages.iter() {
            for (reset, why) in self.unfit_to_save(&running.id, running, &overrides) {
                let held = overrides.reset(&reset);
                kept.extend(held.into_iter().map(|held| (held.key, why.clone())));
            }
        }
        (overrides, kept)
    }

    /// What the file of a stage cannot take: all of it where the component that runs does not go
    /// with the file's own parameters, else values that wait for another component.
    pub(super) fn unfit_to_save(
        &self,
        stage: &StageId,
        running: &RunningStage,
        overrides: &Overrides,
    ) -> Vec<(overrides::Reset, String)> {
        let (file, now) = (
            self.configurations.file.stage(stage),
            self.configurations.config.stage(stage),
        );
        let (Some(file), Some(now)) = (file, now) else {
            return Vec::new();
        };
        let component = &running.bound().component;
        let (judge, name) = (self.judge(component), &component.name);
        let (_, others) = judge.fitting(&file.part.params);
        let is_held = |id: &String| {
            let (stage, param) = (stage.clone(), id.clone());
            let key = OverrideKey::Param { stage, param };
            overrides.get(&key).is_some()
        };
        let of_file: Vec<_> = others.into_iter().filter(|id| !is_held(id)).collect();
        if !of_file.is_empty() && overrides.component(stage).is_some() {
            let names = of_file.join(", ");
            let why =
                format!("the file has parameters for the stage that {name} does not: {names}");
            return vec![(overrides::Reset::Stage(stage.clone()), why)];
        }
        let (_, others) = judge.fitting(&now.part.params);
        let waits = others.into_iter().filter(is_held).map(|param| {
            let why = format!("{name} has no such parameter, or does not take the value");
            let stage = stage.clone();
            let key = OverrideKey::Param { stage, param };
            (overrides::Reset::Key(key), why)
        });
        waits.collect()
    }
}

/// What became of overrides, for who asked.
fn words(saved: &SavedOverrides) -> String {
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
