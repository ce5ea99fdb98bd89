//! Find: which file is the configuration.
//!
//! In: what the flag, the environment and the folders say, as plain values. Out: the first file
//! that is named or there, and why it is the one.
//!
//! Control threads; it asks the file system whether files exist, and reads none.

use std::path::{Path, PathBuf};

/// What the file is called in a folder that is searched.
const FILE_NAME: &str = "plugins.toml";

/// Where to look. The caller fills it from its command line and environment.
#[derive(Debug, Clone, Default)]
pub struct ConfigPlaces {
    /// `--config`.
    pub flag: Option<PathBuf>,
    /// `SEGUE_CONFIG`.
    pub variable: Option<PathBuf>,
    /// The folder the program was started in.
    pub folder: PathBuf,
    /// `XDG_CONFIG_HOME`.
    pub config_home: Option<PathBuf>,
    /// `HOME`, whose `.config` is meant where `XDG_CONFIG_HOME` is not set.
    pub home: Option<PathBuf>,
    /// The system's folder of configurations, `/etc`.
    pub system: PathBuf,
}

/// Why a file is the one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// `--config` names it.
    Flag,
    /// `SEGUE_CONFIG` names it.
    Variable,
    /// It is in the folder the program was started in.
    Folder,
    /// It is in the user's folder of configurations.
    User,
    /// It is in the system's.
    System,
}

/// The configuration file. Whether it can be read is found out by reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundConfig {
    /// Its path.
    pub path: PathBuf,
    /// Why it is the one.
    pub why: Why,
}

/// That there is no configuration anywhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no plugins.toml was found, looked for {}", shown(looked_for))]
pub struct NotFound {
    /// Every file that was looked for, in order.
    pub looked_for: Vec<PathBuf>,
}

fn shown(paths: &[PathBuf]) -> String {
    let paths: Vec<_> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    paths.join(", ")
}

/// Finds the configuration: a file that is named is taken whether it is there or not, so that a
/// wrong name is a mistake and never silently another file.
///
/// # Errors
/// When none is named and none is there.
pub fn find(places: &ConfigPlaces) -> Result<FoundConfig, NotFound> {
    for (named, why) in [(&places.flag, Why::Flag), (&places.variable, Why::Variable)] {
        if let Some(path) = named.as_ref().filter(|path| !path.as_os_str().is_empty()) {
            return Ok(FoundConfig {
                path: path.clone(),
                why,
            });
        }
    }
    let searched = searched(places);
    match searched.iter().find(|found| found.path.exists()) {
        Some(found) => Ok(found.clone()),
        None => Err(NotFound {
            looked_for: searched.into_iter().map(|found| found.path).collect(),
        }),
    }
}

fn searched(places: &ConfigPlaces) -> Vec<FoundConfig> {
    let config_home = places.config_home.clone();
    // The XDG base directory specification: a relative path there is to be ignored.
    let user = config_home
        .filter(|path| path.is_absolute())
        .or_else(|| places.home.as_ref().map(|home| home.join(".config")));
    let below = |folder: &Path| folder.join("segue").join(FILE_NAME);
    let mut searched = vec![FoundConfig {
        path: places.folder.join(FILE_NAME),
        why: Why::Folder,
    }];
    searched.extend(user.map(|folder| FoundConfig {
        path: below(&folder),
        why: Why::User,
    }));
    searched.push(FoundConfig {
        path: below(&places.system),
        why: Why::System,
    });
    searched
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Finds among the files that exist under a root; returns the path below it and why.
    fn check(files: &[&str], change: impl FnOnce(&mut ConfigPlaces), expected: (&str, Why)) {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let mut places = ConfigPlaces {
            folder: root.path().join("here"),
            home: Some(root.path().join("home")),
            system: root.path().join("etc"),
            ..ConfigPlaces::default()
        };
        change(&mut places);
        let found = find(&places).unwrap();
        let path = found.path.strip_prefix(root.path()).unwrap_or(&found.path);
        assert_eq!((path.to_str().unwrap(), found.why), expected);
    }

    const ALL: &[&str] = &[
        "here/plugins.toml",
        "home/.config/segue/plugins.toml",
        "etc/segue/plugins.toml",
    ];

    #[test]
    fn what_is_named_wins_whether_it_is_there_or_not() {
        let flag = |places: &mut ConfigPlaces| {
            places.flag = Some("a.toml".into());
            places.variable = Some("b.toml".into());
        };
        check(ALL, flag, ("a.toml", Why::Flag));
        let variable = |places: &mut ConfigPlaces| places.variable = Some("b.toml".into());
        check(ALL, variable, ("b.toml", Why::Variable));
        let empty = |places: &mut ConfigPlaces| places.variable = Some("".into());
        check(ALL, empty, (ALL[0], Why::Folder));
    }

    #[test]
    fn the_nearest_folder_wins() {
        check(ALL, |_| {}, (ALL[0], Why::Folder));
        check(&ALL[1..], |_| {}, (ALL[1], Why::User));
        check(&ALL[2..], |_| {}, (ALL[2], Why::System));
    }

    #[test]
    fn the_users_folder_of_configurations_is_where_the_environment_says() {
        let root = tempfile::tempdir().unwrap();
        let home = root.path().join("segue");
        fs::create_dir_all(&home).unwrap();
        fs::write(home.join(FILE_NAME), "").unwrap();
        let moved = |places: &mut ConfigPlaces| places.config_home = Some(root.path().into());
        let expected = home.join(FILE_NAME);
        check(&ALL[1..], moved, (expected.to_str().unwrap(), Why::User));
        let relative = |places: &mut ConfigPlaces| places.config_home = Some("x".into());
        check(&ALL[1..], relative, (ALL[1], Why::User));
    }

    #[test]
    fn nothing_anywhere_says_where_it_was_looked_for() {
        let places = ConfigPlaces {
            folder: "/nowhere".into(),
            system: "/nowhere/etc".into(),
            ..ConfigPlaces::default()
        };
        assert_eq!(
            find(&places).unwrap_err().to_string(),
            "no plugins.toml was found, looked for /nowhere/plugins.toml, \
             /nowhere/etc/segue/plugins.toml"
        );
    }
}
