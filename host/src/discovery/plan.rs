//! Plan: where plugins are looked for, and in which order.
//!
//! In: what flags, environment and configuration say. Out: a [`SearchPlan`]; nothing is read yet.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The most folders of a plan; the rest is left out and said.
pub const PLACES_MAX: usize = 1_024;

/// Who named a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// `--plugin-path`.
    Argument,
    /// `SEGUE_PLUGIN_PATH`.
    Environment,
    /// `[plugins] paths` of `plugins.toml`.
    Configuration,
    /// The user's own plugins.
    User,
    /// Plugins of this machine, installed by hand.
    Local,
    /// Plugins of this machine, installed by packages.
    System,
    /// The folder of the executable, where a build leaves its plugins beside its other libraries.
    Executable,
}

/// A folder to search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The folder.
    pub path: PathBuf,
    /// Who named it.
    pub origin: Origin,
}

/// Where plugins are looked for, in this order: of two files of one plugin and version the first
/// wins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchPlan {
    /// Libraries named one by one.
    pub files: Vec<PathBuf>,
    /// Folders to search, not their subfolders.
    pub folders: Vec<Place>,
}

/// What the caller knows about where plugins may be.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// Each `--plugin-path`, which may be a list as in the environment.
    pub arguments: Vec<OsString>,
    /// The value of `SEGUE_PLUGIN_PATH`.
    pub environment: Option<OsString>,
    /// `[plugins] paths`, made absolute.
    pub configuration: Vec<PathBuf>,
    /// The user's home.
    pub home: Option<PathBuf>,
    /// The folder of the executable.
    pub executable: Option<PathBuf>,
}

impl SearchPlan {
    /// The usual places in the usual order.
    #[must_use]
    pub fn new(hints: &Hints) -> Self {
        let mut plan = Self::default();
        for argument in &hints.arguments {
            plan.add_list(argument, Origin::Argument);
        }
        if let Some(list) = &hints.environment {
            plan.add_list(list, Origin::Environment);
        }
        for path in &hints.configuration {
            plan.add(path, Origin::Configuration);
        }
        if let Some(home) = &hints.home {
            plan.add(&home.join(".local/lib/segue"), Origin::User);
        }
        plan.add(Path::new("/usr/local/lib/segue"), Origin::Local);
        plan.add(Path::new("/usr/lib/segue"), Origin::System);
        if let Some(folder) = &hints.executable {
            plan.add(folder, Origin::Executable);
        }
        plan
    }

    /// Adds one folder after those that are there.
    pub fn add(&mut self, path: &Path, origin: Origin) {
        let path = path.to_owned();
        self.folders.push(Place { path, origin });
    }

    /// Adds the folders of a list like `PATH`. An empty entry names no folder.
    fn add_list(&mut self, list: &OsStr, origin: Origin) {
        for path in std::env::split_paths(list) {
            if !path.as_os_str().is_empty() {
                self.add(&path, origin);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_in_the_order_of_who_names_them() {
        let plan = SearchPlan::new(&Hints {
            arguments: vec!["/a:/b".into(), "/c".into()],
            environment: Some("/d::/e".into()),
            configuration: vec!["/f".into()],
            home: Some("/home/anna".into()),
            executable: Some("/opt/segue/bin".into()),
        });
        let folders: Vec<_> = plan
            .folders
            .iter()
            .map(|place| place.path.to_str().unwrap())
            .collect();
        let (user, own) = ("/home/anna/.local/lib/segue", "/opt/segue/bin");
        let named = ["/a", "/b", "/c", "/d", "/e", "/f", user];
        let usual = ["/usr/local/lib/segue", "/usr/lib/segue", own];
        assert_eq!(folders, [&named[..], &usual[..]].concat());
        assert_eq!(plan.folders[2].origin, Origin::Argument);
        assert_eq!(plan.folders[3].origin, Origin::Environment);
        assert_eq!(plan.folders[9].origin, Origin::Executable);
    }
}
