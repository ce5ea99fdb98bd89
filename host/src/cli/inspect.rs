//! Inspect: everything a plugin says of itself, also one that cannot be loaded here.
//!
//! In: an address, or a library file. Out: text within the terminal, a table for a configuration,
//! or JSON. Nothing is opened: the manifest is read as data.

mod json;
mod names;
mod part;
mod plugin;
#[cfg(test)]
mod tests;
mod toml;

use std::ffi::OsStr;
use std::path::Path;

use segue_plugin::manifest::{Component, Manifest};

use crate::cli::arguments::Inspect;
use crate::cli::configuration;
use crate::cli::environment::is_library;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::search;
use crate::cli::shell::Shell;
use crate::config::nearest::{did_you_mean, listed};
use crate::discovery::{Class, Entry, Scan, SearchPlan};
use crate::id::ComponentAddress;

/// Shows what a plugin says of itself.
///
/// # Errors
/// When there is no such plugin or file, or it has no manifest.
pub(super) fn inspect(shell: &Shell, arguments: &Inspect) -> Result<Exit, Failure> {
    let what = Path::new(&arguments.what);
    if what.extension().is_some_and(|ending| ending == "toml") {
        let message = format!("{} is a configuration, expected a plugin", what.display());
        let help = format!("`segue check {}` looks for mistakes in it", what.display());
        return Err(Failure::new(Exit::Misused, message).help(help));
    }
    // A name such as `acme.so` could be both; what is there wins, then what looks like a file.
    if what.exists() || is_library(what) || arguments.what.as_encoded_bytes().starts_with(b".") {
        return file(shell, arguments, what);
    }
    let address = address(&arguments.what)?;
    let config = configuration::read_if_any(shell);
    let plan = search::plan(shell, &arguments.search, config.as_ref());
    let scan = search::scan(shell, &plan);
    let entry = choose(&scan, &address)?;
    show(shell, arguments, entry, address.component())
}

fn address(what: &OsStr) -> Result<ComponentAddress, Failure> {
    let text = what.to_string_lossy();
    text.parse().map_err(|error| {
        Failure::of(Exit::Misused, &error)
            .help("name a plugin as `segue list` does, or a file that is there")
    })
}

fn file(shell: &Shell, arguments: &Inspect, path: &Path) -> Result<Exit, Failure> {
    let plan = SearchPlan {
        files: vec![path.to_owned()],
        ..SearchPlan::default()
    };
    // Not with the registry of the catalogue: it would forget every other file.
    let scan = search::look(&plan);
    match scan.entries.first() {
        Some(entry) => show(shell, arguments, entry, None),
        None => Err(Failure::new(Exit::Failed, "the file was not looked at")),
    }
}

/// The plugin that an address names: the highest version, one that is ready before any other.
fn choose<'s>(scan: &'s Scan, address: &ComponentAddress) -> Result<&'s Entry, Failure> {
    let passed_over = |at: usize| scan.duplicates.iter().any(|one| one.later == at);
    let entries = scan.entries.iter().enumerate();
    let named = entries.filter_map(|(at, entry)| {
        let manifest = &entry.class.found()?.manifest;
        let is_meant = manifest.id == address.plugin().as_str() && !passed_over(at);
        is_meant.then_some((entry, manifest))
    });
    let is_ready = |entry: &Entry| matches!(entry.class, Class::Ready(_));
    let best = named.max_by_key(|(entry, manifest)| (is_ready(entry), manifest.version.clone()));
    match best {
        Some((entry, _)) => Ok(entry),
        None => Err(unknown(scan, address)),
    }
}

fn unknown(scan: &Scan, address: &ComponentAddress) -> Failure {
    let name = address.plugin().as_str();
    let manifests = scan.entries.iter().filter_map(|entry| entry.class.found());
    let known: Vec<_> = manifests.map(|found| found.manifest.id.as_str()).collect();
    let help = did_you_mean(name, known.iter().copied());
    let help = help.unwrap_or_else(|| {
        "`segue list` shows what there is, `segue list --why` where it was looked for".to_owned()
    });
    Failure::new(Exit::Plugin, format!("there is no plugin `{name}`")).help(help)
}

/// Shows one file; of its components one, if one is named.
fn show(
    shell: &Shell,
    arguments: &Inspect,
    entry: &Entry,
    component: Option<&str>,
) -> Result<Exit, Failure> {
    let Some(found) = entry.class.found() else {
        return Err(without_manifest(entry));
    };
    let components = components(&found.manifest, component)?;
    let width = shell.terminal.out.width;
    let text = match (arguments.toml, arguments.json) {
        (true, _) => toml::text(&found.manifest, &components, width),
        (_, true) => json::text(entry, found, &components),
        _ => {
            let mut text = plugin::text(entry, found, &shell.terminal.out);
            for component in &components {
                text.push_str(&part::text(&found.manifest, component, &shell.terminal.out));
            }
            text
        }
    };
    shell.terminal.print(&text);
    Ok(Exit::Done)
}

fn without_manifest(entry: &Entry) -> Failure {
    let (path, class) = (entry.path.display(), entry.class.name());
    let reason = entry.class.reason().unwrap_or_default();
    let exit = match entry.class {
        Class::Unreadable(_) => Exit::Failed,
        _ => Exit::Plugin,
    };
    Failure::new(exit, format!("{path} is {class}: {reason}"))
}

fn components<'m>(
    manifest: &'m Manifest,
    name: Option<&str>,
) -> Result<Vec<&'m Component>, Failure> {
    let Some(name) = name else {
        return Ok(manifest.components.iter().collect());
    };
    match manifest.component(name) {
        Some(component) => Ok(vec![component]),
        None => {
            let (id, version) = (&manifest.id, &manifest.version);
            let names = || manifest.components.iter().map(|one| one.name.as_str());
            let message = format!("{id} {version} has no component `{name}`");
            let help = did_you_mean(name, names());
            let help = help.unwrap_or_else(|| format!("it has {}", listed(names())));
            Err(Failure::new(Exit::Plugin, message).help(help))
        }
    }
}
