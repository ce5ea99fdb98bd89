//! Search: where plugins are looked for, and what is found there.
//!
//! In: `--plugin-path`, the environment and a configuration. Out: a plan, and what is there.

use std::time::SystemTime;

use crate::cli::arguments::Search;
use crate::cli::shell::Shell;
use crate::config::model::Config;
use crate::discovery::{self, FolderOrigin, Hints, Registry, Scan, SearchPlan};
use crate::id::PluginId;
use crate::resolve::Chosen;
use crate::session::Choice;

/// Where plugins are looked for.
pub(super) fn plan(shell: &Shell, arguments: &Search, config: Option<&Config>) -> SearchPlan {
    plan_of(&hints(shell, arguments), config)
}

/// What arguments and environment say, whatever the configuration is.
pub(super) fn hints(shell: &Shell, arguments: &Search) -> Hints {
    let environment = &shell.environment;
    Hints {
        arguments: arguments.plugin_path.clone(),
        environment: environment.variable("SEGUE_PLUGIN_PATH"),
        configuration: Vec::new(),
        home: environment.home(),
        executable: environment.executable_folder(),
    }
}

/// Where plugins are looked for, with what a configuration says.
pub(super) fn plan_of(hints: &Hints, config: Option<&Config>) -> SearchPlan {
    let plugins = config.map(|config| &config.plugins);
    let paths = plugins.into_iter().flat_map(|plugins| &plugins.paths);
    let files = plugins.into_iter().flat_map(|plugins| &plugins.files);
    let mut plan = SearchPlan::new(&Hints {
        configuration: paths.map(|path| path.value.clone()).collect(),
        ..hints.clone()
    });
    plan.files = files.map(|file| file.value.clone()).collect();
    if plugins.is_some_and(|plugins| !plugins.discover.value) {
        // What somebody types in this very command is meant all the same.
        plan.folders
            .retain(|place| place.origin == FolderOrigin::Argument);
    }
    plan
}

/// What is found there. Nothing is opened; what files told is kept for the next time.
pub(super) fn scan(shell: &Shell, plan: &SearchPlan) -> Scan {
    let mut registry = Registry::load(&shell.environment.cache());
    let scan = discovery::scan(plan, &mut registry, SystemTime::now());
    if let Err(error) = registry.save() {
        tracing::debug!(%error, "the registry could not be written; the next scan reads again");
    }
    scan
}

/// What is found there, by looking at every file anew and keeping nothing.
pub(super) fn look(plan: &SearchPlan) -> Scan {
    discovery::scan(plan, &mut Registry::in_memory(), SystemTime::now())
}

/// The newest of every plugin that is ready.
pub(super) fn newest(scan: &Scan) -> Vec<Choice> {
    let mut newest: Vec<Choice> = Vec::new();
    for (path, found) in scan.ready() {
        let Ok(id) = found.manifest.id.parse::<PluginId>() else {
            continue; // A manifest's id keeps the same rule.
        };
        let version = found.manifest.version.clone();
        let known = newest.iter().position(|choice| choice.chosen.id == id);
        let choice = Choice {
            chosen: Chosen {
                id,
                version,
                uses: Vec::new(),
            },
            path: path.to_owned(),
            found: found.clone(),
        };
        match known {
            None => newest.push(choice),
            Some(at) if newest[at].chosen.version < choice.chosen.version => newest[at] = choice,
            Some(_) => {}
        }
    }
    newest
}
