//! Json: the list for programs, with its schema version inside.

use segue_plugin::declare::Kind;
use serde_json::{Value, json};

use crate::cli::list::address;
use crate::cli::list::files::origin;
use crate::cli::list::refused::RefusedFiles;
use crate::discovery::{ContentMatch, Entry, FolderOutcome, Scan, Searched};

/// The version of the list's shape. Fields are only ever added.
const SCHEMA_VERSION: u32 = 1;

/// Components of plugins that are ready, every file, duplicates, and every folder.
pub(super) fn text(scan: &Scan, refused: &RefusedFiles, kind: Option<Kind>) -> String {
    let value = json!({
        "schema_version": SCHEMA_VERSION,
        "components": components(scan, kind),
        "files": scan.entries.iter().map(|entry| file(entry, refused)).collect::<Vec<_>>(),
        "duplicates": duplicates(scan),
        "folders": scan.folders.iter().map(folder).collect::<Vec<_>>(),
    });
    format!("{value:#}\n")
}

fn components(scan: &Scan, kind: Option<Kind>) -> Vec<Value> {
    let plugins = scan.ready();
    let all = plugins.flat_map(|(path, found)| {
        let components = found.manifest.components.iter();
        components.map(move |component| (path, &found.manifest, component))
    });
    all.filter(|(_, _, component)| kind.is_none_or(|kind| component.kind == kind))
        .map(|(path, manifest, component)| {
            json!({
                "address": address(manifest, component),
                "plugin": manifest.id,
                "component": component.name,
                "version": manifest.version.to_string(),
                "kind": component.kind.name(),
                "doc": component.doc,
                "path": path.display().to_string(),
            })
        })
        .collect()
}

fn file(entry: &Entry, refused: &RefusedFiles) -> Value {
    let manifest = entry.class.found().map(|found| &found.manifest);
    let refused = refused.against(&entry.path);
    json!({
        "path": entry.path.display().to_string(),
        "origin": entry.origin.map(origin),
        "class": entry.class.name(),
        "reason": entry.class.reason(),
        "plugin": manifest.map(|manifest| manifest.id.as_str()),
        "version": manifest.map(|manifest| manifest.version.to_string()),
        "refused": refused.map(|objection| json!({
            "reason": objection.reason,
            "evidence": objection.evidence,
            "again": objection.again,
        })),
    })
}

fn duplicates(scan: &Scan) -> Vec<Value> {
    let path = |at: usize| {
        let entry = scan.entries.get(at);
        entry.map(|entry| entry.path.display().to_string())
    };
    let duplicates = scan.duplicates.iter();
    duplicates
        .map(|one| {
            json!({
                "path": path(one.later),
                "first": path(one.first),
                "content": match one.content {
                    ContentMatch::Same => "same",
                    ContentMatch::Different => "different",
                    ContentMatch::Unknown => "unknown",
                },
            })
        })
        .collect()
}

fn folder(folder: &Searched) -> Value {
    let (outcome, files, error) = match &folder.outcome {
        FolderOutcome::Read { files } => ("read", Some(files), None),
        FolderOutcome::Cut { files } => ("cut", Some(files), None),
        FolderOutcome::Missing => ("missing", None, None),
        FolderOutcome::Again => ("again", None, None),
        FolderOutcome::Unreadable(error) => ("unreadable", None, Some(error)),
        FolderOutcome::LeftOut => ("left out", None, None),
    };
    json!({
        "path": folder.place.path.display().to_string(),
        "origin": origin(folder.place.origin),
        "outcome": outcome,
        "files": files,
        "error": error,
    })
}
