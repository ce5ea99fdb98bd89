//! Catalogue: which plugins there are, and which of them a configuration gets.
//!
//! In: a scan, and the wishes of a configuration. Out: for each plugin one version, with the file
//! it lies in, in the order they load. Nothing is opened.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use semver::Version;

use crate::config::model::Config;
use crate::config::source::Spanned;
use crate::discovery::{self, Class, FoundPlugin, Registry, Scan, SearchPlan};
use crate::id::{ComponentAddress, PluginId};
use crate::loading::Generation;
use crate::resolve::{self, Candidate, Chosen, Conflict, Universe, VersionWish, Wishes};

/// Every plugin found, and the versions that may be chosen.
#[derive(Debug)]
pub struct Catalogue {
    /// What the search found, with reasons.
    pub scan: Scan,
    universe: Universe,
    files: BTreeMap<(PluginId, Version), (PathBuf, FoundPlugin)>,
}

/// A plugin that a configuration gets.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Which version, and which others it may use.
    pub chosen: Chosen,
    /// The file it lies in.
    pub path: PathBuf,
    /// What discovery found in the file: manifest, content, stamp.
    pub found: FoundPlugin,
}

impl Catalogue {
    /// Searches. Thread: any but audio. Runs nothing; save the registry afterwards.
    #[must_use]
    pub fn scan(plan: &SearchPlan, registry: &mut Registry) -> Self {
        Self::of(discovery::scan(plan, registry, SystemTime::now()))
    }

    /// The catalogue of a scan.
    #[must_use]
    pub fn of(scan: Scan) -> Self {
        let mut universe = Universe::new();
        let mut files = BTreeMap::new();
        for (path, found) in scan.ready() {
            let Ok(candidate) = Candidate::try_from(&found.manifest) else {
                continue;
            };
            let key = (candidate.id.clone(), candidate.version.clone());
            if universe.add(candidate).is_ok() {
                files.insert(key, (path.to_owned(), found.clone()));
            }
        }
        for entry in &scan.entries {
            if let Class::Incompatible(reason, Some(found)) = &entry.class
                && let Ok(candidate) = Candidate::try_from(&found.manifest)
                && !files.contains_key(&(candidate.id.clone(), candidate.version.clone()))
            {
                universe.exclude(&candidate.id, &candidate.version, reason.to_string());
            }
        }
        Self {
            scan,
            universe,
            files,
        }
    }

    /// The ids of all plugins that were found, loadable or not, in order.
    #[must_use]
    pub fn ids(&self) -> Vec<&str> {
        let found = self.scan.entries.iter();
        let found = found.filter_map(|one| one.class.found());
        let ids: BTreeSet<_> = found.map(|found| found.manifest.id.as_str()).collect();
        ids.into_iter().collect()
    }

    /// Requirements of plugins that nobody found, each with a sentence: a slip in a name would leave
    /// the plugin that is meant without its pin.
    #[must_use]
    pub fn pins_of_nothing<'c>(&self, config: &'c Config) -> Vec<(&'c Spanned<PluginId>, String)> {
        let known = self.ids();
        let ids = config.plugins.require.iter().map(|(id, _)| id);
        let unknown = ids.filter(|id| !known.contains(&id.value.as_str()));
        let sentence = |id: &'c Spanned<PluginId>| {
            let text = format!(
                "no plugin {} was found, so this requirement holds nothing",
                id.value
            );
            (id, text)
        };
        unknown.map(sentence).collect()
    }

    /// Sets a version aside: it is not chosen, but explanations speak of it.
    pub fn exclude(&mut self, id: &PluginId, version: &Version, reason: String) {
        self.universe.exclude(id, version, reason);
    }

    /// Adds libraries that are open, where no file of their version was found: their copies are
    /// in the store, whatever became of the files they were copied from.
    pub fn add_open(&mut self, generations: &[Arc<Generation>]) {
        let files = generations.iter().map(|open| open.path().to_owned());
        let plan = SearchPlan {
            files: files.collect(),
            ..SearchPlan::default()
        };
        // In memory: nobody looks for plugins in the store the next time.
        let scan = discovery::scan(&plan, &mut Registry::in_memory(), SystemTime::now());
        for (path, found) in scan.ready() {
            let open = generations.iter().find(|open| open.path() == path);
            let (Some(open), Ok(candidate)) = (open, Candidate::try_from(&found.manifest)) else {
                continue;
            };
            let key = (candidate.id.clone(), candidate.version.clone());
            if !self.files.contains_key(&key) && self.universe.add(candidate).is_ok() {
                let found = FoundPlugin {
                    hash: Some(open.hash()),
                    ..found.clone()
                };
                self.files.insert(key, (path.to_owned(), found));
            }
        }
    }

    /// The versions that this configuration gets, each after all it needs.
    ///
    /// # Errors
    /// A conflict that explains why there is no such choice.
    pub fn choose(&self, config: &Config) -> Result<Vec<Choice>, Conflict> {
        self.resolve(&wishes(config))
    }

    /// The versions that grant all wishes, each after all it needs.
    ///
    /// # Errors
    /// A conflict that explains why there is no such choice.
    pub fn resolve(&self, wishes: &Wishes) -> Result<Vec<Choice>, Conflict> {
        let resolution = resolve::load_order(&self.universe, wishes)?;
        let choice = |chosen: Chosen| {
            let key = (chosen.id.clone(), chosen.version.clone());
            let (path, found) = self.files.get(&key)?.clone();
            Some(Choice {
                chosen,
                path,
                found,
            })
        };
        Ok(resolution.order.into_iter().filter_map(choice).collect())
    }
}

/// What a configuration asks for.
fn wishes(config: &Config) -> Wishes {
    let wish = |kind: &str, id: String, component: &ComponentAddress| VersionWish {
        by: format!("{kind} `{id}`"),
        id: component.plugin().clone(),
        component: component.component().map(str::to_owned),
        versions: None,
    };
    let stages = config.stages.iter();
    let stages = stages.map(|at| wish("stage", at.id.to_string(), &at.part.component.value));
    let fallbacks = config.stages.iter().filter_map(|at| {
        let component = at.fallback_in_use()?;
        Some(wish(
            "fallback of stage",
            at.id.to_string(),
            &component.value,
        ))
    });
    let taps = config.taps.iter();
    let taps = taps.map(|at| wish("tap", at.id.to_string(), &at.part.component.value));
    let decides = config.decides.iter();
    let decides = decides.map(|at| wish("decision", at.id.to_string(), &at.part.component.value));
    let require = config.plugins.require.iter();
    let require = require.map(|(id, versions)| (id.value.clone(), versions.value.clone()));
    Wishes {
        stages: stages.chain(fallbacks).chain(taps).chain(decides).collect(),
        require: require.collect(),
        running: BTreeMap::new(),
    }
}
