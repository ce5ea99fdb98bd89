//! Open: from a configuration to open libraries.
//!
//! In: a configuration, and where plugins and caches are. Out: what is bound where, and the
//! generations behind it, which the opener opens. Done once, however many sessions of the pipeline
//! follow.

mod opener;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use crate::admission::Admission;
use crate::config::model::Config;
use crate::discovery::SearchPlan;
use crate::observe::{Event, EventSink, GenerationReport};
use crate::provenance::{CostHistory, KeyError, Parts};
use crate::session::bind::{Bindings, bind};
use crate::session::build::Opened;
use crate::session::catalogue::Catalogue;
use crate::session::error::SessionError;
use crate::session::generations;
use crate::session::ingredients::ingredients;
use crate::session::optional;

pub(super) use opener::{Opener, open_chosen};

/// Which plugins are to be opened, and how.
pub struct Opening<'a> {
    /// The pipeline whose plugins are wanted.
    pub config: &'a Config,
    /// The folders that are searched for plugins, first ones first.
    pub search: SearchPlan,
    /// The folder of the registry cache and of the history; `None` keeps none.
    pub cache: Option<PathBuf>,
    /// Opens the libraries that were chosen, each probed first unless its verdict is known.
    pub admission: Admission,
    /// Receives what happens meanwhile: probes, notices. Called on the caller's thread.
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
    parts: OnceLock<Result<Parts, KeyError>>,
    /// What stages cost in earlier runs.
    pub(super) history: CostHistory,
    /// Opens further ones while sessions run.
    pub(super) opener: Opener,
}

impl Plugins {
    /// What the libraries took and did so far, whoever used them: those of the start, and those
    /// that were opened since.
    #[must_use]
    pub fn generations(&self) -> Vec<GenerationReport> {
        let opened = self.opened.values().map(|library| &library.generation);
        let own: Vec<_> = opened.map(|generation| generation.hash()).collect();
        let first = self.opened.values();
        let first = first.map(|library| generations::generation(&library.generation));
        let later = self.opener.later();
        let later = later.iter().filter(|one| !own.contains(&one.hash()));
        let later = later.map(|generation| generations::generation(generation));
        first.chain(later).collect()
    }

    /// Those of a configuration that names none.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self {
            bindings: Bindings {
                stages: Vec::new(),
                taps: Vec::new(),
                decides: Vec::new(),
            },
            opened: Opened::new(),
            without: None,
            parts: OnceLock::new(),
            history: CostHistory::load(None),
            opener: Opener::of_nothing(),
        }
    }

    /// What keys of the sessions of `config` are made of; it is the one that was opened, without
    /// the stages that are left out.
    ///
    /// # Errors
    /// Why there are no keys.
    pub(super) fn parts(&self, config: &Config) -> Result<&Parts, &KeyError> {
        let parts = || Parts::of(config, &ingredients(config, &self.bindings, &self.opened));
        self.parts.get_or_init(parts).as_ref()
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
        history: CostHistory::load(cache.as_deref()),
        opener,
    })
}

fn choose(
    mut catalogue: Catalogue,
    admission: &mut Admission,
    config: &Config,
    events: &dyn EventSink,
) -> Result<(Bindings, Opened, Option<Config>), SessionError> {
    for (_, text) in catalogue.pins_of_nothing(config) {
        events.event(Event::Notice {
            text: format!("[plugins.require]: {text}"),
        });
    }
    // Where the file says no rate, each input has its own: it is held against that one.
    let rate_hz = config.stream.sample_rate_hz.as_ref().map(|rate| rate.value);
    let chosen = open_chosen((&mut catalogue, admission), |catalogue, rejected| {
        if let Some(newest) = rejected.last() {
            events.event(Event::Notice {
                text: format!("{newest}; {}", newest.again),
            });
        }
        let (choices, without) = optional::choose(catalogue, config)?;
        let bindings = bind(without.as_ref().unwrap_or(config), &choices, rate_hz);
        let bindings = bindings.map_err(SessionError::Mistakes)?;
        Ok::<_, SessionError>((choices, (bindings, without)))
    })?;
    let (bindings, without) = chosen.with;
    Ok((bindings, chosen.opened, without))
}
