//! List: which components there are, and what became of every other file.
//!
//! In: the folders where plugins are looked for. Out: one line per component, with the address an
//! operator types; then files that are not ready, each with class and reason. Nothing is opened.

mod files;
mod json;
mod refused;
#[cfg(test)]
mod tests;

use segue_plugin::declare::Kind;
use segue_plugin::manifest::{Component, Manifest};

use crate::cli::arguments::{KindWord, ListArguments};
use crate::cli::configuration;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::list::refused::RefusedFiles;
use crate::cli::search;
use crate::cli::shell::Shell;
use crate::cli::terminal::Look;
use crate::cli::text::{columns, count, cut, first_sentence};
use crate::discovery::{Class, FoundPlugin, Scan};

/// Lists what there is.
///
/// # Errors
/// None so far: what is wrong with a file is part of the list.
pub(super) fn list(shell: &Shell, arguments: &ListArguments) -> Result<Exit, Failure> {
    let config = configuration::read_if_any(shell);
    let plan = search::plan(shell, &arguments.search, config.as_ref());
    let scan = search::scan(shell, &plan);
    let wanted = ListWanted::of(arguments);
    let refused = RefusedFiles::of(shell, &scan, wanted.files);
    let text = match arguments.json {
        true => json::text(&scan, &refused, wanted.kind),
        false => text(&scan, &refused, &wanted, &shell.terminal.out),
    };
    shell.terminal.print(&text);
    Ok(Exit::Done)
}

/// What is to be listed.
#[derive(Debug, Clone, Copy)]
struct ListWanted {
    kind: Option<Kind>,
    each: Each,
    files: ListedFiles,
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Each {
    Component,
    Plugin,
}

/// Which files are spoken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ListedFiles {
    /// Those that somebody probably took for plugins.
    Suspect,
    /// All, and every folder.
    All,
}

impl ListWanted {
    fn of(arguments: &ListArguments) -> Self {
        Self {
            kind: kind(arguments.kind),
            each: match arguments.plugins {
                true => Each::Plugin,
                false => Each::Component,
            },
            files: match arguments.why {
                true => ListedFiles::All,
                false => ListedFiles::Suspect,
            },
        }
    }
}

fn kind(word: Option<KindWord>) -> Option<Kind> {
    Some(match word? {
        KindWord::Processor => Kind::Processor,
        KindWord::Analyzer => Kind::Analyzer,
        KindWord::Metric => Kind::Metric,
        KindWord::Decision => Kind::Decision,
    })
}

fn text(scan: &Scan, refused: &RefusedFiles, wanted: &ListWanted, look: &Look) -> String {
    let ready = ready(scan);
    let rows: Vec<_> = match wanted.each {
        Each::Component => components(&ready, wanted.kind),
        Each::Plugin => ready
            .iter()
            .filter(|(_, found)| has_kind(&found.manifest, wanted.kind))
            .map(|(path, found)| plugin(&found.manifest, path))
            .collect(),
    };
    let mut text = String::new();
    for line in columns(&rows) {
        // A line in a file or a pipe is whole; on a terminal it stays one line.
        let line = match look.is_terminal {
            true => cut(&line, look.width),
            false => line,
        };
        text.push_str(&format!("{line}\n"));
    }
    if rows.is_empty() {
        text.push_str(&nothing(&ready, wanted));
    }
    text.push_str(&files::refused(scan, refused, look));
    text.push_str(&files::text(scan, wanted.files, look));
    if ready.is_empty() || wanted.files == ListedFiles::All {
        text.push_str(&files::folders(scan, look));
    }
    text
}

/// Plugins that are ready, by id and version.
fn ready(scan: &Scan) -> Vec<(String, &FoundPlugin)> {
    let mut ready: Vec<_> = scan
        .ready()
        .map(|(path, found)| (path.display().to_string(), found))
        .collect();
    ready.sort_by(|(_, one), (_, other)| {
        let (one, other) = (&one.manifest, &other.manifest);
        (&one.id, &one.version).cmp(&(&other.id, &other.version))
    });
    ready
}

fn nothing(ready: &[(String, &FoundPlugin)], wanted: &ListWanted) -> String {
    match (ready.is_empty(), wanted.kind) {
        (false, Some(kind)) => {
            let plugins = count(ready.len(), "plugin");
            format!("no {} among {plugins}\n", kind.name())
        }
        _ => "no plugins were found\n".to_owned(),
    }
}

fn components(ready: &[(String, &FoundPlugin)], kind: Option<Kind>) -> Vec<Vec<String>> {
    let all = ready.iter().flat_map(|(_, found)| {
        let components = found.manifest.components.iter();
        components.map(|component| (&found.manifest, component))
    });
    all.filter(|(_, component)| kind.is_none_or(|kind| component.kind == kind))
        .map(|(manifest, component)| {
            vec![
                address(manifest, component),
                manifest.version.to_string(),
                component.kind.name().to_owned(),
                first_sentence(&component.doc),
            ]
        })
        .collect()
}

fn has_kind(manifest: &Manifest, kind: Option<Kind>) -> bool {
    let mut components = manifest.components.iter();
    kind.is_none_or(|kind| components.any(|component| component.kind == kind))
}

fn plugin(manifest: &Manifest, path: &str) -> Vec<String> {
    vec![
        manifest.id.clone(),
        manifest.version.to_string(),
        count(manifest.components.len(), "component"),
        path.to_owned(),
    ]
}

/// What an operator types: the plugin alone where it has one component.
fn address(manifest: &Manifest, component: &Component) -> String {
    match manifest.components.len() {
        1 => manifest.id.clone(),
        _ => format!("{}/{}", manifest.id, component.name),
    }
}

/// Whether a file is no plugin and no other sort of surprise.
fn is_foreign(class: &Class) -> bool {
    matches!(class, Class::NotAPlugin(_))
}
