//! Configuration: which file it is, and what flags and environment put over it.

use std::path::{Path, PathBuf};

use crate::cli::environment::is_library;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::shell::Shell;
use crate::config;
use crate::config::find::find;
use crate::config::model::Config;
use crate::config::overlay::{Override, from_environment};
use crate::process::start;

/// The path of the configuration: the one that is named, or the first that is there.
///
/// # Errors
/// When there is none, or it is a library.
pub(super) fn path(shell: &Shell, named: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(library) = named.filter(|path| is_library(path)) {
        let message = format!(
            "{} is a library, expected a configuration",
            library.display()
        );
        let help = format!(
            "`segue inspect {}` shows what a plugin is",
            library.display()
        );
        return Err(Failure::new(Exit::Misused, message).help(help));
    }
    let found = find(&shell.environment.configuration(named)).map_err(|error| {
        Failure::of(Exit::Misused, &error)
            .help("`segue init` writes one to start from; `segue run IN OUT --stage …` needs none")
    })?;
    Ok(found.path)
}

/// Reads the configuration, with the environment and these flags over it.
///
/// # Errors
/// When there is none, or it has mistakes.
pub(super) fn read(
    shell: &Shell,
    named: Option<&Path>,
    flags: Vec<Override>,
) -> Result<Config, Failure> {
    let path = path(shell, named)?;
    config::read(&path, &overrides(flags)).map_err(Failure::mistakes)
}

/// The configuration that lists where plugins are, for commands that do without one: `None` when
/// there is none, or when it has mistakes, which is said.
pub(super) fn read_if_any(shell: &Shell) -> Option<Config> {
    let found = find(&shell.environment.configuration(None)).ok()?;
    match config::read(&found.path, &overrides(Vec::new())) {
        Ok(config) => Some(config),
        Err(_) => {
            let path = found.path.display();
            tracing::warn!(
                "{path} has mistakes, so its [plugins] are not searched; `segue check` explains them"
            );
            None
        }
    }
}

/// What flags and environment put over a configuration. A flag wins.
pub(super) fn overrides(flags: Vec<Override>) -> Vec<Override> {
    // A name that is not UTF-8 is no key's. A value that is not is wrong where it stands, not absent.
    let variables = start::variables();
    let texts = variables.into_iter().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        Some((name, value.to_string_lossy().into_owned()))
    });
    let mut overrides = from_environment(texts);
    overrides.extend(flags);
    overrides
}
