//! Plan: where plugins are looked for, and in which order.
//!
//! In: what flags, environment and configuration say. Out: a [`SearchPlan`]; nothing is read yet.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The most folders of a plan; the rest is left out and said.
pub const PLACES_MAX: usize = 1_024;

/// Who named a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FolderOrigin {
    /// The command line, by `--plugin-path`.
    Argument,
    /// The environment, by `SEGUE_PLUGIN_PATH`.
    Environment,
    /// The configuration, by `[plugins] paths` of `plugins.toml`.
    Configuration,
    /// Nobody: it is where the user's own plugins are.
    User,
    /// Plugins of this machine, installed by hand.
    Local,
    /// Plugins of this machine, installed by packages.
    System,
    /// The folder of the executable, where a build leaves its plugins beside its other libraries.
    Executable,
}

/// A folder to search, with who named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchFolder {
    /// The path of the folder.
    pub path: PathBuf,
    /// Who named the folder.
    pub origin: FolderOrigin,
}

/// Where plugins are looked for, in this order: of two files of one plugin and version the first
/// wins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchPlan {
    /// Libraries named one by one.
    pub files: Vec<PathBuf>,
    /// Folders to search, not their subfolders.
    pub folders: Vec<SearchFolder>,
    /// Where ids are accepted that are held for the host's own plugins.
    pub own: OwnFolders,
}

/// Where plugins may have ids under [`RESERVED`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum OwnFolders {
    /// Wherever somebody looks: for those who name files that were judged before, as copies in the
    /// host's store.
    #[default]
    Anywhere,
    /// In these folders only, by whatever way they are reached.
    In(Vec<PathBuf>),
}

/// What ids of the host's own plugins begin with. A stranger's plugin of such an id would take the
/// place of the host's own wherever a configuration names it.
pub const RESERVED: &str = "segue.";

/// The folders of this machine's plugins: those installed by hand, those installed by packages.
const LOCAL: &str = "/usr/local/lib/segue";
const SYSTEM: &str = "/usr/lib/segue";

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
            plan.add_list(argument, FolderOrigin::Argument);
        }
        if let Some(list) = &hints.environment {
            plan.add_list(list, FolderOrigin::Environment);
        }
        for path in &hints.configuration {
            plan.add(path, FolderOrigin::Configuration);
        }
        if let Some(home) = &hints.home {
            plan.add(&home.join(".local/lib/segue"), FolderOrigin::User);
        }
        plan.add(Path::new(LOCAL), FolderOrigin::Local);
        plan.add(Path::new(SYSTEM), FolderOrigin::System);
        let own = [LOCAL, SYSTEM].map(PathBuf::from).into_iter();
        plan.own = OwnFolders::In(own.chain(hints.executable.clone()).collect());
        if let Some(folder) = &hints.executable {
            plan.add(folder, FolderOrigin::Executable);
        }
        plan
    }

    /// Adds one folder after those that are there.
    pub fn add(&mut self, path: &Path, origin: FolderOrigin) {
        let path = path.to_owned();
        self.folders.push(SearchFolder { path, origin });
    }

    /// Adds the folders of a list like `PATH`. An empty entry names no folder.
    fn add_list(&mut self, list: &OsStr, origin: FolderOrigin) {
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
        assert_eq!(plan.folders[2].origin, FolderOrigin::Argument);
        assert_eq!(plan.folders[3].origin, FolderOrigin::Environment);
        assert_eq!(plan.folders[9].origin, FolderOrigin::Executable);
    }
}
