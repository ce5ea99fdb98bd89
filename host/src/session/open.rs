//! Open: from a configuration to open libraries.
//!
//! In: a configuration, and where plugins and caches are. Out: what is bound where, and the
//! generations behind it. Done once, however many sessions of the pipeline follow.

mod opener;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use crate::admission::{Admission, AdmissionError, Applicant};
use crate::config::model::Config;
use crate::discovery::SearchPlan;
use crate::observe::{Event, EventSink, GenerationReport};
use crate::session::bind::{Bindings, bind};
use crate::session::build::Opened;
use crate::session::catalogue::{Catalogue, Choice};
use crate::session::error::SessionError;
use crate::session::export;
use crate::session::history::History;
use crate::session::key::Parts;
use crate::session::optional;

pub(super) use opener::Opener;

/// Which plugins are to be opened, and how.
pub struct Opening<'a> {
    /// The pipeline.
    pub config: &'a Config,
    /// Where plugins are.
    pub search: SearchPlan,
    /// The folder of the registry cache and of the history; `None` keeps none.
    pub cache: Option<PathBuf>,
    /// Opens what was chosen.
    pub admission: Admission,
    /// Who is told.
    pub events: Arc<dyn EventSink>,
}

/// The plugins of one configuration, bound and open: all sessions of the pipeline share them.
#[derive(Debug)]
pub struct Plugins {
    pub(super) bindings: Bindings,
    pub(super) opened: Opened,
    /// The configuration without optional stages that cannot be had, where there are such.
    pub(super) without: Option<Arc<Config>>,
    /// What keys are made of, once somebody asks: settings may point to large files.
    parts: OnceLock<Result<Parts, String>>,
    /// What stages cost in earlier runs.
    pub(super) history: History,
    /// Opens further ones while sessions run.
    pub(super) opener: Opener,
}

impl Plugins {
    /// What the libraries took and did so far, whoever used them: those of the start, and those
    /// that were opened since.
    #[must_use]
    pub fn generations(&self) -> Vec<GenerationReport> {
        let opened = self.opened.values().map(|(generation, _)| generation);
        let own: Vec<_> = opened.map(|generation| generation.hash()).collect();
        let first = self.opened.values();
        let first = first.map(|(generation, _)| export::generation(generation));
        let later = self.opener.later();
        let later = later.iter().filter(|one| !own.contains(&one.hash()));
        let later = later.map(|generation| export::generation(generation));
        first.chain(later).collect()
    }

    /// Those of a configuration that names none.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self {
            bindings: Bindings {
                stages: Vec::new(),
                taps: Vec::new(),
                decides: Vec::new(),
            },
            opened: Opened::new(),
            without: None,
            parts: OnceLock::new(),
            history: History::load(None),
            opener: Opener::of_nothing(),
        }
    }

    /// What keys of the sessions of `config` are made of; it is the one that was opened, without
    /// the stages that are left out.
    ///
    /// # Errors
    /// Why there are no keys, in words.
    pub(super) fn parts(&self, config: &Config) -> Result<&Parts, &str> {
        let parts = || Parts::of(config, &self.bindings, &self.opened);
        self.parts
            .get_or_init(parts)
            .as_ref()
            .map_err(String::as_str)
    }
}

/// Opens what a configuration names: scan, resolve, bind, admit. A binary that fails its probe
/// is set aside and versions are chosen again. Thread: any but audio.
///
/// # Errors
/// Mistakes of the configuration, a conflict, or a binary that may not be opened.
pub fn open(opening: Opening<'_>) -> Result<Plugins, SessionError> {
    let cache = opening.cache.clone();
    let opener = Opener::new(opening.search, opening.cache, opening.admission);
    let chosen = opener.search(|catalogue, admission| {
        choose(catalogue, admission, opening.config, &*opening.events)
    });
    let (bindings, opened, without) = chosen?;
    opener.mark();
    Ok(Plugins {
        bindings,
        opened,
        without: without.map(Arc::new),
        parts: OnceLock::new(),
        history: History::load(cache.as_deref()),
        opener,
    })
}

fn choose(
    mut catalogue: Catalogue,
    admission: &mut Admission,
    config: &Config,
    events: &dyn EventSink,
) -> Result<(Bindings, Opened, Option<Config>), SessionError> {
    loop {
        let (choices, without) = optional::choose(&catalogue, config)?;
        let bindings = bind(without.as_ref().unwrap_or(config), &choices);
        let bindings = bindings.map_err(SessionError::Mistakes)?;
        match admit(admission, &choices) {
            Ok(opened) => return Ok((bindings, opened, without)),
            Err(AdmissionError::Rejected(rejection)) => {
                for line in &rejection.evidence {
                    tracing::debug!(plugin = %rejection.plugin, "{line}");
                }
                events.event(Event::Notice {
                    text: rejection.to_string(),
                });
                catalogue.exclude(&rejection.plugin, &rejection.version, rejection.reason);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Opens what was chosen.
pub(super) fn admit(
    admission: &mut Admission,
    choices: &[Choice],
) -> Result<Opened, AdmissionError> {
    let applicants: Vec<_> = choices.iter().map(applicant).collect();
    let admitted = admission.admit(&applicants)?;
    let ids = choices.iter().map(|choice| choice.chosen.id.clone());
    let opened = admitted
        .into_iter()
        .map(|one| (one.generation, one.providers));
    Ok(ids.zip(opened).collect())
}

fn applicant(choice: &Choice) -> Applicant<'_> {
    Applicant {
        id: &choice.chosen.id,
        path: &choice.path,
        found: &choice.found,
        uses: &choice.chosen.uses,
    }
}
