//! Start: the folder and the environment that the process was started with.
//!
//! In: both, once, before any library is opened. Out: absolute paths and variables that stay what
//! they were, though a plugin changes the folder or clears the environment: both belong to the
//! whole process, and any code in it may change them.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use segue_media::surroundings::{self, Meanings};

use crate::process::standard;

/// What was remembered; without it, in a program that embeds the host, the present state counts.
static START: OnceLock<StartFacts> = OnceLock::new();

struct StartFacts {
    folder: Option<PathBuf>,
    variables: Vec<(OsString, OsString)>,
}

/// Remembers both, once, and has samples read and written accordingly. Thread: main, before there
/// are others.
pub fn remember() {
    surroundings::keep(Meanings {
        absolute,
        output: standard::output_file,
        meant_by: standard::meant_by,
    });
    START.get_or_init(|| StartFacts {
        folder: env::current_dir().ok(),
        variables: env::vars_os().collect(),
    });
}

/// A path as it was meant when the process was started. Thread: any.
#[must_use]
pub fn absolute(path: &Path) -> PathBuf {
    let folder = START.get().and_then(|start| start.folder.as_deref());
    let path = folder.map_or_else(|| path.to_owned(), |folder| folder.join(path));
    std::path::absolute(&path).unwrap_or(path)
}

/// A variable of the environment. Thread: any.
#[must_use]
pub fn variable(name: &str) -> Option<OsString> {
    let Some(start) = START.get() else {
        return env::var_os(name);
    };
    let found = start.variables.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.clone())
}

/// Every variable of the environment. Thread: any.
#[must_use]
pub fn variables() -> Vec<(OsString, OsString)> {
    match START.get() {
        Some(start) => start.variables.clone(),
        None => env::vars_os().collect(),
    }
}

/// The folder that the process was started in. Thread: any.
#[must_use]
pub fn folder() -> Option<PathBuf> {
    match START.get() {
        Some(start) => start.folder.clone(),
        None => env::current_dir().ok(),
    }
}
