//! Environment: what the process was started with, beside its arguments.
//!
//! In: variables, by a function that looks one up. Out: folders of the XDG base directory
//! specification, and places to search. Works without `HOME`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::config::find::ConfigPlaces;
use crate::process::start;
use crate::system::people;

/// The name of Segue's folder in every folder of the user's.
const NAME: &str = "segue";

/// The system's folder of configurations.
const SYSTEM: &str = "/etc";

/// Returns the value of a variable.
type Lookup = dyn Fn(&str) -> Option<OsString>;

/// What the process was started with.
pub(super) struct Environment {
    variable: Box<Lookup>,
    executable: Option<PathBuf>,
}

impl Environment {
    /// That of this process.
    pub(super) fn of_process() -> Self {
        Self::new(start::variable, std::env::current_exe().ok())
    }

    /// One with these variables, for an executable at this path.
    fn new(
        variable: impl Fn(&str) -> Option<OsString> + 'static,
        executable: Option<PathBuf>,
    ) -> Self {
        Self {
            variable: Box::new(variable),
            executable,
        }
    }

    /// A variable that is set and not empty.
    pub(super) fn variable(&self, name: &str) -> Option<OsString> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    /// The user's home.
    pub(super) fn home(&self) -> Option<PathBuf> {
        self.absolute("HOME")
    }

    /// The folder of the executable.
    pub(super) fn executable_folder(&self) -> Option<PathBuf> {
        Some(self.executable.as_ref()?.parent()?.to_owned())
    }

    /// Where things are kept that can be found out again.
    pub(super) fn cache(&self) -> PathBuf {
        self.folder("XDG_CACHE_HOME", ".cache")
    }

    /// Where things are kept that concern this machine only, as what was being done.
    pub(super) fn state(&self) -> PathBuf {
        self.folder("XDG_STATE_HOME", ".local/state")
    }

    /// Where things are kept that live as long as the user is logged in, if there is such a place.
    pub(super) fn runtime(&self) -> Option<PathBuf> {
        self.absolute("XDG_RUNTIME_DIR")
    }

    /// Where the configuration may be; `flag` is `--config`.
    pub(super) fn configuration(&self, flag: Option<&Path>) -> ConfigPlaces {
        ConfigPlaces {
            flag: flag.map(Path::to_owned),
            variable: self.variable("SEGUE_CONFIG").map(PathBuf::from),
            folder: PathBuf::new(),
            config_home: self.variable("XDG_CONFIG_HOME").map(PathBuf::from),
            home: self.home(),
            system: PathBuf::from(SYSTEM),
        }
    }

    /// The user's folder of a kind; without a home one among the temporary files, for each user
    /// another.
    fn folder(&self, variable: &str, below_home: &str) -> PathBuf {
        let named = self.absolute(variable);
        let base = named.or_else(|| self.home().map(|home| home.join(below_home)));
        match base {
            Some(base) => base.join(NAME),
            None => {
                let user = people::starter();
                let temporary = self.absolute("TMPDIR").unwrap_or_else(|| "/tmp".into());
                temporary
                    .join(format!("{NAME}-{user}"))
                    .join(kind(variable))
            }
        }
    }

    /// A folder that a variable names. The specification says to ignore relative ones.
    fn absolute(&self, name: &str) -> Option<PathBuf> {
        let path = PathBuf::from(self.variable(name)?);
        path.is_absolute().then_some(path)
    }
}

/// Whether a path is called like a library of any system.
pub(super) fn is_library(path: &Path) -> bool {
    let ending = path.extension().and_then(OsStr::to_str);
    ending.is_some_and(|ending| {
        ["so", "dll", "dylib"]
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
    })
}

/// `cache` of `XDG_CACHE_HOME`.
fn kind(variable: &str) -> String {
    let kind = variable.trim_start_matches("XDG_");
    kind.trim_end_matches("_HOME").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &'static [(&str, &str)], cache: &str, state: &str) {
        let find = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let environment = Environment::new(find, None);
        assert_eq!(environment.cache(), Path::new(cache));
        assert_eq!(environment.state(), Path::new(state));
    }

    #[test]
    fn folders_are_where_the_variables_say() {
        let variables = &[("HOME", "/h"), ("XDG_CACHE_HOME", "/c")];
        check(variables, "/c/segue", "/h/.local/state/segue");
    }

    #[test]
    fn a_relative_or_empty_folder_is_ignored() {
        let variables = &[
            ("HOME", "/h"),
            ("XDG_CACHE_HOME", "c"),
            ("XDG_STATE_HOME", ""),
        ];
        check(variables, "/h/.cache/segue", "/h/.local/state/segue");
    }

    #[test]
    fn without_a_home_each_user_has_folders_among_the_temporary_files() {
        let user = people::starter();
        let (cache, state) = (
            format!("/t/segue-{user}/cache"),
            format!("/t/segue-{user}/state"),
        );
        check(&[("TMPDIR", "/t")], &cache, &state);
    }

    #[test]
    fn libraries_of_every_system_are_known_by_their_names() {
        for (path, expected) in [
            ("a/b.so", true),
            ("B.DLL", true),
            ("so", false),
            ("a.toml", false),
        ] {
            assert_eq!(is_library(Path::new(path)), expected, "{path}");
        }
    }
}
