//! Plugin: what a library says of itself as a whole.

use segue_plugin::declare::Need;
use segue_plugin::manifest::Manifest;

use crate::cli::inspect::names;
use crate::cli::terminal::Look;
use crate::cli::text::{clean, count, entry};
use crate::discovery::{Entry, FoundPlugin};
use crate::text::wrapped;

/// Where values begin, in columns.
const INDENT: usize = 14;

/// Name, file, origin, and whether this host could load it.
pub(super) fn text(file: &Entry, found: &FoundPlugin, look: &Look) -> String {
    let manifest = &found.manifest;
    let title = format!("{} {}", manifest.id, manifest.version);
    let mut text = look.bold(&title);
    if !manifest.name.is_empty() {
        text.push_str(&format!("  {}", clean(&manifest.name)));
    }
    text.push('\n');
    if !manifest.doc.is_empty() {
        for line in wrapped(&clean(&manifest.doc), look.width) {
            text.push_str(&format!("{line}\n"));
        }
    }
    text.push('\n');
    for (label, value) in values(file, found) {
        text.push_str(&entry(
            &format!("  {label}"),
            INDENT,
            &clean(&value),
            look.width,
        ));
    }
    text
}

fn values(file: &Entry, found: &FoundPlugin) -> Vec<(&'static str, String)> {
    let manifest = &found.manifest;
    let header = &manifest.header;
    let class = match file.class.reason() {
        Some(reason) => format!("{}: {reason}", file.class.name()),
        None => format!("{}: nothing was found against it", file.class.name()),
    };
    let mut values = vec![
        ("class", class),
        ("file", file.path.display().to_string()),
        ("size", format!("{} bytes", found.stamp.size_bytes)),
        ("vendor", manifest.vendor.clone()),
        ("licence", manifest.license.clone()),
        (
            "ABI",
            format!("{}, for hosts of {} on", header.abi, header.min_host),
        ),
        ("built by", manifest.rustc.clone()),
        (
            "built for",
            format!("{} ({})", manifest.target, found.machine),
        ),
        ("panics", names::panic(manifest.panic).to_owned()),
        ("heap calls", names::heap(manifest.heap).to_owned()),
    ];
    values.extend(requires(manifest));
    values.push(("replaces", manifest.replaces.join(", ")));
    if !manifest.unknown_components.is_empty() {
        let count = count(manifest.unknown_components.len(), "component");
        values.push((
            "beside",
            format!("{count} of kinds that came after this version"),
        ));
    }
    values.retain(|(_, value)| !value.is_empty());
    values
}

fn requires(manifest: &Manifest) -> impl Iterator<Item = (&'static str, String)> {
    manifest.requires.iter().map(|require| {
        let optional = match require.need {
            Need::Required => "",
            Need::Optional => ", if it is there",
        };
        (
            "requires",
            format!("{} {}{optional}", require.id, require.version),
        )
    })
}
